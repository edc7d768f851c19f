"""What one CRM that answers late or never costs the leads of another."""

import asyncio
from itertools import count, islice
from typing import Final

from benchmarks.ground import Ground, requests
from benchmarks.latency import send_one, waits_of
from benchmarks.load import load
from benchmarks.processes import BenchmarkFailed
from benchmarks.rows import Row, Target, percentile
from leadbridge.sandbox.faults import Delay, Fault
from leadbridge.store.sqlite.reader import SqliteReader

AT_MOST: Final = Target(limit="at most", value=1.2)
_LATE: Final = 60.0  # seconds: later than any call waits
_HANGING: Final = 4  # times as many leads wait for the other CRM as calls may be under way at once
_WARM_UP: Final = 3  # submissions to each


async def measure(ground: Ground) -> list[Row]:
    """Two services take turns with one lead each; in one of them LeadConnector hangs, with leads waiting for it."""
    singles = max(2, ground.effort.singles // 2)
    people = count()
    await ground.empty_sandbox(history=8 * singles + 1_000)
    well, troubled = ground.site(), ground.site()
    async with well.serving() as at_ease, troubled.serving() as beset:
        await ground.control.fault(Fault(action=Delay(seconds=_LATE), crm="leadconnector"))
        await load(requests("scalars", islice(people, 16 * _HANGING)), port=beset.port, connections=1)
        readers = [SqliteReader(site.database) for site in (well, troubled)]
        await _hangs(ground)
        for person in islice(people, _WARM_UP + singles):
            for service in (at_ease, beset):
                await send_one(ground, service, person + service.port * 1_000_000)
                await asyncio.sleep(ground.effort.pace)
        await asyncio.sleep(1)
        alone, beside = [
            await waits_of(ground, site, reader=reader, newest=singles)
            for site, reader in zip((well, troubled), readers, strict=True)
        ]
        for reader in readers:
            await reader.close()
        await ground.control.lift()
        beset.process.kill()  # it would wait for the calls that hang
        await beset.process.wait()
    p95, p95_alone = percentile(beside, 0.95), percentile(alone, 0.95)
    return [
        Row(
            key="hanging",
            what="accepted → sent, p95, while another CRM hangs / while none does",
            value=p95 / p95_alone,
            unit="ratio",
            target=AT_MOST,
            about={"p95 ms": p95, "alone": p95_alone, "submissions": len(beside)},
        )
    ]


async def _hangs(ground: Ground) -> None:
    """Wait until the leads for Copper are through and LeadConnector keeps as many waiting as it can."""
    wanted = 16 * _HANGING
    await ground.written(wanted)
    if any(call["record_id"] for call in await ground.control.history("leadconnector")):
        raise BenchmarkFailed("LeadConnector answered, though it should hang")
