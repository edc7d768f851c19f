"""A deliverer on a string: its CRM answers as the test says, its clock stands still, its looks are counted."""

from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest

from leadbridge.crm.adapter import Adapter, Quota
from leadbridge.deliver.account import Means
from leadbridge.deliver.calling import Tokens
from leadbridge.deliver.deliverer import Deliverer
from leadbridge.deliver.tenure import Tenure
from leadbridge.precedence import Precedence
from leadbridge.record import Recorder
from leadbridge.retry import RetryPolicy
from leadbridge.store.base import Store
from leadbridge.store.lanes import Lease
from leadbridge.store.opening import Operator, open_operator
from tests.deliver.lanes import Run, WatchedClock
from tests.support.crm import PlainAdapter, ScriptedTransport
from tests.support.journal import Journal
from tests.support.stored import FOREVER
from tests.support.stores import ENGINES


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Every engine in turn."""
    return str(request.param)


@pytest.fixture
def clock() -> WatchedClock:
    return WatchedClock()


@pytest.fixture
def transport() -> ScriptedTransport:
    return ScriptedTransport()


@pytest.fixture
def precedence(clock: WatchedClock) -> Precedence:
    return Precedence(clock)


@pytest.fixture
async def run(
    store: Store, clock: WatchedClock, journal: Journal, transport: ScriptedTransport, precedence: Precedence
) -> AsyncIterator[Run]:
    """Start delivering; stopped when the test is over."""
    started: list[Deliverer] = []

    async def start(
        *,
        quota: Quota | None = None,
        adapter: PlainAdapter | None = None,
        destinations: dict[str, Quota | None] | None = None,
        adapters: dict[str, Adapter] | None = None,
        tokens: Tokens | None = None,
        lease: Lease = FOREVER,
    ) -> Deliverer:
        log: Any = journal
        recorder = Recorder(store, clock=clock, policy=RetryPolicy(), dice=Random(1), log=log)
        quotas = destinations or dict.fromkeys(adapters or ["copper"], quota)
        adapters = adapters or {name: adapter or PlainAdapter() for name in quotas}
        means = Means(store=store, transport=transport, recorder=recorder, clock=clock, log=log, precedence=precedence,
                      tenure=Tenure(clock, lease), tokens=tokens, dice=Random(1), lease=lease)  # fmt: skip
        deliverer = Deliverer(adapters, quotas=quotas, means=means)
        started.append(deliverer)
        for former in (await store.roll()).peers:  # whoever claimed something before is gone, for longer than its lease
            await store.leave(former.name)
        await deliverer.start()
        await clock.watch_begun()  # else it would look at what the test does next as at what a start finds
        return deliverer

    yield start
    transport.gate.set()
    for deliverer in started:
        await deliverer.stop()


@pytest.fixture
async def operator(store: Store, database_url: str) -> AsyncIterator[Operator]:
    """Somebody at the command line, beside the service."""
    opened = open_operator(database_url)
    yield opened
    await opened.close()
