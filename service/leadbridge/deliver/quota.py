"""An exact rolling window over the calls that this process made, and that were made before it started.

A call occupies its place from its send until one window after its answer, because the CRM counts it somewhere in
between. Counted from the send alone, a slow call would let a burst through; a token bucket overshoots twofold.
"""

import math
from bisect import insort
from collections import deque
from collections.abc import Sequence
from typing import Final

from leadbridge.clock import Millis
from leadbridge.crm.adapter import Quota
from leadbridge.store.claims import CallSpan

MARGIN: Final = 0.005  # seconds: two clocks never tick alike
ALL: Final = 1_000_000  # places when there is no quota


class Window:
    """Places for calls. Times are monotonic seconds, given by the caller."""

    def __init__(self, quota: Quota | None, *, deadline: float) -> None:
        """`deadline` is how long an unanswered call may still reach the CRM, in seconds from its send."""
        self._quota = quota
        self._deadline = deadline
        self._unanswered = 0
        self._taken_until: deque[float] = deque()  # ascending
        self._room = ALL
        self._room_until = 0.0

    def seed(self, spans: Sequence[CallSpan], *, wall: Millis, now: float) -> None:
        """Take the places that earlier calls, also of a process that was killed, still occupy.

        A call that seems to be answered in the future (the wall clock was set back) counts as answered now.
        """
        if self._quota is None:
            return
        until = []
        for span in spans:
            end = span.answered_at if span.answered_at is not None else span.started_at + int(self._deadline * 1000)
            ago = max(0.0, (wall - end) / 1000) if span.answered_at is not None else (wall - end) / 1000
            until.append(now - max(ago, -self._deadline) + self._quota.window + MARGIN)
        self._taken_until = deque(sorted([*self._taken_until, *until]))

    def free(self, now: float) -> int:
        """How many calls may be sent now."""
        if self._quota is None:
            return ALL
        while self._taken_until and self._taken_until[0] <= now:
            self._taken_until.popleft()
        limit = min(self._quota.limit, self._room) if now < self._room_until else self._quota.limit
        return max(0, limit - self._unanswered - len(self._taken_until))

    def wait(self, now: float) -> float | None:
        """Seconds until a place is free, if no more calls are made: 0 now, None when only an answer can free one."""
        if self.free(now) > 0:
            return 0.0
        limit = ALL if self._quota is None else self._quota.limit
        when = self._frees(limit)
        if now < self._room_until:
            when = None if when is None else max(when, self._room_until)
            sooner = self._frees(min(limit, self._room))
            when = sooner if when is None or (sooner is not None and sooner < when) else when
        return None if when is None else when - now

    def take(self, places: int = 1) -> None:
        """Occupy places: calls are about to be sent."""
        self._unanswered += places

    def give_back(self, places: int = 1) -> None:
        """Free places whose calls were never sent."""
        self._unanswered -= places

    def answered(self, now: float) -> None:
        """The call was answered now: its place is free one window later."""
        self._unanswered -= 1
        self._occupy_until(now)

    def unanswered(self, now: float, *, sent_at: float) -> None:
        """No answer was seen: the CRM may count the call until the deadline after its send."""
        self._unanswered -= 1
        self._occupy_until(max(now, sent_at + self._deadline))

    def told(self, room: int, *, until: float) -> None:
        """The CRM says that no more than `room` of our calls fit beside those of others, until these have left."""
        self._room, self._room_until = room, until

    def _frees(self, limit: int) -> float | None:
        """When so many places have been left that one of `limit` is free; None when answers must come first."""
        leave = self._unanswered + len(self._taken_until) - limit  # so many, and one more
        if leave < 0:
            return -math.inf
        return self._taken_until[leave] if leave < len(self._taken_until) else None

    def _occupy_until(self, counted_by: float) -> None:
        if self._quota is None:
            return
        until = counted_by + self._quota.window + MARGIN
        if self._taken_until and until < self._taken_until[-1]:
            insort(self._taken_until, until)
        else:
            self._taken_until.append(until)
