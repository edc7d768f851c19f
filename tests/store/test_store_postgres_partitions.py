"""Weeks on PostgreSQL: made ahead, dropped when nothing unfinished is left, and never in the way of who accepts."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import asyncpg
import pytest

from leadbridge.deliver.marks import marks_of
from leadbridge.ids import first_id
from leadbridge.store.claims import DeliveryUpdate
from leadbridge.store.postgres import arriving, partitions, pruning
from leadbridge.store.postgres.connection import Connection
from leadbridge.store.postgres.partitions import (
    AHEAD,
    TABLES,
    WEEK,
    Partition,
    Table,
    drop,
    first_attempt,
    make_ready,
    partitions_of,
)
from leadbridge.store.postgres.store import PostgresStore
from leadbridge.store.retaining import Phase, Pruned, PruneFrom
from leadbridge.store.values import Selection
from tests.store.pruning import BEFORE, DAY, NOW, OLD, YOUNG, arrive, lead, steps, total
from tests.support.postgres import Cluster
from tests.support.process import eventually
from tests.support.stored import new_request

HELD = DeliveryUpdate(state="held", reason="ambiguous_match")


@pytest.fixture(scope="module")
async def apart(postgres: Cluster) -> AsyncIterator[str]:
    """A database of these tests' own: their partitions are no others'."""
    name = await postgres.server.make_database()
    yield postgres.server.url(name)
    await postgres.server.drop_database(name)


@pytest.fixture
async def database_url(apart: str) -> AsyncIterator[str]:
    """That database, without a table; making one anew for each test would take most of the time."""
    yield apart
    connection: Any = await asyncpg.connect(apart)
    await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await connection.close()


@pytest.fixture
async def connection(store: PostgresStore, database_url: str) -> AsyncIterator[Connection]:
    """Another connection to the store's database."""
    opened: Any = await asyncpg.connect(database_url)
    yield opened
    await opened.close()


async def names(connection: Connection, table: Any) -> list[str]:
    return [one.name.removeprefix(f"{table}_") for one in await partitions.partitions_of(connection, table)]


async def rows(connection: Connection, table: str) -> int:
    return int(await connection.fetchval(f"SELECT count(*) FROM {table}"))


async def test_a_start_makes_this_week_and_some_ahead_and_a_second_one_nothing(connection: Connection) -> None:
    for table in TABLES:
        past, *weeks, default = await names(connection, table)
        assert (past, len(weeks), default) == ("past", 1 + AHEAD, "default")
    assert await make_ready(connection) == 0
    assert await make_ready(connection, now=NOW + WEEK) == len(TABLES)


async def test_weeks_follow_each_other_without_a_gap(connection: Connection) -> None:
    await make_ready(connection, since=OLD)
    for table in TABLES:
        found = await partitions.partitions_of(connection, table)
        assert len(found) > 14
        assert [one.end for one in found[:-2]] == [one.first for one in found[1:-1]]
        assert found[0].first is None
        assert (found[-1].first, found[-1].end) == (None, None)


async def test_attempts_are_counted_on_in_a_range_of_their_week(connection: Connection) -> None:
    number = int(await connection.fetchval("SELECT nextval('attempts_id')"))
    assert first_attempt(NOW) <= number < first_attempt(NOW + WEEK) < 2**53
    await make_ready(connection, now=NOW + WEEK)
    assert await connection.fetchval("SELECT nextval('attempts_id')") == first_attempt(NOW + WEEK) + 1
    await make_ready(connection, now=NOW)
    assert await connection.fetchval("SELECT nextval('attempts_id')") == first_attempt(NOW + WEEK) + 2


async def test_a_week_is_dropped_when_all_of_it_is_finished_and_old(
    store: PostgresStore, connection: Connection
) -> None:
    await make_ready(connection, since=OLD - WEEK)
    for number in range(5):
        await lead(store, f"email:{number}", at=OLD + number, record_id=str(number))
    young, _ = await lead(store, "email:9", at=YOUNG, record_id="9")
    before = [len(await names(connection, table)) for table in ("requests", "submissions")]
    made = await steps(store)
    assert total(made, "submissions") == 5
    assert total(made, "requests") == 0, "they went with their week"
    after = [len(await names(connection, table)) for table in ("requests", "submissions")]
    assert before[0] == before[1]
    assert after[0] == after[1] < before[0]
    assert await rows(connection, "requests") == 1
    assert await store.submission(young) is not None


