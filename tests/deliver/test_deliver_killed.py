"""A process that was killed or stopped between a claim and its send: what counts in the quota, what is held."""

import asyncio
from typing import Any

import pytest

from leadbridge.crm.adapter import Quota
from leadbridge.deliver.deliverer import Deliverer
from leadbridge.deliver.hands import CONCURRENCY, MOST_CLAIMED
from leadbridge.deliver.transport import DEADLINE
from leadbridge.errors import StorageUnavailable
from leadbridge.store.base import Store
from leadbridge.store.values import NewDelivery
from tests.deliver.lanes import Run, SlowClaims, WatchedClock, row
from tests.support.crm import PlainAdapter, ScriptedTransport, answer
from tests.support.journal import Journal
from tests.support.patience import PATIENCE
from tests.support.stored import LANE, add, claim, new_delivery, recover

WINDOW = 10.0  # seconds
QUOTA = Quota(limit=3, window=WINDOW)


@pytest.mark.parametrize("waited", [41.0, 600.0, 86_000.0], ids=["for a hand", "for quiet", "for nearly a day"])
async def test_a_call_that_was_claimed_long_before_a_kill_counts_from_the_start_after_it(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport, waited: float
) -> None:
    for number in range(QUOTA.limit):
        await add(store, new_delivery(f"email:{number}"), now=clock.now())
    assert len(await claim(store, now=clock.now())) == QUOTA.limit
    clock.advance(waited)  # the last of it under way; then a kill
    deliverer = await run(quota=QUOTA)
    await clock.looked(deliverer)
    clock.advance(DEADLINE + WINDOW - 0.1)
    await clock.looked(deliverer)
    assert transport.calls == []
    clock.advance(0.2)
    await journal.seen("delivery.attempted", outcome="delivered", count=QUOTA.limit)


async def test_a_second_kill_right_after_the_start_forgets_none_of_them(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    for number in range(QUOTA.limit):
        await add(store, new_delivery(f"email:{number}"), now=clock.now())
    await claim(store, now=clock.now())
    clock.advance(600)
    await recover(store, now=clock.now())  # as far as the next process came
    clock.advance(5)
    deliverer = await run(quota=QUOTA)
    await clock.looked(deliverer)
    clock.advance(DEADLINE + WINDOW - 5.1)
    await clock.looked(deliverer)
    assert transport.calls == []
    clock.advance(0.2)
    await journal.seen("delivery.attempted", outcome="delivered", count=QUOTA.limit)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop that waits for nothing under way."""
    monkeypatch.setattr("leadbridge.deliver.deliverer.GRACE", 0.0)


async def in_quiet(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport,
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[Deliverer, list[NewDelivery]]:  # fmt: skip
    """Three creates that were claimed while the CRM asked for ten minutes of quiet."""
    await add(store, new_delivery("email:warm"))
    deliverer = await run(adapter=PlainAdapter(safe=False))
    await journal.seen("delivery.attempted", outcome="delivered")
    transport.gate.clear()
    await add(store, new_delivery("email:refused"))
    deliverer.wake([LANE])
    await transport.called(2)
    waiting = [new_delivery(f"email:{number}") for number in range(3)]
    await add(store, *waiting)
    with monkeypatch.context() as patched:
        claims = SlowClaims(store, patched)
        deliverer.wake([LANE])
        await claims.begun()
        transport.respond = lambda _call: answer(429, headers={"retry_after": "600"})
        transport.gate.set()
        await journal.seen("delivery.attempted", outcome="retrying", status=429)
        claims.go_on()
        await clock.looked(deliverer)
    assert [(await row(store, one)).state for one in waiting] == ["sending"] * 3
    assert len(transport.calls) == 2
    transport.respond = lambda _call: answer()
    return deliverer, waiting


@pytest.mark.usefixtures("at_once")
async def test_a_stop_in_a_429s_quiet_leaves_what_was_not_sent_in_line(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    deliverer, waiting = await in_quiet(store, run, clock, journal, transport, monkeypatch)
    await deliverer.stop()
    for one in waiting:
        assert (await row(store, one)).state == "pending"
        (attempt,) = await store.attempts_of(one.delivery_id)
        assert (attempt.outcome, attempt.error) == ("pending", "leadbridge stopped before it was sent")
    unanswered = [span for span in await store.recent_calls(LANE, since=0) if span.answered_at is None]
    assert unanswered == [], "what was not sent counts in no quota"
    assert len(journal.find("delivery.attempted", outcome="pending", call="upsert")) == len(waiting)
    again = await run(adapter=PlainAdapter(safe=False))
    await clock.looked(again)
    assert len(transport.calls) == 2, "the rest that the CRM asked for outlives the process"
    clock.advance(601)
    for one in waiting:
        await journal.seen("delivery.attempted", outcome="delivered", delivery=one.delivery_id)
    assert not journal.find("delivery.attempted", outcome="held")


@pytest.mark.usefixtures("at_once")
async def test_a_stop_on_a_full_disk_does_not_wait_to_say_what_was_not_sent(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    deliverer, waiting = await in_quiet(store, run, clock, journal, transport, monkeypatch)

    async def full(*_arguments: Any, **_named: Any) -> int:
        raise StorageUnavailable("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(store, "record", full)
        async with asyncio.timeout(PATIENCE):
            await deliverer.stop()
    assert len(journal.find("storage.unavailable", lane=LANE)) == 1
    await run(adapter=PlainAdapter(safe=False))
    clock.advance(601)
    for one in waiting:  # as after a kill
        await journal.seen("delivery.attempted", delivery=one.delivery_id, outcome="held", reason="unknown_outcome")


@pytest.mark.usefixtures("at_once")
async def test_a_stop_before_a_hand_was_free_tells_apart_what_was_sent(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    await add(store, new_delivery("email:warm"))
    deliverer = await run()
    await journal.seen("delivery.attempted", outcome="delivered")
    transport.gate.clear()
    deliveries = [new_delivery(f"email:{number}") for number in range(MOST_CLAIMED)]
    await add(store, *deliveries)
    deliverer.wake([LANE])
    await transport.called(1 + CONCURRENCY)
    await clock.looked(deliverer)
    await deliverer.stop()
    states = [(await row(store, one)).state for one in deliveries]
    assert states == ["sending"] * CONCURRENCY + ["pending"] * (MOST_CLAIMED - CONCURRENCY)
    assert len(transport.calls) == 1 + CONCURRENCY
