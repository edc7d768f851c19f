"""Connections to PostgreSQL that outlive a store: a new one costs its server ten times what a usual test asks of it.

What is kept are whole pools whose connections are all idle. Where they are kept, nothing else changes: a pool is asked
for and closed as ever, by whoever uses one.
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from typing import Any, TypeVar

import asyncpg
import pytest

from leadbridge.store.postgres import reader, tokens
from leadbridge.store.postgres.connection import connect
from leadbridge.store.postgres.troubles import in_our_words
from tests.support.patience import PATIENCE

R = TypeVar("R")
MOST_KEPT = 4  # pools of one kind


class Beside:
    """A connection in a loop of its own, for what is done before there is a loop, or beside one."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="postgres beside", daemon=True)
        self._thread.start()
        self._connection: Any = None
        self._one = threading.Lock()

    def run(self, work: Callable[[Any], Awaitable[R]]) -> R:
        """Do something with the connection; one that it fails on is not used any more."""
        with self._one:
            return self._done(self._do(work))

    async def _do(self, work: Callable[[Any], Awaitable[R]]) -> R:
        if self._connection is not None:
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await self._connection.execute("SELECT 1")  # a test may have cut it
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._url)
        try:
            with in_our_words(in_doubt=False):
                return await work(self._connection)
        except BaseException:
            self._connection.terminate()
            raise

    def close(self) -> None:
        """End the connection and the loop."""
        if self._connection is not None:
            self._done(self._connection.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    def _done(self, work: Coroutine[Any, Any, R]) -> R:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)


class _Pool(asyncpg.Pool):  # type: ignore[misc]  # it says nothing of its types
    """A pool that may be kept when it is closed with nothing under way."""

    __slots__ = ("keep",)

    async def close(self) -> None:
        """End it, unless it is kept."""
        if self.get_idle_size() < self.get_size() or not self.keep(self):
            await super().close()


class Warmth:
    """Keeps the pools of one loop, and a connection beside it, to the databases of which it was told."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._beside: dict[str, Beside] = {}
        self._pools: defaultdict[tuple[str, object], list[_Pool]] = defaultdict(list)
        self._create_pool, self._at_once = asyncpg.create_pool, reader.at_once

    @contextmanager
    def kept(self) -> Iterator["Warmth"]:
        """Until the end of this."""
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(asyncpg, "create_pool", self._create)
            patched.setattr(reader, "at_once", self.at_once)
            patched.setattr(tokens, "at_once", self.at_once)
            yield self
        for pool in chain(*self._pools.values()):
            pool.terminate()

    def end_tasks(self) -> None:
        """Cancel what is still under way in the loop."""
        if tasks := asyncio.all_tasks(self._loop):
            for task in tasks:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))

    @contextmanager
    def of(self, url: str) -> Iterator[None]:
        """Keep what is connected to this database, whose server lives on."""
        self._beside[url] = beside = Beside(url)
        yield
        beside.close()

    def at_once(self, url: str, work: Callable[[Any], Awaitable[None]]) -> None:
        """As `reader.at_once`."""
        if url in self._beside:
            self._beside[url].run(work)
        else:
            self._at_once(url, work)

    def _create(self, dsn: str, **options: Any) -> Any:
        """As `asyncpg.create_pool`."""
        if dsn in self._beside and asyncio.get_running_loop() is self._loop:
            return self._created(dsn, options)
        return self._create_pool(dsn, **options)

    async def _created(self, dsn: str, options: dict[str, Any]) -> asyncpg.Pool:
        alike = self._pools[dsn, options["init"].__self__._settings]
        while alike:
            if await _works(pool := alike.pop()):
                return pool
            pool.terminate()

        def keep(closed: _Pool) -> bool:
            if len(alike) < MOST_KEPT:
                alike.append(closed)
            return closed in alike

        pool = _Pool(dsn, **{**_DEFAULTS, **options})
        pool.keep = keep
        return await pool


# What `asyncpg.create_pool` gives a pool by itself.
_DEFAULTS = {"record_class": asyncpg.Record, "max_queries": 50_000, "setup": None, "loop": None,
             "max_inactive_connection_lifetime": 0.0}  # fmt: skip


async def _works(pool: _Pool) -> bool:
    await asyncio.sleep(0)  # whoever was cut off hears of it
    await asyncio.sleep(0)
    try:
        await pool.execute("SELECT 1")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    return True
