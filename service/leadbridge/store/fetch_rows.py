"""What may be fetched now, in statements that every engine understands; values are `?1`, `?2` and so on."""

from collections.abc import Iterable, Sequence
from heapq import merge
from itertools import islice
from typing import Any, Final, NamedTuple

from leadbridge.clock import Millis
from leadbridge.store.fetching import FetchBacklog, FetchPause, FetchQuota

# Of calls that count from far ahead only a clock that was set back can be the cause: they count from the end of this
# lease. Which of them were reserved is forgotten: their ends count once more, never less.
AHEAD: Final = "DELETE FROM fetch_calls WHERE source = ?1 AND at > ?2 RETURNING calls"
OVER: Final = "DELETE FROM fetch_calls WHERE source = ?1 AND at <= ?2"
OCCUPIED: Final = "SELECT CAST(coalesce(sum(calls), 0) AS bigint) FROM fetch_calls WHERE source = ?1"
# When so many of them may have left the window: those that are reserved as soon as their lease is over, at the latest.
ROOM_AT: Final = """
    SELECT gone_at
    FROM (SELECT gone_at, sum(calls) OVER (ORDER BY gone_at, submission_id) AS gone
          FROM (SELECT CASE WHEN at > ?2 THEN at ELSE at + ?3 END AS gone_at, submission_id, calls FROM fetch_calls
                WHERE source = ?1) AS each) AS all_before
    WHERE gone >= ?4 ORDER BY gone_at LIMIT 1"""
COUNT: Final = """
    INSERT INTO fetch_calls (source, submission_id, at, calls) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (source, submission_id, at) DO UPDATE SET calls = fetch_calls.calls + excluded.calls"""
# Of two processes that fetched the same, because a lease ran out, each takes back one: the later one counts longer.
UNRESERVE: Final = """
    DELETE FROM fetch_calls WHERE source = ?1 AND submission_id = ?2 AND at = (
        SELECT min(at) FROM fetch_calls WHERE source = ?1 AND submission_id = ?2)"""
# Each with its submission, in words of the engine that keep it from looking for them among all submissions.
CAME: Final = """
    SELECT s.id, s.request_id, s.item, s.trace_id, f.tries, s.received_at
    FROM (SELECT submission_id, tries FROM fetches WHERE source = ?1 AND due_at = 0
          ORDER BY submission_id LIMIT ?2) AS f JOIN {submission} AS s ON s.id = f.submission_id
    ORDER BY f.submission_id"""
AGAIN: Final = """
    SELECT s.id, s.request_id, s.item, s.trace_id, f.tries, f.due_at
    FROM (SELECT submission_id, tries, due_at FROM fetches WHERE source = ?1 AND due_at BETWEEN 1 AND ?3
          ORDER BY due_at, submission_id LIMIT ?2) AS f JOIN {submission} AS s ON s.id = f.submission_id
    ORDER BY f.due_at, f.submission_id"""
WAITS: Final = "SELECT 1 FROM fetches WHERE source = ?1 AND due_at IS NOT NULL LIMIT 1"
NEXT: Final = "SELECT min(due_at) FROM fetches WHERE source = ?1 AND due_at > ?2"
PAUSE: Final = "SELECT until, reason, times FROM fetch_pauses WHERE source = ?1"
PAUSES: Final = "SELECT source, until, reason, times FROM fetch_pauses"
SET_PAUSE: Final = """
    INSERT INTO fetch_pauses (source, until, reason, times) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (source) DO UPDATE SET until = excluded.until, reason = excluded.reason, times = excluded.times"""
RESUME: Final = "DELETE FROM fetch_pauses WHERE source = ?1"
BACKLOGS: Final = """
    SELECT f.source, f.waiting, s.received_at
    FROM (SELECT source, count(*) AS waiting, min(submission_id) AS submission_id FROM fetches
          WHERE due_at IS NOT NULL GROUP BY source) AS f JOIN {submission} AS s ON s.id = f.submission_id"""


class Due(NamedTuple):
    """A submission that may be taken; its place is when it arrived, or came to be due again."""

    submission_id: str
    request_id: str
    item: int
    trace_id: str
    tries: int
    place: Millis

    @property
    def row(self) -> Sequence[Any]:
        """As a submission is read to be mapped: of this one there are no documents."""
        return *self[:4], None


def longest_due(came: Iterable[Sequence[Any]], again: Iterable[Sequence[Any]], *, most: int) -> list[Due]:
    """What came in and what is tried again, in one line: neither waits for all of the other."""
    lines = ([Due._make(one) for one in line] for line in (came, again))
    return list(islice(merge(*lines, key=lambda one: one.place), most))


def farthest(now: Millis, until: Millis) -> Millis:
    """The end of the longest lease that another process may have now, whatever its clock is ahead."""
    return until + (until - now)


class Room(NamedTuple):
    """How much of a quota is left."""

    quota: FetchQuota
    calls_each: int
    occupied: int

    @property
    def submissions(self) -> int:
        """For how many submissions there is room."""
        return max(0, self.quota.limit - self.occupied) // self.calls_each

    @property
    def missing(self) -> int:
        """How many calls must leave the window until there is room for one more submission."""
        return self.occupied + self.calls_each - self.quota.limit

    def without(self, submissions: int) -> "Room":
        """What is left when as many are taken."""
        return self._replace(occupied=self.occupied + submissions * self.calls_each)


def backlogs_of(waiting: Iterable[Sequence[Any]], pauses: Iterable[Sequence[Any]]) -> tuple[FetchBacklog, ...]:
    """The sources of which something waits, or that pause, by their names."""
    paused = {source: FetchPause(until=until, reason=reason, times=times) for source, until, reason, times in pauses}
    found = {
        source: FetchBacklog(source=source, waiting=count, oldest=oldest, pause=paused.get(source))
        for source, count, oldest in waiting
    }
    idle = {
        source: FetchBacklog(source=source, waiting=0, oldest=None, pause=pause) for source, pause in paused.items()
    }
    return tuple(one for _, one in sorted((idle | found).items()))
