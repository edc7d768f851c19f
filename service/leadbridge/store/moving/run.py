"""A move from its begin to its end, which may be killed anywhere: the same command again goes on where it was."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeAlias

from leadbridge.clock import Millis
from leadbridge.errors import StorageUnavailable
from leadbridge.ids import new_id
from leadbridge.store.ledger import Account, Ledger
from leadbridge.store.moving.checking import Difference, difference
from leadbridge.store.moving.places import Place, places
from leadbridge.store.moving.source import Row, Source
from leadbridge.store.moving.target import Done, Target, shown
from leadbridge.store.sqlite.mark import Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a table is."""

    doing: str  # `moved`, `checked`
    table: str
    rows: int
    of: int


Tell: TypeAlias = Callable[[Progress], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What came of a move."""

    target: str = ""  # in words that hold no password
    already: bool = False  # it had ended before, and nothing was done
    rows: Mapping[str, int] = field(default_factory=dict)  # in each table of the target
    moved: int = 0  # rows that this run moved
    mended: int = 0  # texts with a NUL, in which U+FFFD stands now
    here: Ledger | None = None  # the books
    there: Ledger | None = None
    differences: tuple[Difference, ...] = ()

    @property
    def books_agree(self) -> bool:
        """Whether the books of both sides say the same."""
        return self.here is None or self.there is None or _said(self.here) == _said(self.there)

    @property
    def good(self) -> bool:
        """Whether everything is there, as it was."""
        return self.books_agree and not self.differences


async def move(path: Path, url: str, *, tell: Tell, now: Callable[[], Millis]) -> Moved:
    """Move all that a SQLite file holds into a PostgreSQL database, or go on with that.

    Afterwards no service uses the file any more. Raises `StorageUnavailable` when one of the two cannot be used, and
    then nothing was changed; or when one of them fails underway.
    """
    async with _both(path, url) as (source, target):
        source.require_newest_schema()
        mark = source.mark
        if mark is not None and mark.moved_at is not None:
            if mark.target != shown(url):
                raise StorageUnavailable(
                    f"{path} was moved to {mark.target}; to move it again first say so: "
                    f"`leadbridge move --from sqlite:///{path} --undo`"
                )
            if not await target.is_unfinished():
                return Moved(target=mark.target, already=True)
        mark = Mark(
            move=mark.move if mark is not None else new_id(),
            target=shown(url),
            begun_at=mark.begun_at if mark is not None else now(),
        )
        tables = source.tables()
        begun = await target.require_usable(mark.move, tables)
        found = places(tables, await target.tables())
        source.put_mark(mark)
        if not begun:
            await target.begin(mark.move, tables, since=source.oldest())
        moved = await _all(source, target, found, tell)
        if moved.good:
            source.put_mark(replace(mark, moved_at=now()))
            await target.end()
        return replace(moved, target=mark.target)


def undo(path: Path) -> Mark | None:
    """Let a service use the file again; the mark it had, if any. Raises `StorageUnavailable`."""
    source = Source(path)
    try:
        mark = source.mark
        source.take_off_mark()
    finally:
        source.close()
    return mark


@asynccontextmanager
async def _both(path: Path, url: str) -> AsyncIterator[tuple[Source, Target]]:
    source = Source(path)
    try:
        target = await Target.opened(url)
        try:
            yield source, target
        finally:
            await target.close()
    finally:
        source.close()


async def _all(source: Source, target: Target, found: Sequence[Place], tell: Tell) -> Moved:
    """Move what is not there yet, and compare all."""
    sizes = {place.table: source.count(place.table) for place in found}
    before = await target.done()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="leadbridge-moving") as reader:
        for place in found:
            async for rows in _copied(source, target, place, before[place.table], reader):
                tell(Progress(doing="moved", table=place.table, rows=rows, of=sizes[place.table]))
    await target.settle()
    differences = []
    for place in found:
        wrong = await difference(place, partial(_rows, source, place), partial(target.rows, place))
        if wrong is not None:
            differences.append(wrong)
        tell(Progress(doing="checked", table=place.table, rows=sizes[place.table], of=sizes[place.table]))
    done = await target.done()
    return Moved(
        rows={place.table: done[place.table].rows for place in found},
        moved=sum(done[place.table].rows - before[place.table].rows for place in found),
        mended=sum(one.mended for one in done.values()),
        here=source.ledger(),
        there=await target.ledger(),
        differences=tuple(differences),
    )


async def _copied(
    source: Source, target: Target, place: Place, done: Done, reader: ThreadPoolExecutor
) -> AsyncIterator[int]:
    """Move a table part by part, the next one being read meanwhile; how many rows are there after each."""
    loop = asyncio.get_running_loop()
    rows = done.rows
    ahead = loop.run_in_executor(reader, source.part, place, done.after)
    while (part := await ahead) is not None:
        ahead = loop.run_in_executor(reader, source.part, place, part.last)
        await target.store(place, part)
        rows += len(part.rows)
        yield rows


def _rows(source: Source, place: Place) -> Iterator[Row]:
    return (row for _, row, _ in source.rows(place))


def _said(books: Ledger) -> tuple[Mapping[tuple[str, str], Account], int, int]:
    """What books say, in whatever order."""
    accounts = {(account.kind, account.name): account for account in books.accounts}
    return accounts, books.mapped_without_delivery, books.delivered_without_attempt
