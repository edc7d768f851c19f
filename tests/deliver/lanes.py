"""What the tests of the deliver stage say over and over."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import pytest

from leadbridge.deliver.deliverer import Deliverer
from leadbridge.plan import Plan, Progress
from leadbridge.store.base import Store
from leadbridge.store.claims import Claim
from leadbridge.store.rows import DeliveryRow
from leadbridge.store.values import NewDelivery
from tests.support.clock import ManualClock
from tests.support.patience import PATIENCE
from tests.support.stored import LANE, plan

Run: TypeAlias = Callable[..., Awaitable[Deliverer]]

TICK = 0.001  # seconds


@dataclass
class WatchedClock(ManualClock):
    """Counts how often each lane came to rest, so that a test can tell "it looked and did nothing" from "not yet".

    Who is woken already does not rest: it looks again at once.
    """

    rests: Counter[str] = field(default_factory=Counter)  # by the name of the task
    last_rest: dict[str, float | None] = field(default_factory=dict)  # seconds that were asked for
    _rested: asyncio.Event = field(default_factory=asyncio.Event)
    _paused: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        if not event.is_set():
            self.rests[name := _name_of_task()] += 1
            self.last_rest[name] = seconds
            self._rested.set()
        return await super().wait(event, seconds)

    async def pause(self, seconds: float) -> None:
        """The watch over what other processes do rests as well; it is no lane."""
        self._paused.set()
        await super().wait(asyncio.Event(), seconds)

    async def watch_begun(self) -> None:
        """Wait until that watch has looked at what a start finds, and sleeps."""
        async with asyncio.timeout(PATIENCE):
            await self._paused.wait()

    async def watched(self, seconds: float) -> None:
        """Let time pass, and wait until that watch has looked, and sleeps again."""
        self._paused.clear()
        self.advance(seconds)
        await self._paused.wait()

    def pass_for(self, deliverer: Deliverer, seconds: float, lane: str = LANE) -> None:
        """Let time pass, also for a lane that was just about to rest."""
        self.advance(seconds)
        deliverer.wake([lane])

    async def looked(self, deliverer: Deliverer, lane: str = LANE) -> None:
        """Wake a lane and wait until it has looked at what it could send, and rests again."""
        async with asyncio.timeout(PATIENCE):
            before = self.rests[name := task_of(lane)]
            deliverer.wake([lane])
            while self.rests[name] == before:
                self._rested.clear()
                await self._rested.wait()

    def rest_of(self, lane: str = LANE) -> float | None:
        """How many seconds a lane wanted to rest when it did so last; None until something happens."""
        return self.last_rest[task_of(lane)]


def task_of(lane: str) -> str:
    """The name of the task in which a lane looks and rests."""
    return f"lane {lane}"


def _name_of_task() -> str:
    task = asyncio.current_task()
    return "" if task is None else task.get_name()


class TickingClock(WatchedClock):
    """Time passes whenever somebody looks at it, as it does."""

    ticking = False

    def monotonic(self) -> float:
        if self.ticking:
            self.advance(TICK)
        return super().monotonic()


class SlowClaims:
    """The store's claims stand still before their commit, until a test lets them go."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self._really = store.claim
        self._begun, self._let_go = asyncio.Event(), asyncio.Event()
        monkeypatch.setattr(store, "claim", self._claim)

    async def begun(self) -> None:
        """Wait until a claim is on its way."""
        async with asyncio.timeout(PATIENCE):
            await self._begun.wait()

    def go_on(self) -> None:
        """Let it be committed, and those after it."""
        self._let_go.set()

    async def _claim(self, *arguments: Any, **named: Any) -> tuple[Claim, ...]:
        self._begun.set()
        await self._let_go.wait()
        return await self._really(*arguments, **named)


def with_plan(delivery: NewDelivery, **changes: Any) -> NewDelivery:
    """The same delivery with another plan."""
    changed = Plan.model_validate(plan().model_copy(update=changes))
    return replace(delivery, plan=changed.model_dump_json(exclude_unset=True))


async def row(store: Store, delivery: NewDelivery) -> DeliveryRow:
    """A delivery as it is stored now."""
    found = await store.delivery(delivery.delivery_id)
    assert found is not None
    return found


async def progress(store: Store, delivery: NewDelivery) -> Progress:
    """What is on disk of the progress of a delivery."""
    return Progress.model_validate((await row(store, delivery)).progress or {})


async def tries_over() -> None:
    """Wait until all that was sent is over, with what it means for its route and its lane, not only in the log."""
    async with asyncio.timeout(PATIENCE):
        while tries := [task for task in asyncio.all_tasks() if task.get_name().startswith("deliver ")]:
            await asyncio.wait(tries)


async def at_rest(store: Store, deliveries: Iterable[NewDelivery]) -> None:
    """Wait until what was sent is recorded: the end of a call may still be on its way to the disk."""
    async with asyncio.timeout(PATIENCE):
        for delivery in deliveries:
            while (await row(store, delivery)).state == "sending":  # noqa: ASYNC110  # a store has no event to set
                await asyncio.sleep(0)
