"""What every store promises about claims, single flight, outcomes and recovery."""

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadbridge.crm.adapter import Call
from leadbridge.outcome import Candidate, WriteWarning
from leadbridge.store.base import Store
from leadbridge.store.claims import Claim, DeliveryUpdate
from leadbridge.store.values import Selection
from tests.store.sending import finish, owned
from tests.support.examples import examples
from tests.support.stored import (
    LANE,
    START,
    add,
    claim,
    ids,
    in_line,
    new_delivery,
    recover,
    upsert,
)


async def test_a_claim_holds_the_started_attempt_of_its_first_call(store: Store) -> None:
    delivery = new_delivery("email:1")
    await add(store, delivery)
    (claimed,) = await claim(store)
    (attempt,) = await store.attempts_of(delivery.delivery_id)
    assert claimed.attempt_id == attempt.id
    assert (attempt.purpose, attempt.method, attempt.path) == ("upsert lead", "PUT", "/leads/upsert")
    assert (attempt.attempt, attempt.answered_at, attempt.status) == (1, None, None)
    row = await store.delivery(delivery.delivery_id)
    assert row is not None
    assert row.state == "sending"
    assert await claim(store) == ()
    await finish(store, claimed)


async def test_deliveries_of_one_person_go_one_after_the_other_in_their_order(store: Store) -> None:
    first, second, third = (new_delivery("email:1") for _ in range(3))
    for delivery in (first, second, third):
        await add(store, delivery)
    order = []
    while claims := await claim(store):
        assert len(claims) == 1
        order += ids(claims)
        await finish(store, claims[0])
    assert order == [first.delivery_id, second.delivery_id, third.delivery_id]


async def test_keys_that_overlap_in_any_way_keep_deliveries_apart(store: Store) -> None:
    by_email, by_phone, by_both = new_delivery("email:1"), new_delivery("phone:1"), new_delivery("email:1", "phone:1")
    other = new_delivery("email:2")
    for delivery in (by_email, by_phone, by_both, other):
        await add(store, delivery)
    claims = await claim(store)
    assert set(ids(claims)) == {by_email.delivery_id, by_phone.delivery_id, other.delivery_id}
    await finish(store, claims[0])
    assert await claim(store) == ()
    for claimed in claims[1:]:
        await finish(store, claimed)
    assert ids(await claim(store)) == [by_both.delivery_id]


async def test_a_retry_keeps_its_place_and_a_held_one_blocks_nobody(store: Store) -> None:
    first, second = new_delivery("email:1"), new_delivery("email:1")
    await add(store, first)
    await add(store, second)
    (claimed,) = await claim(store)
    await finish(store, claimed, DeliveryUpdate(state="retrying", next_at=START + 5_000))
    assert await claim(store) == ()
    assert await store.next_due(LANE) == START + 5_000
    (claimed,) = await claim(store, now=START + 5_000)
    assert claimed.attempt == 2
    await finish(store, claimed, DeliveryUpdate(state="held", reason="ambiguous_match", detail="three records"))
    assert ids(await claim(store, now=START + 5_000)) == [second.delivery_id]


async def test_the_same_keys_on_another_account_are_another_person(store: Store) -> None:
    here, there = new_delivery("email:1"), new_delivery("email:1", lane="copper:localhost:2")
    await add(store, here, there)
    assert ids(await claim(store)) == [here.delivery_id]
    assert ids(await claim(store, lane="copper:localhost:2")) == [there.delivery_id]
    assert set(await store.lanes_waiting()) == {LANE, "copper:localhost:2"}


async def test_a_released_delivery_waits_for_one_of_the_same_person_under_way(store: Store) -> None:
    first, second = new_delivery("email:1"), new_delivery("email:1")
    await add(store, first)
    await add(store, second)
    (claimed,) = await claim(store)
    await finish(store, claimed, DeliveryUpdate(state="held", reason="bad_credentials"))
    (under_way,) = await claim(store)
    assert await store.release(Selection(reasons=("bad_credentials",), lanes=(LANE,)), now=START) == 1
    assert await claim(store) == ()
    await finish(store, under_way)
    assert ids(await claim(store)) == [first.delivery_id]


