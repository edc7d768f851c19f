"""`hold`, `release`, `resolve` and `replay` beside a running service: what they say, and what it then does."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from leadbridge.cli import app
from tests.cli.site import SECRETS, Site, site
from tests.support.command import run

CONFIG = "--config …"  # stands for the option with the site's file


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A running service that these tests interfere with, each with people of its own."""
    with site(tmp_path_factory.mktemp("operated")) as running:
        yield running


def ended(site: Site, *arguments: str) -> Result:
    config = ("--config", str(site.folder / "site.yaml"))
    words = [word for given in arguments for word in (config if given == CONFIG else (given,))]
    return CliRunner().invoke(app, words, env=site.environ)


def told(site: Site, *arguments: str, code: int = 0) -> str:
    """What a command prints when it ends with this code: its result, or its problem."""
    result = ended(site, *arguments)
    assert result.exit_code == code, result.output
    assert not (result.stdout and result.stderr)
    return result.stdout or result.stderr


def document(site: Site, *arguments: str) -> Any:
    return json.loads(told(site, *arguments, "--format", "json"))


def delivery_of(site: Site, reply: dict[str, Any]) -> dict[str, Any]:
    (delivery,) = document(site, "show", reply["id"])["deliveries"]
    found: dict[str, Any] = delivery
    return found


def attempted(site: Site, reply: dict[str, Any], outcome: str, *, count: int = 1) -> dict[str, Any]:
    """Wait until a delivery of this submission came to rest so."""
    return site.service.events("delivery.attempted", count=count, submission=reply["id"], outcome=outcome)[-1]


def leads(site: Site, email: str) -> list[dict[str, Any]]:
    state = httpx.get(f"{site.crms}/sandbox/state").json()
    found = next(iter(state["copper"].values()))["leads"]
    return [lead for lead in found if (lead["email"] or {}).get("email") == email]


def ambiguous(site: Site, email: str) -> dict[str, Any]:
    """A lead that is held because two records have its e-mail address."""
    names = [{"name": name, "email": {"email": email, "category": "work"}} for name in ("One", "Two")]
    site.sandbox("seed", {"crm": "copper", "account": SECRETS["COPPER_TOKEN"], "leads": names})
    return site.lead({"name": "Which", "email": email})


def failing(site: Site, email: str, source: str = "website") -> dict[str, Any]:
    """A lead that the CRM refuses once."""
    refused = {"kind": "status", "status": 422, "body": {"success": False, "message": "Invalid input"}}
    fault = {"action": refused, "crm": "copper", "method": "PUT", "email": email, "times": 1}
    site.sandbox("faults", fault)
    return site.lead({"name": "Fay", "email": email}, source=source)


def test_a_held_destination_gets_nothing_until_its_release(busy: Site) -> None:
    said = told(busy, "hold", "copper", "--because", "moving house", CONFIG)
    assert said == ("Nothing is sent to copper until `leadbridge release copper`; submissions are still accepted.\n")
    busy.service.events("lane.held", reason="paused")
    nothing = told(busy, "release", "--reason", "paused")
    assert re.fullmatch(
        r"0 deliveries released\. Held as a whole: copper:\S+; `leadbridge release DESTINATION` lets an account go\.\n",
        nothing,
    )
    reply = busy.post("website", {"name": "Hal", "email": "hal@example.com"})
    text = told(busy, "ledger", CONFIG)
    assert re.search(r"held +paused since \S+ \S+Z: moving house", text)
    assert delivery_of(busy, reply)["state"] == "pending"
    assert told(busy, "release", "copper", CONFIG) == "copper goes on; it was held: paused.\n"
    attempted(busy, reply, "delivered")
    assert len(leads(busy, "hal@example.com")) == 1
    assert told(busy, "release", "copper", CONFIG, code=1) == ("leadbridge: nothing was changed: copper is not held\n")


