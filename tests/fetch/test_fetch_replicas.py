"""Two processes on one PostgreSQL fetch for one source: its window is never exceeded, and no lead is fetched twice."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from leadbridge.clock import SystemClock
from leadbridge.desk import Desk, desks
from leadbridge.fetch.fetcher import Fetcher
from leadbridge.fetch.source import FetchMeans
from leadbridge.metrics.meters import Meters
from leadbridge.outgoing.client import Answered
from leadbridge.settings.loading import load_text
from leadbridge.store.base import Store
from leadbridge.store.fetching import FetchQuota
from leadbridge.store.values import NewItem
from tests.fetch.vendor import CONFIG, ENVIRON, announcement, lead
from tests.support.journal import Journal
from tests.support.process import eventually
from tests.support.stored import new_request
from tests.support.stores import opened_store

LEADS = range(1, 37)
QUOTA = FetchQuota(limit=12, window=400)  # more than one process asks for at once: the other has a part in it


@pytest.fixture
def engine() -> str:
    return "postgres"


@pytest.fixture
async def other(store: Store, database_url: str) -> AsyncIterator[Store]:
    """The second process's."""
    opened = opened_store(database_url)
    yield opened
    await opened.close()


class Clocked:
    """A vendor that remembers when each call came, and answers none before the first window is full."""

    def __init__(self, clock: SystemClock, dice: Random) -> None:
        self.clock = clock
        self.dice = dice
        self.calls: list[tuple[str, float]] = []
        self.all_begun = asyncio.Event()

    async def get(
        self, address: str, *, query: Mapping[str, str], headers: Mapping[str, str], trace_id: str
    ) -> Answered:
        asked = address.rpartition("/")[2]
        self.calls.append((asked, self.clock.monotonic()))
        if len(self.calls) == QUOTA.limit:
            self.all_begun.set()
        await self.all_begun.wait()
        await asyncio.sleep(self.dice.uniform(0, 0.02))  # the network
        return lead(asked)

    async def close(self) -> None:
        """Nothing to let go."""


def desk() -> Mapping[str, Desk]:
    (made,) = desks(load_text(CONFIG, "tests.yaml", ENVIRON).settings).values()
    assert made.fetching is not None
    return {made.name: replace(made, fetching=replace(made.fetching, quota=QUOTA))}


async def test_two_processes_together_never_exceed_the_window(store: Store, other: Store) -> None:
    clock, journals = SystemClock(), (Journal(), Journal())
    vendor = Clocked(clock, Random(1))
    for one in LEADS:
        item = NewItem(submission_id=f"lead-{one:02}", state="awaiting_fetch")
        await store.accept(new_request(item, source="ads", body=announcement(one), at=clock.now()))
    fetchers = []
    for opened, journal in zip((store, other), journals, strict=True):
        log: Any = journal
        means = FetchMeans(
            store=opened, transport=vendor, clock=clock, log=log, meters=Meters(), dice=Random(1), fetched=lambda: None
        )
        fetchers.append(Fetcher(desk(), means))
    for fetcher in fetchers:
        fetcher.start()

    async def all_fetched() -> bool:
        return all(row.state == "received" for row in await store.submissions(limit=100))

    await eventually(all_fetched)
    for fetcher in fetchers:
        await fetcher.stop()
    assert sorted(asked for asked, _ in vendor.calls) == sorted(map(str, LEADS))
    assert all(journal.find("fetch.attempted") for journal in journals), "both had a part in it"
    for _, came in vendor.calls:
        within = sum(came - QUOTA.window / 1000 < other_came <= came for _, other_came in vendor.calls)
        assert within <= QUOTA.limit
