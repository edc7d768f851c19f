"""What is wrong with a PostgreSQL is said in words that help, and nothing is lost by it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from leadbridge.errors import LeadbridgeError, StorageInDoubt, StorageUnavailable, UsageError
from leadbridge.store.opening import open_operator, open_reader, open_store, open_tokens
from leadbridge.store.postgres.store import PostgresStore
from leadbridge.store.postgres.troubles import in_our_words
from leadbridge.store.values import NewItem
from tests.support.postgres import GUARDED, Cluster, server
from tests.support.stored import LANE, START, add, claim, ids, new_delivery, new_request

SECRET = "correct horse"


@pytest.fixture(params=["postgres"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def guarded(postgres: Cluster, database_url: str) -> AsyncIterator[str]:
    """The database of a user who needs a password."""
    await postgres.server.run(f"CREATE ROLE {GUARDED} LOGIN PASSWORD '{SECRET}'")
    yield database_url.partition("@/")[2].partition("?")[0]
    await postgres.server.run(f"DROP OWNED BY {GUARDED}", f"DROP ROLE {GUARDED}")


@pytest.mark.parametrize("opened", [open_store, open_reader, open_operator, open_tokens])
async def test_a_wrong_password_is_told_and_never_repeated(postgres: Cluster, guarded: str, opened: object) -> None:
    with pytest.raises(StorageUnavailable, match="refuses the password: see LEADBRIDGE_DATABASE_URL") as told:
        opened(postgres.server.url(guarded, user=f"{GUARDED}:wrong%20horse"))  # type: ignore[operator]
    assert "horse" not in str(told.value)


async def test_a_user_without_rights_is_told_to_ask_for_them(postgres: Cluster, guarded: str) -> None:
    with pytest.raises(StorageUnavailable, match=r"permission denied .* grant it the tables"):
        open_reader(postgres.server.url(guarded, user=f"{GUARDED}:correct%20horse"))


async def test_a_database_that_is_not_there_is_told(postgres: Cluster) -> None:
    with pytest.raises(StorageUnavailable, match='"nowhere" does not exist; there is no such database: create it'):
        open_store(postgres.server.url("nowhere"))


async def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match=r"cannot be reached: .*is it running"):
        open_store(f"postgresql://postgres@/any?host={tmp_path}")


@pytest.mark.parametrize(
    "url", [f"postgresql://postgres:{SECRET}@host:port/any", f"postgresql://postgres:{SECRET}@host/any?sslmode=perhaps"]
)
async def test_an_url_that_cannot_be_read_is_told_without_its_password(url: str) -> None:
    with pytest.raises(UsageError, match="must look like postgresql://") as told:
        open_store(url)
    assert SECRET not in str(told.value)


async def test_a_command_makes_no_tables(postgres: Cluster) -> None:
    name = await postgres.server.make_database()
    for opened in (open_reader, open_operator):
        with pytest.raises(StorageUnavailable, match="no tables in this database; start the service first"):
            opened(postgres.server.url(name))
    await postgres.server.drop_database(name)


@pytest.mark.parametrize(
    ("version", "serving", "beside"),
    [
        (99, "schema 99.*upgrade leadbridge", "a newer leadbridge made this database"),
        (0, None, "an older leadbridge made this database; start the service of this version once"),
    ],
)
async def test_a_database_of_another_version_is_left_alone(
    postgres: Cluster, version: int, serving: str | None, beside: str
) -> None:
    name = await postgres.server.make_database()
    connection = await asyncpg.connect(postgres.server.url(name))
    await connection.execute(f"CREATE TABLE leadbridge_schema AS SELECT {version} AS version, {version} AS needs")
    await connection.close()
    with pytest.raises(StorageUnavailable, match=beside):
        open_operator(postgres.server.url(name))
    if serving is not None:
        with pytest.raises(StorageUnavailable, match=serving):
            open_store(postgres.server.url(name))
    await postgres.server.drop_database(name)


async def test_many_that_start_at_once_make_the_tables_once(postgres: Cluster) -> None:
    name = await postgres.server.make_database()
    url = postgres.server.url(name)
    stores = await asyncio.gather(*(asyncio.to_thread(PostgresStore, url) for _ in range(6)))
    assert (await stores[0].ledger()).balances
    for store in stores:
        await store.close()
    await postgres.server.drop_database(name)


async def test_a_standby_is_told_to_be_one(postgres: Cluster) -> None:
    name = await postgres.server.make_database()
    url = postgres.server.url(name)
    await open_store(url).close()
    await postgres.server.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    standby = open_store(url)
    with pytest.raises(StorageUnavailable, match=r"read-only, a standby perhaps: .* must name the primary"):
        await standby.accept(new_request())
    await standby.close()
    await postgres.server.drop_database(name)


async def test_a_server_without_a_connection_left_is_told(postgres: Cluster, guarded: str) -> None:
    await postgres.server.run(f"ALTER ROLE {GUARDED} CONNECTION LIMIT 0")
    with pytest.raises(StorageUnavailable, match="no connection left: raise max_connections, or run fewer replicas"):
        open_store(postgres.server.url(guarded, user=f"{GUARDED}:correct%20horse"))


async def cut(postgres: Cluster) -> None:
    """Every connection but the one that does it."""
    await postgres.server.run(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )


async def test_with_its_connections_cut_a_store_goes_on(store: PostgresStore, postgres: Cluster) -> None:
    await add(store, new_delivery("email:1"))
    assert not await store.changed_elsewhere()
    await cut(postgres)
    request = new_request()
    try:
        await store.accept(request)
    except StorageUnavailable:
        await store.accept(request)
    assert await store.request(request.request_id) is not None
    assert len(await claim(store)) == 1
    await store.changed_elsewhere()
    assert len(await store.submissions(limit=9)) == 2


@pytest.mark.parametrize(
    "said",
    [
        # What asyncpg says of a connection whose end it has heard of and not seen: found by `prove`.
        asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InterfaceError("cannot call Connection.fetch(): connection has been released back to the pool"),
        ConnectionResetError("reset by peer"),
    ],
)
def test_a_connection_that_ends_in_any_way_is_no_mistake_of_ours(said: Exception) -> None:
    with pytest.raises(StorageInDoubt, match="the connection to PostgreSQL is lost"), in_our_words(in_doubt=True):
        raise said


@pytest.fixture
def own_server() -> Iterator[Cluster]:
    """One that a test may stop."""
    with server() as running:
        yield Cluster(running)


async def test_a_server_that_is_restarted_keeps_nobody_waiting(own_server: Cluster) -> None:
    store = PostgresStore(own_server.emptied())
    delivery = new_delivery("email:1")
    await add(store, delivery)
    await asyncio.to_thread(own_server.server.stop)
    for attempt in (store.accept(new_request()), store.changed_elsewhere()):
        with pytest.raises(StorageUnavailable):
            await attempt
    with pytest.raises(StorageUnavailable):
        store.check()
    await asyncio.to_thread(own_server.server.start)
    await store.accept(new_request())
    store.check()
    assert ids(await claim(store, now=START, lane=LANE)) == [delivery.delivery_id]
    assert (await store.ledger()).balances
    await store.close()
    with pytest.raises(LeadbridgeError, match="closed"):
        await store.accept(new_request())


async def test_texts_that_postgresql_cannot_hold_are_held_all_the_same(store: PostgresStore) -> None:
    item = NewItem(submission_id="0198-2", state="failed", reason="nul \0 in it", dedupe_key="\0", digest=b"1")
    (accepted,) = await store.accept(new_request(item))
    row = await store.submission(accepted.submission_id)
    assert row is not None
    assert (row.reason, row.dedupe_key) == ("nul \ufffd in it", "\ufffd")


async def test_a_mistake_stays_with_its_maker_and_spoils_no_connection(store: PostgresStore) -> None:
    too_large = NewItem(submission_id="0198-3", dedupe_key="a lone \udc80", digest=b"1")
    outcomes = await asyncio.gather(
        *(store.accept(request) for request in (new_request(), new_request(too_large), new_request())),
        return_exceptions=True,
    )
    assert [type(one) for one in outcomes] == [tuple, asyncpg.DataError, tuple]
    assert (await store.ledger()).balances
    assert len(await store.submissions(limit=9)) == 2
