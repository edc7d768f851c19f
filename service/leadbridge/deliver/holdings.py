"""The lanes that this process has: taken, compared with what is stored, given back and lost."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from random import Random
from typing import Final, Protocol

from leadbridge.errors import StorageUnavailable
from leadbridge.logs import Logger
from leadbridge.store.base import Store

_MOST_NAMED: Final = 10  # lanes in a line of the log


class Member(Protocol):
    """A lane, as far as its coming and going is concerned."""

    @property
    def idle(self) -> bool:
        """Whether nothing is under way in it."""

    def take(self, epoch: int) -> None:
        """The lane is this process's, by this epoch: it may send."""

    def lose(self) -> None:
        """It is another's, or may be soon: nothing more is sent."""

    async def leave(self, *, grace: float) -> bool:
        """Send nothing new, and finish what is under way; False when that took longer than `grace` seconds."""


class Holdings:
    """What is ours by the store, and by what we believe."""

    def __init__(
        self, lanes: Mapping[str, Member], *, store: Store, us: Callable[[], str | None], log: Logger,
        changed: Callable[[], None], in_doubt: Callable[[], None],
    ) -> None:  # fmt: skip
        """`us` is the name by which the others know us now.

        `changed` is told when lanes were taken, `in_doubt` when it is not known whether some were given back.
        """
        self._lanes = lanes
        self._store = store
        self._us = us
        self._log = log
        self._changed = changed
        self._in_doubt = in_doubt
        self._owned: dict[str, int] = {}  # with their epochs
        self._leaving: set[str] = set()
        self._books = asyncio.Lock()  # whoever changes both what is stored and what we believe
        self._stopping = False

    @property
    def owned(self) -> Mapping[str, int]:
        """The lanes that are ours, with their epochs."""
        return self._owned

    @property
    def staying(self) -> int:
        """How many of ours are not about to be another's."""
        return len(self._owned) - len(self._leaving & self._owned.keys())

    def stop(self) -> None:
        """What is given back from now on is not taken up again."""
        self._stopping = True

    async def take(self, name: str, wanted: Collection[str]) -> None:
        """Have lanes that nobody has, under the name by which the others know us; raises `StorageUnavailable`."""
        async with self._books:
            epochs = await self._store.own_lanes(wanted, owner=name)
            if self._us() != name:
                return
            for lane, epoch in epochs.items():
                self._begin(lane, epoch)
        self._say_taken(epochs)

    async def check(self) -> None:
        """What is stored counts: a database may have been put back from a copy, an answer may have been lost.

        Raises `StorageUnavailable`.
        """
        async with self._books:
            name = self._us()
            stored = {} if name is None else await self._store.lanes_of(name)
            if name is None or self._us() != name:
                return
            lost = [lane for lane, epoch in self._owned.items() if stored.get(lane) != epoch]
            for lane in lost:
                del self._owned[lane]
                self._lanes[lane].lose()
            self._say_lost(lost)
            again = await self._store.own_lanes(lost, owner=name) if lost else {}
            if self._us() != name:
                return
            stored = {**stored, **again}
            taken = [lane for lane in stored if lane in self._lanes and lane not in self._owned]
            for lane in taken:
                self._begin(lane, stored[lane])
        self._say_taken(taken)

    def leaving(self, many: int, *, dice: Random) -> list[list[str]]:
        """Choose which go, in batches: the idle ones first, the others when what is under way in them is over."""
        ours = sorted(self._owned.keys() - self._leaving)
        dice.shuffle(ours)
        ours.sort(key=lambda lane: not self._lanes[lane].idle)
        batches = self.batches(ours[:many])
        self._leaving |= {lane for some in batches for lane in some}
        return batches

    def batches(self, lanes: Iterable[str]) -> list[list[str]]:
        """The idle ones together, each other by itself."""
        idle: list[str] = []
        busy: list[list[str]] = []
        for lane in sorted(lanes):
            if self._lanes[lane].idle:
                idle.append(lane)
            else:
                busy.append([lane])
        return [idle, *busy] if idle else busy

    async def give_back(self, some: Collection[str], *, grace: float) -> None:
        """Let others have lanes when nothing of them is under way any more; those where that took too long go on."""
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
            self._in_doubt()  # the next look finds that they are still ours
        finally:
            self._leaving -= leaving.keys()
            still_ours = leaving.items() & self._owned.items()
            if still_ours and not self._stopping:
                for lane, epoch in still_ours:
                    self._lanes[lane].take(epoch)
                self._changed()  # what woke them meanwhile was not heard

    def lose_all(self) -> None:
        """We were thought dead: others have what was ours, or will."""
        lost, self._owned = self._owned, {}
        for lane in lost:
            self._lanes[lane].lose()
        self._say_lost(lost)

    def _begin(self, lane: str, epoch: int) -> None:
        self._owned[lane] = epoch
        self._lanes[lane].take(epoch)

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


def _some(lanes: Collection[str]) -> list[str]:
    return sorted(lanes)[:_MOST_NAMED]