async def test_a_lane_that_lost_its_destination_is_held_and_comes_back_in_order(store: Store) -> None:
    deliveries = [new_delivery("email:1") for _ in range(3)]
    for delivery in deliveries:
        await add(store, delivery)
    assert await store.hold_lane(LANE, reason="destination_removed", detail="gone", now=START) == 3
    assert await store.lanes_waiting() == {}
    assert await store.release(Selection(reasons=("destination_removed",), lanes=("another",)), now=START) == 0
    assert await store.release(Selection(reasons=("destination_removed",), lanes=(LANE,)), now=START) == 3
    order = []
    while claims := await claim(store):
        order += ids(claims)
        await finish(store, claims[0])
    assert order == [delivery.delivery_id for delivery in deliveries]


async def test_an_outcome_is_shown_with_all_that_is_known(store: Store) -> None:
    delivery = new_delivery("email:1")
    submission_id = await add(store, delivery)
    (claimed,) = await claim(store)
    await finish(store, claimed)
    row = (await store.deliveries_of([submission_id]))[submission_id][0]
    assert (row.state, row.record_id, row.created, row.tries) == ("delivered", "7", True, 1)


async def test_the_longest_due_go_first_whatever_came_first(store: Store) -> None:
    deliveries = [new_delivery(f"email:{number}") for number in range(3)]
    for delivery in deliveries:
        await add(store, delivery)
    by_id = {one.delivery.delivery_id: one for one in await claim(store)}
    for delivery, wait in zip(deliveries, (3_000, 1_000, 2_000), strict=True):
        await finish(store, by_id[delivery.delivery_id], DeliveryUpdate(state="retrying", next_at=START + wait))
    order = [deliveries[1].delivery_id, deliveries[2].delivery_id, deliveries[0].delivery_id]
    due = in_line(await store.due(LANE, limit=10, now=START + 3_000))
    assert [one.delivery_id for one in due] == order
    assert ids(await claim(store, limit=1, now=START + 3_000)) == order[:1]
    assert await store.next_due(LANE) == START + 2_000


async def test_the_first_try_is_remembered_through_all_retries(store: Store) -> None:
    await add(store, new_delivery("email:1"))
    for number in range(3):
        now = START + number * 1_000
        (claimed,) = await claim(store, now=now)
        assert (claimed.attempt, claimed.delivery.first_try_at) == (number + 1, START)
        await finish(store, claimed, DeliveryUpdate(state="retrying", next_at=now + 1_000), now=now)


async def test_time_spent_held_does_not_count_as_time_spent_trying(store: Store) -> None:
    await add(store, new_delivery("email:1"))
    (claimed,) = await claim(store)
    await finish(store, claimed, DeliveryUpdate(state="held", reason="bad_credentials"))
    later = START + 96 * 3_600_000
    await store.release(Selection(reasons=("bad_credentials",), lanes=(LANE,)), now=later)
    (claimed,) = await claim(store, now=later)
    assert (claimed.attempt, claimed.delivery.first_try_at) == (2, later)


async def test_what_is_due_no_more_is_left_out_of_a_claim(store: Store) -> None:
    taken, waits, free = (new_delivery(f"email:{number}") for number in range(3))
    await add(store, taken, waits, free)
    epoch = await owned(store)
    due = in_line(await store.due(LANE, limit=10, now=START))
    first = await store.claim(LANE, [(one, upsert(one)) for one in due[:2]], now=START, epoch=epoch)
    await finish(store, first[1], DeliveryUpdate(state="retrying", next_at=START + 60_000))
    again = await store.claim(LANE, [(one, upsert(one)) for one in due], now=START, epoch=epoch)
    assert ids(again) == [free.delivery_id]
    assert len(await store.attempts_of(waits.delivery_id)) == 1, "nothing is said to be started that is not claimed"


async def test_what_was_held_for_different_reasons_comes_back_in_its_order(store: Store) -> None:
    first, second = new_delivery("email:1", "phone:1"), new_delivery("email:1", "phone:2")
    await add(store, first)
    await add(store, second)
    for reason in ("unknown_custom_field", "bad_credentials"):  # sorted by reason, the second would come first
        (claimed,) = await claim(store)
        await finish(store, claimed, DeliveryUpdate(state="held", reason=reason))
    following = new_delivery("phone:2")
    await store.release(Selection(reasons=("bad_credentials", "unknown_custom_field"), lanes=(LANE,)), now=START)
    await add(store, following)
    order = []
    while claims := await claim(store):
        assert len(claims) == 1, "a released delivery has its keys again"
        order += ids(claims)
        await finish(store, claims[0])
    assert order == [first.delivery_id, second.delivery_id, following.delivery_id]


