"""Documents that a leadbridge of before leaves on PostgreSQL, when it prunes their submissions beside this one."""

import asyncpg
import pytest

from leadbridge.store.base import Store
from tests.store.announced import ANSWERS, documents_in, found
from tests.store.pruning import BEFORE, NOW, OLD, arrive, id_of, steps


@pytest.fixture
def engine() -> str:
    return "postgres"


async def test_documents_without_a_submission_are_taken_out_some_at_a_time(store: Store, database_url: str) -> None:
    [kept] = await arrive(store, at=OLD, state="awaiting_fetch")
    await store.store_fetched("website", [found(kept)], now=NOW)
    gone = [id_of(at) for at in (OLD - 1, *[OLD] * 6, OLD + 1, OLD + 2)]
    connection = await asyncpg.connect(database_url)
    try:
        insert = "INSERT INTO fetches (submission_id, source, documents) VALUES ($1, 'website', $2)"
        await connection.executemany(insert, [(name, ANSWERS) for name in gone])
    finally:
        await connection.close()
    assert len(await documents_in(database_url)) == 10
    await steps(store, BEFORE, limit=2)
    assert await documents_in(database_url) == [ANSWERS], "its submission is there, and unfinished"
