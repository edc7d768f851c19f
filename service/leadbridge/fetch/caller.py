"""One submission's calls to its vendor, one after the other, each with its line in the log."""

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeAlias

from pydantic_core import to_json

from leadbridge.clock import Clock, Millis
from leadbridge.desk import Desk, FetchAccount
from leadbridge.errors import Unparseable
from leadbridge.events import Event, Json
from leadbridge.fetch.standing import Fetched, Impossible, Result, Stopped, Tried
from leadbridge.fetch.transport import FetchTransport
from leadbridge.fetch.verdict import Document, Refused, Verdict, read
from leadbridge.items import StoredEvents
from leadbridge.logs import Logger
from leadbridge.metrics.meters import Meters
from leadbridge.outgoing.client import Answered, Unanswered
from leadbridge.redactions import redacted, redacted_text, replaced_wide, written_instead
from leadbridge.sources.fetching import Get, NothingToAskFor, other_than_asked
from leadbridge.store.fetching import DueFetch, FetchPause
from leadbridge.store.values import WaitingSubmission
from leadbridge.supervise import words_of

MOST_KEPT: Final = 100  # documents of a source that are good for many leads
LONGEST_TRACE: Final = 200  # characters of the vendor's own id of a call
SHORTEST_TOKEN: Final = 8  # characters; a shorter one may be a part of anybody's answers

_Place: TypeAlias = tuple[str, tuple[str, ...]]  # the step, and what it asks about


class Caller:
    """Asks the vendor of one source."""

    def __init__(
        self,
        desk: Desk,
        account: FetchAccount,
        *,
        transport: FetchTransport,
        clock: Clock,
        now: Callable[[], Millis],
        log: Logger,
        meters: Meters,
    ) -> None:
        """`now` is wall time by the clock that all processes share."""
        self._desk = desk
        self._account = account
        self._transport = transport
        self._clock = clock
        self._now = now
        self._log = log
        self._meters = meters
        self._events = StoredEvents()
        self._kept: OrderedDict[_Place, tuple[float, Json]] = OrderedDict()  # until when, in monotonic seconds

    async def fetch(
        self, due: DueFetch, *, pause: FetchPause | None, leaving: Callable[[], bool], begin_before: float = math.inf
    ) -> Tried:
        """Ask for what is missing of one submission. Never raises.

        No call begins once the service is `leaving`, nor at `begin_before` (monotonic seconds) or later: it might be
        under way when the claim is over, and another process asks.
        """
        calls = _Calls()
        try:
            result = await self._fetch(due, calls, lambda: leaving() or self._clock.monotonic() >= begin_before)
        except (Unparseable, NothingToAskFor) as error:
            result = Impossible(str(error))
        except Exception as error:  # a preset may be anyone's: its mistake must not stop the others
            waiting = due.waiting
            self._log.exception("fetch.crashed", submission=waiting.submission_id, source=waiting.received.source)
            result = Impossible(words_of(error))
        return Tried(due=due, calls=calls.made, at=calls.last or self._now(), result=result, pause=pause)

    async def _fetch(self, due: DueFetch, calls: "_Calls", is_over: Callable[[], bool]) -> Result:
        event: Event = self._events.of(self._desk, due.waiting)
        answers: dict[str, Json] = {}
        fresh: dict[_Place, int] = {}  # seconds for which they are good for other leads too
        known: list[_Place] = []
        while (get := self._account.next_get(event, answers)) is not None:
            place = (get.step.name, get.about)
            found = self._kept.get(place)
            if found is not None and found[0] > self._clock.monotonic():
                answers[get.step.name] = found[1]
                known.append(place)
                continue
            if is_over():
                return Stopped()
            verdict = await self._ask(get, due, calls)
            if isinstance(verdict, Refused):
                return verdict
            answers[get.step.name] = verdict.value
            if get.step.keep:
                fresh[place] = get.step.keep
        try:
            self._account.known.complete(event, answers)
        except Unparseable as error:  # the vendor has not got all of it yet, or does not let us see it
            for place in known:  # any of them may be what is wrong
                self._kept.pop(place, None)
            return Refused(kind="missing", detail=error.detail)
        for place, seconds in fresh.items():
            self._keep(place, answers[place[0]], seconds=seconds)
        return Fetched(to_json(answers).decode())

    async def _ask(self, get: Get, due: DueFetch, calls: "_Calls") -> Verdict:
        began = self._clock.monotonic()
        answered: Answered | None = None
        try:
            answered = await self._transport.get(
                self._account.base_url + get.path,
                query=get.query,
                headers=self._account.headers(),
                trace_id=due.waiting.trace_id,
            )
        except Unanswered as error:
            verdict: Verdict = Refused(kind="down", detail=redacted_text(error.why, (self._account.token,)))
            sent = error.sent
        else:
            answered = self._without_token(answered)
            verdict = self._read(get, answered, tries=due.tries)
            sent = True
        if sent:
            calls.made += 1
            calls.last = self._now()
        self._say(due, get, verdict, answered, seconds=self._clock.monotonic() - began)
        return verdict

    def _read(self, get: Get, answered: Answered, *, tries: int) -> Verdict:
        verdict = read(self._account.known, answered, tries=tries)
        other = other_than_asked(get, verdict.value) if isinstance(verdict, Document) else None
        return verdict if other is None else Refused(kind="missing", detail=other)

    def _without_token(self, answered: Answered) -> Answered:
        """An answer as it may be stored and logged: a vendor may repeat what it was sent."""
        token, named = self._account.token, (self._account.known.request_id or "").lower()
        headers = dict(answered.headers)
        if named in headers:
            headers[named] = redacted_text(headers[named], (token,))[:LONGEST_TRACE]
        if len(token) < SHORTEST_TOKEN and 200 <= answered.status < 300:
            return replace(answered, headers=headers)
        content = redacted(answered.content, (token,))
        if b"\0" in content:  # no JSON that is read, and yet it may be quoted
            content = replaced_wide(content, written_instead(token))
        return replace(answered, headers=headers, content=content)

    def _say(self, due: DueFetch, get: Get, verdict: Verdict, answered: Answered | None, *, seconds: float) -> None:
        waiting: WaitingSubmission = due.waiting
        outcome = "fetched" if isinstance(verdict, Document) else verdict.kind
        self._meters.fetched(waiting.received.source, outcome)
        named = self._account.known.request_id
        facts = {
            "submission": waiting.submission_id,
            "trace_id": waiting.trace_id,
            "source": waiting.received.source,
            "attempt": due.tries + 1,
            "call": get.step.name,
            "outcome": outcome,
            "status": answered.status if answered is not None else None,
            "duration_ms": round(seconds * 1000, 1),
            "vendor_trace_id": answered.headers.get(named.lower()) if answered is not None and named else None,
            "problem": verdict.detail if isinstance(verdict, Refused) else None,
        }
        self._log.info("fetch.attempted", **{name: value for name, value in facts.items() if value is not None})

    def _keep(self, place: _Place, document: Json, *, seconds: int) -> None:
        self._kept[place] = (self._clock.monotonic() + seconds, document)
        self._kept.move_to_end(place)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)


class _Calls:
    """How many were made, and when the last one was over."""

    def __init__(self) -> None:
        self.made = 0
        self.last: Millis | None = None
