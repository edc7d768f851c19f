"""One run of the real service for every test that only looks at what became of it."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.life import Life, live
from tests.cli.site import Site, site


@pytest.fixture(scope="session")
def shared_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A running service, the CRMs behind it, and a folder; shared, so leave both as they are."""
    with site(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(scope="session")
def life(shared_site: Site) -> Life:
    """A submission for every state, sent once."""
    return live(shared_site)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, in which the test is."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def copied(life: Life, folder: Path) -> Path:
    """The run's database, for a test to change."""
    source = sqlite3.connect(life.site.folder / "leadbridge.db")
    copy = sqlite3.connect(folder / "copy.db")
    source.backup(copy)
    for connection in (source, copy):
        connection.close()
    return folder / "copy.db"
