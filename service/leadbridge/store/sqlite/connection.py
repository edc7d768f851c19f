"""Opening the database file: settings that keep a commit safe, and the schema brought up to date."""

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, BinaryIO, Final

import apsw

from leadbridge.errors import StorageUnavailable
from leadbridge.store.sqlite.mark import require_unmarked

ROWS_AT_ONCE: Final = 64  # with as many prepared statements for each table
STATEMENTS: Final = 256  # kept prepared
FULL: Final = 1 << 20  # bytes free: with less, what SQLite calls an I/O error is a full disk
JOURNAL_LIMIT: Final = 16 << 20  # bytes that the WAL keeps when it begins anew: four times what it usually grows to
BUSY_TIMEOUT: Final = 5_000  # milliseconds: the command line reads while the service writes


def claim_ownership(path: Path) -> BinaryIO:
    """Become the one process that writes this database; the lock ends with the returned file, or with the process.

    Raises `StorageUnavailable` when another process holds it: two would break quotas and send one person's leads twice.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = open(f"{path}.lock", "ab", opener=_for_its_owner)  # noqa: SIM115  # a `Path` has no opener
    except OSError as error:
        raise StorageUnavailable(f"cannot write beside {path}: {error}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise StorageUnavailable(f"another leadbridge already serves {path}; stop it first") from error
    return lock


def is_owned(lock: BinaryIO) -> bool:
    """Whether the lock still keeps others out: removed and made again, it would be held by two."""
    try:
        now, ours = Path(lock.name).stat(), os.fstat(lock.fileno())
    except OSError:
        return True  # there is no other
    return (now.st_dev, now.st_ino) == (ours.st_dev, ours.st_ino)


def open_for_writing(path: Path) -> apsw.Connection:
    """Open, or make, the database and bring its schema up to date.

    One that is made is its owner's alone to read: it holds people's data. Raises `StorageUnavailable` when the file
    cannot be used, or was made by a newer leadbridge.
    """
    try:
        _make(path)
        connection = apsw.Connection(str(path), statementcachesize=STATEMENTS)
        connection.set_busy_timeout(BUSY_TIMEOUT)
        connection.pragma("auto_vacuum", 2)  # of a new file: what is pruned can be given back to the disk, in steps
        connection.pragma("journal_mode", "wal")
        # A reading command that stands still lets the WAL grow without end: afterwards the disk gets the room back.
        connection.pragma("journal_size_limit", JOURNAL_LIMIT)
        connection.pragma("synchronous", "full")  # a commit is on disk before it is answered
        # What belongs together is written in one transaction, as on PostgreSQL, where no constraint says so: each look
        # would cost as much as the row, and taking one away a look at every row that might refer to it.
        connection.pragma("foreign_keys", 0)
        migrate(connection)
        connection.pragma("temp_store", "memory")
        make_arrivals(connection)
    except apsw.Error as error:
        raise cannot_open(path, error) from error
    except OSError as error:
        raise StorageUnavailable(f"cannot open {path}: {error.strerror}") from error
    return connection


def make_arrivals(connection: apsw.Connection) -> None:
    """What `accepting` writes through, for as long as the connection is open."""
    connection.execute((resources.files("leadbridge.store.sqlite") / "arrivals.sql").read_text(encoding="utf-8"))


def cannot_open(path: Path, error: apsw.Error) -> StorageUnavailable:
    """What SQLite says of a file that it does not open, and whether a full disk may be why."""
    with suppress(OSError):
        if shutil.disk_usage(path.parent).free < FULL:
            return StorageUnavailable(f"cannot open {path}: {error}; the disk is full: free space")
    return StorageUnavailable(f"cannot open {path}: {error}")


def newest_schema() -> int:
    """The version of the schema that this leadbridge works with."""
    return len(list(_migrations()))


def migrate(connection: apsw.Connection) -> None:
    """Apply the migrations the file has not seen, each in a transaction of its own."""
    require_unmarked(connection)
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


def migrate_sqlite(path: Path) -> tuple[int, int]:
    """Bring a file up to date, or make it: its schema before (0: none) and after; raises `StorageUnavailable`."""
    with closing(claim_ownership(path.resolve())):
        before = _schema_of(path)
        with closing(open_for_writing(path)) as connection:
            return before, connection.pragma("user_version")


def _schema_of(path: Path) -> int:
    """The schema that a file has; 0 when it is not there, or is none of ours: who opens it says so."""
    with suppress(apsw.Error), closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
        found: int = connection.pragma("user_version")
        return found
    return 0


def _make(path: Path) -> None:
    """An empty file, unless there is one; SQLite gives those beside it the same mode."""
    with suppress(FileExistsError):
        os.close(_for_its_owner(str(path), os.O_RDWR | os.O_CREAT | os.O_EXCL))


def _for_its_owner(path: str, flags: int) -> int:
    """An opener for files that nobody else on the machine may read."""
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


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


def write_rows(connection: apsw.Connection, statement: str, values: Sequence[tuple[Any, ...]]) -> None:
    """Run a statement over rows of equal length, which come in the place of its `{values}`.

    Many rows in one step: each step gives the interpreter's lock away, and on a busy process waits to get it back.
    """
    for start in range(0, len(values), ROWS_AT_ONCE):
        some = values[start : start + ROWS_AT_ONCE]
        connection.execute(_with_values(statement, len(some[0]), len(some)), [value for row in some for value in row])


@cache
def _with_values(statement: str, columns: int, count: int) -> str:
    one = f"({', '.join('?' * columns)})"
    return statement.format(values=f"VALUES {', '.join([one] * count)}")


def rows(connection: apsw.Connection, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Every row of a statement, as the schema declares them."""
    return connection.execute(statement, values).fetchall()


def row(connection: apsw.Connection, statement: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
    """The first row of a statement, if there is one."""
    return connection.execute(statement, values).fetchone()
