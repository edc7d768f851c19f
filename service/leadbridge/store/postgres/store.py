"""The Store interface on one PostgreSQL database, which any number of processes share."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence, Set
from typing import TypeVar

import asyncpg

from leadbridge.clock import Millis
from leadbridge.crm.adapter import Call
from leadbridge.errors import StorageInDoubt
from leadbridge.ids import new_id
from leadbridge.store.claims import Claim, DueDelivery, FinishedCall, Recovered, TryResult
from leadbridge.store.fetching import ClaimedFetches, FetchEnd, FetchPause, FetchQuota
from leadbridge.store.lanes import Lease, Process, Roll
from leadbridge.store.postgres import (
    accepting,
    fetching,
    lanes,
    owning,
    partitions,
    pruning,
    recording,
    recovering,
    sending,
    waiting,
)
from leadbridge.store.postgres.batching import Batches
from leadbridge.store.postgres.connection import ACCEPTING, Connection, Database
from leadbridge.store.postgres.hearing import Hearing, changes
from leadbridge.store.postgres.migrating import migrate
from leadbridge.store.postgres.steering import PostgresSteering
from leadbridge.store.retaining import AT_ONCE, BEGIN, Fold, Pruned, PruneFrom
from leadbridge.store.values import Accepted, MappedSubmission, NewRequest, WaitingSubmission

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
        self._beating = Database(url, most=1, health=self._database.health)
        self._accepts = Batches(self._accept)
        self._records = Batches(self._record)

    async def _prepare(self, connection: Connection) -> None:
        await migrate(connection)
        await partitions.make_ready(connection)
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
            return await self._arrive(requests)
        except StorageInDoubt:
            before = await self._arrived(requests)
        try:
            return await self._arrive(requests) if before is None else before
        except asyncpg.UniqueViolationError:  # the server was still at work on the first try, and has ended it now
            before = await self._arrived(requests)
            if before is None:
                raise
            return before

    async def _arrive(self, requests: Sequence[NewRequest]) -> Sequence[tuple[Accepted, ...]]:
        return await self._accepting.settle(lambda connection: accepting.accept(connection, requests, by=self._name))

    async def _arrived(self, requests: Sequence[NewRequest]) -> Sequence[tuple[Accepted, ...]] | None:
        return await self._accepting.run(lambda connection: accepting.stored(connection, requests))

    async def waiting(self, *, limit: int) -> tuple[WaitingSubmission, ...]:
        """The oldest submissions that this process is to map: what it accepted, and what others leave undone."""
        return await self._read(lambda connection: waiting.waiting(connection, limit, by=self._name))

    async def claim_fetches(
        self, source: str, *, quota: FetchQuota, calls_each: int, limit: int, now: Millis, until: Millis
    ) -> ClaimedFetches:
        """What may be fetched for a source now."""
        return await self._database.write(
            lambda connection: fetching.claim(
                connection, source, quota=quota, calls_each=calls_each, limit=limit, now=now, until=until
            )
        )

    async def store_fetched(
        self,
        source: str,
        ends: Sequence[FetchEnd],
        *,
        now: Millis,
        pause: FetchPause | None = None,
        resume: bool = False,
    ) -> Set[str]:
        """Store how fetching ended; what may be mapped now is this process's own."""
        return await self._database.write(
            lambda connection: fetching.store(
                connection, source, ends, now=now, pause=pause, resume=resume, by=self._name
            )
        )

    async def map(self, mapped: Sequence[MappedSubmission], *, now: Millis) -> None:
        """Store what mapping made; a submission that is no longer `received` is left alone."""
        lanes = {new.lane for one in mapped for new in one.deliveries}
        await self._database.write(lambda connection: accepting.store_mapped(connection, mapped, now), lanes=lanes)
        others = {new.lane for one in mapped for new in one.deliveries if new.state == "pending"} - self._lanes
        if others:
            self._hearing.tell(others)

    async def claim(
        self, lane: str, starts: Sequence[tuple[DueDelivery, Call | None]], *, now: Millis, epoch: int
    ) -> tuple[Claim, ...]:
        """Claim due deliveries of a lane."""
        return await self._database.write(
            lambda connection: sending.claim(connection, lane, starts, now=now, epoch=epoch), lanes=[lane]
        )

    async def record(self, lane: str, result: TryResult) -> int:
        """Store the outcome of a call."""
        return await self._records.put((lane, result))

    async def _record(self, results: Sequence[tuple[str, TryResult]]) -> Sequence[int]:
        lanes = {lane for lane, _ in results}
        return await self._database.write(lambda connection: recording.record(connection, results), lanes=lanes)

    async def record_probe(
        self, lane: str, call: Call, finished: FinishedCall | None, *, attempt_id: int | None, now: Millis
    ) -> int:
        """Store a call that carries no delivery."""
        return await self._database.write(
            lambda connection: lanes.record_probe(connection, lane, call, finished, attempt_id=attempt_id, now=now)
        )

    async def recover(self, lane: str, *, epoch: int, now: Millis) -> Recovered:
        """Take back what an earlier owner of a lane left in `sending`."""
        return await self._database.write(
            lambda connection: recovering.recover(connection, lane, epoch, now), lanes=[lane]
        )

    async def join(self, process: Process, lanes: Collection[str], *, lease: Lease) -> bool:
        """Begin to serve these lanes, beside others."""
        await self._beating.settle(lambda connection: owning.join(connection, process, lanes, lease))
        self._lanes = set()
        return True

    async def renew(self, name: str) -> float | None:
        """Prolong a process's lease, on a connection that nobody else uses."""
        lasts = await self._beating.run(lambda connection: owning.renew(connection, name))
        if lasts is None:
            self._lanes = set()
        return lasts

    async def leave(self, name: str) -> None:
        """A process serves no more: all of its lanes are anybody's at once."""
        await self._database.write(lambda connection: owning.leave(connection, name))
        self._hearing.tell()

    async def roll(self) -> Roll:
        """Who serves, and the lanes that nobody has."""
        return await self._database.settle(owning.roll)

    async def bury(self, silent: Mapping[str, int]) -> Set[str]:
        """End processes that are late and made no beat after this one."""
        return await self._database.write(lambda connection: owning.bury(connection, silent))

    async def own_lanes(self, lanes: Collection[str], *, owner: str) -> Mapping[str, int]:
        """Become the one who sends for lanes that nobody has."""
        owned = await self._database.settle(lambda connection: owning.own_lanes(connection, lanes, owner))
        self._lanes |= set(owned)
        return owned

    async def lanes_of(self, owner: str) -> Mapping[str, int]:
        """The lanes that a process has."""
        return await self._database.run(lambda connection: owning.lanes_of(connection, owner))

    async def give_back_lanes(self, lanes: Mapping[str, int]) -> None:
        """Let others have lanes at once."""
        self._lanes -= set(lanes)
        if await self._database.settle(lambda connection: owning.give_back_lanes(connection, lanes)):
            self._hearing.tell()

    async def changed_elsewhere(self) -> bool:
        """Whether another process changed anything."""
        return await self._hearing.news()

    def call_when_due(self, tell: Callable[[Collection[str]], None]) -> None:
        """Call this when another process put something into lanes."""
        self._hearing.call_when_due(tell)

    async def time(self) -> Millis | None:
        """Wall time by the database's clock."""
        return await self._database.run(partitions.time)

    async def make_ready(self) -> None:
        """Make the partitions of the next weeks."""
        await self._database.run(partitions.make_ready)

    async def prune(self, before: Millis, *, fold: Fold, since: PruneFrom = BEGIN, limit: int = AT_ONCE) -> Pruned:
        """Take some of what is finished and old out."""
        if since.phase == "leads":
            after = str(since.after)
            return await self._database.write(
                lambda connection: pruning.leads(connection, before, fold=fold, after=after, limit=limit)
            )
        step = pruning.requests if since.phase == "requests" else pruning.attempts
        try:
            return await self._database.run(lambda connection: step(connection, before, since=since, limit=limit))
        except asyncpg.UndefinedTableError:  # another process just dropped it: the next round goes on
            return Pruned()

    async def _write(self, change: Callable[[Connection], Awaitable[R]]) -> R:
        changed = await self._database.write(change)
        self._hearing.tell()
        return changed

    async def close(self) -> None:
        """Commit what was handed in and let the connections go."""
        await asyncio.gather(self._accepts.finish(), self._records.finish())
        await self._hearing.close()
        await self._accepting.close()
        await self._beating.close()
        await super().close()
