"""The CRMs' quotas: exact rolling windows, and LeadConnector's day.

A refused call takes no place in a window: what is limited is the calls that are answered.
"""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from leadbridge.sandbox.world import World

_DAY: Final = 86_400.0  # seconds


@dataclass(frozen=True, slots=True)
class Taken:
    """Whether a call may be answered, and what its answer's headers say about the quota."""

    allowed: bool
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """How full one limit of an account is; `window` is its length in the sandbox's seconds."""

    account: str
    window: float
    limit: int
    used: int


class Quota(Protocol):
    """One CRM's quota, kept per account."""

    def take(self, account: str, path: str = "", /) -> Taken:
        """Ask for one call by `account` of `path` (relative to the CRM's base URL), now."""

    def uses(self) -> list[Use]:
        """How full each limit of each account is now."""

    def reset(self) -> None:
        """Forget every call: all of the quota is free."""


class RollingWindow:
    """When the last calls were let through."""

    def __init__(self) -> None:
        self._calls: deque[float] = deque()

    def used(self, *, now: float, window: float) -> int:
        """How many calls the `window` seconds up to `now` hold; a call exactly `window` old has left."""
        while self._calls and self._calls[0] + window <= now:
            self._calls.popleft()
        return len(self._calls)

    def frees(self, *, window: float) -> float:
        """When the oldest call will have left the window."""
        return self._calls[0] + window

    def add(self, now: float) -> None:
        """Count a call that was let through at this time, in seconds."""
        self._calls.append(now)


@dataclass(slots=True)
class Day:
    """A budget for 24 hours that begin with the first call (recorded: they do not begin at midnight UTC)."""

    ends: float = -math.inf
    used: int = 0

    def refresh(self, *, now: float, length: float) -> None:
        """Begin a new day when the last has ended."""
        if now >= self.ends:
            self.ends = now + length
            self.used = 0


class CopperQuota:
    """180 calls in any 60 s, of which 3 bulk calls in any second, said nowhere in the headers.

    https://developer.copper.com/introduction/requests.html and https://developer.copper.com/leads/bulk-create-leads.html
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._windows: dict[tuple[str, bool], RollingWindow] = {}

    def take(self, account: str, path: str = "") -> Taken:
        """Ask for one call by `account` of `path`, now."""
        options = self._world.options
        if not options.quotas:
            return Taken(allowed=True)
        now = self._world.clock.monotonic()
        rates = {False: options.copper.quota, True: options.copper.bulk_quota if "/bulk_" in path else None}
        entered = []
        for bulk, rate in rates.items():
            if rate is None:
                continue
            calls = self._windows.setdefault((account, bulk), RollingWindow())
            if calls.used(now=now, window=self._world.scaled(rate.window)) >= rate.limit:
                return Taken(allowed=False)
            entered.append(calls)
        for calls in entered:
            calls.add(now)
        return Taken(allowed=True)

    def uses(self) -> list[Use]:
        """How full each limit of each account is now."""
        options, now = self._world.options, self._world.clock.monotonic()
        rates = {False: options.copper.quota, True: options.copper.bulk_quota}
        uses: list[Use] = []
        for (account, bulk), calls in self._windows.items():
            rate = rates[bulk]
            if options.quotas and rate is not None:
                window = self._world.scaled(rate.window)
                used = calls.used(now=now, window=window)
                uses.append(Use(account=account, window=window, limit=rate.limit, used=used))
        return uses

    def reset(self) -> None:
        """Forget every call: all of the quota is free."""
        self._windows.clear()


class LeadConnectorQuota:
    """100 calls in any 10 s and 200,000 in a day, told in headers with every answer.

    https://github.com/GoHighLevel/highlevel-api-docs, docs/oauth/Authorization.md; `x-ratelimit-daily-reset` is not in
    it but recorded: milliseconds until the day ends, in whole seconds.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._windows: dict[str, RollingWindow] = {}
        self._days: dict[str, Day] = {}

    def take(self, account: str, _path: str = "") -> Taken:
        """Ask for one call by `account`, now."""
        if not self._world.options.quotas:
            return Taken(allowed=True)
        now = self._world.clock.monotonic()
        calls = self._windows.setdefault(account, RollingWindow())
        day = self._days.setdefault(account, Day())
        day.refresh(now=now, length=self._world.scaled(_DAY))
        allowed = self._burst_left(calls, now=now) > 0 and self._daily_left(day) > 0
        if allowed:
            day.used += 1
            if self._world.options.leadconnector.quota is not None:
                calls.add(now)
        headers = self._burst_headers(calls, now=now) | self._daily_headers(day, now=now)
        if not allowed and self._world.options.leadconnector.retry_after:
            headers["retry-after"] = str(math.ceil(self._wait(calls, day, now=now)))
        return Taken(allowed=allowed, headers=headers)

    def uses(self) -> list[Use]:
        """How full each limit of each account is now."""
        options, now = self._world.options, self._world.clock.monotonic()
        rate, daily, day_length = options.leadconnector.quota, options.leadconnector.daily, self._world.scaled(_DAY)
        uses: list[Use] = []
        for account, calls in self._windows.items() if options.quotas else ():
            day = self._days[account]
            if rate is not None:
                window = self._world.scaled(rate.window)
                used = calls.used(now=now, window=window)
                uses.append(Use(account=account, window=window, limit=rate.limit, used=used))
            if daily is not None:
                used = day.used if now < day.ends else 0
                uses.append(Use(account=account, window=day_length, limit=daily, used=used))
        return uses

    def reset(self) -> None:
        """Forget every call and day."""
        self._windows.clear()
        self._days.clear()

    def _wait(self, calls: RollingWindow, day: Day, *, now: float) -> float:
        rate = self._world.options.leadconnector.quota
        if self._daily_left(day) <= 0 or rate is None:
            return day.ends - now
        return calls.frees(window=self._world.scaled(rate.window)) - now

    def _burst_left(self, calls: RollingWindow, *, now: float) -> float:
        rate = self._world.options.leadconnector.quota
        return math.inf if rate is None else rate.limit - calls.used(now=now, window=self._world.scaled(rate.window))

    def _daily_left(self, day: Day) -> float:
        daily = self._world.options.leadconnector.daily
        return math.inf if daily is None else daily - day.used

    def _burst_headers(self, calls: RollingWindow, *, now: float) -> dict[str, str]:
        rate = self._world.options.leadconnector.quota
        if rate is None:
            return {}
        return {
            "x-ratelimit-max": str(rate.limit),
            "x-ratelimit-remaining": str(max(0, int(self._burst_left(calls, now=now)))),
            "x-ratelimit-interval-milliseconds": str(math.ceil(self._world.scaled(rate.window) * 1000)),
        }

    def _daily_headers(self, day: Day, *, now: float) -> dict[str, str]:
        daily = self._world.options.leadconnector.daily
        if daily is None:
            return {}
        return {
            "x-ratelimit-limit-daily": str(daily),
            "x-ratelimit-daily-remaining": str(max(0, int(self._daily_left(day)))),
            "x-ratelimit-daily-reset": str(math.ceil(day.ends - now) * 1000),
        }
