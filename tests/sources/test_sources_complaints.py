"""A preset that somebody forgot half of: everything that is missing is named at once, with what to do about it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from leadbridge.sources import generic
from leadbridge.sources.preset import Preset
from leadbridge.testing import complaints

PRESET = replace(generic.PRESET, name="acme", title="Acme", description="Acme's forms.")
DOC = """
## Where to click
`preset: acme`
## What it signs
## What becomes of the body
## What it retries
"""
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


def test_an_empty_folder_lacks_a_doc_and_samples(tmp_path: Path) -> None:
    doc, samples = complaints(PRESET, tmp_path)
    assert doc.startswith("acme: `doc.md` is missing; write it with the sections ## Where to click, ")
    assert samples.startswith("acme: `samples` has 0 cases; add folders with body.*, headers.json and expected.json")


def test_each_section_that_the_doc_lacks_is_named(whole: Path) -> None:
    (whole / "doc.md").write_text("## Where to click\n## What it signs\n## What it retries\n")
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
