"""The sandbox's history, put together from looks at its end: it forgets the oldest calls, a proof must not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from leadbridge.errors import LeadbridgeError
from leadbridge.events import Json
from leadbridge.sandbox.client import SandboxControl

USUAL: Final = 1_000  # calls asked for at a time
MOST: Final = 10_000  # calls of which the sandbox remembers the bodies
OFTEN: Final = 1.0  # seconds between looks where they go on by themselves: all accounts together make 200 calls in one


class HistoryOutran(LeadbridgeError):
    """More calls were made between two looks than the sandbox remembers."""


class Historian:
    """All calls since the first look."""

    def __init__(self, control: SandboxControl) -> None:
        self._control = control
        self.entries: list[dict[str, Json]] = []

    async def look(self) -> None:
        """Add what was called since the last look. Raises `HistoryOutran` when that is not known any more."""
        for limit in (USUAL, MOST):
            last = [_bounded(one) for one in await self._control.history(limit=limit, bodies=True)]
            new = news(self.entries, last)
            if new is not None and len(new) < limit:
                self.entries += new
                return
        raise HistoryOutran("more calls were made than the sandbox remembers; use fewer --leads for so many --rounds")

    @asynccontextmanager
    async def looking_on(self) -> AsyncIterator[None]:
        """Look again and again until the end of the block: a drain makes more calls than the sandbox remembers.

        What goes wrong meanwhile is raised by the next look.
        """
        looking = asyncio.create_task(self._look_on())
        try:
            yield
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)

    async def _look_on(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(OFTEN)


def news(known: list[dict[str, Any]], last: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
    """What of `last`, the end of the history, is not in `known` yet; None when the two do not meet."""
    if not known:
        return last
    for end in range(min(len(last), len(known)), 0, -1):
        if last[end - 1] == known[-1] and last[:end] == known[-end:]:
            return last[end:]
    return None


def _bounded(entry: dict[str, Json]) -> dict[str, Json]:
    """An entry without its answer, which nobody asks for and which would fill the memory of a long run."""
    return {name: value for name, value in entry.items() if name != "response_body"}
