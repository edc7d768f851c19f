"""A preset that somebody forgot half of: everything that is missing is named at once, with what to do about it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from leadbridge.sources import generic
from leadbridge.sources.completing import completing
from leadbridge.sources.fetching import Fetch, Part, Step
from leadbridge.sources.parts import rest_of
from leadbridge.sources.preset import Preset
from leadbridge.sources.shapes import event
from leadbridge.testing import complaints

PRESET = replace(generic.PRESET, name="acme", title="Acme", description="Acme's forms.")
DOC = """
## Where to click
```yaml
sources:
  quotes:
    preset: acme
```
`NAME` is the source's name, here `quotes`.
## What it signs
Nothing of its own.
## What becomes of the body
## What it retries
"""
STEP = Step(name="lead", path="/{version}/leads/{id}", parts={"id": Part("id")}, same_as={"id": "id"})
FETCH = Fetch(
    base_url="https://api.acme.example",
    version="v1",
    steps=(STEP,),
    complete=completing(event(rest_of("lead.answers")), needs="lead.answers"),
    limit=10,
    window=60,
)
FETCHING = replace(PRESET, shape=event(rest_of()), thin="the answers, which GET /leads/{id} has", fetch=FETCH)
BODY = b'{"name": "Ann"}'
BECOMES = {"events": [{"fields": {"name": "Ann"}}]}


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A folder to which nothing is lacking."""
    (tmp_path / "doc.md").write_text(DOC)
    for name in ("one", "two", "three"):
        sample(tmp_path, name, body=BODY, expected=BECOMES)
    return tmp_path


def sample(folder: Path, name: str, *, body: bytes, expected: object) -> None:
    case = folder / "samples" / name
    case.mkdir(parents=True, exist_ok=True)
    (case / "body.json").write_bytes(body)
    (case / "headers.json").write_text('{"content-type": "application/json"}')
    (case / "expected.json").write_text(json.dumps(expected))


def test_a_whole_folder_is_without_complaint(whole: Path) -> None:
    assert complaints(PRESET, whole) == []


def test_a_page_says_which_part_of_the_url_is_the_name_of_its_source(whole: Path) -> None:
    (whole / "doc.md").write_text(DOC.replace("here `quotes`", "here `website`"))
    assert complaints(PRESET, whole) == [
        'acme: `doc.md` does not say below its source that "`NAME` is the source\'s name, here `…`"; add it'
    ]


@pytest.mark.parametrize(
    ("scheme", "said", "complaint"),
    [
        (None, "Nothing of its own.", None),
        (None, "`X-Acme`", "the preset has no `scheme`, and `## What it signs` does not say `Nothing of its own`"),
        ({"scheme": "hmac", "header": "x-acme"}, "`X-Acme`: the HMAC", None),
        (
            {"scheme": "hmac", "header": "x-other"},
            "`X-Acme`: the HMAC",
            "by its `scheme` the proof stands in `x-oth",
        ),
        ({"scheme": "token"}, "Nothing; the header `X-Webhook-Token`.", None),
        (
            {"scheme": "token"},
            "Nothing.",
            "by its `scheme` the proof stands in `x-webhook-token`, which",
        ),
        ({"scheme": "body", "field": "key"}, "Nothing.", "by its `scheme` the proof stands in `key`, which"),
        ({"scheme": "url"}, "Nothing: the secret is in the URL.", None),
        ({"scheme": "url"}, "Nothing.", "by its `scheme` the proof stands in `URL`, which"),
        (
            {"scheme": "basic", "username": "x"},
            "Nothing.",
            "by its `scheme` the proof stands in `Authorization`",
        ),
        ({"scheme": "standard-webhooks"}, "`webhook-signature`", None),
    ],
)
def test_the_page_and_the_preset_say_the_same_of_the_proof(
    whole: Path, scheme: dict[str, Any] | None, said: str, complaint: str | None
) -> None:
    (whole / "doc.md").write_text(DOC.replace("Nothing of its own.", said) + "\n`X-Other` Authorization URL key\n")
    told = complaints(replace(PRESET, scheme=scheme), whole)
    assert len(told) == (complaint is not None)
    assert complaint is None or told[0].startswith(f"acme: {complaint}")


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        (["expected.json"], f"`samples/two` has no expected.json; it becomes {json.dumps(BECOMES)}"),
        (["headers.json"], "`samples/two` has no headers.json; add what is missing"),
        (
            ["body.json"],
            "`samples/two` has no body.*: the bytes as they came, `body.json`, `.form` or `.multipart`; ",
        ),
        (["headers.json", "expected.json"], "`samples/two` has no headers.json; and has no expected.json; add"),
    ],
)
def test_a_case_that_is_no_sample_yet_says_what_it_lacks(whole: Path, lacking: list[str], said: str) -> None:
    for name in lacking:
        (whole / "samples" / "two" / name).unlink()
    (complaint,) = complaints(PRESET, whole)
    assert complaint.startswith(f"acme: {said}")


