"""What is due in a lane: read ahead, and claimed in the order of its urgency."""

from collections import deque
from collections.abc import Callable
from typing import Final

from leadbridge.clock import Clock
from leadbridge.deliver.preparing import Prepared, Settled
from leadbridge.deliver.turns import Urgency, order_of
from leadbridge.store.base import Store
from leadbridge.store.values import DueDelivery

READ_AHEAD: Final = 64  # due deliveries of each urgency read at once
BELIEVED: Final = 1.0  # seconds what was read ahead is taken for what is on disk; a claim looks again in any case


class LineUp:
    """The due deliveries of one lane that are at hand."""

    def __init__(
        self, lane: str, *, store: Store, clock: Clock, prepare: Callable[[DueDelivery], Prepared | Settled]
    ) -> None:
        self._lane = lane
        self._store = store
        self._clock = clock
        self._prepare = prepare
        self._ahead: dict[Urgency, deque[DueDelivery]] = {"live": deque(), "retry": deque(), "replay": deque()}
        self._read_at = 0.0  # monotonic seconds
        self._more = False  # more may be due than was read
        self._turn = 0
        self._arrived = False  # something may have come in since the last look

    @property
    def waits(self) -> bool:
        """Whether something is at hand."""
        return any(self._ahead.values())

    @property
    def has_more(self) -> bool:
        """Whether something may be due that was not claimed yet."""
        return self._more or any(self._ahead.values())

    def arrived(self) -> None:
        """Something may have come in: it does not wait behind what is less urgent."""
        self._arrived = True

    def forget(self) -> None:
        """What is at hand is not what is on disk any more."""
        for waiting in self._ahead.values():
            waiting.clear()
        self._more = True

    async def read(self, limit: int) -> None:
        """Have something to claim at hand, the most urgent of it."""
        now = self._clock.monotonic()
        overtaken = self._arrived and not self._ahead["live"]
        if self.waits and not overtaken and now - self._read_at < BELIEVED:
            return
        self._arrived = False
        due = await self._store.due(self._lane, limit=limit, now=self._clock.now())
        self._ahead = {"live": deque(due.live), "retry": deque(due.retry), "replay": deque(due.replay)}
        self._read_at = now
        self._more = limit in (len(due.live), len(due.retry), len(due.replay))

    def next_ones(self, room: int, *, free_hands: int) -> list[Prepared | Settled]:
        """What to claim now, in its order, each with its first step.

        A call that must not be repeated is claimed only for a free hand: a crash in between makes its outcome unknown.
        """
        chosen: list[Prepared | Settled] = []
        while len(chosen) < room:
            waiting = next((line for urgency in order_of(self._turn) if (line := self._ahead[urgency])), None)
            if waiting is None:
                break
            ready = self._prepare(waiting[0])
            call = ready.first_call
            if call is not None and not call.safe_to_repeat and len(chosen) >= free_hands:
                break
            waiting.popleft()
            self._turn += 1
            chosen.append(ready)
        return chosen
