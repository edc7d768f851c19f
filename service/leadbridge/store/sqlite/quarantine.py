"""The quarantine in the service's database, through a connection of its own: strangers must not slow accepts."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

import apsw

from leadbridge.clock import Millis
from leadbridge.errors import StorageUnavailable
from leadbridge.store.quarantine import MOST_BYTES, SealedRequest
from leadbridge.store.quarantine_rows import COUNT_IN, COUNT_OUT, COUNTS, DROP, KEEP, KEPT, OLD, sealed_of
from leadbridge.store.sqlite.beside import open_beside
from leadbridge.store.sqlite.connection import row, rows, transaction

R = TypeVar("R")
_AT_ONCE: Final = 500  # rows of one commit: nobody waits long meanwhile


class SqliteQuarantine:
    """`store.quarantine.QuarantineStore` on the service's SQLite file, beside whoever else has it open."""

    def __init__(self, path: Path) -> None:
        """Open the file, which must be there; raises `StorageUnavailable`."""
        self._connection = open_beside(path.resolve())
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="leadbridge-quarantine")

    async def keep(self, request: SealedRequest, *, most: int) -> bool:
        """Store a request, unless there are too many."""

        def apply(connection: apsw.Connection) -> bool:
            connection.execute(COUNT_IN, (request.source, len(request.sealed), most, MOST_BYTES))
            if not connection.changes():
                return False
            values = request.id, request.source, request.received_at, request.reason, request.sealed
            connection.execute(KEEP, values)
            return True

        return await self._change(apply)

    async def kept(self, source: str, *, after: str = "", limit: int) -> tuple[SealedRequest, ...]:
        """The requests of a source, in the order of their arrival."""
        return tuple(map(sealed_of, await self._run(lambda connection: rows(connection, KEPT, (source, after, limit)))))

    async def counts(self) -> Mapping[str, int]:
        """How many requests of each source are kept."""
        return dict(await self._run(lambda connection: rows(connection, COUNTS)))

    async def drop(self, ids: Collection[str]) -> int:
        """Delete requests."""
        return await self._change(lambda connection: dropped(connection, ids))

    async def forget(self, before: Millis) -> int:
        """Delete what arrived before a time, some at a time."""
        gone = 0
        while True:
            some = await self._run(lambda connection: rows(connection, OLD, (before, _AT_ONCE)))
            gone += await self.drop([name for (name,) in some])
            if len(some) < _AT_ONCE:
                return gone

    async def close(self) -> None:
        """Let the file go."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown()

    async def _change(self, work: Callable[[apsw.Connection], R]) -> R:
        def apply(connection: apsw.Connection) -> R:
            with transaction(connection):
                return work(connection)

        return await self._run(apply)

    async def _run(self, work: Callable[[apsw.Connection], R]) -> R:
        def apply() -> R:
            try:
                return work(self._connection)
            except apsw.Error as error:
                with suppress(apsw.Error):  # a full disk has rolled it back already
                    self._connection.execute("ROLLBACK")
                raise StorageUnavailable(f"the quarantine could not be read or written: {error}") from error

        return await asyncio.get_running_loop().run_in_executor(self._thread, apply)


def dropped(connection: apsw.Connection, ids: Collection[str]) -> int:
    """Delete requests, in the transaction that is open; how many were there."""
    found = [one for name in ids if (one := row(connection, DROP, (name,))) is not None]
    for source, size in found:
        connection.execute(COUNT_OUT, (source, size))
    return len(found)
