"""Record: what came of a call becomes an attempt row, a delivery state and one log line, in one commit."""

from dataclasses import dataclass
from random import Random
from typing import Final

from leadbridge.clock import Clock, Millis
from leadbridge.crm.adapter import Call
from leadbridge.errors import StorageUnavailable
from leadbridge.logs import Logger
from leadbridge.metrics.meters import Meters
from leadbridge.outcome import Delivered, Fail, Hold, Outcome, Postponed, Retry, Superseded
from leadbridge.retry import RetryAt, RetryPolicy
from leadbridge.store.base import Store
from leadbridge.store.claims import Claim, DeliveryUpdate, DueDelivery, FinishedCall, TryResult

MOST_KEPT: Final = 64 * 1024  # characters of an answer that are kept
STORAGE_PAUSE: Final = 1.0  # seconds between two tries to record on a full disk
STORAGE_SAID_EVERY: Final = 10.0  # seconds between two log lines of a lane about it


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnd:
    """How one call ended, as the lane saw it."""

    attempt_id: int
    purpose: str
    started: float  # monotonic seconds
    ended: float
    status: int | None
    crm_trace_id: str | None
    response: str | None
    error: str | None
    sent: bool  # False only when the call certainly never reached the CRM


class Recorder:
    """Makes outcomes durable. It does not return before that: a result that is not on disk is no result."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock,
        policy: RetryPolicy,
        dice: Random,
        log: Logger,
        meters: Meters | None = None,
    ) -> None:
        """With `meters`, it counts what came of deliveries."""
        self._store = store
        self._clock = clock
        self._policy = policy
        self._dice = dice
        self._log = log
        self._meters = meters or Meters()
        self._said_unavailable: dict[str, float] = {}  # by lane, in monotonic seconds

    async def answered(
        self, lane: str, claim: Claim, call: CallEnd, *, next_call: Call | None, progress: str | None = None
    ) -> int:
        """A call was answered and the delivery goes on; returns the attempt of `next_call`, 0 when none is given.

        `progress` is what became known by now, as JSON: it is on disk before the next call is sent.
        """
        now = self._clock.now()
        finished = self._finished(call, outcome="answered", now=now)
        result = TryResult(claim=claim, at=now, finished=finished, next_call=next_call, progress=progress)
        attempt_id = await self._store_it(lane, result)
        self._say(lane, claim, call, outcome="answered", update=None)
        return attempt_id

    async def started(self, lane: str, claim: Claim, call: Call) -> int:
        """The next call of a delivery is about to be sent; returns its attempt."""
        return await self._store_it(lane, TryResult(claim=claim, at=self._clock.now(), next_call=call))

    async def ended(
        self,
        lane: str,
        claim: Claim,
        call: CallEnd | None,
        outcome: Outcome | Postponed,
        *,
        progress: str | None = None,
    ) -> DeliveryUpdate:
        """The try is over. `call` is the last one, None when none was needed."""
        now = self._clock.now()
        update = decide(outcome, claim=claim, policy=self._policy, now=now, dice=self._dice)
        finished = None if call is None else self._finished(call, outcome=update.state, now=now)
        await self._store_it(lane, TryResult(claim=claim, at=now, finished=finished, update=update, progress=progress))
        self._say(lane, claim, call, outcome=update.state, update=update)
        return update

    async def not_sent(self, lane: str, claim: Claim, call: CallEnd) -> None:
        """The try was stopped before its first call was sent: the delivery is due again at once.

        Nobody waits for a disk at a stop: raises `StorageUnavailable` when nothing can be stored now.
        """
        now = self._clock.now()
        update = DeliveryUpdate(state="pending", detail=call.error, next_at=now)
        finished = self._finished(call, outcome=update.state, now=now)
        await self._store.record(lane, TryResult(claim=claim, at=now, finished=finished, update=update))
        self._say(lane, claim, call, outcome=update.state, update=update)

    def say_unavailable(self, lane: str, error: StorageUnavailable) -> None:
        """Say that nothing can be stored, now and then: each try of each delivery would fill the disk that is full."""
        now, last = self._clock.monotonic(), self._said_unavailable.get(lane)
        if last is None or now - last >= STORAGE_SAID_EVERY:
            self._said_unavailable[lane] = now
            self._log.error("storage.unavailable", lane=lane, problem=str(error), retry_in_s=STORAGE_PAUSE)

    async def _store_it(self, lane: str, result: TryResult) -> int:
        while True:
            began = self._clock.monotonic()
            try:
                attempt_id = await self._store.record(lane, result)
            except StorageUnavailable as error:
                self._meters.not_stored("record")
                self.say_unavailable(lane, error)
            else:
                self._meters.stored("record", self._clock.monotonic() - began)
                return attempt_id
            await self._clock.pause(STORAGE_PAUSE)

    def _finished(self, call: CallEnd, *, outcome: str, now: Millis) -> FinishedCall:
        return finished_call(call, outcome=outcome, now=now, elapsed=self._clock.monotonic())

    def _say(
        self, lane: str, claim: Claim, call: CallEnd | None, *, outcome: str, update: DeliveryUpdate | None
    ) -> None:
        leader = claim.delivery
        self._say_of(leader, lane, claim.attempt, call, outcome=outcome, update=update, together=len(leader.all_ids))
        for follower in leader.followers if update is not None else ():
            attempt = follower.tries + 1
            self._say_of(follower, lane, attempt, call, outcome=outcome, update=update, together=len(leader.all_ids))

    def _say_of(
        self,
        delivery: DueDelivery,
        lane: str,
        attempt: int,
        call: CallEnd | None,
        *,
        outcome: str,
        update: DeliveryUpdate | None,
        together: int,
    ) -> None:
        facts = {
            "submission": delivery.submission_id,
            "delivery": delivery.delivery_id,
            "trace_id": delivery.trace_id,
            "destination": delivery.destination,
            "lane": lane,
            "attempt": attempt,
            "together": together if together > 1 else None,
            "call": call.purpose if call else None,
            "outcome": outcome,
            "status": call.status if call else None,
            "duration_ms": round((call.ended - call.started) * 1000, 1) if call else None,
            "crm_trace_id": call.crm_trace_id if call else None,
        }
        if update is not None:
            self._meters.delivery(delivery.destination, update.state)
            facts |= {
                "reason": update.reason,
                "detail": update.detail,
                "record": update.record_id,
                "retry_in_s": _seconds_until(update.next_at, self._clock.now()),
                "warnings": len(update.warnings) or None,
            }
        say = self._log.warning if outcome in ("held", "failed", "delivered_with_warnings") else self._log.info
        say("delivery.attempted", **{name: value for name, value in facts.items() if value is not None})


def finished_call(call: CallEnd, *, outcome: str, now: Millis, elapsed: float) -> FinishedCall:
    """The end of a call as it is stored; `now` and `elapsed` (monotonic seconds) are one moment."""
    ago = elapsed - call.started  # seconds
    return FinishedCall(
        attempt_id=call.attempt_id,
        answered_at=now if call.status is not None else None,
        sent=call.sent,
        sent_at=now - round(ago * 1000) if call.sent else None,
        outcome=outcome,
        status=call.status,
        crm_trace_id=call.crm_trace_id,
        response=None if call.response is None else call.response[:MOST_KEPT],
        error=call.error,
    )


def decide(
    outcome: Outcome | Postponed, *, claim: Claim, policy: RetryPolicy, now: Millis, dice: Random
) -> DeliveryUpdate:
    """The state that an outcome leaves its delivery in."""
    match outcome:
        case Delivered(record_id=record_id, created=created, warnings=warnings):
            return DeliveryUpdate(
                state="delivered_with_warnings" if warnings else "delivered",
                record_id=record_id,
                created=created,
                warnings=warnings,
            )
        case Hold(reason=reason, detail=detail, candidates=candidates):
            return DeliveryUpdate(state="held", reason=reason, detail=detail, candidates=candidates)
        case Retry():
            return _tried_again(outcome, claim=claim, policy=policy, now=now, dice=dice)
        case Postponed(detail=detail, alone=alone):
            return DeliveryUpdate(state="pending", detail=detail, next_at=now, alone=alone)
        case Fail(detail=detail) | Superseded(detail=detail):
            return DeliveryUpdate(state="failed" if isinstance(outcome, Fail) else "superseded", detail=detail)


def _tried_again(outcome: Retry, *, claim: Claim, policy: RetryPolicy, now: Millis, dice: Random) -> DeliveryUpdate:
    decision = policy.after(
        claim.attempt,
        cut_off=claim.delivery.cut_off,
        first_try_at=claim.delivery.first_try_at,
        now=now,
        asked=outcome.after,
        at_least=outcome.at_least,
        dice=dice,
    )
    if isinstance(decision, RetryAt):
        return DeliveryUpdate(state="retrying", detail=outcome.detail, next_at=decision.when)
    said = f"{decision.why}; last: {outcome.detail}"
    if outcome.at_least:  # nobody knows that it failed
        return DeliveryUpdate(state="held", reason="unknown_outcome", detail=said)
    return DeliveryUpdate(state="failed", detail=said)


def _seconds_until(when: Millis | None, now: Millis) -> float | None:
    return None if when is None else round((when - now) / 1000, 1)
