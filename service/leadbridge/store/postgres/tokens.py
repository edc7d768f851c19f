"""The tokens in the service's database: several processes share them."""

from collections.abc import Sequence
from typing import Any, Final

from leadbridge.clock import Millis
from leadbridge.store import token_rows
from leadbridge.store.postgres.accepting import changed
from leadbridge.store.postgres.connection import Connection, Database, numbered, storable
from leadbridge.store.postgres.migrating import migrate
from leadbridge.store.postgres.reader import at_once
from leadbridge.store.tokens import TokenRow

_ONE: Final = numbered(token_rows.ONE)


class PostgresTokens:
    """`store.tokens.TokenStore` on PostgreSQL, with connections of its own."""

    def __init__(self, url: str) -> None:
        """Look at the database, and make its tables if need be; raises `StorageUnavailable`."""
        at_once(url, migrate)
        self._database = Database(url, most=2)

    async def token(self, name: str) -> TokenRow | None:
        """What is stored for a grant."""
        found = await self._database.run(lambda connection: connection.fetchrow(_ONE, name))
        return None if found is None else token_rows.token_of(found)

    async def tokens(self) -> tuple[TokenRow, ...]:
        """What is stored for every grant."""
        found = await self._database.run(lambda connection: connection.fetch(token_rows.ALL))
        return tuple(token_rows.token_of(one) for one in found)

    async def put_token(self, name: str, sealed: bytes, *, version: int, now: Millis, by: str | None = None) -> bool:
        """Store tokens in the place of those of `version`."""
        if version == 0:
            return await self._change(token_rows.ADD, (name, sealed, now))
        return await self._change(token_rows.REPLACE, (sealed, now, name, version, by))

    async def reseal_token(self, name: str, sealed: bytes, *, version: int) -> bool:
        """Store the same tokens under another key."""
        return await self._change(token_rows.RESEAL, (sealed, name, version))

    async def begin_exchange(self, seen: TokenRow, *, by: str, now: Millis) -> bool:
        """Store the intent to exchange what was `seen`."""
        values = (now, by, seen.name, seen.version, seen.intent_at, seen.intent_by)
        return await self._change(token_rows.BEGIN, values)

    async def end_exchange(self, name: str, *, version: int, by: str) -> bool:
        """Take back an intent: nothing is under way; False when it was taken over."""
        return await self._change(token_rows.END, (name, version, by))

    async def lose_token(self, name: str, *, version: int, by: str, detail: str, now: Millis) -> bool:
        """Store that the vendor refused these tokens for good."""
        return await self._change(token_rows.LOSE, (now, detail, now, name, version, by))

    async def close(self) -> None:
        """Close all connections; nothing can be asked afterwards."""
        await self._database.close()

    async def _change(self, statement: str, values: Sequence[Any]) -> bool:
        """Whether the statement changed its row; on disk when it did."""
        asked = numbered(statement), *(storable(value) for value in values)

        async def change(connection: Connection) -> bool:
            return changed(await connection.execute(*asked)) > 0

        return await self._database.run(change)
