"""What becomes of an accept, and of an ear, whose connection to PostgreSQL breaks or whose transaction gives way."""

import asyncio
from typing import Any

import asyncpg
import pytest

from leadbridge.errors import StorageInDoubt, StorageUnavailable
from leadbridge.store.postgres.store import PostgresStore
from leadbridge.store.values import NewItem
from tests.support.postgres import Cluster
from tests.support.process import eventually
from tests.support.stored import new_request


@pytest.fixture(params=["postgres"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_an_accept_whose_connection_broke_is_stored_once_and_answered(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is committed, and then the connection breaks before anybody hears of it."""
    broken: list[object] = []
    really = store._accepting.run

    async def breaks(work: object) -> object:
        result = await really(work)  # type: ignore[arg-type, var-annotated]
        if not broken:
            broken.append(result)
            raise StorageInDoubt("the connection to PostgreSQL is lost")
        return result

    monkeypatch.setattr(store._accepting, "run", breaks)
    request = new_request(NewItem(submission_id="0198-1", dedupe_key="a", digest=b"1"))
    (accepted,) = await store.accept(request)
    assert (accepted.submission_id, accepted.status) == ("0198-1", "accepted")
    assert len(await store.submissions(limit=9)) == 1
    assert (await store.ledger()).balances


@pytest.mark.parametrize("key", ["a", None])
async def test_an_accept_that_the_server_is_still_at_work_on_is_stored_once_and_answered(
    store: PostgresStore, database_url: str, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    """The connection breaks while the statement waits; a server hears of that when the statement has ended."""
    slow, one_at_a_time = await asyncpg.connect(database_url), asyncio.Lock()
    at_work: list[asyncio.Task[Any]] = []
    really = store._accepting.run

    async def is_waited_for_by(count: int) -> bool:
        async with one_at_a_time:
            return bool(await slow.fetchval("SELECT count(*) >= $1 FROM pg_locks WHERE NOT granted", count))

    async def breaks(work: Any) -> Any:
        if at_work:
            return await really(work)
        at_work.append(asyncio.create_task(really(work)))
        await eventually(lambda: is_waited_for_by(1))
        raise StorageInDoubt("the connection to PostgreSQL is lost")

    monkeypatch.setattr(store._accepting, "run", breaks)
    request = new_request(NewItem(submission_id="0198-1", dedupe_key=key, digest=b"1"))
    async with slow.transaction():
        await slow.execute("LOCK TABLE totals IN EXCLUSIVE MODE")
        accepting = asyncio.create_task(store.accept(request))
        await eventually(lambda: is_waited_for_by(2))
    (accepted,) = await accepting
    assert (accepted.submission_id, accepted.status) == ("0198-1", "accepted")
    await asyncio.gather(*at_work, return_exceptions=True)  # one of the two came too late
    assert len(await store.submissions(limit=9)) == 1
    assert (await store.ledger()).balances
    await slow.close()


async def test_an_accept_that_gives_way_to_another_is_stored_all_the_same(postgres: Cluster) -> None:
    """A batch that holds an id twice takes its ids in two statements; another process, the other way round."""
    name = await postgres.server.make_database()
    url = postgres.server.url(name)
    await postgres.server.run(f"ALTER DATABASE {name} SET deadlock_timeout = '10ms'")
    store = PostgresStore(url)
    other, gate, look = [await asyncpg.connect(url) for _ in range(3)]
    await other.execute("SET deadlock_timeout = '1h'")  # it is the store that gives way
    take = "INSERT INTO dedupe VALUES ('website', $1, '1', '0198-9', 1, false)"

    async def wait(count: int) -> bool:
        return bool(await look.fetchval("SELECT count(*) = $1 FROM pg_locks WHERE NOT granted", count))

    keys = enumerate("aabc")
    items = [NewItem(submission_id=f"0198-{one}", dedupe_key=key, digest=b"1") for one, key in keys]
    taking, keeping = other.transaction(), gate.transaction()
    await taking.start()
    await keeping.start()
    await other.execute(take, "c")
    await gate.execute(take, "b")
    accepting = asyncio.create_task(store.accept(new_request(*items)))
    await eventually(lambda: wait(1))
    waiting = asyncio.create_task(other.execute(take, "a"))
    await eventually(lambda: wait(2))
    await keeping.rollback()
    await waiting
    await taking.rollback()
    assert [one.status for one in await accepting] == ["accepted", "duplicate", "accepted", "accepted"]
    assert (await store.ledger()).balances
    for one in (other, gate, look, store):
        await one.close()
    await postgres.server.drop_database(name)


async def test_an_ear_that_could_not_listen_is_made_anew(store: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> None:
    listen, failed = asyncpg.Connection.add_listener, asyncpg.InternalClientError("another operation is in progress")

    async def fails_once(connection: asyncpg.Connection, *arguments: Any) -> None:
        if not ears:
            ears.append(connection)
            raise failed
        await listen(connection, *arguments)
        ears.append(connection)

    ears: list[asyncpg.Connection] = []
    monkeypatch.setattr(asyncpg.Connection, "add_listener", fails_once)
    with pytest.raises(StorageUnavailable, match="the connection to PostgreSQL is lost"):
        await store.changed_elsewhere()
    await store.changed_elsewhere()
    deaf, ear = ears
    assert (deaf.is_closed(), ear.is_closed()) == (True, False)
