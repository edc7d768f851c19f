"""The Store interface on one SQLite file."""

import os
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from pathlib import Path
from typing import Final, TypeVar

import apsw

from leadbridge.clock import Millis
from leadbridge.crm.adapter import Call
from leadbridge.errors import StorageUnavailable
from leadbridge.store.claims import Claim, DueDelivery, FinishedCall, Recovered, TryResult
from leadbridge.store.fetching import ClaimedFetches, FetchEnd, FetchPause, FetchQuota
from leadbridge.store.lanes import Lease, Process, Roll
from leadbridge.store.retaining import AT_ONCE, BEGIN, Fold, Pruned, PruneFrom
from leadbridge.store.sqlite import accepting, fetching, lanes, owning, pruning, recording, recovering, sending
from leadbridge.store.sqlite.connection import claim_ownership
from leadbridge.store.sqlite.owning import Alone
from leadbridge.store.sqlite.steering import SqliteSteering
from leadbridge.store.sqlite.writer import Writer
from leadbridge.store.values import Accepted, MappedSubmission, NewRequest

R = TypeVar("R")
DISK_RESERVE: Final = 64 * 1024 * 1024  # bytes kept free, so that what was accepted can still be delivered and recorded


class SqliteStore(SqliteSteering):
    """The whole store: the only process that writes this file."""

    def __init__(self, path: Path, *, disk_reserve: int = DISK_RESERVE) -> None:
        """Become its owner, open or make the file, and bring its schema up to date; raises `StorageUnavailable`."""
        path = path.resolve()  # two names of one file are one database
        self._path = path
        self._disk_reserve = disk_reserve
        self._ownership = claim_ownership(path)
        self._alone = Alone(self._ownership)
        try:
            self._writer = Writer(path)
        except StorageUnavailable:
            self._ownership.close()
            raise
        super().__init__(path)
        self._checked = -1  # the batch that the file and its disk were looked at for
        opened = path.stat()
        self._file = (opened.st_dev, opened.st_ino)

    def check(self) -> None:
        """Look at the file, at the room on its disk, and whether anybody is there to write it."""
        if not self._writer.is_alive:
            raise StorageUnavailable("the thread that writes the database has ended; restart")
        try:
            found, disk = self._path.stat(), os.statvfs(self._path.parent)
        except OSError as error:
            raise StorageUnavailable(
                f"the database cannot be reached: {error.strerror}; restart when it is back"
            ) from error
        if (found.st_dev, found.st_ino) != self._file:
            raise StorageUnavailable("another file stands where the database was; restart to use it")
        if disk.f_bavail * disk.f_frsize < self._disk_reserve:
            raise StorageUnavailable("the disk reserve is reached: free some space")

    async def accept(self, request: NewRequest) -> tuple[Accepted, ...]:
        """Store a request and its items."""
        if self._checked != self._writer.batch:  # once for all that gather for one commit
            self.check()
            self._checked = self._writer.batch
        accepted: tuple[Accepted, ...] = await self._writer.run_together(accepting.accept, request, commits=True)
        return accepted

    async def claim_fetches(
        self, source: str, *, quota: FetchQuota, calls_each: int, limit: int, now: Millis, until: Millis
    ) -> ClaimedFetches:
        """What may be fetched for a source now."""
        return await self._writer.run(
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
        """Store how fetching ended."""
        return await self._writer.run(
            lambda connection: fetching.store(connection, source, ends, now=now, pause=pause, resume=resume)
        )

    async def map(self, mapped: Sequence[MappedSubmission], *, now: Millis) -> None:
        """Store what mapping made; a submission that is no longer `received` is left alone."""

        def apply(connection: apsw.Connection) -> None:
            for submission in mapped:
                accepting.store_mapped(connection, submission, now)

        await self._writer.run(apply)

    async def claim(
        self, lane: str, starts: Sequence[tuple[DueDelivery, Call | None]], *, now: Millis, epoch: int
    ) -> tuple[Claim, ...]:
        """Claim due deliveries of a lane."""
        return await self._writer.run(lambda connection: sending.claim(connection, lane, starts, now=now, epoch=epoch))

    async def record(self, lane: str, result: TryResult) -> int:
        """Store the outcome of a call."""
        attempt_id: int = await self._writer.run_together(recording.record, (lane, result))
        return attempt_id

    async def record_probe(
        self, lane: str, call: Call, finished: FinishedCall | None, *, attempt_id: int | None, now: Millis
    ) -> int:
        """Store a call that carries no delivery."""
        return await self._writer.run(
            lambda connection: lanes.record_probe(connection, lane, call, finished, attempt_id=attempt_id, now=now)
        )

    async def recover(self, lane: str, *, epoch: int, now: Millis) -> Recovered:
        """Take back what an earlier owner of a lane left in `sending`."""
        return await self._writer.run(lambda connection: recovering.recover(connection, lane, epoch, now))

    async def join(self, process: Process, lanes: Collection[str], *, lease: Lease) -> bool:  # noqa: ARG002  # none here
        """Begin to serve these lanes, alone: the lock of the file is the lease, while it is the one beside it."""
        return self._alone.join(process, lanes)

    async def renew(self, name: str) -> float | None:
        """The lock lasts as long as the process."""
        return self._alone.renew(name)

    async def leave(self, name: str) -> None:
        """A process serves no more: all of its lanes are anybody's at once."""
        self._alone.leave(name)

    async def roll(self) -> Roll:
        """Who serves, this process alone, and the lanes that nobody has."""
        return self._alone.roll()

    async def bury(self, silent: Mapping[str, int]) -> Set[str]:  # noqa: ARG002  # there are no others
        """Ends nobody: a file has one process."""
        return frozenset()

    async def own_lanes(self, lanes: Collection[str], *, owner: str) -> Mapping[str, int]:
        """Become the one who sends for lanes; whoever had them is gone."""
        if not self._alone.is_served_by(owner):
            return {}
        owned = await self._writer.run(lambda connection: owning.own_lanes(connection, lanes, owner))
        self._alone.has |= set(owned)
        return owned

    async def lanes_of(self, owner: str) -> Mapping[str, int]:
        """The lanes that a process has."""
        return await self._read(lambda connection: owning.lanes_of(connection, owner))

    async def give_back_lanes(self, lanes: Mapping[str, int]) -> None:
        """Whoever opens the file next has all of its lanes."""
        await self._writer.run(lambda connection: owning.give_back_lanes(connection, lanes))
        self._alone.has -= set(lanes)

    async def changed_elsewhere(self) -> bool:
        """Whether another process, or another connection of this one, committed anything."""
        return await self._writer.changed_elsewhere()

    def call_when_due(self, tell: Callable[[Collection[str]], None]) -> None:
        """No other process puts anything in: whoever serves the file is alone."""

    async def time(self) -> Millis | None:
        """Our own: all is on this machine."""
        return None

    async def make_ready(self) -> None:
        """Nothing to do: one file takes everything."""

    async def prune(self, before: Millis, *, fold: Fold, since: PruneFrom = BEGIN, limit: int = AT_ONCE) -> Pruned:
        """Take some of what is finished and old out."""
        return await self._writer.run(
            lambda connection: pruning.prune(connection, before, fold=fold, since=since, limit=limit)
        )

    async def _write(self, apply: Callable[[apsw.Connection], R]) -> R:
        return await self._writer.run(apply)

    async def close(self) -> None:
        """Commit what waits and let the file go."""
        await super().close()  # first: the last one out, the writer, folds the WAL into the file
        await self._writer.close()
        self._ownership.close()
