"""Replicas that are replaced while leads come in: nobody is refused, and nothing is lost or doubled."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from leadbridge.store.postgres.connection import connect
from leadbridge.store.postgres.migrating import newest_schema, version
from leadbridge.store.postgres.reader import PostgresReader
from tests.crash.balancer import ROOT, Deployment, Load
from tests.crash.test_crash_kill import emails
from tests.support.postgres import Cluster
from tests.support.process import eventually

pytestmark = pytest.mark.slow
REPLICAS = 3


@pytest.fixture
async def deployment(tmp_path: Path, postgres: Cluster) -> AsyncIterator[Deployment]:
    """On a database in which nothing is yet."""
    name = await postgres.server.make_database()
    made = Deployment(tmp_path, postgres.server.url(name))
    await made.start_crms()
    yield made
    await made.end()
    await postgres.server.drop_database(name)


async def schema(url: str) -> int | None:
    connection = await connect(url)
    try:
        return await version(connection)
    finally:
        await connection.close()


async def ends_well(deployment: Deployment, load: Load) -> None:
    """Every lead was answered 202, and is in each CRM once."""
    await load.end()
    reader = PostgresReader(deployment.database_url)

    async def drained() -> bool:
        books = await reader.ledger()
        waiting = {"received", "pending", "sending", "retrying"}
        return not any(account.states.get(state) for account in books.accounts for state in waiting)

    await eventually(drained)
    books = await reader.ledger()
    await reader.close()
    assert books.balances, books
    assert load.broken == []
    assert set(load.answers) == {"202"}, load.answers
    async with httpx.AsyncClient() as client:
        state = (await client.get(f"http://127.0.0.1:{deployment.crm_port}/sandbox/state")).json()
    for found in (emails(state["copper"], "leads"), emails(state["leadconnector"], "contacts")):
        assert set(load.taken) - set(found) == set(), "lost"
        assert [email for email, count in found.items() if count > 1] == [], "doubled"


async def test_replicas_are_replaced_one_by_one_under_load(deployment: Deployment) -> None:
    replicas = [await deployment.start() for _ in range(REPLICAS)]
    load = Load(deployment)
    for replica in replicas:
        await load.more(30)
        await deployment.start()
        await deployment.stop(replica)
    await load.more(30)
    assert len(deployment.endpoints) == REPLICAS
    await ends_well(deployment, load)


@pytest.fixture
def version_after(tmp_path: Path) -> Path:
    """The source of a leadbridge with one more migration, and which is this one otherwise."""
    source = tmp_path / "after"
    shutil.copytree(ROOT / "service", source, ignore=shutil.ignore_patterns("__pycache__"))
    migration = source / "leadbridge/store/postgres/migrations" / f"{newest_schema() + 1:04}_next.sql"
    migration.write_text("-- needs: 1\nCREATE TABLE next_version (id text PRIMARY KEY);\n", encoding="utf-8")
    return source


async def test_an_upgrade_that_changes_the_schema_under_load_and_a_step_back(
    deployment: Deployment, version_after: Path
) -> None:
    """The new version comes while the old one serves; an old process may be started again until the last is gone."""
    first, second = [await deployment.start() for _ in range(2)]
    assert await schema(deployment.database_url) == newest_schema()
    load = Load(deployment)
    await load.more(60)
    await deployment.start(source=version_after)
    assert await schema(deployment.database_url) == newest_schema() + 1
    await load.more(30)
    await deployment.stop(first)
    again = await deployment.start()
    await load.more(30)
    await deployment.start(source=version_after)
    for old in (second, again):
        await deployment.stop(old)
    await load.more(30)
    await ends_well(deployment, load)
