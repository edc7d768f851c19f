"""A database that another process may serve, opened to look or for short changes."""

from contextlib import closing
from pathlib import Path

import apsw

from leadbridge.errors import StorageUnavailable
from leadbridge.store.sqlite.connection import BUSY_TIMEOUT, cannot_open, newest_schema
from leadbridge.store.sqlite.mark import require_unmarked


def open_for_reading(path: Path) -> apsw.Connection:
    """Open an existing database read-only; raises `StorageUnavailable`, also when it has another schema."""
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        connection.set_busy_timeout(BUSY_TIMEOUT)
        connection.pragma("query_only", 1)
        found = connection.pragma("user_version")
    except apsw.Error as error:
        raise cannot_open(path, error) from error
    _require_our_schema(connection, found)
    return connection


def look_at_sqlite(path: Path) -> None:
    """Raise `StorageUnavailable` for a file that no service could start on; one that is not there it makes."""
    if not path.exists():
        return
    try:
        with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
            if connection.pragma("user_version") < newest_schema():
                return
    except apsw.Error as error:
        raise cannot_open(path, error) from error
    open_for_reading(path).close()


def open_beside(path: Path) -> apsw.Connection:
    """Open an existing database for short changes.

    Raises `StorageUnavailable` when it has another schema than this leadbridge: only a start of the service changes it.
    """
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        connection.set_busy_timeout(BUSY_TIMEOUT)
        connection.pragma("synchronous", "full")
        connection.pragma("foreign_keys", 0)
        connection.pragma("temp_store", "memory")
        found = connection.pragma("user_version")
    except apsw.Error as error:
        raise cannot_open(path, error) from error
    _require_our_schema(connection, found)
    return connection


def _require_our_schema(connection: apsw.Connection, found: int) -> None:
    """Close the connection and raise `StorageUnavailable` unless its schema is ours: a start of the service changes it.

    What to do is in the words.
    """
    if found == newest_schema():
        return
    try:
        require_unmarked(connection)
    finally:
        connection.close()
    if found < newest_schema():
        raise StorageUnavailable("an older leadbridge made this database; start the service of this version once")
    raise StorageUnavailable("a newer leadbridge made this database; use the command of that version")
