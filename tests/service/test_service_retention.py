"""What is finished and old goes by itself: in rounds of small steps, told in one line each."""

import asyncio
from dataclasses import dataclass, field
from random import Random
from typing import Any

from leadbridge.deliver.marks import marks_of
from leadbridge.errors import StorageUnavailable
from leadbridge.retention import AHEAD, EVERY, FIRST, REST, Retention
from leadbridge.store.base import Store
from leadbridge.store.retaining import Pruned, PruneFrom
from tests.store.pruning import BEFORE, DAY, NOW, OLD, lead
from tests.support.clock import ManualClock
from tests.support.journal import Journal
from tests.support.service import CONFIG, running

KEEP = NOW - BEFORE


@dataclass
class Fleeting(ManualClock):
    """Time passes as soon as anybody lets it pass; but no more often than a test wants."""

    pauses: list[float] = field(default_factory=list)
    most: int = 1_000
    at_rest: asyncio.Event = field(default_factory=asyncio.Event)

    async def pause(self, seconds: float) -> None:
        if len(self.pauses) == self.most:
            self.at_rest.set()
            await asyncio.Event().wait()
        self.pauses.append(seconds)
        self.advance(seconds)
        await asyncio.sleep(0)


class Steps:
    """A store that prunes in so many steps, each of them slow; or cannot be reached."""

    def __init__(self, clock: ManualClock, *steps: Pruned | StorageUnavailable, seconds: float = 0.0) -> None:
        self.clock, self.seconds = clock, seconds
        self.steps = list(steps)
        self.asked: list[tuple[int, PruneFrom]] = []
        self.made_ready = 0
        self.shared: int | None = None  # the time by the clock of all

    async def time(self) -> int | None:
        return self.shared

    async def make_ready(self) -> None:
        self.made_ready += 1

    async def prune(self, before: int, *, fold: Any, since: PruneFrom) -> Pruned:
        self.asked.append((before, since))
        self.clock.advance(self.seconds)
        step = self.steps.pop(0) if self.steps else Pruned()
        if isinstance(step, StorageUnavailable):
            raise step
        return step


def retention(store: Any, clock: ManualClock, journal: Any, *, keep: int | None = KEEP) -> Retention:
    return Retention(store, keep=keep, fold=marks_of, clock=clock, dice=Random(1), log=journal)


async def rounds(made: Retention, clock: Fleeting, *, pauses: int) -> None:
    """Let it run until it has rested so many times."""
    clock.most = pauses
    under_way = asyncio.create_task(made.run())
    async with asyncio.timeout(10):
        await clock.at_rest.wait()
    under_way.cancel()
    await asyncio.gather(under_way, return_exceptions=True)


async def test_a_round_goes_to_the_end_and_says_what_went(store: Store, journal: Journal) -> None:
    for number in range(3):
        await lead(store, f"email:{number}", at=OLD + number, record_id=str(number))
    made = retention(store, Fleeting(wall=NOW), journal)
    await made.prune(BEFORE)
    (line,) = journal.find("retention.pruned")
    went = {name: line[name] for name in ("submissions", "deliveries", "requests", "attempts", "partitions")}
    assert went == {"submissions": 3, "deliveries": 3, "requests": 3, "attempts": 3, "partitions": 0}
    await made.prune(BEFORE)
    assert len(journal.find("retention.pruned")) == 1, "a round in which nothing went says nothing"


async def test_what_is_older_than_the_retention_goes_an_hour_after_the_last_round(journal: Journal) -> None:
    clock = Fleeting(wall=NOW)
    store = Steps(clock)
    await rounds(retention(store, clock, journal), clock, pauses=4)
    first, _, second, _ = clock.pauses
    assert FIRST <= first < 2 * FIRST
    assert EVERY <= second < 2 * EVERY, "not all processes at once"
    assert store.made_ready == 2
    assert [before for before, _ in store.asked] == [
        NOW + round(first * 1000) - KEEP,
        NOW + round((first + REST + second) * 1000) - KEEP,
    ]


async def test_a_machine_whose_clock_is_far_ahead_prunes_nothing_that_others_keep(journal: Journal) -> None:
    clock = Fleeting(wall=NOW + 400 * DAY)
    store = Steps(clock)
    store.shared = NOW
    await rounds(retention(store, clock, journal), clock, pauses=2)
    assert [before for before, _ in store.asked] == [NOW + AHEAD - KEEP]


async def test_others_have_as_long_as_a_step_took(journal: Journal) -> None:
    clock = Fleeting(wall=NOW)
    after = PruneFrom(phase="leads", after="x")
    store = Steps(clock, Pruned(submissions=1, then=after), seconds=0.25)
    await retention(store, clock, journal).prune(BEFORE)
    assert clock.pauses == [0.25, 0.25]
    assert [since for _, since in store.asked] == [PruneFrom(), after]


async def test_what_is_kept_for_ever_is_never_looked_through_and_room_is_made_all_the_same(journal: Journal) -> None:
    clock = Fleeting(wall=NOW)
    store = Steps(clock)
    await rounds(retention(store, clock, journal, keep=None), clock, pauses=1)
    assert (store.asked, store.made_ready) == ([], 1)


async def test_a_database_that_is_away_is_looked_through_another_time(journal: Journal) -> None:
    clock = Fleeting(wall=NOW)
    then = PruneFrom(phase="leads", after="x")
    store = Steps(clock, Pruned(submissions=2, then=then), StorageUnavailable("it is away"))
    await rounds(retention(store, clock, journal), clock, pauses=4)
    (postponed,) = journal.find("retention.postponed")
    assert postponed["problem"] == "it is away"
    (pruned,) = journal.find("retention.pruned")
    assert pruned["submissions"] == 2, "what went is told"
    assert [since for _, since in store.asked] == [PruneFrom(), then, PruneFrom()]


async def test_what_is_known_by_its_content_stays_until_its_window_has_passed(store: Store, journal: Journal) -> None:
    """Else a repetition within the window would be a lead of its own."""
    window = "    preset: generic\n    dedupe_window: 7d\n"
    config = CONFIG.replace("    preset: generic\n", window, 1)
    config = config.replace("server:", "defaults: {retention: 2d}\nserver:", 1)
    stays, _ = await lead(store, "email:1", at=NOW - 5 * DAY, record_id="1")
    gone, _ = await lead(store, "email:2", at=NOW - 9 * DAY, record_id="2")
    clock = ManualClock(wall=NOW)
    async with running(store, clock, journal, config=config):
        while not journal.find("retention.pruned"):
            clock.advance(30)
            await asyncio.sleep(0)
    assert await store.submission(gone) is None
    assert await store.submission(stays) is not None


async def test_a_service_prunes_by_its_configuration(store: Store, journal: Journal) -> None:
    gone, _ = await lead(store, "email:1", at=OLD, record_id="1")
    clock = ManualClock(wall=NOW)
    config = CONFIG.replace("server:", "defaults: {retention: 99d}\nserver:", 1)
    async with running(store, clock, journal, config=config):
        while not journal.find("retention.pruned"):
            clock.advance(30)
            await asyncio.sleep(0)
    assert await store.submission(gone) is None
