"""Whether both databases hold the same: every row of both is read again.

The rows of a table fall into parts by their keys, and of each part the digests of its rows are added up: so neither
side needs an order, or memory for more than a part. Of parts that differ a second look says which rows they are.

A digest is Python's own hash of a row: 64 bits, ten times as fast as one that other processes would understand.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from leadbridge.store.moving.places import Place
from leadbridge.store.moving.source import Row

PARTS: Final = 256  # of each table
MOST_NAMED: Final = 5  # rows of a table that are shown
RowKey: TypeAlias = tuple[object, ...]  # what tells a row from all others of its table


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A table that is not the same on both sides."""

    table: str
    here: int  # rows of the source
    there: int
    rows: tuple[str, ...]  # the keys of some of those that differ


@dataclass(slots=True)
class _Side:
    """What the rows of one side come to."""

    rows: int = 0
    parts: list[int] = field(default_factory=lambda: [0] * PARTS)

    def add(self, place: Place, row: Row) -> None:
        self.rows += 1
        self.parts[_part(_key(place, row))] += hash(row)


async def difference(
    place: Place, here: Callable[[], Iterable[Row]], there: Callable[[], AsyncIterator[Row]]
) -> Difference | None:
    """How the two sides of a table differ; None when they do not."""
    ours, theirs = _Side(), _Side()
    for row in here():
        ours.add(place, row)
    async for row in there():
        theirs.add(place, row)
    if ours == theirs:
        return None
    wrong = [at for at in range(PARTS) if ours.parts[at] != theirs.parts[at]]
    looked_at = frozenset(wrong[:MOST_NAMED])
    left: dict[RowKey, int] = {}
    for row in here():
        if _part(key := _key(place, row)) in looked_at:
            left[key] = hash(row)
    right: dict[RowKey, int] = {}
    async for row in there():
        if _part(key := _key(place, row)) in looked_at:
            right[key] = hash(row)
    named = sorted(_shown(key) for key in left.keys() | right.keys() if left.get(key) != right.get(key))
    return Difference(table=place.table, here=ours.rows, there=theirs.rows, rows=tuple(named[:MOST_NAMED]))


def _key(place: Place, row: Row) -> RowKey:
    return tuple(row[at] for at in place.key)


def _part(key: RowKey) -> int:
    return hash(key) % PARTS


def _shown(key: RowKey) -> str:
    return " ".join(part.hex() if isinstance(part, bytes) else str(part) for part in key)
