"""A SQLite file with something in every table, and an empty PostgreSQL database."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from leadbridge.store.moving import target as target_room
from leadbridge.store.postgres.unfinished import PROGRESS
from tests.moving.life import fill
from tests.support.postgres import Cluster


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that is copied for each test."""
    path = tmp_path_factory.mktemp("moving") / "leadbridge.db"
    asyncio.run(fill(path))
    return path


@pytest.fixture(autouse=True)
def few_weeks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each week is four tables to make."""
    monkeypatch.setattr(target_room, "MOST_WEEKS", 0)


@pytest.fixture
def source(filled: Path, tmp_path: Path) -> Path:
    """A file that nobody serves."""
    return Path(shutil.copy(filled, tmp_path / "leadbridge.db"))


@pytest.fixture(scope="session")
def apart(postgres: Cluster) -> Cluster:
    """A database that no connection of another test is kept open to."""
    return Cluster(postgres.server)


@pytest.fixture
async def target(apart: Cluster) -> AsyncIterator[str]:
    """The URL of a database of ours with nothing in it."""
    url = apart.emptied()
    yield url
    connection = await asyncpg.connect(url)
    await connection.execute(f"DROP TABLE IF EXISTS {PROGRESS}")
    await connection.close()


@pytest.fixture
async def bare(postgres: Cluster) -> AsyncIterator[str]:
    """The URL of a database without a table."""
    name = await postgres.server.make_database()
    yield postgres.server.url(name)
    await postgres.server.drop_database(name)
