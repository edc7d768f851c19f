"""A database into which a move is under way: nobody serves from it, or looks at half of what there is."""

from typing import Final

from leadbridge.errors import StorageUnavailable
from leadbridge.store.postgres.connection import Connection

PROGRESS: Final = "leadbridge_move"  # the table that says how far a move is; it is gone when all is there
_UNFINISHED: Final = f"SELECT to_regclass('{PROGRESS}') IS NOT NULL"


async def is_unfinished(connection: Connection) -> bool:
    """Whether a move into this database was begun and has not ended."""
    return bool(await connection.fetchval(_UNFINISHED))


async def require_whole(connection: Connection) -> None:
    """Raise `StorageUnavailable` for a database that holds a part of what is moved into it."""
    if await is_unfinished(connection):
        raise StorageUnavailable(
            "a move into this database has not ended; finish it with the same `leadbridge move`, or use an empty one"
        )
