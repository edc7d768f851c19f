"""What the documents say of the code is compared with the code."""

import re

import leadbridge
from tests.generated import ROOT

HOW = (ROOT / "docs" / "how-it-works.md").read_text("utf-8")


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
