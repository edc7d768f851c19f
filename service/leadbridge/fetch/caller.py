"""One submission's calls to its vendor, one after the other, each with its line in the log."""

from collections import OrderedDict
from collections.abc import Callable
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
from leadbridge.masking import MASK
from leadbridge.metrics.meters import Meters
from leadbridge.outgoing.client import Answered, Unanswered
from leadbridge.sources.fetching import Get, NothingToAskFor
from leadbridge.store.fetching import DueFetch, FetchPause
from leadbridge.store.values import WaitingSubmission
from leadbridge.supervise import words_of

MOST_KEPT: Final = 100  # documents of a source that are good for many leads

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

    async def fetch(self, due: DueFetch, *, pause: FetchPause | None, leaving: Callable[[], bool]) -> Tried:
        """Ask for what is missing of one submission, no call more once the service is `leaving`. Never raises."""
        calls = _Calls()
        try:
            result = await self._fetch(due, calls, leaving)
        except (Unparseable, NothingToAskFor) as error:
            result = Impossible(str(error))
        except Exception as error:  # a preset may be anyone's: its mistake must not stop the others
            waiting = due.waiting
            self._log.exception("fetch.crashed", submission=waiting.submission_id, source=waiting.received.source)
            result = Impossible(words_of(error))
        return Tried(due=due, calls=calls.made, at=calls.last or self._now(), result=result, pause=pause)

    async def _fetch(self, due: DueFetch, calls: "_Calls", leaving: Callable[[], bool]) -> Result:
        event: Event = self._events.of(self._desk, due.waiting)
        answers: dict[str, Json] = {}
        while (get := self._account.next_get(event, answers)) is not None:
            place = (get.step.name, get.about)
            found = self._kept.get(place)
            if get.step.keep and found is not None and found[0] > self._clock.monotonic():
                answers[get.step.name] = found[1]
                continue
            if leaving():
                return Stopped()
            verdict = await self._ask(get, due, calls)
            if isinstance(verdict, Refused):
                return verdict
            answers[get.step.name] = verdict.value
            if get.step.keep:
                self._keep(place, verdict.value, seconds=get.step.keep)
        try:
            self._account.known.complete(event, answers)
        except Unparseable as error:  # the vendor has not got all of it yet, or does not let us see it
            return Refused(kind="missing", detail=error.detail)
        return Fetched(to_json(answers).decode())

    async def _ask(self, get: Get, due: DueFetch, calls: "_Calls") -> Verdict:
        began = self._clock.monotonic()
        answered: Answered | None = None
        calls.made += 1
        try:
            answered = await self._transport.get(
                self._account.base_url + get.path,
                query=get.query,
                headers=self._account.headers(),
                trace_id=due.waiting.trace_id,
            )
        except Unanswered as error:
            verdict: Verdict = Refused(kind="down", detail=error.why)
        else:
            verdict = read(self._account.known, answered)
        calls.last = self._now()
        if isinstance(verdict, Refused):  # a vendor may repeat what it was sent
            detail = verdict.detail.replace(self._account.token, MASK)
            verdict = Refused(kind=verdict.kind, detail=detail, after=verdict.after)
        self._say(due, get, verdict, answered, seconds=self._clock.monotonic() - began)
        return verdict

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
