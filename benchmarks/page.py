"""The figures as a part of a Markdown page: what stands between two marks is written anew, the rest is left alone."""

from collections.abc import Sequence
from typing import Final

from benchmarks.machine import Machine
from benchmarks.rows import Row, behind, figure, verdict, wanted

BEGIN: Final = "<!-- figures: written by `python -m benchmarks --page` -->"
END: Final = "<!-- end of the figures -->"


def has_place(page: str) -> bool:
    """Whether the page has both marks, in order."""
    return 0 <= page.find(BEGIN) < page.find(END)


def with_figures(page: str, machine: Machine, rows: Sequence[Row]) -> str:
    """The page with this run's figures in their place."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{_machine(machine)}\n\n{_table(rows)}\n\n{END}{after}"


def _machine(machine: Machine) -> str:
    libraries = ", ".join(f"{name} {number}" for name, number in machine.libraries.items())
    return (
        f"{machine.cores} cores, {machine.memory_gib:g} GiB of memory, {machine.system}, {machine.python}; "
        f"fsync of one page {machine.fsync_us:.0f} µs;\n"
        f"load average before the run {machine.load_before:g}. {libraries}."
    )


def _table(rows: Sequence[Row]) -> str:
    lines = ["| what | measured | target | met | behind it |", "|---|---:|---:|---|---|"]
    lines += [f"| {row.what} | {figure(row)} | {wanted(row)} | {verdict(row)} | {behind(row)} |" for row in rows]
    return "\n".join(lines)
