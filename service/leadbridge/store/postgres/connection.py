"""The connections to one database, and what its errors mean."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar
from zlib import crc32

import asyncpg

from leadbridge.errors import StorageUnavailable, UsageError
from leadbridge.store.postgres.troubles import NO_CERTIFICATES, UNREADABLE, in_our_words

R = TypeVar("R")
Connection: TypeAlias = Any  # an `asyncpg.Connection`, which says nothing of its types
MOST_CONNECTIONS: Final = 8  # of one process, beside the one that listens
PATIENCE: Final = 15.0  # seconds until a statement, or a connection, counts as lost
TRIES: Final = 5  # of a transaction that gave way to another one
BELIEVED: Final = 3.0  # seconds for which a database that could not be reached is not asked again by `check`
# Every statement of the delivery path finds what it needs in an index, row by row; a plan that was made while a table
# was empty must not go through all of it when a million wait.
SETTINGS: Final = {
    "application_name": "leadbridge",
    "jit": "off",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    # With the values in hand the server would leave partitions out, and so make each plan anew; it does so as well when
    # it begins to run one.
    "plan_cache_mode": "force_generic_plan",
    # Whoever stands still in the midst of a transaction, or is gone without a word, must not keep what it locked.
    "idle_in_transaction_session_timeout": "5s",
    "tcp_keepalives_idle": "5",  # seconds, and so the next one
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}
ACCEPTING: Final = {**SETTINGS, "enable_hashjoin": "on"}  # a batch is joined with itself


class _Connection(asyncpg.Connection):  # type: ignore[misc]  # it says nothing of its types
    """One that leaves nothing behind, so that giving it back costs no round trip."""

    def get_reset_query(self) -> str:
        """Nothing was set."""
        return ""


async def connect(url: str, *, settings: Mapping[str, str] = SETTINGS, patience: float | None = PATIENCE) -> Connection:
    """One connection of its own; raises `StorageUnavailable`, and `UsageError` for what is no URL.

    `patience`: seconds for a statement; None for as long as it takes.
    """
    with in_our_words(in_doubt=False):
        try:
            connection: Connection = await asyncpg.connect(
                url,
                timeout=PATIENCE,
                command_timeout=patience,
                connection_class=_Connection,
            )
            try:
                await connection.execute(_set(settings))
            except BaseException:
                connection.terminate()
                raise
        except ValueError as error:  # its words may repeat the URL's password
            raise UsageError(NO_CERTIFICATES if "root certificate" in str(error) else UNREADABLE) from None
    return connection


@dataclass(slots=True)
class Health:
    """What the last use of a database came to, for all who use it."""

    failed: tuple[float, StorageUnavailable] | None = None  # when, in monotonic seconds, and how


class Database:
    """A pool of connections, made when it is first needed, in the loop that needs it."""

    def __init__(
        self,
        url: str,
        *,
        most: int = MOST_CONNECTIONS,
        settings: Mapping[str, str] = SETTINGS,
        health: Health | None = None,
    ) -> None:
        """At most so many connections at once, each with these settings."""
        self._url = url
        self._most = most
        self._settings = _set(settings)
        self._pool: asyncpg.Pool | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._making = asyncio.Lock()
        self.health = health or Health()
        self._closed = False

    def check(self) -> None:
        """Raise what the last look at the database found, if that was a moment ago."""
        if self._closed:
            raise StorageUnavailable("the store is closed")
        failed = self.health.failed
        if failed is not None and time.monotonic() - failed[0] < BELIEVED:
            raise failed[1]

    async def run(self, work: Callable[[Connection], Awaitable[R]]) -> R:
        """Do one statement, or some that need not stand together."""
        async with self._connection() as connection:
            return await work(connection)

    async def settle(self, work: Callable[[Connection], Awaitable[R]]) -> R:
        """Do one statement, one transaction, or what may be done twice; again when it had to give way to another."""
        return await _insist(lambda: self.run(work))

    async def write(self, change: Callable[[Connection], Awaitable[R]], *, lanes: Iterable[str] = ()) -> R:
        """Do all in one transaction, again when it had to give way to another; alone in these lanes."""
        begin = f"BEGIN; {_locked(lanes)}" if lanes else "BEGIN"
        return await _insist(lambda: self._write(change, begin))

    async def read(self, look: Callable[[Connection], Awaitable[R]]) -> R:
        """See one state of everything, by whatever plan is the best: for looks at whole tables."""
        async with self._connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute(_BY_WHOLE_TABLES)
            return await look(connection)

    async def close(self) -> None:
        """Let all connections go; those of a loop that has ended ended with it."""
        self._closed = True
        pool, self._pool = self._pool, None
        if pool is not None and self._loop is asyncio.get_running_loop():
            try:
                async with asyncio.timeout(PATIENCE):
                    await pool.close()
            except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                pool.terminate()

    async def _write(self, change: Callable[[Connection], Awaitable[R]], begin: str) -> R:
        """Asyncpg's own transaction would not take the locks in the same round trip as it begins."""
        async with self._connection() as connection:  # which is let go when anything fails, and its transaction with it
            await connection.execute(begin)
            result = await change(connection)
            await connection.execute("COMMIT")
            return result

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        if self._closed:
            raise StorageUnavailable("the store is closed")
        try:
            with in_our_words(in_doubt=False):
                pool = await self._opened()
                connection = await pool.acquire(timeout=PATIENCE)
            with in_our_words(in_doubt=True):
                try:
                    yield connection
                except BaseException:
                    with suppress(asyncpg.InterfaceError):  # it is closed already
                        connection.terminate()  # the next one might find it in the midst of this
                    raise
                finally:
                    await _give_back(pool, connection)
        except StorageUnavailable as trouble:
            self.health.failed = (time.monotonic(), trouble)
            raise
        self.health.failed = None

    async def _set_up(self, connection: Connection) -> None:
        await connection.execute(self._settings)

    async def _opened(self) -> asyncpg.Pool:
        loop = asyncio.get_running_loop()
        if self._pool is not None and self._loop is loop:
            return self._pool
        async with self._making:
            if self._pool is None or self._loop is not loop:
                self._pool = await asyncpg.create_pool(
                    self._url,
                    min_size=1,
                    max_size=self._most,
                    timeout=PATIENCE,
                    command_timeout=PATIENCE,
                    init=self._set_up,
                    connection_class=_Connection,
                )
                self._loop = loop
        return self._pool


