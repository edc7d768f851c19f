"""Every store keeps the same promises."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

import pytest

from leadbridge.store.base import Store
from tests.support.stores import ENGINES, opened_store

Made: TypeAlias = Callable[[], AbstractAsyncContextManager[Store]]


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Every engine in turn."""
    return str(request.param)


@pytest.fixture
def a_store() -> Made:
    """A store with nothing in it, as often as a test wants one."""

    @asynccontextmanager
    async def made() -> AsyncIterator[Store]:
        with TemporaryDirectory() as folder:
            store = opened_store(f"sqlite:///{Path(folder) / 'leadbridge.db'}")
            yield store
            await store.close()

    return made
