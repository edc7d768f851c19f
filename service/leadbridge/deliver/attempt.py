"""One try of one delivery: its calls, one after the other, until there is an outcome."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from leadbridge.clock import Clock
from leadbridge.crm.adapter import MOST_CALLS, Adapter, Answer, Call, Done, Step
from leadbridge.deliver.facts import AccountFacts
from leadbridge.deliver.places import Places
from leadbridge.deliver.transport import Transport, Unanswered
from leadbridge.errors import StorageUnavailable
from leadbridge.logs import Logger
from leadbridge.outcome import Delivered, Fail, Hold, Outcome, Retry, WriteWarning
from leadbridge.plan import Plan
from leadbridge.record import CallEnd, Recorder
from leadbridge.store.base import Claim, Store
from leadbridge.supervise import words_of

CERTAINLY_NOT_DONE: Final = frozenset({408, 425, 429, 503})  # after any other failure the CRM may have done it


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A delivery that was read and thought through: its first step, and the answers it was found with."""

    plan: Plan
    adapter: Adapter
    answers: Mapping[str, Answer]
    step: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What a try works with; its lane's."""

    lane: str
    transport: Transport
    recorder: Recorder
    places: Places
    facts: AccountFacts
    store: Store
    clock: Clock
    log: Logger
    pause_at_429: float  # seconds, when the CRM asks for nothing


