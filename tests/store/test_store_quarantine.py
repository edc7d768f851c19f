"""Every quarantine keeps what it said it keeps, and no more than it may, whoever else fills or empties it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from leadbridge.ids import new_id
from leadbridge.store import quarantine
from leadbridge.store.base import Store
from leadbridge.store.opening import open_operator, open_quarantine
from leadbridge.store.quarantine import QuarantineStore, SealedRequest
from leadbridge.store.values import NewItem
from tests.support.stored import new_request


@pytest.fixture
async def two(store: Store, database_url: str) -> AsyncIterator[tuple[QuarantineStore, QuarantineStore]]:
    """The quarantine of a store, as two processes have it open."""
    store.check()
    opened = open_quarantine(database_url), open_quarantine(database_url)
    yield opened
    for one in opened:
        await one.close()


def sealed(number: int, *, source: str = "website", size: int = 10) -> SealedRequest:
    return SealedRequest(
        id=f"0198-{number:04}", source=source, received_at=1_000 + number, reason="wrong_signature", sealed=bytes(size)
    )


async def test_what_is_kept_is_read_in_its_order_and_by_source(two: tuple[QuarantineStore, QuarantineStore]) -> None:
    one, other = two
    for number in (2, 1, 3):
        assert await one.keep(sealed(number), most=10)
    assert await other.keep(sealed(9, source="typeform"), most=10)
    assert await other.kept("website", limit=2) == (sealed(1), sealed(2))
    assert await other.kept("website", after="0198-0002", limit=2) == (sealed(3),)
    assert await other.counts() == {"typeform": 1, "website": 3}


async def test_no_more_of_a_source_are_kept_than_may_be(two: tuple[QuarantineStore, QuarantineStore]) -> None:
    kept = await asyncio.gather(*(two[number % 2].keep(sealed(number), most=5) for number in range(20)))
    assert sum(kept) == 5
    assert await two[0].counts() == {"website": 5}
    assert await two[0].keep(sealed(99, source="typeform"), most=5), "another source has room of its own"


async def test_no_more_bytes_of_all_are_kept_than_may_be(
    two: tuple[QuarantineStore, QuarantineStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    for engine in ("sqlite", "postgres"):
        monkeypatch.setattr(f"leadbridge.store.{engine}.quarantine.MOST_BYTES", 100)
    assert quarantine.MOST_BYTES == 256 * 1024 * 1024
    one, other = two
    assert await one.keep(sealed(1, size=60), most=9)
    assert not await other.keep(sealed(2, source="typeform", size=41), most=9)
    assert await other.keep(sealed(3, source="typeform", size=40), most=9)
    assert await one.drop(["0198-0001"]) == 1
    assert await other.keep(sealed(4, size=60), most=9), "what is gone makes room"


async def test_what_is_dropped_is_counted_once(two: tuple[QuarantineStore, QuarantineStore]) -> None:
    one, other = two
    for number in range(4):
        assert await one.keep(sealed(number), most=10)
    dropped = await asyncio.gather(one.drop(["0198-0000", "0198-0001"]), other.drop(["0198-0001", "0198-0002"]))
    assert sum(dropped) == 3
    assert await one.counts() == {"website": 1}
    assert await one.drop(["0198-0000"]) == 0


async def test_what_is_old_goes(two: tuple[QuarantineStore, QuarantineStore]) -> None:
    one, other = two
    for number in range(5):
        assert await one.keep(sealed(number), most=10)
    assert await other.forget(1_003) == 3
    assert await one.kept("website", limit=9) == (sealed(3), sealed(4))
    assert await one.counts() == {"website": 2}


async def test_what_is_readmitted_is_a_submission_like_any_other_and_is_so_once(
    store: Store, database_url: str, two: tuple[QuarantineStore, QuarantineStore]
) -> None:
    assert await two[0].keep(sealed(1), most=10)
    request = replace(new_request(item("form-1"), item("form-1"), item("form-2")), request_id="0198-0001")
    operators = open_operator(database_url), open_operator(database_url)
    told = await asyncio.gather(*(one.readmit(request) for one in operators))
    for one in operators:
        await one.close()
    assert sorted(one is None for one in told) == [False, True]
    accepted = told[0] or told[1] or ()
    assert [one.status for one in accepted] == ["accepted", "duplicate", "accepted"]
    assert await two[1].counts() == {}
    assert await store.changed_elsewhere()
    waiting = await store.waiting(limit=10)
    assert [(one.submission_id, one.request_id) for one in waiting] == [
        (accepted[0].submission_id, "0198-0001"),
        (accepted[2].submission_id, "0198-0001"),
    ]


async def test_what_is_readmitted_stands_before_what_came_after_it(
    store: Store, database_url: str, two: tuple[QuarantineStore, QuarantineStore]
) -> None:
    """An older lead that goes in late must not put an old value over a newer one."""
    assert await two[0].keep(sealed(1), most=10)
    newer = new_request(item("form-2"))
    await store.accept(newer)
    early = newer.received.received_at - 86_400_000
    older = new_request(item("form-1"))
    older = replace(older, request_id="0198-0001", received=replace(older.received, received_at=early))
    operator = open_operator(database_url)
    assert await operator.readmit(older)
    await operator.close()
    await store.changed_elsewhere()
    places = {one.request_id: one.order_at for one in await store.waiting(limit=10)}
    assert places == {"0198-0001": early, newer.request_id: newer.received.received_at}


def item(key: str) -> NewItem:
    return NewItem(submission_id=new_id(), dedupe_key=key, digest=b"the same")