def test_a_held_delivery_waits_and_goes_after_its_release(busy: Site) -> None:
    later = {"kind": "status", "status": 503, "headers": {"Retry-After": "3600"}}
    busy.sandbox("faults", {"action": later, "crm": "copper", "method": "PUT", "email": "dee@example.com", "times": 1})
    reply = busy.lead({"name": "Dee", "email": "dee@example.com"})
    name = delivery_of(busy, reply)["id"]
    assert told(busy, "hold", name, "--because", "ask Ann") == (
        f"1 delivery held, until `leadbridge release {name}`.\n"
    )
    held = delivery_of(busy, reply)
    assert (held["state"], held["reason"], held["detail"]) == ("held", "paused", "ask Ann")
    assert told(busy, "hold", name, code=1) == (
        f"leadbridge: nothing was changed: {name} is held, and only what waits can be held\n"
    )
    assert told(busy, "release", reply["id"]) == "1 delivery released.\n"
    attempted(busy, reply, "delivered")
    assert told(busy, "release", name, code=1).endswith(f"{name} is delivered, and is not held\n")


def test_a_person_says_which_record_is_meant(busy: Site) -> None:
    reply = ambiguous(busy, "two@example.com")
    before = leads(busy, "two@example.com")
    record = str(before[1]["id"])
    assert told(busy, "resolve", reply["id"], "--use", record) == (
        f"1 delivery released: it updates the record {record} in copper.\n"
    )
    assert attempted(busy, reply, "delivered")["record"] == record
    assert [lead["name"] for lead in leads(busy, "two@example.com")] == ["One", "Which"]
    assert re.search(rf"^ +decided +to update the record {record}$", told(busy, "show", reply["id"]), re.MULTILINE)
    again = told(busy, "resolve", reply["id"], "--use", record, code=1)
    assert "is delivered, not held" in again


def test_a_person_wants_a_new_record(busy: Site) -> None:
    reply = ambiguous(busy, "new@example.com")
    name = delivery_of(busy, reply)["id"]
    assert document(busy, "resolve", name, "--create") == {"delivery": name, "choice": {"create": True}}
    attempted(busy, reply, "delivered")
    assert len(leads(busy, "new@example.com")) == 3


def test_a_person_wants_nothing_of_it(busy: Site) -> None:
    reply = ambiguous(busy, "drop@example.com")
    name = delivery_of(busy, reply)["id"]
    assert told(busy, "resolve", name, "--drop") == "1 delivery dropped: nothing of it is sent to copper.\n"
    dropped = delivery_of(busy, reply)
    assert (dropped["state"], dropped["detail"]) == ("cancelled", "dropped by a person")
    assert len(leads(busy, "drop@example.com")) == 2


def test_what_failed_goes_out_once_more(busy: Site) -> None:
    replies = [failing(busy, f"fay{number}@example.com", "partner") for number in range(2)]
    choice = ("replay", "--state", "failed", "--source", "partner", "--since", "1h")
    assert told(busy, *choice, "--dry-run") == "2 deliveries would be replayed, behind what is live.\n"
    assert delivery_of(busy, replies[0])["state"] == "failed"
    assert told(busy, *choice, "--limit", "1") == "1 delivery replayed, behind what is live.\n"
    attempted(busy, replies[0], "delivered")
    assert document(busy, *choice) == {"deliveries": 1, "submissions": 0, "dry_run": False}
    attempted(busy, replies[1], "delivered")
    assert told(busy, *choice) == "0 deliveries replayed, behind what is live.\n"


def test_what_could_not_be_mapped_is_mapped_once_more(busy: Site) -> None:
    reply = busy.post("broken", {"name": "Nina", "email": "nina@example.com"})
    busy.service.events("submission.failed", submission=reply["id"])
    assert told(busy, "replay", reply["id"]) == "0 deliveries and 1 submission replayed, behind what is live.\n"
    busy.service.events("submission.failed", count=2, submission=reply["id"])