class Try:
    """Makes the calls of a claimed delivery and has the end recorded, whatever happens in between."""

    def __init__(self, claim: Claim, prepared: Prepared, bench: Bench) -> None:
        self._claim = claim
        self._prepared = prepared
        self._bench = bench
        self._given = prepared.answers  # what was believed of the account when it began
        self._answers = dict(prepared.answers)
        self._last: CallEnd | None = None  # the call whose end is not recorded yet
        self._unsent = claim.attempt_id  # the attempt that came with the claim, until its call is sent
        self._may_have_written: list[str] = []  # the purposes of calls that must not be made again
        self._wrote = False
        self._asked_anew = False

    async def outcome(self) -> Outcome:
        """Make the calls, until there is none left to make."""
        try:
            outcome = self._told_honestly(await self._outcome())
        except Exception as error:  # an adapter may be anyone's: its mistake ends this try, not the lane
            self._bench.log.exception("delivery.crashed", lane=self._bench.lane, delivery=self._delivery_id)
            outcome = self._told_honestly(Retry(detail=words_of(error)))
        if isinstance(outcome, Delivered):
            self._bench.facts.went_through(self._given)
        return outcome

    async def record(self, outcome: Outcome) -> None:
        """Have the outcome on disk."""
        if isinstance(outcome, Delivered):
            outcome = await self._with_another_person(outcome)
        await self._bench.recorder.ended(self._bench.lane, self._claim, self._last, outcome)

    async def leave(self) -> None:
        """Have it on disk that nothing was sent, if so: else the next start would take it for sent, and may hold it."""
        bench, step, attempt_id = self._bench, self._prepared.step, self._unsent
        if attempt_id is None or not isinstance(step, Call):
            return
        bench.places.give_back(1)
        now = bench.clock.monotonic()
        call = CallEnd(
            attempt_id=attempt_id,
            purpose=step.purpose,
            started=now,
            ended=now,
            status=None,
            crm_trace_id=None,
            response=None,
            error="leadbridge stopped before it was sent",
            sent=False,
        )
        try:
            await bench.recorder.not_sent(bench.lane, self._claim, call)
        except StorageUnavailable as error:  # as after a kill: the next start takes it for sent
            bench.recorder.say_unavailable(bench.lane, error)

    @property
    def _delivery_id(self) -> str:
        return self._claim.delivery.delivery_id

    async def _outcome(self) -> Outcome:
        step, attempt_id = self._prepared.step, self._claim.attempt_id
        for _ in range(MOST_CALLS):
            if isinstance(step, Done) and self._may_be_stale(step.outcome):
                step = self._ask_anew()
            if isinstance(step, Done):
                return step.outcome
            if attempt_id is None:
                attempt_id = await self._start(step)
            else:
                await self._bench.places.calm()  # since the claim the CRM may have asked for quiet
            answer = await self._call(step, attempt_id)
            if answer is None:
                return self._without_an_answer(step)
            step, attempt_id = self._next(step, answer), None
        return step.outcome if isinstance(step, Done) else Fail(detail=f"more than {MOST_CALLS} calls were needed")

    async def _start(self, call: Call) -> int:
        """Take a place and have the call on disk, in one commit with the end of the call before where that can be."""
        bench, last = self._bench, self._last
        if last is not None and not bench.places.take_at_once():
            await bench.recorder.answered(bench.lane, self._claim, last, next_call=None)
            self._last = last = None
        if last is None:
            await bench.places.take()
        try:
            if last is None:
                return await bench.recorder.started(bench.lane, self._claim, call)
            attempt_id = await bench.recorder.answered(bench.lane, self._claim, last, next_call=call)
        except Exception:  # a call that cannot be written down, by an adapter's mistake: it is not sent
            bench.places.give_back(1)
            raise
        self._last = None
        return attempt_id

    async def _call(self, call: Call, attempt_id: int) -> Answer | None:
        """Send a call whose place is taken and whose attempt is on disk."""
        bench, adapter = self._bench, self._prepared.adapter
        started = bench.clock.monotonic()
        answer, error, sent = None, None, True
        self._unsent = None
        if not call.safe_to_repeat:
            self._may_have_written.append(call.purpose)
        try:
            answer = await bench.transport.send(adapter, call, trace_id=self._claim.delivery.trace_id)
        except Unanswered as unanswered:
            error, sent = unanswered.why, unanswered.sent
        except Exception as crash:  # the adapter's headers, or the transport: it may have been sent
            bench.log.exception("delivery.crashed", lane=bench.lane, delivery=self._delivery_id)
            error = words_of(crash)
        finally:
            if answer is not None:
                bench.places.answered()
            elif sent:
                bench.places.unanswered(sent_at=started)
            else:
                bench.places.give_back(1)
        if not sent and not call.safe_to_repeat:
            self._may_have_written.remove(call.purpose)
        ended, crm_trace_id = bench.clock.monotonic(), None
        try:
            crm_trace_id = adapter.crm_trace_id(answer) if answer is not None else None
        finally:
            self._last = CallEnd(
                attempt_id=attempt_id,
                purpose=call.purpose,
                started=started,
                ended=ended,
                status=answer.status if answer is not None else None,
                crm_trace_id=crm_trace_id,
                response=answer.text if answer is not None else None,
                error=error,
                sent=sent,
            )
        return answer

    def _next(self, call: Call, answer: Answer) -> Step:
        """The step after an answer."""
        bench = self._bench
        if not call.safe_to_repeat and (400 <= answer.status < 500 or answer.status in CERTAINLY_NOT_DONE):
            self._may_have_written.remove(call.purpose)
        self._wrote = self._wrote or not call.shared
        self._answers[call.purpose] = answer
        bench.facts.learn(call, answer, now=bench.clock.monotonic())
        step = self._think()
        if answer.status == 429:
            asked = step.outcome.after if isinstance(step, Done) and isinstance(step.outcome, Retry) else None
            bench.places.pause(asked or bench.pause_at_429)
        return step

    def _think(self) -> Step:
        return self._prepared.adapter.next(self._prepared.plan, self._answers)

    def _may_be_stale(self, outcome: Outcome) -> bool:
        """Whether someone may have just made what is missing: then the account is asked again, before a person is."""
        unknown = isinstance(outcome, Hold) and outcome.reason == "unknown_custom_field"
        return unknown and bool(self._prepared.answers) and not self._asked_anew and not self._wrote

    def _ask_anew(self) -> Step:
        self._asked_anew = True
        self._bench.facts.forget()
        self._given = {}
        self._answers = {}
        return self._think()

    async def _with_another_person(self, outcome: Delivered) -> Delivered:
        """A warning when the CRM updated a record that was written before only for others than the match key names.

        LeadConnector's location decides by what a contact is found, whatever a route's `match` says.
        """
        match = self._prepared.plan.match
        if outcome.created is not False or match is None:
            return outcome
        kind = f"{match.by}:"
        mine = {key for key in self._claim.delivery.keys if key.startswith(kind)}
        if not mine:
            return outcome
        try:
            earlier = await self._bench.store.keys_of_record(self._bench.lane, outcome.record_id, but=self._delivery_id)
        except StorageUnavailable:  # the recorder waits for the store; this is only a look
            return outcome
        theirs = {key for keys in earlier for key in keys if key.startswith(kind)}
        if not theirs or mine & theirs:
            return outcome
        cause = (
            f"the CRM updated a record that was written before for another {match.by}: two people may share it now; "
            "look at the record, and at how the account finds duplicates"
        )
        shared = WriteWarning(field="match", sent=match.value, got=None, cause=cause)
        return replace(outcome, warnings=(*outcome.warnings, shared))

    def _without_an_answer(self, call: Call) -> Outcome:
        return Retry(detail=f"{call.purpose}: {self._last.error if self._last else 'not sent'}")

    def _told_honestly(self, outcome: Outcome) -> Outcome:
        """The outcome, with what mapping could not read; held when a repeat could double what was written."""
        if isinstance(outcome, Delivered):
            return _with_mapping_warnings(self._prepared.plan, outcome)
        if not self._may_have_written:
            return outcome
        return Hold(
            reason="unknown_outcome",
            detail=f"{self._may_have_written[0]} was sent and may have been done; then: {outcome.detail}. "
            "A repeat could make a second record; look in the CRM whether the first is there.",
        )


def _with_mapping_warnings(plan: Plan, outcome: Delivered) -> Delivered:
    """What mapping could not read is as lost to the CRM as what the CRM dropped: it is told in the same place."""
    if not plan.warnings:
        return outcome
    told = {warning.field for warning in outcome.warnings}
    unread = tuple(
        WriteWarning(field=warning.field, sent=warning.got, got=None, cause=warning.problem)
        for warning in plan.warnings
        if warning.field not in told and not plan.holds(warning.field)
    )
    return replace(outcome, warnings=outcome.warnings + unread)
