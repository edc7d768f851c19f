"""What every store promises about accepting and mapping."""

import asyncio
from pathlib import Path
from typing import Literal

import apsw
import pytest

from leadbridge.errors import StorageUnavailable
from leadbridge.ids import first_id, new_id
from leadbridge.store.base import Store
from leadbridge.store.sqlite.store import SqliteStore
from leadbridge.store.values import MappedSubmission, NewItem, Selection
from tests.support.stored import START, new_delivery, new_request


def item(key: str | None = None, digest: bytes = b"d1", **changes: str) -> NewItem:
    return NewItem(submission_id=new_id(), dedupe_key=key, digest=digest, **changes)  # type: ignore[arg-type]


async def test_an_accepted_request_is_there_byte_by_byte(store: Store) -> None:
    request = new_request(body=b'{"name": "\xc3\x84nn"}\x00\xff')
    (accepted,) = await store.accept(request)
    row = await store.submission(accepted.submission_id)
    assert row is not None
    assert (row.state, row.source, row.trace_id) == ("received", "website", request.trace_id)
    kept = await store.request(row.request_id)
    assert kept is not None
    assert kept.body == b'{"name": "\xc3\x84nn"}\x00\xff'
    assert kept.headers == {"content-type": "application/json"}


async def test_the_same_id_with_the_same_content_is_a_duplicate_of_the_first(store: Store) -> None:
    (first,) = await store.accept(new_request(item("id-1")))
    (second,) = await store.accept(new_request(item("id-1")))
    assert (first.status, second.status) == ("accepted", "duplicate")
    assert second.submission_id == first.submission_id
    rows = await store.submissions(limit=10)
    assert [row.state for row in rows] == ["duplicate", "received"]
    assert rows[0].duplicate_of == first.submission_id


async def test_the_same_id_with_another_content_is_a_new_revision(store: Store) -> None:
    await store.accept(new_request(item("id-1", b"d1")))
    (second,) = await store.accept(new_request(item("id-1", b"d2")))
    (third,) = await store.accept(new_request(item("id-1", b"d1")))
    assert (second.status, second.revision) == ("accepted", 2)
    assert third.status == "duplicate"


async def test_the_same_id_from_another_source_is_another_submission(store: Store) -> None:
    await store.accept(new_request(item("id-1")))
    (other,) = await store.accept(new_request(item("id-1"), source="typeform"))
    assert other.status == "accepted"


async def test_without_an_id_every_arrival_is_new(store: Store) -> None:
    statuses = [(await store.accept(new_request(item())))[0].status for _ in range(3)]
    assert statuses == ["accepted"] * 3


async def test_items_of_one_request_are_told_apart_within_the_request_too(store: Store) -> None:
    outcomes = await store.accept(new_request(item("a"), item("b"), item("a")))
    assert [outcome.status for outcome in outcomes] == ["accepted", "accepted", "duplicate"]


async def test_what_is_ignored_or_unparseable_is_kept_with_its_reason(store: Store) -> None:
    ignored, failed = await store.accept(
        new_request(item(state="ignored", reason="a ping"), item(state="failed", reason="unparseable: line 1"))
    )
    assert (ignored.status, failed.status) == ("ignored", "unparseable")
    rows = await store.submissions(limit=10)
    assert {(row.state, row.reason) for row in rows} == {("ignored", "a ping"), ("failed", "unparseable: line 1")}


async def test_a_request_that_cannot_be_stored_whole_is_not_stored_at_all(store: Store) -> None:
    twice = new_id()
    request = new_request(NewItem(submission_id=twice), NewItem(submission_id=twice))
    with pytest.raises(Exception, match=r"(?i)unique"):
        await store.accept(request)
    assert await store.submissions(limit=10) == ()
    assert await store.request(request.request_id) is None


