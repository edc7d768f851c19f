"""Stores of any engine, as tests open them."""

from pathlib import Path

from leadbridge.store.opening import ServingStore, open_store
from leadbridge.store.sqlite.store import SqliteStore

SQLITE = "sqlite:///"
ENGINES = ("sqlite", "postgres")


def opened_store(url: str) -> ServingStore:
    """The store that a service has; whatever room is left on the disk."""
    if url.startswith(SQLITE):
        return SqliteStore(Path(url.removeprefix(SQLITE)), disk_reserve=0)
    return open_store(url)
