"""The tokens in the service's database, through a connection of their own: several processes share them."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw

from leadbridge.clock import Millis
from leadbridge.store.sqlite.beside import BesideService, open_beside
from leadbridge.store.sqlite.connection import claim_ownership, open_for_writing, row, rows
from leadbridge.store.token_rows import ADD, ALL, BEGIN, END, LOSE, ONE, REPLACE, RESEAL, token_of
from leadbridge.store.tokens import TokenRow


class SqliteTokens(BesideService):
    """`store.tokens.TokenStore` on the service's SQLite file, beside whoever else has it open."""

    def __init__(self, path: Path) -> None:
        """Open, or make, the file; raises `StorageUnavailable`."""
        super().__init__(_opened(path.resolve()), what="tokens")

    async def token(self, name: str) -> TokenRow | None:
        """What is stored for a grant."""
        found = await self._run(lambda connection: row(connection, ONE, (name,)))
        return token_of(found) if found is not None else None

    async def tokens(self) -> tuple[TokenRow, ...]:
        """What is stored for every grant."""
        return tuple(token_of(found) for found in await self._run(lambda connection: rows(connection, ALL)))

    async def put_token(self, name: str, sealed: bytes, *, version: int, now: Millis, by: str | None = None) -> bool:
        """Store tokens in the place of those of `version`."""
        if version == 0:
            return await self._change(ADD, (name, sealed, now))
        return await self._change(REPLACE, (sealed, now, name, version, by))

    async def reseal_token(self, name: str, sealed: bytes, *, version: int) -> bool:
        """Store the same tokens under another key."""
        return await self._change(RESEAL, (sealed, name, version))

    async def begin_exchange(self, seen: TokenRow, *, by: str, now: Millis) -> bool:
        """Store the intent to exchange what was `seen`."""
        return await self._change(BEGIN, (now, by, seen.name, seen.version, seen.intent_at, seen.intent_by))

    async def end_exchange(self, name: str, *, version: int, by: str) -> bool:
        """Take back an intent: nothing is under way; False when it was taken over."""
        return await self._change(END, (name, version, by))

    async def lose_token(self, name: str, *, version: int, by: str, detail: str, now: Millis) -> bool:
        """Store that the vendor refused these tokens for good."""
        return await self._change(LOSE, (now, detail, now, name, version, by))

    async def _change(self, statement: str, values: Sequence[Any]) -> bool:
        """Whether the statement changed its row; on disk when it did."""

        def apply(connection: apsw.Connection) -> bool:
            connection.execute(statement, values)
            return connection.changes() > 0

        return await self._in_transaction(apply)


def _opened(path: Path) -> apsw.Connection:
    """The service's file; made when there is none, since a grant may be connected before the first start."""
    if not path.exists():
        with closing(claim_ownership(path)):
            open_for_writing(path).close()
    return open_beside(path)
