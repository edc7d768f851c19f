"""The daily budget of one lane: how many calls its CRM has counted since its day began.

Where an answer says when the day ends, calls from before that end stop to count then. Where none has said so, any 24
hours may be the CRM's day, and a call counts for 24 hours. Times are monotonic seconds, given by the caller.
"""

import math
from collections.abc import Mapping
from typing import Final, NamedTuple

from leadbridge.clock import Millis
from leadbridge.crm.adapter import Limits

DAY: Final = 86_400.0  # seconds
GRAIN: Final = 60.0  # seconds whose calls are counted together: 1,440 numbers instead of 200,000 times
SLACK: Final = 1.0  # seconds: the CRM says the end of its day in whole ones
_HOUR: Final = 3_600_000  # milliseconds: how finely calls of an earlier process are told apart


class DayLeft(NamedTuple):
    """What is left of a daily budget; `spent_for` is seconds until there is some again, 0 while there is."""

    limit: int
    left: int
    spent_for: float


class End(NamedTuple):
    """The end of the CRM's day lies between these times."""

    earliest: float
    latest: float


class Budget:
    """Places for the calls of a day."""

    def __init__(self, limit: int, *, deadline: float) -> None:
        """`deadline` is how long an unanswered call may still reach the CRM, in seconds from its send."""
        self._limit = limit
        self._deadline = deadline
        self._unanswered = 0
        self._counted: dict[int, int] = {}  # by the grain in which the CRM had counted them at the latest
        self._sum = 0
        self._first: float = -math.inf  # the oldest grain that still counts
        self._begun = -math.inf  # nothing before it is of the CRM's day
        self._end: End | None = None
        self._room = limit
        self._room_until = -math.inf

    @property
    def end(self) -> End | None:
        """When the CRM's day ends, as it said last; None when it did not, or when that has passed."""
        return self._end

    def marks(self, *, wall: Millis, reset_at: Millis | None) -> tuple[Millis, ...]:
        """Since when to count the calls of earlier processes, for `seed`; `reset_at` is the stored end of the day.

        A call that was answered, or sent in vain, a little before the day seemed to begin may be of this day: the
        stored end may be late, and what got no answer may be counted after its send. Calls later than now tell of a
        clock that was set back.
        """
        day, early = int(DAY * 1000), self._blur + int(self._deadline * 1000)
        if reset_at is not None and reset_at > wall:
            return (min(reset_at, wall + day) - day - early, wall)
        begun = wall - day - early if reset_at is None else max(wall - day, reset_at) - early
        return tuple(range(begun, wall + 1, _HOUR))

    def seed(self, calls: Mapping[Millis, int], *, wall: Millis, now: float, reset_at: Millis | None) -> None:
        """Count the calls of earlier processes: how many since each of the `marks`."""
        since = sorted(calls)
        set_back = calls[since[-1]] > 0  # then the stored end may have passed, by the clock of before
        if reset_at is not None and reset_at > wall and not set_back:
            latest = now + min((reset_at - wall) / 1000, DAY)
            self._end = End(latest - self._blur / 1000, latest)
        for mark, later in zip(since, [*since[1:], None], strict=True):
            many = calls[mark] - (0 if later is None else calls[later])
            ago = 0.0 if later is None else max(0.0, (wall - later) / 1000)
            self._count(max(0, many), by=now - ago)

    def used(self, now: float) -> int:
        """How many calls the CRM may count in its present day, with those under way and about to be sent."""
        self._let_go(now)
        return self._unanswered + self._sum

    def free(self, now: float) -> int:
        """How many calls may be sent now."""
        limit = min(self._limit, self._room) if now < self._room_until else self._limit
        return max(0, limit - self.used(now))

    def wait(self, now: float) -> float:
        """Seconds until there may be a place: 0 now."""
        if self.free(now) > 0:
            return 0.0
        ends = [now + DAY]
        if self._end is not None:
            ends.append(self._end.latest)
        if now < self._room_until:
            ends.append(self._room_until)
        if self._counted:
            ends.append((min(self._counted) + 1) * GRAIN + DAY)
        return max(0.001, min(ends) - now)

    def left(self, now: float) -> DayLeft:
        """What is left of the day's calls at a monotonic time, and for how many seconds there is none."""
        return DayLeft(limit=self._limit, left=self.free(now), spent_for=self.wait(now))

    def take(self, places: int = 1) -> None:
        """Occupy places: calls are about to be sent."""
        self._unanswered += places

    def give_back(self, places: int = 1) -> None:
        """Free places whose calls were never sent."""
        self._unanswered -= places

    def answered(self, now: float) -> None:
        """A call was answered now: the CRM has counted it by now."""
        self._unanswered -= 1
        self._count(1, by=now)

    def unanswered(self, now: float, *, sent_at: float) -> None:
        """No answer was seen: the CRM may count the call until the deadline after its send."""
        self._unanswered -= 1
        self._count(1, by=max(now, sent_at + self._deadline))

    def told(self, limits: Limits, now: float, *, sent_at: float, used: int) -> None:
        """What the CRM says in the answer of a call before whose send, it included, `used` calls were made."""
        if limits.daily_reset is not None:
            self._ends_within(
                End(sent_at + limits.daily_reset - SLACK, now + limits.daily_reset + SLACK), sent_at=sent_at
            )
        if limits.daily_remaining is not None:
            self._room = used + limits.daily_remaining
            self._room_until = now + DAY if self._end is None else self._end.latest

    @property
    def _blur(self) -> int:
        """Milliseconds by which the stored end of a day may be too late."""
        return int((self._deadline + 2 * SLACK) * 1000)

    def _ends_within(self, said: End, *, sent_at: float) -> None:
        known = self._end
        if known is None:
            self._end = said
        elif said.earliest <= known.latest and known.earliest <= said.latest:
            self._end = End(max(said.earliest, known.earliest), min(said.latest, known.latest))
        else:
            if known.earliest <= sent_at and known.latest < said.earliest:  # another day has begun meanwhile
                self._begun = max(self._begun, known.earliest)
            self._end = said

    def _count(self, calls: int, *, by: float) -> None:
        grain = math.floor(by / GRAIN)
        if calls and grain >= self._first:
            self._counted[grain] = self._counted.get(grain, 0) + calls
            self._sum += calls

    def _let_go(self, now: float) -> None:
        if self._end is not None and now >= self._end.latest:
            self._begun, self._end = max(self._begun, self._end.earliest), None
        first = math.floor(max(self._begun, now - DAY) / GRAIN)
        if first <= self._first:
            return
        self._first = first
        for grain in [grain for grain in self._counted if grain < first]:
            self._sum -= self._counted.pop(grain)
