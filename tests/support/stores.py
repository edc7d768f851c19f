"""Stores of any engine, as tests open them."""

from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from leadbridge.store.opening import ServingStore, open_store
from leadbridge.store.sqlite.connection import open_for_writing
from leadbridge.store.sqlite.store import SqliteStore

SQLITE = "sqlite:///"
ENGINES = ("sqlite", "postgres")


def opened_store(url: str) -> ServingStore:
    """The store that a service has; whatever room is left on the disk."""
    if not url.startswith(SQLITE):
        return open_store(url)
    path = Path(url.removeprefix(SQLITE))
    if not path.exists():
        path.write_bytes(_new())
    return SqliteStore(path, disk_reserve=0)


@cache
def _new() -> bytes:
    """The file that a store makes, and whose making takes three times as long as to open it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "new.db"
        with closing(open_for_writing(path)):
            pass
        return path.read_bytes()
