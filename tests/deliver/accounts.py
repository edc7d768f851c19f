"""A CRM account that counts calls by its own clock, and a lane's governor that sends to it, restarts and all."""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from leadbridge.crm.adapter import Limits, Quota
from leadbridge.deliver.budget import DAY
from leadbridge.deliver.governor import Governor, Sent
from leadbridge.store.claims import CallSpan

DEADLINE: Final = 30.0  # seconds
WALL: Final = 1_700_000_000_000  # milliseconds at time 0
NEAR: Final = 1e-6  # seconds that floating point may be off


@dataclass
class Account:
    """What the CRM counts: calls in any `window` seconds, and in days that begin with their first call."""

    limit: int
    window: float
    daily: int
    calls: list[float] = field(default_factory=list)  # when each was counted
    day_ends: float = 0.0
    days: list[int] = field(default_factory=list)  # how many calls each day had

    def used(self, at: float) -> int:
        return sum(call > at - self.window + NEAR for call in self.calls)

    def count(self, at: float) -> Limits:
        """Count a call now; returns what the headers of its answer say."""
        if at >= self.day_ends:
            self.day_ends = at + DAY
            self.days.append(0)
        self.days[-1] += 1
        self.calls.append(at)
        return Limits(
            remaining=max(0, self.limit - self.used(at)),
            window=self.window,
            daily_remaining=max(0, self.daily - self.days[-1]),
            daily_reset=float(-(-(self.day_ends - at) // 1)),  # in whole seconds
        )

    def most_in_a_window(self) -> int:
        spans = (sum(start <= call < start + self.window - NEAR for call in self.calls) for start in self.calls)
        return max(spans, default=0)


@dataclass
class UnderWay:
    """A call between its send and its answer."""

    sent: Sent
    wall: int
    limits: Limits | None = None
    process: int = 0


@dataclass
class Sender:
    """A process that sends when its governor lets it, and what of it is on disk."""

    account: Account
    quotas: Sequence[Quota]
    headers: bool = True
    now: float = 0.0
    offset: int = 0  # milliseconds that the wall clock is behind
    booted: float = -1_000.0  # when the monotonic clock was 0
    process: int = 0
    spans: list[tuple[int, int | None]] = field(default_factory=list)  # wall times of send and answer
    under_way: list[UnderWay] = field(default_factory=list)
    day_ends_at: int | None = None
    look: Callable[[UnderWay], None] = lambda _call: None  # called after each answer
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=count)

    def __post_init__(self) -> None:
        self.governor = Governor(self.quotas, deadline=DEADLINE)

    @property
    def elapsed(self) -> float:
        return self.now - self.booted

    @property
    def wall(self) -> int:
        return WALL + int(self.now * 1000) - self.offset

    def at(self, when: float, happens: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when, next(self._numbers), happens))

    def until(self, when: float) -> None:
        """Let time pass, and happen what is due."""
        while self._events and self._events[0][0] <= when:
            due, _, happens = heapq.heappop(self._events)
            self.now = max(self.now, due)
            happens()
        self.now = max(self.now, when)

    def wait_for_a_place(self) -> None:
        """Wait as long as the governor says; what it says must come true when nothing else happens."""
        for _ in range(100_000):
            if self.governor.free(self.elapsed) > 0:
                return
            wait = self.governor.wait(self.elapsed)
            following = self._events[0][0] if self._events else None
            assert wait is not None or following is not None, "it waits for ever"
            if wait is not None and (following is None or self.now + wait < following):
                assert wait > 0, "it says that a place is free, and gives none"
                self.until(self.now + wait + NEAR)
            elif following is not None:
                self.until(following)
        raise AssertionError("no place ever comes free")

    def send(self, *, latency: float, counted: float | None, answered: bool) -> None:
        """Send a call that ends after a while; the CRM counts it at a share of the way.

        One that is not answered (its connection broke) may still arrive until the deadline.
        """
        self.wait_for_a_place()
        self.governor.take()
        call = UnderWay(self.governor.sent(self.elapsed), self.wall, process=self.process)
        self.under_way.append(call)
        end, last = self.now + latency, self.now + (latency if answered else DEADLINE)
        if counted == 0:
            self._count(call)
        elif counted is not None:
            self.at(self.now + (last - self.now) * counted, lambda: self._count(call))
        self.at(end, lambda: self._end(call, answered=answered))

    def restart(self, *, reboot: bool = False) -> None:
        """Killed, and started again: what is under way is cut off, and still counted by the CRM."""
        self.spans += [(max(call.wall, self.wall), None) for call in self.under_way]
        self.under_way.clear()
        self.process += 1
        if reboot:
            self.booted = self.now
        self.governor = Governor(self.quotas, deadline=DEADLINE)
        since = self.wall - int(self.governor.memory * 1000)
        recent = [CallSpan(started_at=sent, answered_at=end) for sent, end in self.spans if (end or sent) >= since]
        self.governor.seed(recent, wall=self.wall, now=self.elapsed)
        marks = self.governor.marks(wall=self.wall, reset_at=self.day_ends_at)
        calls = {mark: sum((end or sent) > mark for sent, end in self.spans) for mark in marks}  # as the store counts
        self.governor.seed_day(calls, wall=self.wall, now=self.elapsed, reset_at=self.day_ends_at)
        if self.day_ends_at is not None and self.day_ends_at > self.wall and self.governor.day_ends is None:
            self.day_ends_at = None

    def _count(self, call: UnderWay) -> None:
        call.limits = self.account.count(self.now)

    def _end(self, call: UnderWay, *, answered: bool) -> None:
        if call.process != self.process:
            return
        self.under_way.remove(call)
        self.spans.append((call.wall, self.wall if answered else None))
        if not answered:
            self.governor.unanswered(self.elapsed, sent=call.sent)
            return
        self.governor.answered(self.elapsed, sent=call.sent, limits=call.limits if self.headers else None)
        if self.governor.day_ends is not None:
            latest = self.wall + int((self.governor.day_ends[1] - self.elapsed) * 1000) + 1
            if self.day_ends_at is None or not self.day_ends_at - 60_000 < latest <= self.day_ends_at:
                self.day_ends_at = latest
        self.look(call)
