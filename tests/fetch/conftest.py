"""Fixtures of the tests of fetching."""

from collections.abc import AsyncIterator

import pytest

from leadbridge.store.base import Store
from tests.fetch.staged import Stage
from tests.support.clock import ManualClock
from tests.support.journal import Journal


@pytest.fixture
async def stage(store: Store, clock: ManualClock, journal: Journal) -> AsyncIterator[Stage]:
    made = Stage(store, clock, journal)
    yield made
    made.vendor.gate.set()
    await made.stop()
