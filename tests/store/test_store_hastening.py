"""What every store promises about retries that a person does not want to wait for."""

from asyncio import gather
from collections.abc import Callable, Sequence
from typing import Any

import apsw
import pytest

from leadbridge.crm.adapter import Call
from leadbridge.errors import StorageUnavailable
from leadbridge.plan import Choice
from leadbridge.store.base import Store
from leadbridge.store.claims import DeliveryUpdate, DueDelivery, FinishedCall, TryResult
from leadbridge.store.sqlite.store import SqliteStore
from leadbridge.store.steering import AT_ONCE
from leadbridge.store.values import Hastened, NewDelivery, Selection
from tests.store.test_store_groups import one, put
from tests.support.stored import LANE, START, add, claim, ids, in_line, new_delivery, recover

HOUR = 3_600_000  # milliseconds
IN_AN_HOUR = DeliveryUpdate(state="retrying", next_at=START + HOUR)
NOTHING = Hastened(due=0, later=0)
ALL = Selection(lanes=(LANE,))
MINUTE = 60_000  # milliseconds until a create shows
UNSURE = '{"unsure":{"create lead":5}}'


def create(_delivery: DueDelivery) -> Call:
    return Call(
        purpose="create lead", method="POST", path="/leads", body={}, safe_to_repeat=False, shows_after=MINUTE / 1000
    )


async def retrying(
    store: Store, *deliveries: NewDelivery, unsure: bool = False, update: DeliveryUpdate = IN_AN_HOUR
) -> None:
    """Deliveries that failed at START; when `unsure`, nobody knows what their creates did."""
    for delivery in deliveries:
        await add(store, delivery)
    for claimed in await claim(store, begin=create):
        finished = FinishedCall(attempt_id=claimed.attempt_id or 0, answered_at=None, outcome="retrying", error="x")
        progress = UNSURE if unsure else None
        result = TryResult(claim=claimed, at=START, finished=finished, update=update, progress=progress)
        await store.record(LANE, result)


async def due(store: Store, now: int) -> Sequence[tuple[str, ...]]:
    return [delivery.all_ids for delivery in in_line(await store.due(LANE, limit=2_000, now=now))]


async def test_what_waits_for_another_try_is_due_at_once_and_stays_a_retry(store: Store) -> None:
    delivery, elsewhere = new_delivery("email:1"), new_delivery("email:1", lane="another")
    await retrying(store, delivery)
    await add(store, elsewhere)
    assert await due(store, START + 1) == []
    assert await store.hasten(Selection(lanes=("another",)), now=START + 1) == NOTHING, "it waits for no retry"
    assert await store.hasten(ALL, now=START + 1) == Hastened(due=1, later=0)
    assert await store.next_due(LANE) == START + 1
    row = await store.delivery(delivery.delivery_id)
    assert row is not None
    assert (row.state, row.urgency, row.tries) == ("retrying", "retry", 1)
    (claimed,) = await claim(store, now=START + 1)
    assert (claimed.attempt, claimed.delivery.first_try_at) == (2, START), "it is tried for no longer than before"
    assert await store.hasten(ALL, now=START + 1) == NOTHING, "it is under way"


async def test_what_is_due_before_stays_due_when_it_was(store: Store) -> None:
    await retrying(store, new_delivery("email:1"))
    assert await store.hasten(ALL, now=START + 2 * HOUR) == Hastened(due=1, later=0)
    assert await store.next_due(LANE) == START + HOUR


async def test_what_a_call_may_have_done_shows_first(store: Store) -> None:
    sure, unsure = new_delivery("email:1"), new_delivery("email:2")
    await retrying(store, sure)
    await retrying(store, unsure, unsure=True)
    assert await store.hasten(ALL, now=START + 1) == Hastened(due=1, later=1)
    assert await due(store, START + MINUTE - 1) == [(sure.delivery_id,)]
    assert await due(store, START + MINUTE) == [(sure.delivery_id,), (unsure.delivery_id,)]
    assert await store.hasten(ALL, now=START + MINUTE) == Hastened(due=2, later=0), "and then at once"


async def test_what_a_kill_left_in_doubt_is_not_looked_for_before_it_shows(store: Store) -> None:
    await add(store, new_delivery("email:1"))
    await claim(store, begin=create)
    await recover(store, now=START + HOUR)
    assert await store.hasten(ALL, now=START + HOUR + 1) == Hastened(due=0, later=1)
    assert await store.next_due(LANE) == START + HOUR + MINUTE


