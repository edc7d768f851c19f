"""`leadbridge prove`: play the plan, drain, compare, report."""

import asyncio
import gc
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
from leadbridge.http.server import GARBAGE
from leadbridge.prove.disk import small_disk
from leadbridge.prove.evidence import Evidence, calls_in, records_in
from leadbridge.prove.ground import DESTINATIONS, ENVIRON
from leadbridge.prove.history import Historian
from leadbridge.prove.pace import fullest_window
from leadbridge.prove.page import ALONE, TOGETHER
from leadbridge.prove.plan import Event, Plan, planned
from leadbridge.prove.replicas import CONFIG
from leadbridge.prove.report import Report, machine
from leadbridge.prove.rounds import SHORTEST, SHORTEST_TOGETHER, Played, Stage
from leadbridge.prove.scratch import PostgresScratch, Scratch, SqliteScratch
from leadbridge.prove.senders import Senders
from leadbridge.prove.verdict import judged
from leadbridge.prove.world import World
from leadbridge.settings.loading import load
from leadbridge.store.opening import VARIABLE

TAKEN_WITHIN: Final = 60.0  # seconds after the last round until all senders must have had their 2xx
DRAINED_WITHIN: Final = 480.0  # seconds until nothing may be under way: a circuit's longest rest, and what shows late
REPORT: Final = "report.md"
MOST_SEED: Final = 2**31
NO_DISK: Final = "a full disk: only root may mount a small one to fill"
NO_RESTART: Final = "restarts of the server: --restart-command says how"
REPLICAS: Final = 3
NO_CLOCK: Final = "jumps of the clock: a process has none of its own that could be moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked for."""

    rounds: int
    seed: int | None = None
    leads: int | None = None
    folder: Path | None = None
    report: Path | None = None
    page: Path | None = None
    database: str | None = None  # a PostgreSQL server; SQLite unless given
    replicas: int = REPLICAS
    restart_command: str | None = None
    keep: bool = False


def prove(wish: Wish) -> bool:
    """Run the proof; true when nothing was found. Raises `UsageError` for what cannot be run."""
    place = TOGETHER if wish.database else ALONE
    if wish.page and not (wish.page.is_file() and place.is_on(wish.page.read_text(encoding="utf-8"))):
        raise UsageError(f"{wish.page} has no place for the report: it must hold {place.begin} and {place.end}")
    server = PostgresScratch(wish.database, restart_command=wish.restart_command) if wish.database else None
    folder = _scratch(wish.folder)
    report: Report | None = None
    try:
        with ExitStack() as stack:
            disk = stack.enter_context(small_disk(folder / "disk")) if server is None else None
            database = server or SqliteScratch(folder, disk=disk)
            seed = wish.seed if wish.seed is not None else SystemRandom().randrange(MOST_SEED)
            replicas = wish.replicas if server else 1
            missing = cannot_be_had(database)
            plan = planned(seed=seed, rounds=wish.rounds, leads=wish.leads, replicas=replicas, without=missing)
            runner = stack.enter_context(asyncio.Runner(loop_factory=uvloop.new_event_loop))
            gc.set_threshold(*GARBAGE)
            try:
                report = runner.run(played_out(plan, folder, database, replicas=replicas))
                if report.good and not wish.keep:
                    runner.run(database.remove())
            except asyncio.CancelledError:  # by SIGTERM; Ctrl-C ends in a KeyboardInterrupt
                sys.exit(128 + signal.SIGTERM)
        _save(report, folder / REPORT)
        if wish.report:
            _save(report, wish.report)
        if wish.page:
            wish.page.write_text(place.filled(wish.page.read_text(encoding="utf-8"), report), encoding="utf-8")
        _print(report, folder, database, kept=wish.keep or not report.good)
        return report.good
    finally:
        if report is not None and report.good and not wish.keep:
            shutil.rmtree(folder)
        elif report is None:
            say(f"What there is of the run is in {folder}", to=err)
        if server is not None and server.is_there:
            say(f"Its database is still there; to drop it: {server.drop_statement}", to=err)


def _scratch(parent: Path | None) -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix="leadbridge-prove-", dir=parent)).absolute()
    except OSError as error:
        raise UsageError(f"cannot make a folder in {parent or tempfile.gettempdir()}: {error.strerror}") from error


