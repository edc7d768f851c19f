"""`show`, `list` and `ledger` of what is, was, or could not be fetched."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from leadbridge.cli import app
from leadbridge.clock import SystemClock
from leadbridge.store.fetching import FetchEnd, FetchPause, FetchQuota
from leadbridge.store.sqlite.store import SqliteStore
from leadbridge.store.values import NewItem
from tests.support.stored import new_request

QUOTA = FetchQuota(limit=100, window=60_000)
WHY = "fetch: the vendor answered 404: no such lead"


async def filled(path: Path) -> None:
    """Three announced leads: one fetched, one failed, and one that waits while its source pauses."""
    now = SystemClock().now()
    store = SqliteStore(path, disk_reserve=0)
    for name in ("fetched", "failed", "waits"):
        item = NewItem(submission_id=name, state="awaiting_fetch")
        await store.accept(new_request(item, source="ads", at=now))
    claimed = await store.claim_fetches("ads", quota=QUOTA, calls_each=1, limit=9, now=now, until=now + 30_000)
    assert len(claimed.due) == 3
    await store.store_fetched(
        "ads",
        [
            FetchEnd(submission_id="fetched", calls=1, answered_at=now, documents='{"lead": {"city": "Albany"}}'),
            FetchEnd(submission_id="failed", calls=1, answered_at=now, reason=WHY),
            FetchEnd(submission_id="waits", calls=1, answered_at=now, again_at=now, reason="fetch: 503"),
        ],
        now=now,
        pause=FetchPause(until=now + 600_000, reason="credentials: the token has expired"),
    )
    await store.close()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("shown") / "leadbridge.db"
    asyncio.run(filled(path))
    return f"sqlite:///{path}"


def told(database: str, *arguments: str) -> str:
    result = CliRunner().invoke(app, arguments, env={"LEADBRIDGE_DATABASE_URL": database, "COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return " ".join(result.stdout.split())


def document(database: str, *arguments: str) -> Any:
    return json.loads(told(database, *arguments, "--format", "json"))


def test_show_has_the_documents_of_a_fetched_lead(database: str) -> None:
    assert "fetched lead city Albany" in told(database, "show", "fetched")
    assert document(database, "show", "fetched")["submission"]["fetched"] == {"lead": {"city": "Albany"}}


def test_show_says_what_an_announced_lead_waits_for(database: str) -> None:
    said = told(database, "show", "waits")
    assert "its answers, which only its vendor has; asked for 1 time; nothing is fetched for the source until" in said
    assert "credentials: the token has expired" in said


def test_show_says_how_a_lead_that_could_not_be_fetched_is_sent_on(database: str) -> None:
    said = told(database, "show", "failed")
    assert WHY in said
    assert "when the cause is mended: leadbridge replay failed" in said


def test_a_list_has_the_state(database: str) -> None:
    assert "awaiting_fetch" in told(database, "list", "--state", "awaiting_fetch")
    assert [row["id"] for row in document(database, "list", "--state", "awaiting_fetch")] == ["waits"]


def test_the_ledger_tells_what_waits_of_each_source_and_why(database: str) -> None:
    said = told(database, "ledger")
    assert "awaiting_fetch 1" in said
    assert "ads to be fetched pauses until" in said
    assert "credentials: the token has expired waiting 1; the oldest since" in said
    (fetches,) = document(database, "ledger")["fetches"]
    assert (fetches["source"], fetches["waiting"], fetches["pause"]["times"]) == ("ads", 1, 1)