def test_a_file_that_is_no_json_is_named(whole: Path) -> None:
    (whole / "samples" / "two" / "expected.json").write_text("{")
    (complaint,) = complaints(PRESET, whole)
    assert complaint.startswith("acme: `samples/two` has a broken expected.json: ")


def test_each_option_that_a_scheme_does_not_know_is_named_in_one_line(whole: Path) -> None:
    (complaint,) = complaints(replace(PRESET, scheme={"scheme": "hmac", "header": "x", "headr": "y"}), whole)
    assert complaint.startswith("acme: `scheme` must be complete but for the secrets: ")
    assert "hmac.headr: Extra inputs are not permitted" in complaint


def test_an_empty_folder_lacks_a_doc_and_samples(tmp_path: Path) -> None:
    doc, samples = complaints(PRESET, tmp_path)
    assert doc.startswith("acme: `doc.md` is missing; write it with the sections ## Where to click, ")
    assert samples.startswith("acme: `samples` has 0 cases; add folders with body.*, headers.json and expected.json")


def test_each_section_that_the_doc_lacks_is_named(whole: Path) -> None:
    (whole / "doc.md").write_text("## Where to click\n## What it signs\nNothing of its own.\n## What it retries\n")
    assert complaints(PRESET, whole) == [
        "acme: `doc.md` has no section `## What becomes of the body`; add it",
        "acme: `doc.md` shows no source with `preset: acme`; add one",
    ]


@pytest.mark.parametrize(
    ("body", "became"),
    [
        (b'{"name": "Bea"}', '{"events": [{"fields": {"name": "Bea"}}]}'),
        (b"{}", '{"ignored": "the body holds no fields"}'),
        (b"{", '{"unparseable": "'),
    ],
)
def test_a_sample_that_becomes_something_else_says_what(whole: Path, body: bytes, became: str) -> None:
    sample(whole, "two", body=body, expected=BECOMES)
    (said,) = complaints(PRESET, whole)
    assert said.startswith(f"acme: `samples/two` becomes {became}")
    assert said.endswith("; mend the preset, or expected.json")


def test_samples_must_hold_a_lead(whole: Path) -> None:
    for name in ("one", "two", "three"):
        sample(whole, name, body=b"{}", expected={"ignored": "the body holds no fields"})
    assert complaints(PRESET, whole) == ["acme: no sample becomes an event; add one that does"]


@pytest.mark.parametrize(
    ("preset", "said"),
    [
        (replace(PRESET, title=""), "`title` and `description` are missing"),
        (replace(PRESET, description="Acme's forms"), "a description ends with a stop"),
        (replace(PRESET, scheme={"scheme": "token", "secrets": ["x"]}), "a preset holds no secrets"),
        (replace(PRESET, scheme={"scheme": "hmac"}), "`scheme` must be complete but for the secrets"),
    ],
)
def test_what_the_preset_itself_lacks_is_named(whole: Path, preset: Preset, said: str) -> None:
    (complaint,) = complaints(preset, whole)
    assert said in complaint


@pytest.fixture
def fetching(whole: Path) -> Path:
    """A folder to which nothing is lacking for a preset that fetches."""
    (whole / "doc.md").write_text(f"{DOC}\n## What is fetched\n")
    became = {"events": [{"fields": {"id": "7", "name": "Ann"}}]}
    sample(whole, "three", body=b'{"id": "7"}', expected=became)
    (whole / "samples" / "three" / "fetched.json").write_text('{"lead": {"id": 7, "answers": {"name": "Ann"}}}')
    return whole


def test_a_whole_folder_of_a_preset_that_fetches_is_without_complaint(fetching: Path) -> None:
    assert complaints(FETCHING, fetching) == []


def test_a_preset_that_fetches_lacks_its_section_and_a_fetched_sample(whole: Path) -> None:
    assert complaints(FETCHING, whole) == [
        "acme: no sample has a fetched.json; add one, with the vendor's documents by the names of the steps",
        "acme: `doc.md` has no section `## What is fetched`; add it",
    ]


