"""The quota's places as the deliveries of one lane take them: what is begun comes before what is new."""

import asyncio

from leadbridge.clock import Clock
from leadbridge.deliver.quota import Window


class Places:
    """A window that can be waited for."""

    def __init__(self, window: Window, clock: Clock) -> None:
        self._window = window
        self._clock = clock
        self._waiting = 0  # begun deliveries that wait for a place for their next call
        self._freed = asyncio.Event()

    def for_new(self) -> int:
        """How many new deliveries may take a place now."""
        return self._window.free(self._clock.monotonic()) - self._waiting

    def reserve(self, places: int) -> None:
        """Take places for calls that are about to be claimed."""
        self._window.take(places)

    def give_back(self, places: int) -> None:
        """Free places whose calls were not sent."""
        self._window.give_back(places)
        self._pulse()

    def take_at_once(self) -> bool:
        """Take a place if one is free and nobody waits for it."""
        if self._waiting or self._window.free(self._clock.monotonic()) <= 0:
            return False
        self._window.take()
        return True

    async def take(self) -> None:
        """Wait for a place, ahead of new deliveries, and take it."""
        self._waiting += 1
        try:
            while (seconds := self._window.wait(self._clock.monotonic())) != 0:
                await self._clock.wait(self._freed, seconds)
            self._window.take()
        finally:
            self._waiting -= 1

    def answered(self) -> None:
        """A call was answered now."""
        self._window.answered(self._clock.monotonic())
        self._pulse()

    def unanswered(self, *, sent_at: float) -> None:
        """No answer was seen of a call sent at this monotonic time."""
        self._window.unanswered(self._clock.monotonic(), sent_at=sent_at)
        self._pulse()

    def pause(self, seconds: float) -> None:
        """Send nothing for a while: the CRM said so."""
        self._window.pause(self._clock.monotonic(), seconds)

    async def calm(self) -> None:
        """Wait for the end of such a while, with a place that is taken already."""
        while (seconds := self._window.quiet_for(self._clock.monotonic())) > 0:
            await self._clock.pause(seconds)

    def wait(self) -> float | None:
        """Seconds until a place may be free, None when only an answer can free one."""
        return self._window.wait(self._clock.monotonic())

    def _pulse(self) -> None:
        self._freed.set()
        self._freed.clear()