async def test_one_that_fails_takes_none_of_its_neighbours_in_the_commit_with_it(store: Store) -> None:
    twice = new_id()
    bad = new_request(NewItem(submission_id=twice), NewItem(submission_id=twice))
    outcomes = await asyncio.gather(
        *(store.accept(request) for request in [new_request(), bad, new_request()]), return_exceptions=True
    )
    assert [isinstance(outcome, tuple) for outcome in outcomes] == [True, False, True]
    assert len(await store.submissions(limit=10)) == 2


async def test_what_arrives_after_the_clock_was_set_back_stands_after_what_came(store: Store) -> None:
    for at in (START, START - 3_600_000, START - 3_599_000, START + 1):
        await store.accept(new_request(at=at))
    waiting = {one.received.received_at: one.order_at for one in await store.waiting(limit=10)}
    assert waiting == {START: START, START - 3_600_000: START, START - 3_599_000: START, START + 1: START + 1}


async def test_what_arrived_first_is_mapped_first_whatever_the_clock_said_of_it(store: Store) -> None:
    """Ids are made of the time: after a clock was set back later ones sort first."""
    names = sorted(new_id() for _ in range(4))
    last, first, again = names[0], names[1:3], names[3]
    await store.accept(new_request(NewItem(submission_id=again)))
    await store.map([MappedSubmission(submission_id=again, state="failed", reason="no such field")], now=START)
    await store.accept(new_request(*(NewItem(submission_id=name) for name in first)))
    await store.accept(new_request(NewItem(submission_id=last)))
    assert [one.submission_id for one in await store.waiting(limit=10)] == [*first, last]
    await store.replay(Selection(ids=(again,)), now=START)
    assert [one.submission_id for one in await store.waiting(limit=2)] == [again, first[0]]


async def test_waiting_submissions_come_oldest_first_with_their_request(store: Store) -> None:
    first, second = new_request(body=b"1"), new_request(body=b"2")
    await store.accept(first)
    await store.accept(second)
    waiting = await store.waiting(limit=10)
    assert [one.received.body for one in waiting] == [b"1", b"2"]
    assert [one.trace_id for one in waiting] == [first.trace_id, second.trace_id]


async def test_a_submission_is_mapped_once_whoever_maps_it_again(store: Store) -> None:
    (accepted,) = await store.accept(new_request())
    for _ in range(2):
        mapped = MappedSubmission(
            submission_id=accepted.submission_id, state="mapped", deliveries=[new_delivery("email:1")]
        )
        await store.map([mapped], now=START)
    deliveries = await store.deliveries_of([accepted.submission_id])
    assert len(deliveries[accepted.submission_id]) == 1
    assert await store.waiting(limit=10) == ()


async def test_below_the_disk_reserve_nothing_is_taken(tmp_path: Path) -> None:
    full = SqliteStore(tmp_path / "full.db", disk_reserve=1 << 62)
    with pytest.raises(StorageUnavailable, match="free some space"):
        await full.accept(new_request())
    assert await full.submissions(limit=1) == ()
    await full.close()


async def test_a_second_process_may_not_serve_the_same_database(tmp_path: Path) -> None:
    first = SqliteStore(tmp_path / "leadbridge.db")
    with pytest.raises(StorageUnavailable, match="already serves"):
        SqliteStore(tmp_path / "leadbridge.db")
    await first.close()
    again = SqliteStore(tmp_path / "leadbridge.db")
    await again.close()


async def test_a_database_of_a_newer_leadbridge_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "newer.db"
    connection = apsw.Connection(str(path))
    connection.pragma("user_version", 999)
    connection.close()
    with pytest.raises(StorageUnavailable, match="upgrade leadbridge"):
        SqliteStore(path)


async def test_a_second_process_is_refused_under_another_name_of_the_file_too(tmp_path: Path) -> None:
    first = SqliteStore(tmp_path / "leadbridge.db")
    (tmp_path / "link.db").symlink_to(tmp_path / "leadbridge.db")
    with pytest.raises(StorageUnavailable, match="already serves"):
        SqliteStore(tmp_path / "link.db")
    await first.close()


