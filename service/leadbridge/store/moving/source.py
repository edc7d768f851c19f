"""The SQLite file that is moved: nothing of it changes but its mark."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import apsw

from leadbridge.clock import Millis
from leadbridge.errors import StorageUnavailable
from leadbridge.store.arriving import bounded
from leadbridge.store.ledger import Ledger
from leadbridge.store.moving.places import Here, Place
from leadbridge.store.postgres.connection import storable
from leadbridge.store.postgres.partitions import first_attempt
from leadbridge.store.sqlite import reading
from leadbridge.store.sqlite.connection import BUSY_TIMEOUT, cannot_open, claim_ownership, newest_schema, rows
from leadbridge.store.sqlite.mark import Mark, mark_of, put_mark, schema_of, take_off_mark

Row: TypeAlias = tuple[Any, ...]
Key: TypeAlias = tuple[Any, ...]  # by which rows follow each other
MOST_ROWS: Final = 10_000  # of a part
MOST_BYTES: Final = 8 << 20  # of its texts and bodies, but for its last row
_OWN_TABLES: Final = """
    SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite%'
        AND name <> 'moved' ORDER BY (SELECT rowid FROM sqlite_schema s WHERE s.name = pragma_table_list.name)"""
_FIRST: Final = (
    "SELECT (SELECT received_at FROM requests ORDER BY id LIMIT 1)",
    "SELECT (SELECT started_at FROM attempts ORDER BY id LIMIT 1)",
)
_COLUMNS: Final = "SELECT name, pk FROM pragma_table_info(?) ORDER BY cid"


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of a table as PostgreSQL takes them."""

    rows: Sequence[Row]
    last: Key  # the place of the last of them
    mended: int  # texts with a NUL, which PostgreSQL cannot hold


class Source:
    """A file that this process alone has; for one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Become its owner; raises `StorageUnavailable` when it is not there, is served, or has another schema."""
        if not path.exists():
            raise StorageUnavailable(f"there is no database at {path}; see --from")
        path = path.resolve()
        self._path = path
        self._ownership = claim_ownership(path)
        try:
            self._connection = _opened(path)
        except StorageUnavailable:
            self._ownership.close()
            raise

    def require_newest_schema(self) -> None:
        """Raise `StorageUnavailable` unless the file has the schema that this leadbridge knows."""
        found, newest = schema_of(self._connection), newest_schema()
        if found < newest:
            raise StorageUnavailable(
                f"an older leadbridge made {self._path}; bring it up to date first: "
                "`leadbridge migrate` with its LEADBRIDGE_DATABASE_URL, or a start of the service of this version"
            )
        if found > newest:
            raise StorageUnavailable(f"a newer leadbridge made {self._path}; move it with that version")

    @property
    def mark(self) -> Mark | None:
        """Whether, and to where, it goes or went."""
        return mark_of(self._connection)

    def put_mark(self, mark: Mark) -> None:
        """Say where it goes, or that it went there."""
        self._write_mark(lambda: put_mark(self._connection, mark))

    def take_off_mark(self) -> None:
        """Let a service use it again."""
        self._write_mark(lambda: take_off_mark(self._connection))

    def tables(self) -> Mapping[str, Here]:
        """Every table of the file but its mark, with its columns and the order in which its rows are read."""
        found = {}
        for name, without_rowid in rows(self._connection, _OWN_TABLES):
            columns = rows(self._connection, _COLUMNS, (name,))
            keyed = [str(column) for place, column in sorted((place, column) for column, place in columns if place)]
            found[str(name)] = Here(
                columns=[str(column) for column, _ in columns], order=keyed if without_rowid else ["rowid"]
            )
        return found

    def count(self, table: str) -> int:
        """How many rows a table has."""
        with self._in_our_words():
            [(count,)] = rows(self._connection, f"SELECT count(*) FROM {table}")
        return int(count)

    def oldest(self) -> Millis | None:
        """When about the first of what it holds came; None when it holds nothing."""
        [[(received_at,)], [(started_at,)]] = (rows(self._connection, first) for first in _FIRST)
        return min((at for at in (received_at, started_at) if at is not None), default=None)

    def ledger(self) -> Ledger:
        """Both sides of the file's books; raises `StorageUnavailable` when it cannot be read."""
        with self._in_our_words():
            return reading.ledger(self._connection)

    def part(self, place: Place, after: Key | None) -> Part | None:
        """The rows behind a key, as many as make a part; None when there are none."""
        taken: list[Row] = []
        last: Key = ()
        mended = size = 0
        for key, row, changed in self.rows(place, after, limit=MOST_ROWS):
            taken.append(row)
            last = key
            mended += changed
            size += sum(len(value) for value in row if isinstance(value, str | bytes))
            if size >= MOST_BYTES:
                break
        return Part(taken, last, mended) if taken else None

    def rows(self, place: Place, after: Key | None = None, *, limit: int = -1) -> Iterator[tuple[Key, Row, int]]:
        """Rows as PostgreSQL takes them, each with its key and how many texts of it had to be mended."""
        order, width = ", ".join(place.order), len(place.order)
        behind = "" if after is None else f"WHERE ({order}) > ({', '.join('?' * width)})"
        statement = (
            f"SELECT {order}, {', '.join(place.values)} FROM {place.table} {behind} ORDER BY {order} LIMIT {limit}"
        )
        booleans = [width + at for at, kind in enumerate(place.kinds) if kind == "boolean"]
        texts = [width + at for at, kind in enumerate(place.kinds) if kind == "text"]
        with self._in_our_words():
            for found in self._connection.execute(statement, after or ()):
                row, mended = list(found), 0
                for at in booleans:
                    if row[at] is not None:
                        row[at] = bool(row[at])
                for at in texts:
                    value = row[at]
                    if value is not None and "\0" in value:
                        row[at] = storable(value)
                        mended += 1
                yield found[:width], tuple(row[width:]), mended

    def close(self) -> None:
        """Close the file; another process may become its owner."""
        self._connection.close()
        self._ownership.close()

    def _write_mark(self, write: Callable[[], None]) -> None:
        try:
            write()
        except apsw.Error as error:
            raise StorageUnavailable(f"cannot mark {self._path} as moved: {error}") from error

    @contextmanager
    def _in_our_words(self) -> Iterator[None]:
        try:
            yield
        except apsw.Error as error:
            raise StorageUnavailable(f"cannot read {self._path}: {error}") from error


def _opened(path: Path) -> apsw.Connection:
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        connection.set_busy_timeout(BUSY_TIMEOUT)
        connection.pragma("synchronous", "full")
        schema_of(connection)
        for function in (bounded, first_attempt):
            connection.create_scalar_function(function.__name__, partial(_of_what_is, function), 1, deterministic=True)
    except apsw.Error as error:
        raise cannot_open(path, error) from error
    if not os.access(path, os.W_OK):
        connection.close()
        raise StorageUnavailable(f"{path} cannot be written: it must be marked, so that nobody serves from it any more")
    return connection


def _of_what_is(function: Callable[[Any], Any], *values: Any) -> Any:
    """A function for SQL: of nothing comes nothing."""
    [value] = values
    return None if value is None else function(value)
