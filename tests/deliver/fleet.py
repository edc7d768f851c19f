"""Many processes in one loop: each with a clock of its own, all at a store whose leases are by the database's clock."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from leadbridge.deliver.account import LEASE
from leadbridge.deliver.membership import Membership
from leadbridge.deliver.tenure import GivenUp, Tenure
from leadbridge.errors import StorageUnavailable
from leadbridge.store.lanes import Lease, Peer, Process, Roll
from tests.support.clock import ManualClock
from tests.support.journal import Journal

STEP: Final = 0.25  # seconds
TURNS: Final = 30  # of the loop, in which all that can be done at a moment is done


@dataclass
class Row:
    accounts: str
    until: float
    lease: Lease
    beats: int = 0


@dataclass
class Database:
    """What `store.postgres.owning` does, with time as a test wants it."""

    now: float = 1e6  # seconds
    down: bool = False
    loses: str | None = None  # the change whose answers never come
    processes: dict[str, Row] = field(default_factory=dict)
    owners: dict[str, str | None] = field(default_factory=dict)
    epochs: dict[str, int] = field(default_factory=dict)
    moves: int = 0

    def late(self, row: Row) -> bool:
        return row.until + row.lease.grace <= self.now or row.until > self.now + row.lease.seconds + 1

    def let_go(self, name: str) -> None:
        for lane, owner in self.owners.items():
            if owner == name:
                self.owners[lane] = None


class Seat:
    """One process's connection: nothing comes back while the process is frozen, or the database is down."""

    def __init__(self, database: Database, replica: "Replica") -> None:
        self._db = database
        self._replica = replica

    async def _asked(self) -> None:
        await asyncio.sleep(0)
        if self._db.down:
            raise StorageUnavailable("nobody answers")

    async def _answered(self, what: str = "") -> None:
        await asyncio.sleep(0)
        if self._replica.deaf_to in (None, what):
            await self._replica.hears.wait()
        await self._replica.running.wait()
        if self._db.loses == what:
            raise StorageUnavailable("the connection broke")

    async def join(self, process: Process, lanes: Collection[str], *, lease: Lease) -> bool:
        await self._asked()
        self._db.processes[process.name] = Row(process.accounts, self._db.now + lease.seconds, lease)
        for lane in lanes:
            self._db.owners.setdefault(lane, None)
        await self._answered("join")
        return True

    async def renew(self, name: str) -> float | None:
        await self._asked()
        row = self._db.processes.get(name)
        if row is not None:
            row.beats, row.until = row.beats + 1, self._db.now + row.lease.seconds
        await self._answered("renew")
        return None if row is None else row.lease.seconds

    async def leave(self, name: str) -> None:
        await self._asked()
        self._db.processes.pop(name, None)
        self._db.let_go(name)
        await self._answered("leave")

    async def roll(self) -> Roll:
        await self._asked()
        count: dict[str, int] = defaultdict(int)
        for owner in self._db.owners.values():
            if owner is not None:
                count[owner] += 1
        roll = Roll(
            peers=tuple(
                Peer(name=name, accounts=row.accounts, beats=row.beats, lanes=count[name], late=self._db.late(row),
                     silence=row.lease.seconds + row.lease.grace)
                for name, row in self._db.processes.items()
            ),
            free=frozenset(lane for lane, owner in self._db.owners.items() if owner is None),
        )  # fmt: skip
        await self._answered()
        return roll

    async def bury(self, silent: Mapping[str, int]) -> Set[str]:
        await self._asked()
        buried = set()
        for name, beats in silent.items():
            row = self._db.processes.get(name)
            if row is not None and row.beats == beats and self._db.late(row):
                del self._db.processes[name]
                self._db.let_go(name)
                buried.add(name)
        await self._answered("bury")
        return buried

    async def own_lanes(self, lanes: Collection[str], *, owner: str) -> Mapping[str, int]:
        await self._asked()
        had = {}
        for lane in lanes if owner in self._db.processes else ():
            if self._db.owners.get(lane) is None:
                self._db.owners[lane] = owner
                self._db.epochs[lane] = self._db.epochs.get(lane, 0) + 1
                self._db.moves += 1
            if self._db.owners[lane] == owner:
                had[lane] = self._db.epochs[lane]
        await self._answered("own_lanes")
        return had

    async def lanes_of(self, owner: str) -> Mapping[str, int]:
        await self._asked()
        found = {lane: self._db.epochs[lane] for lane, has in self._db.owners.items() if has == owner}
        await self._answered()
        return found

    async def give_back_lanes(self, lanes: Mapping[str, int]) -> None:
        await self._asked()
        for lane, epoch in lanes.items():
            if self._db.epochs.get(lane) == epoch:
                self._db.owners[lane] = None
        await self._answered("give_back_lanes")


