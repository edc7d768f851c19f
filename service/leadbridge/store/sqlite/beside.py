"""A database that another process may serve, opened to look or for short changes."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

import apsw

from leadbridge.errors import StorageUnavailable
from leadbridge.store.sqlite.connection import BUSY_TIMEOUT, cannot_open, newest_schema, transaction
from leadbridge.store.sqlite.mark import require_unmarked

R = TypeVar("R")


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


class BesideService:
    """Short looks and changes on a connection of their own, in a thread of their own."""

    def __init__(self, connection: apsw.Connection, *, what: str) -> None:
        """`what` is what there is on this connection, for people and for the thread's name."""
        self._connection = connection
        self._what = what
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"leadbridge-{what}")

    async def close(self) -> None:
        """Close the file; nothing can be asked afterwards."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown()

    async def _in_transaction(self, work: Callable[[apsw.Connection], R]) -> R:
        """Its result; on disk when it changed anything."""

        def apply(connection: apsw.Connection) -> R:
            with transaction(connection):
                return work(connection)

        return await self._run(apply)

    async def _run(self, work: Callable[[apsw.Connection], R]) -> R:
        """Its result; raises `StorageUnavailable`."""

        def apply() -> R:
            try:
                return work(self._connection)
            except apsw.Error as error:
                with suppress(apsw.Error):  # a full disk has rolled it back already
                    self._connection.execute("ROLLBACK")
                raise StorageUnavailable(f"the {self._what} could not be read or stored: {error}") from error

        return await asyncio.get_running_loop().run_in_executor(self._thread, apply)


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
