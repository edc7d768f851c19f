"""`hold`, `release`, `resolve` and `replay` beside a running service: what they say, and what it then does."""

import json
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from leadbridge.cli import app
from leadbridge.commands.operating_rows import Row, why_not_replayed
from leadbridge.store.rows import DeliveryRow
from leadbridge.store.sqlite.steering import SqliteOperator
from tests.cli.site import SECRETS, Site, site
from tests.support.command import run
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.whole

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
    """The delivery of a submission, as soon as that is mapped."""
    limit = time.monotonic() + PATIENCE
    while not (deliveries := document(site, "show", reply["id"])["deliveries"]):
        assert time.monotonic() < limit, f"{reply['id']} is not mapped"
    (found,) = deliveries
    return dict(found)


def attempted(site: Site, reply: dict[str, Any], outcome: str, *, count: int = 1) -> dict[str, Any]:
    """Wait until a delivery of this submission came to rest so."""
    return site.service.events("delivery.attempted", count=count, submission=reply["id"], outcome=outcome)[-1]


def leads(site: Site, email: str) -> list[dict[str, Any]]:
    state = httpx.get(f"{site.crms}/sandbox/state", timeout=PATIENCE).json()
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
    assert told(busy, "release", "copper", CONFIG, code=1) == (
        "leadbridge: nothing was changed: copper is not held, and nothing of it waits for another try\n"
    )


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
    assert told(busy, "release", name, code=1).endswith(
        f"{name} is delivered, and neither held nor waiting for another try\n"
    )


def waits_for_an_hour(site: Site, name: str) -> dict[str, Any]:
    """A lead that its CRM wants to have again in an hour."""
    later = {"kind": "status", "status": 503, "headers": {"Retry-After": "3600"}}
    email = f"{name.lower()}@example.com"
    site.sandbox("faults", {"action": later, "crm": "copper", "method": "PUT", "email": email, "times": 1})
    reply = site.lead({"name": name, "email": email})
    assert delivery_of(site, reply)["state"] == "retrying"
    return reply


def test_a_person_need_not_wait_for_another_try(busy: Site) -> None:
    one, two, three = (waits_for_an_hour(busy, name) for name in ("Tia", "Uli", "Vic"))
    assert told(busy, "release", one["id"]) == "1 retry is due now.\n"
    attempted(busy, one, "delivered")
    assert delivery_of(busy, two)["state"] == "retrying", "nobody asked for that one"
    assert told(busy, "release", "copper", CONFIG) == "copper was not held. 2 retries are due now.\n"
    for reply in (two, three):
        assert attempted(busy, reply, "delivered")["attempt"] == 2


def test_a_held_destination_takes_its_retries_along(busy: Site) -> None:
    reply = waits_for_an_hour(busy, "Wim")
    told(busy, "hold", "copper", CONFIG)
    result = document(busy, "release", "copper", CONFIG)
    assert (result["deliveries"], result["retries"], result["retries_later"]) == (0, 1, 0)
    assert result["lane"].startswith("copper:")
    attempted(busy, reply, "delivered")


