"""`leadbridge prove`: play the plan, drain, compare, report."""

import asyncio
import shlex
import shutil
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom
from typing import Final

import httpx
import orjson
import uvloop
from httpx_aiohttp import AiohttpTransport

from leadbridge.commands.output import err, facts, say, show, text
from leadbridge.errors import UsageError
from leadbridge.prove.disk import SmallDisk, small_disk
from leadbridge.prove.evidence import Evidence, calls_in, records_in
from leadbridge.prove.ground import DESTINATIONS, ENVIRON
from leadbridge.prove.history import Historian
from leadbridge.prove.plan import Plan, planned
from leadbridge.prove.report import BEGIN, END, Report, has_place, machine, with_report
from leadbridge.prove.rounds import SHORTEST, Played, Stage
from leadbridge.prove.senders import Senders
from leadbridge.prove.verdict import fullest_window, judged
from leadbridge.prove.world import CONFIG, DATABASE, World
from leadbridge.settings.loading import load
from leadbridge.store.opening import VARIABLE

TAKEN_WITHIN: Final = 60.0  # seconds after the last round until all senders must have had their 2xx
DRAINED_WITHIN: Final = 480.0  # seconds until nothing may be under way: a circuit's longest rest, and what shows late
REPORT: Final = "report.md"
MOST_SEED: Final = 2**31
NO_DISK: Final = "a full disk: only root may mount a small one to fill"
NO_CLOCK: Final = "jumps of the clock: one process alone has none that could be moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked for."""

    rounds: int
    seed: int | None = None
    leads: int | None = None
    folder: Path | None = None
    report: Path | None = None
    page: Path | None = None
    keep: bool = False


def prove(wish: Wish) -> bool:
    """Run the proof; true when nothing was found. Raises `UsageError` for what cannot be run."""
    if wish.page and not (wish.page.is_file() and has_place(wish.page.read_text(encoding="utf-8"))):
        raise UsageError(f"{wish.page} has no place for the report: it must hold {BEGIN} and {END}")
    folder = _scratch(wish.folder)
    report: Report | None = None
    try:
        with ExitStack() as stack:
            disk = stack.enter_context(small_disk(folder / "disk"))
            seed = wish.seed if wish.seed is not None else SystemRandom().randrange(MOST_SEED)
            plan = planned(seed=seed, rounds=wish.rounds, leads=wish.leads, disk=disk is not None)
            runner = stack.enter_context(asyncio.Runner(loop_factory=uvloop.new_event_loop))
            try:
                report = runner.run(played_out(plan, folder, disk))
            except asyncio.CancelledError:  # by SIGTERM; Ctrl-C ends in a KeyboardInterrupt
                sys.exit(128 + signal.SIGTERM)
        _save(report, folder / REPORT)
        if wish.report:
            _save(report, wish.report)
        if wish.page:
            wish.page.write_text(with_report(wish.page.read_text(encoding="utf-8"), report), encoding="utf-8")
        _print(report, folder, kept=wish.keep or not report.good)
        return report.good
    finally:
        if report is not None and report.good and not wish.keep:
            shutil.rmtree(folder)
        elif report is None:
            say(f"What there is of the run is in {folder}", to=err)


def _scratch(parent: Path | None) -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix="leadbridge-prove-", dir=parent)).absolute()
    except OSError as error:
        raise UsageError(f"cannot make a folder in {parent or tempfile.gettempdir()}: {error.strerror}") from error


async def played_out(plan: Plan, folder: Path, disk: SmallDisk | None, *, shortest: float = SHORTEST) -> Report:
    """Play a plan in `folder`, drain, and judge. Nothing runs any more when it ends, however it ends."""
    playing = asyncio.current_task()
    if playing is not None:  # stopped in the middle, it still ends its processes
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, playing.cancel)
    began = time.monotonic()
    async with (
        httpx.AsyncClient(trust_env=False, timeout=30.0, transport=AiohttpTransport()) as client,
        httpx.AsyncClient(trust_env=False, timeout=30.0) as controlling,
    ):
        world = World(folder, controlling, disk=disk)
        try:
            await world.begin(known=[one.email for one in plan.contacts if one.relatives])
            sources = load(folder / CONFIG, ENVIRON).settings.sources
            senders = Senders(client, url=world.url, sources=sources, seed=plan.seed)
            historian = Historian(world.control)
            played = await _play(plan, Stage(world, senders, historian, shortest=shortest))
            ended = time.monotonic()
            async with historian.looking_on():
                await senders.finish(within=TAKEN_WITHIN)
                await world.drained(within=DRAINED_WITHIN)  # what is not is found
            drain_seconds = time.monotonic() - ended
            await historian.look()
            await world.service.stop()
            evidence = Evidence(
                records=list(records_in(await world.control.state())),
                calls=list(calls_in(historian.entries)),
                ledger=await world.ledger(),
                unfinished=await world.unfinished(),
            )
        finally:
            await world.end()
    (folder / "history.json").write_bytes(orjson.dumps(historian.entries))
    calls = {one.name: [call.at for call in evidence.calls if call.destination == one.name] for one in DESTINATIONS}
    return Report(
        machine=machine(),
        seed=plan.seed,
        played=played,
        submissions=len(plan.submissions),
        contacts=len(plan.contacts),
        taken=sum(answer.taken for answer in senders.answers.values()),
        sends=senders.figures.sends,
        answers=dict(senders.figures.answers),
        calls={name: len(times) for name, times in calls.items()},
        fullest={one.name: (fullest_window(calls[one.name], window=one.window), one.limit) for one in DESTINATIONS},
        drain_seconds=drain_seconds,
        total_seconds=time.monotonic() - began,
        left_out=left_out(disk),
        findings=judged(plan.submissions, senders.answers, evidence),
    )


async def _play(plan: Plan, stage: Stage) -> list[Played]:
    played: list[Played] = []
    for one in plan.rounds:
        played.append(await stage.play(one))
        caught = played[-1].caught
        found = "; ".join(f"{each.sending} sending, {each.calls} calls, {each.received} received" for each in caught)
        line = f"{one.number:4} {one.event:14} {one.weather:16} after {one.delay * 1000:4.0f} ms  {found}"
        say(line.rstrip(), to=err)
    return played


def left_out(disk: SmallDisk | None) -> list[str]:
    """What is not tried in a run with or without a small disk, and why."""
    return [*([] if disk else [NO_DISK]), NO_CLOCK]


def _save(report: Report, path: Path) -> None:
    """Markdown at `path`, and JSON beside it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(report.markdown(), encoding="utf-8")
        path.with_suffix(".json").write_bytes(orjson.dumps(report.document(), option=orjson.OPT_INDENT_2) + b"\n")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def _print(report: Report, folder: Path, *, kept: bool) -> None:
    table = facts(indent=0)
    for name, value in (("machine", report.machine.line()), *report.facts()):
        table.add_row(text(name), text(value))
    show(table)
    for line in report.lines():
        say(line)
    say((report.verdict(), "green" if report.good else "red"))
    if not report.good:
        say(f"The same plan again: {report.command}")
        database = shlex.quote(f"sqlite:///{folder / DATABASE}")
        say(f"The whole way of one: {VARIABLE}={database} leadbridge trace TRACE_ID")
    if kept:
        say(f"Configuration, database, logs, history and report are in {folder}")
