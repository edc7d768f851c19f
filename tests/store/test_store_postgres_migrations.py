"""A PostgreSQL is brought up to date while others serve; what a later version changed is lived with if it says so."""

import re
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from leadbridge.errors import StorageUnavailable
from leadbridge.store.postgres import migrating
from leadbridge.store.postgres.migrating import (
    Migration,
    migrate,
    migrations,
    newest_schema,
    require_our_schema,
    version,
)
from tests.support.postgres import Cluster
from tests.support.walked import walked

# What keeps others from reading or writing for as long as a table is large, or takes away what an older version uses.
OFFENCES = {
    "takes away what is used": r"\bDROP (TABLE|COLUMN|INDEX|SEQUENCE)\b|\bRENAME\b|\bTRUNCATE\b",
    "goes through a whole table": r"\bALTER COLUMN \w+ (SET DATA )?TYPE\b|\bSET NOT NULL\b|\bVACUUM\b|\bCLUSTER\b",
    "refuses what an older version writes": r"\bADD COLUMN (?![^;,]*\bDEFAULT\b)[^;,]*\bNOT NULL\b",
    "checks every row": r"\bADD (CONSTRAINT|CHECK|FOREIGN)\b(?![^;]*\bNOT VALID\b)",
    "keeps writers out": r"\bCREATE (UNIQUE )?INDEX\b|\bLOCK TABLE\b|\bCREATE TRIGGER\b",
    "changes any number of rows": r"^(UPDATE|DELETE)\b",
}


def offences(script: str) -> set[str]:
    """What of it must not be done while others serve; a table that it makes is nobody's yet."""
    plain = re.sub(r"\s+", " ", re.sub(r"--.*", "", script))
    new = re.findall(r"CREATE TABLE (\w+)", plain)
    statements = [one.strip() for one in plain.split(";") if not any(re.search(rf"\b{name}\b", one) for name in new)]
    return {why for why, what in OFFENCES.items() for one in statements if re.search(what, one, re.IGNORECASE)}


@pytest.fixture
async def url(postgres: Cluster) -> AsyncIterator[str]:
    """A database in which nothing is yet."""
    name = await postgres.server.make_database()
    yield postgres.server.url(name)
    await postgres.server.drop_database(name)


@pytest.fixture
async def connection(url: str) -> AsyncIterator[Any]:
    opened = await asyncpg.connect(url)
    yield opened
    await opened.close()


@pytest.mark.parametrize("one", migrations()[1:], ids=lambda one: f"schema {one.number}")
def test_a_migration_can_run_while_the_version_before_it_serves(one: Migration) -> None:
    """See "Migrations" in CONTRIBUTING.md: what is found here is done in another way, or in two releases."""
    assert offences(one.script) == set()
    assert one.needs < one.number, "its first line is `-- needs: N`: the oldest schema whose leadbridge lives with it"


@walked(
    ("statement", "why"),
    [
        ("DROP TABLE lanes;", "takes away what is used"),
        ("ALTER TABLE lanes RENAME COLUMN owner TO holder;", "takes away what is used"),
        ("ALTER TABLE lanes ALTER COLUMN epoch TYPE numeric;", "goes through a whole table"),
        ("ALTER TABLE lanes ADD COLUMN zone text NOT NULL;", "refuses what an older version writes"),
        ("ALTER TABLE lanes ADD CONSTRAINT positive CHECK (epoch > 0);", "checks every row"),
        ("CREATE INDEX late ON deliveries (updated_at);", "keeps writers out"),
        ("UPDATE deliveries SET detail = NULL;", "changes any number of rows"),
    ],
)
def test_the_worst_is_found(statement: str, why: str) -> None:
    assert offences(f"CREATE TABLE zones (name text);\n{statement} -- as it may be written\n") == {why}


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE lanes ADD COLUMN zone text NOT NULL DEFAULT '';",
        "ALTER TABLE lanes ADD CONSTRAINT positive CHECK (epoch > 0) NOT VALID;",
        "CREATE TABLE zones (name text); CREATE INDEX zones_by_name ON zones (name);",
        "-- DROP TABLE lanes;",
    ],
)
def test_what_holds_nobody_up_is_allowed(statement: str) -> None:
    assert offences(statement) == set()


async def test_all_are_applied_once(connection: Any) -> None:
    assert await version(connection) is None
    for _ in range(2):
        await migrate(connection)
        await require_our_schema(connection)
    rows = await connection.fetch("SELECT version, needs FROM leadbridge_schema ORDER BY version")
    assert [tuple(row) for row in rows] == [(one.number, one.needs) for one in migrations()]
    assert await version(connection) == newest_schema() == len(migrations())


async def test_a_later_schema_is_lived_with_if_it_says_so(connection: Any) -> None:
    await migrate(connection)
    later = "INSERT INTO leadbridge_schema (version, needs) VALUES ($1, $2)"
    await connection.execute(later, newest_schema() + 1, newest_schema())
    await migrate(connection)
    await require_our_schema(connection)
    assert await version(connection) == newest_schema() + 1, "a step back in the software is none in the schema"
    await connection.execute(later, newest_schema() + 2, newest_schema() + 1)
    with pytest.raises(StorageUnavailable, match=r"newer leadbridge wrote this database .*; upgrade leadbridge"):
        await migrate(connection)
    with pytest.raises(StorageUnavailable, match="a newer leadbridge made this database"):
        await require_our_schema(connection)


async def test_a_migration_waits_for_a_busy_table_in_turns_and_holds_nobody_up(
    url: str, connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *_ = migrations()
    second = Migration(2, 1, "ALTER TABLE lanes ADD COLUMN zone text;")
    monkeypatch.setattr(migrating, "IMPATIENT", "SET LOCAL lock_timeout = '1ms'")
    monkeypatch.setattr(migrating, "PAUSE", 0.0)
    monkeypatch.setattr(migrating, "TRIES", 2)
    monkeypatch.setattr(migrating, "migrations", lambda: (first,))
    await migrate(connection)
    monkeypatch.setattr(migrating, "migrations", lambda: (first, second))
    busy = await asyncpg.connect(url)
    reading = busy.transaction()
    await reading.start()
    await busy.execute("LOCK TABLE lanes IN ACCESS SHARE MODE")
    with pytest.raises(StorageUnavailable, match=r"a table is busy, so .* schema 2: see pg_stat_activity"):
        await migrate(connection)
    assert await version(connection) == 1
    await reading.rollback()
    await busy.close()
    await migrate(connection)
    assert await version(connection) == 2
