"""What the stages need of a database, and the values that go in and out. One behaviour suite runs on every engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from leadbridge.clock import Millis
from leadbridge.crm.adapter import Call
from leadbridge.events import Received
from leadbridge.outcome import Candidate, HoldReason, WriteWarning
from leadbridge.store.ledger import Ledger
from leadbridge.store.rows import AttemptRow, DeliveryRow, RequestRow, SubmissionRow

AcceptStatus: TypeAlias = Literal["accepted", "duplicate", "ignored", "unparseable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """One item of a request: to be mapped (no reason), or kept with the reason why it goes no further."""

    submission_id: str
    state: Literal["received", "ignored", "failed"] = "received"
    reason: str | None = None
    dedupe_key: str | None = None  # None: every arrival is new
    digest: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """One request to make durable: all of its items or none."""

    request_id: str
    trace_id: str
    received: Received  # redactions applied
    verified_by: str  # the scheme's name
    items: Sequence[NewItem]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What became of one item. For a duplicate `submission_id` is the one that came first."""

    submission_id: str
    status: AcceptStatus
    revision: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingSubmission:
    """A stored submission that is to be mapped, with the request it came in."""

    submission_id: str
    request_id: str
    item: int
    trace_id: str
    received: Received
    verified_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """A delivery that mapping made. `keys` say whose record it may touch."""

    delivery_id: str
    route: str
    destination: str
    lane: str
    config_version: str
    event_at: Millis
    plan: str | None = None  # JSON of plan.Plan
    keys: tuple[str, ...] = ()
    state: Literal["pending", "filtered", "held"] = "pending"
    reason: HoldReason | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedSubmission:
    """What mapping made of one submission."""

    submission_id: str
    state: Literal["mapped", "unrouted", "failed"]
    reason: str | None = None
    deliveries: Sequence[NewDelivery] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDelivery:
    """A delivery that is about to be claimed."""

    delivery_id: str
    submission_id: str
    trace_id: str
    route: str
    destination: str
    plan: str
    event_at: Millis
    tries: int  # before this one
    first_try_at: Millis
    keys: tuple[str, ...] = ()


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
    """The state a try left a delivery in."""

    state: Literal["retrying", "held", "delivered", "delivered_with_warnings", "failed"]
    reason: HoldReason | None = None
    detail: str | None = None
    next_at: Millis | None = None
    record_id: str | None = None
    created: bool | None = None
    warnings: tuple[WriteWarning, ...] = ()
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TryResult:
    """What is to be recorded of a try, in one commit: an answer, the next call about to be sent, or the end."""

    claim: Claim
    at: Millis
    finished: FinishedCall | None = None
    next_call: Call | None = None
    update: DeliveryUpdate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSpan:
    """When a call was sent, at the latest, and answered: what a quota window is seeded with."""

    started_at: Millis
    answered_at: Millis | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What a start found half done: deliveries sent again, and those held because a repeat could double a record."""

    again: int
    held: int


class Store(Protocol):
    """The durable state of one leadbridge.

    Every method that changes something returns after its commit. All raise `errors.StorageUnavailable` when nothing
    can be made durable, and then nothing was changed.
    """

    def check(self) -> None:
        """Raise `StorageUnavailable` when it is plain that nothing could be stored now. Cheap."""

    async def accept(self, request: NewRequest) -> tuple[Accepted, ...]:
        """Store a request and its items, told apart from what came before by source, key and digest."""

    async def waiting(self, *, limit: int) -> tuple[WaitingSubmission, ...]:
        """The oldest submissions that are to be mapped; fewer when their requests are large."""

    async def map(self, mapped: Sequence[MappedSubmission], *, now: Millis) -> None:
        """Store what mapping made; a submission that is no longer `received` is left alone."""

    async def due(self, lane: str, *, limit: int, now: Millis) -> tuple[DueDelivery, ...]:
        """The deliveries of a lane that may be claimed now, never two of one person, the longest due first."""

    async def claim(
        self, lane: str, starts: Sequence[tuple[DueDelivery, Call | None]], *, now: Millis
    ) -> tuple[Claim, ...]:
        """Claim due deliveries, each with its first call, whose attempt is stored as started in the same commit.

        What is not due any more is left out.
        """

    async def record(self, lane: str, result: TryResult) -> int:
        """Store the outcome of a call; returns the attempt id of `next_call`, 0 when there is none."""

    async def next_due(self, lane: str) -> Millis | None:
        """When the lane's next delivery is due; None when none waits."""

    async def lanes_waiting(self) -> tuple[str, ...]:
        """The lanes in which a delivery may be claimed, now or when it is due."""

    async def recent_calls(self, lane: str, *, since: Millis) -> tuple[CallSpan, ...]:
        """Calls answered after `since`, and those without an answer that may have been sent after it."""

    async def keys_of_record(self, lane: str, record_id: str, *, but: str) -> tuple[tuple[str, ...], ...]:
        """The keys of the newest deliveries that wrote a record, without the delivery `but`."""

    async def recover(self, *, now: Millis) -> Recovered:
        """Take back what a crash left in `sending`: again if a repeat is safe, else held as `unknown_outcome`.

        A call whose end is not stored counts as sent `now`, however long ago it was started.
        """

    async def hold_lane(self, lane: str, *, reason: HoldReason, detail: str, now: Millis) -> int:
        """Hold all that waits in a lane; returns how many."""

    async def release(self, reasons: Sequence[HoldReason], *, lanes: Sequence[str], now: Millis) -> int:
        """Let deliveries held for one of these reasons go again, in the order they had; returns how many."""

    async def ledger(self) -> Ledger:
        """Both sides of the books, read in one transaction."""

    async def submissions(
        self, *, limit: int, state: str | None = None, source: str | None = None, before: str | None = None
    ) -> tuple[SubmissionRow, ...]:
        """The newest submissions, older than the id `before`."""

    async def submission(self, submission_id: str) -> SubmissionRow | None:
        """One submission."""

    async def by_trace(self, trace_id: str) -> tuple[SubmissionRow, ...]:
        """The submissions under one trace ID, oldest first."""

    async def request(self, request_id: str) -> RequestRow | None:
        """One request as it arrived."""

    async def delivery(self, delivery_id: str) -> DeliveryRow | None:
        """One delivery."""

    async def deliveries_of(self, submission_ids: Sequence[str]) -> Mapping[str, tuple[DeliveryRow, ...]]:
        """The deliveries of some submissions, in their order."""

    async def attempts_of(self, delivery_id: str) -> tuple[AttemptRow, ...]:
        """Every call made for a delivery, oldest first."""

    async def close(self) -> None:
        """Finish what was begun and let the files go."""
