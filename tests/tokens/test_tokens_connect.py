"""`connect`, `serve` and `check` with OAuth: the real command beside the sandbox."""

import asyncio
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from typer.testing import Result

from leadbridge.store.lanes import LaneState
from leadbridge.store.opening import open_operator
from tests.support.command import Started, run, run_on_terminal, started
from tests.support.ports import reserved_port

from .places import KEY, OTHER_KEY, SECRET, Place, placed, query


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with placed(tmp_path) as made:
        yield made


@asynccontextmanager
async def waiting(place: Place, *arguments: str) -> AsyncIterator[tuple[Started, str, str]]:
    """The command while it waits for the browser: it, the page to open, and where that leads back to."""
    command = ("connect", "leadconnector", *arguments, "--config", "site.yaml", "--no-browser")
    page = ("--page", f"{place.crm}/v2/oauth/chooselocation")
    with (
        reserved_port() as port,
        started(*command, *page, "--port", str(port), cwd=place.folder, environ=place.environ) as process,
    ):
        await asyncio.to_thread(process.line, "Waiting for the answer")
        yield process, process.line("  http").strip(), f"http://127.0.0.1:{port}/callback"


async def test_a_person_who_opens_the_page_connects_the_destination(place: Place) -> None:
    async with waiting(place, "dallas") as (process, page, back):
        asked = query(page)
        assert asked["scope"] == "contacts.readonly contacts.write locations/customFields.readonly"
        assert (asked["response_type"], asked["client_id"], asked["redirect_uri"]) == ("code", "app1", back)
        assert len(asked["state"]) >= 32
        answer = await place.client.get(page, params={**query(page), "location_id": "LOC1"}, follow_redirects=True)
        assert answer.status_code == 200
        assert "Connected. You can close this page." in answer.text
        assert await asyncio.to_thread(process.ended) == 0
    assert "dallas is connected to the location LOC1" in process.printed
    kept = await place.stored(place.name())
    assert kept is not None
    assert kept.tokens.refresh_token
    shown = "\n".join([*process.printed, *process.logged])
    assert not [secret for secret in (SECRET, KEY, kept.tokens.access_token) if secret in shown]


async def test_a_code_at_hand_needs_no_page_and_is_good_once(place: Place) -> None:
    first = await place.connect("dallas", "--code", "CODE1")
    assert (first.exit_code, first.stderr) == (0, "")
    assert first.stdout == "dallas is connected to the location LOC1\n"
    again = await place.connect("dallas", "--code", "CODE1")
    assert again.exit_code == 1
    assert "authorization code is invalid. A code is good once, and not for long" in again.stderr
    assert "CODE1" not in again.stderr


async def test_a_code_from_standard_input_is_in_no_list_of_processes(place: Place) -> None:
    done = await place.connect("dallas", "--code", "-", typed="  CODE1 \r\nwhat follows is not read\n")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "dallas is connected to the location LOC1\n", "")
    empty = await place.connect("dallas", "--code", "-", typed="\n")
    assert (empty.exit_code, empty.stdout) == (2, "")
    assert empty.stderr == "leadbridge: there is no code on standard input; write it there, or give it with --code\n"


async def test_on_a_terminal_the_code_is_asked_for(place: Place) -> None:
    command = ("connect", "leadconnector", "dallas", "--config", "site.yaml", "--code", "-")
    done = await asyncio.to_thread(
        run_on_terminal, *command, columns=80, cwd=place.folder, environ=place.environ, typed="CODE1\n"
    )
    assert done.returncode == 0
    assert "The code, and Enter:" in done.stdout
    assert "is connected to the location LOC1" in done.stdout


async def test_an_agency_is_connected_for_its_locations(place: Place) -> None:
    done = await place.connect("agency", "--code", "CODE3")
    assert (done.exit_code, done.stdout) == (0, "agency is connected to the company COMP1\n")
    assert await place.stored(place.name("agency-app", "COMP1")) is not None


async def test_another_location_than_the_configured_one_is_refused_and_not_lost(place: Place) -> None:
    done = await place.connect("dallas", "--code", "CODE2")
    assert done.exit_code == 1
    assert "dallas is not connected: the access was allowed by the location LOC2" in done.stderr
    assert "the destination is of the location LOC1" in done.stderr
    assert await place.stored(place.name()) is None
    # It may have ended the tokens that LOC2 had before.
    assert done.stdout == "austin is connected to the location LOC2\n"
    assert await place.stored(place.name(holder="LOC2")) is not None


async def connected_by_browser(place: Place, monkeypatch: pytest.MonkeyPatch, location: str, *arguments: str) -> Result:
    """The command opens the page here, and somebody chooses a location there."""

    def browse(url: str) -> bool:
        return httpx.get(f"{url}&location_id={location}", follow_redirects=True, trust_env=False, timeout=30).is_success

    monkeypatch.setattr(webbrowser, "open", browse)
    page = f"{place.crm}/v2/oauth/chooselocation"
    with reserved_port() as port:
        return await place.connect(*arguments, "--page", page, "--port", str(port))


