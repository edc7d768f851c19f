"""Whose turn it is: the urgent first, and nobody for ever last."""

from collections import Counter
from itertools import count

import pytest

from leadbridge.crm.adapter import Quota
from leadbridge.deliver.turns import REPLAY_EVERY, RETRY_EVERY, Urgency, order_of
from leadbridge.store.base import Store
from leadbridge.store.values import Selection
from tests.deliver.lanes import Run, WatchedClock
from tests.support.crm import ScriptedTransport, answer
from tests.support.journal import Journal
from tests.support.stored import LANE, add, new_delivery

PLACE = 10.1  # seconds until the place of an answered call is free again


@pytest.mark.parametrize(
    ("waiting", "shares"),
    [
        ({"live", "retry", "replay"}, {"live": 13, "retry": 2, "replay": 1}),
        ({"live", "replay"}, {"live": 15, "replay": 1}),
        ({"live", "retry"}, {"live": 14, "retry": 2}),
        ({"retry", "replay"}, {"retry": 15, "replay": 1}),
        ({"replay"}, {"replay": 16}),
    ],
)
def test_of_sixteen_turns_each_that_waits_has_its_share(waiting: set[Urgency], shares: dict[Urgency, int]) -> None:
    taken = [next(one for one in order_of(turn) if one in waiting) for turn in range(REPLAY_EVERY)]
    assert Counter(taken) == shares


def test_the_first_turns_are_those_of_live_ones() -> None:
    assert {order_of(turn)[0] for turn in range(RETRY_EVERY // 2)} == {"live"}
    assert all(len(set(order_of(turn))) == 3 for turn in range(2 * REPLAY_EVERY))


def a_record_of_its_own(transport: ScriptedTransport) -> None:
    """No delivery has to do with another."""
    records = count()
    transport.respond = lambda _call: answer(body={"id": next(records)})


async def replayed(store: Store, run: Run, journal: Journal, transport: ScriptedTransport, many: int) -> None:
    """So many deliveries that were delivered before and are to be sent once more."""
    a_record_of_its_own(transport)
    await add(store, *(new_delivery(f"email:{number}") for number in range(many)))
    first = await run()
    await journal.seen("delivery.attempted", outcome="delivered", count=many)
    await first.stop()
    again = await store.replay(Selection(states=("delivered",), lanes=(LANE,)), now=1_700_000_000_000)
    assert again.deliveries == many


async def test_a_live_lead_goes_out_with_the_next_place_although_many_replays_are_at_hand(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    await replayed(store, run, journal, transport, 40)
    clock.advance(60)
    transport.calls.clear()
    deliverer = await run(quota=Quota(limit=2, window=10.0))
    await transport.called(2)
    await clock.looked(deliverer)
    clock.advance(PLACE)
    await transport.called(4)
    live = new_delivery("email:live", email="live@example.com")
    await add(store, live, now=clock.now())
    deliverer.wake([LANE])
    await clock.looked(deliverer)
    clock.advance(PLACE)
    await transport.called(6)
    assert "live@example.com" in [call.body for call in transport.calls[4:6]]


async def test_a_live_lead_is_seen_behind_replays_that_were_read_a_moment_ago(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    await replayed(store, run, journal, transport, 64)
    transport.calls.clear()
    transport.gate.clear()
    deliverer = await run()
    await transport.called(1)  # the rest is at hand: the account is not known yet, so it goes alone
    await add(store, new_delivery("email:live", email="live@example.com"), now=clock.now())
    deliverer.wake([LANE])
    await clock.looked(deliverer)
    transport.gate.set()
    await journal.seen("delivery.attempted", outcome="delivered", count=64 + 65)
    assert transport.calls[1].body == "live@example.com"


async def test_replays_go_on_while_live_leads_keep_coming(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    await replayed(store, run, journal, transport, 3)
    await add(store, *(new_delivery(f"email:new{number}", email="live@example.com") for number in range(60)))
    transport.calls.clear()
    await run()
    await journal.seen("delivery.attempted", outcome="delivered", count=3 + 63)
    places = [number for number, call in enumerate(transport.calls) if call.body != "live@example.com"]
    assert places[0] < 2 * REPLAY_EVERY < places[-1]
