"""What is to be fetched, and what was: claimed and stored in the transaction that is open."""

from collections.abc import Sequence, Set
from dataclasses import replace
from typing import Final

import apsw

from leadbridge.clock import Millis
from leadbridge.store import fetch_rows
from leadbridge.store.fetch_rows import (
    AHEAD,
    COUNT,
    LONGEST,
    NEXT,
    OCCUPIED,
    OVER,
    PAUSE,
    PAUSES,
    RESUME,
    ROOM_AT,
    SET_PAUSE,
    STRAYED,
    UNRESERVE,
    WAITS,
    Line,
    Room,
    backlogs_of,
    farthest,
    line_of,
    paused_at,
)
from leadbridge.store.fetching import ClaimedFetches, DueFetch, FetchBacklog, FetchEnd, FetchPause, FetchQuota
from leadbridge.store.sqlite import accepting
from leadbridge.store.sqlite.connection import row, rows

CAME: Final = fetch_rows.CAME.format(submission="submissions")
BACKLOGS: Final = fetch_rows.BACKLOGS.format(submission="submissions")
AGAIN: Final = fetch_rows.AGAIN.format(submission="submissions")
_TAKE: Final = "UPDATE fetches SET due_at = ?2 WHERE submission_id = ?1"
_SETTLE: Final = """
    UPDATE submissions SET state = ?2, reason = ?3, updated_at = ?4
    WHERE id = ?1 AND state = 'awaiting_fetch' RETURNING id"""
_FETCHED: Final = "UPDATE fetches SET due_at = ?2, tries = tries + ?3, documents = ?4 WHERE submission_id = ?1"


def claim(
    connection: apsw.Connection,
    source: str,
    *,
    quota: FetchQuota,
    calls_each: int,
    limit: int,
    now: Millis,
    until: Millis,
) -> ClaimedFetches:
    """Take what is due, as far as the quota and a pause let it."""
    pause = paused_at(_pause(connection, source), now)
    if pause is not None and pause.until > now:
        return ClaimedFetches(next_at=pause.until if row(connection, WAITS, (source,)) else None, pause=pause)
    connection.execute(STRAYED, (source, now, now + LONGEST))
    room = Room(quota, calls_each, _occupied(connection, source, quota, now, until))
    came, again = rows(connection, CAME, (source, limit + 1)), rows(connection, AGAIN, (source, limit + 1, now))
    line = line_of(came, again, room, limit=limit, pause=pause)
    taken = accepting.with_requests(connection, [one.row for one in line.due])
    for one in taken:
        connection.execute(_TAKE, (one.submission_id, until))
        connection.execute(COUNT, (source, one.submission_id, until, calls_each))
    if pause is not None and taken:
        pause = replace(pause, until=until)
        _set_pause(connection, source, pause.one_more())
    return ClaimedFetches(
        due=tuple(DueFetch(waiting=one, tries=found.tries) for found, one in zip(line.due, taken, strict=False)),
        next_at=_next_at(connection, source, room, line.but(len(taken)), now=now)
        if pause is None or not taken
        else until,
        pause=pause,
    )


def store(
    connection: apsw.Connection,
    source: str,
    ends: Sequence[FetchEnd],
    *,
    now: Millis,
    pause: FetchPause | None,
    resume: bool,
) -> Set[str]:
    """Give submissions their documents, another try or their failure, and the source its pause."""
    settled: set[str] = set()
    for end in ends:
        connection.execute(UNRESERVE, (source, end.submission_id))
        if end.calls:
            connection.execute(COUNT, (source, "", end.answered_at, end.calls))
        if row(connection, _SETTLE, (end.submission_id, end.state, end.reason, now)) is not None:
            settled.add(end.submission_id)
            connection.execute(_FETCHED, (end.submission_id, end.due_at, end.counts, end.documents))
            if end.state == "failed":
                accepting.come_to_nothing(connection, [end.submission_id])
    if pause is not None:
        _set_pause(connection, source, pause)
    elif resume:
        connection.execute(RESUME, (source,))
    return settled


def backlogs(connection: apsw.Connection) -> tuple[FetchBacklog, ...]:
    """What waits for each source, and what pauses; in one read transaction."""
    with connection:
        waiting, pauses = rows(connection, BACKLOGS), rows(connection, PAUSES)
    return backlogs_of(waiting, pauses)


def _pause(connection: apsw.Connection, source: str) -> FetchPause | None:
    found = row(connection, PAUSE, (source,))
    return None if found is None else FetchPause(until=found[0], reason=found[1], times=found[2])


def _set_pause(connection: apsw.Connection, source: str, pause: FetchPause) -> None:
    connection.execute(SET_PAUSE, (source, pause.until, pause.reason, pause.times))


def _occupied(connection: apsw.Connection, source: str, quota: FetchQuota, now: Millis, until: Millis) -> int:
    """How many calls count in the window that ends now; the others are forgotten."""
    connection.execute(OVER, (source, now - quota.window))
    ahead = sum(calls for (calls,) in rows(connection, AHEAD, (source, farthest(now, until))))
    if ahead:
        connection.execute(COUNT, (source, "", until, ahead))
    [(occupied,)] = rows(connection, OCCUPIED, (source,))
    return int(occupied)


def _next_at(connection: apsw.Connection, source: str, room: Room, line: Line, *, now: Millis) -> Millis | None:
    """When it is worth to ask again."""
    due_at = now if line.more else rows(connection, NEXT, (source, now))[0][0]
    room = line.room_for_more(room)
    if due_at is None or room.submissions:
        return due_at
    room_at = row(connection, ROOM_AT, (source, now, room.quota.window, room.missing))
    return None if room_at is None else max(due_at, room_at[0])
