"""By what a repeated submission is known: the source's own `dedupe`, else what the preset found."""

import hashlib

import pytest

from leadbridge.desk import desks
from leadbridge.events import Event
from leadbridge.settings.loading import load_text

CONFIG = """
version: 1
sources:
  website: {{preset: generic, verify: none{dedupe}}}
"""
EVENT = Event(
    fields={"id": 42, "name": "Ann"}, meta={}, raw={"id": 42, "name": "Ann", "none": None}, dedupe_id="of-the-preset"
)


def key(dedupe: str | None) -> str | None:
    option = "" if dedupe is None else f', dedupe: "{dedupe}"'
    loaded = load_text(CONFIG.format(dedupe=option), "tests.yaml", {})
    return desks(loaded.settings)["website"].dedupe_key(EVENT)


@pytest.mark.parametrize(
    ("dedupe", "expected"),
    [
        (None, "of-the-preset"),
        ("{{ raw.id }}", "42"),
        ("{{ source.name }}-{{ fields.id }}", "website-42"),
        ("{{ raw.none }}", None),
        ("{{ fields.nothing_of_the_kind }}", None),
    ],
)
def test_the_key_is_the_sources_own_where_it_says_one(dedupe: str | None, expected: str | None) -> None:
    assert key(dedupe) == expected


def test_an_id_that_cannot_be_made_makes_no_submission_a_duplicate() -> None:
    assert key("{{ 1 // (fields.name | length - 3) }}") is None


def test_a_long_id_is_known_by_its_digest_for_an_index_takes_no_more() -> None:
    begun = "é" * 254 + "-"
    assert key(f"{begun}{{{{ fields.name }}}}") == f"{begun}Ann", "512 bytes"
    longer = f"{begun}-Ann"
    assert key(f"{begun}-{{{{ fields.name }}}}") == f"sha256:{hashlib.sha256(longer.encode()).hexdigest()}"
