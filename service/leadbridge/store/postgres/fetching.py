"""What is to be fetched, and what was: claimed and stored in the transaction that is open, one at a time per source."""

from collections.abc import Sequence, Set
from dataclasses import replace
from typing import Final
from zlib import crc32

from leadbridge.clock import Millis
from leadbridge.store import fetch_rows
from leadbridge.store.fetch_rows import LONGEST, PAUSES, Line, Room, backlogs_of, farthest, line_of, paused_at
from leadbridge.store.fetching import ClaimedFetches, DueFetch, FetchBacklog, FetchEnd, FetchPause, FetchQuota
from leadbridge.store.postgres import accepting, waiting
from leadbridge.store.postgres.accepting import TAKEN_FOR, ends
from leadbridge.store.postgres.connection import Connection, columns, numbered, storable

# A statement of its own: those that follow see all that was committed before the lock was had.
_LOCK: Final = "SELECT pg_advisory_xact_lock(7854, $1)"
AHEAD: Final = numbered(fetch_rows.AHEAD)
STRAYED: Final = numbered(fetch_rows.STRAYED)
OVER: Final = numbered(fetch_rows.OVER)
OCCUPIED: Final = numbered(fetch_rows.OCCUPIED)
ROOM_AT: Final = numbered(fetch_rows.ROOM_AT)
_SUBMISSION: Final = "LATERAL (SELECT * FROM submissions WHERE id = f.submission_id OFFSET 0)"
CAME: Final = numbered(fetch_rows.CAME.format(submission=_SUBMISSION))
BACKLOGS: Final = fetch_rows.BACKLOGS.format(submission=_SUBMISSION)
AGAIN: Final = numbered(fetch_rows.AGAIN.format(submission=_SUBMISSION))
NEXT: Final = numbered(fetch_rows.NEXT)
WAITS: Final = numbered(fetch_rows.WAITS)
_COUNT: Final = numbered(fetch_rows.COUNT)
_UNRESERVE: Final = numbered(fetch_rows.UNRESERVE)
_PAUSE: Final = numbered(fetch_rows.PAUSE)
_SET_PAUSE: Final = numbered(fetch_rows.SET_PAUSE)
_RESUME: Final = numbered(fetch_rows.RESUME)
TAKE: Final = """
    WITH taken AS (
        UPDATE fetches SET due_at = $3 WHERE submission_id = ANY($1::text[])
    )
    INSERT INTO fetch_calls (source, submission_id, at, calls)
    SELECT $2, id, $3, $4 FROM unnest($1::text[]) AS u (id)
    ON CONFLICT (source, submission_id, at) DO UPDATE SET calls = fetch_calls.calls + excluded.calls"""
# A process that stored what it fetched maps it as well, unless it is gone.
SETTLE: Final = """
    WITH settled AS (
        UPDATE submissions SET state = e.state, reason = e.reason, updated_at = $6, taken_by = $9,
            taken_until = clock_timestamp() + make_interval(secs => $10)
        FROM unnest($1::text[], $2::text[], $3::text[]) AS e (id, state, reason)
        WHERE submissions.id = ANY($1) AND submissions.id = e.id AND submissions.id BETWEEN $7 AND $8
            AND submissions.state = 'awaiting_fetch'
        RETURNING submissions.id
    ), fetched AS (
        UPDATE fetches SET due_at = e.due_at, tries = tries + e.counts, documents = e.documents
        FROM settled JOIN unnest($1::text[], $4::bigint[], $5::integer[], $11::text[])
            AS e (id, due_at, counts, documents) ON e.id = settled.id
        WHERE fetches.submission_id = settled.id
    )
    SELECT id FROM settled"""