async def test_something_unfinished_keeps_its_week_and_nothing_else_in_it(
    store: PostgresStore, connection: Connection
) -> None:
    await make_ready(connection, since=OLD - WEEK)
    await lead(store, "email:1", at=OLD, record_id="1")
    submission, delivery = await lead(store, "email:2", at=OLD + 1, update=HELD)
    await lead(store, "email:3", at=OLD + 2, record_id="3")
    made = await steps(store)
    assert (total(made, "submissions"), total(made, "requests")) == (2, 2)
    row = await store.submission(submission)
    assert row is not None
    assert await store.request(row.request_id) is not None
    week = [name for name in await names(connection, "requests") if await rows(connection, f"requests_{name}")]
    await store.cancel(Selection(ids=(delivery,)), detail="", now=OLD)
    assert total(await steps(store), "partitions") == 2
    assert week[0] not in await names(connection, "requests")


async def test_calls_go_with_their_week_unless_a_lead_that_is_left_was_sent_by_them(
    store: PostgresStore, connection: Connection
) -> None:
    await lead(store, "email:1", at=OLD, record_id="1")
    _, held = await lead(store, "email:2", at=OLD, update=HELD)
    assert total(await steps(store), "attempts") == 0, "more may come in this week"
    await make_ready(connection, now=NOW + WEEK)
    assert total(await steps(store), "attempts") == 1
    assert len(await store.attempts_of(held)) == 1
    await store.cancel(Selection(ids=(held,)), detail="", now=OLD)
    await lead(store, "email:3", at=NOW, record_id="3")
    assert total(await steps(store), "partitions") >= 2
    assert await rows(connection, "attempts") == 1
    assert await rows(connection, "attempt_deliveries") == 1


@pytest.mark.parametrize("why", ["young", "open"])
async def test_a_week_of_calls_stays_while_one_of_them_is_young_or_open(
    store: PostgresStore, connection: Connection, why: str
) -> None:
    await lead(store, "email:1", at=OLD, record_id="1")
    ends = {"young": f"started_at = {NOW}", "open": "answered_at = NULL, outcome = NULL"}
    await connection.execute(f"UPDATE attempts SET {ends[why]}")
    await make_ready(connection, now=NOW + WEEK)
    await steps(store)
    assert await rows(connection, "attempts") == 1


async def test_a_clock_that_is_far_ahead_loses_nothing_and_its_rows_come_to_their_week(
    store: PostgresStore, connection: Connection
) -> None:
    ahead = NOW + 100 * DAY
    (submission,) = await arrive(store, at=ahead)
    assert await rows(connection, "submissions_default") == 1
    await make_ready(connection, now=ahead)
    assert [await rows(connection, f"{table}_default") for table in ("requests", "submissions")] == [0, 0]
    row = await store.submission(submission)
    assert row is not None
    assert await store.request(row.request_id) is not None
    assert [one.submission_id for one in await store.waiting(limit=5)] == [submission]


