"""A vendor's quota: exact rolling windows for each token."""

import math

from leadbridge.sandbox.quota import RollingWindow, Taken, Use
from leadbridge.sandbox.vendor_options import VendorOptions
from leadbridge.sandbox.vendors.vendor import Room, Vendor
from leadbridge.sandbox.world import World


class VendorQuota:
    """One vendor's limits, kept per token and told in the vendor's own headers. The first limit is the one it tells."""

    def __init__(self, vendor: Vendor, world: World) -> None:
        self._vendor = vendor
        self._world = world
        self._windows: dict[str, tuple[RollingWindow, ...]] = {}

    def take(self, account: str, _path: str = "") -> Taken:
        """Ask for one call with the token `account`, now."""
        now = self._world.clock.monotonic()
        rooms = self._rooms(account, now)
        allowed = all(room.left for room in rooms)
        if allowed and rooms:
            for calls in self._windows[account]:
                calls.add(now)
            rooms = self._rooms(account, now)
        if not allowed and self._options.retry_after:
            wait = max(room.frees for room in rooms if not room.left)
            return Taken(allowed=False, headers={"retry-after": str(math.ceil(wait))})
        return Taken(allowed=allowed, headers=self._vendor.told(rooms[0]) if rooms else {})

    def uses(self) -> list[Use]:
        """How full each token's windows are now."""
        now = self._world.clock.monotonic()
        return [
            Use(account=account, window=room.window, limit=room.limit, used=room.limit - room.left)
            for account in self._windows
            for room in self._rooms(account, now)
        ]

    def reset(self) -> None:
        """Forget every call: all of the quota is free."""
        self._windows.clear()

    def _rooms(self, account: str, now: float) -> list[Room]:
        rates = self._options.rates if self._world.options.quotas else ()
        if rates and len(self._windows.get(account, ())) != len(rates):
            self._windows[account] = tuple(RollingWindow() for _ in rates)
        rooms = []
        for rate, calls in zip(rates, self._windows.get(account, ()), strict=False):
            window = self._world.scaled(rate.window)
            used = calls.used(now=now, window=window)
            frees = calls.frees(window=window) - now if used else 0.0
            rooms.append(Room(limit=rate.limit, left=max(0, rate.limit - used), window=window, frees=frees))
        return rooms

    @property
    def _options(self) -> VendorOptions:
        return self._world.options.of_vendor(self._vendor.name)
