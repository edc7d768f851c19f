"""Where each column of a SQLite database goes on PostgreSQL.

What both engines call by the same name is the same: only what differs is written down here. Everything must have a
place, or a newer table would be forgotten.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from leadbridge.errors import StorageUnavailable

# What stands otherwise there, in SQLite's words, with functions that `source` brings: a file may hold keys from before
# they were bounded, and PostgreSQL counts the attempts of each week from another number.
ANEW: Final[Mapping[tuple[str, str], str]] = {
    ("requests", "arrival"): "rowid",
    ("requests", "order_at"): "coalesce(order_at, received_at)",
    ("submissions", "arrival"): "coalesce(arrival, (SELECT r.rowid FROM requests r WHERE r.id = request_id))",
    ("submissions", "dedupe_key"): "bounded(dedupe_key)",
    ("dedupe", "key"): "bounded(key)",
    ("attempts", "id"): "id + first_attempt(started_at)",
    ("attempt_deliveries", "attempt_id"): (
        "attempt_id + first_attempt((SELECT a.started_at FROM attempts a WHERE a.id = attempt_id))"
    ),
    ("totals", "slot"): "0",
}
# Who sends for an account, and who maps a submission, is no business of a database that nobody serves from yet.
STAYS: Final = frozenset({("lanes", "owner"), ("lanes", "lease_until")})
BEGINS_ANEW: Final = STAYS | {("submissions", "taken_by"), ("submissions", "taken_until")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """A table of SQLite."""

    columns: Sequence[str]
    order: Sequence[str]  # the columns by which its rows are stored


@dataclass(frozen=True, slots=True, kw_only=True)
class There:
    """A table of PostgreSQL."""

    kinds: Mapping[str, str]  # by column: its type
    key: Sequence[str]  # the columns of its primary key


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A table: what is read of it on SQLite, and what becomes of that on PostgreSQL."""

    table: str
    columns: Sequence[str]  # of PostgreSQL
    kinds: Sequence[str]  # the type of each
    values: Sequence[str]  # of each, in SQLite's words
    order: Sequence[str]  # the columns by which SQLite reads parts of it, one behind the other
    key: Sequence[int]  # which of the columns tell its rows apart


def places(here: Mapping[str, Here], there: Mapping[str, There]) -> tuple[Place, ...]:
    """A place for each table of SQLite, in its order; raises `StorageUnavailable` when something has none."""
    missing = sorted(_without_a_place(here, there))
    if missing:
        raise StorageUnavailable(f"this leadbridge does not know where to move {', '.join(missing)}; use a newer one")
    return tuple(_place(table, here[table], there[table]) for table in here)


def _place(table: str, here: Here, there: There) -> Place:
    columns = [column for column in there.kinds if (table, column) not in BEGINS_ANEW]
    return Place(
        table=table,
        columns=columns,
        kinds=[there.kinds[column] for column in columns],
        values=[ANEW.get((table, column), column) for column in columns],
        order=here.order,
        key=[columns.index(column) for column in there.key],
    )


def _without_a_place(here: Mapping[str, Here], there: Mapping[str, There]) -> Iterator[str]:
    yield from here.keys() - there.keys()
    for table in here.keys() & there.keys():
        ours, theirs = set(here[table].columns), set(there[table].kinds)
        known = {column for named, column in (*ANEW, *STAYS, *BEGINS_ANEW) if named == table}
        yield from (f"{table}.{column}" for column in (ours ^ theirs) - known)
