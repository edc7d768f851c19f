"""A round is played: its submissions, its weather, its event."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from leadbridge.prove.history import Historian
from leadbridge.prove.plan import Round
from leadbridge.prove.senders import Senders
from leadbridge.prove.world import Caught, World

SHORTEST: Final = 2.0  # seconds: what a round leaves behind must not grow into a backlog that hides everything
_RECOVERY: Final = 0.4  # seconds with room again, before the disk is full once more


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A round that is over: how each of its kills found the service."""

    round: Round
    caught: tuple[Caught, ...]
    seconds: float


class Stage:
    """Where rounds are played, one after the other."""

    def __init__(self, world: World, senders: Senders, historian: Historian, *, shortest: float = SHORTEST) -> None:
        """`shortest` is how many seconds a round takes at least."""
        self._shortest = shortest
        self._world = world
        self._senders = senders
        self._historian = historian
        self._events: dict[str, Callable[[Round], Awaitable[tuple[Caught, ...]]]] = {
            "kill": self._kill,
            "kill at start": self._kill_at_start,
            "freeze": self._freeze,
            "stop": self._stop,
            "CRMs hang": self._hang,
            "disk full": self._disk_full,
            "nothing": self._nothing,
        }

    async def play(self, one: Round) -> Played:
        """Play one round; the service is ready when it ends."""
        began = time.monotonic()
        if one.event == "disk full":
            await self._move(self._world.move_to_small_disk)
        for fault in one.faults:
            await self._world.control.fault(fault)
        self._senders.send(one.submissions)
        await asyncio.sleep(one.delay)
        caught = await self._events[one.event](one)
        await self._world.control.lift()
        await self._historian.look()
        await asyncio.sleep(max(0.0, self._shortest - (time.monotonic() - began)))
        return Played(round=one, caught=caught, seconds=time.monotonic() - began)

    async def _kill(self, one: Round) -> tuple[Caught, ...]:
        caught = await self._world.kill()
        await asyncio.sleep(one.lasts)
        await self._world.start()
        return (caught,)

    async def _kill_at_start(self, one: Round) -> tuple[Caught, ...]:
        first = await self._world.kill()
        await self._world.start(wait=False)
        await asyncio.sleep(one.lasts)
        second = await self._world.kill()
        await self._world.start()
        return first, second

    async def _freeze(self, one: Round) -> tuple[Caught, ...]:
        self._world.service.freeze()
        await asyncio.sleep(one.lasts)
        self._world.service.thaw()
        return ()

    async def _stop(self, one: Round) -> tuple[Caught, ...]:
        await self._world.service.stop()
        await asyncio.sleep(one.lasts)
        await self._world.start()
        return ()

    async def _hang(self, one: Round) -> tuple[Caught, ...]:
        self._world.sandbox.freeze()
        await asyncio.sleep(one.lasts)
        self._world.sandbox.thaw()
        return ()

    async def _disk_full(self, one: Round) -> tuple[Caught, ...]:
        """Full, with room again, and full at a kill."""
        disk = self._world.disk
        if disk is None:
            return ()
        disk.fill()
        await asyncio.sleep(one.lasts)
        disk.clear()
        await asyncio.sleep(_RECOVERY)
        disk.fill()
        await asyncio.sleep(one.lasts)
        caught = await self._world.kill()
        disk.clear()
        self._world.move_back()
        await self._world.start()
        return (caught,)

    async def _nothing(self, one: Round) -> tuple[Caught, ...]:
        await asyncio.sleep(one.lasts)
        return ()

    async def _move(self, move: Callable[[], None]) -> None:
        await self._world.service.stop()
        move()
        await self._world.start()