async def test_too_many_rows_of_a_wrong_clock_stay_where_they_are(
    store: PostgresStore, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = NOW + 100 * DAY
    for _ in range(2):
        await arrive(store, at=ahead)
    monkeypatch.setattr(partitions, "MOST_MOVED", 1)
    made = await make_ready(connection, now=ahead)
    assert await rows(connection, "requests_default") == 2
    assert made == len(TABLES) * (AHEAD + 1) - 2
    await arrive(store, at=ahead)
    assert await rows(connection, "requests_default") == 3


async def test_what_is_old_in_the_default_partition_is_pruned_row_by_row(
    store: PostgresStore, connection: Connection
) -> None:
    for table in ("requests", "submissions"):
        await connection.execute(f"DROP TABLE {table}_past")
    await lead(store, "email:1", at=OLD, record_id="1")
    assert await rows(connection, "requests_default") == 1
    assert total(await steps(store), "requests") == 1
    assert await rows(connection, "requests_default") == 0


async def test_who_reads_for_long_keeps_its_partitions_and_nobody_waits_for_that(
    store: PostgresStore, connection: Connection
) -> None:
    await make_ready(connection, since=OLD - WEEK)
    await lead(store, "email:1", at=OLD, record_id="1")
    before = len(await names(connection, "requests"))
    async with connection.transaction():
        await rows(connection, "requests")
        await rows(connection, "submissions")
        made = await steps(store)
        assert total(made, "submissions") == 1
        await store.accept(new_request())
    assert len(await names(connection, "requests")) == before
    await steps(store)
    assert len(await names(connection, "requests")) < before


async def test_two_who_prune_and_make_weeks_at_once_do_it_once_and_senders_notice_nothing(
    store: PostgresStore, connection: Connection, database_url: str
) -> None:
    await make_ready(connection, since=OLD - WEEK)
    leads = [await lead(store, f"email:{number}", at=OLD + number, record_id=str(number)) for number in range(40)]
    other = PostgresStore(database_url)
    accepted: list[str] = []

    async def send() -> None:
        for number in range(60):
            accepted.extend(await arrive(store, at=NOW if number % 3 else OLD + number, key=f"form {number}"))

    async def prune(one: PostgresStore) -> int:
        return total(await steps(one, limit=5), "submissions")

    async def ahead() -> None:
        for week in range(1, 4):
            await other._database.run(partial(make_ready, now=NOW + week * WEEK))

    first, second, *_ = await asyncio.gather(prune(store), prune(other), send(), ahead())
    third = await prune(store)
    await other.close()
    assert first + second + third == len(leads)
    assert len({*accepted}) == 60
    for one in accepted:
        assert await store.submission(one) is not None


async def test_what_is_used_since_it_was_looked_at_is_not_dropped(connection: Connection) -> None:
    """When nobody else can write there, it is asked once more."""
    week = next(one for one in await partitions_of(connection, "requests") if one.is_week)
    assert not await drop(connection, week, unless="SELECT 1")
    assert week in await partitions_of(connection, "requests")
    assert await drop(connection, week, unless="SELECT NULL")
    assert week not in await partitions_of(connection, "requests")


@pytest.mark.parametrize("phase", ["requests", "attempts"])
async def test_a_partition_that_another_process_just_dropped_ends_the_round(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch, phase: Phase
) -> None:
    async def gone(_connection: Connection, table: Table) -> list[Partition]:
        return [Partition(table, f"{table}_gone", None, None)]

    monkeypatch.setattr(pruning, "partitions_of", gone)
    assert await store.prune(BEFORE, fold=marks_of, since=PruneFrom(phase=phase)) == Pruned()


async def test_a_partition_whose_end_nobody_knows_any_more_is_none() -> None:
    class Dropping:
        async def fetch(self, _statement: str, table: str) -> list[tuple[str, str | None]]:
            return [(f"{table}_gone", None), (f"{table}_default", "DEFAULT")]

    assert [one.name for one in await partitions_of(Dropping(), "requests")] == ["requests_default"]


async def test_a_replay_that_comes_first_keeps_its_lead(store: PostgresStore, connection: Connection) -> None:
    """Between the look at what is finished and its end: it is locked, and looked at once more."""
    submission, delivery = await lead(store, "email:1", at=OLD, record_id="1")

    async def waits() -> bool:
        return bool(await connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"))

    async with connection.transaction():
        await connection.execute("UPDATE deliveries SET state = 'held', updated_at = $1 WHERE id = $2", NOW, delivery)
        pruning = asyncio.create_task(store.prune(BEFORE, fold=marks_of))
        await eventually(waits)
    assert (await pruning).submissions == 0
    assert await store.submission(submission) is not None


async def test_an_accept_opens_few_partitions_however_many_there_are(
    store: PostgresStore, connection: Connection
) -> None:
    """Those that cannot hold the request that came last are left out when the statement begins."""
    await make_ready(connection, since=OLD)
    await connection.execute("SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off")
    await connection.execute(f"PREPARE arrive AS {arriving.ARRIVE}")
    nothing = ", ".join(["NULL"] * 23)
    plan = await connection.fetch(f"EXPLAIN EXECUTE arrive ({nothing}, '{first_id(NOW - 8 * DAY)}', false)")
    read = [line for (line,) in plan if "using requests_" in line]
    assert len(read) == len(["last week", "this week", "default"]) + AHEAD
