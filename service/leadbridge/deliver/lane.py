"""One CRM account's queue: claims what is due, sends it inside the quota, and has every result recorded."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

import structlog

from leadbridge.clock import Clock
from leadbridge.crm.adapter import Adapter, Answer, Call, Done, Quota, Step
from leadbridge.deliver.quota import Window
from leadbridge.deliver.transport import DEADLINE, Transport, Unanswered
from leadbridge.errors import StorageUnavailable
from leadbridge.outcome import Delivered, Fail, Hold, Outcome, Retry, WriteWarning
from leadbridge.plan import Plan
from leadbridge.record import CallEnd, Recorder
from leadbridge.store.base import Claim, DueDelivery, Store

Logger: TypeAlias = structlog.stdlib.BoundLogger
CONCURRENCY: Final = 16  # calls under way at once
MOST_CALLS: Final = 9  # of one try; an adapter that wants more is broken
ACCOUNT_FACTS_AGE: Final = 600.0  # seconds the answers about the account (its custom fields) are believed
STORAGE_PAUSE: Final = 1.0  # seconds between two claims while the database cannot be written
ANSWERED_BUT_UNKNOWN: Final = frozenset({500, 502, 504})  # the CRM may have done it before it failed


@dataclass(slots=True)
class _AccountFacts:
    """Answers about the account, shared by its deliveries."""

    answers: dict[str, Answer] = field(default_factory=dict)
    since: float = 0.0
    complete: bool = False  # a delivery went through with them: none is missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What every lane works with."""

    store: Store
    transport: Transport
    recorder: Recorder
    clock: Clock
    log: Logger


