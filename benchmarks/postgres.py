"""A PostgreSQL of a run's own, as a production one is set: a commit is answered when it is on the disk."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.usage import used_by
from tests.support.postgres import Server, server

# As it comes, but for memory, and with room for more connections and WAL than a first try of it has.
SETTINGS: Final = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "autovacuum": "on",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "log_min_messages": "fatal",
}


class Postgres:
    """The server that runs on the same cores as what is measured; its files are in the temporary folder."""

    def __init__(self, running: Server) -> None:
        self._server = running

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return self._server.folder

    async def database(self) -> str:
        """The URL of a new and empty database."""
        return self._server.url(await self._server.make_database())

    @property
    def cpu_seconds(self) -> float | None:
        """Processor time used so far by all of its processes; None where the system does not tell."""
        try:
            pid = int((self._server.folder / "data" / "postmaster.pid").read_text(encoding="ascii").split()[0])
        except OSError:
            return None
        return used_by(pid)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server that ends, and leaves nothing behind, with the body."""
    with server(SETTINGS) as running:
        yield Postgres(running)
