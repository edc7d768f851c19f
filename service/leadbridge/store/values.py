"""What is accepted and mapped, and what people choose of it: the values that go into a store and come out of it.

Those of sending are in `claims`, those of the accounts' queues in `lanes`, the rows that are shown in `rows`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from leadbridge.clock import Millis
from leadbridge.events import Received
from leadbridge.frozen import value
from leadbridge.outcome import HoldReason

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
