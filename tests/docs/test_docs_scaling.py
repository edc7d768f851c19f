"""docs/scaling.md quotes docs/performance.md: the figures of the last run that is shown there, and no older ones."""

import re

from tests.docs.pages import table
from tests.generated import ROOT

SCALING, PERFORMANCE = ROOT / "docs" / "scaling.md", ROOT / "docs" / "performance.md"
# Of which row of the one page the figures stand in which row of the other: what is asked for, and how it is said.
QUOTED = {
    "durable accepts / the same endpoint": ("forms taken by a process", "{per second} a second, {CPU µs each} µs"),
    "durable accepts on PostgreSQL, fsync on": (
        "forms taken by a process", "{per second} a second, {CPU µs each} µs of a core and {PostgreSQL's} µs",
    ),
    "delivered per second, quotas off": ("leads through a process", "{per second} a second, {CPU µs each} µs"),
}  # fmt: skip


def row(rows: list[list[str]], begins: str) -> list[str]:
    (found,) = (cells for cells in rows if cells[0].startswith(begins))
    return found


def test_the_disk_of_a_lead_is_the_same_everywhere() -> None:
    """The chart's claim is for SQLite alone."""
    scaling, operations, chart = (
        " ".join((ROOT / name).read_text("utf-8").split())
        for name in ("docs/scaling.md", "docs/operations.md", "helm/values.yaml")
    )
    (said,) = set(re.findall(r"\d+ kB a lead on SQLite, \d+ kB on PostgreSQL", scaling))
    assert said in operations
    assert said.partition(",")[0] in chart
    assert "KiB a lead" not in scaling + operations + chart


def test_what_is_quoted_from_the_performance_page_stands_there() -> None:
    limits, measured = table(SCALING, "Where each limit lies"), table(PERFORMANCE, "The figures")
    for what, (limit, said) in QUOTED.items():
        behind = row(measured, what)[-1]
        figures = {name: value.removesuffix(".00") for name, value in re.findall(r"([^;]+?) ([\d,.]+)(?:; |$)", behind)}
        wanted = said
        for name, value in figures.items():
            wanted = wanted.replace(f"{{{name}}}", value)
        assert wanted in row(limits, limit)[1], f"docs/scaling.md, `{limit}`: docs/performance.md says by now: {wanted}"
