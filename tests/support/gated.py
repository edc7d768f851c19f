"""Somebody's API that answers as a test says, and when it says so."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from leadbridge.outgoing.client import Unanswered
from tests.support.patience import PATIENCE

Asked = TypeVar("Asked")
Told = TypeVar("Told")


class Gated(Generic[Asked, Told]):
    """Answers by a function of the call; a test may hold answers back until it opens the gate."""

    def __init__(self, respond: Callable[[Asked], Told | Unanswered]) -> None:
        self.respond = respond
        self.calls: list[Asked] = []
        self.at_once = 0
        self.most_at_once = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self._called = asyncio.Event()

    async def answer(self, call: Asked) -> Told:
        """Note a call, and answer it when the gate is open."""
        self.calls.append(call)
        self._called.set()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.gate.wait()
            result = self.respond(call)
        finally:
            self.at_once -= 1
        if isinstance(result, Unanswered):
            raise result
        return result

    async def called(self, count: int) -> None:
        """Wait until so many calls were made."""
        async with asyncio.timeout(PATIENCE):
            while len(self.calls) < count:
                self._called.clear()
                await self._called.wait()

    async def close(self) -> None:
        """Nothing to let go."""
