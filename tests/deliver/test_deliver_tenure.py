"""A lane whose lease runs out begins no call that could outlive it, and goes on when the lease is renewed."""

from typing import Any

import pytest

from leadbridge.deliver.account import LEASE
from leadbridge.deliver.deliverer import WATCH
from leadbridge.deliver.lane import ANOTHERS_LANE
from leadbridge.deliver.tenure import Tenure
from leadbridge.deliver.transport import DEADLINE
from leadbridge.errors import StorageUnavailable
from leadbridge.store.base import Store
from leadbridge.store.values import Lease, Ownership
from tests.deliver.lanes import Run, WatchedClock, row
from tests.support.clock import ManualClock
from tests.support.crm import ScriptedTransport
from tests.support.journal import Journal
from tests.support.stored import FOREVER, add, new_delivery


class Leases:
    """The store's leases as a test wants them: they last as long as was asked for, or cannot be had."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self._really = store.own_lane
        self.asked = 0
        self.broken = False
        self.anothers = False
        monkeypatch.setattr(store, "own_lane", self.own_lane)

    async def own_lane(self, lane: str, *, owner: str, lease: Lease) -> Ownership | None:
        self.asked += 1
        if self.broken:
            raise StorageUnavailable("the connection is lost")
        if self.anothers:
            return None
        ownership = await self._really(lane, owner=owner, lease=FOREVER)
        return ownership and Ownership(epoch=ownership.epoch, state=ownership.state, lasts=LEASE.seconds)


@pytest.fixture
def leases(store: Store, monkeypatch: pytest.MonkeyPatch) -> Leases:
    return Leases(store, monkeypatch)


def test_a_call_may_begin_while_its_deadline_ends_within_the_lease(clock: ManualClock) -> None:
    tenure = Tenure(clock, deadline=30.0)
    assert tenure.allows_a_call
    assert not tenure.to_be_renewed, "no lease, nothing to renew"
    tenure.renewed(asked=clock.monotonic(), lasts=40.0)
    assert (tenure.allows_a_call, tenure.to_be_renewed) == (True, False)
    clock.advance(3.0)
    assert (tenure.allows_a_call, tenure.to_be_renewed) == (True, True)
    clock.advance(7.0)
    assert tenure.allows_a_call
    clock.advance(0.001)
    assert not tenure.allows_a_call
    tenure.renewed(asked=clock.monotonic() - 11.0, lasts=40.0)
    assert not tenure.allows_a_call, "it lasts from when it was asked for"


async def waits(store: Store, clock: WatchedClock, key: str) -> Any:
    delivery = new_delivery(key)
    await add(store, delivery, now=clock.now())
    return delivery


async def test_without_a_renewal_nothing_is_sent_until_there_is_one(
    store: Store, run: Run, leases: Leases, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    deliverer = await run(lease=LEASE)
    await clock.watch_begun()
    await clock.looked(deliverer)
    leases.broken = True
    await clock.watched(LEASE.seconds - DEADLINE + 0.1)
    delivery = await waits(store, clock, "email:1")
    deliverer.wake([delivery.lane])
    await clock.looked(deliverer)
    assert transport.calls == []
    assert (await row(store, delivery)).state == "pending"
    leases.broken = False
    await clock.watched(WATCH)
    await journal.seen("delivery.attempted", outcome="delivered")


async def test_a_lane_in_use_renews_its_lease_in_time(
    store: Store, run: Run, leases: Leases, clock: WatchedClock, journal: Journal
) -> None:
    deliverer = await run(lease=LEASE)
    await clock.watch_begun()
    await clock.looked(deliverer)
    for _ in range(round(2 * LEASE.seconds / WATCH)):
        await clock.watched(WATCH)
    assert 2 < leases.asked < LEASE.seconds / WATCH
    delivery = await waits(store, clock, "email:1")
    deliverer.wake([delivery.lane])
    await journal.seen("delivery.attempted", outcome="delivered")


async def test_a_lane_that_another_took_over_is_told_and_begun_anew_when_it_comes_back(
    store: Store, run: Run, leases: Leases, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    deliverer = await run(lease=LEASE)
    await clock.watch_begun()
    await clock.looked(deliverer)
    leases.anothers = True
    await clock.watched(LEASE.seconds)
    await journal.seen("lane.lost")
    delivery = await waits(store, clock, "email:1")
    deliverer.wake([delivery.lane])
    await clock.looked(deliverer)
    assert transport.calls == []
    leases.anothers = False
    clock.pass_for(deliverer, ANOTHERS_LANE)
    await journal.seen("delivery.attempted", outcome="delivered")
