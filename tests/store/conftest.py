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
def a_store(request: pytest.FixtureRequest, engine: str) -> Made:
    """A store with nothing in it, as often as a test wants one."""

    @asynccontextmanager
    async def made() -> AsyncIterator[Store]:
        with TemporaryDirectory() as folder:
            if engine == "sqlite":
                store = opened_store(f"sqlite:///{Path(folder) / 'leadbridge.db'}")
            else:
                store = opened_store(request.getfixturevalue("postgres").emptied())
            yield store
            await store.close()

    return made
