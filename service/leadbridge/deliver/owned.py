"""One account's lane as far as it is this process's: nobody's business here, ours, or ours and at work."""

from collections.abc import Callable
from typing import TypeAlias

from leadbridge.clock import Millis
from leadbridge.deliver.lane import Lane
from leadbridge.store.lanes import LaneState

Make: TypeAlias = Callable[[str, int, Lane | None], Lane]


class OwnedLane:
    """Begins to work when something wakes it: a lane in which nothing waits costs nothing."""

    def __init__(self, name: str, make: Make) -> None:
        """`make` puts the queue together for a name and an epoch; the queue of an epoch before must be over first."""
        self.name = name
        self._make = make
        self._epoch: int | None = None
        self._lane: Lane | None = None
        self._former: Lane | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing is under way in it."""
        return self._lane is None or self._lane.idle

    def take(self, epoch: int) -> None:
        """The lane is this process's, by this epoch: it may send."""
        self._epoch = epoch

    def lose(self) -> None:
        """It is another's, or may be soon: nothing more is sent."""
        self._epoch = None
        if self._lane is not None:
            self._lane.lose()
            self._former, self._lane = self._lane, None

    async def leave(self, *, grace: float) -> bool:
        """Send nothing new, and finish what is under way; False when that took longer than `grace` seconds."""
        self._epoch = None
        if self._lane is not None:
            self._former, self._lane = self._lane, None
        if self._former is None:
            return True
        over = await self._former.leave(grace=grace)
        self._former = None
        return over

    async def close(self) -> None:
        """Break off what is under way in the lane, and in the one before it; nothing of them runs any more."""
        for lane in (self._lane, self._former):
            if lane is not None:
                await lane.leave(grace=0.0)

    def wake(self) -> None:
        """Something may be due: look at once, if it is ours."""
        lane = self._at_work()
        if lane is not None:
            lane.wake()

    def waits(self, due: Millis | None, now: Millis) -> None:
        """Something waits, or is claimed (then nothing may be due): look, unless that was seen already."""
        if self._lane is None or (due is not None and due <= now):
            self.wake()

    async def look_again(self, held: LaneState | None) -> None:
        """Another process may have held or released it, of which this was read; raises `StorageUnavailable`."""
        if self._lane is not None:
            await self._lane.look_again(held)
        elif held is not None:
            self.wake()

    async def look_for_ended_causes(self) -> None:
        """Send one ahead of those that are held one by one; raises `StorageUnavailable`."""
        lane = self._at_work()
        if lane is not None:
            await lane.look_for_ended_causes()

    def _at_work(self) -> Lane | None:
        if self._lane is None and self._epoch is not None:
            self._lane = self._make(self.name, self._epoch, self._former)
            self._former = None
            self._lane.start()
        return self._lane