async def claim(
    connection: Connection,
    source: str,
    *,
    quota: FetchQuota,
    calls_each: int,
    limit: int,
    now: Millis,
    until: Millis,
) -> ClaimedFetches:
    """Take what is due, as far as the quota and a pause let it."""
    await _lock(connection, source)
    pause = paused_at(await _pause(connection, source), now)
    if pause is not None and pause.until > now:
        waits = await connection.fetchval(WAITS, source)
        return ClaimedFetches(next_at=pause.until if waits else None, pause=pause)
    await connection.execute(STRAYED, source, now, now + LONGEST)
    room = Room(quota, calls_each, await _occupied(connection, source, quota, now, until))
    came, again = await connection.fetch(CAME, source, limit + 1), await connection.fetch(AGAIN, source, limit + 1, now)
    line = line_of(came, again, room, limit=limit, pause=pause)
    taken = await waiting.with_requests(connection, [one.row for one in line.due])
    if taken:
        await connection.execute(TAKE, [one.submission_id for one in taken], source, until, calls_each)
    next_at: Millis | None = until
    if pause is None or not taken:
        next_at = await _next_at(connection, source, room, line.but(len(taken)), now=now)
    else:
        pause = replace(pause, until=until)
        await _set_pause(connection, source, pause.one_more())
    return ClaimedFetches(
        due=tuple(DueFetch(waiting=one, tries=found.tries) for found, one in zip(line.due, taken, strict=False)),
        next_at=next_at,
        pause=pause,
    )


async def store(
    connection: Connection,
    source: str,
    how: Sequence[FetchEnd],
    *,
    now: Millis,
    pause: FetchPause | None,
    resume: bool,
    by: str,
) -> Set[str]:
    """Give submissions their documents, another try or their failure, and the source its pause."""
    await _lock(connection, source)
    settled: set[str] = set()
    if how:
        await connection.executemany(_UNRESERVE, [(source, end.submission_id) for end in how])
        made = [(source, "", end.answered_at, end.calls) for end in how if end.calls]
        await connection.executemany(_COUNT, made)
        rows = [(end.submission_id, end.state, end.reason, end.due_at, int(end.counts), end.documents) for end in how]
        ids, states, reasons, due_at, counts, documents = columns(rows, 6)
        values = ids, states, reasons, due_at, counts, now, *ends(ids), by, TAKEN_FOR, documents
        settled = {name for (name,) in await connection.fetch(SETTLE, *values)}
        failed = [end.submission_id for end in how if end.state == "failed" and end.submission_id in settled]
        await accepting.come_to_nothing(connection, failed)
    if pause is not None:
        await _set_pause(connection, source, pause)
    elif resume:
        await connection.execute(_RESUME, source)
    return settled


async def backlogs(connection: Connection) -> tuple[FetchBacklog, ...]:
    """What waits for each source, and what pauses."""
    return backlogs_of(await connection.fetch(BACKLOGS), await connection.fetch(PAUSES))


async def _lock(connection: Connection, source: str) -> None:
    await connection.execute(_LOCK, crc32(source.encode()) - 2**31)


async def _pause(connection: Connection, source: str) -> FetchPause | None:
    found = await connection.fetchrow(_PAUSE, source)
    return None if found is None else FetchPause(until=found[0], reason=found[1], times=found[2])


async def _set_pause(connection: Connection, source: str, pause: FetchPause) -> None:
    await connection.execute(_SET_PAUSE, source, pause.until, storable(pause.reason), pause.times)


async def _occupied(connection: Connection, source: str, quota: FetchQuota, now: Millis, until: Millis) -> int:
    """How many calls count in the window that ends now; the others are forgotten."""
    await connection.execute(OVER, source, now - quota.window)
    ahead = sum(calls for (calls,) in await connection.fetch(AHEAD, source, farthest(now, until)))
    if ahead:
        await connection.execute(_COUNT, source, "", until, ahead)
    return int(await connection.fetchval(OCCUPIED, source))


async def _next_at(connection: Connection, source: str, room: Room, line: Line, *, now: Millis) -> Millis | None:
    """When it is worth to ask again."""
    due_at: Millis | None = now if line.more else await connection.fetchval(NEXT, source, now)
    room = line.room_for_more(room)
    if due_at is None or room.submissions:
        return due_at
    room_at: Millis | None = await connection.fetchval(ROOM_AT, source, now, room.quota.window, room.missing)
    return None if room_at is None else max(due_at, room_at)
