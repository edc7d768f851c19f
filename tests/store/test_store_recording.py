"""What came of many tries, stored at once, is what it would be one after the other."""

import asyncio
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from leadbridge.crm.adapter import Call
from leadbridge.outcome import WriteWarning
from leadbridge.store.base import Store
from leadbridge.store.claims import Claim, DeliveryUpdate, FinishedCall, TryResult
from leadbridge.store.lanes import LaneState
from leadbridge.store.rows import AttemptRow, DeliveryRow
from leadbridge.store.values import NewDelivery
from tests.store.conftest import Made
from tests.support.examples import examples
from tests.support.stored import LANE, START, add, claim, ids, in_line, new_delivery, own, recover

TAGS = Call(purpose="add tags", method="PUT", path="/leads/7", body={"tags": ["vip"], "big": 2**70})
WARNED = (WriteWarning(field="phone", sent="+1", got=None, cause="it belongs to another"),)
UPDATES = st.builds(
    DeliveryUpdate,
    state=st.sampled_from(["retrying", "held", "delivered", "delivered_with_warnings", "failed"]),
    detail=st.none() | st.just("its words"),
    next_at=st.just(START + 60_000),
    record_id=st.sampled_from([None, "1", "2"]),
    created=st.sampled_from([None, True, False]),
    warnings=st.sampled_from([(), WARNED]),
)
# Per delivery: whether its call was answered, whether the try is over and how, and else whether a call follows.
CAME = st.lists(st.tuples(st.booleans(), st.none() | UPDATES, st.booleans()), min_size=1, max_size=12)
MADE_ONE = (True, DeliveryUpdate(state="delivered", record_id="1", created=True), False)


def result(claimed: Claim, came: tuple[bool, DeliveryUpdate | None, bool]) -> TryResult:
    answered, update, follows = came
    answered = answered or (update is not None and update.state.startswith("delivered"))
    finished = FinishedCall(
        attempt_id=claimed.attempt_id or 0,
        answered_at=START + 5 if answered else None,
        outcome=update.state if update else "answered",
        status=200 if answered else None,
        response="{}" if answered else None,
        error=None if answered else "the connection broke",
        sent=answered,
    )
    next_call = TAGS if update is None and follows else None
    return TryResult(claim=claimed, at=START + 5, finished=finished, update=update, next_call=next_call)


async def in_one_commit(store: Store, results: list[TryResult]) -> list[int]:
    """While the store is busy with something else they gather, and are stored together."""
    _, *attempts = await asyncio.gather(
        store.set_lane(LANE, LaneState()), *(store.record(LANE, one) for one in results)
    )
    return attempts


async def stored(store: Store, deliveries: list[NewDelivery]) -> list[tuple[DeliveryRow, tuple[AttemptRow, ...]]]:
    """Everything about some deliveries but what is made up anew for each of them."""
    everything = []
    for delivery in deliveries:
        row = await store.delivery(delivery.delivery_id)
        assert row is not None
        same = replace(row, id="", submission_id="", trace_id="")
        everything.append((same, await store.attempts_of(delivery.delivery_id)))
    return everything


async def recorded(came: list[Any], made: Made, *, together: bool) -> Any:
    """Every person has two deliveries: the second one waits for the first."""
    async with made() as store:
        first = [new_delivery(f"email:{number}", f"phone:{number // 2}") for number in range(len(came))]
        second = [new_delivery(f"email:{number}") for number in range(len(came))]
        await add(store, *first)
        await add(store, *second)
        claims = await claim(store)
        results = [result(claimed, one) for claimed, one in zip(claims, came, strict=False)]
        if together:
            attempts = await in_one_commit(store, results)
        else:
            attempts = [await store.record(LANE, one) for one in results]
        due = [(one.plan, one.tries) for one in in_line(await store.due(LANE, limit=100, now=START + 100_000))]
        assert (await store.ledger()).balances
        return attempts, due, await stored(store, [*first, *second])


