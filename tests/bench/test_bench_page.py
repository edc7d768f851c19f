"""The figures in a Markdown page."""

import pytest

from benchmarks.machine import Machine
from benchmarks.page import BEGIN, END, has_place, with_figures
from benchmarks.processes import ROOT
from benchmarks.rows import Row, Target

MACHINE = Machine(
    cores=2, memory_gib=8.0, fsync_us=210.4, load_before=0.1, system="Linux x86_64", python="CPython 3.13.1",
    libraries={"sqlite": "3.54.1"},
)  # fmt: skip
ROW = Row(
    key="accept", what="accepts", value=0.456, unit="ratio", target=Target(limit="at least", value=0.5),
    about={"per second": 4321.0},
)  # fmt: skip
PAGE = f"# Before\n\n{BEGIN}\nold\n{END}\n\nAfter\n"


def test_the_figures_replace_what_stood_between_the_marks() -> None:
    page = with_figures(PAGE, MACHINE, [ROW])
    assert page.startswith(f"# Before\n\n{BEGIN}\n")
    assert page.endswith(f"{END}\n\nAfter\n")
    assert "| accepts | × 0.46 | ≥ 0.5 | NO | per second 4,321 |\n" in page
    assert "2 cores, 8 GiB of memory, Linux x86_64, CPython 3.13.1; fsync of one page 210 µs;" in page
    assert "old" not in page


def test_writing_them_twice_changes_nothing() -> None:
    once = with_figures(PAGE, MACHINE, [ROW])
    assert with_figures(once, MACHINE, [ROW]) == once


@pytest.mark.parametrize("page", ["", BEGIN, END, f"{END}\n{BEGIN}"])
def test_a_page_without_both_marks_in_order_has_no_place(page: str) -> None:
    assert not has_place(page)


def test_the_page_of_this_repository_has_a_place() -> None:
    assert has_place((ROOT / "docs" / "performance.md").read_text(encoding="utf-8"))
