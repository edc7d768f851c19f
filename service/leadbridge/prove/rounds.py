"""A round is played: its submissions, its weather, its event."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from leadbridge.prove.history import Historian
from leadbridge.prove.plan import Round
from leadbridge.prove.scratch import Caught, PostgresScratch, SqliteScratch
from leadbridge.prove.senders import Senders
from leadbridge.prove.world import World

SHORTEST_TOGETHER: Final = 3.5  # seconds, with several processes: an account of one that was killed rests for some
SHORTEST: Final = 2.0  # seconds: what a round leaves behind must not grow into a backlog that hides everything
CUT_EVERY: Final = 0.25  # seconds between two cuts of all connections
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
        self._replicas = world.replicas
        self._database = world.database
        self._senders = senders
        self._historian = historian
        self._events: dict[str, Callable[[Round], Awaitable[tuple[Caught, ...]]]] = {
            "kill": self._kill,
            "kill at start": self._kill_at_start,
            "kill all": self._kill_all,
            "freeze": self._freeze,
            "freeze past the lease": self._freeze_past_the_lease,
            "stop": self._stop,
            "CRMs hang": self._hang,
            "disk full": self._disk_full,
            "connections cut": self._cut,
            "server restarts": self._restart_server,
            "nothing": self._nothing,
        }

    async def play(self, one: Round) -> Played:
        """Play one round; at its end submissions are taken, though of several processes some may still be away."""
        began = time.monotonic()
        if one.event == "disk full":
            await self._move_to_small_disk()
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
        place = await self._chosen(one)
        caught = await self._world.kill(place)
        await asyncio.sleep(one.lasts)
        await self._start(place)
        return (caught,)

    async def _kill_at_start(self, one: Round) -> tuple[Caught, ...]:
        place = await self._chosen(one)
        first = await self._world.kill(place)
        await self._replicas.start(place)
        await asyncio.sleep(one.lasts)
        second = await self._world.kill(place)
        await self._start(place)
        return first, second

    async def _kill_all(self, one: Round) -> tuple[Caught, ...]:
        places = await self._replicas.awake()
        caught = await self._world.kill(*places)
        await asyncio.sleep(one.lasts)
        await self._start(*places)
        return (caught,)

    async def _freeze(self, one: Round) -> tuple[Caught, ...]:
        frozen = self._replicas[await self._chosen(one)]
        frozen.freeze()
        await asyncio.sleep(one.lasts)
        frozen.thaw()
        return ()

    async def _freeze_past_the_lease(self, one: Round) -> tuple[Caught, ...]:
        """It thaws some rounds later: until then the others have its accounts."""
        self._replicas.freeze_for(await self._chosen(one), one.lasts)
        return ()

    async def _stop(self, one: Round) -> tuple[Caught, ...]:
        place = await self._chosen(one)
        await self._replicas.stop(place)
        await asyncio.sleep(one.lasts)
        await self._start(place)
        return ()

    async def _cut(self, one: Round) -> tuple[Caught, ...]:
        """All connections of all processes, as often as there is time for."""
        ends = time.monotonic() + one.lasts
        while time.monotonic() < ends and isinstance(self._database, PostgresScratch):
            await self._database.cut()
            await asyncio.sleep(CUT_EVERY)
        return ()

    async def _restart_server(self, _one: Round) -> tuple[Caught, ...]:
        if isinstance(self._database, PostgresScratch):
            await self._database.restart()
        return ()

    async def _hang(self, one: Round) -> tuple[Caught, ...]:
        self._world.sandbox.freeze()
        await asyncio.sleep(one.lasts)
        self._world.sandbox.thaw()
        return ()

    async def _disk_full(self, one: Round) -> tuple[Caught, ...]:
        """Full, with room again, and full at a kill."""
        database = self._database
        if not isinstance(database, SqliteScratch) or database.disk is None:
            return ()
        database.disk.fill()
        await asyncio.sleep(one.lasts)
        database.disk.clear()
        await asyncio.sleep(_RECOVERY)
        database.disk.fill()
        await asyncio.sleep(one.lasts)
        place = await self._chosen(one)
        caught = await self._world.kill(place)
        database.disk.clear()
        database.move_back()
        await self._start(place)
        return (caught,)

    async def _nothing(self, one: Round) -> tuple[Caught, ...]:
        await asyncio.sleep(one.lasts)
        return ()

    async def _move_to_small_disk(self) -> None:
        if isinstance(self._database, SqliteScratch):
            (place,) = await self._replicas.awake()
            await self._replicas.stop(place)
            self._database.move_to_small_disk()
            await self._start(place)

    async def _chosen(self, one: Round) -> int:
        """One of those that are up; of several, one that sends: the others have little to lose."""
        awake = await self._replicas.awake()
        if isinstance(self._database, PostgresScratch):
            at_work = await self._database.at_work()
            awake = [place for place in awake if self._replicas[place].pid in at_work] or awake
        return awake[one.replica % len(awake)]

    async def _start(self, *places: int) -> None:
        """Start processes, and wait until one at least is up."""
        for place in places:
            await self._replicas.start(place)
        await self._replicas.awake()
