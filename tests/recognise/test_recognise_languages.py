"""The vocabulary of each language: whole, without contradictions, and read as it is written."""

import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

import pytest

from leadbridge.events import Event, Json
from leadbridge.recognise import Recognised, recognise
from leadbridge.recognise.labels import Reader
from leadbridge.recognise.meaning import CONTEXTS
from leadbridge.recognise.tables import default_tables
from leadbridge.recognise.vetting import gaps, mistakes
from leadbridge.recognise.words import words_of
from tests.support.walked import walked

FOLDER: Final = files("leadbridge.recognise") / "tables"
LANGUAGES: Final = tuple(
    sorted(each.name.removesuffix(".toml") for each in FOLDER.iterdir() if each.name.endswith(".toml"))
)
PROMISED: Final = {
    "en", "de", "fr", "es", "pt", "it", "nl",
    "pl", "cs", "sv", "tr", "ru", "uk", "el", "ar", "he", "hi", "zh", "ja", "ko",
}  # fmt: skip
FITTING: Final[Mapping[str, Json]] = {
    "name": "Kim Novak",
    "first_name": "Kim",
    "last_name": "Novak",
    "second_last_name": "Novak",
    "last_name_prefix": "van der",
    "middle_name": "Lee",
    "email": "kim@example.com",
    "phone": "+48 501 234 567",
    "company": "Example Works",
    "title": "Director",
    "website": "https://example.com",
    "street": "High Road 5",
    "city": "Springfield",
    "state": "Midland",
    "postal_code": "12345",
    "country": "Poland",
    "message": "Please call me back soon",
    "consent": True,
}
BESIDE: Final = ("message", "company", "consent", "city", "phone")
"""Keys whose labels are put beside a label under test, so that it is seen in a form of its language."""


@cache
def table(code: str) -> Mapping[str, Any]:
    return tomllib.loads((FOLDER / f"{code}.toml").read_text("utf-8"))


def labels(code: str) -> Iterator[tuple[str, str]]:
    """Each key of the lead with each whole label that stands for it."""
    for target, entries in table(code).get("targets", {}).items():
        for label in entries.get("labels", ()):
            yield target, label


def entries(code: str) -> Iterator[str]:
    """Everything that a table says, without the marks of beginnings."""
    yield from (label for _, label in labels(code))
    for each in table(code).get("targets", {}).values():
        yield from (word.removesuffix("*") for word in each.get("words", ()))
    for each in (*table(code).get("contexts", {}).values(), *table(code).get("answers", {}).values()):
        yield from (phrase.removesuffix("*") for phrase in each)


def of_its_own(code: str) -> dict[str, str]:
    """For each key of BESIDE a label that only this language has, where it has one."""
    reader = Reader(default_tables())
    found: dict[str, str] = {}
    for target, label in labels(code):
        claims = reader.read(label).claims
        if (
            target in BESIDE
            and target not in found
            and [(each.target, each.languages) for each in claims] == [(target, frozenset({code}))]
        ):
            found[target] = label
    return found


def read(fields: Mapping[str, Json], region: str = "PL") -> Recognised:
    return recognise(Event(fields=fields, raw=dict(fields)), region=region)


def filled_by(result: Recognised) -> dict[str, str]:
    """The lead's keys by the field that filled them."""
    return {finding.field: finding.target.removeprefix("address.") for finding in result.used}


def test_the_promised_languages_have_tables() -> None:
    assert set(LANGUAGES) >= PROMISED


@walked("code", LANGUAGES)
def test_a_language_has_all_that_it_needs(code: str) -> None:
    assert [*mistakes(code, table(code), contexts=CONTEXTS), *gaps(code, table(code))] == []


@walked("code", LANGUAGES)
def test_no_label_stands_under_two_keys(code: str) -> None:
    under: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for target, label in labels(code):
        under[words_of(label)].add(target)
    assert {words: targets for words, targets in under.items() if len(targets) > 1} == {}


@walked("code", LANGUAGES)
def test_reading_words_twice_changes_nothing(code: str) -> None:
    changed = [entry for entry in entries(code) if words_of(" ".join(words_of(entry))) != words_of(entry)]
    assert changed == []


@walked("code", LANGUAGES)
def test_every_entry_says_something(code: str) -> None:
    assert [entry for entry in entries(code) if not words_of(entry)] == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_each_whole_label_is_read_as_its_key_in_a_form_of_its_language(code: str) -> None:
    beside = of_its_own(code)
    misread = []
    for target, label in labels(code):
        if target not in FITTING:  # campaign tags have tests of their own
            continue
        others = {name: FITTING[key] for key, name in beside.items() if key != target}
        got = filled_by(read({**others, label: FITTING[target]})).get(label)
        if got != target.removeprefix("second_").removesuffix("_prefix"):
            misread.append(f"{label}: {got} instead of {target}")
    assert misread == []


def test_no_answer_is_both_yes_and_no() -> None:
    assert default_tables().yes & default_tables().no == set()


@walked("code", LANGUAGES)
def test_answers_are_understood(code: str) -> None:
    consent = next((label for target, label in labels(code) if target == "consent"), "consent")
    answers = table(code).get("answers", {})
    misread = [
        word for said, key in ((True, "yes"), (False, "no")) for word in answers.get(key, ())
        if read({consent: word}).lead.get("consent") is not said
    ]  # fmt: skip
    assert misread == []


@walked("code", LANGUAGES)
def test_a_trap_in_the_language_is_seen_only_when_it_is_filled(code: str) -> None:
    for phrase in table(code).get("contexts", {}).get("honeypot", ()):
        assert read({phrase: "x"}).spam, phrase
        assert read({phrase: ""}).spam is None, phrase
