"""How much of a quota a draining backlog uses, and whether it ever asks for more."""

from itertools import count, islice
from statistics import median
from typing import Final

import orjson

from benchmarks.backlog import submit
from benchmarks.ground import Ground, Site, drained
from benchmarks.processes import BenchmarkFailed
from benchmarks.rows import Row, Target
from leadbridge.store.sqlite.store import SqliteReader

AT_LEAST: Final = Target(limit="at least", value=0.97)
NONE: Final = Target(limit="exactly", value=0)


async def measure(ground: Ground) -> list[Row]:
    """The sandbox keeps the same quota. What can be used is limit per (window + latency): a place is free one window
    after its answer.
    """
    effort = ground.effort
    limit, window, windows = effort.quota_limit, effort.quota_window, effort.quota_windows
    # So many calls after the first, one is the first of a new window again: it ends the time of the others.
    calls = limit * windows
    await ground.empty_sandbox(history=2 * calls)
    await ground.control.options(quotas=True, copper={"quota": {"limit": limit, "window": window}})
    site = ground.site(quota=f"{{limit: {limit}, window: {window}}}")
    await submit(site, islice(count(), calls + 1))
    async with site.serving():
        reader = SqliteReader(site.database)
        await drained(reader)
        await reader.close()
    history = await ground.control.history()
    latency = _median_latency(site)
    times = sorted(call["at"] for call in history)
    if len(times) <= calls:
        raise BenchmarkFailed(f"the sandbox saw {len(times)} calls for {calls + 1} leads")
    taken = (times[calls] - times[0]) / 1000
    refused = sum(call["status"] == 429 for call in history)
    used = windows * (window + latency) / taken
    return [
        Row(
            key="quota",
            what="quota used while a backlog drains / what its window and the median latency allow",
            value=used,
            unit="ratio",
            target=AT_LEAST,
            about={"limit": limit, "window s": window, "windows": windows, "median latency ms": latency * 1000},
        ),
        Row(key="quota_refused", what="… 429s seen", value=refused, unit="429s", target=NONE),
    ]


def _median_latency(site: Site) -> float:
    """Seconds, as the service's own log has them: finer than the stored milliseconds."""
    lines = (orjson.loads(line) for line in (site.folder / "leadbridge.log").read_bytes().splitlines())
    return float(median(line["duration_ms"] for line in lines if line["event"] == "delivery.attempted")) / 1000
