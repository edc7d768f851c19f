"""`list`, `show` and `trace` over what a real run made, while the service is still running."""

import json
import re
import sqlite3
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest
from typer.testing import CliRunner, Result

from leadbridge.cli import app
from leadbridge.commands.states import OF_DELIVERIES, OF_SUBMISSIONS, State
from leadbridge.outcome import HoldReason
from tests.cli.life import BIG, Life
from tests.support.command import run_on_terminal

HOSTILE_SHOWN = "Zoë [red]Li[/red] \\x1b[31m\\x1b]0;owned\\x07 \\u202egnp.exe"


def look(life: Life, *arguments: str, **environ: str) -> Result:
    return CliRunner().invoke(app, arguments, env={**life.site.environ, **environ})


def told(life: Life, *arguments: str, **environ: str) -> str:
    result = look(life, *arguments, **environ)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    return result.stdout


def trace(life: Life, what: str) -> str:
    return told(life, "trace", life[what]["trace_id"])


def document(life: Life, *arguments: str) -> Any:
    return json.loads(told(life, *arguments, "--format", "json"))


def said(text: str, name: str) -> list[str]:
    """What is said beside a name, once for each time it stands there."""
    return [line.strip().removeprefix(name).strip() for line in text.splitlines() if line.startswith(f"  {name} ")]


def test_a_list_has_a_line_for_each_submission_newest_first(life: Life) -> None:
    lines = told(life, "list").splitlines()
    ids = [line.split()[-1] for line in lines[2:]]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 14
    became = {line.split()[-1]: line for line in lines}
    assert "mapped     copper: delivered, dallas: delivered_with_warnings" in became[life["warned"]["id"]]
    assert "copper: held (ambiguous_match)" in became[life["held"]["id"]]
    assert "failed     unparseable: line 1" in became[life["unparseable"]["id"]]
    assert "ignored    the event type form_published is no response" in became[life["ignored"]["id"]]
    assert any(f"duplicate  of {life['first']['id']}" in line for line in lines)


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ("held", ["held"]),
        ("retrying", ["retrying"]),
        ("failed", ["unparseable", "unmappable", "failed"]),
        ("filtered", ["filtered"]),
        ("delivered_with_warnings", ["mapping", "warned"]),
        ("unrouted", ["unrouted"]),
        ("ignored", ["ignored"]),
    ],
)
def test_a_state_of_a_submission_or_of_its_deliveries_chooses(life: Life, state: str, found: list[str]) -> None:
    listed = document(life, "list", "--state", state)
    assert [one["id"] for one in listed] == [life[what]["id"] for what in found]


def test_a_source_and_a_limit_choose(life: Life) -> None:
    listed = document(life, "list", "--source", "partner", "--limit", "2")
    assert [(one["source"], one["state"]) for one in listed] == [("partner", "mapped"), ("partner", "duplicate")]


def test_a_source_that_nothing_is_stored_of_is_said_with_those_that_there_are(life: Life) -> None:
    assert told(life, "list", "--source", "websit") == (
        "Nothing fits. Nothing is stored of a source `websit` (did you mean `website`?).\n"
    )
    assert told(life, "list", "--source", "nobody") == (
        "Nothing fits. Nothing is stored of a source `nobody` "
        "(sources: broken, open, partner, relay, typeform, website).\n"
    )
    assert told(life, "list", "--source", "partner", "--state", "held") == "Nothing fits.\n"
    assert told(life, "list", "--state", "cancelled") == "Nothing fits.\n"


def test_a_delivered_lead_can_be_followed_from_request_to_record(life: Life) -> None:
    text = trace(life, "delivered")
    assert text.startswith(f"Submission {life['delivered']['id']}  mapped\n")
    assert said(text, "trace ID") == [life["delivered"]["trace_id"]]
    assert said(text, "received")[0].endswith("Z from the source website")
    assert said(text, "request")[0].startswith(f"POST {life.site.url}/hooks/website, application/json, ")
    assert said(text, "verified") == ["yes, by token"]
    assert said(text, "mapped")[0].startswith("to 1 delivery, by the configuration ")
    assert "→ copper  delivered  record " in text
    assert ", created\n" in text
    assert said(text, "match key") == ["email zoe@example.com"]
    (call,) = [line for line in text.splitlines() if "PUT /leads/upsert (upsert lead)" in line]
    assert ": 200 in " in call
    assert " ms, CRM trace ID " in call
    assert "email zoe@example.com" in said(text, "kept")[0]
    assert "custom_fields.Budget 1500.5" in said(text, "kept")[0]