async def test_a_clock_that_was_set_back_makes_nobody_wait_longer_than_it_takes_to_show(store: Store) -> None:
    await retrying(store, new_delivery("email:1"), unsure=True)
    assert await store.hasten(ALL, now=START - HOUR) == Hastened(due=0, later=1)
    assert await store.next_due(LANE) == START - HOUR + MINUTE


@pytest.mark.parametrize("named", [0, 1])
async def test_those_that_went_as_one_call_go_as_one_whichever_is_named(store: Store, named: int) -> None:
    group = [one(), one(), one()]
    names = tuple(delivery.delivery_id for delivery in group)
    await retrying(store, *group)
    assert await store.hasten(Selection(ids=(names[named],)), now=START + 1) == Hastened(due=3, later=0)
    assert await due(store, START + 1) == [names]


async def test_those_behind_one_in_doubt_wait_with_it(store: Store) -> None:
    group = [one(), one()]
    names = tuple(delivery.delivery_id for delivery in group)
    await retrying(store, *group, unsure=True)
    assert await store.hasten(Selection(ids=(names[1],)), now=START + 1) == Hastened(due=0, later=2)
    assert (await due(store, START + 1), await due(store, START + MINUTE)) == ([], [names])


async def test_more_than_one_commit_holds_takes_no_group_apart(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first of a group and the second stand in different commits: nobody sees the first one due by itself."""
    before = [new_delivery(f"email:{number}x") for number in range(499)]
    await add(store, *before)
    group = await put(store, one(), one())
    after = [new_delivery(f"email:{number}y") for number in range(499)]
    await add(store, *after)
    claims = await claim(store, limit=2_000)
    await gather(*(store.record(LANE, TryResult(claim=each, at=START, update=IN_AN_HOUR)) for each in claims))
    really, seen = store._write, []

    async def looked_at(apply: Callable[[apsw.Connection], Any]) -> Any:
        done = await really(apply)
        seen.append([one for one in await due(store, START + 1) if group[0] in one])
        return done

    monkeypatch.setattr(store, "_write", looked_at)
    assert await store.hasten(ALL, now=START + 1) == Hastened(due=1_000, later=0)
    assert seen == [[], [tuple(group)]]


async def test_a_change_that_was_cut_short_counts_what_it_did_though_it_began_at_the_end(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(store, *(new_delivery(f"email:{number}") for number in range(AT_ONCE + 1)))
    claims = await claim(store, limit=2_000)
    await gather(*(store.record(LANE, TryResult(claim=each, at=START, update=IN_AN_HOUR)) for each in claims))
    really, writes = store._write, [0]

    async def full(apply: Callable[[apsw.Connection], Any]) -> Any:
        writes[0] += 1
        if writes[0] == 2:
            raise StorageUnavailable("the disk is full")
        return await really(apply)

    monkeypatch.setattr(store, "_write", full)
    with pytest.raises(StorageUnavailable, match=f"^only 1 of {AT_ONCE + 1} were done; .*: the disk is full$"):
        await store.hasten(ALL, now=START + 1)


async def unsure_and_held(store: Store) -> NewDelivery:
    delivery = new_delivery("email:1")
    await retrying(store, delivery, unsure=True)
    await store.hold(ALL, reason="paused", detail="", now=START + 1)
    return delivery


@pytest.mark.parametrize("way", ["release", "replay", "resolve"])
async def test_whoever_lets_a_held_one_go_looks_no_earlier_either(store: Store, way: str) -> None:
    """Held right after a create without an answer, and let go at once: a look now would find nothing, and double it."""
    delivery = await unsure_and_held(store)
    soon = START + 2
    if way == "release":
        assert await store.release(ALL, now=soon) == 1
    elif way == "replay":
        assert (await store.replay(ALL, now=soon)).deliveries == 1
    else:
        assert await store.resolve(delivery.delivery_id, Choice(create=True), now=soon)
    assert await claim(store, now=START + MINUTE) == ()
    assert await store.next_due(LANE) == START + 1 + MINUTE, "from the hold on: when the try ended is not kept beside"
    assert ids(await claim(store, now=START + 1 + MINUTE)) == [delivery.delivery_id]


async def test_what_showed_long_ago_is_live_at_once_when_it_is_let_go(store: Store) -> None:
    delivery = await unsure_and_held(store)
    await store.release(ALL, now=START + HOUR)
    row = await store.delivery(delivery.delivery_id)
    assert row is not None
    assert (row.state, row.urgency, row.next_at) == ("pending", "live", START + HOUR)
