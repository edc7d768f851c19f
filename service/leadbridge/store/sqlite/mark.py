"""The mark on a SQLite file that its leads go, or went, to another database: nobody serves from it by mistake.

The number of its schema is raised beyond every schema that there will be. So a leadbridge that knows nothing of marks
leaves the file alone as well.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import apsw

from leadbridge.clock import Millis
from leadbridge.errors import StorageUnavailable

RAISED: Final = 1_000_000  # is added to the number of the schema
_TABLE: Final = """
    CREATE TABLE IF NOT EXISTS moved (move TEXT NOT NULL, target TEXT NOT NULL, begun_at INTEGER NOT NULL,
                                      moved_at INTEGER) STRICT"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A move that was begun; all of it stands in the other database when it has a `moved_at`."""

    move: str  # its id
    target: str  # in words that hold no password
    begun_at: Millis
    moved_at: Millis | None = None


def schema_of(connection: apsw.Connection) -> int:
    """The number of the schema, marked or not."""
    number: int = connection.pragma("user_version")
    return number % RAISED


def mark_of(connection: apsw.Connection) -> Mark | None:
    """The mark of a file, if it has one."""
    if connection.pragma("user_version") < RAISED:
        return None
    [(move, target, begun_at, moved_at)] = connection.execute("SELECT move, target, begun_at, moved_at FROM moved")
    return Mark(move=move, target=target, begun_at=begun_at, moved_at=moved_at)


def put_mark(connection: apsw.Connection, mark: Mark) -> None:
    """Mark a file, or replace the mark that it has; on disk when this returns."""
    with connection:
        connection.execute(_TABLE)
        connection.execute("DELETE FROM moved")
        values = (mark.move, mark.target, mark.begun_at, mark.moved_at)
        connection.execute("INSERT INTO moved (move, target, begun_at, moved_at) VALUES (?, ?, ?, ?)", values)
        connection.pragma("user_version", schema_of(connection) + RAISED)


def take_off_mark(connection: apsw.Connection) -> None:
    """Let a service use the file again; on disk when this returns."""
    with connection:
        connection.execute("DROP TABLE IF EXISTS moved")
        connection.pragma("user_version", schema_of(connection))


def require_unmarked(connection: apsw.Connection) -> None:
    """Raise `StorageUnavailable` for a file whose leads are elsewhere, or on their way."""
    mark = mark_of(connection)
    if mark is None:
        return
    if mark.moved_at is None:
        raise StorageUnavailable(
            f"this database is being moved to {mark.target}; finish that with the same `leadbridge move`, "
            "or give it up with `leadbridge move --from … --undo`"
        )
    day = datetime.fromtimestamp(mark.moved_at / 1000, UTC).date()
    raise StorageUnavailable(
        f"this database was moved to {mark.target} on {day}; set LEADBRIDGE_DATABASE_URL to it, "
        "or come back with `leadbridge move --from … --undo`"
    )
