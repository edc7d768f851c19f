"""From `LEADBRIDGE_DATABASE_URL` to a store.

An engine is imported where it is opened: asyncpg and the store on it are an eighth of a start that does without.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from leadbridge.errors import UsageError

if TYPE_CHECKING:
    from leadbridge.store.postgres.quarantine import PostgresQuarantine
    from leadbridge.store.postgres.reader import PostgresReader
    from leadbridge.store.postgres.steering import PostgresOperator
    from leadbridge.store.postgres.store import PostgresStore
    from leadbridge.store.postgres.tokens import PostgresTokens
    from leadbridge.store.sqlite.quarantine import SqliteQuarantine
    from leadbridge.store.sqlite.reader import SqliteReader
    from leadbridge.store.sqlite.steering import SqliteOperator
    from leadbridge.store.sqlite.store import SqliteStore
    from leadbridge.store.sqlite.tokens import SqliteTokens

VARIABLE: Final = "LEADBRIDGE_DATABASE_URL"
DEFAULT_URL: Final = "sqlite:///data/leadbridge.db"  # beside the working directory's `data/`
SQLITE: Final = "sqlite:///"
_POSTGRES: Final = ("postgresql://", "postgres://")
ServingStore: TypeAlias = "SqliteStore | PostgresStore"
Reader: TypeAlias = "SqliteReader | PostgresReader"
Operator: TypeAlias = "SqliteOperator | PostgresOperator"


def database_url(environ: Mapping[str, str]) -> str:
    """The configured database, or the default; without the line break that a file of secrets often ends with."""
    return environ.get(VARIABLE, "").strip() or DEFAULT_URL


def look_at(url: str) -> None:
    """Raise `StorageUnavailable`, or `UsageError`, for a database that no service could start on; changes nothing.

    One that is not made yet, or is to be brought up to date by the start, is good.
    """
    if is_postgres(url):
        from leadbridge.store.postgres.reader import look_at_postgres

        look_at_postgres(url)
    else:
        from leadbridge.store.sqlite.beside import look_at_sqlite

        look_at_sqlite(_path(url))


def open_store(url: str) -> ServingStore:
    """Open, or make, the database for a process that serves it; raises `StorageUnavailable`."""
    if is_postgres(url):
        from leadbridge.store.postgres.store import PostgresStore

        return PostgresStore(url)
    from leadbridge.store.sqlite.store import SqliteStore

    return SqliteStore(_path(url))


def open_reader(url: str) -> Reader:
    """Open an existing database for looking only; raises `StorageUnavailable`."""
    if is_postgres(url):
        from leadbridge.store.postgres.reader import PostgresReader

        return PostgresReader(url)
    from leadbridge.store.sqlite.reader import SqliteReader

    return SqliteReader(_path(url))


def open_tokens(url: str) -> "SqliteTokens | PostgresTokens":
    """Open, or make, the database for the tokens in it, beside a running service too; raises `StorageUnavailable`."""
    if is_postgres(url):
        from leadbridge.store.postgres.tokens import PostgresTokens

        return PostgresTokens(url)
    from leadbridge.store.sqlite.tokens import SqliteTokens

    return SqliteTokens(_path(url))


def open_quarantine(url: str) -> "SqliteQuarantine | PostgresQuarantine":
    """Open an existing database for its quarantine, beside a running service too; raises `StorageUnavailable`."""
    if is_postgres(url):
        from leadbridge.store.postgres.quarantine import PostgresQuarantine

        return PostgresQuarantine(url)
    from leadbridge.store.sqlite.quarantine import SqliteQuarantine

    return SqliteQuarantine(_path(url))


def open_operator(url: str) -> Operator:
    """Open an existing database for a person's changes, beside a running service too; raises `StorageUnavailable`."""
    if is_postgres(url):
        from leadbridge.store.postgres.steering import PostgresOperator

        return PostgresOperator(url)
    from leadbridge.store.sqlite.steering import SqliteOperator

    return SqliteOperator(_path(url))


def migrate_database(url: str) -> tuple[int, int]:
    """Bring the schema up to date, or make it: the one before (0: none), and the one after.

    Raises `StorageUnavailable`, on SQLite also while a service runs.
    """
    if is_postgres(url):
        from leadbridge.store.postgres.reader import migrate_postgres

        return migrate_postgres(url)
    from leadbridge.store.sqlite.connection import migrate_sqlite

    return migrate_sqlite(_path(url))


def is_postgres(url: str) -> bool:
    """Whether an URL names a PostgreSQL database."""
    return url.startswith(_POSTGRES)


def _path(url: str) -> Path:
    path = url.removeprefix(SQLITE)
    if not url.startswith(SQLITE) or not path:
        # The URL itself may hold a password.
        scheme = url.partition(":")[0] if "://" in url else "no scheme"
        if scheme == "sqlite":
            scheme = "sqlite without three slashes and a path"
        raise UsageError(
            f"{VARIABLE} names a database of another kind ({scheme}); it must look like {DEFAULT_URL}, "
            "sqlite:////absolute/path.db, or postgresql://user:password@host/database"
        )
    return Path(path)