def test_what_the_crm_did_not_keep_is_said_with_its_cause(life: Life) -> None:
    text = trace(life, "warned")
    assert "→ dallas  delivered_with_warnings  record " in text
    (lost,) = said(text, "not kept")
    assert lost.startswith("phone: sent +14155550199, the CRM has nothing: it belongs to another contact")
    assert [("phone" in kept) for kept in said(text, "kept")] == [True, False]


def test_a_name_that_was_sent_in_its_parts_is_not_said_to_be_kept(life: Life) -> None:
    copper, leadconnector = said(trace(life, "warned"), "kept")
    assert copper.startswith("name Lena; ")
    assert leadconnector.startswith("first_name Lena; ")
    assert "; name Lena" not in leadconnector


def test_a_held_lead_shows_the_records_to_choose_from(life: Life) -> None:
    text = trace(life, "held")
    assert "→ copper  held\n" in text
    assert said(text, "because")[0].startswith("ambiguous_match: ")
    assert [("name Sam R," in one, "name Sam Rivera," in one) for one in said(text, "candidate")] == [
        (True, False),
        (False, True),
    ]
    assert said(text, "kept") == []


def test_a_failed_lead_shows_the_crms_words(life: Life) -> None:
    text = trace(life, "failed")
    assert "→ copper  failed\n" in text
    assert "Invalid input: [bold]no" in said(text, "because")[0]
    assert ": 422 in " in text


def test_a_retrying_lead_shows_when_it_is_tried_next(life: Life) -> None:
    text = trace(life, "retrying")
    assert "503" in said(text, "because")[0]
    (next_try,) = said(text, "next try")
    assert said(text, "received")[0][:10] <= next_try[:10]


def test_a_warning_of_the_mapping_is_shown(life: Life) -> None:
    phone, budget = said(trace(life, "mapping"), "mapping")
    assert phone.startswith("phone: ")
    assert phone.endswith("(got call me)")
    assert budget.startswith("custom_fields.Budget: ")


def test_a_filtered_lead_says_why_nothing_was_sent(life: Life) -> None:
    assert set(said(trace(life, "filtered"), "filtered")) == {"the route's `when` is not true for this submission"}


def test_a_duplicate_names_the_one_that_came_first(life: Life) -> None:
    text = trace(life, "duplicate")
    (repeats,) = said(text, "repeats")
    assert repeats.startswith(f"submission {life['first']['id']}, received ")
    assert f"trace ID {life['first']['trace_id']}" in repeats


def test_the_same_id_with_another_content_is_a_revision(life: Life) -> None:
    assert said(trace(life, "revised"), "revision") == ["2: the sender used this id before, with another content"]


def test_an_unsigned_and_an_unreadable_request_say_so(life: Life) -> None:
    assert said(trace(life, "unrouted"), "verified") == ["no: the source takes unsigned requests"]
    assert said(trace(life, "unparseable"), "reason")[0].startswith("unparseable: line 1, column")


def test_a_strangers_text_is_shown_and_does_nothing(life: Life) -> None:
    text = trace(life, "delivered")
    assert f"name {HOSTILE_SHOWN}" in text
    as_json = told(life, "trace", life["delivered"]["trace_id"], "--format", "json")
    assert not {"\x1b", "\x07", "\u202e"} & set(text + as_json)
    assert "\\u202egnp.exe" in as_json
    assert "Zoë" in as_json


def test_the_json_has_everything_and_every_digit(life: Life) -> None:
    shown = document(life, "show", life["delivered"]["id"])
    assert shown["submission"]["trace_id"] == life["delivered"]["trace_id"]
    assert str(BIG) in shown["request"]["body"]
    assert shown["request"]["size"] == len(shown["request"]["body"].encode())
    (delivery,) = shown["deliveries"]
    assert delivery["plan"]["match"]["value"] == "zoe@example.com"
    upsert = next(one for one in delivery["attempts"] if one["purpose"] == "upsert lead")
    assert (upsert["method"], upsert["path"], upsert["status"]) == ("PUT", "/leads/upsert", 200)
    assert document(life, "show", delivery["id"]) == shown
    traced = document(life, "trace", life["delivered"]["trace_id"].upper())
    assert traced == {"trace_id": life["delivered"]["trace_id"], "submissions": [shown]}


@pytest.mark.parametrize("command", ["show", "trace"])
def test_what_is_not_there_is_wrong_usage(life: Life, command: str) -> None:
    result = look(life, command, "0000")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "`leadbridge list` shows what there is" in result.stderr


