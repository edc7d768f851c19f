"""The quarantine in the service's database, through a connection of its own: strangers must not slow accepts."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

import apsw

from leadbridge.clock import Millis
from leadbridge.store.quarantine import MOST_BYTES, SealedRequest
from leadbridge.store.quarantine_rows import COUNT_IN, COUNT_OUT, COUNTS, DROP, KEEP, KEPT, OLD, sealed_of
from leadbridge.store.sqlite.beside import BesideService, open_beside
from leadbridge.store.sqlite.connection import row, rows

_AT_ONCE: Final = 500  # rows of one commit: nobody waits long meanwhile


class SqliteQuarantine(BesideService):
    """`store.quarantine.QuarantineStore` on the service's SQLite file, beside whoever else has it open."""

    def __init__(self, path: Path) -> None:
        """Open the file, which must be there; raises `StorageUnavailable`."""
        super().__init__(open_beside(path.resolve()), what="quarantine")

    async def keep(self, request: SealedRequest, *, most: int) -> bool:
        """Store a request, unless there are too many."""

        def apply(connection: apsw.Connection) -> bool:
            connection.execute(COUNT_IN, (request.source, len(request.sealed), most, MOST_BYTES))
            if not connection.changes():
                return False
            values = request.id, request.source, request.received_at, request.reason, request.sealed
            connection.execute(KEEP, values)
            return True

        return await self._in_transaction(apply)

    async def kept(self, source: str, *, after: str = "", limit: int) -> tuple[SealedRequest, ...]:
        """The requests of a source, in the order of their arrival."""
        return tuple(map(sealed_of, await self._run(lambda connection: rows(connection, KEPT, (source, after, limit)))))

    async def counts(self) -> Mapping[str, int]:
        """How many requests of each source are kept."""
        return dict(await self._run(lambda connection: rows(connection, COUNTS)))

    async def drop(self, ids: Collection[str]) -> int:
        """Delete requests; how many were there."""
        return await self._in_transaction(lambda connection: dropped(connection, ids))

    async def forget(self, before: Millis) -> int:
        """Delete what arrived before a time, some at a time."""
        gone = 0
        while True:
            some = await self._run(lambda connection: rows(connection, OLD, (before, _AT_ONCE)))
            gone += await self.drop([name for (name,) in some])
            if len(some) < _AT_ONCE:
                return gone


def dropped(connection: apsw.Connection, ids: Collection[str]) -> int:
    """Delete requests, in the transaction that is open; how many were there."""
    found = [one for name in ids if (one := row(connection, DROP, (name,))) is not None]
    for source, size in found:
        connection.execute(COUNT_OUT, (source, size))
    return len(found)
