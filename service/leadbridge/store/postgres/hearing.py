"""Hearing of what other processes changed.

Whoever changes something counts that up afterwards, in a sequence: it belongs to no transaction, so nobody waits for
it. With it goes a notification, so that others look at once; one that is missed is found when they look at the count.
Both stand in a statement of their own, some time after the commit that they tell of: the commit of a notification
takes a lock of the whole server.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from functools import partial
from typing import Final

import orjson

from leadbridge.errors import StorageUnavailable
from leadbridge.store.postgres.connection import Connection, Database, connect
from leadbridge.store.postgres.troubles import in_our_words

CHANNEL: Final = "leadbridge"
RATE: Final = 0.05  # seconds between two notifications of one process
LOOK: Final = 30.0  # seconds after which anything may have changed: who changed it may be gone before it could tell
_COUNT: Final = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM leadbridge_changes"
# Whoever accepted these is gone, or far behind: nobody told of them, and they are anybody's by now.
_LEFT: Final = """
    SELECT EXISTS (SELECT 1 FROM submissions WHERE state = 'received' AND taken_by <> $1
                   AND taken_until < clock_timestamp())"""
_TELL: Final = "SELECT nextval('leadbridge_changes'), pg_notify($1, $2)"
_MOST: Final = 7_000  # bytes of a notification


async def changes(connection: Connection) -> int:
    """How many changes were ever told."""
    return int(await connection.fetchval(_COUNT))


async def tell(connection: Connection, lanes: Collection[str] = ()) -> None:
    """Let every process know that something changed, and the owners of lanes that something is due there."""
    payload = orjson.dumps(sorted(lanes)).decode()
    await connection.execute(_TELL, CHANNEL, payload if len(payload.encode()) <= _MOST else "[]")


class Hearing:
    """One process's ear and mouth."""

    def __init__(self, url: str, database: Database, *, name: str, since: int) -> None:
        """News is what others than `name` told after the change that has this number."""
        self._url = url
        self._database = database
        self._name = name
        self._listening: Connection | None = None
        self._seen = since  # without our own
        self._own = 0
        self._counting = asyncio.Lock()  # our own is no news, from the moment it is counted
        self._looked = time.monotonic()
        self._due: Callable[[Collection[str]], None] = lambda _lanes: None
        self._telling: asyncio.Task[None] | None = None
        self._to_tell: set[str] | None = None

    def call_when_due(self, tell: Callable[[Collection[str]], None]) -> None:
        """Call this, in the loop, with the lanes in which somebody put something."""
        self._due = tell

    async def news(self) -> bool:
        """Whether anything was told by others since this was last asked."""
        await self._listen()
        now = time.monotonic()
        async with self._counting:
            count = await self._database.run(changes)
        left = await self._database.run(lambda connection: connection.fetchval(_LEFT, self._name))
        changed = left or count - self._own != self._seen or now - self._looked >= LOOK
        if changed:
            self._seen, self._looked = count - self._own, now
        return bool(changed)

    def tell(self, lanes: Iterable[str] = ()) -> None:
        """Let the others know soon, once for all that is told meanwhile."""
        self._to_tell = {*(self._to_tell or ()), *lanes}
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell(), name="postgres notify")

    async def close(self) -> None:
        """Tell what is to be told, and let the connection go."""
        if self._telling is not None and not self._telling.done():
            await self._telling
        if self._listening is not None and not self._listening.is_closed():
            with suppress(Exception):  # it is on its way out whatever it says
                await self._listening.close(timeout=1.0)
        self._listening = None

    async def _listen(self) -> None:
        if self._listening is not None and not self._listening.is_closed():
            return
        self._listening = None
        ear = await connect(self._url)
        try:
            with in_our_words(in_doubt=False):
                await ear.add_listener(CHANNEL, self._hear)
        except BaseException:  # whatever it was: nothing would be heard on it
            ear.terminate()
            raise
        self._listening = ear

    async def _tell(self) -> None:
        while self._to_tell is not None:
            lanes, self._to_tell = self._to_tell, None
            with suppress(StorageUnavailable):  # whoever has not heard looks all the same
                async with self._counting:
                    await self._database.run(partial(tell, lanes=lanes))
                    self._own += 1
            if self._to_tell is not None:
                await asyncio.sleep(RATE)

    def _hear(self, _connection: object, _pid: int, _channel: str, payload: str) -> None:
        with suppress(ValueError):  # anybody may write to a channel
            self._due([str(lane) for lane in orjson.loads(payload)])
