"""All that a SQLite file holds comes to stand on PostgreSQL, and a service goes on there."""

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest

from leadbridge.errors import StorageUnavailable
from leadbridge.ids import new_id
from leadbridge.store.arriving import bounded
from leadbridge.store.fetching import FetchBacklog, FetchPause
from leadbridge.store.lanes import LaneState
from leadbridge.store.moving import Moved, Progress, move, undo
from leadbridge.store.moving import source as reading
from leadbridge.store.moving import target as writing
from leadbridge.store.moving.target import Target
from leadbridge.store.opening import ServingStore, open_operator, open_reader, open_store, open_tokens
from leadbridge.store.postgres.partitions import make_ready
from leadbridge.store.sqlite.connection import newest_schema
from leadbridge.store.sqlite.store import SqliteStore
from leadbridge.store.values import NewItem
from tests.moving.life import DOCUMENTS, LONG_KEY, PEOPLE, changed, contents
from tests.support.stored import LANE, START, add, claim, ids, new_delivery, new_request, recover

NOW: Final = START + 1_000_000


def at_rest(_progress: Progress) -> None:
    """Nobody watches."""


async def moved(source: Path, target: str, *, tell: Callable[[Progress], None] = at_rest) -> Moved:
    return await move(source, target, tell=tell, now=lambda: NOW)


async def asked(url: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(one) for one in await connection.fetch(statement, *values)]
    finally:
        await connection.close()


async def test_everything_is_there_and_the_source_is_as_it_was(source: Path, target: str) -> None:
    before = contents(source)
    result = await moved(source, target)
    assert (result.good, result.differences) == (True, ())
    assert {table: len(rows) for table, rows in before.items()} == result.rows
    assert all(result.rows.values()), "the source of these tests has something in every table"
    assert result.moved == sum(result.rows.values())
    assert result.mended == 3, "a key where it is kept and where it came, and a detail"
    assert contents(source) == before
    assert result.here is not None
    assert result.here.balances


async def test_rows_are_what_they_were(source: Path, target: str) -> None:
    store = SqliteStore(source, disk_reserve=0)
    submissions = await store.submissions(limit=1_000)
    deliveries = await store.deliveries_of([one.id for one in submissions])
    requests = [await store.request(one.request_id) for one in submissions]
    attempts = {one.id: await store.attempts_of(one.id) for some in deliveries.values() for one in some}
    lanes, backlogs = await store.lanes(), await store.backlogs()
    await store.close()
    await moved(source, target)
    reader = open_reader(target)
    kept = {one.dedupe_key: bounded(one.dedupe_key).replace("\0", "\ufffd") for one in submissions if one.dedupe_key}
    there = await reader.submissions(limit=1_000)
    assert [(one.id, one.state, one.revision, one.duplicate_of) for one in there] == [
        (one.id, one.state, one.revision, one.duplicate_of) for one in submissions
    ]
    assert [one.dedupe_key for one in there] == [kept.get(one.dedupe_key or "") for one in submissions]
    assert [await reader.request(one.request_id) for one in there] == requests
    found = await reader.deliveries_of([one.id for one in submissions])
    assert repr(found).replace("\ufffd", "\0") == repr(deliveries).replace("\\x00", "\0")
    for name, calls in attempts.items():
        assert [(one.purpose, one.started_at, one.status) for one in await reader.attempts_of(name)] == [
            (one.purpose, one.started_at, one.status) for one in calls
        ]
    assert await reader.lanes() == lanes
    assert await reader.backlogs() == backlogs
    await reader.close()
    tokens = open_tokens(target)
    assert [(one.name, one.sealed, one.version) for one in await tokens.tokens()] == [
        ("leadconnector:x", b"\0sealed", 1)
    ]
    await tokens.close()


async def test_a_service_goes_on_where_the_one_before_was_killed(source: Path, target: str) -> None:
    await moved(source, target)
    store = open_store(target)
    again = await recover(store, now=NOW)
    assert again.again + again.unsure == 2
    first = await claim(store, now=NOW)
    assert len(ids(first)) == PEOPLE - 6 + 2 + 1, "what waits, what was under way, and the retry"
    waiting = await store.waiting(limit=10)
    bodies = [(one.received.body, one.fetched) for one in waiting]
    assert bodies == [(b"\0\xff body", None)] * 2 + [(b"{}", DOCUMENTS)], "accepted before, to be mapped now"
    pause = FetchPause(until=START + 5, reason="credentials: expired", times=3)
    assert await store.fetch_backlogs() == (FetchBacklog(source="ads", waiting=2, oldest=START, pause=pause),)
    repeated = NewItem(submission_id=new_id(), dedupe_key=bounded(LONG_KEY), digest=b"\0digest of order 1")
    (answer,) = await store.accept(new_request(repeated))
    assert (answer.status, answer.submission_id) == ("duplicate", waiting[0].submission_id)
    later = new_delivery("email:later")
    await add(store, later)
    [row] = await asked(target, "SELECT count(*), count(DISTINCT seq), max(seq) FROM deliveries")
    assert row == (PEOPLE + 2, PEOPLE + 2, PEOPLE + 2), "numbers go on behind what is there"
    assert (await store.ledger()).balances
    await store.close()


