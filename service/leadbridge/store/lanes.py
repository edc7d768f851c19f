"""Lanes and the processes that share them: the values of what is durable of both."""

from collections.abc import Mapping
from dataclasses import dataclass

from leadbridge.clock import Millis
from leadbridge.outcome import HoldReason


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
