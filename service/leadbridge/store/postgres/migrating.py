"""The schema brought up to date: once, whoever of many processes starts first, and while others go on serving.

A migration is a file of statements. `-- needs: N` in its first line says which schema a leadbridge must know at least
to live with the database afterwards: the version before that one goes on serving, and may be started again. Without
the line nothing older can.
"""

import asyncio
import re
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

import asyncpg

from leadbridge.errors import StorageUnavailable
from leadbridge.store.postgres.connection import Connection
from leadbridge.store.postgres.unfinished import require_whole

_LOCK: Final = "SELECT pg_advisory_xact_lock(7853, 0)"
# Whoever waits for a table lets everybody else wait behind it: not for longer than a sender can.
IMPATIENT: Final = "SET LOCAL lock_timeout = '1s'"
_LOOK: Final = "SELECT to_regclass('leadbridge_schema') IS NOT NULL"
_MAKE: Final = "CREATE TABLE leadbridge_schema (version integer NOT NULL, needs integer NOT NULL)"
_SCHEMA: Final = "SELECT coalesce(max(version), 0), coalesce(max(needs), 0) FROM leadbridge_schema"
_DONE: Final = "INSERT INTO leadbridge_schema (version, needs) VALUES ($1, $2)"
_NEEDS: Final = re.compile(r"-- needs: (\d+)\n")
LONGEST: Final = 3_600.0  # seconds for one migration, or for that of another process
TRIES: Final = 30  # of a migration that somebody's transaction is in the way of
PAUSE: Final = 1.0  # seconds between them
OLDEST_SERVER: Final = 140_000  # PostgreSQL 14


class Migration(NamedTuple):
    """One step: to the schema `number`, for every leadbridge that knows the schema `needs` or a later one."""

    number: int
    needs: int
    script: str


async def migrate(connection: Connection) -> None:
    """Apply the migrations the database has not seen, each in a transaction of its own.

    Raises `StorageUnavailable` for a database that this leadbridge does not know how to live with, or that is busy.
    """
    require_server(connection)
    async with connection.transaction():
        await connection.execute(_LOCK, timeout=LONGEST)
        await require_whole(connection)
        if await version(connection) is None:
            await connection.execute(_MAKE)
        done, needs = await connection.fetchrow(_SCHEMA)
    if needs > newest_schema():
        raise StorageUnavailable(
            f"a newer leadbridge wrote this database (schema {done} is for those that know schema {needs}, this one "
            f"knows {newest_schema()}); upgrade leadbridge"
        )
    for one in migrations():
        if one.number > done:
            await _apply(connection, one)


async def version(connection: Connection) -> int | None:
    """The schema of the database; None when leadbridge never was here."""
    if not await connection.fetchval(_LOOK):
        return None
    found, _ = await connection.fetchrow(_SCHEMA)
    return int(found)


async def require_our_schema(connection: Connection) -> None:
    """Raise `StorageUnavailable` unless we can live with the schema: only a start of the service changes it."""
    require_server(connection)
    if await version(connection) is None:
        raise StorageUnavailable(
            "leadbridge has no tables in this database; start the service first, or see LEADBRIDGE_DATABASE_URL"
        )
    found, needs = await connection.fetchrow(_SCHEMA)
    if found < newest_schema():
        raise StorageUnavailable("an older leadbridge made this database; start the service of this version once")
    if needs > newest_schema():
        raise StorageUnavailable("a newer leadbridge made this database; use the command of that version")
    await require_whole(connection)


def require_server(connection: Connection) -> None:
    """Raise `StorageUnavailable` for a PostgreSQL that is too old."""
    found = connection.get_server_version()
    if found.major * 10_000 < OLDEST_SERVER:
        raise StorageUnavailable(f"this is PostgreSQL {found.major}; leadbridge needs 14 or newer")


def newest_schema() -> int:
    """The version of the schema that this leadbridge works with."""
    return migrations()[-1].number


@cache
def migrations() -> tuple[Migration, ...]:
    """All that there are, in their order."""
    folder = resources.files("leadbridge.store.postgres") / "migrations"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    scripts = [(folder / name).read_text(encoding="utf-8") for name in names]
    return tuple(
        Migration(number, int(said[1]) if (said := _NEEDS.match(script)) else number, script)
        for number, script in enumerate(scripts, start=1)
    )


async def _apply(connection: Connection, one: Migration) -> None:
    """Apply a migration unless another process did; again while somebody's transaction is in its way."""
    for _ in range(TRIES):
        try:
            async with connection.transaction():
                await connection.execute(_LOCK, timeout=LONGEST)
                if (await version(connection) or 0) < one.number:
                    await connection.execute(IMPATIENT)
                    await connection.execute(one.script, timeout=LONGEST)
                    await connection.execute(_DONE, one.number, one.needs)
        except asyncpg.LockNotAvailableError:
            await asyncio.sleep(PAUSE)
        else:
            return
    raise StorageUnavailable(
        f"a table is busy, so the database cannot be brought to schema {one.number}: see pg_stat_activity for a long "
        "transaction, end it, and start again"
    )
