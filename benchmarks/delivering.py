"""How fast a backlog is delivered with no quota, beside a bare loop that sends the same calls."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count, islice
from statistics import median
from typing import Any, Final, Literal, TypeAlias, cast

import httpx
from httpx_aiohttp import AiohttpTransport

from benchmarks.backlog import adapter_of, submit
from benchmarks.ground import Engine, Ground, Site, drained
from benchmarks.processes import BenchmarkFailed
from benchmarks.rounds import Rounds, in_quiet
from benchmarks.rows import Row, Target, median_row, ratios
from benchmarks.usage import each
from leadbridge.crm.adapter import Adapter, Call
from leadbridge.deliver.hands import CONCURRENCY
from leadbridge.deliver.transport import HttpTransport
from leadbridge.events import Json
from leadbridge.ids import new_trace_id
from leadbridge.store.rows import AttemptRow

AT_LEAST: Final = Target(limit="at least", value=0.60)
Send: TypeAlias = Callable[[Call], Awaitable[Json]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """What one sender came to; processor time in microseconds for each call, None where nobody tells."""

    per_second: float
    cpu: float | None
    database_cpu: float | None = None


_Round: TypeAlias = Mapping[str, _Turn]  # by sender


async def measure_on_postgres(ground: Ground) -> list[Row]:
    """The service that has its backlog on PostgreSQL, beside the bare loop."""
    rounds = await _rounds(ground, engine="postgres")
    return [
        _row(
            "postgres_deliver",
            "delivered per second from PostgreSQL, its processes on the same cores / the bare client loop",
            rounds,
            "bare",
            note=rounds.note,
        )
    ]


async def measure(ground: Ground) -> list[Row]:
    """All three send the same calls, so many at once, and are timed by the sandbox, first call to last."""
    rounds = await _rounds(ground, engine="sqlite")
    return [
        _row(
            "deliver",
            "delivered per second, quotas off / a bare client loop sending the same calls",
            rounds,
            "bare",
            target=AT_LEAST,
            note="; ".join(note for note in (f"{CONCURRENCY} at once", rounds.note) if note),
        ),
        _row(
            "deliver_transport",
            "… / a loop over leadbridge's own way of sending them, which is the faster client",
            rounds,
            "alone",
        ),
    ]


async def _rounds(ground: Ground, *, engine: Engine) -> Rounds[_Round]:
    people = count()

    async def measure_round(_number: int) -> _Round:
        site = await ground.site_on(engine)
        await submit(site, islice(people, ground.effort.deliveries))
        service = await _service(ground, site, idle=await ground.site_on(engine), engine=engine)
        adapter, calls = adapter_of(site), await _calls(site)
        bare = await _client(ground, adapter, calls)
        return {"service": service, "bare": bare, "alone": await _transport(ground, adapter, calls)}

    return await in_quiet(measure_round, rounds=ground.effort.rounds)


def _row(key: str, what: str, rounds: Rounds[_Round], beside: str, **more: Any) -> Row:
    """The service's rate beside another's, round by round, with the absolute figures behind it."""
    ours, theirs = ([turns[which] for turns in rounds.results] for which in ("service", beside))
    about = {"per second": median(turn.per_second for turn in ours)}
    about["bare"] = median(turn.per_second for turn in theirs)
    for said, times in (
        ("CPU µs each", [turn.cpu for turn in ours]),
        ("bare CPU µs", [turn.cpu for turn in theirs]),
        ("PostgreSQL's", [turn.database_cpu for turn in ours]),
    ):
        known = [time for time in times if time is not None]
        if known and median(known) > 0:  # of a few deliveries less than a start takes by chance
            about[said] = median(known)
    samples = ratios([turn.per_second for turn in ours], [turn.per_second for turn in theirs])
    return median_row(key, what, samples=samples, about=about, **more)


async def _service(ground: Ground, site: Site, *, idle: Site, engine: Engine) -> _Turn:
    async with idle.serving() as running:  # what a start costs is no part of delivering
        started = running.cpu_seconds
    database = ground.database_cpu_seconds(engine)
    await ground.empty_sandbox(history=ground.effort.deliveries + 1)
    async with site.serving() as running:
        reader = site.reader()
        await drained(reader)
        await reader.close()
        used, database_used = running.cpu_seconds, ground.database_cpu_seconds(engine)
    many = ground.effort.deliveries
    return _Turn(
        per_second=await _rate(ground),
        cpu=each(started, used, many),
        database_cpu=each(database, database_used, many),
    )


async def _client(ground: Ground, adapter: Adapter, calls: list[Call]) -> _Turn:
    """The bare loop: httpx's own client, as anyone would use it, over aiohttp's connections, which are the fastest."""
    async with httpx.AsyncClient(transport=AiohttpTransport(), timeout=30.0) as client:

        async def send(call: Call) -> Json:
            url = adapter.base_url + call.path
            return (await client.request(call.method, url, headers=adapter.headers(), json=call.body)).json()

        return await _loop(ground, calls, send)


async def _transport(ground: Ground, adapter: Adapter, calls: list[Call]) -> _Turn:
    transport = HttpTransport()

    async def send(call: Call) -> Json:
        return (await transport.send(adapter, call, trace_id=new_trace_id())).body

    turn = await _loop(ground, calls, send)
    await transport.close()
    return turn


async def _loop(ground: Ground, calls: list[Call], send: Send) -> _Turn:
    await ground.empty_sandbox(history=ground.effort.deliveries + 1)
    shared = iter(calls)
    before = time.process_time()
    await asyncio.gather(*(_send(shared, send) for _ in range(CONCURRENCY)))
    cpu = each(before, time.process_time(), len(calls))
    return _Turn(per_second=await _rate(ground), cpu=cpu)


async def _send(calls: Iterator[Call], send: Send) -> None:
    for call in calls:
        await send(call)


async def _rate(ground: Ground) -> float:
    """Leads written per second, as the sandbox saw it; a look at the account is no such call."""
    written = [call for call in await ground.control.history() if call["record_id"] is not None]
    if len(written) != ground.effort.deliveries:
        raise BenchmarkFailed(f"the sandbox wrote {len(written)} times for {ground.effort.deliveries} leads")
    times = [call["at"] for call in written]
    return float((len(times) - 1) / (max(1, max(times) - min(times)) / 1000))


async def _calls(site: Site) -> list[Call]:
    """The calls on leads that the service made, as its attempts have them."""
    calls = []
    reader = site.reader()
    submissions = await reader.submissions(limit=1_000_000)
    for deliveries in (await reader.deliveries_of([one.id for one in reversed(submissions)])).values():
        for delivery in deliveries:
            attempts = await reader.attempts_of(delivery.id)
            calls += [_call(attempt) for attempt in attempts if attempt.method != "GET"]
    await reader.close()
    return calls


def _call(attempt: AttemptRow) -> Call:
    return Call(
        purpose=attempt.purpose,
        method=cast("Literal['POST', 'PUT']", attempt.method),
        path=attempt.path,
        body=attempt.request,
    )
