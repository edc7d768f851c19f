"""The Store interface on one SQLite file."""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

import apsw

from leadbridge.clock import Millis
from leadbridge.crm.adapter import Call
from leadbridge.errors import StorageUnavailable
from leadbridge.outcome import HoldReason
from leadbridge.store.base import (
    Accepted,
    CallSpan,
    Claim,
    DueDelivery,
    MappedSubmission,
    NewRequest,
    Recovered,
    TryResult,
    WaitingSubmission,
)
from leadbridge.store.ledger import Ledger
from leadbridge.store.rows import AttemptRow, DeliveryRow, RequestRow, SubmissionRow
from leadbridge.store.sqlite import accepting, reading, recording, sending
from leadbridge.store.sqlite.connection import claim_ownership, open_for_reading
from leadbridge.store.sqlite.writer import Writer

R = TypeVar("R")
DISK_RESERVE: Final = 64 * 1024 * 1024  # bytes kept free, so that what was accepted can still be delivered and recorded


class SqliteReader:
    """The reading half: opens an existing file read-only, beside a running service too."""

    def __init__(self, path: Path) -> None:
        """Open the file; raises `StorageUnavailable` when it is not there or cannot be read."""
        if not path.exists():
            raise StorageUnavailable(
                f"there is no database at {path}; start the service first, or set LEADBRIDGE_DATABASE_URL"
            )
        self._connection = open_for_reading(path)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="leadbridge-reader")

    async def _read(self, query: Callable[[apsw.Connection], R]) -> R:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, query, self._connection)
        except apsw.Error as error:
            raise StorageUnavailable(f"nothing could be read: {error}") from error

    async def waiting(self, *, limit: int) -> tuple[WaitingSubmission, ...]:
        """The oldest submissions that are to be mapped."""
        return await self._read(lambda connection: accepting.waiting(connection, limit))

    async def due(self, lane: str, *, limit: int, now: Millis) -> tuple[DueDelivery, ...]:
        """The deliveries of a lane that may be claimed now."""
        return await self._read(lambda connection: sending.due(connection, lane, limit, now))

    async def next_due(self, lane: str) -> Millis | None:
        """When the lane's next delivery is due."""
        return await self._read(lambda connection: reading.next_due(connection, lane))

    async def lanes_waiting(self) -> tuple[str, ...]:
        """The lanes that have unfinished deliveries."""
        return await self._read(reading.lanes_waiting)

    async def recent_calls(self, lane: str, *, since: Millis) -> tuple[CallSpan, ...]:
        """Calls that may still occupy a quota window."""
        return await self._read(lambda connection: reading.recent_calls(connection, lane, since))

    async def keys_of_record(self, lane: str, record_id: str, *, but: str) -> tuple[tuple[str, ...], ...]:
        """The keys of the newest deliveries that wrote a record."""
        return await self._read(lambda connection: reading.keys_of_record(connection, lane, record_id, but))

    async def ledger(self) -> Ledger:
        """Both sides of the books."""
        return await self._read(reading.ledger)

    async def submissions(
        self, *, limit: int, state: str | None = None, source: str | None = None, before: str | None = None
    ) -> tuple[SubmissionRow, ...]:
        """The newest submissions, older than the id `before`."""
        return await self._read(
            lambda connection: reading.submissions(connection, limit=limit, state=state, source=source, before=before)
        )

    async def submission(self, submission_id: str) -> SubmissionRow | None:
        """One submission."""
        return await self._read(lambda connection: reading.submission(connection, submission_id))

    async def by_trace(self, trace_id: str) -> tuple[SubmissionRow, ...]:
        """The submissions under one trace ID."""
        return await self._read(lambda connection: reading.by_trace(connection, trace_id))

    async def request(self, request_id: str) -> RequestRow | None:
        """One request as it arrived."""
        return await self._read(lambda connection: reading.request(connection, request_id))

    async def delivery(self, delivery_id: str) -> DeliveryRow | None:
        """One delivery."""
        return await self._read(lambda connection: reading.delivery(connection, delivery_id))

    async def deliveries_of(self, submission_ids: Sequence[str]) -> Mapping[str, tuple[DeliveryRow, ...]]:
        """The deliveries of some submissions."""
        return await self._read(lambda connection: reading.deliveries_of(connection, submission_ids))

    async def attempts_of(self, delivery_id: str) -> tuple[AttemptRow, ...]:
        """Every call made for a delivery."""
        return await self._read(lambda connection: reading.attempts_of(connection, delivery_id))

    async def close(self) -> None:
        """Let the file go."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown()


class SqliteStore(SqliteReader):
    """The whole store: the only process that writes this file."""

    def __init__(self, path: Path, *, disk_reserve: int = DISK_RESERVE) -> None:
        """Become its owner, open or make the file, and bring its schema up to date; raises `StorageUnavailable`."""
        path = path.resolve()  # two names of one file are one database
        self._path = path
        self._disk_reserve = disk_reserve
        self._ownership = claim_ownership(path)
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

    async def map(self, mapped: Sequence[MappedSubmission], *, now: Millis) -> None:
        """Store what mapping made."""

        def apply(connection: apsw.Connection) -> None:
            for submission in mapped:
                accepting.store_mapped(connection, submission, now)

        await self._writer.run(apply)

    async def claim(
        self, lane: str, starts: Sequence[tuple[DueDelivery, Call | None]], *, now: Millis
    ) -> tuple[Claim, ...]:
        """Claim due deliveries of a lane."""
        return await self._writer.run(lambda connection: sending.claim(connection, lane, starts, now))

    async def record(self, lane: str, result: TryResult) -> int:
        """Store the outcome of a call."""
        attempt_id: int = await self._writer.run_together(recording.record, (lane, result))
        return attempt_id

    async def recover(self, *, now: Millis) -> Recovered:
        """Take back what a crash left in `sending`."""
        return await self._writer.run(lambda connection: sending.recover(connection, now))

    async def hold_lane(self, lane: str, *, reason: HoldReason, detail: str, now: Millis) -> int:
        """Hold all that waits in a lane."""
        return await self._writer.run(lambda connection: sending.hold_lane(connection, lane, reason, detail, now))

    async def release(self, reasons: Sequence[HoldReason], *, lanes: Sequence[str], now: Millis) -> int:
        """Let held deliveries go again."""
        return await self._writer.run(lambda connection: sending.release(connection, reasons, lanes, now))

    async def close(self) -> None:
        """Commit what waits and let the file go."""
        await super().close()  # first: the last one out, the writer, folds the WAL into the file
        await self._writer.close()
        self._ownership.close()
