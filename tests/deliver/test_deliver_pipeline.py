"""How a lane keeps its hands busy: what is read ahead, what is recorded meanwhile, and what none of that may change."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from leadbridge.crm.adapter import Answer, Call, Quota
from leadbridge.deliver.deliverer import Deliverer
from leadbridge.deliver.hands import CONCURRENCY, MOST_AT_WORK, MOST_CLAIMED
from leadbridge.deliver.lineup import BELIEVED, READ_AHEAD
from leadbridge.store.base import Store
from leadbridge.store.claims import DueByUrgency, TryResult
from tests.deliver.lanes import Run, WatchedClock, row
from tests.support.crm import PlainAdapter, ScriptedTransport, answer
from tests.support.journal import Journal
from tests.support.stored import LANE, add, in_line, new_delivery


class Disk:
    """Records only while the gate is open."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self._record = store.record
        monkeypatch.setattr(store, "record", self.record)

    async def record(self, lane: str, result: TryResult) -> int:
        await self.gate.wait()
        return await self._record(lane, result)


class Reads:
    """Counts what is read ahead."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.limits: list[int] = []
        self.found: list[int] = []
        self._due = store.due
        monkeypatch.setattr(store, "due", self.due)

    async def due(self, lane: str, *, limit: int, now: int) -> DueByUrgency:
        self.limits.append(limit)
        found = await self._due(lane, limit=limit, now=now)
        self.found.append(len(in_line(found)))
        return found


async def states(store: Store) -> Counter[str]:
    """How many deliveries are in each state."""
    (account,) = [account for account in (await store.ledger()).accounts if account.kind == "deliveries"]
    return Counter({state: count for state, count in account.states.items() if count})


async def warm(run: Run, store: Store, clock: WatchedClock, journal: Journal, **options: Any) -> Deliverer:
    """A lane that knows its account, and rests until somebody wakes it."""
    await add(store, new_delivery("email:warm"))
    deliverer = await run(**options)
    await journal.seen("delivery.attempted", outcome="delivered")
    await clock.looked(deliverer)
    return deliverer


async def test_the_next_calls_are_made_while_outcomes_are_on_their_way_to_the_disk(
    store: Store,
    run: Run,
    clock: WatchedClock,
    journal: Journal,
    transport: ScriptedTransport,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disk = Disk(store, monkeypatch)
    deliverer = await warm(run, store, clock, journal)
    disk.gate.clear()
    for number in range(MOST_AT_WORK + 5):
        await add(store, new_delivery(f"email:{number}"))
    deliverer.wake([LANE])
    await transport.called(1 + MOST_AT_WORK)
    assert len(journal.find("delivery.attempted")) == 1, "none of their outcomes is on disk"
    disk.gate.set()
    await journal.seen("delivery.attempted", outcome="delivered", count=1 + MOST_AT_WORK + 5)


async def test_a_disk_that_stands_still_stops_the_lane(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    disk = Disk(store, monkeypatch)
    deliverer = await warm(run, store, clock, journal)
    disk.gate.clear()
    for number in range(3 * MOST_AT_WORK):
        await add(store, new_delivery(f"email:{number}"))
    deliverer.wake([LANE])
    await transport.called(1 + MOST_AT_WORK)
    await clock.looked(deliverer)
    assert len(transport.calls) == 1 + MOST_AT_WORK
    disk.gate.set()
    await journal.seen("delivery.attempted", outcome="delivered", count=1 + 3 * MOST_AT_WORK)


async def test_never_more_calls_are_under_way_than_the_lane_has_hands(
    store: Store,
    run: Run,
    clock: WatchedClock,
    journal: Journal,
    transport: ScriptedTransport,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    under_way, most = 0, 0
    send = transport.send

    async def counting(*given: Any, **named: Any) -> Answer:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        try:
            return await send(*given, **named)
        finally:
            under_way -= 1

    monkeypatch.setattr(transport, "send", counting)
    deliverer = await warm(run, store, clock, journal)
    for number in range(3 * READ_AHEAD):
        await add(store, new_delivery(f"email:{number}"))
    deliverer.wake([LANE])
    await journal.seen("delivery.attempted", outcome="delivered", count=1 + 3 * READ_AHEAD)
    assert most == CONCURRENCY


async def test_a_person_is_never_in_two_hands_while_an_outcome_is_on_its_way(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    disk = Disk(store, monkeypatch)
    deliverer = await warm(run, store, clock, journal)
    disk.gate.clear()
    first, second = new_delivery("email:1"), new_delivery("email:1")
    await add(store, first, second)
    deliverer.wake([LANE])
    await transport.called(2)
    await clock.looked(deliverer)
    assert (len(transport.calls), (await row(store, second)).state) == (2, "pending")
    disk.gate.set()
    await journal.seen("delivery.attempted", delivery=second.delivery_id)


async def test_a_backlog_is_read_many_at_once(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliverer = await warm(run, store, clock, journal)
    for number in range(2 * READ_AHEAD):
        await add(store, new_delivery(f"email:{number}"))
    reads = Reads(store, monkeypatch)
    deliverer.wake([LANE])
    await journal.seen("delivery.attempted", outcome="delivered", count=1 + 2 * READ_AHEAD)
    assert [found for found in reads.found if found] == [READ_AHEAD, READ_AHEAD]


async def test_no_more_is_read_ahead_than_the_quota_has_places_for(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    reads = Reads(store, monkeypatch)
    for number in range(12):
        await add(store, new_delivery(f"email:{number}"))
    await run(quota=Quota(limit=5, window=10.0))
    for done in (5, 10):
        await journal.seen("delivery.attempted", count=done)
        assert len(transport.calls) == done
        clock.advance(10.1)
    await journal.seen("delivery.attempted", count=12)
    assert max(reads.limits) == 5


async def test_what_was_held_after_it_was_read_ahead_is_not_sent(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    deliverer = await warm(run, store, clock, journal)
    transport.gate.clear()
    for number in range(MOST_CLAIMED + 2):
        await add(store, new_delivery(f"email:{number}"))
    deliverer.wake([LANE])
    await transport.called(1 + CONCURRENCY)
    await clock.looked(deliverer)
    assert await store.hold_lane(LANE, reason="bad_credentials", detail="gone", now=clock.now()) == 2
    transport.gate.set()
    await journal.seen("delivery.attempted", outcome="delivered", count=1 + MOST_CLAIMED)
    await clock.looked(deliverer)
    assert len(transport.calls) == 1 + MOST_CLAIMED


async def test_what_was_read_ahead_long_ago_is_read_again(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    deliverer = await warm(run, store, clock, journal)
    transport.gate.clear()
    deliveries = [new_delivery(f"email:{number}") for number in range(MOST_CLAIMED + 1)]
    for delivery in deliveries:
        await add(store, delivery)
    reads = Reads(store, monkeypatch)
    deliverer.wake([LANE])
    await transport.called(1 + CONCURRENCY)
    await clock.looked(deliverer)
    clock.advance(BELIEVED + 0.1)
    transport.gate.set()
    await journal.seen("delivery.attempted", outcome="delivered", count=2 + MOST_CLAIMED)
    assert [found for found in reads.found if found] == [MOST_CLAIMED + 1, 1]


async def test_some_are_claimed_before_a_hand_is_free_and_wait_for_one(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    deliverer = await warm(run, store, clock, journal)
    transport.gate.clear()
    for number in range(2 * MOST_CLAIMED):
        await add(store, new_delivery(f"email:{number}"))
    deliverer.wake([LANE])
    await transport.called(1 + CONCURRENCY)
    await clock.looked(deliverer)
    assert len(transport.calls) == 1 + CONCURRENCY
    assert await states(store) == {"delivered": 1, "sending": MOST_CLAIMED, "pending": MOST_CLAIMED}
    transport.gate.set()
    await journal.seen("delivery.attempted", outcome="delivered", count=1 + 2 * MOST_CLAIMED)


async def test_what_must_not_be_repeated_is_claimed_for_a_free_hand_alone(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    deliverer = await warm(run, store, clock, journal, adapter=PlainAdapter(safe=False))
    transport.gate.clear()
    for number in range(MOST_CLAIMED):
        await add(store, new_delivery(f"email:{number}"))
    deliverer.wake([LANE])
    await transport.called(1 + CONCURRENCY)
    await clock.looked(deliverer)
    assert await states(store) == {"delivered": 1, "sending": CONCURRENCY, "pending": MOST_CLAIMED - CONCURRENCY}
    transport.gate.set()
    await journal.seen("delivery.attempted", outcome="delivered", count=1 + MOST_CLAIMED)


async def test_a_429_keeps_quiet_what_is_claimed_already(
    store: Store, run: Run, clock: WatchedClock, journal: Journal, transport: ScriptedTransport
) -> None:
    deliverer = await warm(run, store, clock, journal)
    transport.gate.clear()
    transport.respond = lambda _call: answer(429, headers={"retry_after": "30"})
    for number in range(MOST_CLAIMED):
        await add(store, new_delivery(f"email:{number}"))
    deliverer.wake([LANE])
    await transport.called(1 + CONCURRENCY)
    await clock.looked(deliverer)
    transport.gate.set()
    await journal.seen("delivery.attempted", outcome="retrying", count=CONCURRENCY)
    await clock.looked(deliverer)
    assert len(transport.calls) == 1 + CONCURRENCY
    transport.respond = lambda _call: answer()
    clock.advance(30.1)
    await transport.called(1 + MOST_CLAIMED)


async def test_the_first_of_many_is_sent_alone_until_the_account_is_known(
    store: Store, run: Run, journal: Journal, transport: ScriptedTransport
) -> None:
    def refuse_at_first(_call: Call) -> Answer:
        return answer(422) if len(transport.calls) < 3 else answer()

    transport.respond = refuse_at_first
    for number in range(READ_AHEAD):
        await add(store, new_delivery(f"email:{number}"))
    transport.gate.clear()
    await run()
    await transport.called(1)
    assert len(transport.calls) == 1
    transport.gate.set()
    await journal.seen("delivery.attempted", outcome="delivered", count=READ_AHEAD - 2)
    assert len(journal.find("delivery.attempted", outcome="failed")) == 2
