"""How long a live lead waits for its call while a person has had everything sent once more."""

import asyncio
import shutil
from itertools import count, islice, pairwise
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.backlog import lane_of
from benchmarks.ground import Ground, Site
from benchmarks.latency import send_one, waits_of
from benchmarks.processes import PATIENCE, BenchmarkFailed
from benchmarks.rows import Row, Target, percentile
from leadbridge.clock import SystemClock
from leadbridge.store.sqlite.reader import SqliteReader
from leadbridge.store.sqlite.store import SqliteStore
from leadbridge.store.values import Selection

AT_MOST: Final = Target(limit="at most", value=2)
_WINDOW: Final = 0.1  # seconds: one call in each, so that the time between two slots is always the same
_FIRST: Final = 2_000_000_000  # people whom no backlog holds
_WARM_UP: Final = 5  # leads: the account's sources are asked for, and whatever else is done once
_UNEVEN: Final = 0.0137  # seconds by which one lead's arrival is shifted against the last one's, over all of a slot


async def measure(ground: Ground, database: Path, *, waiting: int) -> list[Row]:
    """All of a copy of this backlog waits as replays. Live leads come one at a time, at any moment between two slots.

    One slot belongs to the call that is under way and a share of them to replays, that none may starve.
    """
    leads = ground.effort.live
    await ground.empty_sandbox(history=100 * leads)
    site = ground.site(quota=f"{{limit: 1, window: {_WINDOW}}}")
    shutil.copyfile(database, site.database)
    await _replayed(site, waiting=waiting)
    async with site.serving() as service:
        reader = SqliteReader(site.database)
        for number, person in enumerate(islice(count(_FIRST), _WARM_UP + leads)):
            await send_one(ground, service, person)
            await asyncio.sleep(2 * _WINDOW + number * _UNEVEN % _WINDOW)
        waits = await _sent(ground, site, reader, leads)
        await reader.close()
        times = sorted(call["at"] for call in await ground.control.history())
    slot = median(later - earlier for earlier, later in pairwise(times))
    wait = percentile(waits, 0.95)
    return [
        Row(
            key="live",
            what=f"a live lead's wait for its call while {waiting:,} replayed ones wait, p95, in slots of the quota",
            value=wait / slot,
            unit="slots",
            target=AT_MOST,
            about={"p95 ms": wait, "median ms": median(waits), "most ms": max(waits), "ms of a slot": slot},
        )
    ]


async def _replayed(site: Site, *, waiting: int) -> None:
    """Everything that waits is held by a person, and sent once more by another."""
    store, now = SqliteStore(site.database), SystemClock().now()
    all_of_it = Selection(lanes=(lane_of(site),))
    held = await store.hold(all_of_it, reason="paused", detail="for the benchmark", now=now)
    replayed = await store.replay(Selection(lanes=all_of_it.lanes, states=("held",)), now=now)
    await store.close()
    if not held == replayed.deliveries >= waiting:
        raise BenchmarkFailed(f"{replayed.deliveries} of {held} deliveries were replayed")


async def _sent(ground: Ground, site: Site, reader: SqliteReader, leads: int) -> list[float]:
    async with asyncio.timeout(PATIENCE):
        while True:
            newest = await reader.submissions(limit=leads)
            deliveries = await reader.deliveries_of([submission.id for submission in newest])
            if all(delivery.record_id for made in deliveries.values() for delivery in made):
                return await waits_of(ground, site, reader=reader, newest=leads)
            await asyncio.sleep(_WINDOW)