class Lane:
    """The queue of one account. One process runs it."""

    def __init__(self, name: str, adapters: Mapping[str, Adapter], *, quota: Quota | None, means: Means) -> None:
        """`adapters` are those of the destinations on this account, by the destination's name."""
        self.name = name
        self._adapters = adapters
        self._quota = quota
        self._store = means.store
        self._transport = means.transport
        self._recorder = means.recorder
        self._clock = means.clock
        self._log = means.log
        self._window = Window(quota, deadline=DEADLINE)
        self._facts = _AccountFacts()
        self._first_steps: dict[str, tuple[Plan, Step]] = {}
        self._at_work: set[asyncio.Task[None]] = set()
        self._queued = 0  # deliveries that wait for a place for their next call
        self._wake = asyncio.Event()
        self._place_freed = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        """Something may be due: look at once."""
        self._wake.set()

    async def run(self) -> None:
        """Work until `stop`."""
        if self._quota is not None:
            span = int((self._quota.window + DEADLINE) * 1000)
            now = self._clock.now()
            spans = await self._store.recent_calls(self.name, since=now - span)
            self._window.seed(spans, wall=now, now=self._clock.monotonic())
        while not self._stopping:
            try:
                rest = await self._claim_what_is_due()
            except StorageUnavailable as error:
                self._log.error("storage.unavailable", lane=self.name, problem=str(error), retry_in_s=STORAGE_PAUSE)
                rest = STORAGE_PAUSE
            if rest != 0:
                await self._clock.wait(self._wake, rest)
            self._wake.clear()

    async def stop(self, *, grace: float) -> None:
        """Claim no more, finish what is under way within `grace` seconds, leave the rest to the next start."""
        self._stopping = True
        self._wake.set()
        if self._at_work:
            _, unfinished = await asyncio.wait(self._at_work, timeout=grace)
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)

    async def _claim_what_is_due(self) -> float | None:
        """Claim and start; returns how long to rest: 0 for not at all, None until something happens."""
        now = self._clock.monotonic()
        room = min(self._free_hands(now), self._window.free(now) - self._queued)
        if room <= 0:
            return self._window.wait(now) or None
        claims = await self._claim(room)
        for claim in claims:
            plan, step = self._first_steps.pop(claim.delivery.delivery_id)
            task = asyncio.create_task(self._deliver(claim, plan, step), name=f"deliver {claim.delivery.delivery_id}")
            self._at_work.add(task)
            task.add_done_callback(self._done)
        if len(claims) == room:
            return 0
        due = await self._store.next_due(self.name)
        return None if due is None else max(0.001, (due - self._clock.now()) / 1000)

    async def _claim(self, room: int) -> tuple[Claim, ...]:
        """Claim with the places taken beforehand, so that nobody else takes them while the commit is under way."""
        self._window.take(room)
        used = 0
        try:
            claims = await self._store.claim(self.name, limit=room, now=self._clock.now(), begin=self._begin)
            used = sum(claim.attempt_id is not None for claim in claims)
        finally:
            self._window.give_back(room - used)
        return claims

    def _free_hands(self, now: float) -> int:
        """How many more deliveries may be under way. One at a time while the account's facts are still unknown."""
        if self._facts.answers and now - self._facts.since > ACCOUNT_FACTS_AGE:
            self._facts = _AccountFacts()
        return (CONCURRENCY if self._facts.complete else 1) - len(self._at_work)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._at_work.discard(task)
        self._wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            # Left in `sending`: the next start takes it up. Never silent.
            self._log.error("delivery.crashed", lane=self.name, task=task.get_name(), exc_info=error)

    def _begin(self, delivery: DueDelivery) -> Call | None:
        """The first call of a delivery, asked for inside the claim's commit."""
        plan = Plan.model_validate_json(delivery.plan)
        step = self._next(delivery.destination, plan, self._facts.answers)
        self._first_steps[delivery.delivery_id] = (plan, step)
        return step if isinstance(step, Call) else None

    def _next(self, destination: str, plan: Plan, answers: Mapping[str, Answer]) -> Step:
        adapter = self._adapters.get(destination)
        if adapter is None:
            detail = f"the configuration has no destination {destination!r} on this account any more"
            return Done(outcome=Hold(reason="destination_removed", detail=detail))
        try:
            return adapter.next(plan, answers)
        except Exception as error:  # an adapter may be anyone's: its mistake must not stop the lane
            self._log.exception("adapter.crashed", lane=self.name, destination=destination)
            return Done(outcome=Fail(detail=f"the adapter for this CRM crashed: {type(error).__name__}: {error}"))

    async def _deliver(self, claim: Claim, plan: Plan, step: Step) -> None:
        destination = claim.delivery.destination
        answers = dict(self._facts.answers)
        asked_anew = False
        attempt_id = claim.attempt_id
        last: CallEnd | None = None
        unrepeatable: str | None = None  # the purpose of a call that went through and must not be made again
        for _ in range(MOST_CALLS):
            if isinstance(step, Done):
                if _is_stale(step.outcome) and self._facts.answers and not asked_anew:
                    # Someone may have just made the field: ask the account again before a person has to.
                    asked_anew, self._facts, answers = True, _AccountFacts(), {}
                    step = self._next(destination, plan, answers)
                    continue
                break
            if attempt_id is None:
                if last is not None:
                    await self._recorder.answered(self.name, claim, last, next_call=None)
                    last = None
                await self._await_place()
                attempt_id = await self._recorder.started(self.name, claim, step)
            last, answer = await self._call(claim, step, attempt_id=attempt_id or 0)
            attempt_id = None
            if answer is None:
                step = Done(outcome=_unanswered(step, last))
                break
            answers[step.purpose] = answer
            call, step = step, self._next(destination, plan, answers)
            if call.shared and answer.ok:
                self._learn(call, answer)
            if answer.ok and not call.safe_to_repeat:
                unrepeatable = call.purpose
            if isinstance(step, Call) and self._take_place():
                attempt_id = await self._recorder.answered(self.name, claim, last, next_call=step)
                last = None
            elif isinstance(step, Done):
                step = Done(outcome=_unless_unknown(call, answer, step.outcome))
        outcome = step.outcome if isinstance(step, Done) else Fail(detail=f"more than {MOST_CALLS} calls were needed")
        if unrepeatable is not None and isinstance(outcome, Retry):
            outcome = _unknown(f"{unrepeatable} went through, but not what follows: {outcome.detail}")
        await self._end(claim, last, _with_mapping_warnings(plan, outcome))

    async def _call(self, claim: Claim, call: Call, *, attempt_id: int) -> tuple[CallEnd, Answer | None]:
        """Send a call whose place is taken and whose attempt is on disk."""
        adapter = self._adapters[claim.delivery.destination]
        started = self._clock.monotonic()
        answer, error = None, None
        try:
            answer = await self._transport.send(adapter, call, trace_id=claim.delivery.trace_id)
        except Unanswered as unanswered:
            error = unanswered
        ended = self._clock.monotonic()
        if error is None:
            self._window.answered(ended)
        elif error.sent:
            self._window.unanswered(ended, sent_at=started)
        else:
            self._window.give_back()
        self._place_freed.set()
        self._place_freed.clear()
        end = CallEnd(
            attempt_id=attempt_id,
            purpose=call.purpose,
            started=started,
            ended=ended,
            status=answer.status if answer else None,
            crm_trace_id=adapter.crm_trace_id(answer) if answer else None,
            response=answer.text if answer else None,
            error=error.why if error else None,
            sent=error is None or error.sent,
        )
        return end, answer

    async def _end(self, claim: Claim, last: CallEnd | None, outcome: Outcome) -> None:
        if isinstance(outcome, Retry) and last is not None and last.status == 429:
            self._window.pause(self._clock.monotonic(), outcome.after or (self._quota.window if self._quota else 1.0))
        if isinstance(outcome, Delivered):
            if not self._facts.complete:
                self._facts.since = self._clock.monotonic()
            self._facts.complete = True
        await self._recorder.ended(self.name, claim, last, outcome)

    def _learn(self, call: Call, answer: Answer) -> None:
        if not self._facts.answers:
            self._facts.since = self._clock.monotonic()
        self._facts.answers[call.purpose] = answer

    def _take_place(self) -> bool:
        if self._queued or self._window.free(self._clock.monotonic()) <= 0:
            return False
        self._window.take()
        return True

    async def _await_place(self) -> None:
        """Wait for a place ahead of new claims: what is begun is finished first."""
        self._queued += 1
        try:
            while (seconds := self._window.wait(self._clock.monotonic())) != 0:
                await self._clock.wait(self._place_freed, seconds)
            self._window.take()
        finally:
            self._queued -= 1


