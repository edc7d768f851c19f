"""How fast a backlog is delivered with no quota, beside a bare loop that sends the same calls."""

import asyncio
from collections.abc import Iterator
from itertools import count, islice
from statistics import median
from typing import Final, Literal, cast

from benchmarks.backlog import adapter_of, submit
from benchmarks.ground import Ground, Site, drained
from benchmarks.processes import BenchmarkFailed
from benchmarks.rows import Row, Target, median_row, ratios
from leadbridge.crm.adapter import Adapter, Call
from leadbridge.deliver.lane import CONCURRENCY
from leadbridge.deliver.transport import HttpTransport
from leadbridge.ids import new_trace_id
from leadbridge.store.rows import AttemptRow
from leadbridge.store.sqlite.store import SqliteReader

AT_LEAST: Final = Target(limit="at least", value=0.60)


async def measure(ground: Ground) -> list[Row]:
    """Both send through one transport with the same concurrency; both are timed by the sandbox, first call to last."""
    people = count()
    ours, bare = [], []
    for _ in range(ground.effort.restarts):
        site = ground.site()
        await submit(site, islice(people, ground.effort.deliveries))
        ours.append(await _service(ground, site))
        bare.append(await _bare(ground, adapter_of(site), await _calls(site)))
    return [
        median_row(
            "deliver",
            "delivered per second, quotas off / a bare client loop sending the same calls",
            samples=ratios(ours, bare),
            target=AT_LEAST,
            about={"per second": median(ours), "bare": median(bare)},
            note=f"{CONCURRENCY} at once",
        )
    ]


async def _service(ground: Ground, site: Site) -> float:
    await ground.empty_sandbox(history=ground.effort.deliveries + 1)
    async with site.serving():
        reader = SqliteReader(site.database)
        await drained(reader)
        await reader.close()
    return await _rate(ground)


async def _bare(ground: Ground, adapter: Adapter, calls: list[Call]) -> float:
    await ground.empty_sandbox(history=ground.effort.deliveries + 1)
    transport = HttpTransport()
    shared = iter(calls)
    await asyncio.gather(*(_send(transport, adapter, calls=shared) for _ in range(CONCURRENCY)))
    await transport.close()
    return await _rate(ground)


async def _send(transport: HttpTransport, adapter: Adapter, *, calls: Iterator[Call]) -> None:
    for call in calls:
        await transport.send(adapter, call, trace_id=new_trace_id())


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
    reader = SqliteReader(site.database)
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
