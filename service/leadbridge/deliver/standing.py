"""How a lane stands with its CRM: its health, told in the log and kept on disk."""

import asyncio
from dataclasses import replace
from random import Random

from leadbridge.clock import Clock
from leadbridge.deliver.health import Change, Closed, Health, Held, Instant, Opened, Quiet, Released
from leadbridge.deliver.places import Places
from leadbridge.deliver.tenure import Tenure
from leadbridge.logs import Logger
from leadbridge.outcome import Hold, HoldReason, Retry
from leadbridge.store.base import Store
from leadbridge.store.lanes import LaneState


class Standing:
    """The health of one lane, for all of its deliveries."""

    def __init__(
        self, lane: str, *, epoch: int, store: Store, places: Places, tenure: Tenure, clock: Clock, log: Logger,
        dice: Random,
    ) -> None:  # fmt: skip
        """`epoch` is the one in which the lane is ours."""
        self._lane = lane
        self._epoch = epoch
        self._store = store
        self._places = places
        self.tenure = tenure
        self._lost = False
        self._clock = clock
        self._log = log
        self._health = Health(dice)
        self._on_disk = LaneState()
        self._changed = False
        self._disk = asyncio.Lock()  # else what was read before our own change would undo it in our mind

    @property
    def is_ours(self) -> bool:
        """Whether a call may go, as far as other processes are concerned."""
        return not self._lost and self.tenure.allows_a_call

    def lose(self) -> None:
        """The lane is another process's, or will be."""
        self._lost = True

    @property
    def held(self) -> HoldReason | None:
        """Why nothing may be sent, if so."""
        return self._health.held

    def state_for_the_quota(self) -> LaneState:
        """What the governor goes on from; an open circuit is no rest that the CRM asked for."""
        state = self._health.state
        return replace(state, paused_until=None) if self._health.open else state

    def begin(self, state: LaneState) -> None:
        """The lane is ours: go on as the last owner left it."""
        self._on_disk = state
        self._tell(self._health.adopt(state, self._now(), start=True))

    def differs(self, held: LaneState | None) -> bool:
        """Whether the hold that was read (None: there is none) is another than we know of."""
        known, found = self._on_disk, held or LaneState()
        return (known.held, known.detail, known.since) != (found.held, found.detail, found.since)

    async def look_again(self) -> None:
        """Another process (a person's command) may have changed something: that stands, beside what only we know.

        Raises `StorageUnavailable`.
        """
        async with self._disk:
            self._adopt(await self._store.lane(self._lane))

    def _adopt(self, state: LaneState) -> None:
        before, self._on_disk = self._on_disk, state
        if state == before:
            return
        if self._changed:
            ours = self._health.state
            state = replace(state, paused_until=ours.paused_until, failures=ours.failures)
            if self._on_disk.held == before.held:
                state = replace(state, held=ours.held, detail=ours.detail, since=ours.since, probe_at=ours.probe_at)
        self._tell(self._health.adopt(state, self._now()))

    async def keep(self) -> None:
        """Have on disk what changed; raises `StorageUnavailable`, and then it is tried again."""
        while self._changed or self._places.daily_reset_at != self._on_disk.daily_reset_at:
            async with self._disk:
                state = replace(self._health.state, daily_reset_at=self._places.daily_reset_at)
                self._changed = False
                kept = False
                try:
                    await self._store.set_lane(self._lane, state, epoch=self._epoch, seen=self._on_disk.held)
                    kept = True
                finally:
                    self._changed = self._changed or not kept
                self._on_disk = state

    def may_send(self, delivery_id: str) -> bool:
        """Whether a call of a claimed delivery may still go."""
        return self.is_ours and self._health.may_send(delivery_id)

    def room(self) -> int | None:
        """How many deliveries may be claimed; None when nothing is in the way."""
        if not self.is_ours:
            return 0
        if self._health.held is None and not self._health.open:
            return None
        return self._health.room(self._now())

    def rest(self) -> float | None:
        """Seconds until time itself allows something again."""
        return self._health.rest(self._now())

    def claimed(self, delivery_id: str) -> None:
        """A delivery was claimed: with an open circuit it is the test."""
        if self._health.open and self._health.room(self._now()):
            self._health.test_with(delivery_id)

    def came_to_rest(self, delivery_id: str) -> None:
        """A claimed delivery has no calls to make any more."""
        if self._health.open:
            self._health.test_over(delivery_id)

    def failed(self, delivery_id: str | None, detail: str) -> None:
        """A call had no answer, or one that says that the CRM is not well."""
        self._tell(self._health.failed(self._now(), delivery_id, detail))
        self._changed = self._changed or self._health.open

    def worked(self) -> None:
        """A call was answered: what was counted against the CRM is forgotten, and calls go on if they were stopped."""
        self._tell(self._health.worked())

    def asked_for_quiet(self, seconds: float) -> None:
        """The CRM wants no call for so many seconds."""
        self._tell(self._health.asked_for_quiet(self._now(), seconds))

    def hold(self, reason: HoldReason, detail: str, *, seconds: float | None = None) -> None:
        """Send nothing but probes; or, with `seconds`, nothing at all for so long."""
        if seconds is None:
            self._tell(self._health.hold(reason, detail, self._now()))
        else:
            self._tell(self._health.hold(reason, detail, self._now(), seconds=seconds))

    def probe_due(self) -> bool:
        """Whether the account is to be probed now; a hold that ends by itself ends here."""
        now = self._now()
        self._tell(self._health.over_by_time(now))
        return self._health.probe_due(now)

    def probed(self, problem: Retry | Hold | None) -> None:
        """A probe found the account as it was, or (None) usable again."""
        if problem is None:
            self._tell(self._health.release())
            return
        reason = problem.reason if isinstance(problem, Hold) else None
        self._health.still_refused(self._now(), reason, problem.detail)
        self._changed = True

    def _tell(self, change: Change | None) -> None:
        match change:
            case Opened(seconds=seconds, failures=failures, detail=detail):
                self._log.warning(
                    "lane.circuit_opened",
                    lane=self._lane,
                    failures=failures,
                    detail=detail,
                    retry_in_s=round(seconds, 1),
                )
            case Closed():
                self._log.info("lane.circuit_closed", lane=self._lane)
            case Held(reason=reason, detail=detail):
                self._log.warning("lane.held", lane=self._lane, reason=reason, detail=detail)
            case Released(reason=reason):
                self._log.info("lane.released", lane=self._lane, reason=reason)
            case Quiet(seconds=seconds):
                self._log.info("lane.paused", lane=self._lane, retry_in_s=round(seconds, 1))
            case None:
                return
        self._changed = self._changed or self._health.state != self._on_disk

    def _now(self) -> Instant:
        return Instant(self._clock.now(), self._clock.monotonic())
