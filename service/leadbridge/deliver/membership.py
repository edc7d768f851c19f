"""This process among those that share the accounts: lanes are taken, given back and lost."""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping
from random import Random
from typing import Any, Final, Protocol

from leadbridge.clock import Clock
from leadbridge.deliver.heartbeat import Heartbeat
from leadbridge.deliver.peers import Silence, shares, stays
from leadbridge.deliver.tenure import Tenure
from leadbridge.errors import StorageUnavailable
from leadbridge.logs import Logger
from leadbridge.store.base import Store
from leadbridge.store.values import Lease, Peer, Roll
from leadbridge.supervise import keep_running

LOOK: Final = 1.0  # seconds between two looks at who serves
ORDERLY: Final = 30.0  # seconds that calls under way have when a lane goes to another process
_MOST_NAMED: Final = 10  # lanes in a line of the log


class Member(Protocol):
    """A lane, as far as its coming and going is concerned."""

    @property
    def idle(self) -> bool:
        """Whether nothing is under way in it."""

    def take(self, epoch: int) -> None:
        """It is ours."""

    def lose(self) -> None:
        """It is another's, or may be soon: nothing more is sent."""

    async def leave(self, *, grace: float) -> bool:
        """Send nothing new, and finish what is under way; False when that took longer than `grace` seconds."""


