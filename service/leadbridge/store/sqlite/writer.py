"""One thread that writes, and commits many waiting changes at once (group commit).

Callers hand in functions of the connection. All that wait when the thread is free run in one transaction, each in its
own savepoint, and are answered after the commit: one sync of the disk serves them all.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import apsw

from leadbridge.errors import StorageUnavailable
from leadbridge.store.sqlite.connection import open_for_writing

R = TypeVar("R")
MOST_IN_ONE_COMMIT: Final = 512  # bounds how long the first caller of a batch waits for the last


@dataclass(slots=True)
class _Change(Generic[R]):
    apply: Callable[[apsw.Connection], R]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[R]
    result: R | None = None
    error: Exception | None = None

    def settle(self) -> None:
        if self.future.done():  # the caller was cancelled; the change stands all the same
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)  # type: ignore[arg-type]  # set by `apply`


class Writer:
    """The only writer of a database file."""

    def __init__(self, path: Path) -> None:
        """Open the file; raises `StorageUnavailable` when that fails."""
        self._connection = open_for_writing(path)
        self._queue: queue.SimpleQueue[_Change[Any] | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="leadbridge-writer", daemon=True)
        self._thread.start()

    async def run(self, apply: Callable[[apsw.Connection], R]) -> R:
        """Apply a change and return its result after the commit that holds it."""
        if self._closed:
            raise StorageUnavailable("the store is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        self._queue.put(_Change(apply, loop, future))
        return await future

    async def close(self) -> None:
        """Commit what waits, then let the file go."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
            await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        last = False
        while not last:
            batch: list[_Change[Any]] = []
            change = self._queue.get()
            while change is not None:
                batch.append(change)
                if len(batch) == MOST_IN_ONE_COMMIT:
                    break
                try:
                    change = self._queue.get_nowait()
                except queue.Empty:
                    break
            last = change is None
            if batch:
                self._commit(batch)
        self._connection.close()

    def _commit(self, batch: list[_Change[Any]]) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for change in batch:
                self._apply(change)
            self._connection.execute("COMMIT")
        except apsw.Error as error:
            # A full disk, an I/O error, a lost lock: nothing of this batch is durable.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            unavailable = StorageUnavailable(f"nothing could be stored: {error}")
            for change in batch:
                change.error = unavailable
        for loop in {change.loop for change in batch}:
            mine = [change for change in batch if change.loop is loop]
            try:
                loop.call_soon_threadsafe(_settle, mine)
            except RuntimeError:  # the loop is closed: nobody waits any more
                continue

    def _apply(self, change: _Change[Any]) -> None:
        """Run one change; its own mistake undoes it alone, trouble with the file undoes the batch."""
        self._connection.execute("SAVEPOINT change")
        try:
            change.result = change.apply(self._connection)
        except (
            apsw.FullError,
            apsw.IOError,
            apsw.CorruptError,
            apsw.NotADBError,
            apsw.ReadOnlyError,
            apsw.BusyError,
        ):
            raise
        except Exception as error:  # handed to the caller as it is
            self._connection.execute("ROLLBACK TO change")
            change.error = error
        self._connection.execute("RELEASE change")


def _settle(changes: list[_Change[Any]]) -> None:
    for change in changes:
        change.settle()
