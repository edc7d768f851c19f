"""Two replicas on one PostgreSQL drain one account: how much of its quota they use together, and when one is killed."""

import asyncio
from contextlib import AsyncExitStack
from itertools import count
from statistics import median
from typing import Final

import orjson

from benchmarks.bulk import fill_in_bulk
from benchmarks.ground import Ground, Site, drained
from benchmarks.processes import BenchmarkFailed, Running
from benchmarks.quota import AT_LEAST, NONE, quota_used
from benchmarks.rows import Row
from leadbridge.clock import Millis

_GLANCE: Final = 0.02  # seconds between two looks at which of them sends
_PATIENCE: Final = 60.0  # seconds until one of them sends


async def measure(ground: Ground) -> list[Row]:
    """The sandbox keeps the same quota as they do. Half-way the one that sends is killed, and the other goes on."""
    limit, window, windows = ground.effort.quota_limit, ground.effort.quota_window, ground.effort.quota_windows
    leads = limit * 2 * (windows + 2)
    await ground.empty_sandbox(history=2 * leads)
    await ground.control.options(quotas=True, copper={"quota": {"limit": limit, "window": window}})
    site = await ground.site_on("postgres", quota=f"{{limit: {limit}, window: {window}}}")
    async with AsyncExitStack() as stack:
        replicas = [await stack.enter_async_context(site.serving(log=f"replica-{number}")) for number in range(2)]
        await fill_in_bulk(site, count(), many=leads)
        sender = await _sender(replicas)
        await asyncio.sleep(windows * window)
        killed_at = await _kill(ground, sender)
        reader = site.reader()
        await drained(reader)
        await reader.close()
    return await _rows(ground, site, killed_at)


async def _sender(replicas: list[Running]) -> Running:
    """The one of them that has the account."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            for replica in replicas:
                if _said(replica, "delivery.attempted"):
                    return replica
            await asyncio.sleep(_GLANCE)


async def _kill(ground: Ground, sender: Running) -> Millis:
    sender.process.kill()
    await sender.process.wait()
    return max(int(call["at"]) for call in await ground.control.history())


async def _rows(ground: Ground, site: Site, killed_at: Millis) -> list[Row]:
    limit, window = ground.effort.quota_limit, ground.effort.quota_window
    history = await ground.control.history()
    times = sorted(call["at"] for call in history)
    before, after = [at for at in times if at <= killed_at], [at for at in times if at > killed_at]
    if not after:
        raise BenchmarkFailed("nothing was left for the replica that took over")
    lines = [orjson.loads(line) for log in site.folder.glob("replica-*.log") for line in log.read_bytes().splitlines()]
    latency = float(median(one["duration_ms"] for one in lines if one["event"] == "delivery.attempted")) / 1000
    cut_off = sum(one["again"] for one in lines if one["event"] == "delivery.recovered")
    rows = []
    for key, what, some, places in (
        ("postgres_quota", "quota used while two replicas on one PostgreSQL drain one account", before, limit),
        ("postgres_quota_kill", "… after the one that sent is killed", after, limit - cut_off),
    ):
        about = {"places": places, "window s": window, "calls": len(some), "median latency ms": latency * 1000}
        if key == "postgres_quota_kill":
            about["s until the other sends"] = (after[0] - killed_at) / 1000
        share = quota_used(some, places, window=window, latency=latency)
        rows.append(Row(key=key, what=what, value=share, unit="ratio", target=AT_LEAST, about=about))
    refused = sum(call["status"] == 429 for call in history)
    what = "… 429s seen in all of it"
    return [*rows, Row(key="postgres_quota_refused", what=what, value=refused, unit="429s", target=NONE)]


def _said(replica: Running, event: str) -> bool:
    return f'"{event}"'.encode() in replica.log.read_bytes()
