"""Processes of two configurations on one database: none takes the other's accounts for ones that are gone."""

import asyncio

import pytest

from leadbridge.store.base import Store
from leadbridge.store.lanes import Process
from tests.deliver.lanes import Run, WatchedClock, row
from tests.support.journal import Journal
from tests.support.patience import PATIENCE
from tests.support.stored import FOREVER, add, new_delivery

NEW = "copper:localhost:new"


@pytest.fixture
def engine() -> str:
    return "postgres"


async def test_what_waits_for_an_account_that_another_process_may_know_is_left_to_it(
    store: Store, run: Run, clock: WatchedClock, journal: Journal
) -> None:
    waiting = new_delivery("email:1", lane=NEW)
    deliverer = await run()
    await store.join(Process(name="a newer one", accounts="more"), [NEW], lease=FOREVER)
    async with asyncio.timeout(PATIENCE):
        while deliverer._membership.alike:
            await clock.watched(1.0)
    await add(store, waiting)
    deliverer._look_again_soon()
    for _ in range(3):
        await clock.watched(1.0)
    assert (await row(store, waiting)).state == "pending"
    await store.leave("a newer one")
    async with asyncio.timeout(PATIENCE):
        while not journal.find("lane.held", lane=NEW, reason="destination_removed"):
            await clock.watched(1.0)
    assert (await row(store, waiting)).reason == "destination_removed"
    assert (await store.roll()).free == {NEW}
