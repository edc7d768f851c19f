"""How long this process may send: what keeps two of them from sending for one account at once.

HTTP cannot be fenced: a call that was begun reaches its CRM though another process has the lane by then. So none is
begun in the last part of the lease, and what is under way when it runs out is given up.
"""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from leadbridge.clock import Clock
from leadbridge.store.lanes import Lease

LAST_START: Final = 0.25  # of the lease: with less left no call is begun
LAST_MOMENT: Final = 0.05  # of the lease: with less left none is under way any more; it takes a while to hang up


class GivenUp(Exception):
    """A call was under way when the lease ran out: it may have been done."""


class Tenure:
    """The lease of this process, for all of its lanes, in its own monotonic time."""

    def __init__(self, clock: Clock, lease: Lease) -> None:
        """Nothing may be sent before the lease is `renewed`."""
        self._clock = clock
        self._last_start = lease.seconds * LAST_START
        self._last_moment = lease.seconds * LAST_MOMENT
        self._ends = -math.inf
        self._calls: set[asyncio.Timeout] = set()
        self._begun = asyncio.Event()

    def renewed(self, *, asked: float, lasts: float) -> None:
        """It lasts so many seconds since it was `asked` for (monotonic); infinite: as long as we live."""
        self._ends = asked + lasts
        self._begun.set()

    def over(self) -> None:
        """Another process may send for our lanes."""
        self._ends = -math.inf
        self._give_up()

    @property
    def allows_a_call(self) -> bool:
        """Whether a call may begin now: there is time for a usual one."""
        return self._ends - self._clock.monotonic() >= self._last_start

    @property
    def calls(self) -> int:
        """How many calls are under way."""
        return len(self._calls)

    @asynccontextmanager
    async def call(self) -> AsyncIterator[None]:
        """A call is under way: it ends before the lease does, with `GivenUp` if it must."""
        try:
            async with asyncio.timeout(None) as alarm:
                self._calls.add(alarm)
                try:
                    yield
                finally:
                    self._calls.discard(alarm)
        except TimeoutError:
            if not alarm.expired():
                raise
            raise GivenUp from None

    async def keep(self) -> None:
        """Give up what is under way whenever the lease runs out."""
        while True:
            left = self._ends - self._clock.monotonic() - self._last_moment
            if left <= 0:
                self._give_up()
            self._begun.clear()
            await self._clock.wait(self._begun, left if 0 < left < math.inf else None)

    def _give_up(self) -> None:
        calls, self._calls = self._calls, set()
        for alarm in calls:
            alarm.reschedule(asyncio.get_running_loop().time())
