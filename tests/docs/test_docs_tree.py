"""What the documents say of the code is compared with the code."""

import re
from typing import get_args

import leadbridge
from leadbridge.outcome import HoldReason
from tests.generated import ROOT

HOW = (ROOT / "docs" / "how-it-works.md").read_text("utf-8")
SCHEMA = (ROOT / "service/leadbridge/store/sqlite/migrations/0001_first.sql").read_text("utf-8")
LATER = {"awaiting_fetch", "captured", "superseded", "cancelled"}  # reserved in the schema, made by nothing yet


def states_of(table: str) -> set[str]:
    """The states a table may hold, as its schema says."""
    found = re.search(rf"CREATE TABLE {table} \(.*?state IN\s*\((.*?)\)\)", SCHEMA, re.DOTALL)
    assert found is not None
    return set(re.findall(r"'(\w+)'", found[1]))


def test_every_state_is_explained() -> None:
    explained = set(re.findall(r"^\| `(\w+)` \|", HOW, re.MULTILINE))
    assert explained == (states_of("submissions") | states_of("deliveries")) - LATER


def test_every_reason_to_hold_is_explained() -> None:
    assert [reason for reason in get_args(HoldReason) if f"`{reason}`" not in HOW] == []


def test_every_stage_is_in_the_table_and_in_the_tree() -> None:
    files = re.findall(r"^\| \w+ \| (.*?) \|", HOW, re.MULTILINE)
    for name in re.findall(r"`([\w/]+(?:\.py)?)`", " ".join(files)):
        assert (ROOT / "service/leadbridge" / name).exists(), name


def test_the_changelog_speaks_of_this_version_first() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    first = re.search(r"^## (\S+)", changelog, re.MULTILINE)
    assert first is not None
    assert first[1] == leadbridge.__version__


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(page.name[:4]) for page in sorted((ROOT / "docs/decisions").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))
