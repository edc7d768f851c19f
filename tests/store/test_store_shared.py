"""Several processes on one PostgreSQL: a lane is one's, a person in one pair of hands, and nothing is there twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from leadbridge.store.claims import DeliveryUpdate
from leadbridge.store.fetching import FetchQuota
from leadbridge.store.postgres import accepting
from leadbridge.store.postgres.connection import Connection, lock_lanes
from leadbridge.store.postgres.store import PostgresStore
from leadbridge.store.values import MappedSubmission, NewDelivery, NewItem, Selection
from tests.store.announced import ANSWERS, MINUTE, SOURCE, announced, found
from tests.store.announced import claim as fetching
from tests.store.test_store_groups import end
from tests.support.process import eventually
from tests.support.stored import LANE, START, add, claim, ids, in_line, new_delivery, new_request, own, upsert

WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
ENDED = DeliveryUpdate(state="delivered", record_id="7", created=True)


@pytest.fixture(params=["postgres"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def other(store: PostgresStore, database_url: str) -> AsyncIterator[PostgresStore]:
    """Another process's store."""
    opened = PostgresStore(database_url)
    yield opened
    await opened.close()


async def passed(store: PostgresStore, seconds: float) -> None:
    """Let time pass for leases and for what is taken: it is the database's, so all ends are put back."""
    ago = f"make_interval(secs => {seconds})"
    await store._database.run(
        lambda connection: connection.execute(f"UPDATE processes SET lease_until = lease_until - {ago}")
    )
    await store._database.run(
        lambda connection: connection.execute(f"UPDATE submissions SET taken_until = taken_until - {ago}")
    )


async def test_the_same_submission_sent_to_both_at_once_is_accepted_once(
    store: PostgresStore, other: PostgresStore
) -> None:
    def the_same(number: int) -> NewItem:
        return NewItem(submission_id=f"0198-{number}", dedupe_key=f"id {number % 10}", digest=b"the same")

    outcomes = await asyncio.gather(
        *(
            one.accept(new_request(the_same(100 * place + number)))
            for number in range(10)
            for place, one in enumerate((store, other))
        )
    )
    told = [accepted for (accepted,) in outcomes]
    assert sorted(one.status for one in told) == ["accepted"] * 10 + ["duplicate"] * 10
    first = {one.submission_id for one in told if one.status == "accepted"}
    assert {one.submission_id for one in told} == first, "a duplicate is told which came first"
    assert (await store.ledger()).balances


async def test_what_is_sent_after_an_answer_stands_behind_it_though_clocks_differ_and_a_commit_was_slow(
    store: PostgresStore, other: PostgresStore, database_url: str
) -> None:
    await store.accept(new_request(at=START))
    slow: Any = await asyncpg.connect(database_url)
    async with slow.transaction():
        await slow.execute("SELECT FROM totals FOR UPDATE")
        first = asyncio.create_task(store.accept(new_request(at=START + 5000)))
        await eventually(lambda: slow.fetchval("SELECT count(*) > 0 FROM pg_locks WHERE NOT granted"))
        await other.accept(new_request(at=START + 900, source="another"))
    await first
    await other.accept(new_request(at=START + 1000, source="another"))
    assert [one.order_at for one in await other.waiting(limit=9)] == [START + 900, START + 5000]
    await slow.close()


async def test_who_accepted_a_submission_maps_it_unless_it_is_gone(store: PostgresStore, other: PostgresStore) -> None:
    (accepted,) = await store.accept(new_request())
    assert await other.waiting(limit=9) == ()
    assert not await other.changed_elsewhere()
    assert [one.submission_id for one in await store.waiting(limit=9)] == [accepted.submission_id]
    await passed(store, accepting.TAKEN_FOR)
    assert await other.changed_elsewhere(), "though nobody could tell of it"
    assert not await store.changed_elsewhere(), "it is its own, and it knows"
    assert [one.submission_id for one in await other.waiting(limit=9)] == [accepted.submission_id]
    assert await store.waiting(limit=9) == (), "now it is the other's"


