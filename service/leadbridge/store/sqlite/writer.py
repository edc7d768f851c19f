"""One thread that writes, and commits many waiting changes at once (group commit).

Callers hand in functions of the connection. All that wait when the thread is free run in one transaction, each in its
own savepoint, and are answered after the commit: one sync of the disk serves them all.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

import apsw

from leadbridge.errors import StorageUnavailable
from leadbridge.store.sqlite.connection import open_for_writing

R = TypeVar("R")
MOST_IN_ONE_COMMIT: Final = 512  # bounds how long the first caller of a batch waits for the last
# While changes come faster than they can be synced, a moment's wait puts more of them into one sync: seconds.
GATHER: Final = 0.001
# Trouble with the file itself: it undoes the whole batch, where any other error undoes its own change alone.
FILE_TROUBLE: Final = (
    apsw.FullError,
    apsw.IOError,
    apsw.CorruptError,
    apsw.NotADBError,
    apsw.ReadOnlyError,
    apsw.BusyError,
)
Many: TypeAlias = Callable[[apsw.Connection, Sequence[Any]], Sequence[Any]]


@dataclass(slots=True)
class _Change:
    """Something to apply: `many` does it together with all others that wait for the same function."""

    many: Many
    item: Any
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = None

    def settle(self) -> None:
        if self.future.done():  # the caller was cancelled; the change stands all the same
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Writer:
    """The only writer of a database file."""

    def __init__(self, path: Path) -> None:
        """Open the file; raises `StorageUnavailable` when that fails."""
        self._path = path
        self._connection: apsw.Connection | None = open_for_writing(path)
        self._queue: queue.SimpleQueue[_Change | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="leadbridge-writer", daemon=True)
        self._thread.start()

    async def run(self, apply: Callable[[apsw.Connection], R]) -> R:
        """Apply a change and return its result after the commit that holds it."""
        result: R = await self.run_together(_one_by_one, apply)
        return result

    async def run_together(self, many: Many, item: Any) -> Any:
        """Apply `many` to all items that wait for it at once; returns this item's result after the commit.

        When the whole fails, each item is tried alone, so that one mistake stays with its maker.
        """
        if self._closing.is_set():
            raise StorageUnavailable("the store is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._queue.put(_Change(many, item, loop, future))
        return await future

    async def close(self) -> None:
        """Commit what waits, then let the file go."""
        if not self._closing.is_set():
            self._closing.set()
            self._queue.put(None)
            await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        last = busy = False
        while not last:
            batch: list[_Change] = []
            change = self._queue.get()
            if busy:
                self._closing.wait(GATHER)
            while change is not None:
                batch.append(change)
                if len(batch) == MOST_IN_ONE_COMMIT:
                    break
                try:
                    change = self._queue.get_nowait()
                except queue.Empty:
                    break
            last = change is None
            busy = len(batch) > 1
            if batch:
                self._commit(batch)
        if self._connection is not None:
            self._connection.close()

    def _commit(self, batch: list[_Change]) -> None:
        try:
            self._commit_or_undo(batch)
        except (apsw.Error, StorageUnavailable) as error:
            # A full disk, an I/O error, a lost lock: nothing of this batch is durable.
            unavailable = StorageUnavailable(f"nothing could be stored: {error}")
            for change in batch:
                change.error = unavailable
        for loop in {change.loop for change in batch}:
            mine = [change for change in batch if change.loop is loop]
            try:
                loop.call_soon_threadsafe(_settle, mine)
            except RuntimeError:  # the loop is closed: nobody waits any more
                continue

    def _commit_or_undo(self, batch: list[_Change]) -> None:
        if self._connection is None:
            self._connection = open_for_writing(self._path)
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for many, changes in _by_function(batch):
                self._apply(self._connection, many, changes)
            self._connection.execute("COMMIT")
        except apsw.Error:
            self._undo(self._connection)
            raise

    def _undo(self, connection: apsw.Connection) -> None:
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except apsw.Error:  # the file is in a bad way: begin anew with the next batch
            self._connection = None
            connection.close(force=True)

    def _apply(self, connection: apsw.Connection, many: Many, changes: Sequence[_Change]) -> None:
        """Apply changes in one savepoint; when that fails, each in its own."""
        connection.execute("SAVEPOINT change")
        try:
            results = many(connection, [change.item for change in changes])
            for change, result in zip(changes, results, strict=True):
                change.result = result
        except FILE_TROUBLE:
            raise
        except Exception as error:  # handed to the caller as it is
            connection.execute("ROLLBACK TO change")
            if len(changes) == 1:
                changes[0].error = error
            else:
                for change in changes:
                    self._apply(connection, many, [change])
        connection.execute("RELEASE change")


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


def _settle(changes: list[_Change]) -> None:
    for change in changes:
        change.settle()