def _is_stale(outcome: Outcome) -> bool:
    return isinstance(outcome, Hold) and outcome.reason == "unknown_custom_field"


def _with_mapping_warnings(plan: Plan, outcome: Outcome) -> Outcome:
    """What mapping could not read is as lost to the CRM as what the CRM dropped: it is told in the same place."""
    if not isinstance(outcome, Delivered):
        return outcome
    told = {warning.field for warning in outcome.warnings}
    unread = tuple(
        WriteWarning(field=warning.field, sent=warning.got, got=None, cause=warning.problem)
        for warning in plan.warnings
        if warning.field not in told
    )
    return replace(outcome, warnings=outcome.warnings + unread)


def _unanswered(call: Call, end: CallEnd) -> Outcome:
    """What follows when no answer was seen."""
    detail = f"{call.purpose}: {end.error}"
    if call.safe_to_repeat or not end.sent:
        return Retry(detail=detail)
    return _unknown(detail)


def _unless_unknown(call: Call, answer: Answer, outcome: Outcome) -> Outcome:
    """A failure after which the CRM may have done its work must not repeat a call that could double a record."""
    if isinstance(outcome, Retry) and not call.safe_to_repeat and answer.status in ANSWERED_BUT_UNKNOWN:
        return _unknown(f"{call.purpose}: HTTP {answer.status}")
    return outcome


def _unknown(detail: str) -> Hold:
    return Hold(
        reason="unknown_outcome",
        detail=f"{detail}. A repeat could make a second record; look in the CRM whether the first is there.",
    )