async def test_several_that_help_take_different_submissions(
    store: PostgresStore, other: PostgresStore, database_url: str
) -> None:
    for _ in range(20):
        await store.accept(new_request())
    await passed(store, accepting.TAKEN_FOR)
    third = PostgresStore(database_url)
    taken = await asyncio.gather(*(one.waiting(limit=10) for one in (other, third)))
    names = [item.submission_id for some in taken for item in some]
    assert len(names) == len(set(names)) == 20
    await third.close()


async def test_several_that_fetch_share_a_sources_window_and_take_different_leads(
    store: PostgresStore, other: PostgresStore
) -> None:
    names = await announced(store, 30)
    quota = FetchQuota(limit=20, window=MINUTE)

    async def fetch_all(one: PostgresStore) -> list[str]:
        taken: list[str] = []
        while due := (await fetching(one, quota=quota, limit=3)).due:
            taken += [each.waiting.submission_id for each in due]
            await one.store_fetched(SOURCE, [found(each.waiting.submission_id) for each in due], now=START)
        return taken

    taken = [name for some in await asyncio.gather(*(fetch_all(one) for one in (store, other) * 2)) for name in some]
    assert sorted(taken) == names[:20]
    assert (await store.fetch_backlogs())[0].waiting == 10


async def test_who_fetched_a_lead_maps_it_unless_it_is_gone(store: PostgresStore, other: PostgresStore) -> None:
    [name] = await announced(store, 1)
    await fetching(other)
    await other.store_fetched(SOURCE, [found(name)], now=START)
    assert await store.waiting(limit=5) == ()
    assert [one.submission_id for one in await other.waiting(limit=5)] == [name]
    await passed(store, accepting.TAKEN_FOR + 1)
    assert [one.fetched for one in await store.waiting(limit=5)] == [ANSWERS]


async def test_a_submission_that_two_map_is_mapped_once(store: PostgresStore, other: PostgresStore) -> None:
    (accepted,) = await store.accept(new_request())

    def mapped() -> MappedSubmission:
        return MappedSubmission(
            submission_id=accepted.submission_id, state="mapped", deliveries=[new_delivery("email:1")]
        )

    await asyncio.gather(*(one.map([mapped()], now=START) for one in (store, other)))
    assert len((await store.deliveries_of([accepted.submission_id]))[accepted.submission_id]) == 1
    assert len(await claim(store)) == 1


async def test_deliveries_of_one_person_that_both_put_in_at_once_go_one_by_one(
    store: PostgresStore, other: PostgresStore
) -> None:
    """While the first of them ends, too: else one would wait for ever for somebody who is gone."""
    people = [new_delivery(f"email:{number % 4}", f"phone:{number % 3}") for number in range(80)]
    gate = asyncio.Semaphore(6)

    async def put(one: PostgresStore, delivery: NewDelivery) -> None:
        async with gate:
            await add(one, delivery)

    async def work(sent: list[str]) -> None:
        while len(sent) < len(people):
            claims = await claim(store)
            met = [key for claimed in claims for key in claimed.delivery.keys]
            assert len(met) == len(set(met)), "two of one person at once"
            sent += ids(claims)
            await asyncio.gather(*(end((store, other)[len(sent) % 2], claimed, ENDED) for claimed in claims))

    sent: list[str] = []
    async with asyncio.timeout(60):
        await asyncio.gather(*(put((store, other)[n % 2], one) for n, one in enumerate(people)), work(sent))
    assert sorted(sent) == sorted(one.delivery_id for one in people)


async def test_whoever_locks_several_lanes_does_so_in_one_order() -> None:
    """Else two of them would wait for each other."""
    said: list[str] = []

    class Listening:
        async def execute(self, statement: str) -> None:
            said.append(statement)

    lanes = [f"copper:localhost:{number}" for number in range(20)]
    await lock_lanes(Listening(), lanes)
    await lock_lanes(Listening(), lanes[::-1])
    assert said[0] == said[1]
    numbers = [int(number) for number in said[0].partition("{")[2].partition("}")[0].split(",")]
    assert numbers == sorted(set(numbers))
    assert len(numbers) == len(lanes)