async def _insist(attempt: Callable[[], Awaitable[R]]) -> R:
    for _ in range(TRIES - 1):
        with suppress(asyncpg.SerializationError, asyncpg.DeadlockDetectedError):
            return await attempt()
    return await attempt()


async def _give_back(pool: asyncpg.Pool, connection: Connection) -> None:
    """Whatever state a connection is in: one that cannot be given back is not used any more."""
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        await pool.release(connection, timeout=PATIENCE)


def _set(settings: Mapping[str, str]) -> str:
    """In a statement of their own: poolers refuse settings that come with the connection, or drop them in silence."""
    return "; ".join(f"SET {name} = '{value}'" for name, value in settings.items())


def numbered(statement: str) -> str:
    """A statement that engines share, with PostgreSQL's names for its values: `?1` is `$1`."""
    return re.sub(r"\?(\d+)", r"$\1", statement)


def columns(rows: Sequence[Sequence[Any]], count: int) -> list[list[Any]]:
    """Rows as the lists that `unnest` takes, one for each of `count` columns."""
    if not rows:
        return [[] for _ in range(count)]
    return [[storable(value) for value in column] for column in zip(*rows, strict=True)]


def storable(value: Any) -> Any:
    """A value that PostgreSQL can hold: its text knows no NUL."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value


async def lock_lanes(connection: Connection, lanes: Sequence[str]) -> None:
    """Be alone in these lanes until the end of the transaction: who waits for whom there is looked at, then changed."""
    if lanes:
        await connection.execute(_locked(lanes))


def _locked(lanes: Iterable[str]) -> str:
    """All lock in one order, or two of them would wait for each other."""
    numbers = sorted({crc32(lane.encode()) - 2**31 for lane in lanes})
    return f"SELECT pg_advisory_xact_lock({_LANES}, number) FROM unnest('{{{str(numbers)[1:-1]}}}'::int[]) AS number"


_BY_WHOLE_TABLES: Final = "; ".join([
    *(f"SET LOCAL enable_{how} = on" for how in ("seqscan", "hashjoin", "mergejoin")),
    "SET LOCAL plan_cache_mode = auto",
])  # fmt: skip
_LANES: Final = 0x1EAD  # our own kind of advisory lock