async def test_calls_under_way_when_it_was_killed_still_count_in_the_quota(source: Path, target: str) -> None:
    store = SqliteStore(source, disk_reserve=0)
    spans = await store.recent_calls(LANE, since=0)
    await store.close()
    await moved(source, target)
    reader = open_reader(target)
    assert sorted(await reader.recent_calls(LANE, since=0), key=repr) == sorted(spans, key=repr)
    await reader.close()


async def test_a_service_that_starts_right_before_it_begins_stops_it(
    source: Path, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[ServingStore] = []

    async def starts(connection: Any, **named: Any) -> int:
        started.append(await asyncio.to_thread(open_store, target))
        await started[0].ledger()
        return await make_ready(connection, **named)

    with monkeypatch.context() as patched:
        patched.setattr(writing, "make_ready", starts)
        with pytest.raises(StorageUnavailable, match="a leadbridge uses this database; stop every service"):
            await moved(source, target)
    await started[0].close()
    assert (await moved(source, target)).good


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 4)


class Killed(Exception):
    """What ends a run where a test wants it to."""


async def until(source: Path, target: str, *, parts: int) -> bool:
    """Move until so many parts are there, or all; true when all are."""
    seen = 0

    def tell(progress: Progress) -> None:
        nonlocal seen
        seen += progress.doing == "moved"
        if seen > parts:
            raise Killed

    try:
        await moved(source, target, tell=tell)
    except Killed:
        return False
    return True


@pytest.mark.usefixtures("small_parts")
async def test_it_goes_on_after_every_part_and_moves_nothing_twice(source: Path, target: str) -> None:
    before, runs = contents(source), 0
    while not await until(source, target, parts=3):
        runs += 1
        assert contents(source) == before
        if runs > 100:
            pytest.fail("it does not come to its end")
    assert runs > 5, "parts are small, so there are many"
    with pytest.raises(StorageUnavailable, match="was moved to postgresql://"):
        open_store(f"sqlite:///{source}")
    assert (await moved(source, target)).already
    reader = open_reader(target)
    assert (await reader.ledger()).balances
    await reader.close()


