"""Deliveries that were held one by one: now and then one of them is sent to see whether their cause has ended."""

from typing import Final

from leadbridge.clock import Clock
from leadbridge.errors import StorageUnavailable
from leadbridge.logs import Logger
from leadbridge.outcome import HoldReason
from leadbridge.store.base import Store
from leadbridge.store.values import Selection

EVERY: Final = 900.0  # seconds between two looks
MAY_HAVE_ENDED: Final[tuple[HoldReason, ...]] = ("bad_credentials", "missing_scope", "unknown_custom_field")


class Canaries:
    """The ones that were sent ahead for all that are held in one lane for the same reason."""

    def __init__(self, lane: str, *, store: Store, clock: Clock, log: Logger) -> None:
        self._lane = lane
        self._store = store
        self._clock = clock
        self._log = log
        self._sent: dict[str, HoldReason] = {}  # by the delivery

    async def send(self) -> None:
        """Let the one go that was looked at longest ago, for each reason."""
        for reason in MAY_HAVE_ENDED:
            canary = await self._store.longest_held(self._lane, reason=reason)
            if canary is None:
                continue
            self._sent[canary] = reason
            await self._store.release(Selection(ids=(canary,), reasons=(reason,)), now=self._clock.now())

    async def delivered(self, delivery_id: str) -> None:
        """If it was one of them, all others go as well."""
        reason = self._sent.pop(delivery_id, None)
        if reason is None:
            return
        try:
            released = await self._store.release(
                Selection(reasons=(reason,), lanes=(self._lane,)), now=self._clock.now()
            )
        except StorageUnavailable:
            return  # the next look sends another one
        if released:
            self._log.info("delivery.released", lane=self._lane, reason=reason, deliveries=released)

    def came_to_rest(self, delivery_id: str) -> None:
        """It did not go through after all."""
        self._sent.pop(delivery_id, None)