@settings(max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(came=CAME)
@example(came=[MADE_ONE] * 4)  # two of them may be under way at once
async def test_many_outcomes_in_one_commit_are_as_one_after_the_other(a_store: Made, came: list[Any]) -> None:
    together = await recorded(came, a_store, together=True)
    assert together == await recorded(came, a_store, together=False)


async def test_of_two_that_made_one_record_in_one_commit_only_the_first_created_it(store: Store) -> None:
    first, second = new_delivery("email:1"), new_delivery("email:2")
    await add(store, first, second)
    made = DeliveryUpdate(state="delivered", record_id="7", created=True)
    claims = await claim(store)
    await in_one_commit(store, [result(one, (True, made, False)) for one in claims])
    rows = [await store.delivery(one.delivery_id) for one in (first, second)]
    assert [row.created for row in rows if row is not None] == [True, False]


async def test_of_two_ends_of_one_delivery_in_one_commit_the_first_stands(store: Store) -> None:
    delivery = new_delivery("email:1")
    await add(store, delivery)
    (claimed,) = await claim(store)
    ends = [DeliveryUpdate(state="delivered", record_id=record_id, created=True) for record_id in ("7", "8")]
    await in_one_commit(store, [result(claimed, (True, end, False)) for end in ends])
    row = await store.delivery(delivery.delivery_id)
    assert row is not None
    assert row.record_id == "7"


async def test_more_than_one_statement_holds_are_recorded_in_one_commit(store: Store) -> None:
    many = [new_delivery(f"email:{number}") for number in range(150)]
    await add(store, *many)
    claims = await claim(store, limit=len(many))
    assert len({one.attempt_id for one in claims}) == len(many)
    begun = await asyncio.gather(*(store.record(LANE, result(one, (True, None, True))) for one in claims))
    assert len({*begun, *(one.attempt_id for one in claims)}) == 2 * len(many)
    for claimed, attempt_id in zip(claims, begun, strict=True):
        attempts = await store.attempts_of(claimed.delivery.delivery_id)
        assert [attempt.id for attempt in attempts] == [claimed.attempt_id, attempt_id]
        assert [attempt.purpose for attempt in attempts] == ["upsert lead", "add tags"]
        assert attempts[1].request == TAGS.body


async def test_a_delivery_that_left_in_the_meantime_keeps_what_it_became(store: Store) -> None:
    late, other = new_delivery("email:1"), new_delivery("email:2")
    await add(store, late, other)
    claims = await claim(store)
    await recover(store, now=START)  # as when another process took over
    delivered = DeliveryUpdate(state="delivered", record_id="7", created=True)
    await asyncio.gather(*(store.record(LANE, result(one, (True, delivered, False))) for one in claims))
    again = await claim(store)
    assert ids(again) == ids(claims), "both are still in line, once"
    for one in again:
        row = await store.delivery(one.delivery.delivery_id)
        assert row is not None
        assert (row.state, row.tries, row.record_id) == ("sending", 2, None)
        await store.record(LANE, result(one, (True, delivered, False)))


async def test_of_a_claim_only_what_is_still_due_is_begun(store: Store) -> None:
    first, second = new_delivery("email:1"), new_delivery("email:2")
    await add(store, first, second)
    epoch = await own(store)
    due = in_line(await store.due(LANE, limit=10, now=START))
    call = Call(purpose="upsert lead", method="PUT", path="/leads/upsert", body={})
    (before,) = await store.claim(LANE, [(due[0], call)], now=START, epoch=epoch)
    (claimed,) = await store.claim(LANE, [(one, call) for one in due], now=START, epoch=epoch)
    assert claimed.delivery.delivery_id == second.delivery_id
    assert [attempt.id for attempt in await store.attempts_of(second.delivery_id)] == [claimed.attempt_id]
    assert len(await store.attempts_of(first.delivery_id)) == 1
    for one in (before, claimed):
        await store.record(LANE, result(one, (True, DeliveryUpdate(state="failed"), False)))