@pytest.mark.parametrize("replaced", [False, True])
async def test_nothing_is_taken_once_the_file_is_gone(tmp_path: Path, *, replaced: bool) -> None:
    path = tmp_path / "leadbridge.db"
    store = SqliteStore(path, disk_reserve=0)
    await store.accept(new_request())
    path.unlink()
    if replaced:
        path.write_bytes(b"")
    with pytest.raises(StorageUnavailable, match="restart"):
        await store.accept(new_request())
    await store.close()


@pytest.mark.parametrize("state", ["failed", "unrouted"])
async def test_what_could_not_be_mapped_goes_on_when_it_is_sent_again(
    store: Store, state: Literal["failed", "unrouted"]
) -> None:
    def again() -> NewItem:
        return NewItem(submission_id=new_id(), dedupe_key="form-1", digest=b"same")

    (first,) = await store.accept(new_request(again()))
    (twice,) = await store.accept(new_request(again()))
    assert (twice.status, twice.submission_id) == ("duplicate", first.submission_id)
    await store.map([MappedSubmission(submission_id=first.submission_id, state=state, reason="no")], now=START)

    (second,) = await store.accept(new_request(again()))
    assert (second.status, second.revision) == ("accepted", 2)
    (after,) = await store.accept(new_request(again()))
    assert (after.status, after.submission_id, after.revision) == ("duplicate", second.submission_id, 2)
    assert (await store.ledger()).balances


async def test_what_cannot_be_read_is_kept_once_however_often_it_comes(store: Store) -> None:
    def broken() -> NewItem:
        return NewItem(submission_id=new_id(), state="failed", reason="unparseable", dedupe_key="u:1", digest=b"same")

    (first,) = await store.accept(new_request(broken()))
    (again,) = await store.accept(new_request(broken()))
    assert (first.status, again.status, again.submission_id) == ("unparseable", "duplicate", first.submission_id)


async def test_a_request_of_many_items_is_stored_whole_or_not_at_all(store: Store) -> None:
    items = [NewItem(submission_id=new_id()) for _ in range(200)]
    whole = new_request(*items)
    assert len(await store.accept(whole)) == 200
    broken = new_request(*(NewItem(submission_id=new_id()) for _ in range(199)), items[0])
    with pytest.raises(Exception, match=r"(?i)unique"):
        await store.accept(broken)
    assert await store.request(broken.request_id) is None
    assert len(await store.submissions(limit=1_000)) == 200
    assert (await store.ledger()).balances


async def test_what_came_before_its_time_is_no_earlier_arrival_of_it(store: Store) -> None:
    """As with what is told apart by its content: a repetition is one for a while, and never a revision."""
    noon = 1_796_000_000_000

    def sent(at: int) -> NewItem:
        return NewItem(submission_id=id_at(at), dedupe_key="content:1", digest=b"1", since=max(1, at - 600_000))

    outcomes = [(await store.accept(new_request(sent(noon + minute * 60_000))))[0] for minute in (0, 5, 11, 20)]
    assert [one.status for one in outcomes] == ["accepted", "duplicate", "accepted", "duplicate"]
    assert [one.revision for one in outcomes] == [1, 1, 1, 1]
    assert outcomes[1].submission_id == outcomes[0].submission_id
    assert outcomes[3].submission_id == outcomes[2].submission_id


async def test_two_of_one_commit_are_told_apart_by_their_time(store: Store) -> None:
    at = 1_796_000_000_000
    items = [
        NewItem(submission_id=id_at(at + place), dedupe_key="content:1", digest=b"1", since=since)
        for place, since in enumerate((at - 600_000, at - 600_000, at + 2))
    ]
    outcomes = await store.accept(new_request(*items))
    assert [one.status for one in outcomes] == ["accepted", "duplicate", "accepted"]


def id_at(at: int) -> str:
    return f"{first_id(at)}-7000-8000-000000000000"
