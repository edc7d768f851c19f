"""Deliveries that have no key in common, and are known to lead to one record, are never under way at once."""

from leadbridge.store.base import Store
from tests.deliver.lanes import Run, WatchedClock, row
from tests.deliver.test_deliver_groups import Writer, bodies, person
from tests.support.crm import ScriptedTransport
from tests.support.journal import Journal
from tests.support.stored import LANE, add, new_delivery


async def test_by_email_and_by_phone_one_goes_after_the_other_and_the_older_one_overwrites_nothing(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    await add(store, person(0, "email:1", "phone:1", name="Ann"))
    deliverer = await run(adapter=Writer())
    await journal.seen("delivery.attempted", outcome="delivered")
    transport.gate.clear()
    by_phone, by_email = person(9, "phone:1", name="New"), person(5, "email:1", name="Old", title="CEO")
    await add(store, by_phone, by_email)
    deliverer.wake([LANE])
    await transport.called(2)
    await clock.looked(deliverer)
    assert len(transport.calls) == 2
    assert (await row(store, by_email)).state == "pending"
    transport.gate.set()
    await journal.seen("delivery.attempted", outcome="delivered", count=3)
    assert bodies(transport)[1:] == [{"name": "New"}, {"title": "CEO"}]


async def test_meanwhile_everybody_else_goes_on(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    await add(store, person(0, "email:1", "phone:1"))
    deliverer = await run(adapter=Writer())
    await journal.seen("delivery.attempted", outcome="delivered")
    transport.gate.clear()
    await add(
        store, person(9, "phone:1"), person(5, "email:1", title="CEO"), new_delivery("email:2", email="bob@example.com")
    )
    deliverer.wake([LANE])
    await transport.called(3)
    await clock.looked(deliverer)
    assert len(transport.calls) == 3
    transport.gate.set()
    await journal.seen("delivery.attempted", outcome="delivered", count=4)
