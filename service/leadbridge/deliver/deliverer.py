"""All lanes of this process: started, woken, supervised and stopped together."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Final

from leadbridge.crm.adapter import Adapter, Quota
from leadbridge.deliver.lane import Lane, Means
from leadbridge.outcome import HoldReason

GRACE: Final = 10.0  # seconds a stop waits for calls under way

# Held for something that an edited configuration or a mended account can end: tried again at every start.
MAY_HAVE_ENDED: Final[tuple[HoldReason, ...]] = ("bad_credentials", "destination_removed", "unknown_custom_field")


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
                quota=_strictest(quotas[name] for name in adapters if self._lane_of[name] == lane),
                means=means,
            )
            for lane in sorted(set(self._lane_of.values()))
        }

    def lane_of(self, destination: str) -> str:
        """The lane a destination's deliveries go to."""
        return self._lane_of[destination]

    def wake(self, lanes: Iterable[str]) -> None:
        """Deliveries were added to these lanes."""
        for lane in lanes:
            self._lanes[lane].wake()

    async def start(self) -> None:
        """Take up what the last process left, then run every lane."""
        store, log, now = self._means.store, self._means.log, self._means.clock.now()
        recovered = await store.recover(now=now)
        if recovered.again or recovered.held:
            log.warning("delivery.recovered", again=recovered.again, held=recovered.held)
        for orphan in set(await store.lanes_waiting()) - set(self._lanes):
            detail = f"no destination of the configuration uses the account {orphan} any more"
            held = await store.hold_lane(orphan, reason="destination_removed", detail=detail, now=now)
            log.warning("lane.held", lane=orphan, reason="destination_removed", deliveries=held)
        released = await store.release(MAY_HAVE_ENDED, lanes=list(self._lanes), now=now)
        if released:
            log.info("delivery.released", deliveries=released)
        for lane in self._lanes.values():
            lane.start()

    async def stop(self) -> None:
        """Finish what is under way within `GRACE` seconds; the rest stays on disk."""
        await asyncio.gather(*(lane.stop(grace=GRACE) for lane in self._lanes.values()))
        await self._means.transport.close()


def lane_name(adapter: Adapter) -> str:
    """The identity of an account: the CRM, its host, and the account there."""
    host = adapter.base_url.partition("://")[2].partition("/")[0]
    return f"{adapter.crm}:{host}:{adapter.account}"


def _strictest(quotas: Iterable[Quota | None]) -> Quota | None:
    """The slowest quota that any destination on the account asks for."""
    limited = [quota for quota in quotas if quota is not None]
    return min(limited, key=lambda quota: quota.limit / quota.window, default=None)
