"""The database of a run: made for it alone, and gone afterwards."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import apsw
import asyncpg

from leadbridge.errors import StorageUnavailable, UsageError
from leadbridge.prove.disk import SmallDisk, moved
from leadbridge.prove.processes import ProcessFailed
from leadbridge.store.postgres.connection import Connection, connect
from leadbridge.store.sqlite.beside import open_for_reading
from leadbridge.store.sqlite.connection import rows

DATABASE: Final = "leadbridge.db"
PREFIX: Final = "leadbridge_prove_"
BACK_WITHIN: Final = 60.0  # seconds in which a server that was restarted must answer again
_URL: Final = re.compile(r"(postgres(?:ql)?://[^/?]*)(?:/[^?]*)?(\?.*)?", re.DOTALL)
_PASSWORD: Final = re.compile(r"(//[^:/@?]*):[^/@?]*@")
_CAUGHT: Final = """
    SELECT (SELECT count(*) FROM submissions WHERE state = 'received'),
        (SELECT count(*) FROM deliveries WHERE state = 'sending'),
        (SELECT count(*) FROM attempts WHERE answered_at IS NULL AND outcome IS NULL)"""
_CAUGHT_OF: Final = """
    WITH killed AS (SELECT lane FROM lanes JOIN processes ON processes.name = lanes.owner WHERE pid = ANY($1::int[]))
    SELECT (SELECT count(*) FROM submissions WHERE state = 'received'),
        (SELECT count(*) FROM deliveries WHERE state = 'sending' AND lane IN (SELECT lane FROM killed)),
        (SELECT count(*) FROM attempts
         WHERE answered_at IS NULL AND outcome IS NULL AND lane IN (SELECT lane FROM killed))"""
_AT_WORK: Final = "SELECT DISTINCT pid FROM processes WHERE name IN (SELECT owner FROM lanes)"
_CUT: Final = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """What a kill cut off, as the database shows it: where in its work the process was."""

    received: int  # submissions stored and not mapped yet
    sending: int  # deliveries claimed
    calls: int  # calls begun, with no answer on disk


class SqliteScratch:
    """A file, which can be moved to a small disk and back while nobody has it open."""

    def __init__(self, folder: Path, *, disk: SmallDisk | None = None) -> None:
        self.disk = disk
        self._folder = folder
        self._path = folder / DATABASE

    @property
    def url(self) -> str:
        """The database's `LEADBRIDGE_DATABASE_URL`."""
        return f"sqlite:///{self._path}"

    async def make(self) -> str:
        """Nothing yet: the service makes the file; says what engine it is."""
        return f"SQLite {apsw.sqlite_lib_version()}"

    async def caught(self, *_pids: int) -> Caught:
        """What the only process was about to do."""
        if not self._path.exists():
            return Caught(received=0, sending=0, calls=0)
        with closing(open_for_reading(self._path)) as connection:
            ((received, sending, calls),) = rows(connection, _CAUGHT)
        return Caught(received=received, sending=sending, calls=calls)

    def move_to_small_disk(self) -> None:
        """Put it onto the small disk, if there is one."""
        if self.disk is not None:
            self._path = moved(self._path, self.disk.folder)

    def move_back(self) -> None:
        """Put it back where it was."""
        self._path = moved(self._path, self._folder)

    async def remove(self) -> None:
        """Nothing to do: the file goes with its folder."""

    def shown(self) -> str:
        """The URL, as it may be printed."""
        return self.url


class PostgresScratch:
    """A database of its own on a server that may have others: those are not touched."""

    disk: None = None

    def __init__(self, server_url: str, *, restart_command: str | None = None) -> None:
        """`server_url` names any database on it, and a user who may create one (CREATEDB).

        `restart_command` is a line for the shell that restarts the server and returns when it is done. Raises
        `UsageError` for what is no URL.
        """
        found = _URL.fullmatch(server_url)
        if found is None:
            raise UsageError("--database must look like postgresql://user:password@host:5432/database")
        self._server_url = server_url
        self._name = f"{PREFIX}{secrets.token_hex(5)}"
        self.is_there = False
        self.restart_command = restart_command
        self.url = f"{found[1]}/{self._name}{found[2] or ''}"

    async def make(self) -> str:
        """Create the database; says what engine it is. Raises `UsageError` when this user may not."""
        async with _connected(self._server_url) as connection:
            try:
                await connection.execute(f"CREATE DATABASE {self._name} TEMPLATE template0")
            except asyncpg.InsufficientPrivilegeError as error:
                raise UsageError(
                    f"prove makes a database of its own, and this user may not: {error}; "
                    "ALTER ROLE … CREATEDB, or name another user in --database"
                ) from error
            self.is_there = True
            version = await connection.fetchval("SHOW server_version")
        return f"PostgreSQL {version.split()[0]}"

    async def caught(self, *pids: int) -> Caught:
        """What was under way when processes were killed: what waited to be mapped, and what went on in their lanes."""
        async with _connected(self.url) as connection:
            received, sending, calls = await connection.fetchrow(_CAUGHT_OF, pids)
        return Caught(received=received, sending=sending, calls=calls)

    async def at_work(self) -> set[int]:
        """The processes that have an account to send to."""
        async with _connected(self.url) as connection:
            return {pid for (pid,) in await connection.fetch(_AT_WORK)}

    async def cut(self) -> None:
        """End every connection to the database."""
        async with _connected(self.url) as connection:
            await connection.execute(_CUT)

    async def restart(self) -> None:
        """Restart the server, and wait until it answers; raises `ProcessFailed` when it does not."""
        process = await asyncio.create_subprocess_shell(
            self.restart_command or "false", stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL
        )
        if code := await process.wait():
            raise ProcessFailed(f"--restart-command ended with {code}: {self.restart_command}")
        try:
            async with asyncio.timeout(BACK_WITHIN):
                while not await _answers(self.url):  # noqa: ASYNC110  # a server has no event to set
                    await asyncio.sleep(0.05)
        except TimeoutError as error:
            raise ProcessFailed(f"the server did not answer in {BACK_WITHIN:g} s after its restart") from error

    async def remove(self) -> None:
        """Drop the database, whoever is still connected to it."""
        if self.is_there:
            async with _connected(self._server_url) as connection:
                await connection.execute(self.drop_statement)
            self.is_there = False

    @property
    def drop_statement(self) -> str:
        """The SQL that drops the database, whoever is connected to it."""
        return f"DROP DATABASE {self._name} WITH (FORCE)"

    def shown(self) -> str:
        """The URL, as it may be printed: without its password."""
        return _PASSWORD.sub(r"\1:•••@", self.url)


Scratch: TypeAlias = SqliteScratch | PostgresScratch


async def _answers(url: str) -> bool:
    try:
        async with _connected(url):
            return True
    except StorageUnavailable:
        return False


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Connection]:
    connection = await connect(url)
    try:
        yield connection
    finally:
        await connection.close()
