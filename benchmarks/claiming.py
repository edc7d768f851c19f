"""What a long backlog costs: a claim beside the same claim from a short one, and the memory of its process."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count, islice
from statistics import median
from typing import Final

from benchmarks import replays
from benchmarks.backlog import fill, lane_of
from benchmarks.bulk import fill_in_bulk
from benchmarks.ground import Ground, Site
from benchmarks.processes import BenchmarkFailed
from benchmarks.rows import Row, Target, median_row, percentile
from leadbridge.clock import SystemClock
from leadbridge.crm.adapter import Call
from leadbridge.store.claims import Claim, DeliveryUpdate, DueDelivery, FinishedCall, TryResult
from leadbridge.store.opening import ServingStore
from tests.support.stored import own

AT_MOST_CLAIM: Final = Target(limit="at most", value=1.1)
AT_MOST_MEMORY: Final = Target(limit="at most", value=150)
AT_MOST_START: Final = Target(limit="at most", value=1)
_BATCH: Final = 100  # deliveries of one claim
_NO_PLACE: Final = "{limit: 1, window: 3600}"  # the quota of a lane that keeps its backlog
_SETTLE: Final = 1.0  # seconds after the start until the memory is looked at


@dataclass(slots=True)
class _Backlog:
    """Waiting deliveries of one lane, and what each of them cost, in microseconds."""

    site: Site
    waiting: int
    store: ServingStore
    lane: str
    claims: list[float] = field(default_factory=list)
    records: list[float] = field(default_factory=list)

    async def turn(self, batch: int) -> None:
        """Claim a batch and deliver it."""
        lane, clock = self.lane, SystemClock()
        epoch = await own(self.store, lane)
        began = time.perf_counter()
        due = (await self.store.due(lane, limit=batch, now=clock.now())).live
        starts = [(delivery, _upsert(delivery)) for delivery in due]
        claims = await self.store.claim(lane, starts, now=clock.now(), epoch=epoch)
        claimed = time.perf_counter()
        if len(claims) != batch:
            raise BenchmarkFailed(f"{len(claims)} of {batch} waiting deliveries were claimed")
        results = [_delivered(claim, clock.now()) for claim in claims]
        ready = time.perf_counter()
        await asyncio.gather(*(self.store.record(lane, result) for result in results))
        done = time.perf_counter()
        self.claims.append((claimed - began) / batch * 1e6)
        self.records.append((done - ready) / batch * 1e6)


async def measure(ground: Ground) -> list[Row]:
    """Two backlogs are claimed from in turn, directly at the store, and filled up again after every claim.

    Then the long one has to show its process, sends as replays behind what comes in, and stands beside other accounts.
    """
    people = count()
    short = _backlog(ground.site(), ground.effort.few)
    long = _backlog(ground.site(quota=_NO_PLACE), ground.effort.many)
    for backlog in (short, long):
        await fill(backlog.store, backlog.site, islice(people, backlog.waiting))
    await _take_turns(ground, people, short, long)
    await long.store.close()
    rows = [
        _row("claim", "claim cost", long.claims, short.claims, of=(long, short), target=AT_MOST_CLAIM),
        _row("record", "… recording what was claimed", long.records, short.records, of=(long, short)),
    ]
    rows += await _process(ground, long)
    rows += await replays.measure(ground, long.site.database, waiting=long.waiting)
    rows += await _beside_others(ground, people, short, long)
    await short.store.close()
    return rows


async def measure_on_postgres(ground: Ground) -> list[Row]:
    """The same claims on PostgreSQL: from two backlogs in turn, each in a database of its own on one server."""
    people = count()
    sites = [await ground.site_on("postgres") for _ in range(2)]
    for site, many in zip(sites, (ground.effort.few, ground.effort.many), strict=True):
        await fill_in_bulk(site, people, many=many)
    short, long = _backlog(sites[0], ground.effort.few), _backlog(sites[1], ground.effort.many)
    await _take_turns(ground, people, short, long)
    for backlog in (short, long):
        await backlog.store.close()
    of = (long, short)
    return [
        _row("postgres_claim", "claim cost on PostgreSQL", long.claims, short.claims, of=of, target=AT_MOST_CLAIM),
        _row("postgres_record", "… recording what was claimed", long.records, short.records, of=of),
    ]


async def _beside_others(ground: Ground, people: Iterator[int], short: _Backlog, long: _Backlog) -> list[Row]:
    """Of all that waits one account owns 80 %; the same claims as before from another one, and from it alone."""
    few = ground.effort.few
    store = long.site.store()
    small = [f"copper:api.example.com:account-{number}" for number in range(max(1, long.waiting // 4 // few))]
    for lane in small:
        await fill(store, long.site, islice(people, few), lane=lane)
    alone = replace(short, claims=[], records=[])
    beside = _Backlog(long.site, few, store, small[-1])
    await _take_turns(ground, people, alone, beside)
    await store.close()
    all_of_it = long.waiting + few * len(small)
    ratio = median(beside.claims) / median(alone.claims)
    what = (
        f"claim cost of an account with {few:,} waiting, beside one that owns {long.waiting:,} of {all_of_it:,} / alone"
    )
    about = {"µs each": median(beside.claims), "alone": median(alone.claims), "accounts": len(small) + 1}
    return [Row(key="claim_beside", what=what, value=ratio, unit="ratio", target=AT_MOST_CLAIM, about=about)]


async def _take_turns(ground: Ground, people: Iterator[int], *backlogs: _Backlog) -> None:
    batch = min(_BATCH, *(backlog.waiting for backlog in backlogs))
    for _ in range(ground.effort.claims):
        for backlog in backlogs:
            await backlog.turn(batch)
            await fill(backlog.store, backlog.site, islice(people, batch), lane=backlog.lane)


def _backlog(site: Site, waiting: int) -> _Backlog:
    return _Backlog(site, waiting, site.store(), lane_of(site))


def _row(
    key: str,
    what: str,
    long: list[float],
    short: list[float],
    *,
    of: tuple[_Backlog, _Backlog],
    target: Target | None = None,
) -> Row:
    """The medians, not the single batches, are compared: one batch's commit may have to wait for a checkpoint."""
    many, few = (backlog.waiting for backlog in of)
    return Row(
        key=key,
        what=f"{what}, {many:,} waiting / {few:,}",
        value=median(long) / median(short),
        unit="ratio",
        target=target,
        about={"µs each": median(long), f"with {few:,}": median(short), "p95": percentile(long, 0.95)},
    )


