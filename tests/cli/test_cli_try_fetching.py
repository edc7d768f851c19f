"""`try` for senders that only announce a lead: the calls for its answers, and what becomes of it with them."""

import json
from pathlib import Path
from typing import Any

import pytest

from leadbridge.desk import FetchAccount
from leadbridge.events import Event
from leadbridge.sources.fetching import Fetch, Part, Step
from leadbridge.sources.samples import Sample, folder_of, samples_in
from leadbridge.store.fetching import FetchQuota
from leadbridge.trial.fetching import Given, try_fetch
from tests.cli.trying import run, tried

TOKEN = "planted-older-token"
CONFIG = """version: 1
sources:
  facebook: {preset: meta, verify: none, fetch: {token: "${OLD_TOKEN}"}}
  linkedin: {preset: linkedin, verify: none, fetch: {token: "${OLD_TOKEN}", version: "202607", base_url: "http://127.0.0.1:1"}}
  klaviyo: {preset: klaviyo, verify: none, fetch: {token: "${OLD_TOKEN}"}}
  hubspot: {preset: hubspot, verify: none, fetch: {token: "${OLD_TOKEN}", also: [budget]}}
  announced: {preset: meta, verify: none}
destinations:
  copper: {crm: copper, access_token: "${COPPER}", user_email: ops@example.com}
routes:
  - from: [facebook, linkedin, klaviyo, hubspot, announced]
    to: copper
    recognise: true
    note: true
    on_no_match_key: create
"""


def sample(preset: str, name: str) -> Sample:
    (found,) = [one for one in samples_in(folder_of(preset)) if one.name == name]
    return found


def answers(folder: Path, documents: Any, *, name: str = "answers.json") -> tuple[str, str]:
    """The option that names a file with these documents."""
    (folder / name).write_text(documents if isinstance(documents, str) else json.dumps(documents))
    return "--fetched", name


def test_the_answers_make_the_lead(folder: Path) -> None:
    lead = sample("meta", "fetched_lead")
    shown = tried(folder, lead.body, *answers(folder, lead.fetched), source="facebook", config=CONFIG)
    assert shown["event"]["fields"]["full_name"] == "Joe Example"
    assert shown["event"]["raw"]["fetched"] == lead.fetched
    assert (shown["lead"]["email"], shown["lead"]["phone"]) == ("joe.example@example.com", "+12125550142")
    assert shown["routes"][0]["outcome"] == "delivered"
    (call,) = shown["fetch"]["calls"]
    assert call["url"].startswith("https://graph.facebook.com/v24.0/1234567890123460?fields=id%2Ccreated_time%2C")
    assert call["headers"] == {"authorization": "Bearer •••"}


def test_each_call_is_shown_with_the_version_and_the_address_of_the_source(folder: Path) -> None:
    lead = sample("linkedin", "fetched_lead")
    shown = tried(folder, lead.body, *answers(folder, lead.fetched), source="linkedin", config=CONFIG)
    assert [(call["step"], call["url"], call["kept_for"]) for call in shown["fetch"]["calls"]] == [
        ("response", "http://127.0.0.1:1/rest/leadFormResponses/8f2d6e3c-1a2b-4c3d-9e8f-0a1b2c3d4e5f-4", 0),
        ("form", "http://127.0.0.1:1/rest/leadForms/7234", 3600),
    ]
    assert {call["headers"]["LinkedIn-Version"] for call in shown["fetch"]["calls"]} == {"202607"}


def test_what_the_source_asks_for_besides_is_in_the_call(folder: Path) -> None:
    lead = sample("hubspot", "fetched_contact")
    shown = tried(folder, lead.body, *answers(folder, lead.fetched), source="hubspot", config=CONFIG)
    assert shown["fetch"]["calls"][0]["url"].endswith("hs_language%2Chs_analytics_source%2Cbudget")


def test_without_the_answers_the_way_ends_there_and_nothing_is_wrong(folder: Path) -> None:
    lead = sample("meta", "one_lead")
    shown = tried(folder, lead.body, source="facebook", config=CONFIG)
    assert (shown["routes"], shown["lead"], shown["good"]) == ([], None, True)
    assert shown["fetch"] | {"calls": len(shown["fetch"]["calls"])} == {
        "calls": 1,
        "answered_by": None,
        "problem": None,
    }
    said = run(folder, lead.body, source="facebook", config=CONFIG)
    assert said.exit_code == 0
    assert "not known here; `--fetched FILE` gives them" in said.stdout
    assert "would be taken, and mapped with the answers that are fetched" in said.stdout


def test_what_was_announced_and_what_was_fetched_are_shown_apart(folder: Path) -> None:
    lead = sample("klaviyo", "fetched_profile")
    said = run(folder, lead.body, *answers(folder, lead.fetched), source="klaviyo", config=CONFIG)
    assert said.exit_code == 0
    parse, _, fetch = said.stdout.partition("\nfetch\n")
    assert "fields.method " in parse
    assert "fields.organization" not in parse
    fetch = fetch.partition("\nmap ")[0]
    assert "answered by" in fetch
    assert "Esempio S.r.l." in fetch
    assert "fields.method " not in fetch
    assert "Klaviyo-API-Key •••" in fetch


