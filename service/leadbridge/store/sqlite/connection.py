"""Opening the database file: settings that keep a commit safe, and the schema brought up to date."""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, BinaryIO, Final

import apsw

from leadbridge.errors import StorageUnavailable

ROWS_AT_ONCE: Final = 64  # with as many prepared statements for each table
STATEMENTS: Final = 256  # kept prepared
BUSY_TIMEOUT: Final = 5_000  # milliseconds: the command line reads while the service writes


def claim_ownership(path: Path) -> BinaryIO:
    """Become the one process that writes this database; the lock ends with the returned file, or with the process.

    Raises `StorageUnavailable` when another process holds it: two would break quotas and send one person's leads twice.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_name(path.name + ".lock").open("ab")
    except OSError as error:
        raise StorageUnavailable(f"cannot write beside {path}: {error}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise StorageUnavailable(f"another leadbridge already serves {path}; stop it first") from error
    return lock


def open_for_writing(path: Path) -> apsw.Connection:
    """Open, or make, the database and bring its schema up to date.

    Raises `StorageUnavailable` when the file cannot be used, or was made by a newer leadbridge.
    """
    try:
        connection = apsw.Connection(str(path), statementcachesize=STATEMENTS)
        connection.set_busy_timeout(BUSY_TIMEOUT)
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", "full")  # a commit is on disk before it is answered
        connection.pragma("foreign_keys", 1)
        migrate(connection)
        connection.pragma("temp_store", "memory")
        connection.execute((resources.files("leadbridge.store.sqlite") / "arrivals.sql").read_text(encoding="utf-8"))
    except apsw.Error as error:
        raise StorageUnavailable(f"cannot open {path}: {error}") from error
    return connection


def open_for_reading(path: Path) -> apsw.Connection:
    """Open an existing database read-only."""
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        connection.set_busy_timeout(BUSY_TIMEOUT)
        connection.pragma("query_only", 1)
    except apsw.Error as error:
        raise StorageUnavailable(f"cannot open {path}: {error}") from error
    return connection


def newest_schema() -> int:
    """The version of the schema that this leadbridge works with."""
    return len(list(_migrations()))


def migrate(connection: apsw.Connection) -> None:
    """Apply the migrations the file has not seen, each in a transaction of its own."""
    done = connection.pragma("user_version")
    scripts = list(_migrations())
    if done > len(scripts):
        raise StorageUnavailable(
            f"a newer leadbridge wrote this database (schema {done}, this one knows {len(scripts)}); upgrade leadbridge"
        )
    for number, script in enumerate(scripts, start=1):
        if number > done:
            with connection:
                connection.execute(script)
                connection.pragma("user_version", number)


def _migrations() -> Iterator[str]:
    folder = resources.files("leadbridge.store.sqlite") / "migrations"
    for name in sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql")):
        yield (folder / name).read_text(encoding="utf-8")


@contextmanager
def transaction(connection: apsw.Connection) -> Iterator[None]:
    """One transaction that waits for its lock at once; whoever catches an error rolls it back."""
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.execute("COMMIT")


def insert(connection: apsw.Connection, statement: str, values: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows of equal length; `statement` ends before its `VALUES`.

    Many rows in one step: each step gives the interpreter's lock away, and on a busy process waits to get it back.
    """
    for start in range(0, len(values), ROWS_AT_ONCE):
        some = values[start : start + ROWS_AT_ONCE]
        connection.execute(_with_values(statement, len(some[0]), len(some)), [value for row in some for value in row])


@cache
def _with_values(statement: str, columns: int, count: int) -> str:
    one = f"({', '.join('?' * columns)})"
    return f"{statement} VALUES {', '.join([one] * count)}"


def rows(connection: apsw.Connection, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Every row of a statement, as the schema declares them."""
    return connection.execute(statement, values).fetchall()


def row(connection: apsw.Connection, statement: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
    """The first row of a statement, if there is one."""
    return connection.execute(statement, values).fetchone()