async def played_out(
    plan: Plan, folder: Path, database: Scratch, *, replicas: int = 1, shortest: float | None = None
) -> Report:
    """Play a plan in `folder` and on `database`, drain, and judge.

    Nothing runs any more when it ends, however it ends; the database is not removed. A round takes `shortest` seconds
    at least.
    """
    playing = asyncio.current_task()
    if playing is not None:  # stopped in the middle, it still ends its processes
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, playing.cancel)
    began = time.monotonic()
    async with (
        httpx.AsyncClient(trust_env=False, timeout=30.0, transport=AiohttpTransport()) as client,
        httpx.AsyncClient(trust_env=False, timeout=30.0) as controlling,
    ):
        engine = await database.make()
        world = World(folder, controlling, database=database, replicas=replicas)
        if shortest is None:
            shortest = SHORTEST if replicas == 1 else SHORTEST_TOGETHER
        try:
            await world.begin(known=[one.email for one in plan.contacts if one.relatives])
            sources = load(folder / CONFIG, ENVIRON).settings.sources
            senders = Senders(client, urls=world.replicas.urls, sources=sources, seed=plan.seed)
            historian = Historian(world.control)
            played = await _play(plan, Stage(world, senders, historian, shortest=shortest))
            await world.replicas.back()
            ended = time.monotonic()
            async with historian.looking_on():
                await senders.finish(within=TAKEN_WITHIN)
                await world.drained(within=DRAINED_WITHIN)  # what is not is found
            drain_seconds = time.monotonic() - ended
            await historian.look()
            for place in world.replicas.places:
                await world.replicas.stop(place)
            evidence = Evidence(
                records=list(records_in(await world.control.state())),
                calls=list(calls_in(historian.entries)),
                ledger=await world.ledger(),
                unfinished=await world.unfinished(),
                cut_off_at=world.killed_at if replicas == 1 else (),
            )
        finally:
            await world.end()
    (folder / "history.json").write_bytes(orjson.dumps(historian.entries))
    calls = {one.name: [call.at for call in evidence.calls if call.destination == one.name] for one in DESTINATIONS}
    return Report(
        machine=machine(engine),
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
        left_out=left_out(database),
        findings=judged(plan.submissions, senders.answers, evidence),
        replicas=replicas,
    )


async def _play(plan: Plan, stage: Stage) -> list[Played]:
    played: list[Played] = []
    for one in plan.rounds:
        played.append(await stage.play(one))
        caught = played[-1].caught
        found = "; ".join(f"{each.sending} sending, {each.calls} calls, {each.received} received" for each in caught)
        line = f"{one.number:4} {one.event:21} {one.weather:16} after {one.delay * 1000:4.0f} ms  {found}"
        say(line.rstrip(), to=err)
    return played


def cannot_be_had(database: Scratch) -> tuple[Event, ...]:
    """The events that this user cannot have on this database."""
    match database:
        case SqliteScratch(disk=None):
            return ("disk full",)
        case PostgresScratch(restart_command=None):
            return ("server restarts",)
    return ()


def left_out(database: Scratch) -> list[str]:
    """What is not tried in a run on such a database, and why."""
    match database:
        case SqliteScratch():
            return [*([] if database.disk else [NO_DISK]), NO_CLOCK]
        case PostgresScratch():
            return [*([] if database.restart_command else [NO_RESTART]), NO_CLOCK]


def _save(report: Report, path: Path) -> None:
    """Markdown at `path`, and JSON beside it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(report.markdown(), encoding="utf-8")
        path.with_suffix(".json").write_bytes(orjson.dumps(report.document(), option=orjson.OPT_INDENT_2) + b"\n")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def _print(report: Report, folder: Path, database: Scratch, *, kept: bool) -> None:
    table = facts(indent=0)
    for name, value in (("machine", report.machine.line()), *report.facts()):
        table.add_row(text(name), text(value))
    show(table)
    for line in report.lines():
        say(line)
    say((report.verdict(), "green" if report.good else "red"))
    if not report.good:
        say(f"The same plan again: {report.command}")
        say(f"The whole way of one: {VARIABLE}={shlex.quote(database.shown())} leadbridge trace TRACE_ID")
    if kept:
        say(f"Configuration, database, logs, history and report are in {folder}")
