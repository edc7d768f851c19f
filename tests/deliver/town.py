"""A town of people, a service that delivers what they send, and whatever happens to it: crashes, holds, replays."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

from leadbridge.configured import lane_name
from leadbridge.deliver.account import Means
from leadbridge.deliver.deliverer import Deliverer
from leadbridge.deliver.tenure import Tenure
from leadbridge.errors import StorageUnavailable
from leadbridge.ids import new_id, new_trace_id
from leadbridge.mapping.keys import flight_keys
from leadbridge.plan import Plan
from leadbridge.precedence import Precedence
from leadbridge.record import Recorder
from leadbridge.retry import RetryPolicy
from leadbridge.store.rows import DeliveryRow
from leadbridge.store.sqlite.store import SqliteStore
from leadbridge.store.values import NewDelivery, Selection
from tests.deliver.emulated import EmulatedCrm, Fate, Fated
from tests.support.clock import ManualClock
from tests.support.journal import Journal
from tests.support.stored import FOREVER, START, add

WAITING: Final = frozenset({"pending", "retrying", "sending"})
_STILL: Final = 12  # turns of the loop in which nothing happens: then nothing will
_MOST_ROUNDS: Final = 250


@dataclass(frozen=True)
class Sent:
    """One submission: what mapping made of it, and when its sender says that it was."""

    plan: Plan
    event_at: int  # seconds

    def delivery(self, lane: str) -> NewDelivery:
        return NewDelivery(
            delivery_id=new_id(),
            route="town",
            destination="crm",
            lane=lane,
            config_version="v1",
            event_at=START + self.event_at * 1000,
            plan=self.plan.model_dump_json(exclude_unset=True),
            keys=flight_keys(self.plan.lead, self.plan.match),
            alone=self.plan.note is not None,
        )


class MortalStore:
    """A store that a crash takes away: from then on nothing is kept. It also tells whether somebody is at it."""

    def __init__(self, path: Path) -> None:
        self.real = SqliteStore(path, disk_reserve=0)
        self.dead = False
        self._at_it = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def busy(self) -> bool:
        """Whether somebody is at it."""
        return not self._idle.is_set()

    async def idle(self) -> None:
        """Wait until nobody is at it."""
        await self._idle.wait()

    def __getattr__(self, name: str) -> Any:
        real = getattr(self.real, name)
        if not asyncio.iscoroutinefunction(real):
            return real
        return self._mortal(real)

    def _mortal(self, real: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def call(*arguments: Any, **named: Any) -> Any:
            if self.dead:
                raise StorageUnavailable("the process is gone")
            self._at_it += 1
            self._idle.clear()
            try:
                return await real(*arguments, **named)
            finally:
                self._at_it -= 1
                if not self._at_it:
                    self._idle.set()

        return call


@dataclass
class Town:
    """The service, its store and its CRM."""

    path: Path
    crm: EmulatedCrm
    clock: ManualClock
    fates: list[Fate]
    deliveries: list[NewDelivery] = field(default_factory=list)
    plans: dict[str, Plan] = field(default_factory=dict)  # by their trace
    met: Counter[Fate] = field(default_factory=Counter)

    async def open(self) -> None:
        """Start, also after a crash."""
        self.store = MortalStore(self.path)
        self._before = asyncio.all_tasks()
        self._crashed = False
        self.transport = Fated(self.crm, self.fates, crash=self._crash, plans=self.plans, met=self.met)
        log: Any = Journal()
        store: Any = self.store
        recorder = Recorder(store, clock=self.clock, policy=RetryPolicy(), dice=Random(1), log=log)
        precedence = Precedence(self.clock)
        means = Means(store=store, transport=self.transport, recorder=recorder, clock=self.clock, log=log,
                      precedence=precedence, tenure=Tenure(self.clock, FOREVER), dice=Random(1),
                      lease=FOREVER)  # fmt: skip
        self.journal = log
        self.deliverer = Deliverer({"crm": self.crm.adapter}, quotas={"crm": None}, means=means)
        self.lane = lane_name(self.crm.adapter)
        await self.deliverer.start()

    async def close(self) -> None:
        await self._end()
        await self.store.real.close()

    async def arrive(self, sent: Sequence[Sent]) -> None:
        """Submissions come in, one after the other; the lanes hear of the last."""
        for one in sent:
            delivery, trace_id = one.delivery(self.lane), new_trace_id()
            self.deliveries.append(delivery)
            self.plans[trace_id] = one.plan
            await add(self.store.real, delivery, now=self.clock.now(), trace_id=trace_id)
        self.deliverer.wake([self.lane])

    async def hold(self, place: int) -> None:
        """A person holds one of them, if it waits."""
        await self.store.real.hold(self._only(place), reason="paused", detail="wait", now=self.clock.now())

    async def release(self) -> int:
        """A person lets all that is held go."""
        released = await self.store.real.release(Selection(states=("held",)), now=self.clock.now())
        self.deliverer.wake([self.lane])
        return released

    async def replay(self, place: int | None = None) -> None:
        """A person sends one of them once more, or all that failed."""
        selection = Selection(states=("failed",)) if place is None else self._only(place)
        await self.store.real.replay(selection, now=self.clock.now())
        self.deliverer.wake([self.lane])

    def _only(self, place: int) -> Selection:
        return Selection(ids=(self.deliveries[place % len(self.deliveries)].delivery_id,))

    async def rest(self, rounds: int) -> None:
        """Let it work and time pass, for a while."""
        for _ in range(rounds):
            if not await self._round():
                return

    async def finish(self) -> list[DeliveryRow]:
        """Let it work until nothing waits, nothing is held and nothing has failed."""
        for _ in range(_MOST_ROUNDS):
            if await self._round():
                continue
            rows = await self._rows()
            if not any(row.state in ("held", "failed") for row in rows):
                return rows
            await self.release()
            await self.replay()
        raise AssertionError(
            [(row.state, row.reason, row.detail) for row in await self._rows()], self.journal.lines[-5:]
        )

    async def _round(self) -> bool:
        """Everything that can be done now, then on to when something is due; whether anything still waits."""
        await self._quiet()
        if self._crashed:
            await self._end()
            await self.store.real.close()
            await self.open()
            return True
        if not any(row.state in WAITING for row in await self._rows()):
            return False
        due = await self.store.real.next_due(self.lane)
        ahead = 0.0 if due is None else (due - self.clock.now()) / 1000
        self.clock.advance(max(1.0, min(ahead, 120.0)))
        self.deliverer.wake([self.lane])
        return True

    async def _quiet(self) -> None:
        """Until nobody is at work any more, but for those who wait for time to pass."""
        still = 0
        while still < _STILL and not self._crashed:
            await (self.store.idle() if self.store.busy else asyncio.sleep(0))
            still = 0 if self.store.busy else still + 1

    async def _rows(self) -> list[DeliveryRow]:
        found = [await self.store.real.delivery(one.delivery_id) for one in self.deliveries]
        return [row for row in found if row is not None]

    def _crash(self) -> None:
        self.store.dead = self._crashed = True

    async def _end(self) -> None:
        """Everything stops where it is; what is not on disk is lost."""
        self.store.dead = True
        mine = asyncio.all_tasks() - self._before - {asyncio.current_task()}
        for task in mine:
            if task is not None:
                task.cancel()
        await asyncio.gather(*(task for task in mine if task is not None), return_exceptions=True)
