"""How long after its arrival a submission reaches an idle CRM."""

import asyncio
from itertools import count, islice
from typing import Final

from benchmarks.ground import TOKEN, Ground, Site, body, drained
from benchmarks.processes import BenchmarkFailed, Running
from benchmarks.rows import Row, Target, median_row, percentile
from leadbridge.store.sqlite.reader import SqliteReader

AT_MOST: Final = Target(limit="at most", value=10)
_WARM_UP: Final = 3  # submissions: the first connection to the CRM, and the first of everything else


async def measure(ground: Ground) -> list[Row]:
    """One submission at a time, from the stored arrival of its request to the arrival of the call at the sandbox.

    Both are whole milliseconds of one machine's clock. The arrival lies before the durable commit, so the wait for that
    is in the figure too.
    """
    singles = ground.effort.singles + _WARM_UP
    await ground.empty_sandbox(history=2 * singles)
    site = ground.site()
    async with site.serving() as service:
        reader = SqliteReader(site.database)
        for person in islice(count(), singles):
            await send_one(ground, service, person)
            await asyncio.sleep(ground.effort.pace)
        await drained(reader)
        waits = await waits_of(ground, site, reader=reader, newest=ground.effort.singles)
        await reader.close()
    return [
        median_row(
            "latency",
            "accepted → sent to an idle CRM, median",
            samples=waits,
            unit="ms",
            target=AT_MOST,
            about={"p95 ms": percentile(waits, 0.95), "most ms": max(waits), "submissions": len(waits)},
        )
    ]


async def send_one(ground: Ground, service: Running, person: int) -> None:
    """One submission for Copper, answered when it is accepted."""
    headers = {"content-type": "application/json", "x-webhook-token": TOKEN}
    answer = await ground.client.post(f"{service.url}/hooks/website", content=body(person), headers=headers)
    if answer.status_code != 202:
        raise BenchmarkFailed(f"a submission was answered {answer.status_code}: {answer.text}")


async def waits_of(ground: Ground, site: Site, *, reader: SqliteReader, newest: int) -> list[float]:
    """Milliseconds for each of the newest submissions, oldest first, by the record that it made in the sandbox."""
    sent_at = {call["record_id"]: call["at"] for call in await ground.control.history()}
    submissions = await reader.submissions(limit=newest)
    deliveries = await reader.deliveries_of([submission.id for submission in submissions])
    waits = []
    for submission in reversed(submissions):
        (delivery,) = deliveries[submission.id]
        if delivery.record_id not in sent_at:
            raise BenchmarkFailed(f"a delivery ended as {delivery.state} in {site.folder.name}: {delivery.detail}")
        waits.append(float(sent_at[delivery.record_id] - submission.received_at))
    return waits