def test_nobody_halts_a_command_in_the_middle_of_a_commit(busy: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lock would keep the service from storing anything until the shell goes on."""
    seen: list[Any] = []
    really = SqliteOperator.delivery

    async def delivery(operator: SqliteOperator, name: str) -> DeliveryRow | None:
        seen.append(signal.getsignal(signal.SIGTSTP))
        return await really(operator, name)

    monkeypatch.setattr(SqliteOperator, "delivery", delivery)
    before = signal.getsignal(signal.SIGTSTP)
    told(busy, "resolve", "unknown", "--drop", code=2)
    assert seen == [signal.SIG_IGN]
    assert signal.getsignal(signal.SIGTSTP) == before


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


def test_a_record_that_is_not_there_leaves_it_held_with_the_candidates_and_the_words_of_the_crm(busy: Site) -> None:
    reply = ambiguous(busy, "wrong@example.com")
    one, two = (str(lead["id"]) for lead in leads(busy, "wrong@example.com"))
    candidates = delivery_of(busy, reply)["candidates"]
    assert {candidate["record_id"] for candidate in candidates} == {one, two}
    for count, (wrong, said) in enumerate(
        [("999999999", "it answered 404: Resource not found"), ("Ann", "an id is a whole number")], start=2
    ):
        told(busy, "resolve", reply["id"], "--use", wrong)
        attempted(busy, reply, "held", count=count)
        held = delivery_of(busy, reply)
        detail = f"Copper has no lead {wrong} ({said}). Choose another one, or have one made."
        assert (held["reason"], held["detail"]) == ("ambiguous_match", detail)
        assert held["candidates"] == candidates
    told(busy, "resolve", reply["id"], "--use", two)
    assert attempted(busy, reply, "delivered")["record"] == two


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
    assert document(busy, *choice) == {"deliveries": 1, "submissions": 0, "undecided": 0, "dry_run": False}
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
    assert told(busy, "release", "--reason", "paused", "--route", "website to copper") == "0 deliveries released.\n"
    assert document(busy, *choice) == {"lane": None, "deliveries": 2, "undecided": 0, "dry_run": False}
    for reply in replies:
        attempted(busy, reply, "held", count=2)


def test_nothing_without_a_match_key_goes_before_somebody_decided(busy: Site) -> None:
    """Sent as it is, each would make a new record."""
    replies = [busy.post("website", {"name": f"Nobody {number}"}) for number in range(2)]
    busy.lead({"name": "Zoe", "email": "zoe@example.com"})  # mapped after them
    names = [delivery_of(busy, reply)["id"] for reply in replies]
    stay = "2 are held because they have no match key: `leadbridge resolve ID --create | --use RECORD | --drop`.\n"
    for dry in ([], ["--dry-run"]):
        would = " would be" if dry else ""
        said = told(busy, "release", "--reason", "no_match_key", *dry)
        assert said == f"0 deliveries{would} released. {stay}"
        said = told(busy, "replay", "--state", "held", "--since", "1h", "--source", "website", *dry)
        assert re.fullmatch(rf"\d+ deliver\w+{would} replayed, behind what is live\. {re.escape(stay)}", said)
    why = f"leadbridge: nothing was changed: {names[0]} is held because it has no match key: "
    command = f"`leadbridge resolve {names[0]} --create | --use RECORD | --drop`\n"
    for act, wanted in (("release", names[0]), ("release", replies[0]["id"]), ("replay", names[0])):
        assert told(busy, act, wanted, code=1) == why + command
    assert [delivery_of(busy, reply)["reason"] for reply in replies] == ["no_match_key"] * 2
    told(busy, "resolve", names[0], "--create")
    record = attempted(busy, replies[0], "delivered")["record"]
    told(busy, "replay", names[0])
    assert attempted(busy, replies[0], "delivered", count=2)["record"] == record, "it has a choice, and its record"
    told(busy, "resolve", names[1], "--drop")


def test_a_route_is_known_by_the_configuration_or_by_what_it_made_while_it_was_there(busy: Site) -> None:
    busy.lead({"name": "Rob", "email": "rob@example.com"})
    renamed = (busy.folder / "site.yaml").read_text().replace("name: website to copper", "name: to be used later")
    (busy.folder / "renamed.yaml").write_text(renamed)
    for route in ("website to copper", "to be used later"):
        choice = ("--route", route, "--config", str(busy.folder / "renamed.yaml"), "--dry-run")
        assert told(busy, "release", "--reason", "paused", *choice) == "0 deliveries would be released.\n"
        said = told(busy, "replay", "--state", "failed", "--since", "2999-01-01", *choice)
        assert said == "0 deliveries would be replayed, behind what is live.\n"
    assert told(busy, "release", "--reason", "paused", "--route", "website to copper") == "0 deliveries released.\n"


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
        (["replay", "--route", "a", "--config", "none.yaml"], "there is no configuration at none.yaml"),
        (["replay", "--since", "yesterday"], "--since yesterday is no time; write 2026-03-01, "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_cannot_be_meant_is_wrong_usage(busy: Site, arguments: list[str], said: str) -> None:
    assert told(busy, *arguments, code=2).startswith(f"leadbridge: {said}")


ANYWHERE = "in the configuration or in the database"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["release", "--reason", "paused", "--route", "web to copper", CONFIG],
         f"there is no route `web to copper` {ANYWHERE} (did you mean `website to copper`?)"),
        (["release", "--reason", "paused", "--route", "new", "--dry-run", CONFIG],
         f"there is no route `new` {ANYWHERE} (routes: broken to copper, partner to copper, "),
        (["replay", "--route", "relay to coper", CONFIG],
         f"there is no route `relay to coper` {ANYWHERE} (did you mean `relay to copper`?)"),
        (["replay", "--destination", "copper", "--destination", "coper", "--source", "we", CONFIG],
         f"there is no destination `coper` {ANYWHERE} (did you mean `copper`?); there is no source `we` {ANYWHERE} ("),
        (["replay", "--source", "web", "--dry-run"],
         "there is no source `web` in the database, and no configuration was read: name yours with --config ("),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)  # fmt: skip
def test_a_name_that_nothing_has_is_wrong_usage(busy: Site, arguments: list[str], said: str) -> None:
    busy.lead({"name": "Una", "email": "una@example.com"})
    assert told(busy, *arguments, code=2).startswith(f"leadbridge: nothing was changed: {said}")


@pytest.mark.parametrize(("wrong", "right"), [("coper", "copper"), ("Dalas", "dallas")])
def test_a_destination_that_is_not_there_comes_with_the_one_that_may_be_meant(
    busy: Site, wrong: str, right: str
) -> None:
    said = f"leadbridge: there is no delivery, submission or destination {wrong} (did you mean `{right}`?); the "
    for command in ("hold", "release"):
        assert told(busy, command, wrong, CONFIG, code=2).startswith(said)


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


def test_what_was_taken_for_spam_can_be_replayed_and_what_else_is_ignored_cannot() -> None:
    assert why_not_replayed([Row(id="a", state="ignored", spam=True)]) == []
    assert why_not_replayed([Row(id="b", state="ignored")]) == ["b is ignored, and cannot be replayed"]