@pytest.mark.parametrize(
    ("url", "code", "what_to_do"),
    [
        ("sqlite:///nowhere/leadbridge.db", 1, "start the service first"),
        ("mysql://localhost/x", 2, "it must look like sqlite:///"),
    ],
)
def test_without_a_database_it_is_said_what_to_do(life: Life, url: str, code: int, what_to_do: str) -> None:
    result = look(life, "list", LEADBRIDGE_DATABASE_URL=url)
    assert (result.exit_code, result.stdout) == (code, "")
    assert what_to_do in result.stderr


@pytest.mark.parametrize(("columns", "command"), [(80, "trace"), (80, "list")])
def test_on_a_terminal_no_line_is_wider_than_it_and_states_are_coloured(life: Life, columns: int, command: str) -> None:
    arguments = ["list"] if command == "list" else ["trace", life["held"]["trace_id"]]
    shown = run_on_terminal(*arguments, columns=columns, cwd=life.site.folder, environ=life.site.environ).stdout
    assert "\x1b[33mheld\x1b[0m" in shown
    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines()
    assert columns - 20 < max(map(len, lines)) <= columns
    assert any(life["held"]["id"] in line for line in lines)


def test_no_color_is_respected_on_a_terminal(life: Life) -> None:
    environ = {**life.site.environ, "NO_COLOR": "1"}
    shown = run_on_terminal("list", columns=120, cwd=life.site.folder, environ=environ).stdout
    (held,) = [line for line in shown.splitlines() if life["held"]["id"] in line]
    assert "copper: held (ambiguous_match)" in held
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", shown)


def test_in_a_pipe_a_line_is_as_long_as_it_must_be_and_ends_without_spaces(life: Life) -> None:
    lines = trace(life, "held").splitlines()
    assert max(map(len, lines)) > 150
    assert [line for line in lines if line.endswith(" ")] == []


def test_every_state_that_can_stand_in_the_database_can_be_listed_and_traced(life: Life, copied: Path) -> None:
    """Also those which no run brings about today."""
    url = f"sqlite:///{copied}"
    for state in State:
        table, what = ("deliveries", "submission_id") if state in OF_DELIVERIES else ("submissions", "id")
        with sqlite3.connect(copied) as connection:
            connection.execute(f"UPDATE {table} SET state = ? WHERE {what} = ?", (state, life["first"]["id"]))
        connection.close()
        listed = json.loads(told(life, "list", "--state", state, "--format", "json", LEADBRIDGE_DATABASE_URL=url))
        assert life["first"]["id"] in [one["id"] for one in listed]
        assert state in told(life, "show", life["first"]["id"], LEADBRIDGE_DATABASE_URL=url)
        with sqlite3.connect(copied) as connection:
            connection.execute("UPDATE submissions SET state = 'mapped' WHERE id = ?", (life["first"]["id"],))
        connection.close()


def test_a_delivery_that_waits_says_for_what(life: Life, copied: Path) -> None:
    with sqlite3.connect(copied) as connection:
        connection.execute(
            "UPDATE deliveries SET state = 'pending', blocked = 1 WHERE submission_id = ?", (life["first"]["id"],)
        )
    connection.close()
    text = told(life, "show", life["first"]["id"], LEADBRIDGE_DATABASE_URL=f"sqlite:///{copied}")
    assert said(text, "waits for") == ["an earlier delivery of the same person"]


HELD_ACCOUNT = {"held": "bad_credentials", "since": 1_700_000_000_000, "detail": "Copper answered 401"}


