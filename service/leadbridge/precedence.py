"""Senders first: what the work behind them does while many of them wait for an answer."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from leadbridge.clock import Time

MANY: Final = 4  # requests at once that are more than a usual moment's
SHARE: Final = 0.2  # of the event loop's time, at most, for the work behind them while so many wait
SLICE: Final = 0.002  # seconds of work after which it rests
LONGEST_REST: Final = 0.5  # seconds: a piece that took long (a slow disk) must not stop what is left


class Precedence:
    """How mapping and delivering give way to a burst of submissions.

    A burst's senders have a short patience, and what they sent is safe only once it is stored; the rest can be done a
    moment later. It is slowed down and never stopped, and with fewer senders than `MANY` not at all.
    """

    def __init__(self, clock: Time) -> None:
        self._clock = clock
        self._waiting = 0
        self._worked = 0.0

    @property
    def many_wait(self) -> bool:
        """Whether a burst is under way."""
        return self._waiting >= MANY

    def came(self) -> None:
        """A proved submission waits for its commit."""
        self._waiting += 1

    def went(self) -> None:
        """It is committed, or refused."""
        self._waiting -= 1

    @contextmanager
    def working(self) -> Iterator[None]:
        """Work that could wait, in one piece."""
        began = self._clock.monotonic()
        try:
            yield
        finally:
            self._worked += self._clock.monotonic() - began

    async def give_way(self) -> None:
        """Let senders be served between two pieces of work; during a burst, for as long as `SHARE` asks."""
        if self._worked < SLICE:
            await asyncio.sleep(0)
            return
        worked, self._worked = self._worked, 0.0
        if self.many_wait:
            await self._clock.pause(min(LONGEST_REST, worked * (1 / SHARE - 1)))
        else:
            await asyncio.sleep(0)
