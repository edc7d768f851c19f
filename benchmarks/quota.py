"""How much of a quota a draining backlog uses, through a restart and a kill, and whether it ever asks for more."""

import asyncio
from collections.abc import Iterable, Sequence
from itertools import count, islice
from statistics import median
from typing import Any, Final

import orjson

from benchmarks.backlog import fill
from benchmarks.ground import Ground, Site, drained
from benchmarks.processes import BenchmarkFailed
from benchmarks.rows import Row, Target
from leadbridge.clock import Millis, SystemClock
from leadbridge.store.sqlite.reader import SqliteReader
from leadbridge.store.sqlite.store import SqliteStore

AT_LEAST: Final = Target(limit="at least", value=0.97)
NONE: Final = Target(limit="exactly", value=0)
_SPARE: Final = 2  # windows: what a start and an end cost, so that each process has whole ones enough
_ROWS: Final = (
    ("quota", "quota used while a backlog drains / what its window and the median latency allow"),
    ("quota_restart", "… after a restart half-way"),
    ("quota_kill", "… after a kill -9 half-way; the calls that it cut off keep their places for 30 s"),
)


async def measure(ground: Ground) -> list[Row]:
    """The sandbox keeps the same quota. What can be used is limit per (window + latency): a place is free one window
    after its answer. A third of the backlog is left to each process: the first, one after a stop, one after a kill.
    """
    limit, window, windows = ground.effort.quota_limit, ground.effort.quota_window, ground.effort.quota_windows
    leads = limit * 3 * (windows + _SPARE)
    await ground.empty_sandbox(history=2 * leads)
    await ground.control.options(quotas=True, copper={"quota": {"limit": limit, "window": window}})
    site = ground.site(quota=f"{{limit: {limit}, window: {window}}}")
    store = SqliteStore(site.database)
    await fill(store, site, islice(count(), leads))
    await store.close()
    starts = await _drain(site, most=(windows + _SPARE) * window)
    said = [orjson.loads(line) for line in (site.folder / "leadbridge.log").read_bytes().splitlines()]
    latency = float(median(line["duration_ms"] for line in said if line["event"] == "delivery.attempted")) / 1000
    cut_off = sum(line["again"] for line in said if line["event"] == "delivery.recovered")
    history = await ground.control.history()
    rows = []
    for (key, what), times, places in zip(_ROWS, _split(history, starts), (limit, limit, limit - cut_off), strict=True):
        about = {"places": places, "window s": window, "calls": len(times), "median latency ms": latency * 1000}
        used = quota_used(times, places, window=window, latency=latency)
        rows.append(Row(key=key, what=what, value=used, unit="ratio", target=AT_LEAST, about=about))
    refused = sum(call["status"] == 429 for call in history)
    what = "… 429s seen in all of it"
    rows.append(Row(key="quota_refused", what=what, value=refused, unit="429s", target=NONE, about={"leads": leads}))
    return rows


async def _drain(site: Site, *, most: float) -> list[Millis]:
    """Two processes that have so many seconds, and a last one that goes on to the end; returns when they were started.

    The first is stopped, the second is killed.
    """
    starts = []
    for kill in (False, True):
        starts.append(SystemClock().now())
        async with site.serving() as service:
            await asyncio.sleep(most)
            if kill:
                service.process.kill()
                await service.process.wait()
    starts.append(SystemClock().now())
    async with site.serving():
        reader = SqliteReader(site.database)
        await drained(reader)
        await reader.close()
    return starts


def _split(history: Iterable[dict[str, Any]], starts: Sequence[Millis]) -> list[list[Millis]]:
    """When the calls of each process arrived."""
    times = sorted(call["at"] for call in history)
    ends = [*starts[1:], times[-1] + 1]
    return [[at for at in times if start <= at < end] for start, end in zip(starts, ends, strict=True)]


def quota_used(times: Sequence[Millis], places: int, *, window: float, latency: float) -> float:
    """The share of what so many places allow that these calls used.

    So many calls after the first, one is the first of a new window again: it ends the time of the others.
    """
    windows = (len(times) - 1) // places
    if windows < 1:
        raise BenchmarkFailed(f"a process made {len(times)} calls, fewer than one window of {places} allows")
    taken = (times[windows * places] - times[0]) / 1000
    return windows * (window + latency) / taken
