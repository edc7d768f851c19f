"""What every store promises about leaders and followers: who may be sent as one call, and what becomes of all."""

from dataclasses import replace

import pytest

from leadbridge.store.base import Store
from leadbridge.store.claims import Claim, DeliveryUpdate, DueDelivery, FinishedCall, TryResult
from leadbridge.store.values import NewDelivery, Selection
from tests.support.stored import (
    LANE,
    START,
    add,
    claim,
    ids,
    in_line,
    new_delivery,
    own,
    recover,
    upsert,
)

DELIVERED = DeliveryUpdate(state="delivered", record_id="7", created=True)
APART = DeliveryUpdate(state="pending", next_at=START, alone=True)


def one(*keys: str, alone: bool = False) -> NewDelivery:
    """A delivery that may go with others."""
    return new_delivery(*(keys or ("email:1", "phone:1")), alone=alone)


async def put(store: Store, *deliveries: NewDelivery) -> list[str]:
    for delivery in deliveries:
        await add(store, delivery)
    return [delivery.delivery_id for delivery in deliveries]


async def groups(store: Store, *, now: int = START) -> list[tuple[str, ...]]:
    return [delivery.all_ids for delivery in in_line(await store.due(LANE, limit=100, now=now))]


async def end(
    store: Store,
    claimed: Claim,
    update: DeliveryUpdate = DELIVERED,
    progress: str | None = None,
    *,
    lane: str = LANE,
) -> None:
    finished = FinishedCall(attempt_id=claimed.attempt_id or 0, answered_at=START, outcome=update.state, status=200)
    result = TryResult(claim=claimed, at=START, finished=finished, update=update, progress=progress)
    await store.record(lane, result)


async def states(store: Store, names: list[str]) -> list[tuple[str, bool | None, str | None]]:
    rows = [await store.delivery(name) for name in names]
    return [(row.state, row.created, row.record_id) for row in rows if row is not None]


async def test_those_of_one_person_and_kind_go_as_one_call_and_share_its_outcome(store: Store) -> None:
    names = await put(store, one(), one(), one())
    (claimed,) = await claim(store)
    assert list(claimed.delivery.all_ids) == names
    attempts = [(await store.attempts_of(name))[0].id for name in names]
    assert attempts == [claimed.attempt_id] * 3
    await end(store, claimed)
    assert await states(store, names) == [
        ("delivered", True, "7"),
        ("delivered", False, "7"),
        ("delivered", False, "7"),
    ]
    assert await claim(store) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"route": "another"},
        {"config_version": "v2"},
        {"destination": "elsewhere"},
        {"keys": ("email:1",)},
        {"keys": ("email:1", "phone:1", "phone:2")},
        {"alone": True},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_one_of_another_kind_goes_by_itself_and_ends_the_group(store: Store, change: dict[str, object]) -> None:
    first, second = one(), one()
    other, last = replace(one(), **change), one()  # type: ignore[arg-type]
    names = await put(store, first, second, other, last)
    assert await groups(store) == [tuple(names[:2])]


async def test_whoever_shares_but_one_key_stands_in_between(store: Store) -> None:
    first, between, last = one(), one("phone:1"), one()
    names = await put(store, first, between, last)
    assert await groups(store) == [(names[0],)]
    (claimed,) = await claim(store)
    await end(store, claimed)
    assert await groups(store) == [(names[1],)]


async def test_one_that_goes_alone_leads_nobody(store: Store) -> None:
    names = await put(store, one(alone=True), one())
    assert await groups(store) == [(names[0],)]


async def test_without_keys_nobody_is_the_same_person(store: Store) -> None:
    first, second = new_delivery(alone=False), new_delivery(alone=False)
    names = await put(store, first, second)
    assert await groups(store) == [(names[0],), (names[1],)]


async def test_a_group_has_an_end(store: Store) -> None:
    names = await put(store, *(one() for _ in range(53)))
    assert await groups(store) == [tuple(names[:50])]
    (claimed,) = await claim(store)
    await end(store, claimed)
    assert await groups(store) == [tuple(names[50:])]


async def test_a_group_that_is_taken_apart_goes_one_by_one_in_its_order(store: Store) -> None:
    names = await put(store, one(), one(), one())
    (claimed,) = await claim(store)
    await end(store, claimed, APART)
    assert [state for state, *_ in await states(store, names)] == ["pending"] * 3
    order = []
    while claims := await claim(store):
        assert [len(each.delivery.all_ids) for each in claims] == [1]
        assert claims[0].attempt == 2
        order += ids(claims)
        await end(store, claims[0])
    assert order == names


async def test_those_who_come_later_follow_none_that_was_taken_apart(store: Store) -> None:
    names = await put(store, one(), one())
    (claimed,) = await claim(store)
    names += await put(store, one(), one())
    await end(store, claimed, APART)
    for name in names[:2]:
        (claimed,) = await claim(store)
        assert claimed.delivery.all_ids == (name,)
        await end(store, claimed)
    assert await groups(store) == [tuple(names[2:])]


