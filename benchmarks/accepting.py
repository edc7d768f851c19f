"""How many submissions a second are made durable, beside the same endpoint that stores nothing."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count, islice
from statistics import median
from typing import Final

from benchmarks.ground import Engine, Ground, Site, drained, requests
from benchmarks.load import LoadResult, load
from benchmarks.processes import BenchmarkFailed, Running, free_port, running
from benchmarks.rows import Row, Target, median_row, ratios

AT_LEAST: Final = {
    "sqlite": Target(limit="at least", value=0.50),
    "postgres": Target(limit="at least", value=0.45),
}
ON_POSTGRES: Final = "on PostgreSQL, fsync on, its processes on the same cores"


class _Measured:
    """The figures of each server, repetition by repetition."""

    def __init__(self) -> None:
        self.rates: dict[str, list[float]] = defaultdict(list)
        self.cpu: dict[str, list[float]] = defaultdict(list)  # microseconds of processor time per request
        self.database_cpu: dict[str, list[float]] = defaultdict(list)  # of the database's server
        self.sender_busy: dict[str, list[float]] = defaultdict(list)

    def about(self, name: str, *, beside: str = "bare") -> dict[str, float]:
        """The absolute figures of one server beside another's."""
        facts = {"per second": median(self.rates[name]), beside: median(self.rates[beside])}
        if self.cpu[name] and self.cpu[beside]:
            facts |= {"CPU µs each": median(self.cpu[name]), f"{beside} CPU µs": median(self.cpu[beside])}
        if self.database_cpu[name]:
            facts |= {"PostgreSQL's": median(self.database_cpu[name])}
        return facts


async def measure(ground: Ground, *, engine: Engine = "sqlite") -> list[Row]:
    """The whole service, receive and store alone, and the service that delivers; each beside the bare endpoint."""
    measured = _Measured()
    people = count()
    site, alone = await ground.site_on(engine), await ground.site_on(engine)
    async with (
        _server("bare", site=site) as bare,
        _server("plain", site=site) as plain,
        _server("accept", "--config", str(alone.config), site=alone) as accept,
        site.serving() as whole,
    ):
        reader = site.reader()
        for server in (bare, plain, accept, whole):
            await _load(ground, server, people, ground.effort.accepts // 10)
        await drained(reader)
        for repetition in range(ground.effort.accept_turns):
            turns = [("bare", bare), ("plain", plain), ("accept", accept), ("whole", whole)]
            # Turn about, so that none always runs on a warmer machine; the rest of a turn is not in the next one's.
            for name, server in turns if repetition % 2 == 0 else reversed(turns):
                await _measure(ground, measured, name, server=server, people=people, engine=engine)
                await drained(reader)
        await reader.close()
    for _ in range(ground.effort.restarts):
        await _while_delivering(ground, measured, people, engine=engine)
    return _rows(measured) if engine == "sqlite" else _rows_of_postgres(measured)


def _rows_of_postgres(measured: _Measured) -> list[Row]:
    bare = measured.rates["bare"]
    return [
        median_row(
            "postgres_accept",
            f"durable accepts {ON_POSTGRES} / the same endpoint without storing",
            samples=ratios(measured.rates["whole"], bare),
            target=AT_LEAST["postgres"],
            about=measured.about("whole"),
        ),
        median_row(
            "postgres_accept_alone",
            "… receive and store alone, nothing mapped",
            samples=ratios(measured.rates["accept"], bare),
            about=measured.about("accept"),
        ),
        median_row(
            "postgres_accept_delivering",
            "… while the same process maps and delivers them to a sandbox",
            samples=[rate / median(bare) for rate in measured.rates["delivering"]],
            about=measured.about("delivering"),
        ),
    ]


def _rows(measured: _Measured) -> list[Row]:
    bare = measured.rates["bare"]
    note = f"sender busy {median(measured.sender_busy['bare']):.0%} of a core while bare was measured"
    return [
        median_row(
            "accept",
            "durable accepts / the same endpoint without storing (source without a route: stored, mapped, logged)",
            samples=ratios(measured.rates["whole"], bare),
            target=AT_LEAST["sqlite"],
            about=measured.about("whole"),
            note=note,
        ),
        median_row(
            "accept_alone",
            "… receive and store alone, nothing mapped",
            samples=ratios(measured.rates["accept"], bare),
            about=measured.about("accept"),
        ),
        median_row(
            "accept_plain",
            "… receive and store alone / an endpoint without a framework, the least that ASGI allows",
            samples=ratios(measured.rates["accept"], measured.rates["plain"]),
            about=measured.about("accept", beside="plain"),
        ),
        median_row(
            "accept_delivering",
            "… while the same process maps and delivers them to a sandbox",
            samples=[rate / median(bare) for rate in measured.rates["delivering"]],
            about=measured.about("delivering"),
        ),
    ]


async def _while_delivering(ground: Ground, measured: _Measured, people: Iterator[int], *, engine: Engine) -> None:
    """A service of its own for each repetition: what it has not delivered yet must not slow the next one."""
    await ground.empty_sandbox(history=1)
    site = await ground.site_on(engine)
    async with site.serving() as service:
        await _load(ground, service, people, ground.effort.accepts // 10, source="website")
        await _measure(ground, measured, "delivering", server=service, people=people, engine=engine, source="website")


async def _measure(
    ground: Ground,
    measured: _Measured,
    name: str,
    *,
    server: Running,
    people: Iterator[int],
    engine: Engine,
    source: str = "unrouted",
) -> None:
    cpu_before, database_before = server.cpu_seconds, ground.database_cpu_seconds(engine)
    result = await _load(ground, server, people, ground.effort.accepts, source=source)
    cpu_after, database_after = server.cpu_seconds, ground.database_cpu_seconds(engine)
    measured.rates[name].append(result.per_second)
    measured.sender_busy[name].append(result.sender_busy)
    if cpu_before is not None and cpu_after is not None:
        measured.cpu[name].append((cpu_after - cpu_before) / ground.effort.accepts * 1e6)
    if database_before is not None and database_after is not None:
        measured.database_cpu[name].append((database_after - database_before) / ground.effort.accepts * 1e6)


async def _load(
    ground: Ground, server: Running, people: Iterator[int], many: int, *, source: str = "unrouted"
) -> LoadResult:
    # Made beforehand: making a request is no part of sending it.
    ready = list(requests(source, islice(people, many)))
    result = await load(iter(ready), port=server.port, connections=ground.effort.connections)
    if result.statuses != {202: many}:
        raise BenchmarkFailed(f"{many} submissions were sent, and answered: {dict(result.statuses)}")
    return result


@asynccontextmanager
async def _server(which: str, *arguments: str, site: Site) -> AsyncIterator[Running]:
    port = free_port()
    command = ("benchmarks.servers", "--port", str(port), which, *arguments)
    log = site.folder / f"{which}.log"
    async with running(*command, port=port, ready="/readyz", log=log, environ=site.environ) as server:
        yield server