async def test_holding_a_lane_leaves_alone_what_is_under_way_and_its_person(store: Store) -> None:
    first, second = new_delivery("email:1"), new_delivery("email:1")
    await add(store, first)
    await add(store, second)
    (under_way,) = await claim(store)
    assert await store.hold_lane(LANE, reason="destination_removed", detail="gone", now=START) == 1
    await store.release(Selection(reasons=("destination_removed",), lanes=(LANE,)), now=START)
    assert await claim(store) == ()
    await finish(store, under_way)
    assert ids(await claim(store)) == [second.delivery_id]


async def test_integers_of_any_size_come_back_as_they_went_in(store: Store) -> None:
    big = 2**70 + 1
    delivery = replace(new_delivery("email:1"), plan=f'{{"custom_fields": {{"Number": {big}}}}}')
    await add(store, delivery)
    call = Call(purpose="upsert lead", method="PUT", path="/leads", body={"number": big})
    (claimed,) = await claim(store, begin=lambda _due: call)
    warning = WriteWarning(field="number", sent=big, got=-big, cause="too large for it")
    candidate = Candidate(record_id="7", summary={"number": big})
    await finish(
        store, claimed, DeliveryUpdate(state="delivered_with_warnings", warnings=(warning,), candidates=(candidate,))
    )
    row = await store.delivery(delivery.delivery_id)
    assert row is not None
    assert (row.plan, row.warnings, row.candidates) == ({"custom_fields": {"Number": big}}, (warning,), (candidate,))
    (attempt,) = await store.attempts_of(delivery.delivery_id)
    assert attempt.request == {"number": big}


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sets(st.sampled_from(["e1", "e2", "p1", "p2"]), max_size=3)),
        st.tuples(st.just("claim"), st.integers(1, 3)),
        st.tuples(st.just("end"), st.sampled_from(["delivered", "retrying", "held", "failed"])),
        st.tuples(st.just("release"), st.none()),
        st.tuples(st.just("crash"), st.none()),
    ),
    max_size=30,
)


@given(steps=STEPS)
@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_two_of_one_person_are_ever_under_way_and_nothing_is_stuck(store: Store, steps: list[Any]) -> None:
    lane = f"lane-{id(steps)}-{len(await store.submissions(limit=1000))}"
    keys: dict[str, set[str]] = {}
    under_way: dict[str, Claim] = {}

    async def take(limit: int) -> int:
        claims = await claim(store, lane=lane, limit=limit)
        for one in claims:
            mine = keys[one.delivery.delivery_id]
            assert all(not mine & keys[other] for other in under_way), "two of one person at once"
            under_way[one.delivery.delivery_id] = one
        return len(claims)

    for step, value in steps:
        if step == "add":
            delivery = new_delivery(*sorted(value), lane=lane)
            keys[delivery.delivery_id] = value
            await add(store, delivery)
        elif step == "claim":
            await take(value)
        elif step == "end" and under_way:
            _, claimed = under_way.popitem()
            update = DeliveryUpdate(state=value, next_at=START, reason="bad_credentials" if value == "held" else None)
            await finish(store, claimed, update, lane=lane)
        elif step == "release":
            await store.release(Selection(reasons=("bad_credentials",), lanes=(lane,)), now=START)
        elif step == "crash":
            under_way.clear()
            await recover(store, now=START, lane=lane)
    while under_way or await take(3):
        _, claimed = under_way.popitem()
        await finish(store, claimed, lane=lane)
    rows = [await store.delivery(delivery_id) for delivery_id in keys]
    assert {row.state for row in rows if row} <= {"delivered", "held", "failed"}, "something is stuck"


async def test_a_clock_that_was_set_back_keeps_nothing_waiting_that_came_in(store: Store) -> None:
    delivery = new_delivery("email:1")
    await add(store, delivery, now=START + 3_600_000)
    assert ids(await claim(store, now=START)) == [delivery.delivery_id]
