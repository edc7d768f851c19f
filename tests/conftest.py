"""What every test may use. A test with a store ends with its ledger balanced, or fails."""

import gc
import os
import tempfile
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import hypothesis
import pytest

from leadbridge.store.base import Store
from tests.support import memory
from tests.support.clock import ManualClock
from tests.support.examples import EXPLORING, USUAL
from tests.support.hanging import Watch
from tests.support.journal import Journal
from tests.support.postgres import Cluster, server
from tests.support.remembered import authorities, commands, configurations
from tests.support.reports import fewer_reports
from tests.support.skips import no_skip
from tests.support.stores import opened_store
from tests.support.warm import Warmth

# The same examples on every machine; `make explore` looks for new ones, and what it finds becomes an `@example`.
hypothesis.settings.register_profile("fixed", max_examples=USUAL, derandomize=True, deadline=None)
hypothesis.settings.register_profile("explore", max_examples=USUAL, deadline=None)
hypothesis.settings.load_profile("explore" if EXPLORING else "fixed")

tempfile.tempdir = memory.folder() or tempfile.tempdir

# Collecting makes a million objects that stay: looking through them again and again took a third of that time.
gc.disable()

WATCH = pytest.StashKey[Watch]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[WATCH] = Watch()
    fewer_reports(config)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> None:
    item.config.stash[WATCH].begins(item)


def pytest_exception_interact(node: pytest.Item | pytest.Collector) -> None:
    node.config.stash[WATCH].end()  # pytest ends it too


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[WATCH].end()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    return no_skip(report) if os.environ.get("CI") == "true" else report


def pytest_collection_finish() -> None:
    """What was collected is looked through no more; what tests leave behind is, now and then."""
    gc.freeze()
    gc.set_threshold(10_000, 10, 50)  # as often as Python does it by itself, it is a twentieth of the time
    gc.enable()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def journal() -> Journal:
    return Journal()


@pytest.fixture(scope="session", autouse=True)
def remembered() -> Iterator[None]:
    """What is read and put together for the first test that needs it is there for those that follow."""
    with authorities(), commands(), configurations():
        yield


@pytest.fixture(scope="session", autouse=True)
async def warmth() -> AsyncIterator[Warmth]:
    """Connections to the next fixture's server are not made anew for each test."""
    with Warmth().kept() as kept:
        yield kept


@pytest.fixture(autouse=True)
def nothing_goes_on(warmth: Warmth) -> Iterator[None]:
    """All tests have one loop: what one of them leaves under way ends with it."""
    yield
    warmth.end_tasks()


@pytest.fixture(scope="session")
def postgres(warmth: Warmth) -> Iterator[Cluster]:
    """A PostgreSQL with an empty database of ours in it; one for each process of a test run."""
    with server() as running:
        cluster = Cluster(running, at_once=warmth.at_once)
        with warmth.of(cluster.made()):
            yield cluster


@pytest.fixture
def engine() -> str:
    """What stores are on; folders whose tests run on every engine say so in their own `conftest.py`."""
    return "sqlite"


@pytest.fixture
def database_url(request: pytest.FixtureRequest, engine: str, tmp_path: Path) -> str:
    """An empty database."""
    if engine == "sqlite":
        return f"sqlite:///{tmp_path / 'leadbridge.db'}"
    cluster: Cluster = request.getfixturevalue("postgres")
    return cluster.emptied()


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """A store; afterwards its books must balance."""
    opened = opened_store(database_url)
    yield opened
    books = await opened.ledger()
    await opened.close()
    assert books.balances, books
