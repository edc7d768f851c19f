"""The arithmetic of the benchmark, and what it says of it."""

from io import StringIO
from typing import Literal

import pytest
from rich.console import Console

from benchmarks.rows import Row, Target, median_row, percentile, print_rows, ratios
from tests.support.walked import walked


@walked(
    ("limit", "measured", "met"),
    [
        ("at least", 0.50, True),
        ("at least", 0.499, False),  # would be printed as 0.50
        ("at most", 10.0, True),
        ("at most", 10.01, False),
        ("exactly", 2.0, True),
        ("exactly", 1.0, False),
    ],
)
def test_a_target_is_judged_by_what_was_measured(
    limit: Literal["at least", "at most", "exactly"], measured: float, met: bool
) -> None:
    wanted = {"at least": 0.50, "at most": 10.0, "exactly": 2.0}[limit]
    row = Row(key="k", what="w", value=measured, unit="ms", target=Target(limit=limit, value=wanted))
    assert row.met is met
    assert row.document()["met"] is met


@walked(
    ("share", "expected"),
    [(0.0, 1.0), (0.05, 1.0), (0.051, 2.0), (0.5, 10.0), (0.95, 19.0), (0.951, 20.0), (1.0, 20.0)],
)
def test_a_percentile_is_the_sample_of_that_rank(share: float, expected: float) -> None:
    assert percentile([float(n) for n in range(20, 0, -1)], share) == expected


def test_ratios_pair_the_repetitions() -> None:
    assert ratios([50.0, 30.0, 90.0], [100.0, 120.0, 90.0]) == [0.5, 0.25, 1.0]


def test_a_ratio_and_its_halves_must_have_the_same_repetitions() -> None:
    with pytest.raises(ValueError, match="longer"):
        ratios([1.0], [1.0, 2.0])


def test_a_row_is_the_median_of_its_repetitions_and_keeps_them() -> None:
    row = median_row("accept", "accepts", samples=[0.9, 0.1, 0.4])
    assert (row.value, row.document()["samples"]) == (0.4, [0.9, 0.1, 0.4])


def test_the_table_marks_ratios_absolute_values_and_what_is_not_met() -> None:
    rows = [
        Row(key="a", what="accepts", value=0.456, unit="ratio", target=Target(limit="at least", value=0.5)),
        Row(key="b", what="latency", value=7.0, unit="ms", target=Target(limit="at most", value=10)),
        Row(key="c", what="for comparison", value=0.7, unit="ratio", about={"per second": 4321.0}),
    ]
    said = StringIO()
    print_rows(Console(file=said, width=120), rows)
    lines = said.getvalue().splitlines()
    assert lines[1].split() == ["accepts", "×", "0.46", "≥", "0.5", "NO"]
    assert lines[2].split() == ["latency", "7.0", "ms", "≤", "10", "yes"]
    assert lines[3].split() == ["for", "comparison", "×", "0.70", "–", "per", "second", "4,321"]


def test_a_row_says_in_json_whether_it_is_absolute() -> None:
    ratio = Row(key="a", what="w", value=0.7, unit="ratio").document()
    absolute = Row(key="b", what="w", value=0.7, unit="s").document()
    assert (ratio["absolute"], absolute["absolute"], absolute["target"], absolute["met"]) == (False, True, None, None)
