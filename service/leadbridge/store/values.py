"""The values that go into a store and come out of it, beside the rows that are shown (see `rows`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from leadbridge.clock import Millis
from leadbridge.crm.adapter import Call
from leadbridge.events import Received
from leadbridge.frozen import value
from leadbridge.outcome import Candidate, HoldReason, WriteWarning

AcceptStatus: TypeAlias = Literal["accepted", "duplicate", "ignored", "unparseable"]
Named: TypeAlias = Literal["route", "destination", "source"]  # what rows are stored of, by name


@value(frozen=True, slots=True, kw_only=True)
class NewItem:
    """One item of a request: to be mapped or fetched first (no reason), or kept with why it goes no further."""

    submission_id: str
    state: Literal["received", "awaiting_fetch", "ignored", "failed"] = "received"
    reason: str | None = None
    dedupe_key: str | None = None  # None: every arrival is new
    digest: bytes = b""
    since: Millis = 0  # what came before this is no earlier arrival of it; 0: whatever has its key is


@value(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """One request to make durable: all of its items or none."""

    request_id: str
    trace_id: str
    received: Received  # redactions applied
    verified_by: str  # the scheme's name
    items: Sequence[NewItem]


@value(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What became of one item. For a duplicate `submission_id` is the one that came first."""

    submission_id: str
    status: AcceptStatus
    revision: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingSubmission:
    """A stored submission that is to be mapped, with the request it came in.

    `order_at` is when that arrived, but never before what was accepted earlier: a clock may be set back. `fetched` are
    the vendor's documents (JSON) of one that was only announced.
    """

    submission_id: str
    request_id: str
    item: int
    trace_id: str
    received: Received
    verified_by: str
    order_at: Millis
    fetched: str | None = None


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
    alone: bool = False  # never one call with others: it has a note, or makes a record of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedSubmission:
    """What mapping made of one submission; one that is `awaiting_fetch` comes again with what was fetched for it."""

    submission_id: str
    state: Literal["mapped", "unrouted", "failed", "ignored", "awaiting_fetch"]
    reason: str | None = None
    deliveries: Sequence[NewDelivery] = ()


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


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneState:
    """What is durable of a lane beside its deliveries.

    While `held` is set nothing is sent but probes, the next one at `probe_at` (None: a person has to release it).
    `paused_until` is the CRM's own wish, or a circuit that is open after `failures` in a row. `daily_reset_at` is when
    the CRM's count of 24 hours begins anew, as it said last.
    """

    held: HoldReason | None = None
    detail: str | None = None
    since: Millis | None = None
    probe_at: Millis | None = None
    paused_until: Millis | None = None
    failures: int = 0
    daily_reset_at: Millis | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """How long a process may send after it asked, and how long its lanes rest after that until they are another's.

    Both in seconds.
    """

    seconds: float
    grace: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One that serves. Its name is never used again; the same `accounts` are the same lanes in its configuration."""

    name: str
    accounts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A process as the others see it, and how many lanes it has.

    Every renewal of its lease is another of its `beats`. It is `late` when the lease is over by the database's clock,
    which may have been set: only one that is seen without a beat for `silence` seconds cannot be sending any more.
    """

    name: str
    accounts: str
    beats: int
    lanes: int
    late: bool
    silence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """Who serves, whoever asks among them, and the lanes that nobody has."""

    peers: tuple[Peer, ...]
    free: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How much of a lane waits, by urgency, and how much is held by reason."""

    lane: str
    live: int
    retry: int
    replay: int
    sending: int
    held: Mapping[str, int]
    oldest_at: Millis | None  # when the oldest that waits was made


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which deliveries (or, for a replay, failed submissions) a person means: all that fit every given value."""

    ids: tuple[str, ...] = ()  # of deliveries or of submissions
    states: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    lanes: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    since: Millis | None = None  # made at or after
    until: Millis | None = None  # made before
    limit: int | None = None  # the oldest ones


@dataclass(frozen=True, slots=True, kw_only=True)
class Hastened:
    """How many retries are due at once, and how many only `later`: what their calls may have done must show first."""

    due: int
    later: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """How many deliveries go out once more, and how many failed submissions are mapped once more."""

    deliveries: int
    submissions: int
