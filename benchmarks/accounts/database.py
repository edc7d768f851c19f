"""The PostgreSQL of a run, and what it tells: whose the lanes are, what is left to do, what it was asked."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from benchmarks.postgres import SETTINGS
from tests.support.postgres import Server, installed, server

_COUNTING: Final = {"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.max": "10000"}
_OWNERS: Final = "SELECT owner, count(*) FROM lanes WHERE owner IS NOT NULL GROUP BY owner"
_LEFT: Final = """
    SELECT (SELECT count(*) FROM submissions WHERE state = 'received')
         + (SELECT count(*) FROM deliveries WHERE state IN ('pending', 'retrying', 'sending'))"""
_STATES: Final = "SELECT state, count(*) FROM deliveries GROUP BY state"
_CONNECTIONS: Final = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'leadbridge'"
_ASKED: Final = """
    SELECT query, sum(calls)::float, sum(total_exec_time)::float FROM pg_stat_statements
    WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) GROUP BY query"""
_COMMITS: Final = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
_WAL: Final = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float"
_SIZE: Final = "SELECT pg_database_size(current_database())"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the server was asked so far: statements as they were written, with how often and for how long (ms)."""

    statements: Mapping[str, tuple[float, float]]
    commits: int
    wal: float  # bytes written
    size: int  # bytes


class Database:
    """One empty database, looked at from beside."""

    def __init__(self, running: Server, name: str, *, counts: bool) -> None:
        self._server = running
        self._name = name
        self._counts = counts

    @property
    def url(self) -> str:
        """Where it is reached."""
        return self._server.url(self._name)

    async def owners(self) -> Counter[str]:
        """How many lanes each process has."""
        return Counter(dict(await self._rows(_OWNERS)))

    async def left(self) -> int:
        """Submissions and deliveries that are not finished."""
        return int((await self._rows(_LEFT))[0][0])

    async def states(self) -> dict[str, int]:
        """How many deliveries are in each state."""
        return dict(await self._rows(_STATES))

    async def connections(self) -> int:
        """How many connections all processes have."""
        return int((await self._rows(_CONNECTIONS))[0][0])

    async def asked(self) -> Asked:
        """What was asked so far; no statements where the server has no `pg_stat_statements`."""
        statements = await self._rows(_ASKED) if self._counts else []
        return Asked(
            statements={" ".join(text.split()): (calls, spent) for text, calls, spent in statements},
            commits=(await self._rows(_COMMITS))[0][0],
            wal=(await self._rows(_WAL))[0][0],
            size=(await self._rows(_SIZE))[0][0],
        )

    async def prepare(self) -> None:
        """Have it count."""
        if self._counts:
            await self._rows("CREATE EXTENSION pg_stat_statements")

    async def _rows(self, statement: str) -> list[Any]:
        connection = await asyncpg.connect(self.url)
        try:
            found: list[Any] = await connection.fetch(statement)
        finally:
            await connection.close()
        return found


@contextmanager
def databases() -> Iterator[Server]:
    """A server that keeps what it commits, as a production one."""
    with server({**SETTINGS, **(_COUNTING if _can_count() else {})}) as running:
        yield running


async def made(running: Server) -> Database:
    """A new database."""
    database = Database(running, await running.make_database(), counts=_can_count())
    await database.prepare()
    return database


def _can_count() -> bool:
    """The development package's server cannot; `LEADBRIDGE_TEST_POSTGRES` may name one that does."""
    return any(installed().glob("lib/**/pg_stat_statements.so"))
