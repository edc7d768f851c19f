"""All lanes of this process: started, woken, supervised and stopped together."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from leadbridge.configured import lane_name
from leadbridge.crm.adapter import Adapter, Quota
from leadbridge.deliver.account import Means
from leadbridge.deliver.canaries import EVERY
from leadbridge.deliver.lane import Lane
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
        self._lane_of = {name: lane_name(adapter) for name, adapter in adapters.items()}
        self._lanes = {
            lane: Lane(
                lane,
                {name: adapter for name, adapter in adapters.items() if self._lane_of[name] == lane},
                quotas=[quotas[name] for name in adapters if self._lane_of[name] == lane],
                means=means,
            )
            for lane in sorted(set(self._lane_of.values()))
        }
        self._watching: asyncio.Task[None] | None = None
        self._changed: Callable[[], None] = lambda: None
        self._to_look_again: set[str] = set()  # lanes that have not heard yet of what another process changed
        self._looked_at: float | None = None  # monotonic seconds: for causes of holds that may have ended

    def lane_of(self, destination: str) -> str:
        """The lane a destination's deliveries go to."""
        return self._lane_of[destination]

    def wake(self, lanes: Iterable[str]) -> None:
        """Deliveries were added to these lanes; of accounts that this configuration has, or not."""
        for lane in lanes:
            if lane in self._lanes:
                self._lanes[lane].wake()

    async def start(self, *, changed: Callable[[], None] = lambda: None) -> None:
        """Take up what the last process left, then run every lane.

        `changed` is told when another process changed anything: submissions may be mapped once more.
        """
        self._changed = changed
        log = self._means.log
        self._means.store.call_when_due(self.wake)
        for lane in self._lanes.values():
            lane.start()
        watch = keep_running(self._watch, name="deliverer", rest=self._means.clock.pause, log=log)
        self._watching = asyncio.create_task(watch, name="deliverer")

    async def stop(self) -> None:
        """Finish what is under way within `GRACE` seconds; the rest stays on disk."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await asyncio.gather(*(lane.stop(grace=GRACE) for lane in self._lanes.values()))
        await self._means.transport.close()

    async def _watch(self) -> None:
        """Hear of what a person does from another process, and of what time or a new configuration may have mended.

        Begun once the lanes run: what a configuration left behind may be a million rows.
        """
        while True:
            try:
                await asyncio.gather(*(lane.renew() for lane in self._lanes.values()))
                if self._looked_at is None:
                    await self._hold_orphans()
                    await self._release_what_is_back()
                if await self._means.store.changed_elsewhere():
                    self._changed()
                    self._to_look_again = {*self._lanes}
                if self._to_look_again:
                    await self._hold_orphans()  # a person may have let some go that nobody sends
                for lane in sorted(self._to_look_again):
                    await self._lanes[lane].look_again()
                    self._to_look_again.discard(lane)
                if self._looked_at is None or self._means.clock.monotonic() - self._looked_at >= EVERY:
                    await self._look_for_ended_causes()
            except StorageUnavailable:
                pass  # every lane says so itself, and this looks again
            await self._means.clock.pause(WATCH)

    async def _release_what_is_back(self) -> None:
        """What was held for a destination that the configuration has again goes on."""
        if not self._lanes:
            return
        back = Selection(reasons=("destination_removed",), destinations=tuple(self._lane_of), lanes=tuple(self._lanes))
        released = await self._means.store.release(back, now=self._means.clock.now())
        if released:
            self._means.log.info("delivery.released", reason="destination_removed", deliveries=released)
            self.wake(self._lanes)

    async def _hold_orphans(self) -> None:
        """What waits for an account that is not in the configuration waits visibly; unless another process has it."""
        store, now = self._means.store, self._means.clock.now()
        for orphan in sorted(set(await store.lanes_waiting()) - set(self._lanes)):
            ours = await store.own_lane(orphan, owner=self._means.owner, lease=self._means.lease)
            if ours is None:
                continue
            await store.recover(orphan, epoch=ours.epoch, now=now)
            detail = f"no destination of the configuration uses the account {orphan} any more"
            held = await store.hold_lane(orphan, reason="destination_removed", detail=detail, now=now)
            await store.give_back_lane(orphan, epoch=ours.epoch)
            self._means.log.warning("lane.held", lane=orphan, reason="destination_removed", deliveries=held)

    async def _look_for_ended_causes(self) -> None:
        for lane in self._lanes.values():
            await lane.look_for_ended_causes()
        self._looked_at = self._means.clock.monotonic()
