"""A lane that waits for a place in its quota always looks again: the wait ends by time alone."""

import pytest

from leadbridge.crm.adapter import Quota
from leadbridge.deliver.quota import MARGIN
from leadbridge.store.base import Store
from tests.deliver.lanes import TICK, Run, TickingClock
from tests.support.crm import ScriptedTransport, answer
from tests.support.journal import Journal
from tests.support.stored import LANE, add, new_delivery


@pytest.fixture
def clock() -> TickingClock:
    return TickingClock()


@pytest.mark.parametrize("ticks", range(1, 14))
async def test_a_place_that_comes_free_while_the_lane_looks_for_one_is_not_slept_through(
    store: Store, run: Run, clock: TickingClock, journal: Journal, ticks: int
) -> None:
    for number in range(2):
        await add(store, new_delivery(f"email:{number}"))
    deliverer = await run(quota=Quota(limit=1, window=10.0))
    await journal.seen("delivery.attempted", count=1)
    await clock.looked(deliverer)
    clock.advance(10.0 + MARGIN - ticks * TICK)
    clock.ticking = True
    await clock.looked(deliverer)
    clock.ticking = False
    clock.advance(1)
    await journal.seen("delivery.attempted", count=2)


@pytest.mark.parametrize("ticks", range(1, 24))
async def test_a_circuit_whose_pause_ends_while_the_lane_looks_is_not_slept_through(
    store: Store, run: Run, clock: TickingClock, journal: Journal, transport: ScriptedTransport, ticks: int
) -> None:
    await add(store, *(new_delivery(f"email:{number}") for number in range(40)))
    transport.respond = lambda _call: answer(503)
    deliverer = await run()
    await journal.seen("lane.circuit_opened")
    await clock.looked(deliverer)
    until = (await store.lane(LANE)).paused_until
    assert until is not None
    clock.advance((until - clock.now()) / 1000 - ticks * TICK)
    sent = len(transport.calls)
    clock.ticking = True
    await clock.looked(deliverer)
    clock.ticking = False
    clock.advance(1)
    await transport.called(sent + 1)