async def test_the_page_is_opened_in_the_browser_here(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    done = await connected_by_browser(place, monkeypatch, "LOC1", "dallas")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "dallas is connected to the location LOC1")
    refused = await connected_by_browser(place, monkeypatch, "LOC9", "dallas")
    assert refused.exit_code == 1
    assert "the access was allowed by the location LOC9, and the destination is of the location LOC1" in refused.stderr


async def test_what_waited_for_it_goes_on(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    await place.connect("dallas", "--code", "CODE1")
    lane = place.name().replace(":app1", "")
    operator = open_operator(place.environ["LEADBRIDGE_DATABASE_URL"])
    held = LaneState(held="reconnect", detail="lost", since=1, probe_at=2, failures=3)
    await operator.set_lane(lane, held)
    await operator.set_lane(lane.replace("LOC1", "LOC2"), LaneState(held="paused", detail="by me", since=1))
    first = await place.connect("austin", "--code", "CODE2")
    assert (await operator.lane(lane)) == held
    second = await connected_by_browser(place, monkeypatch, "LOC1", "dallas")
    lanes = await operator.lanes()
    await operator.close()

    assert f"What waits for {lane} goes on" in second.stdout
    assert lanes[lane] == LaneState(failures=3)
    assert "goes on" not in first.stdout
    assert lanes[lane.replace("LOC1", "LOC2")].held == "paused"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["leadconnector", "nowhere"], "the configuration has no destination nowhere; it has dallas, austin, agency"),
        (["leadconnector", "plain"], "the destination plain has no `oauth`"),
        (["leadconnector", "copper"], "the destination copper is of the CRM copper, not leadconnector"),
        (["leadconnector"], "3 destinations of the CRM leadconnector use OAuth: name one of dallas, austin, agency"),
        (["copper"], "no destination of the CRM copper use OAuth"),
    ],
)
async def test_what_cannot_be_connected_says_why(place: Place, arguments: list[str], said: str) -> None:
    done = await place.command("connect", *arguments, "--config", f"{place.folder}/site.yaml", "--code", "CODE1")
    assert done.exit_code == 2
    assert said in done.stderr


async def test_without_a_key_nothing_with_oauth_begins(place: Place) -> None:
    place.key = ""
    said = "LEADBRIDGE_SECRET_KEY is not set, and nothing secret is kept without it; set the key that is in use, or "
    refused = await place.connect("dallas", "--code", "CODE1")
    assert (refused.exit_code, said in refused.stderr) == (1, True)
    serve = ("serve", "--port", "0", "--config", "site.yaml")
    done = await asyncio.to_thread(run, *serve, cwd=place.folder, environ=place.environ)
    assert (done.returncode, said in done.stderr) == (1, True)


async def test_check_says_where_a_key_is_needed(place: Place) -> None:
    place.key = "wrong"
    done = await place.command("check", f"{place.folder}/site.yaml")
    assert done.exit_code == 1
    assert "site.yaml:10:5: destinations.dallas.oauth: LEADBRIDGE_SECRET_KEY must be 32 bytes" in done.stdout
    assert "destinations.agency.oauth" in done.stdout
    assert "make one: head" in done.stdout
    assert "site.yaml cannot be used: 3 problems" in done.stdout
    place.key = KEY
    good = await place.command("check", f"{place.folder}/site.yaml")
    assert good.exit_code == 0, good.stdout


async def test_a_key_that_does_not_open_what_is_stored_stops_the_start_and_loses_nothing(place: Place) -> None:
    await place.connect("dallas", "--code", "CODE1")
    calls = len(await place.control.history("leadconnector"))
    place.key = OTHER_KEY
    done = await asyncio.to_thread(
        run, "serve", "--port", "0", "--config", "site.yaml", cwd=place.folder, environ=place.environ
    )
    assert done.returncode == 1
    assert "LEADBRIDGE_SECRET_KEY does not open the stored tokens of the destination dallas" in done.stderr
    for other_of_the_same_app in ("dallas", "austin"):
        refused = await place.connect(other_of_the_same_app, "--code", "CODE2")
        assert refused.exit_code == 1
    assert len(await place.control.history("leadconnector")) == calls  # a new consent could end what is stored
    place.key = KEY
    assert await place.stored(place.name()) is not None


async def test_what_no_key_opens_any_more_is_replaced_on_demand(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    await place.connect("austin", "--code", "CODE2")
    place.key = OTHER_KEY
    done = await connected_by_browser(place, monkeypatch, "LOC2", "austin", "--replace")
    assert done.exit_code == 0
    assert await place.stored(place.name(holder="LOC2")) is not None
