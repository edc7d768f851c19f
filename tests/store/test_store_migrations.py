"""A database that an earlier leadbridge made is brought up to date, with what is in it."""

from importlib import resources
from pathlib import Path

import apsw

from leadbridge.store.base import CallSpan
from leadbridge.store.sqlite.store import SqliteStore
from tests.support.stored import LANE, START


def made_by_the_first_schema(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path))
    script = resources.files("leadbridge.store.sqlite") / "migrations" / "0001_first.sql"
    connection.execute(script.read_text("utf-8"))
    connection.pragma("user_version", 1)
    return connection


async def test_calls_from_before_the_time_of_their_send_was_kept_count_from_their_start(tmp_path: Path) -> None:
    path = tmp_path / "leadbridge.db"
    connection = made_by_the_first_schema(path)
    for started_at, outcome in ((START, "failed"), (START + 1, None)):  # one that timed out, one that was cut off
        connection.execute(
            "INSERT INTO attempts (lane, purpose, method, path, safe_to_repeat, started_at, outcome)"
            " VALUES (?, 'upsert', 'PUT', '/upsert', 1, ?, ?)",
            (LANE, started_at, outcome),
        )
    connection.close()
    store = SqliteStore(path, disk_reserve=0)
    await store.recover(now=START + 600_000)
    spans = await store.recent_calls(LANE, since=0)
    await store.close()
    assert sorted(spans, key=lambda span: span.started_at) == [
        CallSpan(started_at=START, answered_at=None),
        CallSpan(started_at=START + 600_000, answered_at=None),
    ]
