"""A process whose lease runs out begins no call and gives up those under way, and goes on when the lease is renewed."""

import asyncio
import math
from typing import Any

import pytest

from leadbridge.crm.adapter import Answer, Call, Quota
from leadbridge.deliver.account import LEASE
from leadbridge.deliver.calling import GIVEN_UP
from leadbridge.deliver.deliverer import WATCH
from leadbridge.deliver.health import FAILURES
from leadbridge.deliver.heartbeat import BEAT
from leadbridge.deliver.membership import LOOK
from leadbridge.deliver.tenure import LAST_MOMENT, LAST_START, GivenUp, Tenure
from leadbridge.errors import StorageUnavailable
from leadbridge.outgoing.client import NotOurs
from leadbridge.store.base import Store
from tests.deliver.lanes import Run, SlowClaims, WatchedClock, row
from tests.support.clock import ManualClock
from tests.support.crm import PlainAdapter, ScriptedTransport, answer
from tests.support.journal import Journal
from tests.support.patience import PATIENCE
from tests.support.stored import LANE, add, new_delivery


class Leases:
    """The store's leases as a test wants them: by its own clock, or not to be had."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self._really = store.renew
        self.asked = 0
        self.broken = False
        self.buried = False
        monkeypatch.setattr(store, "renew", self.renew)

    async def renew(self, name: str) -> float | None:
        self.asked += 1
        if self.broken:
            raise StorageUnavailable("the connection is lost")
        if self.buried:
            self.buried = False
            return None
        return None if await self._really(name) is None else LEASE.seconds

    async def asked_again(self, clock: WatchedClock, seconds: float) -> None:
        """Let time pass until the lease was asked for, and it is waited for the next time."""
        before, rests = self.asked, clock.rests["beats"]
        clock.advance(seconds)
        async with asyncio.timeout(PATIENCE):
            while self.asked == before or clock.rests["beats"] == rests:  # noqa: ASYNC110  # nothing to wait for
                await asyncio.sleep(0)


@pytest.fixture
def leases(store: Store, monkeypatch: pytest.MonkeyPatch) -> Leases:
    return Leases(store, monkeypatch)


async def test_a_call_may_begin_but_in_the_last_part_of_the_lease(clock: ManualClock) -> None:
    tenure = Tenure(clock, LEASE)
    assert not tenure.allows_a_call, "nothing is ours yet"
    tenure.renewed(asked=clock.monotonic(), lasts=LEASE.seconds)
    assert tenure.allows_a_call
    clock.advance(LEASE.seconds * (1 - LAST_START))
    assert tenure.allows_a_call
    clock.advance(0.001)
    assert not tenure.allows_a_call
    tenure.renewed(asked=clock.monotonic() - 8.0, lasts=LEASE.seconds)
    assert not tenure.allows_a_call, "it lasts from when it was asked for"
    tenure.renewed(asked=clock.monotonic(), lasts=math.inf)
    clock.advance(1e9)
    assert tenure.allows_a_call, "as long as the process lives"
    tenure.over()
    assert not tenure.allows_a_call


async def test_a_call_is_given_up_at_the_end_of_the_lease_and_not_before(clock: ManualClock) -> None:
    tenure = Tenure(clock, LEASE)
    tenure.renewed(asked=clock.monotonic(), lasts=LEASE.seconds)
    keeping, begun = asyncio.create_task(tenure.keep()), asyncio.Event()

    async def call() -> None:
        async with tenure.call():
            begun.set()
            await asyncio.Event().wait()

    calling = asyncio.create_task(call())
    await begun.wait()
    for _ in range(3):
        clock.advance(LEASE.seconds * 0.9)
        tenure.renewed(asked=clock.monotonic(), lasts=LEASE.seconds)
        await turns()
    clock.advance(LEASE.seconds * (1 - LAST_MOMENT) - 0.001)
    await turns()
    assert not calling.done(), "it was renewed in between"
    clock.advance(0.002)
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(GivenUp):
            await calling
    keeping.cancel()


async def test_a_timeout_of_the_calls_own_is_none_of_the_leases(clock: ManualClock) -> None:
    tenure = Tenure(clock, LEASE)
    with pytest.raises(TimeoutError, match="its own"):
        async with tenure.call():
            raise TimeoutError("its own")


async def turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def waits(store: Store, clock: WatchedClock, key: str) -> Any:
    delivery = new_delivery(key)
    await add(store, delivery, now=clock.now())
    return delivery


async def test_without_a_renewal_nothing_is_sent_until_there_is_one(
    store: Store, run: Run, leases: Leases, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    deliverer = await run(lease=LEASE)
    await clock.looked(deliverer)
    leases.broken = True
    await leases.asked_again(clock, LEASE.seconds * (1 - LAST_START) + 0.1)
    delivery = await waits(store, clock, "email:1")
    await clock.looked(deliverer)
    assert transport.calls == []
    assert (await row(store, delivery)).state == "pending"
    leases.broken = False
    await leases.asked_again(clock, LEASE.seconds * BEAT)
    await clock.watched(WATCH)
    await journal.seen("delivery.attempted", outcome="delivered")


@pytest.mark.parametrize("safe", [True, False], ids=["may be repeated", "must not be repeated"])
async def test_a_call_under_way_is_given_up_with_the_lease_and_its_outcome_is_not_known(
    store: Store, run: Run, leases: Leases, clock: WatchedClock, journal: Journal, transport: ScriptedTransport,
    safe: bool,
) -> None:  # fmt: skip
    transport.gate.clear()
    delivery = await waits(store, clock, "email:1")
    await run(lease=LEASE, adapter=PlainAdapter(safe=safe))
    await transport.called(1)
    leases.broken = True
    clock.advance(LEASE.seconds)
    (line,) = await journal.seen("delivery.attempted", outcome="retrying")
    assert GIVEN_UP in line["detail"]
    (attempt,) = await store.attempts_of(delivery.delivery_id)
    assert (attempt.status, attempt.error) == (None, GIVEN_UP)
    assert [span.answered_at for span in await store.recent_calls(LANE, since=0)] == [None], "the CRM may count it"
    assert not journal.find("lane.circuit_opened")
    transport.gate.set()
    leases.broken = False
    outcome = "delivered" if safe else "held"
    async with asyncio.timeout(PATIENCE):
        while not journal.find("delivery.attempted", outcome=outcome):
            await clock.watched(5.0)
    assert len(transport.calls) == (2 if safe else 1)


async def test_calls_that_were_not_ours_any_more_when_there_was_a_connection_say_nothing_of_the_crm(
    store: Store, run: Run, leases: Leases, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    def too_late(_call: Call) -> Answer:
        raise NotOurs

    transport.respond = too_late
    deliveries = [await waits(store, clock, f"email:{number}") for number in range(2 * FAILURES)]
    deliverer = await run(lease=LEASE, quota=Quota(limit=len(deliveries), window=10_000.0))
    await journal.seen("delivery.attempted", outcome="retrying", count=len(deliveries))
    transport.respond = lambda _call: answer()
    async with asyncio.timeout(PATIENCE):
        while len(journal.find("delivery.attempted", outcome="delivered")) < len(deliveries):
            clock.pass_for(deliverer, 1.0)
            await clock.looked(deliverer)
    assert not journal.find("lane.circuit_opened")


async def test_a_lane_in_use_renews_its_lease_in_time(
    store: Store, run: Run, leases: Leases, clock: WatchedClock, journal: Journal
) -> None:
    deliverer = await run(lease=LEASE)
    before = leases.asked
    for _ in range(8):
        await leases.asked_again(clock, LEASE.seconds * BEAT)
    assert leases.asked == before + 8
    await waits(store, clock, "email:1")
    deliverer.wake([LANE])
    await journal.seen("delivery.attempted", outcome="delivered")


async def test_who_was_thought_dead_sends_nothing_that_it_had_and_comes_back_as_another(
    store: Store, run: Run, leases: Leases, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    transport.gate.clear()
    first, second = await waits(store, clock, "email:1"), await waits(store, clock, "email:1")
    await run(lease=LEASE)
    await transport.called(1)
    (taken,) = await journal.seen("lane.taken")
    assert (taken["lanes"], taken["named"], taken["owned"], taken["known"]) == (1, [LANE], 1, 1)
    (before,) = (await store.roll()).peers
    await store.leave(before.name)  # as who buries it does
    await leases.asked_again(clock, LEASE.seconds * BEAT)
    await journal.seen("lane.lost", lanes=1, owned=0)
    transport.gate.set()
    async with asyncio.timeout(PATIENCE):
        while len(journal.find("delivery.attempted", outcome="delivered")) < 2:
            await clock.watched(LOOK)
    (after,) = (await store.roll()).peers
    assert after.name != before.name
    assert [(await row(store, one)).state for one in (first, second)] == ["delivered"] * 2
    assert len(transport.calls) == 3, "the first was given up, and is sent again"


async def test_a_stop_gives_all_lanes_back_at_once(
    store: Store, run: Run, leases: Leases, clock: WatchedClock, journal: Journal
) -> None:
    deliverer = await run(lease=LEASE)
    await waits(store, clock, "email:1")
    deliverer.wake([LANE])
    await journal.seen("delivery.attempted", outcome="delivered")
    await deliverer.stop()
    await journal.seen("lane.given_back", lanes=1, owned=0)
    assert (await store.roll()).peers == ()
    again = await run(lease=LEASE)
    await journal.seen("lane.taken", count=2)
    assert again.lanes_owned == 1


async def test_a_call_that_a_stop_cut_off_keeps_its_lane_until_the_lease_is_over(
    store: Store, run: Run, leases: Leases, clock: WatchedClock, transport: ScriptedTransport,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("leadbridge.deliver.deliverer.GRACE", 0.0)
    transport.gate.clear()
    await waits(store, clock, "email:1")
    deliverer = await run(lease=LEASE)
    await transport.called(1)
    await deliverer.stop()
    (peer,) = (await store.roll()).peers
    assert await store.lanes_of(peer.name) != {}, "the CRM may be at work on it"


async def test_a_lane_that_is_told_again_to_leave_still_waits_for_its_calls(
    store: Store, run: Run, clock: WatchedClock, transport: ScriptedTransport
) -> None:
    """A stop comes while lanes are on their way to another process."""
    transport.gate.clear()
    await waits(store, clock, "email:1")
    deliverer = await run(lease=LEASE)
    await transport.called(1)
    lane = deliverer._lanes[LANE]
    for _ in range(3):
        leaving = asyncio.create_task(lane.leave(grace=PATIENCE))
        for _ in range(9):
            await asyncio.sleep(0)
        assert not leaving.done()
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
    leaving = asyncio.create_task(lane.leave(grace=PATIENCE))
    transport.gate.set()
    assert await leaving
    assert len(transport.calls) == 1


async def test_a_claim_on_its_way_when_a_lane_is_told_again_to_leave_is_sent(
    store: Store, run: Run, clock: WatchedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = SlowClaims(store, monkeypatch)
    delivery = await waits(store, clock, "email:1")
    deliverer = await run(lease=LEASE)
    await claims.begun()
    lane = deliverer._lanes[LANE]
    leaving = asyncio.create_task(lane.leave(grace=PATIENCE))
    for _ in range(9):
        await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    claims.go_on()
    assert await lane.leave(grace=PATIENCE)
    assert (await row(store, delivery)).state == "delivered"


async def test_a_lane_with_a_call_that_was_cut_off_is_not_left_in_order_however_often_it_is_told(
    store: Store, run: Run, clock: WatchedClock, transport: ScriptedTransport
) -> None:
    transport.gate.clear()
    await waits(store, clock, "email:1")
    deliverer = await run(lease=LEASE)
    await transport.called(1)
    lane = deliverer._lanes[LANE]._lane
    assert lane is not None
    assert not await lane.leave(grace=0.0)
    assert not await lane.leave(grace=PATIENCE)
