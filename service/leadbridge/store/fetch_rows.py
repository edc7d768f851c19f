"""What may be fetched now, in statements that every engine understands; values are `?1`, `?2` and so on."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple
from zlib import crc32

from leadbridge.clock import Millis
from leadbridge.store.fetching import FetchBacklog, FetchPause, FetchQuota

# Longer than anything waits, or pauses, by itself: an hour, whatever a vendor asks for. What is farther ahead a clock
# left there that was set back meanwhile.
LONGEST: Final = 2 * 3_600_000  # ms
STRAYED: Final = "UPDATE fetches SET due_at = ?2 WHERE source = ?1 AND due_at > ?3"
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

PARTS: Final = (
    4  # of a quota, and of each claim: one is for what is tried again, one for what comes, whoever else waits
)


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


class Line(NamedTuple):
    """What may be taken, in the order in which it is, and how much of it as what just came."""

    due: Sequence[Due]
    came: int
    more_came: bool
    more_again: bool

    @property
    def more(self) -> bool:
        """Whether something that is due was left out."""
        return self.more_came or self.more_again

    def but(self, taken: int) -> "Line":
        """The same where only the first of them were taken."""
        left_out = taken < len(self.due)
        return self._replace(
            due=self.due[:taken],
            came=min(self.came, taken),
            more_came=self.more_came or taken < self.came,
            more_again=self.more_again or left_out,
        )

    def room_for_more(self, room: "Room") -> "Room":
        """What is left of the room for what may be taken next."""
        left = room.without(len(self.due))
        return left if self.more_came else left.again


def line_of(
    came: Sequence[Sequence[Any]], again: Sequence[Sequence[Any]], room: "Room", *, limit: int, pause: FetchPause | None
) -> Line:
    """Three parts of what just came and one of what is tried again: neither waits for all of the other.

    After a pause it is a single one, of either line in turn: what was tried before may be what cannot be fetched.
    """
    fresh, tried = [Due._make(one) for one in came], [Due._make(one) for one in again]
    most = min(limit if pause is None else 1, room.submissions)
    most_again = min(most, room.again.submissions)
    if pause is not None:
        its = int(not fresh or (bool(tried) and pause.times % 2 == 0))
    else:
        its = (most + _lot(fresh, tried)) // PARTS
    its = min(its, most_again, len(tried))
    its = min(most_again, len(tried), max(its, most - len(fresh)))
    taken = fresh[: most - its]
    return Line(
        due=[*taken, *tried[:its]],
        came=len(taken),
        more_came=len(fresh) > len(taken),
        more_again=len(tried) > its,
    )


def _lot(fresh: Sequence[Due], tried: Sequence[Due]) -> int:
    """Who goes first where there is room for less than one of each part: another one when either line moves on."""
    if not fresh or not tried:
        return 0
    return crc32(f"{fresh[0].submission_id} {tried[0].submission_id} {tried[0].place}".encode()) % PARTS


def paused_at(pause: FetchPause | None, now: Millis) -> FetchPause | None:
    """A pause as it counts: over, where only a clock that was set back can have put its end so far ahead."""
    return replace(pause, until=now) if pause is not None and pause.until > now + LONGEST else pause


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

    @property
    def again(self) -> "Room":
        """What of it is for submissions that are tried again: the last part is left for what comes."""
        kept = min(self.quota.limit // PARTS, self.quota.limit - self.calls_each)
        return self._replace(quota=replace(self.quota, limit=self.quota.limit - max(0, kept)))

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
