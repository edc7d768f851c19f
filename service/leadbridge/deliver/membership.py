"""This process among those that share the accounts: lanes are taken, given back and lost."""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping
from random import Random
from typing import Any, Final

from leadbridge.clock import Clock
from leadbridge.deliver.heartbeat import Heartbeat
from leadbridge.deliver.holdings import Holdings, Member
from leadbridge.deliver.peers import Silence, shares, stays
from leadbridge.deliver.tenure import Tenure
from leadbridge.errors import StorageUnavailable
from leadbridge.logs import Logger
from leadbridge.store.base import Store
from leadbridge.store.lanes import Lease, Peer, Roll
from leadbridge.supervise import keep_running

LOOK: Final = 1.0  # seconds between two looks at who serves
ORDERLY: Final = 30.0  # seconds that calls under way have when a lane goes to another process


class Membership:
    """Which lanes are ours. Whoever knows the same lanes has as many, or one more or less."""

    def __init__(
        self, lanes: Mapping[str, Member], *, store: Store, tenure: Tenure, lease: Lease, clock: Clock, log: Logger,
        dice: Random, changed: Callable[[], None],
    ) -> None:  # fmt: skip
        """`changed` is told when lanes were taken, or calls may be sent again."""
        self._lanes = lanes.keys()
        self._store = store
        self._tenure = tenure
        self._clock = clock
        self._log = log
        self._dice = dice
        self._changed = changed
        self._holdings = Holdings(
            lanes, store=store, us=lambda: self._heart.name, log=log, changed=changed, in_doubt=self.hurry
        )
        self._heart = Heartbeat(
            lanes.keys(), store=store, tenure=tenure, lease=lease, clock=clock, log=log, renewed=self._goes_on,
            lost=self._holdings.lose_all,
        )  # fmt: skip
        self._silence = Silence()
        self._alike = False
        self._hurried = asyncio.Event()
        self._looked = asyncio.Event()
        self._beating: list[asyncio.Task[None]] = []
        self._moving: list[asyncio.Task[None]] = []

    @property
    def name(self) -> str | None:
        """By what the others know us; None while they do not."""
        return self._heart.name

    @property
    def owned(self) -> Mapping[str, int]:
        """The lanes that are ours, with their epochs."""
        return self._holdings.owned

    @property
    def alike(self) -> bool:
        """Whether all that serve knew the same lanes when that was looked at last."""
        return self._alike

    def start(self) -> None:
        """Join, and share, until `stop`."""
        self._beating = [self._running("lease", self._tenure.keep), self._running("beats", self._heart.run)]
        self._moving = [self._running("lanes shared", self._look_on)]

    async def begun(self) -> None:
        """Wait until this process took its first lanes, or found none to take."""
        await self._looked.wait()

    def hurry(self) -> None:
        """Something may have changed: look at once."""
        self._hurried.set()

    async def stop(self, *, grace: float) -> None:
        """Give all lanes back, the idle ones at once; what is under way has `grace` seconds.

        Those for which that was not enough stay ours until the lease is over: the CRM may be at work on their calls.
        """
        self._holdings.stop()
        await _end(self._moving)
        try:
            batches = self._holdings.batches(self.owned)
            await asyncio.gather(*(self._holdings.give_back(some, grace=grace) for some in batches))
            if not self.owned:
                await self._heart.leave()
        except StorageUnavailable as error:  # its lease runs out
            self._log.error("storage.unavailable", problem=str(error))
        finally:
            await _end(self._beating)

    async def look(self) -> None:
        """Have as many lanes as every other; raises `StorageUnavailable`."""
        name = self.name
        roll = await self._store.roll()
        others = [peer for peer in roll.peers if peer.name != name]
        dead = self._silence.dead(others, now=self._clock.monotonic())
        if dead and await self._store.bury(dead):
            roll = await self._store.roll()
        me = next((peer for peer in roll.peers if peer.name == name), None)
        if name is None or self.name != name:
            return
        if me is None:
            self._heart.doubt()
            return
        before, self._alike = self._alike, all(peer.accounts == self._heart.accounts for peer in roll.peers)
        if self._alike and not before:  # what nobody knows any more may be held now
            self._changed()
        if me.lanes != len(self.owned):
            await self._holdings.check()
        await self._share(name, roll)

    async def doubt(self) -> None:
        """What a lane claims is not to be had, again and again: is it ours? Raises `StorageUnavailable`."""
        self._heart.doubt()
        await self._holdings.check()

    async def _share(self, name: str, roll: Roll) -> None:
        """Take or give back what is too little or too much, beside those that know the same lanes."""
        free = sorted(roll.free & self._lanes)
        now = self._clock.monotonic()
        others = [
            peer
            for peer in roll.peers
            if peer.name != name and peer.accounts == self._heart.accounts and not self._silence.is_quiet(peer, now=now)
        ]
        mine = self._holdings.staying
        least = self._share_of(name, others, free=len(free))
        most = self._share_of(name, [peer for peer in others if stays(peer)], free=len(free))
        if free and mine < least:
            await self._holdings.take(name, self._dice.sample(free, min(least - mine, len(free))))
        elif mine > most:
            self._give_back(mine - most)

    def _share_of(self, name: str, others: Iterable[Peer], *, free: int) -> int:
        have = {peer.name: peer.lanes for peer in others}
        return shares({**have, name: len(self.owned)}, free=free)[name]

    def _give_back(self, many: int) -> None:
        self._moving = [task for task in self._moving if not task.done()]
        for some in self._holdings.leaving(many, dice=self._dice):
            go = asyncio.create_task(self._holdings.give_back(some, grace=ORDERLY), name="lanes given back")
            self._moving.append(go)

    def _goes_on(self) -> None:
        self._changed()
        self.hurry()

    def _running(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
        return asyncio.create_task(keep_running(work, name=name, rest=self._clock.pause, log=self._log), name=name)

    async def _look_on(self) -> None:
        await self._heart.joined.wait()
        while True:
            self._hurried.clear()
            try:
                await self.look()
                self._looked.set()
            except StorageUnavailable:
                pass  # whoever has something to do says so
            await self._clock.wait(self._hurried, LOOK)


async def _end(tasks: Collection[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
