"""docs/proof.md names every event, weather and finding, and no other."""

import re
from collections.abc import Iterable

import pytest

from leadbridge.prove.findings import KINDS
from leadbridge.prove.plan import EVENTS, WEATHERS
from tests.generated import ROOT

PAGE = (ROOT / "docs" / "proof.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("head", "names"), [("event", EVENTS), ("weather", WEATHERS), ("finding", KINDS)])
def test_the_tables_of_the_page_are_those_of_the_code(head: str, names: Iterable[str]) -> None:
    _, _, rest = PAGE.partition(f"| {head} | ")
    rows = rest.partition("\n\n")[0].splitlines()[2:]
    assert sorted(row.split("|")[1].strip() for row in rows) == sorted(names), f"docs/proof.md, the table of {head}s"


def test_every_option_is_explained() -> None:
    assert set(re.findall(r"`(--[a-z-]+)", PAGE)) == {
        "--rounds", "--leads", "--seed", "--folder", "--keep", "--report", "--page",
        "--database", "--replicas", "--restart-command",
    }  # fmt: skip
