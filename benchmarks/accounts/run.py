"""The course of a run: processes start, idle, and are sent leads in turns without the giants and with them."""

import asyncio
import multiprocessing
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final

from benchmarks.accounts.database import Asked, Database
from benchmarks.accounts.replica import replica
from benchmarks.accounts.town import FIRST, Scale
from benchmarks.processes import BenchmarkFailed

PATIENCE: Final = 600.0  # seconds until a process that says nothing, or lanes that nobody takes, end the run
GLANCE: Final = 0.25  # seconds between two looks


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of the run: its wall time, and what the server was asked in it."""

    name: str
    began: float
    ended: float
    before: Asked
    after: Asked
    cpu: float  # seconds of the processors, all processes together

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.began


@dataclass(slots=True)
class Course:
    """Everything that a run saw."""

    started: Sequence[dict[str, Any]] = ()  # what each process says of its start
    owned_after: float = 0.0  # seconds from the first process's start until every lane had its owner
    spread: Sequence[int] = ()  # lanes of each process
    idle: Sequence[dict[str, Any]] = ()
    loaded: Sequence[dict[str, Any]] = ()
    connections: int = 0
    phases: list[Phase] = field(default_factory=list)
    refused: int = 0
    received: dict[str, tuple[float, float]] = field(default_factory=dict)  # by person
    calls: list[tuple[int, str, float, float, int]] = field(default_factory=list)  # with account and process
    states: dict[str, int] = field(default_factory=dict)
    stopping: float = 0.0


class Replicas:
    """The processes, told things together."""

    def __init__(self, processes: Sequence[tuple[BaseProcess, Connection]]) -> None:
        self._processes = processes

    async def ask(self, *asked: Any, one: int | None = None) -> list[dict[str, Any]]:
        """Tell all of them, or one, and wait for their answers."""
        chosen = self._processes if one is None else [self._processes[one]]
        for _, pipe in chosen if asked else ():
            pipe.send(asked)
        return [await asyncio.to_thread(self._heard, *each) for each in chosen]

    def _heard(self, process: BaseProcess, pipe: Connection) -> dict[str, Any]:
        until = time.monotonic() + PATIENCE
        while not pipe.poll(1.0):
            if not process.is_alive() or time.monotonic() > until:
                raise BenchmarkFailed(f"{process.name} said nothing any more; see its log")
        answer: dict[str, Any] = pipe.recv()
        return answer


async def run(scale: Scale, database: Database, *, folder: Path) -> Course:
    """Start, idle, then take turns; every lead is delivered or cancelled at the end."""
    course, began = Course(), time.monotonic()
    async with _replicas(scale, database, folder) as replicas:
        course.started = await replicas.ask()
        await _until(lambda: _all_owned(database, scale))
        course.owned_after = time.monotonic() - began
        await _settled(database)
        async with _phase(course, "idle", database, replicas):
            await asyncio.sleep(scale.idle)
        course.idle = await replicas.ask("look")
        await replicas.ask("send", FIRST, False)  # noqa: FBT003
        await _until(lambda: _nothing_left(database))
        for turn in range(scale.turns):
            for giants in (False, True) if turn % 2 == 0 else (True, False):
                async with _phase(course, "beside" if giants else "alone", database, replicas):
                    said = await replicas.ask("send", turn, giants)
                course.refused += sum(one["refused"] for one in said)
                course.loaded, course.connections = await replicas.ask("look"), await database.connections()
                if giants:
                    await replicas.ask("cancel", sorted(scale.giants), one=0)
                await _until(lambda: _nothing_left(database))
        course.spread = sorted((await database.owners()).values())
        course.states = await database.states()
        for process, told in enumerate(await replicas.ask("tell")):
            course.received |= {person: (came, answered) for person, came, answered in told["received"]}
            course.calls += [
                (int(account.partition("@")[0].removeprefix("account-")), person, sent, counted, process)
                for account, person, sent, counted in told["calls"]
            ]
        course.stopping = max(one["stopping"] for one in await replicas.ask("stop"))
    return course


@asynccontextmanager
async def _replicas(scale: Scale, database: Database, folder: Path) -> AsyncIterator[Replicas]:
    spawning, processes = multiprocessing.get_context("spawn"), []
    try:
        for number in range(scale.processes):
            ours, theirs = spawning.Pipe()
            about = {"number": number, "scale": scale, "url": database.url, "log": folder / f"replica-{number}.log"}
            process = spawning.Process(target=replica, args=(theirs,), kwargs=about, name=f"replica {number}")
            process.start()
            theirs.close()
            processes.append((process, ours))
        yield Replicas(processes)
        for process, _ in processes:
            await asyncio.to_thread(process.join, PATIENCE)
    finally:
        for process, _ in processes:
            if process.is_alive():
                process.kill()


@asynccontextmanager
async def _phase(course: Course, name: str, database: Database, replicas: Replicas) -> AsyncIterator[None]:
    used = await _cpu(replicas)
    before, began = await database.asked(), time.time()
    yield
    ended = time.time()
    after = await database.asked()
    course.phases.append(Phase(name, began, ended, before, after, await _cpu(replicas) - used))


async def _cpu(replicas: Replicas) -> float:
    return float(sum(one["cpu"] for one in await replicas.ask("look")))


async def _until(done: Any) -> None:
    until = time.monotonic() + PATIENCE
    while not await done():
        if time.monotonic() > until:
            raise BenchmarkFailed(f"{PATIENCE:g} s were not enough")
        await asyncio.sleep(GLANCE)


async def _all_owned(database: Database, scale: Scale) -> bool:
    return (await database.owners()).total() == scale.accounts


async def _nothing_left(database: Database) -> bool:
    return await database.left() == 0


async def _settled(database: Database) -> None:
    """Lanes move for a moment after the last process came."""
    before, now = None, await database.owners()
    while before != now:
        await asyncio.sleep(8 * GLANCE)
        before, now = now, await database.owners()
