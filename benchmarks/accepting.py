"""How many submissions a second are made durable, beside the same endpoint that stores nothing."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count, islice
from statistics import median
from typing import Any, Final, TypeAlias

from benchmarks.ground import Engine, Ground, Site, drained, requests
from benchmarks.load import LoadResult, load
from benchmarks.processes import BenchmarkFailed, Running, free_port, running
from benchmarks.rounds import Rounds, in_quiet
from benchmarks.rows import Row, Target, median_row, ratios
from benchmarks.usage import each

AT_LEAST: Final = {
    "sqlite": Target(limit="at least", value=0.50),
    "postgres": Target(limit="at least", value=0.45),
}
ON_POSTGRES: Final = "on PostgreSQL, fsync on, its processes on the same cores"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """What one load found; processor time in microseconds for each request, None where nobody tells."""

    per_second: float
    sender_busy: float
    cpu: float | None
    database_cpu: float | None


_Round: TypeAlias = Mapping[str, _Turn]  # by server


async def measure(ground: Ground, *, engine: Engine = "sqlite") -> list[Row]:
    """The whole service, receive and store alone, and the service that delivers; each beside the bare endpoint."""
    people = count()
    alone = await _without_delivering(ground, people, engine=engine)
    delivering = await in_quiet(
        lambda _: _while_delivering(ground, people, engine=engine), rounds=ground.effort.restarts
    )
    return (_rows if engine == "sqlite" else _rows_of_postgres)(alone, delivering)


async def _without_delivering(ground: Ground, people: Iterator[int], *, engine: Engine) -> Rounds[_Round]:
    site, apart = await ground.site_on(engine), await ground.site_on(engine)
    async with (
        _server("bare", site=site) as bare,
        _server("plain", site=site) as plain,
        _server("accept", "--config", str(apart.config), site=apart) as accept,
        site.serving() as whole,
    ):
        reader = site.reader()
        # Both that have a target stand beside the bare endpoint: the machine is the same for them.
        servers = (("accept", accept), ("bare", bare), ("whole", whole), ("plain", plain))

        async def measure_round(number: int) -> _Round:
            turns = {}
            for name, server in servers if number % 2 == 0 else reversed(servers):
                turns[name] = await _turn(ground, server, people, engine=engine)
                await drained(reader)  # the rest of a turn is not in the next one's
            return turns

        for _, server in servers:
            await _load(ground, server, people, ground.effort.accepts // 10)
        await drained(reader)
        rounds = await in_quiet(measure_round, rounds=ground.effort.accept_rounds)
        await reader.close()
    return rounds


async def _while_delivering(ground: Ground, people: Iterator[int], *, engine: Engine) -> _Round:
    """A service of its own for each round: what it has not delivered yet must not slow the next one."""
    await ground.empty_sandbox(history=1)
    site = await ground.site_on(engine)
    async with _server("bare", site=site) as bare, site.serving() as service:
        for server in (bare, service):
            await _load(ground, server, people, ground.effort.accepts // 10, source="website")
        return {
            "bare": await _turn(ground, bare, people, engine=engine),
            "delivering": await _turn(ground, service, people, engine=engine, source="website"),
        }


def _rows_of_postgres(alone: Rounds[_Round], delivering: Rounds[_Round]) -> list[Row]:
    return [
        _row(
            "postgres_accept",
            f"durable accepts {ON_POSTGRES} / the same endpoint without storing",
            alone,
            "whole",
            target=AT_LEAST["postgres"],
            note=alone.note,
        ),
        _row("postgres_accept_alone", "… receive and store alone, nothing mapped", alone, "accept"),
        _row(
            "postgres_accept_delivering",
            "… while the same process maps and delivers them to a sandbox",
            delivering,
            "delivering",
            note=delivering.note,
        ),
    ]


def _rows(alone: Rounds[_Round], delivering: Rounds[_Round]) -> list[Row]:
    busy = median(turns["bare"].sender_busy for turns in alone.results)
    notes = (f"sender busy {busy:.0%} of a core while bare was measured", alone.note)
    return [
        _row(
            "accept",
            "durable accepts / the same endpoint without storing (source without a route: stored, mapped, logged)",
            alone,
            "whole",
            target=AT_LEAST["sqlite"],
            note="; ".join(note for note in notes if note),
        ),
        _row("accept_alone", "… receive and store alone, nothing mapped", alone, "accept"),
        _row(
            "accept_plain",
            "… receive and store alone / an endpoint without a framework, the least that ASGI allows",
            alone,
            "accept",
            beside="plain",
        ),
        _row(
            "accept_delivering",
            "… while the same process maps and delivers them to a sandbox",
            delivering,
            "delivering",
            note=delivering.note,
        ),
    ]


def _row(key: str, what: str, rounds: Rounds[_Round], name: str, *, beside: str = "bare", **more: Any) -> Row:
    """One server's rate beside another's, round by round, with the absolute figures behind it."""
    ours, theirs = ([turns[which] for turns in rounds.results] for which in (name, beside))
    about = {"per second": median(turn.per_second for turn in ours)}
    about[beside] = median(turn.per_second for turn in theirs)
    for said, times in (
        ("CPU µs each", [turn.cpu for turn in ours]),
        (f"{beside} CPU µs", [turn.cpu for turn in theirs]),
        ("PostgreSQL's", [turn.database_cpu for turn in ours]),
    ):
        if known := [time for time in times if time is not None]:
            about[said] = median(known)
    samples = ratios([turn.per_second for turn in ours], [turn.per_second for turn in theirs])
    return median_row(key, what, samples=samples, about=about, **more)


async def _turn(
    ground: Ground, server: Running, people: Iterator[int], *, engine: Engine, source: str = "unrouted"
) -> _Turn:
    many = ground.effort.accepts
    cpu, database_cpu = server.cpu_seconds, ground.database_cpu_seconds(engine)
    result = await _load(ground, server, people, many, source=source)
    return _Turn(
        per_second=result.per_second,
        sender_busy=result.sender_busy,
        cpu=each(cpu, server.cpu_seconds, many),
        database_cpu=each(database_cpu, ground.database_cpu_seconds(engine), many),
    )


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
