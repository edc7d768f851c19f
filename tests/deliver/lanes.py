"""What the tests of the deliver stage say over and over."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from leadbridge.deliver.deliverer import Deliverer
from leadbridge.plan import Plan, Progress
from leadbridge.store.base import Store
from leadbridge.store.rows import DeliveryRow
from leadbridge.store.values import NewDelivery
from tests.support.clock import ManualClock
from tests.support.stored import LANE, plan

Run: TypeAlias = Callable[..., Awaitable[Deliverer]]

TICK = 0.001  # seconds


@dataclass
class WatchedClock(ManualClock):
    """Counts how often somebody came to rest, so that a test can tell "it looked and did nothing" from "not yet"."""

    rests: int = 0
    rests_for_a_moment: int = 0
    _rested: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        self.rests += 1
        self.rests_for_a_moment += seconds is not None and seconds < 0.01
        self._rested.set()
        return await super().wait(event, seconds)

    async def pause(self, seconds: float) -> None:
        """The watch over what other processes do rests as well; it is no lane."""
        await super().wait(asyncio.Event(), seconds)

    def pass_for(self, deliverer: Deliverer, seconds: float, lane: str = LANE) -> None:
        """Let time pass, also for a lane that was just about to rest."""
        self.advance(seconds)
        deliverer.wake([lane])

    async def looked(self, deliverer: Deliverer, lane: str = LANE) -> None:
        """Wake a lane and wait until it has certainly looked at what it could send, and rests again.

        The first rest may end a look that began before; the second is one that began after the first wake.
        """
        async with asyncio.timeout(10):
            for _ in range(2):
                before = self.rests
                deliverer.wake([lane])
                while self.rests == before:
                    self._rested.clear()
                    await self._rested.wait()


class TickingClock(WatchedClock):
    """Time passes whenever somebody looks at it, as it does."""

    ticking = False

    def monotonic(self) -> float:
        if self.ticking:
            self.advance(TICK)
        return super().monotonic()


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
