"""The quota governor of one lane: all quotas of its account at once, corrected by what the CRM's answers say of them.

Our own count is never loosened: it is exact for the calls we make, whatever the CRM says. What an answer says only
tells of others who use the same account.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Final, NamedTuple

from leadbridge.clock import Millis
from leadbridge.crm.adapter import Limits, Quota
from leadbridge.deliver.budget import Budget, DayLeft
from leadbridge.deliver.health import LONGEST_QUIET
from leadbridge.deliver.quota import ALL, MARGIN, Window
from leadbridge.store.claims import CallSpan

LONGEST_TOLD: Final = 3_600.0  # seconds: a longer window in an answer is a mistake
_TRIM: Final = 256  # sends that may be remembered longer than they are needed


class Sent(NamedTuple):
    """One call that is on its way: which of all it is, when it was sent, and how many the day had with it."""

    order: int
    at: float  # monotonic seconds
    day: int


class Governor:
    """Places for the calls of one account. Times are monotonic seconds, given by the caller.

    A call's place is taken, then given back, or `sent`. What was sent is answered, unanswered or withdrawn.
    """

    def __init__(self, quotas: Iterable[Quota | None], *, deadline: float) -> None:
        """Every quota holds for all calls together; None is none. `deadline`: see `Window`."""
        kept = [quota for quota in quotas if quota is not None]
        daily = [quota.daily for quota in kept if quota.daily is not None]
        tightest = {
            length: min(quota.limit for quota in kept if quota.window == length)
            for length in sorted({quota.window for quota in kept})
        }
        self._deadline = deadline
        self._windows = {
            length: Window(Quota(limit=limit, window=length), deadline=deadline) for length, limit in tightest.items()
        }
        self._crm: tuple[float, Window] | None = None  # the CRM's own window, where none of ours is as long
        self._budget = Budget(min(daily), deadline=deadline) if daily else None
        self._pause = 0.0
        self._places = 0  # taken, whether sent or not
        self._about_to_go = 0  # of those, the ones not sent yet
        self._sends: list[float] = []  # when the last calls were sent
        self._order = 0  # of the last call sent
        self._heard = -1  # the newest call whose answer was read

    @property
    def limited(self) -> bool:
        """Whether there is any quota to keep."""
        return bool(self._windows)

    @property
    def memory(self) -> float:
        """Seconds for which a call, sent by whom ever, may count in a window."""
        return max(self._windows, default=0.0) + self._deadline

    @property
    def day_ends(self) -> tuple[float, float] | None:
        """Between when the CRM's day ends, as it said; None when nobody knows, or needs to."""
        return None if self._budget is None else self._budget.end

    def seed(self, spans: Sequence[CallSpan], *, wall: Millis, now: float) -> None:
        """Take the places of earlier calls; see `Window.seed`."""
        for window in self._windows.values():
            window.seed(spans, wall=wall, now=now)
        self._sends = sorted([*self._sends, *(now - max(0.0, (wall - span.started_at) / 1000) for span in spans)])
        self._order += len(spans)

    def marks(self, *, wall: Millis, reset_at: Millis | None) -> tuple[Millis, ...]:
        """Since when `seed_day` wants to know how many calls there were; none without a daily budget."""
        return () if self._budget is None else self._budget.marks(wall=wall, reset_at=reset_at)

    def seed_day(self, calls: Mapping[Millis, int], *, wall: Millis, now: float, reset_at: Millis | None) -> None:
        """Count the earlier calls of the CRM's day."""
        if self._budget is not None:
            self._budget.seed(calls, wall=wall, now=now, reset_at=reset_at)

    def free(self, now: float) -> int:
        """How many calls may be sent now."""
        if now < self._pause:
            return 0
        free = min((window.free(now) for window in self._all()), default=ALL)
        return free if self._budget is None else min(free, self._budget.free(now))

    def wait(self, now: float) -> float | None:
        """Seconds until a place may be free: 0 now, None when only an answer can free one."""
        longest = max(0.0, self._pause - now)
        for window in self._all():
            wait = window.wait(now)
            if wait is None:
                return None
            longest = max(longest, wait)
        return longest if self._budget is None else max(longest, self._budget.wait(now))

    def left(self, now: float) -> DayLeft | None:
        """What is left of the daily budget; None without one."""
        return None if self._budget is None else self._budget.left(now)

    def take(self, places: int = 1) -> None:
        """Occupy places: calls are about to be sent."""
        self._places += places
        self._about_to_go += places
        for part in self._parts():
            part.take(places)

    def give_back(self, places: int = 1) -> None:
        """Free places whose calls were not sent."""
        self._about_to_go -= places
        self._give_back(places)

    def sent(self, now: float) -> Sent:
        """A call whose place is taken goes out now."""
        self._about_to_go -= 1
        self._order += 1
        if self._windows:
            self._remember(now)
        day = 0 if self._budget is None else self._budget.used(now) - self._about_to_go
        return Sent(self._order, now, day)

    def answered(self, now: float, *, sent: Sent, limits: Limits | None = None) -> None:
        """A call was answered now; `limits` is what its answer says of the account."""
        self._places -= 1
        for part in self._parts():
            part.answered(now)
        if limits is not None and self._windows and sent.order > self._heard:
            self._heard = sent.order
            self._correct(limits, now, sent)

    def unanswered(self, now: float, *, sent: Sent) -> None:
        """No answer was seen: the CRM may count the call until the deadline after its send."""
        self._places -= 1
        for part in self._parts():
            part.unanswered(now, sent_at=sent.at)

    def withdrawn(self) -> None:
        """A call that was sent never reached the CRM."""
        self._give_back(1)

    def pause(self, now: float, seconds: float) -> None:
        """Send nothing for a while: the CRM said so, now or before a restart."""
        self._pause = max(self._pause, now + min(seconds, LONGEST_QUIET))

    def quiet_for(self, now: float) -> float:
        """Seconds for which nothing is to be sent."""
        return max(0.0, self._pause - now)

    def _all(self) -> Iterable[Window]:
        return self._windows.values() if self._crm is None else chain(self._windows.values(), (self._crm[1],))

    def _parts(self) -> Iterable[Window | Budget]:
        return self._all() if self._budget is None else chain(self._all(), (self._budget,))

    def _give_back(self, places: int) -> None:
        self._places -= places
        for part in self._parts():
            part.give_back(places)

    def _remember(self, now: float) -> None:
        self._sends.append(now)
        old = bisect_right(self._sends, now - self._reach - 2 * self._deadline)
        if old > _TRIM:
            del self._sends[:old]

    @property
    def _reach(self) -> float:
        return max(*self._windows, 0.0 if self._crm is None else self._crm[0])

    def _correct(self, limits: Limits, now: float, sent: Sent) -> None:
        """Leave room for the calls of others that this answer shows.

        Of ours the CRM had counted, as far as anyone can tell, those that were sent no later: what it says is left does
        not know of the others. It is taken to count a call when it arrives. The newest call's answer is believed; what
        it shows has left one window later.
        """
        if self._budget is not None:
            self._budget.told(limits, now, sent_at=sent.at, used=sent.day)
        if limits.remaining is None:
            return
        length = limits.window or max(self._windows)
        window = self._window(length, now, sent)
        if window is not None:
            window.told(limits.remaining + self._ours(length, sent), until=now + length + MARGIN)

    def _ours(self, length: float, sent: Sent) -> int:
        """How many of our calls the CRM had in its window when that one arrived, it included."""
        before = self._order - len(self._sends)
        return sent.order - before - bisect_right(self._sends, sent.at - length)

    def _window(self, length: float, now: float, sent: Sent) -> Window | None:
        """The window of this length; none of ours may be as long as the one that the CRM speaks of."""
        for known in self._windows:
            if math.isclose(known, length, rel_tol=1e-3):
                return self._windows[known]
        if length > LONGEST_TOLD:
            return None
        if self._crm is None or not math.isclose(self._crm[0], length, rel_tol=1e-3):
            self._crm = (length, self._new_window(length, now, sent))
        return self._crm[1]

    def _new_window(self, length: float, now: float, sent: Sent) -> Window:
        """A window without a limit of its own, with the calls that are or were under way; all were answered by now."""
        window = Window(Quota(limit=ALL, window=length), deadline=self._deadline)
        recent = len(self._sends) - bisect_right(self._sends, sent.at - length)
        answered = max(0, recent - (self._places - self._about_to_go))
        window.take(self._places + answered)
        for _ in range(answered):
            window.answered(now)
        return window