@pytest.mark.parametrize(
    ("lane", "said_so", "listed"),
    [
        (
            HELD_ACCOUNT,
            "its account, which is held since 2023-11-14 22:13:20.000Z: bad_credentials: Copper answered 401",
            "copper: pending (account held: bad_credentials)",
        ),
        (
            {"paused_until": 4_000_000_000_000},
            "its account: the CRM asked for a rest; tried again at 2096-10-02 07:06:40.000Z",
            "copper: pending",
        ),
        (
            {"paused_until": 4_000_000_000_000, "failures": 5},
            "its account: the CRM does not answer; tried again at 2096-10-02 07:06:40.000Z",
            "copper: pending",
        ),
        ({"paused_until": 1, "failures": 5}, None, "copper: pending"),
    ],
    ids=["held", "paused", "circuit", "over"],
)
def test_a_delivery_whose_account_gets_nothing_says_so(
    life: Life, copied: Path, lane: dict[str, Any], said_so: str | None, listed: str
) -> None:
    reply = life["first"]["id"]
    with sqlite3.connect(copied) as connection:
        connection.execute("UPDATE deliveries SET state = 'pending', reason = NULL WHERE submission_id = ?", (reply,))
        (name,) = connection.execute("SELECT lane FROM deliveries WHERE submission_id = ?", (reply,)).fetchone()
        connection.execute("DELETE FROM lanes WHERE lane = ?", (name,))
        columns, values = ", ".join(["lane", *lane]), ", ".join("?" * (len(lane) + 1))
        connection.execute(f"INSERT INTO lanes ({columns}) VALUES ({values})", (name, *lane.values()))
    connection.close()
    url = f"sqlite:///{copied}"
    assert said(told(life, "show", reply, LEADBRIDGE_DATABASE_URL=url), "waits for") == ([said_so] if said_so else [])
    assert f" {listed}  " in told(life, "list", "--state", "pending", LEADBRIDGE_DATABASE_URL=url)
    (delivery,) = json.loads(told(life, "show", reply, "--format", "json", LEADBRIDGE_DATABASE_URL=url))["deliveries"]
    assert delivery["account"] == said_so
    found = json.loads(told(life, "list", "--state", "pending", "--format", "json", LEADBRIDGE_DATABASE_URL=url))
    assert found[0]["deliveries"][0]["account_held"] == lane.get("held")


@pytest.mark.parametrize(
    ("what", "to_do"),
    [
        (
            "held",
            "leadbridge resolve {delivery} with --use RECORD, --create or --drop; or merge the records in the CRM",
        ),
        ("failed", "when the cause is mended: leadbridge replay {delivery}"),
        ("unmappable", "mend the configuration, restart, then leadbridge replay {submission}"),
        ("unrouted", "mend the configuration, restart, then leadbridge replay {submission}"),
        ("unparseable", None),
        ("delivered", None),
        ("retrying", None),
    ],
)
def test_what_rests_says_which_command_goes_on_with_it(life: Life, what: str, to_do: str | None) -> None:
    shown = document(life, "show", life[what]["id"])
    delivery = shown["deliveries"][0]["id"] if shown["deliveries"] else None
    found = said(trace(life, what), "to do")
    assert len(found) == (to_do is not None)
    if to_do is not None:
        assert found[0].startswith(to_do.format(delivery=delivery, submission=life[what]["id"]))


def test_every_reason_to_hold_has_its_advice(life: Life, copied: Path) -> None:
    for reason in get_args(HoldReason):
        with sqlite3.connect(copied) as connection:
            connection.execute(
                "UPDATE deliveries SET state = 'held', reason = ? WHERE submission_id = ?",
                (reason, life["first"]["id"]),
            )
        connection.close()
        (advice,) = said(
            told(life, "show", life["first"]["id"], LEADBRIDGE_DATABASE_URL=f"sqlite:///{copied}"), "to do"
        )
        assert "leadbridge re" in advice or reason == "destination_removed"
        assert ("--route 'partner to copper'" in advice) == (reason == "repeated_failure")


@pytest.mark.parametrize(("schema", "what_to_do"), [(1, "start the service of this version once"), (99, "newer")])
def test_a_database_of_another_version_says_what_to_do(life: Life, copied: Path, schema: int, what_to_do: str) -> None:
    with sqlite3.connect(copied) as connection:
        connection.execute(f"PRAGMA user_version = {schema}")
    connection.close()
    for command in ("list", "ledger"):
        result = look(life, command, LEADBRIDGE_DATABASE_URL=f"sqlite:///{copied}")
        assert (result.exit_code, result.stdout) == (1, "")
        assert what_to_do in result.stderr


@pytest.mark.parametrize(("free", "said_so"), [(0, True), (1 << 30, False)])
def test_a_full_disk_is_said_where_nothing_can_be_opened(
    life: Life, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, free: int, said_so: bool
) -> None:
    (tmp_path / "leadbridge.db").write_text("no database")
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    for arguments in (["list"], ["replay", "--state", "failed"]):
        result = look(life, *arguments, LEADBRIDGE_DATABASE_URL=f"sqlite:///{tmp_path / 'leadbridge.db'}")
        assert (result.exit_code, result.stdout) == (1, "")
        assert "cannot open " in result.stderr
        assert ("the disk is full: free space" in result.stderr) == said_so


def test_the_states_are_those_of_the_schema() -> None:
    schema = (files("leadbridge.store.sqlite") / "migrations" / "0001_first.sql").read_text()
    checks = re.findall(r"CHECK \(state IN\s+\(([^)]*)\)", schema)
    assert [set(re.findall(r"'(\w+)'", check)) for check in checks] == [set(OF_SUBMISSIONS), set(OF_DELIVERIES)]
