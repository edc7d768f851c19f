"""Every store of tokens keeps what it said it keeps, whoever else changes the same row."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import apsw
import pytest

from leadbridge.errors import StorageUnavailable
from leadbridge.store.opening import open_tokens
from leadbridge.store.sqlite.store import SqliteStore
from leadbridge.store.sqlite.tokens import SqliteTokens
from leadbridge.store.tokens import TokenRow, TokenStore
from tests.support.stores import ENGINES

from .memory import MemoryTokens

NAME = "leadconnector:crm.test:app1:LOC1"


@pytest.fixture(params=[*ENGINES, "memory"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def two(request: pytest.FixtureRequest, engine: str) -> AsyncIterator[tuple[TokenStore, TokenStore]]:
    """The same tokens, as two processes have them open."""
    opened: list[TokenStore]
    if engine == "memory":
        rows: dict[str, TokenRow] = {}
        opened = [MemoryTokens(rows), MemoryTokens(rows)]
    else:
        url = request.getfixturevalue("database_url")
        opened = [open_tokens(url), open_tokens(url)]
    yield opened[0], opened[1]
    for store in opened:
        await store.close()


async def row_of(store: TokenStore) -> TokenRow:
    row = await store.token(NAME)
    assert row is not None
    return row


async def test_what_is_stored_is_seen_by_the_other(two: tuple[TokenStore, TokenStore]) -> None:
    one, other = two
    assert await other.token(NAME) is None
    assert await one.put_token(NAME, b"first", version=0, now=1)
    assert await other.put_token("another", b"x", version=0, now=2)

    assert await other.token(NAME) == TokenRow(
        name=NAME, version=1, sealed=b"first", intent_at=None, intent_by=None, lost_at=None, detail=None, updated_at=1
    )  # fmt: skip
    assert [row.name for row in await one.tokens()] == ["another", NAME]


async def test_only_who_saw_what_is_there_replaces_it(two: tuple[TokenStore, TokenStore]) -> None:
    one, other = two
    assert await one.put_token(NAME, b"first", version=0, now=1)
    assert not await other.put_token(NAME, b"late", version=0, now=2)
    assert await other.put_token(NAME, b"second", version=1, now=3)
    assert not await one.put_token(NAME, b"late", version=1, now=4)
    assert not await one.put_token("nothing", b"late", version=1, now=4)

    row = await row_of(one)
    assert (row.version, row.sealed, row.updated_at) == (2, b"second", 3)


async def test_who_has_lost_the_intent_replaces_nothing_in_its_name(two: tuple[TokenStore, TokenStore]) -> None:
    one, other = two
    assert await one.put_token(NAME, b"first", version=0, now=1)
    assert not await one.put_token(NAME, b"early", version=1, now=2, by="a")
    assert await one.begin_exchange(await row_of(one), by="a", now=3)
    assert await other.begin_exchange(await row_of(other), by="b", now=4)
    assert not await one.put_token(NAME, b"late", version=1, now=5, by="a")
    assert await other.put_token(NAME, b"second", version=1, now=6, by="b")
    assert (await row_of(one)).sealed == b"second"


async def test_one_of_many_gets_the_intent(two: tuple[TokenStore, TokenStore]) -> None:
    one, other = two
    await one.put_token(NAME, b"first", version=0, now=1)
    seen = await row_of(one)
    got = await asyncio.gather(
        *(store.begin_exchange(seen, by=f"{index}", now=5) for index, store in enumerate([one, other] * 4))
    )
    assert sorted(got) == [False] * 7 + [True]

    taken = await row_of(other)
    assert (taken.intent_at, taken.intent_by) == (5, str(got.index(True)))
    assert await other.begin_exchange(taken, by="later", now=20)  # who saw it may take it over
    assert (await row_of(one)).intent_by == "later"
    assert (await row_of(one)).version == 1


async def test_an_intent_ends_by_its_owner_and_by_new_tokens(two: tuple[TokenStore, TokenStore]) -> None:
    one, other = two
    await one.put_token(NAME, b"first", version=0, now=1)
    assert await one.begin_exchange(await row_of(one), by="one", now=5)
    assert not await other.end_exchange(NAME, version=1, by="other")
    assert await one.end_exchange(NAME, version=1, by="one")
    assert (await row_of(other)).intent_at is None

    assert await one.begin_exchange(await row_of(one), by="one", now=5)
    assert await other.put_token(NAME, b"second", version=1, now=6)
    row = await row_of(one)
    assert (row.intent_at, row.intent_by) == (None, None)
    assert not await one.end_exchange(NAME, version=1, by="one")


async def test_tokens_are_lost_only_by_who_is_exchanging_them_and_come_back_by_new_ones(
    two: tuple[TokenStore, TokenStore],
) -> None:
    one, other = two
    await one.put_token(NAME, b"first", version=0, now=1)
    assert await one.begin_exchange(await row_of(one), by="one", now=5)
    assert not await other.lose_token(NAME, version=1, by="other", detail="no", now=6)
    assert not await one.lose_token(NAME, version=2, by="one", detail="no", now=6)
    assert await one.lose_token(NAME, version=1, by="one", detail="no", now=7)
    lost = await row_of(other)
    assert (lost.lost_at, lost.detail, lost.intent_by, lost.sealed) == (7, "no", None, b"first")
    assert not await other.begin_exchange(lost, by="other", now=8)

    assert await other.put_token(NAME, b"second", version=1, now=9)
    assert ((await row_of(one)).lost_at, (await row_of(one)).detail) == (None, None)


async def test_another_key_does_not_disturb_who_is_exchanging(two: tuple[TokenStore, TokenStore]) -> None:
    one, other = two
    await one.put_token(NAME, b"first", version=0, now=1)
    assert await one.begin_exchange(await row_of(one), by="one", now=5)
    assert await other.reseal_token(NAME, b"FIRST", version=1)
    row = await row_of(one)
    assert (row.sealed, row.intent_by, row.version) == (b"FIRST", "one", 1)
    assert await one.put_token(NAME, b"second", version=1, now=6)
    assert not await other.reseal_token(NAME, b"FIRST", version=1)


async def test_it_stands_beside_the_service_that_serves_the_same_file(tmp_path: Path) -> None:
    service = SqliteStore(tmp_path / "leadbridge.db", disk_reserve=0)
    tokens = open_tokens(f"sqlite:///{tmp_path}/leadbridge.db")
    assert await tokens.put_token(NAME, b"first", version=0, now=1)
    assert (await service.ledger()).balances
    await tokens.close()
    await service.close()


async def test_a_grant_may_be_connected_before_the_first_start(tmp_path: Path) -> None:
    tokens = open_tokens(f"sqlite:///{tmp_path}/data/leadbridge.db")
    assert await tokens.put_token(NAME, b"first", version=0, now=1)
    await tokens.close()
    service = SqliteStore(tmp_path / "data/leadbridge.db", disk_reserve=0)
    await service.close()


async def test_a_file_that_a_service_of_another_version_serves_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "leadbridge.db"
    await SqliteStore(path, disk_reserve=0).close()
    connection = apsw.Connection(str(path))
    connection.pragma("user_version", 1)
    connection.close()
    with pytest.raises(StorageUnavailable, match="start the service of this version once"):
        SqliteTokens(path)


async def test_a_file_that_cannot_be_written_is_said_to_be_one(tmp_path: Path) -> None:
    tokens = SqliteTokens(tmp_path / "leadbridge.db")
    other = apsw.Connection(str(tmp_path / "leadbridge.db"))
    other.execute("DROP TABLE tokens")
    with pytest.raises(StorageUnavailable, match="no such table"):
        await tokens.put_token(NAME, b"first", version=0, now=1)
    with pytest.raises(StorageUnavailable, match="no such table"):
        await tokens.token(NAME)
    await tokens.close()
    other.close()
