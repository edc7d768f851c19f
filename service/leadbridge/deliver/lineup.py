"""What is due in a lane: read ahead, and claimed in the order of its urgency."""

from collections import deque
from collections.abc import Callable, Collection
from typing import Final

from leadbridge.clock import Clock
from leadbridge.deliver.preparing import Prepared, Settled
from leadbridge.deliver.turns import Urgency, order_of
from leadbridge.store.base import Store
from leadbridge.store.claims import DueDelivery

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
        self._put_off = False

    @property
    def waits(self) -> bool:
        """Whether something is at hand."""
        return any(self._ahead.values())

    @property
    def has_more(self) -> bool:
        """Whether something may be due that was not claimed yet."""
        return self._more or any(self._ahead.values())

    @property
    def put_off(self) -> bool:
        """Whether something was left where it is, for the sake of what is under way."""
        return self._put_off

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

    def next_ones(self, room: int, *, free_hands: int, busy: Collection[str] = ()) -> list[Prepared | Settled]:
        """What to claim now, in its order, each with its first step.

        Two that have no key in common may still be known to lead to one record: what may write to one of the `busy`
        ones is left for later, so that its place in the order of events is known when it goes.

        A call that must not be repeated is claimed only for a free hand: a crash in between makes its outcome unknown.
        """
        chosen: list[Prepared | Settled] = []
        taken, self._put_off = set(busy), False
        while len(chosen) < room:
            waiting = next((line for urgency in order_of(self._turn) if (line := self._ahead[urgency])), None)
            if waiting is None:
                break
            if not taken.isdisjoint(waiting[0].records):
                waiting.popleft()
                self._put_off = True
                continue
            ready = self._prepare(waiting[0])
            call = ready.first_call
            if call is not None and not call.safe_to_repeat and len(chosen) >= free_hands:
                break
            waiting.popleft()
            self._turn += 1
            chosen.append(ready)
            taken |= ready.delivery.records
        return chosen
