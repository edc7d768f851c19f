"""How long a retry waits is for its own failures to say: kills, and what a person did since, make no wait longer."""

from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadbridge.clock import Millis
from leadbridge.outcome import Postponed, Retry
from leadbridge.plan import Choice
from leadbridge.record import decide
from leadbridge.retry import RetryPolicy
from leadbridge.store.base import Store
from leadbridge.store.claims import Claim, TryResult
from leadbridge.store.values import NewDelivery, Selection
from tests.store.test_store_groups import one, put
from tests.support.examples import examples
from tests.support.stored import LANE, START, add, claim, new_delivery, recover

POLICY = RetryPolicy(base=2.0, cap=3_600.0)
DOWN = Retry(detail="HTTP 503")
HOUR = 3_600_000  # milliseconds


class Most(Random):
    """Dice that always show the most."""

    def uniform(self, a: float, b: float) -> float:
        return b


async def waited(store: Store, claimed: Claim, now: Millis, outcome: Retry | Postponed = DOWN) -> float:
    """End a try so; the seconds until the next one."""
    update = decide(outcome, claim=claimed, policy=POLICY, now=now, dice=Most())
    await store.record(LANE, TryResult(claim=claimed, at=now, update=update))
    assert update.next_at is not None
    return (update.next_at - now) / 1000


async def tries_of(store: Store, delivery: NewDelivery) -> int:
    row = await store.delivery(delivery.delivery_id)
    assert row is not None
    return row.tries


async def test_after_twelve_kills_the_first_failure_waits_as_a_first_one(store: Store) -> None:
    delivery = new_delivery("email:1")
    await add(store, delivery)
    for kill in range(12):
        (claimed,) = await claim(store, now=START + kill)
        assert claimed.attempt == kill + 1
        await recover(store, now=START + kill)
    (claimed,) = await claim(store, now=START + 12)
    assert claimed.attempt == 13, "people see every try"
    assert await waited(store, claimed, START + 12) == 2, "2 * 2^0, and not 2 * 2^12"
    (claimed,) = await claim(store, now=START + HOUR)
    assert await waited(store, claimed, START + HOUR) == 4, "2 * 2^1"
    assert await tries_of(store, delivery) == 14


async def test_a_kill_counts_for_all_that_went_together(store: Store) -> None:
    leader, follower = one(), one()
    names = await put(store, leader, follower)
    (claimed,) = await claim(store)
    assert list(claimed.delivery.all_ids) == names
    await recover(store, now=START)
    await store.cancel(Selection(ids=(leader.delivery_id,)), detail="dropped", now=START)
    (claimed,) = await claim(store)
    assert (claimed.delivery.delivery_id, claimed.attempt) == (follower.delivery_id, 2)
    assert await waited(store, claimed, START) == 2


async def test_what_was_put_back_did_not_fail(store: Store) -> None:
    await add(store, new_delivery("email:1"))
    for _ in range(5):
        (claimed,) = await claim(store)
        assert await waited(store, claimed, START, Postponed(detail="its account is held")) == 0
    (claimed,) = await claim(store)
    assert (claimed.attempt, await waited(store, claimed, START)) == (6, 2)


async def test_failures_from_before_a_person_let_it_go_make_no_wait_longer(store: Store) -> None:
    delivery = new_delivery("email:1")
    await add(store, delivery)
    this = Selection(ids=(delivery.delivery_id,))

    async def released() -> None:
        await store.release(this, now=now)

    async def resolved() -> None:
        await store.resolve(delivery.delivery_id, Choice(create=True), now=now)

    async def replayed() -> None:
        await store.replay(this, now=now)

    async def hastened() -> None:
        await store.hasten(this, now=now)

    now = START
    for let_go in (released, resolved, replayed, hastened):
        for failure in range(3):
            (claimed,) = await claim(store, now=now)
            assert await waited(store, claimed, now) == 2 * 2**failure
            now += HOUR
        if let_go is not hastened:
            await store.hold(this, reason="paused", detail="", now=now)
        await let_go()
    (claimed,) = await claim(store, now=now)
    assert (claimed.attempt, await waited(store, claimed, now)) == (13, 2)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(15), deadline=None)
@given(ends=st.lists(st.sampled_from(["killed", "put back", "failed"]), max_size=8))
async def test_the_wait_doubles_with_each_failure_whatever_comes_in_between(store: Store, ends: list[str]) -> None:
    """The n-th failure of a delivery's own waits 2 * 2^(n-1) seconds, and its try is the one that people count."""
    delivery = new_delivery("email:1")
    await add(store, delivery)
    failures, now = 0, START
    for number, end in enumerate([*ends, "failed"], start=1):
        (claimed,) = await claim(store, now=now)
        assert claimed.attempt == number
        if end == "killed":
            await recover(store, now=now)
        elif end == "put back":
            await waited(store, claimed, now, Postponed(detail="x"))
        else:
            failures += 1
            assert await waited(store, claimed, now) == 2.0 * 2 ** (failures - 1)
        now += HOUR
    await store.cancel(Selection(ids=(delivery.delivery_id,)), detail="", now=now)