def _upsert(delivery: DueDelivery) -> Call:
    return Call(purpose="upsert lead", method="PUT", path="/leads/upsert", body={"properties": delivery.plan})


def _delivered(claim: Claim, now: int) -> TryResult:
    finished = FinishedCall(attempt_id=claim.attempt_id or 0, answered_at=now, outcome="delivered", status=200)
    update = DeliveryUpdate(state="delivered", record_id=claim.delivery.delivery_id, created=True)
    return TryResult(claim=claim, at=now, finished=finished, update=update)


async def _process(ground: Ground, backlog: _Backlog) -> list[Row]:
    """A service that finds the long backlog, and whose quota lets it send one call of it."""
    starts, peaks = [], []
    for _ in range(ground.effort.restarts):
        async with backlog.site.serving() as service:
            await asyncio.sleep(_SETTLE)
            starts.append(service.seconds_to_ready)
            if service.peak_mb is not None:
                peaks.append(service.peak_mb)
    waiting = f"{backlog.waiting:,} waiting"
    size = backlog.site.database.stat().st_size / 1e6
    start = median_row(
        "start_waiting",
        f"start to ready with {waiting}",
        samples=starts,
        unit="s",
        target=AT_MOST_START,
        about={"database MB": size},
    )
    if not peaks:
        return [start]
    what = f"memory of a process with {waiting} (the most it ever had)"
    memory = Row(key="memory", what=what, value=max(peaks), unit="MB", target=AT_MOST_MEMORY, samples=peaks)
    return [memory, start]