async def test_who_ends_while_another_puts_in_waits_for_it_and_awakes_it(
    store: PostgresStore, other: PostgresStore
) -> None:
    """Neither would see what the other is about to commit: the second delivery would wait for somebody who is gone."""
    await add(store, new_delivery("email:1"))
    (claimed,) = await claim(store)
    (accepted,) = await other.accept(new_request())
    second = new_delivery("email:1")
    mapped = MappedSubmission(submission_id=accepted.submission_id, state="mapped", deliveries=[second])

    async def put_in_slowly(connection: Connection) -> None:
        await accepting.store_mapped(connection, [mapped], START)
        ending = asyncio.create_task(end(store, claimed, ENDED))
        await eventually(lambda: connection.fetchval(WAITING), every=0.01)  # nor idle, in a transaction
        assert not ending.done()
        after.append(ending)

    after: list[asyncio.Task[None]] = []
    await other._database.write(put_in_slowly, lanes=[LANE])
    await after[0]
    assert ids(await claim(store)) == [second.delivery_id]


async def test_what_one_put_into_anothers_lane_is_told_to_its_owner(store: PostgresStore, other: PostgresStore) -> None:
    heard: asyncio.Queue[list[str]] = asyncio.Queue()
    store.call_when_due(lambda lanes: heard.put_nowait(list(lanes)))
    assert not await store.changed_elsewhere()
    await own(store)
    await add(other, new_delivery("email:1"))
    async with asyncio.timeout(10):
        assert await heard.get() == [LANE]
    assert await store.changed_elsewhere()
    assert not await store.changed_elsewhere()


async def test_what_the_owner_puts_into_its_own_lane_is_told_to_nobody(
    store: PostgresStore, other: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []
    monkeypatch.setattr(other._hearing, "tell", told.append)
    await own(other)
    await add(other, new_delivery("email:1"))
    assert told == []
    await add(other, new_delivery("email:1", lane="another"))
    assert told == [{"another"}]


async def test_a_former_owner_that_wakes_up_ends_and_claims_nothing(store: PostgresStore, other: PostgresStore) -> None:
    """It was frozen between its claim and its call, and another took over."""
    await add(store, new_delivery("email:1"), new_delivery("email:2"))
    mine = await own(store, owner="a")
    first, second = in_line(await store.due(LANE, limit=2, now=START))
    (late,) = await store.claim(LANE, [(first, upsert(first))], now=START, epoch=mine)
    theirs = await own(other, owner="b")
    assert (await other.recover(LANE, epoch=theirs, now=START)).again == 1
    again = in_line(await other.due(LANE, limit=2, now=START))
    claims = await other.claim(LANE, [(one, upsert(one)) for one in again], now=START, epoch=theirs)
    assert len(claims) == 2
    assert await store.claim(LANE, [(second, upsert(second))], now=START, epoch=mine) == ()
    assert (await store.recover(LANE, epoch=mine, now=START)).again == 0
    assert not await store.set_lane(LANE, (await store.lane(LANE)), epoch=mine)
    await end(store, late, DeliveryUpdate(state="failed", detail="the former owner's"))
    for claimed in claims:
        await end(other, claimed, DeliveryUpdate(state="delivered", record_id="7", created=True))
    rows = [await store.delivery(one.delivery_id) for one in (first, second)]
    assert [row.state for row in rows if row is not None] == ["delivered"] * 2


async def test_a_person_commands_beside_all_of_them(store: PostgresStore, other: PostgresStore) -> None:
    for number in range(30):
        await add((store, other)[number % 2], new_delivery(f"email:{number % 5}"))

    async def again(one: PostgresStore, change: Callable[[PostgresStore], Awaitable[int]]) -> None:
        for _ in range(5):
            await change(one)

    async with asyncio.timeout(60):
        await asyncio.gather(
            again(store, lambda one: one.hold(Selection(), reason="paused", detail="", now=START)),
            again(other, lambda one: one.release(Selection(reasons=("paused",)), now=START)),
        )
    await store.release(Selection(reasons=("paused",)), now=START)
    sent: list[str] = []
    while claims := await claim(store):
        assert len(claims) <= 5
        sent += ids(claims)
        for claimed in claims:
            await end(store, claimed)
    assert len(set(sent)) == len(sent) == 30
