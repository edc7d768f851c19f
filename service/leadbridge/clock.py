"""Time as an argument: the service reads it here, tests set it."""

import asyncio
import time
from functools import partial
from typing import Final, Protocol, TypeAlias

Millis: TypeAlias = int  # milliseconds since the Unix epoch, UTC


class Time(Protocol):
    """Time that is read, and let pass."""

    def now(self) -> Millis:
        """Wall time: what is stored and shown."""

    def monotonic(self) -> float:
        """Seconds that never go back: what windows and deadlines are measured with."""

    async def pause(self, seconds: float) -> None:
        """Wait for so many seconds; other tasks run meanwhile."""


class Clock(Time, Protocol):
    """What the stages need of time: they also wait for something to do."""

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        """Wait until `event` is set, at most `seconds`. True when it was set."""


# A lease in a database runs out, and a CRM's window passes, while a machine sleeps; Linux's own monotonic clock stands.
_elapsed: Final = (
    partial(time.clock_gettime, time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic
)


class SystemClock:
    """The machine's own time."""

    def now(self) -> Millis:
        """Wall time in milliseconds."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds since an arbitrary start, those among them in which the machine was asleep."""
        return _elapsed()

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        """Wait until `event` is set, at most `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                return await event.wait()
        except TimeoutError:
            return False

    async def pause(self, seconds: float) -> None:
        """Wait for so many seconds; other tasks run meanwhile."""
        await asyncio.sleep(seconds)
