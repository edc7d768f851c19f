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
from tests.fetch.vendor import CONFIG, ENVIRON
from tests.support.stored import new_request

QUOTA = FetchQuota(limit=100, window=60_000)
TO_DO = "to do put a token that works into `fetch.token` of the source, and restart"
OF_META = f"{TO_DO}; Meta's page tokens and those of system users can be made so that they do not expire"
WITHOUT = CONFIG.replace('    fetch: {token: "${META_TOKEN}", quota: {limit: 200, window: 1h}}\n', "")
PUT_BACK = "put `fetch:` back into the source `ads`, and restart: they go on by themselves"
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
    result = CliRunner().invoke(app, arguments, env={**ENVIRON, "LEADBRIDGE_DATABASE_URL": database, "COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return " ".join(result.stdout.split())


def site(folder: Path, config: str) -> str:
    path = folder / f"{'with' if 'fetch:' in config else 'without'}.yaml"
    path.write_text(config)
    return str(path)


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


@pytest.mark.parametrize("asked", [("show", "waits"), ("ledger",)])
def test_a_token_that_is_refused_comes_with_what_to_do_and_where_the_configuration_is_known_with_the_vendors_way(
    database: str, tmp_path: Path, asked: tuple[str, ...]
) -> None:
    assert TO_DO in told(database, *asked)
    assert OF_META in told(database, *asked, "--config", site(tmp_path, CONFIG))


def test_a_lead_whose_source_does_not_fetch_any_more_says_so_and_what_to_do(database: str, tmp_path: Path) -> None:
    config = site(tmp_path, WITHOUT)
    said = told(database, "show", "waits", "--config", config)
    assert "nobody asks for them: the configuration has no `fetch:` for the source ads" in said
    assert f"to do {PUT_BACK}" in said
    assert TO_DO not in said, "a token alone would not help"
    trace_id = document(database, "show", "waits")["submission"]["trace_id"]
    assert PUT_BACK in told(database, "trace", trace_id, "--config", config)
    assert "to do" not in told(database, "show", "fetched", "--config", config)


def test_the_ledger_tells_of_leads_whose_source_does_not_fetch_any_more(database: str, tmp_path: Path) -> None:
    config = site(tmp_path, WITHOUT)
    said = told(database, "ledger", "--config", config)
    assert "ads to be fetched nobody asks the configuration has no `fetch:` for this source waiting 1" in said
    assert f"to do {PUT_BACK}" in said
    configured = [
        document(database, "ledger", *more)["fetches"][0]["configured"]
        for more in ((), ("--config", config), ("--config", site(tmp_path, CONFIG)))
    ]
    assert configured == [None, False, True]


def test_a_check_warns_of_leads_whose_source_does_not_fetch_any_more(database: str, tmp_path: Path) -> None:
    said = told(database, "check", site(tmp_path, WITHOUT))
    assert f"warning: database: 1 lead of `ads` still to be fetched, and it has no `fetch:`; {PUT_BACK}" in said
    assert "without.yaml is good: 1 source" in said, "it is no problem of the file"
    assert document(database, "check", site(tmp_path, WITHOUT))["stranded"] == {"ads": 1}
    assert document(database, "check", site(tmp_path, CONFIG))["stranded"] == {}
    assert "still to be fetched" not in told(f"sqlite:///{tmp_path}/new.db", "check", site(tmp_path, WITHOUT))
