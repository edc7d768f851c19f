"""What is due, claimed, tried and recorded of deliveries: the values that the sending of a lane gives and takes."""

from dataclasses import dataclass, field
from typing import Literal

from leadbridge.clock import Millis
from leadbridge.crm.adapter import Call
from leadbridge.outcome import Candidate, HoldReason, WriteWarning


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a delivery wrote to a record: its plan, and its place in the order of events.

    `keys` are those of the delivery that asks for it: the ones that led to this record before.
    """

    record_id: str
    event_at: Millis
    seq: int
    plan: str
    keys: frozenset[str] = field(default=frozenset(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDelivery:
    """A delivery that is about to be claimed.

    `newer` is what deliveries with a later place in the order of events than it, or one of its followers, already wrote
    to a record that any of its `keys` led to, in that order; `records` are all to which they led before. `followers`
    wait behind it with the same route, configuration and keys and nobody of another kind in between, in their order:
    they may be claimed with it, as one call; their own `newer` is empty. `progress` and `choice` are JSON of plan's. It
    is `fresh` until anything at all is done to it.
    """

    delivery_id: str
    submission_id: str
    trace_id: str
    route: str
    destination: str
    plan: str
    event_at: Millis
    seq: int = 0  # the order of arrival
    tries: int  # before this one
    cut_off: int = 0  # of those, the ones that make no wait longer: killed, put back, before a person let it go
    first_try_at: Millis
    keys: tuple[str, ...] = ()
    config_version: str = ""
    progress: str | None = None
    choice: str | None = None
    fresh: bool = False
    newer: tuple[Written, ...] = ()
    records: frozenset[str] = frozenset()
    followers: tuple["DueDelivery", ...] = ()

    @property
    def all_ids(self) -> tuple[str, ...]:
        """Its own id and its followers'."""
        if not self.followers:
            return (self.delivery_id,)
        return (self.delivery_id, *(follower.delivery_id for follower in self.followers))


@dataclass(frozen=True, slots=True, kw_only=True)
class DueByUrgency:
    """What may be claimed in a lane now: what came in, what is tried again, what a person sent once more."""

    live: tuple[DueDelivery, ...] = ()
    retry: tuple[DueDelivery, ...] = ()
    replay: tuple[DueDelivery, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A delivery that is ours to send; `attempt_id` is the started attempt of its first call, if there is one."""

    delivery: DueDelivery
    attempt_id: int | None

    @property
    def attempt(self) -> int:
        """Which try this is, from 1."""
        return self.delivery.tries + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedCall:
    """How one started attempt ended. Without `answered_at` no answer was seen, and `error` says why.

    `sent` is False only when the call certainly never reached the CRM. `sent_at` is when it was sent, where that is
    known: it may have waited long after its start.
    """

    attempt_id: int
    answered_at: Millis | None
    outcome: str
    sent: bool = True
    sent_at: Millis | None = None
    status: int | None = None
    crm_trace_id: str | None = None
    response: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryUpdate:
    """The state a try left a delivery in, and all that were claimed with it.

    `alone` takes them apart: none of them is claimed as a follower any more.
    """

    state: Literal["pending", "retrying", "held", "delivered", "delivered_with_warnings", "superseded", "failed"]
    reason: HoldReason | None = None
    detail: str | None = None
    next_at: Millis | None = None
    record_id: str | None = None
    created: bool | None = None
    warnings: tuple[WriteWarning, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    alone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TryResult:
    """What is to be recorded of a try, in one commit: an answer, the next call about to be sent, or the end.

    `progress` is JSON of plan.Progress, None to leave it as it is; with followers it is the first one's.
    """

    claim: Claim
    at: Millis
    finished: FinishedCall | None = None
    next_call: Call | None = None
    update: DeliveryUpdate | None = None
    progress: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSpan:
    """When a call was sent, at the latest, and answered: what a quota window is seeded with."""

    started_at: Millis
    answered_at: Millis | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What was found half done: deliveries sent again at once, and those that look first, when it can be seen."""

    again: int
    unsure: int