async def test_after_a_retry_the_first_goes_first_and_all_keep_their_place(store: Store) -> None:
    names = await put(store, one(), one())
    (claimed,) = await claim(store)
    await end(store, claimed, DeliveryUpdate(state="retrying", next_at=START + 1_000), progress='{"created": true}')
    rows = [await store.delivery(name) for name in names]
    assert [(row.state, row.urgency, row.blocked, row.progress) for row in rows if row] == [
        ("retrying", "retry", False, {"created": True}),
        ("retrying", "retry", True, None),
    ]
    assert await claim(store) == ()
    order = []
    while claims := await claim(store, now=START + 1_000):
        order += ids(claims)
        await end(store, claims[0])
    assert order == names


async def test_a_claim_takes_no_group_that_lost_a_follower_or_has_one_in_between(store: Store) -> None:
    names = await put(store, one(), one(), one())
    (read,) = in_line(await store.due(LANE, limit=10, now=START))
    epoch = await own(store)

    async def take(delivery: DueDelivery) -> tuple[Claim, ...]:
        return await store.claim(LANE, [(delivery, upsert(delivery))], now=START, epoch=epoch)

    assert await store.hold(Selection(ids=(names[1],)), reason="paused", detail="wait", now=START) == 1
    assert await take(read) == ()
    rest = await groups(store)
    assert rest == [(names[0], names[2])]
    await store.release(Selection(ids=(names[1],)), now=START)
    assert await groups(store) == [tuple(names)], "it has its old place again"
    (gone_on,) = in_line(await store.due(LANE, limit=10, now=START))
    await put(store, one())
    (claimed,) = await take(gone_on)
    assert list(claimed.delivery.all_ids) == names, "who comes last is in nobody's way"
    await end(store, claimed)


async def test_a_crash_leaves_a_group_in_line_and_only_its_first_looks_what_was_done(store: Store) -> None:
    names = await put(store, one(), one())
    (claimed,) = await claim(store, begin=lambda due: replace(upsert(due), safe_to_repeat=False, shows_after=60))
    recovered = await recover(store, now=START + 1)
    assert (recovered.again, recovered.unsure) == (1, 1)
    rows = [await store.delivery(name) for name in names]
    assert [(row.progress, row.next_at) for row in rows if row] == [
        ({"unsure": {"upsert lead": START}}, START + 60_001),
        (None, START + 1),
    ]
    assert await claim(store, now=START + 60_000) == (), "the first is waited for"
    assert claimed.delivery.delivery_id == names[0]
    assert ids(await claim(store, now=START + 60_001)) == names, "what went together goes together again"


async def test_a_group_is_of_one_urgency(store: Store) -> None:
    names = await put(store, one(), one(), one())
    for _ in names:
        for claimed in await claim(store, limit=1):
            await end(store, claimed)
    assert (await store.replay(Selection(ids=tuple(names[:2])), now=START)).deliveries == 2
    names += await put(store, one())
    due = await store.due(LANE, limit=10, now=START)
    assert ([each.all_ids for each in due.replay], due.live, due.retry) == ([tuple(names[:2])], (), ())


async def test_one_that_is_not_due_yet_follows_nobody(store: Store) -> None:
    first, second = one(), one()
    await add(store, first, now=START)
    await add(store, second, now=START + 1_000)  # the clock was set back after it came
    assert await groups(store) == [(first.delivery_id,)]
    assert await groups(store, now=START + 1_000) == [(first.delivery_id, second.delivery_id)]


async def test_what_earlier_calls_did_is_true_of_those_alone_that_went_with_them(store: Store) -> None:
    """Both were tried, but not together: the second was held meanwhile, and comes back behind the first."""
    first, second = new_delivery("email:1", alone=False), new_delivery("email:1", alone=False)
    await add(store, first)
    await store.hold(Selection(ids=(first.delivery_id,)), reason="paused", detail="", now=START)
    await add(store, second)
    (one,) = await claim(store)
    await end(store, one, DeliveryUpdate(state="held", reason="ambiguous_match", detail="two"))
    await store.release(Selection(ids=(first.delivery_id,)), now=START)
    (one,) = await claim(store)
    went = DeliveryUpdate(state="pending", next_at=START)
    await store.record(LANE, TryResult(claim=one, at=START, update=went, progress='{"record_id":"7","created":true}'))
    await store.release(Selection(ids=(second.delivery_id,)), now=START)
    (due,) = in_line(await store.due(LANE, limit=9, now=START))
    assert due.all_ids == (first.delivery_id,)


async def test_a_group_that_went_together_stays_one_with_what_its_calls_did(store: Store) -> None:
    first, second = new_delivery("email:1", alone=False), new_delivery("email:1", alone=False)
    await add(store, first, second)
    (one,) = await claim(store)
    again = DeliveryUpdate(state="retrying", next_at=START)
    await store.record(LANE, TryResult(claim=one, at=START, update=again, progress='{"record_id":"7","created":true}'))
    (due,) = in_line(await store.due(LANE, limit=9, now=START))
    assert due.all_ids == (first.delivery_id, second.delivery_id)
