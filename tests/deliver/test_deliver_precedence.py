"""During a burst of submissions a lane goes on with few deliveries at once, and with all of its hands after it."""

from leadbridge.deliver.hands import CONCURRENCY
from leadbridge.deliver.lane import MOST_IN_A_BURST
from leadbridge.precedence import MANY, Precedence
from leadbridge.store.base import Store
from tests.deliver.lanes import Run, WatchedClock
from tests.support.crm import ScriptedTransport
from tests.support.journal import Journal
from tests.support.stored import add, new_delivery


async def test_a_lane_gives_way_to_a_burst_goes_on_meanwhile_and_is_itself_again_afterwards(
    run: Run,
    store: Store,
    journal: Journal,
    transport: ScriptedTransport,
    clock: WatchedClock,
    precedence: Precedence,
) -> None:
    await add(store, new_delivery("email:warm"))
    deliverer = await run()
    await journal.seen("delivery.attempted", outcome="delivered")
    for _ in range(MANY):
        precedence.came()
    transport.gate.clear()
    await add(store, *(new_delivery(f"email:{one}") for one in range(60)))
    await clock.looked(deliverer)
    assert len(transport.calls) == 1 + MOST_IN_A_BURST
    transport.gate.set()
    await journal.seen("delivery.attempted", outcome="delivered", count=61)

    for _ in range(MANY):
        precedence.went()
    transport.gate.clear()
    await add(store, *(new_delivery(f"email:later{one}") for one in range(60)))
    await clock.looked(deliverer)
    assert len(transport.calls) == 61 + CONCURRENCY
    transport.gate.set()
    await journal.seen("delivery.attempted", outcome="delivered", count=121)