class CallingLane:
    """A lane that is always in a call, as long as it may be."""

    def __init__(self, name: str, replica: "Replica") -> None:
        self.name = name
        self.epoch: int | None = None
        self.takes_long = False
        self._replica = replica
        self._call: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        return self._call is None

    def take(self, epoch: int) -> None:
        self.epoch = epoch

    def lose(self) -> None:
        self.epoch = None

    async def leave(self, *, grace: float) -> bool:
        self.epoch = None
        if self._call is not None:
            await self._call
        return not self.takes_long

    def send(self) -> None:
        """Begin a call, if there is none and one may begin."""
        if self.epoch is not None and self._call is None and self._replica.tenure.allows_a_call:
            self._call = asyncio.create_task(self._calling(), name="call")

    async def _calling(self) -> None:
        replica, world = self._replica, self._replica.fleet
        try:
            async with replica.tenure.call():
                world.begins(self.name, replica)
                await replica.clock.pause(world.dice.uniform(0.1, 12.0))
                await replica.running.wait()
        except GivenUp:
            pass
        finally:
            world.ends(self.name, replica)
            self._call = None


class Replica:
    """One process."""

    def __init__(self, fleet: "Fleet", lanes: Collection[str]) -> None:
        self.fleet = fleet
        self.clock = ManualClock()
        self.running = asyncio.Event()
        self.running.set()
        self.hears = asyncio.Event()  # else answers of the database are on their way for long
        self.hears.set()
        self.deaf_to: str | None = None  # answers to this alone
        self.journal = Journal()
        self.tenure = Tenure(self.clock, LEASE)
        self.lanes = {lane: CallingLane(lane, self) for lane in lanes}
        self.frozen_for = 0.0
        self.changes = 0  # of which it was told
        store: Any = Seat(fleet.database, self)
        log: Any = self.journal
        self.membership = Membership(
            self.lanes, store=store, tenure=self.tenure, lease=LEASE, clock=self.clock, log=log,
            dice=Random(fleet.dice.random()), changed=self._changed,
        )  # fmt: skip
        self.membership.start()

    @property
    def frozen(self) -> bool:
        return not self.running.is_set()

    def _changed(self) -> None:
        self.changes += 1

    def pass_for(self, seconds: float) -> None:
        if self.frozen:
            self.frozen_for += seconds
            return
        self.clock.advance(seconds)

    def thaw(self) -> None:
        """It wakes up: all the time that passed has passed at once."""
        self.running.set()
        self.clock.advance(self.frozen_for)
        self.frozen_for = 0.0

    async def die(self) -> None:
        """kill -9."""
        mine = [*self.membership._beating, *self.membership._moving]
        mine += [lane._call for lane in self.lanes.values() if lane._call is not None]
        for task in mine:
            task.cancel()
        await asyncio.gather(*mine, return_exceptions=True)


class Fleet:
    """All of them."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self.database = Database()
        self.replicas: list[Replica] = []
        self.in_a_call: dict[str, list[Replica]] = defaultdict(list)
        self.two_at_once: list[str] = []  # lanes in which two processes were in a call

    def begins(self, lane: str, replica: Replica) -> None:
        if any(not other.frozen for other in self.in_a_call[lane]):
            self.two_at_once.append(lane)
        self.in_a_call[lane].append(replica)

    def ends(self, lane: str, replica: Replica) -> None:
        if replica in self.in_a_call[lane]:
            self.in_a_call[lane].remove(replica)

    async def settle(self) -> None:
        for _ in range(TURNS):
            await asyncio.sleep(0)
        assert self.two_at_once == []

    async def start(self, lanes: Collection[str]) -> Replica:
        self.replicas.append(Replica(self, lanes))
        await self.settle()
        return self.replicas[-1]

    async def end(self, replica: Replica) -> None:
        self.replicas.remove(replica)
        await replica.die()

    async def pass_for(self, seconds: float) -> None:
        for _ in range(round(seconds / STEP)):
            self.database.now += STEP
            for replica in self.replicas:
                replica.pass_for(STEP)
                if not replica.frozen:
                    for lane in replica.lanes.values():
                        lane.send()
            await self.settle()

    def owned(self) -> dict[str, list[Replica]]:
        """Who believes to have each lane."""
        found: dict[str, list[Replica]] = defaultdict(list)
        for replica in self.replicas:
            for lane in replica.membership.owned:
                found[lane].append(replica)
        return found

    async def close(self) -> None:
        for replica in [*self.replicas]:
            await self.end(replica)