def test_a_test_lead_is_known_by_its_answers(folder: Path) -> None:
    lead = sample("meta", "fetched_test_lead")
    given = answers(folder, lead.fetched)
    shown = tried(folder, lead.body, *given, source="facebook", config=CONFIG)
    assert (shown["event"], shown["ignored"]) == (None, "a test lead of the Lead Ads Testing Tool")
    said = run(folder, lead.body, *given, source="facebook", config=CONFIG).stdout
    assert "a test lead of the Lead Ads Testing Tool; it is kept, and nothing is delivered" in said
    assert said.count("\nfetch\n") == 1


def test_a_file_beside_the_body_is_taken_where_the_source_fetches(folder: Path) -> None:
    lead = sample("meta", "fetched_lead")
    answers(folder, lead.fetched, name="fetched.json")
    shown = tried(folder, lead.body, source="facebook", config=CONFIG)
    assert shown["fetch"]["answered_by"] == "fetched.json"
    alone = tried(folder, lead.body, source="announced", config=CONFIG)
    assert alone["fetch"] is None
    assert "full_name" not in alone["event"]["fields"]


def test_answers_that_are_none_are_a_failure(folder: Path) -> None:
    lead = sample("meta", "fetched_lead")
    given = answers(folder, {"lead": {"id": "1234567890123460", "created_time": "2026-11-20T14:05:21+0000"}})
    shown = tried(folder, lead.body, *given, code=1, source="facebook", config=CONFIG)
    assert "may lack `leads_retrieval`" in shown["fetch"]["problem"]
    assert shown["routes"] == []
    said = run(folder, lead.body, *given, source="facebook", config=CONFIG)
    assert "may lack `leads_retrieval`" in said.stdout
    assert "would not go through" in said.stdout


def test_an_announcement_without_an_id_is_a_failure(folder: Path) -> None:
    body = json.loads(sample("meta", "one_lead").body)
    body["entry"][0]["changes"][0]["value"]["leadgen_id"] = "../me"
    shown = tried(folder, body, code=1, source="facebook", config=CONFIG)
    assert shown["fetch"]["problem"] == "the announcement has no id at `entry.changes.value.leadgen_id`"
    assert shown["fetch"]["calls"] == []


@pytest.mark.parametrize(
    ("source", "documents", "said"),
    [
        ("facebook", {"form": {}}, "answers.json: no call brings a document `form`; they are: lead"),
        ("facebook", {}, "answers.json: lacks the document `lead`; it needs: lead"),
        ("facebook", [], "answers.json: must be a JSON object: the vendor's documents by the names of their steps"),
        ("facebook", "{", "answers.json: must be a JSON object of the vendor's documents: "),
        ("announced", {"lead": {}}, "the source `announced` fetches nothing: leave out the documents, or give it a"),
    ],
)
def test_documents_that_do_not_fit_are_wrong_usage(folder: Path, source: str, documents: Any, said: str) -> None:
    given = answers(folder, documents)
    result = run(folder, sample("meta", "one_lead").body, *given, source=source, config=CONFIG)
    assert result.exit_code == 2
    assert said in result.stderr


def test_the_token_is_nowhere_in_what_is_shown(folder: Path) -> None:
    for source, preset, name in (("facebook", "meta", "fetched_lead"), ("klaviyo", "klaviyo", "fetched_profile")):
        lead = sample(preset, name)
        given = answers(folder, lead.fetched)
        for options in (given, (*given, "--format", "json")):
            result = run(folder, lead.body, *options, source=source, config=CONFIG)
            assert result.exit_code == 0
            assert TOKEN not in result.output


def test_a_call_that_needs_the_answer_of_another_is_shown_once_that_is_given() -> None:
    steps = (
        Step(name="one", path="/one/{id}", parts={"id": Part("id")}),
        Step(name="two", path="/two/{form}", parts={"form": Part("form", of="one")}),
    )
    known = Fetch(
        base_url="https://a.example", version="1", steps=steps, complete=lambda event, _: event, limit=2, window=1
    )
    quota = FetchQuota(limit=2, window=1_000)
    account = FetchAccount(known=known, base_url=known.base_url, version="1", quota=quota, token=TOKEN)
    event = Event(fields={}, raw={"id": "7"})
    unknown, none = try_fetch(account, event, None)
    assert ([call.step for call in unknown.calls], unknown.problem, none) == (["one"], None, None)
    both, completed = try_fetch(account, event, Given(documents={"one": {"form": 3}, "two": {}}, file="f"))
    assert ([call.url for call in both.calls], completed) == (
        ["https://a.example/one/7", "https://a.example/two/3"],
        event,
    )
    wrong, none = try_fetch(account, event, Given(documents={"one": {}, "two": {}}, file="f"))
    assert (wrong.problem, none) == ("the answer `one` has no id at `form`", None)
