"""The command: `python -m benchmarks`, or `make bench`."""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import orjson
import uvloop
from rich.console import Console

from benchmarks import (
    accepting,
    calls,
    claiming,
    delivering,
    hanging,
    latency,
    quota,
    recognising,
    relays,
    replicas,
    starting,
)
from benchmarks.ground import MANY, NORMAL, QUICK, Effort, Ground, prepared
from benchmarks.machine import Machine, look, print_machine
from benchmarks.page import BEGIN, END, has_place, with_figures
from benchmarks.processes import BenchmarkFailed
from benchmarks.rows import Row, print_rows

MEASUREMENTS: Final[dict[str, Callable[[Ground], Awaitable[list[Row]]]]] = {
    "accept": accepting.measure,
    "latency": latency.measure,
    "deliver": delivering.measure,
    "relay": relays.measure,
    "quota": quota.measure,
    "calls": calls.measure,
    "start": starting.measure,
    "recognise": recognising.measure,
    "claim": claiming.measure,
    "claim_postgres": claiming.measure_on_postgres,
    "deliver_postgres": delivering.measure_on_postgres,
    "quota_postgres": replicas.measure,
    "accept_postgres": partial(accepting.measure, engine="postgres"),
    "hanging": hanging.measure,  # last: its calls hang on after it
}
# A file or a pipe has no width of its own: there the table is not folded to 80 columns.
out: Final = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
err: Final = Console(stderr=True, highlight=False)


def main() -> None:
    """Measure, print, and exit: 1 when it could not be measured, or with `--check` when a target is not met."""
    given = _arguments()
    effort = QUICK if given.quick else replace(NORMAL, many=MANY) if given.full else NORMAL
    given.folder.mkdir(parents=True, exist_ok=True)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="bench-", dir=given.folder) as folder,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            machine, rows = runner.run(_run(Path(folder), effort, given.only))
    except BenchmarkFailed as failed:
        err.print(f"The benchmark failed: {failed}", markup=False, soft_wrap=True)
        sys.exit(1)
    print_machine(out, machine)
    print_rows(out, rows)
    missed = [row.what for row in rows if row.met is False]
    out.print(f"\n{'Every target is met.' if not missed else f'Not met: {len(missed)}.'}")
    if given.quick:
        out.print("A quick run proves only that everything runs: its figures say nothing.")
    if given.json:
        given.json.write_bytes(_document(machine, rows, quick=given.quick))
    if given.page:
        page = given.page.read_text(encoding="utf-8")
        given.page.write_text(with_figures(page, machine, rows), encoding="utf-8")
    if given.check and missed:
        sys.exit(1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure leadbridge against its targets, side by side in one run."
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="a few seconds: whether it runs, not how fast")
    size.add_argument("--full", action="store_true", help=f"with {MANY:,} waiting deliveries")
    parser.add_argument("--only", nargs="+", choices=MEASUREMENTS, default=list(MEASUREMENTS), help="some of it")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there as well")
    parser.add_argument("--page", type=Path, metavar="FILE", help="put the rows into this Markdown page")
    parser.add_argument("--check", action="store_true", help="exit 1 when a target is not met")
    parser.add_argument(
        "--folder", type=Path, default=Path("data"), help="where the databases are made: the disk that is measured"
    )
    given = parser.parse_args()
    if given.page and not (given.page.is_file() and has_place(given.page.read_text(encoding="utf-8"))):
        parser.error(f"{given.page} has no place for the figures: it must hold {BEGIN} and {END}")
    return given


async def _run(folder: Path, effort: Effort, only: Sequence[str]) -> tuple[Machine, list[Row]]:
    machine = look(folder, syncs=effort.syncs)
    rows: list[Row] = []
    async with prepared(folder, effort) as ground:
        for name in (name for name in MEASUREMENTS if name in only):
            await ground.settle()
            began = time.perf_counter()
            rows += await MEASUREMENTS[name](ground)
            err.print(f"{name} measured in {time.perf_counter() - began:.1f} s", style="dim")
    return machine, rows


def _document(machine: Machine, rows: Sequence[Row], *, quick: bool) -> bytes:
    document: dict[str, Any] = {
        "quick": quick,
        "machine": machine.document(),
        "rows": [row.document() for row in rows],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"


if __name__ == "__main__":
    main()
