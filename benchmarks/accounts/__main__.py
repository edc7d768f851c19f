"""The command: `python -m benchmarks.accounts`, or `make simulate`."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.accounts import figures
from benchmarks.accounts.database import databases, made
from benchmarks.accounts.run import Course, run
from benchmarks.accounts.town import FULL, SMALL, Scale
from benchmarks.processes import BenchmarkFailed
from tests.support.postgres import Server

# A file or a pipe has no width of its own: there the tables are not folded to 80 columns.
out: Final = Console(highlight=False, width=None if sys.stdout.isatty() else 140)


def main() -> None:
    """Simulate and print; exits with 1 when a quota was exceeded, a lead was lost, or it could not be simulated."""
    given = _arguments()
    changes = {name: value for name in ("accounts", "rate", "seconds") if (value := getattr(given, name)) is not None}
    scale = replace(SMALL if given.quick else FULL, **changes)
    with tempfile.TemporaryDirectory(prefix="accounts-", ignore_cleanup_errors=True) as folder, databases() as server:
        try:
            course = asyncio.run(_run(scale, server, folder=given.logs or Path(folder)))
        except BenchmarkFailed as failed:
            sys.exit(f"The simulation failed: {failed}")
    _print(course, scale, many=given.statements)
    if given.json:
        given.json.write_bytes(orjson.dumps(_document(course, scale), option=orjson.OPT_INDENT_2) + b"\n")
    wrong = list(figures.problems(course, scale))
    out.print("\n".join(wrong) or "Nothing was lost, no lead was sent twice, and no quota was exceeded.")
    sys.exit(1 if wrong else 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.accounts", description="Simulate many accounts whose load is skewed."
    )
    parser.add_argument("--quick", action="store_true", help=f"{SMALL.accounts} accounts: whether it runs")
    parser.add_argument("--accounts", type=int, help=f"how many ({FULL.accounts:,})")
    parser.add_argument("--rate", type=float, help=f"submissions per second ({FULL.rate:g})")
    parser.add_argument("--seconds", type=float, help=f"of a phase ({FULL.seconds:g})")
    parser.add_argument("--statements", type=int, default=0, metavar="N", help="print the N most frequent, idle")
    parser.add_argument("--logs", type=Path, metavar="FOLDER", help="keep the processes' logs there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    return parser.parse_args()


async def _run(scale: Scale, server: Server, *, folder: Path) -> Course:
    return await run(scale, await made(server), folder=folder)


def _document(course: Course, scale: Scale) -> dict[str, Any]:
    return {
        "scale": asdict(scale),
        "waits": figures.waits(course, scale),
        "giants": figures.giants(course, scale),
        "costs": figures.costs(course, scale),
        "states": course.states,
    }


def _print(course: Course, scale: Scale, *, many: int) -> None:
    out.print(
        f"{scale.accounts:,} accounts, {scale.processes} processes, {scale.rate:g} submissions a second, windows"
        f" / {scale.pace:g}; {len(course.received):,} submissions, {len(course.calls):,} calls, {course.states}"
    )
    _table("From a form's arrival to its call in ms, with the giants silent and sending", figures.waits(course, scale))
    _table("Windows of the giants, used / usable", figures.giants(course, scale))
    for name, value in figures.costs(course, scale).items():
        out.print(f"{name:>45}  {value:,.2f}")
    for phase in course.phases if many else ():
        out.print(f"\n{phase.name}: statements a second, and ms of the server for them")
        for rate, spent, text in figures.statements(phase)[:many]:
            out.print(f"{rate:>9.1f} {spent:>9.2f}  {text[:110]}", markup=False)


def _table(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    table = Table(title=title)
    for name in rows[0] if rows else ():
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(*(f"{value:,.2f}" if isinstance(value, float) else f"{value}" for value in row.values()))
    out.print(table)


if __name__ == "__main__":
    main()
