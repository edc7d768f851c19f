"""One thread that writes, and commits many waiting changes at once (group commit).

Callers hand in functions of the connection. What comes in one turn of the event loop, or while another batch is being
committed, gathers in the loop and is handed over whole: one sync of the disk, and one meeting of the two threads, serve
all of its changes. They are answered after the commit.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

import apsw

from leadbridge.errors import StorageUnavailable
from leadbridge.store.sqlite.connection import open_for_writing

R = TypeVar("R")
MOST_IN_ONE_COMMIT: Final = 512  # bounds how long the first caller of a batch waits for the last
# What a caller's own statement or values can be blamed for; every other error of SQLite is trouble with the file, the
# disk or the memory, and undoes the whole batch.
MISTAKES: Final = (
    apsw.SQLError,
    apsw.ConstraintError,
    apsw.MismatchError,
    apsw.TooBigError,
    apsw.RangeError,
    apsw.MisuseError,
    apsw.BindingsError,
)
Many: TypeAlias = Callable[[apsw.Connection, Sequence[Any]], Sequence[Any]]


@dataclass(slots=True)
class _Change:
    """Something to apply: `many` does it together with all others that wait for the same function."""

    many: Many
    item: Any
    future: asyncio.Future[Any]
    commits: bool  # `many` makes its own transaction of them when nothing else is in the batch
    result: Any = None
    error: Exception | None = None

    def settle(self) -> None:
        if self.future.done():  # the caller was cancelled; the change stands all the same
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


@dataclass(frozen=True, slots=True)
class _Batch:
    changes: Sequence[_Change]
    loop: asyncio.AbstractEventLoop


class Writer:
    """The only writer of a database file, for one event loop at a time."""

    def __init__(self, path: Path) -> None:
        """Open the file; raises `StorageUnavailable` when that fails."""
        self.batch = 0  # the number of the batch that gathers now
        self._path = path
        opened = open_for_writing(path)
        self._connection: apsw.Connection | None = opened
        self._seen: tuple[apsw.Connection, int] = (opened, opened.pragma("data_version"))
        self._gathered: list[_Change] = []
        self._under_way: _Batch | None = None
        self._due_in: asyncio.AbstractEventLoop | None = None  # the loop that is about to hand over
        self._closing = False
        self._batches: queue.SimpleQueue[_Batch | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="leadbridge-writer", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether changes are still committed."""
        return self._thread.is_alive()

    async def run(self, apply: Callable[[apsw.Connection], R]) -> R:
        """Apply a change and return its result after the commit that holds it."""
        result: R = await self.run_together(_one_by_one, apply)
        return result

    def run_together(self, many: Many, item: Any, *, commits: bool = False) -> asyncio.Future[Any]:
        """Apply `many` to all items that wait for it at once; the future is this item's result after the commit.

        When the whole fails, each item is tried alone, so that one mistake stays with its maker. A function that
        `commits` is called outside a transaction when nothing else waits, and leaves none open.
        """
        if self._closing:
            raise StorageUnavailable("the store is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._gathered.append(_Change(many, item, future, commits))
        if self._under_way is None or self._under_way.loop is not loop:
            self._hand_over_soon(loop)
        return future

    async def changed_elsewhere(self) -> bool:
        """Whether another connection committed anything since this was last asked, or the file was opened."""
        seen: tuple[apsw.Connection, int] = await self.run_together(_data_version, None, commits=True)
        before, self._seen = self._seen, seen
        return before != seen

    async def close(self) -> None:
        """Commit what waits, then let the file go."""
        if not self._closing:
            self._closing = True
            while self._gathered:
                self._hand_over(asyncio.get_running_loop())
            self._batches.put(None)
            await asyncio.to_thread(self._thread.join)

    def _hand_over_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hand over what gathered with what else this turn of the loop brings: the first alone would be a commit."""
        if self._due_in is not loop:
            self._due_in = loop
            loop.call_soon(self._hand_over_due, loop)

    def _hand_over_due(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due_in = None
        if self._gathered:
            self._hand_over(loop)

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        """Give the thread what gathered; the rest of too much follows it."""
        changes, self._gathered = self._gathered[:MOST_IN_ONE_COMMIT], self._gathered[MOST_IN_ONE_COMMIT:]
        self.batch += 1
        self._under_way = _Batch(changes, loop)
        self._batches.put(self._under_way)

    def _settle(self, batch: _Batch) -> None:
        """In the event loop, after a commit: the next batch goes first, so that the thread has something to do."""
        if self._under_way is batch:
            self._under_way = None
            if self._gathered:
                self._hand_over_soon(batch.loop)
        for change in batch.changes:
            change.settle()

    def _work(self) -> None:
        while (batch := self._batches.get()) is not None:
            self._commit(batch.changes)
            try:
                batch.loop.call_soon_threadsafe(self._settle, batch)
            except RuntimeError:  # the loop is closed: nobody waits any more
                continue
        if self._connection is not None:
            self._connection.close()

    def _commit(self, changes: Sequence[_Change]) -> None:
        """Commit changes together; when one of them is a mistake, each alone."""
        try:
            connection = self._connection = self._connection or open_for_writing(self._path)
            if changes[0].commits and all(change.many is changes[0].many for change in changes):
                mistake = _apply(connection, changes)
            else:
                connection.execute("BEGIN IMMEDIATE")
                mistake = _apply(connection, changes)
                if mistake is None:
                    connection.execute("COMMIT")
            if mistake is None:
                return
            self._undo(connection)
        except Exception as error:  # whatever it is: this thread must go on, and nobody may wait for ever
            # A full disk, an I/O error, a lost lock, no file descriptor left: nothing of this batch is durable.
            self._undo(self._connection)
            unavailable = StorageUnavailable(f"nothing could be stored: {error}")
            for change in changes:
                change.error = unavailable
            return
        if len(changes) == 1:
            changes[0].error = mistake
        else:
            for change in changes:
                self._commit([change])

    def _undo(self, connection: apsw.Connection | None) -> None:
        try:
            if connection is not None and connection.in_transaction:
                connection.execute("ROLLBACK")
        except Exception:  # the file is in a bad way: begin anew with the next batch
            self._connection = None
            if connection is not None:
                with suppress(Exception):
                    connection.close(force=True)


def _apply(connection: apsw.Connection, changes: Sequence[_Change]) -> Exception | None:
    """Apply changes; answers the mistake that one of them made, and raises what is wrong with the file itself."""
    try:
        for many, some in _by_function(changes):
            results = many(connection, [change.item for change in some])
            for change, result in zip(some, results, strict=True):
                change.result = result
    except MISTAKES as mistake:
        return mistake
    except (apsw.Error, MemoryError, OSError):
        raise
    except Exception as mistake:  # of a caller's own function: handed to that caller as it is
        return mistake
    return None


def _by_function(batch: Sequence[_Change]) -> Iterator[tuple[Many, Sequence[_Change]]]:
    """The changes of a batch by what applies them; those that are applied one by one stand alone."""
    together: dict[Many, list[_Change]] = {}
    for change in batch:
        if change.many is _one_by_one:
            yield _one_by_one, [change]
        else:
            together.setdefault(change.many, []).append(change)
    yield from together.items()


def _one_by_one(connection: apsw.Connection, applies: Sequence[Callable[[apsw.Connection], R]]) -> Sequence[R]:
    return [apply(connection) for apply in applies]


def _data_version(connection: apsw.Connection, askers: Sequence[None]) -> Sequence[tuple[apsw.Connection, int]]:
    """A number that only other connections' commits change; a connection that was opened anew has its own count."""
    return [(connection, connection.pragma("data_version"))] * len(askers)
