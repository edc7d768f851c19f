"""All lanes of this process: shared with others, woken, supervised and stopped together."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final

from leadbridge.clock import Millis
from leadbridge.configured import lane_name
from leadbridge.crm.adapter import Adapter, Quota
from leadbridge.deliver.account import Means
from leadbridge.deliver.canaries import EVERY, MAY_HAVE_ENDED
from leadbridge.deliver.lane import Lane
from leadbridge.deliver.membership import Membership
from leadbridge.deliver.owned import OwnedLane
from leadbridge.errors import StorageUnavailable
from leadbridge.store.values import Selection
from leadbridge.supervise import keep_running

GRACE: Final = 10.0  # seconds a stop waits for calls under way
WATCH: Final = 1.0  # seconds between two looks whether a person changed something from another process


class Deliverer:
    """The deliver stage."""

    def __init__(self, adapters: Mapping[str, Adapter], *, quotas: Mapping[str, Quota | None], means: Means) -> None:
        """`adapters` and `quotas` are by the destination's name; destinations on one account share a lane."""
        self._means = means
        self._adapters = adapters
        self._quotas = quotas
        self._lane_of = {name: lane_name(adapter) for name, adapter in adapters.items()}
        self._on: dict[str, list[str]] = {}  # the destinations on each lane
        for name, lane in self._lane_of.items():
            self._on.setdefault(lane, []).append(name)
        self._lanes = {lane: OwnedLane(lane, self._make) for lane in sorted(self._on)}
        self._membership = Membership(
            self._lanes, store=means.store, tenure=means.tenure, lease=means.lease, clock=means.clock, log=means.log,
            dice=means.dice, changed=self._look_again_soon,
        )  # fmt: skip
        self._watching: asyncio.Task[None] | None = None
        self._changed: Callable[[], None] = lambda: None
        self._to_look_again = True  # what another process changed, or left
        self._looked_for: dict[str, int] = {}  # the lanes, in their epochs, whose held deliveries were looked at
        self._looked_at: float | None = None  # monotonic seconds: for causes of holds that may have ended

    def lane_of(self, destination: str) -> str:
        """The lane a destination's deliveries go to."""
        return self._lane_of[destination]

    @property
    def lanes_known(self) -> int:
        """How many accounts the configuration has."""
        return len(self._lanes)

    @property
    def lanes_owned(self) -> int:
        """How many of them this process sends for now."""
        return len(self._membership.owned)

    def wake(self, lanes: Iterable[str]) -> None:
        """Deliveries were added to these lanes; of accounts that this configuration has, or not."""
        for lane in lanes:
            if lane in self._lanes:
                self._lanes[lane].wake()

    async def start(self, *, changed: Callable[[], None] = lambda: None) -> None:
        """Have a share of the lanes, take up what the last owner left, then run every one in which something waits.

        `changed` is told when another process changed anything: submissions may be mapped once more.
        """
        self._changed = changed
        self._means.store.call_when_due(self.wake)
        self._membership.start()
        watch = keep_running(self._watch, name="deliverer", rest=self._means.clock.pause, log=self._means.log)
        self._watching = asyncio.create_task(watch, name="deliverer")

    async def stop(self) -> None:
        """Finish what is under way within `GRACE` seconds; the rest stays on disk."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await self._membership.stop(grace=GRACE)
        await asyncio.gather(*(lane.close() for lane in self._lanes.values()))
        await self._means.transport.close()

    def _make(self, lane: str, epoch: int, before: Lane | None) -> Lane:
        adapters = {name: self._adapters[name] for name in self._on[lane]}
        quotas = [self._quotas[name] for name in self._on[lane]]
        return Lane(
            lane, adapters, quotas=quotas, means=self._means, epoch=epoch, before=before,
            doubted=self._membership.doubt,
        )  # fmt: skip

    def _look_again_soon(self) -> None:
        self._to_look_again = True

    async def _watch(self) -> None:
        """Hear of what a person does from another process, and of what time or a new configuration may have mended.

        Begun once there are lanes: what a configuration left behind may be a million rows.
        """
        await self._membership.begun()
        while True:
            try:
                if await self._means.store.changed_elsewhere():
                    self._changed()
                    self._membership.hurry()
                    self._to_look_again = True
                if self._to_look_again:
                    await self._look_again()
                if self._looked_at is None or self._means.clock.monotonic() - self._looked_at >= EVERY:
                    self._looked_for = {}
                    await self._look_for_ended_causes()
                    self._looked_at = self._means.clock.monotonic()
            except StorageUnavailable:
                self._to_look_again = True  # every lane says so itself
            await self._means.clock.pause(WATCH)

    async def _look_again(self) -> None:
        """A few looks at all lanes together, however many there are; raises `StorageUnavailable`."""
        self._to_look_again = False
        store, now = self._means.store, self._means.clock.now()
        waiting = await store.lanes_waiting()
        held = await store.lanes_held()
        await self._hold_orphans(waiting.keys() - self._lanes.keys(), now)
        for lane, due in waiting.items():
            if lane in self._lanes:
                self._lanes[lane].waits(due, now)
        for lane in [*self._membership.owned]:
            await self._lanes[lane].look_again(held.get(lane))
        if self._looked_at is not None:
            await self._look_for_ended_causes()

    async def _hold_orphans(self, orphans: Collection[str], now: Millis) -> None:
        """What waits for an account that is not in the configuration waits visibly.

        Unless another process has the account, or one with another configuration may know it.
        """
        store, name = self._means.store, self._membership.name
        if not orphans or name is None or not self._membership.alike:
            return
        ours = await store.own_lanes(orphans, owner=name)
        try:  # held while they are ours: one that begins to serve and knows them would send what is held then
            for orphan, epoch in sorted(ours.items()):
                await store.recover(orphan, epoch=epoch, now=now)
                detail = f"no destination of the configuration uses the account {orphan} any more"
                held = await store.hold_lane(orphan, reason="destination_removed", detail=detail, now=now)
                if held:
                    self._means.log.warning("lane.held", lane=orphan, reason="destination_removed", deliveries=held)
        finally:
            await store.give_back_lanes(ours)

    async def _look_for_ended_causes(self) -> None:
        """In lanes that are new to us, and now and then in all: deliveries that were held one by one may go again."""
        owned = dict(self._membership.owned)
        lanes = {lane for lane, epoch in owned.items() if self._looked_for.get(lane) != epoch}
        if lanes:
            holding = await self._means.store.lanes_holding()
            back = {lane for lane, reason in holding if reason == "destination_removed"}
            await self._release_what_is_back(sorted(back & lanes))
            for lane in sorted({lane for lane, reason in holding if reason in MAY_HAVE_ENDED} & lanes):
                await self._lanes[lane].look_for_ended_causes()
        self._looked_for = owned

    async def _release_what_is_back(self, lanes: Collection[str]) -> None:
        """What was held for a destination that the configuration has again goes on."""
        if not lanes:
            return
        names = tuple(name for lane in lanes for name in self._on[lane])
        back = Selection(reasons=("destination_removed",), destinations=names, lanes=tuple(lanes))
        released = await self._means.store.release(back, now=self._means.clock.now())
        if released:
            self._means.log.info("delivery.released", reason="destination_removed", deliveries=released)
            self.wake(lanes)
