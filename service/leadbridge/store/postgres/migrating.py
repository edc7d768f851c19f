"""The schema brought up to date: once, whoever of many processes starts first."""

from collections.abc import Iterator
from importlib import resources
from typing import Final

from leadbridge.errors import StorageUnavailable
from leadbridge.store.postgres.connection import Connection

_LOCK: Final = "SELECT pg_advisory_xact_lock(7853, 0)"
_LOOK: Final = "SELECT to_regclass('leadbridge_schema') IS NOT NULL"
_MAKE: Final = "CREATE TABLE leadbridge_schema (version integer NOT NULL)"
_VERSION: Final = "SELECT max(version) FROM leadbridge_schema"
OLDEST_SERVER: Final = 140_000  # PostgreSQL 14


async def migrate(connection: Connection) -> None:
    """Apply the migrations the database has not seen, all or none; raises `StorageUnavailable` if it is newer."""
    require_server(connection)
    async with connection.transaction():
        await connection.execute(_LOCK)
        done = await version(connection)
        if done is None:
            await connection.execute(_MAKE)
        scripts = list(_migrations())
        if (done or 0) > len(scripts):
            raise StorageUnavailable(
                f"a newer leadbridge wrote this database (schema {done}, this one knows {len(scripts)}); "
                "upgrade leadbridge"
            )
        for number, script in enumerate(scripts, start=1):
            if number > (done or 0):
                await connection.execute(script)
                await connection.execute("INSERT INTO leadbridge_schema (version) VALUES ($1)", number)


async def version(connection: Connection) -> int | None:
    """The schema of the database; None when leadbridge never was here."""
    if not await connection.fetchval(_LOOK):
        return None
    found: int | None = await connection.fetchval(_VERSION)
    return found or 0


async def require_our_schema(connection: Connection) -> None:
    """Raise `StorageUnavailable` unless the schema is ours: only a start of the service changes it."""
    require_server(connection)
    found = await version(connection)
    if found is None:
        raise StorageUnavailable(
            "leadbridge has no tables in this database; start the service first, or see LEADBRIDGE_DATABASE_URL"
        )
    newest = newest_schema()
    if found < newest:
        raise StorageUnavailable("an older leadbridge made this database; start the service of this version once")
    if found > newest:
        raise StorageUnavailable("a newer leadbridge made this database; use the command of that version")


def require_server(connection: Connection) -> None:
    """Raise `StorageUnavailable` for a PostgreSQL that is too old."""
    found = connection.get_server_version()
    if found.major * 10_000 < OLDEST_SERVER:
        raise StorageUnavailable(f"this is PostgreSQL {found.major}; leadbridge needs 14 or newer")


def newest_schema() -> int:
    """The version of the schema that this leadbridge works with."""
    return len(list(_migrations()))


def _migrations() -> Iterator[str]:
    folder = resources.files("leadbridge.store.postgres") / "migrations"
    for name in sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql")):
        yield (folder / name).read_text(encoding="utf-8")