@pytest.mark.parametrize("step", ["begin", "settle", "end"])
async def test_it_goes_on_when_it_ended_between_its_steps(
    source: Path, target: str, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(*_: object, **_named: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Target, step, killed)
        with pytest.raises(Killed):
            await moved(source, target)
    for opened in (open_store, open_reader, open_operator, open_tokens):
        with pytest.raises(StorageUnavailable, match=r"being moved to|was moved to"):
            opened(f"sqlite:///{source}")
    assert (await moved(source, target)).good
    reader = open_reader(target)
    assert (await reader.ledger()).balances
    await reader.close()


DOCTORED: Final = (
    ("deliveries", "UPDATE deliveries SET detail = 'other' WHERE state = 'failed'"),
    ("lanes", "UPDATE lanes SET held = NULL WHERE held IS NOT NULL"),
    ("marks", "INSERT INTO marks VALUES ('x', 'y', 1, 2, '{}')"),
    ("record_keys", "DELETE FROM record_keys"),
    ("requests", "UPDATE requests SET body = '' WHERE id = (SELECT min(id) FROM requests)"),
    ("requests", "UPDATE requests SET arrival = arrival + 1000 WHERE id = (SELECT max(id) FROM requests)"),
    ("totals", "UPDATE totals SET count = count + 1 WHERE kind = 'submissions' AND name = 'website'"),
    ("fetches", "UPDATE fetches SET documents = '{}' WHERE documents IS NOT NULL"),
    ("fetch_calls", "UPDATE fetch_calls SET calls = 9 WHERE submission_id = ''"),
)


@pytest.mark.parametrize("what", [DOCTORED[:1], DOCTORED])
async def test_what_was_changed_underway_is_found(
    source: Path, target: str, what: tuple[tuple[str, str], ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    settle = Target.settle

    async def doctored(self: Target) -> None:
        await settle(self)
        for _, statement in what:
            await asked(target, statement)

    with monkeypatch.context() as patched:
        patched.setattr(Target, "settle", doctored)
        result = await moved(source, target)
    assert not result.good
    rows = {one.table: len(one.rows) for one in result.differences}
    assert rows == Counter(table for table, _ in what)
    assert result.books_agree == (len(what) == 1)
    with pytest.raises(StorageUnavailable, match="has not ended"):
        open_store(target)
    assert not (await moved(source, target)).good, "it stays so"


async def test_nobody_uses_what_is_half_there(source: Path, target: str) -> None:
    assert not await until(source, target, parts=2)
    for opened in (open_store, open_reader, open_operator, open_tokens):
        with pytest.raises(StorageUnavailable, match="a move into this database has not ended; finish it"):
            opened(target)
        with pytest.raises(StorageUnavailable, match=r"is being moved to .*; finish that .* or give it up"):
            opened(f"sqlite:///{source}")


async def test_the_way_back_leaves_the_file_as_it_was(source: Path, target: str) -> None:
    before = contents(source)
    assert undo(source) is None
    await moved(source, target)
    mark = undo(source)
    assert mark is not None
    assert mark.moved_at == NOW
    assert contents(source) == before
    store = open_store(f"sqlite:///{source}")
    assert (await store.ledger()).balances
    await store.close()
    with pytest.raises(StorageUnavailable, match=r"there is something in this database already: .*deliveries"):
        await moved(source, target)


async def test_a_move_that_was_given_up_is_in_the_way_of_the_next(source: Path, bare: str) -> None:
    assert not await until(source, bare, parts=2)
    undo(source)
    with pytest.raises(StorageUnavailable, match="holds a part of another move; make it empty"):
        await moved(source, bare)
    await asked(bare, "DROP SCHEMA public CASCADE")
    await asked(bare, "CREATE SCHEMA public")
    assert (await moved(source, bare)).good


async def test_a_move_may_begin_anew_into_another_database(source: Path, target: str, bare: str) -> None:
    assert not await until(source, target, parts=2)
    assert (await moved(source, bare)).good
    with pytest.raises(StorageUnavailable, match=r"was moved to .*/database_\d+; to move it again first say so"):
        await moved(source, target)


async def test_a_service_that_uses_the_source_is_in_the_way(source: Path, target: str) -> None:
    store = SqliteStore(source, disk_reserve=0)
    with pytest.raises(StorageUnavailable, match=r"another leadbridge already serves .*; stop it first"):
        await moved(source, target)
    await store.close()


async def test_a_service_that_uses_the_target_is_in_the_way(source: Path, target: str) -> None:
    store = open_store(target)
    await store.lanes()
    with pytest.raises(StorageUnavailable, match="a leadbridge uses this database; stop every service"):
        await moved(source, target)
    await store.close()
    assert (await moved(source, target)).good


async def test_what_a_start_of_the_service_made_in_the_target_is_not_in_the_way(source: Path, target: str) -> None:
    store = open_store(target)
    await recover(store, now=START, lane="copper:new")
    await store.close()
    assert (await moved(source, target)).good
    reader = open_reader(target)
    assert "copper:new" not in await reader.lanes()
    await reader.close()


async def test_what_a_person_held_in_the_target_is_in_the_way(source: Path, target: str) -> None:
    store = open_store(target)
    await store.set_lane(LANE, LaneState(held="paused", since=START))
    await store.close()
    with pytest.raises(StorageUnavailable, match="something in this database already: lanes; move into an empty one"):
        await moved(source, target)
    store = SqliteStore(source, disk_reserve=0)  # it was not marked
    await store.close()


async def test_two_moves_into_one_database_do_not_meet(
    source: Path, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await Target.opened(target)
    monkeypatch.setattr(writing, "SETTINGS", {**writing.SETTINGS, "lock_timeout": "1ms"})
    try:
        with pytest.raises(StorageUnavailable, match="another move into this database is under way"):
            await moved(source, target)
    finally:
        await first.close()


async def test_a_source_of_another_schema_is_told_what_to_do(source: Path, target: str) -> None:
    newest = newest_schema()
    changed(source, f"PRAGMA user_version = {newest - 1}")
    with pytest.raises(StorageUnavailable, match=r"an older leadbridge made .*`leadbridge migrate`"):
        await moved(source, target)
    changed(source, f"PRAGMA user_version = {newest + 1}")
    with pytest.raises(StorageUnavailable, match=r"a newer leadbridge made .*; move it with that version"):
        await moved(source, target)


async def test_a_source_that_is_not_there_is_told(tmp_path: Path, target: str) -> None:
    with pytest.raises(StorageUnavailable, match=r"there is no database at .*nothing\.db; see --from"):
        await moved(tmp_path / "nothing.db", target)
    assert not Path(f"{tmp_path}/nothing.db.lock").exists()  # noqa: ASYNC240  # a look at an empty folder


@pytest.mark.parametrize(("needs", "said"), [(1, "another version of leadbridge"), (99, "a newer leadbridge wrote")])
async def test_a_target_that_a_newer_leadbridge_made_is_left_alone(
    source: Path, bare: str, needs: int, said: str
) -> None:
    await open_tokens(bare).close()
    await asked(bare, "UPDATE leadbridge_schema SET version = 99, needs = $1 WHERE version = 1", needs)
    with pytest.raises(StorageUnavailable, match=said):
        await moved(source, bare)
