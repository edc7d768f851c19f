"""From `LEADBRIDGE_DATABASE_URL` to a store."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeAlias

from leadbridge.errors import UsageError
from leadbridge.store.postgres.reader import PostgresReader
from leadbridge.store.postgres.steering import PostgresOperator
from leadbridge.store.postgres.store import PostgresStore
from leadbridge.store.postgres.tokens import PostgresTokens
from leadbridge.store.sqlite.reader import SqliteReader
from leadbridge.store.sqlite.steering import SqliteOperator
from leadbridge.store.sqlite.store import SqliteStore
from leadbridge.store.sqlite.tokens import SqliteTokens

VARIABLE: Final = "LEADBRIDGE_DATABASE_URL"
DEFAULT_URL: Final = "sqlite:///data/leadbridge.db"  # beside the working directory's `data/`
_SQLITE: Final = "sqlite:///"
_POSTGRES: Final = ("postgresql://", "postgres://")
ServingStore: TypeAlias = SqliteStore | PostgresStore
Reader: TypeAlias = SqliteReader | PostgresReader
Operator: TypeAlias = SqliteOperator | PostgresOperator


def database_url(environ: Mapping[str, str]) -> str:
    """The configured database, or the default."""
    return environ.get(VARIABLE) or DEFAULT_URL


def open_store(url: str) -> ServingStore:
    """Open, or make, the database for a process that serves it; raises `StorageUnavailable`."""
    return PostgresStore(url) if _is_postgres(url) else SqliteStore(_path(url))


def open_reader(url: str) -> Reader:
    """Open an existing database for looking only; raises `StorageUnavailable`."""
    return PostgresReader(url) if _is_postgres(url) else SqliteReader(_path(url))


def open_tokens(url: str) -> SqliteTokens | PostgresTokens:
    """Open, or make, the database for the tokens in it, beside a running service too; raises `StorageUnavailable`."""
    return PostgresTokens(url) if _is_postgres(url) else SqliteTokens(_path(url))


def open_operator(url: str) -> Operator:
    """Open an existing database for a person's changes, beside a running service too; raises `StorageUnavailable`."""
    return PostgresOperator(url) if _is_postgres(url) else SqliteOperator(_path(url))


def _is_postgres(url: str) -> bool:
    return url.startswith(_POSTGRES)


def _path(url: str) -> Path:
    path = url.removeprefix(_SQLITE)
    if not url.startswith(_SQLITE) or not path:
        # The URL itself may hold a password.
        scheme = url.partition(":")[0] if "://" in url else "no scheme"
        raise UsageError(
            f"{VARIABLE} names a database of another kind ({scheme}); it must look like {DEFAULT_URL}, "
            "sqlite:////absolute/path.db, or postgresql://user:password@host/database"
        )
    return Path(path)