def test_a_replay_names_everything_that_stands_in_its_way_and_changes_nothing(busy: Site) -> None:
    good = failing(busy, "kim@example.com")
    skipped = busy.post("website", {"name": "Skip", "email": "skip@example.com", "kind": "skip"})
    first = busy.lead({"name": "Pat", "email": "pat@example.com"}, source="partner")
    repeated = busy.post("partner", {"name": "Pat", "email": "pat@example.com"})
    assert first["id"] == repeated["id"]
    filtered = delivery_of(busy, skipped)["id"]
    result = ended(busy, "replay", good["id"], filtered, skipped["id"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        f"leadbridge: nothing was changed: {filtered} is filtered, and cannot be replayed",
        f"leadbridge: nothing was changed: {filtered} is filtered, and cannot be replayed",
    ]
    unknown = told(busy, "replay", good["id"], "no-such", "nor-this", code=2)
    assert "there is no delivery or submission no-such, nor-this; nothing was changed" in unknown
    assert delivery_of(busy, good)["state"] == "failed"


def test_all_that_is_held_for_a_reason_goes_at_once(busy: Site) -> None:
    replies = [ambiguous(busy, f"many{number}@example.com") for number in range(2)]
    choice = ("release", "--reason", "ambiguous_match", "--route", "website to copper")
    assert told(busy, *choice, "--dry-run") == "2 deliveries would be released.\n"
    assert told(busy, "release", "--reason", "ambiguous_match", "--route", "another") == "0 deliveries released.\n"
    assert document(busy, *choice) == {"lane": None, "deliveries": 2, "dry_run": False}
    for reply in replies:
        attempted(busy, reply, "held", count=2)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["hold", "nowhere", CONFIG],
            "there is no delivery, submission or destination nowhere; the configuration has",
        ),
        (["hold", "copper", "--config", "none.yaml"], "there is no configuration at none.yaml"),
        (["release"], "say what to release"),
        (["release", "copper", "--reason", "paused"], "say what to release"),
        (["release", "copper", "--route", "a"], "say what to release"),
        (["release", "--reason", "bored"], "bored is no reason; there are ambiguous_match, "),
        (["resolve", "no-such", "--drop"], "there is no delivery or submission no-such"),
        (["resolve", "x"], "say what becomes of it: --use RECORD, --create or --drop"),
        (["resolve", "x", "--use", "7", "--drop"], "say what becomes of it"),
        (["replay"], "say what to replay: an ID, --state, "),
        (["replay", "--limit", "5"], "say what to replay: an ID, --state, "),
        (["replay", "--state", "pending"], "pending is no state that can be replayed; there are failed, held, "),
        (["replay", "--destination", "coper"], "nothing is stored of the destination coper; there is something of "),
        (["replay", "--source", "web", "--dry-run"], "nothing is stored of the source web; there is something of "),
        (["replay", "--since", "yesterday"], "--since yesterday is no time; write 2026-03-01, "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_cannot_be_meant_is_wrong_usage(busy: Site, arguments: list[str], said: str) -> None:
    assert told(busy, *arguments, code=2).startswith(f"leadbridge: {said}")


def test_the_commands_work_when_the_service_is_stopped(tmp_path: Path) -> None:
    with site(tmp_path) as running:
        reply = failing(running, "off@example.com")
        assert running.service.stop(15) == 0
        command = ("replay", reply["id"])
        assert run(*command, cwd=tmp_path, environ=running.environ).stdout.startswith("1 delivery replayed")
        assert told(running, "hold", "copper", CONFIG).startswith("Nothing is sent to copper until")
        assert re.search(r"^ +replayed +behind what is live$", told(running, "show", reply["id"]), re.MULTILINE)
        found = document(running, "ledger", CONFIG)
        (lane,) = [lane for lane in found["lanes"] if "copper" in lane["destinations"]]
        assert (lane["state"]["held"], lane["backlog"]["replay"]) == ("paused", 1)


def test_a_database_that_is_not_there_is_said_to_be(tmp_path: Path) -> None:
    result = run("hold", "x", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("leadbridge: there is no database at ")
