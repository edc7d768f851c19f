"""The database of a run on PostgreSQL: made beside what is there, cut off, restarted, and gone afterwards."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from leadbridge.errors import UsageError
from leadbridge.prove import scratch
from leadbridge.prove.processes import ProcessFailed
from leadbridge.prove.scratch import PREFIX, Caught, PostgresScratch
from leadbridge.store.postgres.store import PostgresStore
from tests.support.postgres import Cluster
from tests.support.stored import add, claim, new_delivery, new_request

POOR = "poor"  # a user who may not make a database


@pytest.fixture
def engine() -> str:
    return "postgres"


@pytest.fixture
async def made(postgres: Cluster) -> AsyncIterator[PostgresScratch]:
    database = PostgresScratch(postgres.server.url("postgres"))
    await database.make()
    yield database
    await database.remove()


async def names(postgres: Cluster) -> set[str]:
    connection = await asyncpg.connect(postgres.server.url("postgres"))
    try:
        return {name for (name,) in await connection.fetch("SELECT datname FROM pg_database")}
    finally:
        await connection.close()


async def test_it_is_made_beside_what_is_there_and_dropped_with_whoever_is_connected(postgres: Cluster) -> None:
    before = await names(postgres)
    database = PostgresScratch(postgres.server.url("postgres"))
    assert (await database.make()).startswith("PostgreSQL 1")
    (new,) = await names(postgres) - before
    assert new.startswith(PREFIX)
    assert new in database.url
    assert (database.is_there, database.drop_statement) == (True, f"DROP DATABASE {new} WITH (FORCE)")
    left = await asyncpg.connect(database.url)
    await database.remove()
    assert await names(postgres) == before
    left.terminate()
    assert not database.is_there
    await database.remove()


async def test_a_user_who_may_make_none_is_told_what_to_do(postgres: Cluster) -> None:
    await postgres.server.run(f"CREATE ROLE {POOR} LOGIN")
    before = await names(postgres)
    database = PostgresScratch(postgres.server.url("postgres", user=POOR))
    try:
        with pytest.raises(UsageError, match=r"this user may not: permission denied .*; ALTER ROLE … CREATEDB"):
            await database.make()
        await database.remove()
        assert await names(postgres) == before
    finally:
        await postgres.server.run(f"DROP ROLE {POOR}")


@pytest.mark.parametrize("url", ["sqlite:///leads.db", "leads", "postgres", "mysql://host/leads"])
def test_another_kind_of_database_is_wrong_usage(url: str) -> None:
    with pytest.raises(UsageError, match="--database must look like postgresql://"):
        PostgresScratch(url)


@pytest.mark.parametrize(
    ("server", "shown"),
    [
        ("postgresql://me:s:ecret@host:5432/leads?sslmode=require", "postgresql://me:•••@host:5432/{}?sslmode=require"),
        ("postgres://me@host", "postgres://me@host/{}"),
        ("postgresql:///leads?host=/run", "postgresql:///{}?host=/run"),
    ],
)
def test_the_url_is_that_of_the_server_with_another_name_and_printed_without_its_password(
    server: str, shown: str
) -> None:
    database = PostgresScratch(server)
    name = database.url.partition("?")[0].rpartition("/")[2]
    assert database.shown() == shown.format(name)
    assert database.url.startswith(server.partition("/leads")[0])


async def test_a_kill_is_told_by_what_went_on_in_the_lanes_of_that_process(
    store: PostgresStore, postgres: Cluster, database_url: str
) -> None:
    await add(store, new_delivery("email:1"))
    await claim(store)
    await store.accept(new_request())
    database = PostgresScratch(postgres.server.url("postgres"))
    database.url = database_url
    connection = await asyncpg.connect(database_url)
    ((pid,),) = await connection.fetch("SELECT DISTINCT pid FROM processes")
    await connection.close()
    assert await database.at_work() == {pid}
    assert await database.caught(pid) == Caught(received=1, sending=1, calls=1)
    assert await database.caught(pid + 1) == Caught(received=1, sending=0, calls=0)


async def test_every_connection_is_cut(made: PostgresScratch) -> None:
    connection = await asyncpg.connect(made.url)
    await made.cut()
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)):
        await connection.execute("SELECT 1")
    connection.terminate()


async def test_a_server_is_restarted_by_the_command_and_waited_for(
    made: PostgresScratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.restart_command = "true"
    await made.restart()
    made.restart_command = "exit 3"
    with pytest.raises(ProcessFailed, match="--restart-command ended with 3: exit 3"):
        await made.restart()
    monkeypatch.setattr(scratch, "BACK_WITHIN", 0.1)
    made.restart_command = "true"
    made.url = made.url.replace(PREFIX, "gone_")
    with pytest.raises(ProcessFailed, match=r"did not answer in 0\.1 s after its restart"):
        await made.restart()
