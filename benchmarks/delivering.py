"""How fast a backlog is delivered with no quota, beside a bare loop that sends the same calls."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count, islice
from statistics import median
from typing import Final, Literal, TypeAlias, cast

import httpx
from httpx_aiohttp import AiohttpTransport

from benchmarks.backlog import adapter_of, submit
from benchmarks.ground import Engine, Ground, Site, drained
from benchmarks.processes import BenchmarkFailed
from benchmarks.rows import Row, Target, median_row, ratios
from leadbridge.crm.adapter import Adapter, Call
from leadbridge.deliver.hands import CONCURRENCY
from leadbridge.deliver.transport import HttpTransport
from leadbridge.events import Json
from leadbridge.ids import new_trace_id
from leadbridge.store.rows import AttemptRow

AT_LEAST: Final = Target(limit="at least", value=0.60)
Send: TypeAlias = Callable[[Call], Awaitable[Json]]


@dataclass(slots=True)
class _Measured:
    """The figures of one sender, repetition by repetition."""

    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)  # microseconds of processor time per call
    database_cpu: list[float] = field(default_factory=list)  # of the database's server


async def measure_on_postgres(ground: Ground) -> list[Row]:
    """The service that has its backlog on PostgreSQL, beside the bare loop."""
    people = count()
    service, bare = _Measured(), _Measured()
    for _ in range(ground.effort.repetitions):
        site = await ground.site_on("postgres")
        await submit(site, islice(people, ground.effort.deliveries))
        await _service(ground, service, site, idle=await ground.site_on("postgres"), engine="postgres")
        await _client(ground, bare, adapter_of(site), await _calls(site))
    about = {**_about(service, bare)}
    if service.database_cpu:
        about["PostgreSQL's"] = median(service.database_cpu)
    return [
        median_row(
            "postgres_deliver",
            "delivered per second from PostgreSQL, its processes on the same cores / the bare client loop",
            samples=ratios(service.rates, bare.rates),
            about=about,
        )
    ]


async def measure(ground: Ground) -> list[Row]:
    """All three send the same calls, so many at once, and are timed by the sandbox, first call to last."""
    people = count()
    service, bare, alone = _Measured(), _Measured(), _Measured()
    for _ in range(ground.effort.repetitions):
        site = ground.site()
        await submit(site, islice(people, ground.effort.deliveries))
        await _service(ground, service, site, idle=ground.site(), engine="sqlite")
        adapter, calls = adapter_of(site), await _calls(site)
        await _client(ground, bare, adapter, calls)
        await _transport(ground, alone, adapter, calls)
    return [
        median_row(
            "deliver",
            "delivered per second, quotas off / a bare client loop sending the same calls",
            samples=ratios(service.rates, bare.rates),
            target=AT_LEAST,
            about=_about(service, bare),
            note=f"{CONCURRENCY} at once",
        ),
        median_row(
            "deliver_transport",
            "… / a loop over leadbridge's own way of sending them, which is the faster client",
            samples=ratios(service.rates, alone.rates),
            about=_about(service, alone),
        ),
    ]


def _about(service: _Measured, bare: _Measured) -> Mapping[str, float]:
    facts = {"per second": median(service.rates), "bare": median(bare.rates)}
    if service.cpu and median(service.cpu) > 0:  # of a few deliveries less than a start takes by chance
        facts |= {"CPU µs each": median(service.cpu), "bare CPU µs": median(bare.cpu)}
    return facts


async def _service(ground: Ground, measured: _Measured, site: Site, *, idle: Site, engine: Engine) -> None:
    async with idle.serving() as running:  # what a start costs is no part of delivering
        started = running.cpu_seconds
    database = ground.database_cpu_seconds(engine)
    await ground.empty_sandbox(history=ground.effort.deliveries + 1)
    async with site.serving() as running:
        reader = site.reader()
        await drained(reader)
        await reader.close()
        used, database_used = running.cpu_seconds, ground.database_cpu_seconds(engine)
    measured.rates.append(await _rate(ground))
    if started is not None and used is not None:
        measured.cpu.append((used - started) / ground.effort.deliveries * 1e6)
    if database is not None and database_used is not None:
        measured.database_cpu.append((database_used - database) / ground.effort.deliveries * 1e6)


async def _client(ground: Ground, measured: _Measured, adapter: Adapter, calls: list[Call]) -> None:
    """The bare loop: httpx's own client, as anyone would use it, over aiohttp's connections, which are the fastest."""
    async with httpx.AsyncClient(transport=AiohttpTransport(), timeout=30.0) as client:

        async def send(call: Call) -> Json:
            url = adapter.base_url + call.path
            return (await client.request(call.method, url, headers=adapter.headers(), json=call.body)).json()

        await _loop(ground, measured, calls, send)


async def _transport(ground: Ground, measured: _Measured, adapter: Adapter, calls: list[Call]) -> None:
    transport = HttpTransport()

    async def send(call: Call) -> Json:
        return (await transport.send(adapter, call, trace_id=new_trace_id())).body

    await _loop(ground, measured, calls, send)
    await transport.close()


async def _loop(ground: Ground, measured: _Measured, calls: list[Call], send: Send) -> None:
    await ground.empty_sandbox(history=ground.effort.deliveries + 1)
    shared = iter(calls)
    before = time.process_time()
    await asyncio.gather(*(_send(shared, send) for _ in range(CONCURRENCY)))
    measured.cpu.append((time.process_time() - before) / len(calls) * 1e6)
    measured.rates.append(await _rate(ground))


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
