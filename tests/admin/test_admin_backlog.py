"""What waits is looked at for a scrape, and no more often than it is worth."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from leadbridge.admin import backlog
from leadbridge.admin.backlog import EVERY, MOST_OF_TIME, BacklogGauges
from leadbridge.errors import StorageUnavailable
from leadbridge.store.fetching import FetchBacklog, FetchPause
from leadbridge.store.lanes import Backlog
from tests.support.clock import ManualClock
from tests.support.journal import Journal

LANES = {"copper:a:1": ("acme", "copper"), "copper:a:2": ("acme", "copper"), "leadconnector:b:1": ("dallas", "lc")}


class Looks:
    """A store that counts how often it is looked at, and answers as a test says."""

    def __init__(self, clock: ManualClock) -> None:
        self.count = 0
        self.backlogs_now: tuple[Backlog, ...] = ()
        self.fetches_now: tuple[FetchBacklog, ...] = ()
        self.takes = 0.0  # seconds
        self.ends: Callable[[], Any] | None = None  # in place of an answer
        self.held_up: asyncio.Event | None = None
        self._clock = clock

    async def backlogs(self) -> tuple[Backlog, ...]:
        self.count += 1
        if self.held_up is not None:
            await self.held_up.wait()
        self._clock.advance(self.takes)
        if self.ends is not None:
            self.ends()
        return self.backlogs_now

    async def fetch_backlogs(self) -> tuple[FetchBacklog, ...]:
        return self.fetches_now


def waiting(lane: str, live: int, *, oldest_at: int | None = None, **held: int) -> Backlog:
    return Backlog(lane=lane, live=live, retry=0, replay=0, sending=0, held=held, oldest_at=oldest_at)


@pytest.fixture
def looks(clock: ManualClock) -> Looks:
    return Looks(clock)


@pytest.fixture
def gauges(looks: Looks, clock: ManualClock, journal: Journal) -> BacklogGauges:
    log: Any = journal
    return BacklogGauges(looks, clock=clock, log=log, lanes=LANES, fetching={"ads": "ads", "forms": "forms"})


async def shown(gauges: BacklogGauges, name: str) -> dict[tuple[str, ...], float]:
    found = {one.family.name: dict(one.numbers) for one in await gauges.snapshots()}
    return found.get(f"leadbridge_{name}", {})


async def live(gauges: BacklogGauges) -> float:
    return (await shown(gauges, "backlog_deliveries")).get(("acme", "copper", "live"), -1)


async def test_it_looks_at_a_scrape_and_then_not_for_a_while(
    gauges: BacklogGauges, looks: Looks, clock: ManualClock
) -> None:
    assert looks.count == 0
    for _ in range(5):
        await gauges.snapshots()
    assert looks.count == 1
    clock.advance(EVERY)
    looks.backlogs_now = (waiting("copper:a:1", 4),)
    assert await live(gauges) == 4
    assert looks.count == 2


async def test_a_look_that_takes_long_is_rare(gauges: BacklogGauges, looks: Looks, clock: ManualClock) -> None:
    looks.takes = 3.0
    await gauges.snapshots()
    clock.advance(3.0 / MOST_OF_TIME - 3.0 - 0.1)
    await gauges.snapshots()
    assert looks.count == 1
    clock.advance(0.1)
    await gauges.snapshots()
    assert looks.count == 2


async def test_a_scrape_does_not_wait_for_a_slow_look_and_there_is_never_a_second(
    gauges: BacklogGauges, looks: Looks, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks.backlogs_now = (waiting("copper:a:1", 1),)
    assert await live(gauges) == 1
    monkeypatch.setattr(backlog, "PATIENCE", 0)
    looks.backlogs_now, looks.held_up = (waiting("copper:a:1", 2),), asyncio.Event()
    clock.advance(EVERY)
    assert [await live(gauges), await live(gauges)] == [1, 1]
    assert looks.count == 2
    assert (await shown(gauges, "backlog_looked_at_seconds"))[()] == EVERY
    looks.held_up.set()
    monkeypatch.undo()  # there is an end to it now: wait for that
    assert await live(gauges) == 2
    assert looks.count == 2


async def test_a_database_that_is_away_leaves_the_last_numbers_with_their_age(
    gauges: BacklogGauges, looks: Looks, clock: ManualClock, journal: Journal
) -> None:
    looks.backlogs_now = (waiting("copper:a:1", 7),)
    await gauges.snapshots()
    looks.ends = _away
    clock.advance(20)
    assert await live(gauges) == 7
    assert (await shown(gauges, "backlog_looked_at_seconds"))[()] == 20
    assert journal.lines == []


async def test_a_mistake_of_ours_is_told_and_is_no_error_of_the_scrape(
    gauges: BacklogGauges, looks: Looks, journal: Journal
) -> None:
    looks.ends = _crash
    assert await gauges.snapshots() == ()
    assert [line["event"] for line in journal.lines] == ["metrics.crashed"]


async def test_accounts_of_one_destination_are_added_up_and_unknown_ones_are_not_named(
    gauges: BacklogGauges, looks: Looks, clock: ManualClock
) -> None:
    looks.backlogs_now = (
        waiting("copper:a:1", 2, oldest_at=clock.now() - 9_000, paused=1),
        waiting("copper:a:2", 3, oldest_at=clock.now() - 5_000, paused=4, reconnect=2),
        waiting("copper:a:someone@example.com", 8, oldest_at=clock.now() + 60_000),
    )
    everything = await shown(gauges, "backlog_deliveries")
    assert {labels: number for labels, number in everything.items() if labels[2] == "live"} == {
        ("acme", "copper", "live"): 5,
        ("dallas", "lc", "live"): 0,
        ("(unknown)", "(unknown)", "live"): 8,
    }
    assert await shown(gauges, "held_deliveries") == {
        ("acme", "copper", "paused"): 5,
        ("acme", "copper", "reconnect"): 2,
    }
    assert await shown(gauges, "backlog_oldest_seconds") == {
        ("acme", "copper"): 9,
        ("dallas", "lc"): 0,
        ("(unknown)", "(unknown)"): 0,  # the clock was set back since
    }


async def test_the_end_ends_a_look_that_is_under_way(
    gauges: BacklogGauges, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "PATIENCE", 0)
    looks.held_up = asyncio.Event()
    await gauges.snapshots()
    await gauges.close()
    assert [task for task in asyncio.all_tasks() if task.get_name() == "backlog gauges"] == []


def _away() -> None:
    raise StorageUnavailable("the database is away")


def _crash() -> None:
    raise ValueError("a mistake")


async def test_what_waits_to_be_fetched_is_shown_for_each_source_that_fetches(
    gauges: BacklogGauges, looks: Looks, clock: ManualClock
) -> None:
    pause = FetchPause(until=clock.now() + 60_000, reason="credentials: the token has expired")
    looks.fetches_now = (
        FetchBacklog(source="ads", waiting=3, oldest=clock.now() - 90_000, pause=pause),
        FetchBacklog(source="gone", waiting=2, oldest=clock.now() - 30_000),
        FetchBacklog(source="forms", waiting=0, oldest=None),
        FetchBacklog(source="forgotten", waiting=0, oldest=None, pause=pause),
    )
    assert await shown(gauges, "fetch_backlog_submissions") == {("ads",): 3, ("forms",): 0, ("(unknown)",): 2}
    assert await shown(gauges, "fetch_backlog_oldest_seconds") == {("ads",): 90, ("forms",): 0, ("(unknown)",): 30}
    assert await shown(gauges, "fetch_paused") == {("ads", "credentials"): 1}