class Membership:
    """Which lanes are ours. Whoever knows the same lanes has as many, or one more or less."""

    def __init__(
        self, lanes: Mapping[str, Member], *, store: Store, tenure: Tenure, lease: Lease, clock: Clock, log: Logger,
        dice: Random, changed: Callable[[], None],
    ) -> None:  # fmt: skip
        """`changed` is told when lanes were taken, or calls may be sent again."""
        self._lanes = lanes
        self._store = store
        self._tenure = tenure
        self._clock = clock
        self._log = log
        self._dice = dice
        self._changed = changed
        self._heart = Heartbeat(
            lanes.keys(), store=store, tenure=tenure, lease=lease, clock=clock, log=log, renewed=self._goes_on,
            lost=self._lose_all,
        )  # fmt: skip
        self._owned: dict[str, int] = {}  # lanes, with their epochs
        self._leaving: set[str] = set()
        self._books = asyncio.Lock()  # whoever changes both what is stored and what we believe
        self._silence = Silence()
        self._alike = False
        self._hurried = asyncio.Event()
        self._looked = asyncio.Event()
        self._beating: list[asyncio.Task[None]] = []
        self._moving: list[asyncio.Task[None]] = []
        self._stopping = False

    @property
    def name(self) -> str | None:
        """By what the others know us; None while they do not."""
        return self._heart.name

    @property
    def owned(self) -> Mapping[str, int]:
        """The lanes that are ours, with their epochs."""
        return self._owned

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
        self._stopping = True
        await _end(self._moving)
        try:
            await asyncio.gather(*(self._go(some, grace=grace) for some in self._batches(self._owned)))
            if not self._owned:
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
        if me.lanes != len(self._owned):
            await self.check()
        await self._share(name, roll)

    async def doubt(self) -> None:
        """What a lane claims is not to be had, again and again: is it ours? Raises `StorageUnavailable`."""
        self._heart.doubt()
        await self.check()

    async def check(self) -> None:
        """What is stored counts: a database may have been put back from a copy, an answer may have been lost.

        Raises `StorageUnavailable`.
        """
        async with self._books:
            name = self.name
            stored = {} if name is None else await self._store.lanes_of(name)
            if name is None or self.name != name:
                return
            lost = [lane for lane, epoch in self._owned.items() if stored.get(lane) != epoch]
            for lane in lost:
                del self._owned[lane]
                self._lanes[lane].lose()
            self._say_lost(lost)
            again = await self._store.own_lanes(lost, owner=name) if lost else {}
            if self.name != name:
                return
            stored = {**stored, **again}
            taken = [lane for lane in stored if lane in self._lanes and lane not in self._owned]
            for lane in taken:
                self._begin(lane, stored[lane])
        self._say_taken(taken)

    async def _share(self, name: str, roll: Roll) -> None:
        """Take or give back what is too little or too much, beside those that know the same lanes."""
        free = sorted(roll.free & self._lanes.keys())
        now = self._clock.monotonic()
        others = [
            peer
            for peer in roll.peers
            if peer.name != name and peer.accounts == self._heart.accounts and not self._silence.is_quiet(peer, now=now)
        ]
        mine = len(self._owned) - len(self._leaving & self._owned.keys())
        least = self._share_of(name, others, free=len(free))
        most = self._share_of(name, [peer for peer in others if stays(peer)], free=len(free))
        if free and mine < least:
            await self._take(name, self._dice.sample(free, min(least - mine, len(free))))
        elif mine > most:
            self._give_back(mine - most)

    def _share_of(self, name: str, others: Iterable[Peer], *, free: int) -> int:
        have = {peer.name: peer.lanes for peer in others}
        return shares({**have, name: len(self._owned)}, free=free)[name]

    async def _take(self, name: str, wanted: Collection[str]) -> None:
        async with self._books:
            epochs = await self._store.own_lanes(wanted, owner=name)
            if self.name != name:
                return
            for lane, epoch in epochs.items():
                self._begin(lane, epoch)
        self._say_taken(epochs)

    def _begin(self, lane: str, epoch: int) -> None:
        self._owned[lane] = epoch
        self._lanes[lane].take(epoch)

    def _give_back(self, many: int) -> None:
        """The idle ones first; the others when what is under way in them is over."""
        ours = sorted(self._owned.keys() - self._leaving)
        self._dice.shuffle(ours)
        ours.sort(key=lambda lane: not self._lanes[lane].idle)
        self._moving = [task for task in self._moving if not task.done()]
        for some in self._batches(ours[:many]):
            self._leaving |= set(some)
            go = asyncio.create_task(self._go(some, grace=ORDERLY), name="lanes given back")
            self._moving.append(go)

    def _batches(self, lanes: Iterable[str]) -> list[list[str]]:
        """The idle ones together, each other by itself."""
        idle: list[str] = []
        busy: list[list[str]] = []
        for lane in sorted(lanes):
            if self._lanes[lane].idle:
                idle.append(lane)
            else:
                busy.append([lane])
        return [idle, *busy] if idle else busy

    async def _go(self, some: Collection[str], *, grace: float) -> None:
        """Give lanes back when nothing of them is under way any more; those where that took too long go on."""
        leaving = {lane: self._owned[lane] for lane in some if lane in self._owned}
        self._leaving |= leaving.keys()
        try:
            over = await asyncio.gather(*(self._lanes[lane].leave(grace=grace) for lane in leaving))
            async with self._books:
                ours = leaving.items() & self._owned.items()
                done = {lane: epoch for (lane, epoch), is_over in zip(leaving.items(), over, strict=True) if is_over}
                done = dict(done.items() & ours)
                for lane in done:
                    del self._owned[lane]
                if done:
                    await self._store.give_back_lanes(done)
                    self._log.info(
                        "lane.given_back",
                        lanes=len(done),
                        named=_some(done),
                        owned=len(self._owned),
                        known=len(self._lanes),
                    )
        except StorageUnavailable:
            self.hurry()  # the next look finds that they are still ours
        finally:
            self._leaving -= leaving.keys()
            still_ours = leaving.items() & self._owned.items()
            if still_ours and not self._stopping:
                for lane, epoch in still_ours:
                    self._lanes[lane].take(epoch)
                self._changed()  # what woke them meanwhile was not heard

    def _lose_all(self) -> None:
        """We were thought dead: others have what was ours, or will."""
        lost, self._owned = self._owned, {}
        for lane in lost:
            self._lanes[lane].lose()
        self._say_lost(lost)

    def _goes_on(self) -> None:
        self._changed()
        self.hurry()

    def _say_taken(self, lanes: Collection[str]) -> None:
        if lanes:
            self._log.info(
                "lane.taken", lanes=len(lanes), named=_some(lanes), owned=len(self._owned), known=len(self._lanes)
            )
            self._changed()

    def _say_lost(self, lanes: Collection[str]) -> None:
        if lanes:
            self._log.warning(
                "lane.lost", lanes=len(lanes), named=_some(lanes), owned=len(self._owned), known=len(self._lanes)
            )

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


def _some(lanes: Collection[str]) -> list[str]:
    return sorted(lanes)[:_MOST_NAMED]
