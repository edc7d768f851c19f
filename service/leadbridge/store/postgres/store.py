"""The Store interface on one PostgreSQL database, which any number of processes share."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TypeVar

from leadbridge.clock import Millis
from leadbridge.crm.adapter import Call
from leadbridge.errors import StorageInDoubt
from leadbridge.ids import new_id
from leadbridge.store.postgres import accepting, lanes, recording, recovering, sending
from leadbridge.store.postgres.batching import Batches
from leadbridge.store.postgres.connection import ACCEPTING, Connection, Database
from leadbridge.store.postgres.hearing import Hearing, changes
from leadbridge.store.postgres.migrating import migrate
from leadbridge.store.postgres.steering import PostgresSteering
from leadbridge.store.values import (
    Accepted,
    Claim,
    DueDelivery,
    FinishedCall,
    Lease,
    MappedSubmission,
    NewRequest,
    Ownership,
    Recovered,
    TryResult,
    WaitingSubmission,
)

R = TypeVar("R")


class PostgresStore(PostgresSteering):
    """The whole store, for one of the processes that serve."""

    def __init__(self, url: str) -> None:
        """Bring the database's schema up to date; raises `StorageUnavailable`."""
        self._changes = 0
        super().__init__(url)
        self._name = new_id()
        self._lanes: set[str] = set()  # that this process sends for
        self._hearing = Hearing(url, self._database, name=self._name, since=self._changes)
        self._accepting = Database(url, most=2, settings=ACCEPTING, health=self._database.health)
        self._accepts = Batches(self._accept)
        self._records = Batches(self._record)

    async def _prepare(self, connection: Connection) -> None:
        await migrate(connection)
        self._changes = await changes(connection)

    def check(self) -> None:
        """Raise what the last look at the database found, if that was a moment ago."""
        self._database.check()

    async def accept(self, request: NewRequest) -> tuple[Accepted, ...]:
        """Store a request and its items."""
        return await self._accepts.put(request)

    async def _accept(self, requests: Sequence[NewRequest]) -> Sequence[tuple[Accepted, ...]]:
        """Whatever becomes of the connection: once. What was stored when it broke is found, and else stored anew."""
        try:
            return await self._accepting.run(lambda connection: accepting.accept(connection, requests, by=self._name))
        except StorageInDoubt:
            before = await self._accepting.run(lambda connection: accepting.stored(connection, requests))
            if before is not None:
                return before
            return await self._accepting.run(lambda connection: accepting.accept(connection, requests, by=self._name))

    async def waiting(self, *, limit: int) -> tuple[WaitingSubmission, ...]:
        """The oldest submissions that this process is to map: what it accepted, and what others leave undone."""
        return await self._read(lambda connection: accepting.waiting(connection, limit, by=self._name))

    async def map(self, mapped: Sequence[MappedSubmission], *, now: Millis) -> None:
        """Store what mapping made."""
        await self._database.write(lambda connection: accepting.store_mapped(connection, mapped, now))
        others = {new.lane for one in mapped for new in one.deliveries if new.state == "pending"} - self._lanes
        if others:
            self._hearing.tell(others)

    async def claim(
        self, lane: str, starts: Sequence[tuple[DueDelivery, Call | None]], *, now: Millis, epoch: int
    ) -> tuple[Claim, ...]:
        """Claim due deliveries of a lane."""
        return await self._database.write(
            lambda connection: sending.claim(connection, lane, starts, now=now, epoch=epoch)
        )

    async def record(self, lane: str, result: TryResult) -> int:
        """Store the outcome of a call."""
        return await self._records.put((lane, result))

    async def _record(self, results: Sequence[tuple[str, TryResult]]) -> Sequence[int]:
        return await self._database.write(lambda connection: recording.record(connection, results))

    async def record_probe(
        self, lane: str, call: Call, finished: FinishedCall | None, *, attempt_id: int | None, now: Millis
    ) -> int:
        """Store a call that carries no delivery."""
        return await self._database.write(
            lambda connection: lanes.record_probe(connection, lane, call, finished, attempt_id=attempt_id, now=now)
        )

    async def recover(self, lane: str, *, epoch: int, now: Millis) -> Recovered:
        """Take back what an earlier owner of a lane left in `sending`."""
        return await self._database.write(lambda connection: recovering.recover(connection, lane, epoch, now))

    async def own_lane(self, lane: str, *, owner: str, lease: Lease) -> Ownership | None:
        """Become the one who sends for a lane."""
        mine = lane in self._lanes
        owned = await self._database.run(lambda connection: lanes.own_lane(connection, lane, owner, lease, mine=mine))
        if owned is None:
            self._lanes.discard(lane)
        else:
            self._lanes.add(lane)
        return owned

    async def give_back_lane(self, lane: str, *, epoch: int) -> None:
        """Let another have a lane at once."""
        self._lanes.discard(lane)
        await self._database.run(lambda connection: lanes.give_back_lane(connection, lane, epoch))
        self._hearing.tell()

    async def changed_elsewhere(self) -> bool:
        """Whether another process changed anything."""
        return await self._hearing.news()

    def call_when_due(self, tell: Callable[[Collection[str]], None]) -> None:
        """Call this when another process put something into lanes."""
        self._hearing.call_when_due(tell)

    async def _write(self, change: Callable[[Connection], Awaitable[R]]) -> R:
        changed = await self._database.write(change)
        self._hearing.tell()
        return changed

    async def close(self) -> None:
        """Commit what was handed in and let the connections go."""
        await asyncio.gather(self._accepts.finish(), self._records.finish())
        await self._hearing.close()
        await self._accepting.close()
        await super().close()