def test_documents_without_a_fetch_are_named(fetching: Path) -> None:
    first, *_ = complaints(PRESET, fetching)
    assert first.startswith("acme: `samples/three` has a fetched.json, and the preset no `fetch`")


@pytest.mark.parametrize(
    ("documents", "said"),
    [
        ({"form": {}, "lead": {"name": "Ann"}}, "must be an object with the documents lead, and no other"),
        ([{"lead": {}}], "must be an object with the documents lead, and no other"),
        ({"lead": []}, """becomes {"unparseable": "lead.answers: the vendor's answer has no such object"}"""),
    ],
)
def test_documents_that_are_none_of_the_steps_are_named(fetching: Path, documents: Any, said: str) -> None:
    (fetching / "samples" / "three" / "fetched.json").write_text(json.dumps(documents))
    assert any(said in complaint for complaint in complaints(FETCHING, fetching))


def test_a_fetched_sample_has_one_lead_and_the_id_that_is_asked_for(fetching: Path) -> None:
    sample(fetching, "three", body=b'{"name": "Ann"}', expected={"events": [{"fields": {"name": "Ann"}}]})
    assert complaints(FETCHING, fetching) == [
        "acme: `samples/three`: the announcement has no id at `id`; mend the step's part, or the body"
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"base_url": "http://api.acme.example"}, "`fetch.base_url` must begin with https:// and end without a slash"),
        ({"base_url": "https://api.acme.example/"}, "`fetch.base_url` must begin with https:// and end without"),
        ({"limit": 0}, "`fetch.limit` in a `window` must allow the calls of one lead at least"),
        ({"window": 0}, "`fetch.limit` in a `window` must allow the calls of one lead at least"),
        ({"headers": {"x-key": "{key}"}}, "a header of `fetch` says {key}; it may say {version} and {token}"),
        ({"authorization": "Bearer"}, "no header of `fetch` carries the {token}"),
    ],
)
def test_what_the_fetch_itself_lacks_is_named(fetching: Path, change: dict[str, Any], said: str) -> None:
    (complaint,) = complaints(replace(FETCHING, fetch=replace(FETCH, **change)), fetching)
    assert said in complaint


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (replace(STEP, path="leads/{id}"), "must begin with a slash"),
        (replace(STEP, path="/leads/{number}"), "must have a part for each name in"),
        (replace(STEP, parts={"id": Part("id", r".+")}), "takes dots alone"),
        (replace(STEP, parts={"id": Part("id", of="form")}), "is no step before it"),
        (replace(STEP, also="x"), "must be a key of its query"),
        (replace(STEP, same_as={}), "`same_as` of the step `lead` must say where its document repeats a part"),
        (replace(STEP, same_as={"number": "id"}), "`same_as` of the step `lead` must say where its document repeats"),
    ],
)
def test_what_a_step_lacks_is_named(fetching: Path, step: Step, said: str) -> None:
    sample(fetching, "four", body=BODY, expected=BECOMES)
    (complaint,) = complaints(replace(FETCHING, fetch=replace(FETCH, steps=(step,))), fetching)
    assert said in complaint


def test_steps_are_named_apart_and_there_is_one_at_least(fetching: Path) -> None:
    twice = replace(FETCHING, fetch=replace(FETCH, steps=FETCH.steps * 2))
    assert "acme: two steps of `fetch` are called `lead`; each document has a name of its own" in complaints(
        twice, fetching
    )
    none = complaints(replace(FETCHING, fetch=replace(FETCH, steps=())), fetching)
    assert "acme: `fetch.steps` is empty; name the GET that has the answers" in none
    assert "acme: `fetch` without `thin`: say what the notification lacks" in complaints(
        replace(FETCHING, thin=None), fetching
    )


@pytest.mark.parametrize("needs", [None, "lead"])
def test_a_preset_that_completes_a_lead_with_garbage_is_named(fetching: Path, needs: str | None) -> None:
    lax = replace(FETCH, complete=completing(event(rest_of("lead.answers")), needs=needs))
    said = "acme: `fetch.complete` takes {} for the document `lead`; raise `Unparseable` (see `needs`)"
    assert said in complaints(replace(FETCHING, fetch=lax), fetching)


def test_a_document_about_another_lead_is_named(fetching: Path) -> None:
    path = fetching / "samples" / "three" / "fetched.json"
    path.write_text(path.read_text().replace("7", "8"))
    (complaint,) = complaints(FETCHING, fetching)
    assert complaint.startswith("acme: `samples/three`: the vendor's document `lead` has not the id 7 at `id` that was")
    assert complaint.endswith("; mend the step's `same_as`, or fetched.json")
