"""The quarantine in the service's database, through connections of its own: strangers must not slow accepts."""

from collections.abc import Collection, Mapping
from typing import Final

from leadbridge.clock import Millis
from leadbridge.store import quarantine_rows
from leadbridge.store.postgres.accepting import changed
from leadbridge.store.postgres.connection import Connection, Database, numbered, storable
from leadbridge.store.quarantine import MOST_BYTES, SealedRequest

_COUNT_IN: Final = numbered(quarantine_rows.COUNT_IN)
_COUNT_OUT: Final = numbered(quarantine_rows.COUNT_OUT)
_KEEP: Final = numbered(quarantine_rows.KEEP)
_KEPT: Final = numbered(quarantine_rows.KEPT)
_DROP: Final = numbered(quarantine_rows.DROP)
_OLD: Final = numbered(quarantine_rows.OLD)
_AT_ONCE: Final = 500  # rows of one commit: nobody waits long meanwhile


class PostgresQuarantine:
    """`store.quarantine.QuarantineStore` on PostgreSQL, with connections of its own."""

    def __init__(self, url: str) -> None:
        """For a database whose schema is up to date; nothing is opened before it is needed."""
        self._database = Database(url, most=1)

    async def keep(self, request: SealedRequest, *, most: int) -> bool:
        """Store a request, unless there are too many."""
        values = request.id, request.source, request.received_at, storable(request.reason), request.sealed

        async def change(connection: Connection) -> bool:
            if not changed(await connection.execute(_COUNT_IN, request.source, len(request.sealed), most, MOST_BYTES)):
                return False
            await connection.execute(_KEEP, *values)
            return True

        return await self._database.write(change)

    async def kept(self, source: str, *, after: str = "", limit: int) -> tuple[SealedRequest, ...]:
        """The requests of a source, in the order of their arrival."""
        found = await self._database.run(lambda connection: connection.fetch(_KEPT, source, after, limit))
        return tuple(quarantine_rows.sealed_of(one) for one in found)

    async def counts(self) -> Mapping[str, int]:
        """How many requests of each source are kept."""
        return dict(await self._database.run(lambda connection: connection.fetch(quarantine_rows.COUNTS)))

    async def drop(self, ids: Collection[str]) -> int:
        """Delete requests; how many were there."""
        return await self._database.write(lambda connection: dropped(connection, ids))

    async def forget(self, before: Millis) -> int:
        """Delete what arrived before a time, some at a time."""
        gone = 0
        while True:
            some = await self._database.run(lambda connection: connection.fetch(_OLD, before, _AT_ONCE))
            gone += await self.drop([name for (name,) in some])
            if len(some) < _AT_ONCE:
                return gone

    async def close(self) -> None:
        """Close all connections; nothing can be asked afterwards."""
        await self._database.close()


async def dropped(connection: Connection, ids: Collection[str]) -> int:
    """Delete requests, in the transaction that is open; how many were there."""
    found = [one for name in sorted(ids) if (one := await connection.fetchrow(_DROP, name)) is not None]
    for source, size in sorted(tuple(one) for one in found):
        await connection.execute(_COUNT_OUT, source, size)
    return len(found)
