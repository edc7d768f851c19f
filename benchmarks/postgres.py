"""A PostgreSQL of a run's own, as a production one is set: a commit is answered when it is on the disk."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

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
            stats = [_stat(path) for path in Path("/proc").iterdir() if path.name.isdigit()]
        except OSError:
            return None
        ticks = sum(
            int(stat[11]) + int(stat[12]) + (int(stat[13]) + int(stat[14]) if is_first else 0)  # of those that ended
            for number, stat in stats
            if (is_first := number == pid) or (stat and int(stat[1]) == pid)
        )
        return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server that ends, and leaves nothing behind, with the body."""
    with server(SETTINGS) as running:
        yield Postgres(running)


def _stat(process: Path) -> tuple[int, list[str]]:
    """A process's number and what follows its name; nothing of one that has just ended."""
    try:
        stat = (process / "stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return int(process.name), []
    return int(process.name), stat.rpartition(")")[2].split()
