"""The quota's places as the deliveries of one lane take them: what is begun comes before what is new."""

import asyncio
from typing import Final

from leadbridge.clock import Clock, Millis
from leadbridge.crm.adapter import Limits
from leadbridge.deliver.budget import DayLeft
from leadbridge.deliver.governor import Governor, Sent
from leadbridge.store.base import Store
from leadbridge.store.lanes import LaneState

_BLUR: Final = 60_000  # milliseconds: a slow answer tells the end of the day no better


class Places:
    """A lane's governor, to be waited for.

    A place is taken (`reserve`, `take`, `take_at_once`), then given back, or its call is `sent` and afterwards
    `answered`, `unanswered` or `withdrawn`.
    """

    def __init__(self, governor: Governor, clock: Clock) -> None:
        self._governor = governor
        self._clock = clock
        self._waiting = 0  # begun deliveries that wait for a place for their next call
        self._freed = asyncio.Event()
        self._paused_until: Millis | None = None
        self._day_ends_at: Millis | None = None

    async def take_up(self, store: Store, lane: str, state: LaneState) -> None:
        """Take the places that earlier calls occupy, also another process's, and keep the rest that the CRM asked for.

        Once for a lane, before its first call; raises `StorageUnavailable`.
        """
        governor, reset_at = self._governor, state.daily_reset_at
        now = self._clock.now()
        if state.paused_until is not None:
            self.pause(max(0.0, (state.paused_until - now) / 1000))
        if not governor.limited:
            return
        spans = await store.recent_calls(lane, since=now - int(governor.memory * 1000))
        marks = governor.marks(wall=now, reset_at=reset_at)
        calls = await store.count_calls(lane, since=marks) if marks else {}
        wall, elapsed = self._clock.now(), self._clock.monotonic()
        governor.seed(spans, wall=wall, now=elapsed)
        governor.seed_day(calls, wall=wall, now=elapsed, reset_at=reset_at)
        believed = reset_at is None or reset_at <= wall or governor.day_ends is not None
        self._day_ends_at = reset_at if believed else None

    @property
    def paused_until(self) -> Millis | None:
        """Until when the CRM asked for a rest, to be kept on disk; None when it asks for none now."""
        if self._governor.quiet_for(self._clock.monotonic()) <= 0:
            self._paused_until = None
        return self._paused_until

    @property
    def daily_reset_at(self) -> Millis | None:
        """When the CRM's day ends at the latest, to be kept on disk: `LaneState.daily_reset_at`.

        It changes once a day, not with every answer. None while the CRM has never said it.
        """
        return self._day_ends_at

    def budget(self) -> DayLeft | None:
        """What is left of the day's budget; None where there is none."""
        return self._governor.left(self._clock.monotonic())

    def for_new(self) -> int:
        """How many new deliveries may take a place now."""
        return self._governor.free(self._clock.monotonic()) - self._waiting

    def reserve(self, places: int) -> None:
        """Take places for calls that are about to be claimed."""
        self._governor.take(places)

    def give_back(self, places: int) -> None:
        """Free places whose calls were not sent."""
        self._governor.give_back(places)
        self._pulse()

    def take_at_once(self) -> bool:
        """Take a place if one is free and nobody waits for it."""
        if self._waiting or self._governor.free(self._clock.monotonic()) <= 0:
            return False
        self._governor.take()
        return True

    async def take(self) -> None:
        """Wait for a place, ahead of new deliveries, and take it."""
        self._waiting += 1
        try:
            while (seconds := self._governor.wait(self._clock.monotonic())) != 0:
                await self._clock.wait(self._freed, seconds)
            self._governor.take()
        finally:
            self._waiting -= 1

    def sent(self) -> Sent:
        """A call whose place is taken goes out now."""
        return self._governor.sent(self._clock.monotonic())

    def answered(self, limits: Limits | None = None, *, sent: Sent) -> None:
        """A call was answered now; `limits` is what the answer says of the account."""
        now = self._clock.monotonic()
        self._governor.answered(now, sent=sent, limits=limits)
        if limits is not None and limits.daily_reset is not None:
            self._look_at_the_day(now)
        self._pulse()

    def unanswered(self, *, sent: Sent) -> None:
        """No answer was seen of a call."""
        self._governor.unanswered(self._clock.monotonic(), sent=sent)
        self._pulse()

    def withdrawn(self) -> None:
        """A call that was `sent` certainly never reached the CRM."""
        self._governor.withdrawn()
        self._pulse()

    def pause(self, seconds: float) -> None:
        """Send nothing for a while: the CRM said so."""
        now = self._clock.monotonic()
        self._governor.pause(now, seconds)
        self._paused_until = self._clock.now() + round(self._governor.quiet_for(now) * 1000)

    async def calm(self) -> None:
        """Wait for the end of such a while, with a place that is taken already."""
        while (seconds := self._governor.quiet_for(self._clock.monotonic())) > 0:
            await self._clock.pause(seconds)

    def wait(self) -> float | None:
        """Seconds until a place may be free, None when only an answer can free one."""
        return self._governor.wait(self._clock.monotonic())

    def _look_at_the_day(self, now: float) -> None:
        ends = self._governor.day_ends
        if ends is None:
            return
        earliest, latest = (self._clock.now() + round((when - now) * 1000) for when in ends)
        known = self._day_ends_at
        if known is None or not earliest <= known <= latest + _BLUR:
            self._day_ends_at = latest

    def _pulse(self) -> None:
        self._freed.set()
        self._freed.clear()
