"""One try of one delivery: its calls, one after the other, until there is an outcome."""

from dataclasses import dataclass
from typing import Final

from leadbridge.clock import Clock
from leadbridge.crm.adapter import MOST_CALLS, Answer, Call, Done, Limits, Step
from leadbridge.deliver.calling import Caller, Exchange
from leadbridge.deliver.facts import AccountFacts
from leadbridge.deliver.findings import Findings, must_not_be_made
from leadbridge.deliver.places import Places
from leadbridge.deliver.preparing import Prepared, unknown_outcome
from leadbridge.deliver.standing import Standing
from leadbridge.errors import StorageUnavailable
from leadbridge.logs import Logger
from leadbridge.outcome import Delivered, Fail, Hold, Outcome, Postponed, Retry
from leadbridge.record import CallEnd, Recorder
from leadbridge.store.claims import Claim
from leadbridge.supervise import words_of

LONGEST_WAIT: Final = 300.0  # seconds for a place, with a delivery in hand


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What a try works with; its lane's."""

    lane: str
    caller: Caller
    recorder: Recorder
    places: Places
    facts: AccountFacts
    standing: Standing
    clock: Clock
    log: Logger
    pause_at_429: float  # seconds, when the CRM asks for nothing


class Try:
    """Makes the calls of a claimed delivery, whatever happens in between."""

    def __init__(self, claim: Claim, prepared: Prepared, bench: Bench) -> None:
        self.claim = claim
        self.prepared = prepared
        self.findings = Findings(prepared.plan.progress, asks_whether_new=prepared.plan.asks_whether_new)
        self.last: CallEnd | None = None  # the call whose end is not recorded yet
        self._bench = bench
        self._given = prepared.answers  # what was believed of the account when it began
        self._answers = dict(prepared.answers)
        self._unsent = claim.attempt_id  # the attempt that came with the claim, until its call is sent
        self._wrote = False
        self._looked = False
        self._asked_anew = False
        self._renewed = False  # the access token

    async def outcome(self) -> Outcome | Postponed:
        """Make the calls, until there is none left to make."""
        try:
            outcome = await self._outcome()
        except Exception as error:  # an adapter may be anyone's: its mistake ends this try, not the lane
            self._bench.log.exception("delivery.crashed", lane=self._bench.lane, delivery=self._delivery_id)
            self.findings.not_stored()
            outcome = Retry(detail=words_of(error))
        if isinstance(outcome, Delivered):
            self._bench.facts.went_through(self._given)
        return outcome

    async def leave(self) -> None:
        """Have it on disk that nothing was sent, if so: else the next start would take it for sent."""
        bench, call = self._bench, self._not_sent("leadbridge stopped before it was sent")
        if call is None:
            return
        try:
            await bench.recorder.not_sent(bench.lane, self.claim, call)
        except StorageUnavailable as error:  # as after a kill: the next start takes it for sent
            bench.recorder.say_unavailable(bench.lane, error)

    @property
    def _delivery_id(self) -> str:
        return self.claim.delivery.delivery_id

    async def _outcome(self) -> Outcome | Postponed:
        step, attempt_id = self.prepared.step, self.claim.attempt_id
        for _ in range(MOST_CALLS):
            if isinstance(step, Done) and self._may_be_stale(step.outcome):
                step = self._ask_anew()
            if isinstance(step, Done):
                return step.outcome
            made = await self._make(step, attempt_id)
            if not isinstance(made, Call | Done):
                return made
            step, attempt_id = made, None
        return step.outcome if isinstance(step, Done) else Fail(detail=f"more than {MOST_CALLS} calls were needed")

    async def _make(self, call: Call, attempt_id: int | None) -> Step | Outcome | Postponed:
        """Make a call: the step after it, or what becomes of the delivery instead."""
        if attempt_id is None:
            problem = must_not_be_made(call, self.prepared.plan, self._answers, looked=self._looked)
            if problem is not None:
                return unknown_outcome(problem)
            attempt_id = await self._start(call)
        else:
            await self._bench.places.calm()  # since the claim the CRM may have asked for quiet
        if attempt_id is None or not self._bench.standing.may_send(self._delivery_id):
            return self._put_back(call, attempt_id)
        exchange = await self._call(call, attempt_id)
        answer = exchange.answer
        if answer is None:
            return exchange.obstacle or self._without_an_answer(call)
        if exchange.token is not None and not self._renewed and self.prepared.adapter.token_refused(answer):
            return await self._renew(exchange.token) or call
        step = self._next(call, answer, exchange.limits)
        return self._may_be_done(call, answer, step) if self.findings.unsure_of(call) else step

    async def _start(self, call: Call) -> int | None:
        """Take a place and have the call on disk, in one commit with the end of the call before where that can be.

        None, and no place taken, when the lane may not send any more, or not for so long that another try is better.
        """
        bench, last = self._bench, self.last
        if last is not None and not bench.places.take_at_once():
            await bench.recorder.answered(
                bench.lane, self.claim, last, next_call=None, progress=self.findings.to_store()
            )
            self.last = last = None
        if last is None:
            if (bench.places.wait() or 0.0) > LONGEST_WAIT:
                return None
            await bench.places.take()
        try:
            if not bench.standing.may_send(self._delivery_id):
                bench.places.give_back(1)
                return None
            if last is None:
                return await bench.recorder.started(bench.lane, self.claim, call)
            attempt_id = await bench.recorder.answered(
                bench.lane, self.claim, last, next_call=call, progress=self.findings.to_store()
            )
        except Exception:  # a call that cannot be written down, by an adapter's mistake: it is not sent
            bench.places.give_back(1)
            raise
        self.last = None
        return attempt_id

    async def _call(self, call: Call, attempt_id: int) -> Exchange:
        """Send a call whose place is taken and whose attempt is on disk."""
        self._unsent = None
        sent_at = self._bench.clock.now()
        exchange = await self._bench.caller.send(
            self.prepared.adapter,
            call,
            attempt_id=attempt_id,
            trace_id=self.claim.delivery.trace_id,
            delivery_id=self._delivery_id,
        )
        self.last = exchange.end
        if exchange.answer is not None:
            self.findings.answered(call, exchange.answer, sent_at=sent_at)
        elif exchange.end.sent:
            self.findings.unanswered(call, sent_at=sent_at)
        return exchange

    def _next(self, call: Call, answer: Answer, limits: Limits | None) -> Step:
        """The step after an answer."""
        bench, adapter, plan = self._bench, self.prepared.adapter, self.prepared.plan
        if not call.shared:
            self._wrote = True
            self._looked = self._looked or (call.safe_to_repeat and answer.ok)
        self._answers[call.purpose] = answer
        bench.facts.learn(call, answer, now=bench.clock.monotonic())
        self.findings.learned(adapter.progress(plan, self._answers))
        step = adapter.next(plan, self._answers)
        if answer.status == 429:
            self._keep_quiet(step, limits)
        return step

    def _keep_quiet(self, step: Step, limits: Limits | None) -> None:
        """The CRM counted too many calls: nothing of the lane is sent until it counts anew."""
        asked = limits.wait if limits is not None else None
        if asked is None and limits is not None and limits.daily_remaining == 0:
            asked = limits.daily_reset
        if asked is None and isinstance(step, Done) and isinstance(step.outcome, Retry):
            asked = step.outcome.after
        seconds = asked or self._bench.pause_at_429
        self._bench.places.pause(seconds)
        self._bench.standing.asked_for_quiet(seconds)

    async def _renew(self, token: str) -> Retry | Hold | None:
        """Have another access token, once in a try."""
        self._renewed, grant = True, self.prepared.adapter.grant
        return None if grant is None else await self._bench.caller.renew(grant, refused=token)

    def _may_be_stale(self, outcome: Outcome) -> bool:
        """Whether someone may have just made what is missing: then the account is asked again, before a person is."""
        unknown = isinstance(outcome, Hold) and outcome.reason == "unknown_custom_field"
        return unknown and bool(self.prepared.answers) and not self._asked_anew and not self._wrote

    def _ask_anew(self) -> Step:
        self._asked_anew = True
        self._bench.facts.forget()
        self._given = {}
        self._answers = {}
        return self.prepared.adapter.next(self.prepared.plan, self._answers)

    def _put_back(self, call: Call, attempt_id: int | None) -> Postponed:
        """The lane may not send any more: a call that was only claimed leaves no trace of having been made."""
        why = "not sent: its account is held, its day's budget is spent, or its CRM does not answer"
        if attempt_id is not None:
            self.last = self._not_sent(why, call=call, attempt_id=attempt_id)
        return Postponed(detail=why)

    def _not_sent(self, why: str, *, call: Call | None = None, attempt_id: int | None = None) -> CallEnd | None:
        """The end of a call that was started on disk alone, its place given back; None when there is none."""
        call, attempt_id = call or self.prepared.first_call, attempt_id or self._unsent
        if call is None or attempt_id is None:
            return None
        self._unsent = None
        self._bench.places.give_back(1)
        now = self._bench.clock.monotonic()
        return CallEnd(
            attempt_id=attempt_id,
            purpose=call.purpose,
            started=now,
            ended=now,
            status=None,
            crm_trace_id=None,
            response=None,
            error=why,
            sent=False,
        )

    def _without_an_answer(self, call: Call) -> Outcome:
        detail = f"{call.purpose}: {self.last.error if self.last else 'not sent'}"
        return Retry(detail=detail, at_least=call.shows_after if self.findings.unsure_of(call) else 0.0)

    def _may_be_done(self, call: Call, answer: Answer, step: Step) -> Outcome:
        """It is looked for in another try, when what it did can be seen."""
        outcome = step.outcome if isinstance(step, Done) else None
        said = f"HTTP {answer.status}" if outcome is None or isinstance(outcome, Delivered) else outcome.detail
        after = outcome.after if isinstance(outcome, Retry) else None
        return Retry(detail=f"{call.purpose} may have been done: {said}", after=after, at_least=call.shows_after)
