"""What is finished and old is taken out, some rows at a time; what is left without a use goes with its partition."""

from typing import Final

from leadbridge.clock import Millis
from leadbridge.ids import first_id
from leadbridge.store.postgres.accepting import changed, ends
from leadbridge.store.postgres.connection import Connection, columns, numbered
from leadbridge.store.postgres.partitions import BUSY, Partition, Table, drop, partitions_of, within
from leadbridge.store.retaining import CHUNK, DELIVERIES, FINISHED, MARKS, Fold, Pruned, PruneFrom, folded, leaving

ALONE: Final = "SELECT pg_try_advisory_xact_lock(7853, 1)"
NEXT: Final = numbered(CHUNK)
LOCK_SUBMISSIONS: Final = f"""
    SELECT id, source, state FROM submissions
    WHERE id = ANY($1::text[]) AND id BETWEEN $2 AND $3 AND {FINISHED} AND updated_at < $4 FOR UPDATE SKIP LOCKED"""
LOCK_DELIVERIES: Final = f"{DELIVERIES} WHERE submission_id = ANY($1::text[]) FOR UPDATE"
# OFFSET 0: by the whole key, whatever the server thinks of it. Else it may look through all marks, in their order.
MARKS_OF: Final = f"""
    SELECT m.* FROM unnest($1::text[], $2::text[]) AS r (lane, record_id) CROSS JOIN LATERAL (
        {MARKS} WHERE marks.lane = r.lane AND marks.record_id = r.record_id OFFSET 0) AS m"""
FORGET: Final = """
    DELETE FROM marks WHERE ctid = ANY (ARRAY(
        SELECT m.ctid FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
                AS g (lane, record_id, event_at, seq)
            CROSS JOIN LATERAL (
                SELECT marks.ctid FROM marks
                WHERE marks.lane = g.lane AND marks.record_id = g.record_id AND marks.event_at = g.event_at
                    AND marks.seq = g.seq OFFSET 0) AS m))"""
TAKE_OUT: Final = (
    "DELETE FROM attempt_deliveries WHERE delivery_id = ANY($1::text[])",
    "DELETE FROM deliveries WHERE id = ANY($1::text[])",
)
# Told apart by its content alone, for a time that has passed; by a sender's id for ever.
FORGET_CONTENT: Final = """
    DELETE FROM dedupe USING submissions AS s
    WHERE s.id = ANY($1::text[]) AND s.id BETWEEN $2 AND $3 AND dedupe.source = s.source AND dedupe.key = s.dedupe_key
        AND dedupe.submission_id = s.id AND dedupe.key = 'content:' || encode(dedupe.digest, 'hex')"""
TAKE_OUT_FETCHED: Final = "DELETE FROM fetches WHERE submission_id = ANY($1::text[])"
# What a leadbridge that knew nothing of them left when it pruned. Of each step's submissions, and of their number.
FORGOTTEN: Final = """
    DELETE FROM fetches WHERE submission_id = ANY (ARRAY(
        SELECT f.submission_id FROM fetches AS f
        WHERE f.submission_id > $1 AND f.submission_id < $2 AND NOT EXISTS (
            SELECT FROM submissions AS s WHERE s.id = f.submission_id AND s.id BETWEEN $1 AND $2)
        ORDER BY f.submission_id LIMIT $3))"""
TAKE_OUT_SUBMISSIONS: Final = "DELETE FROM submissions WHERE id = ANY($1::text[]) AND id BETWEEN $2 AND $3"
_MARK: Final = """
    INSERT INTO marks (lane, record_id, event_at, seq, plan)
    SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[]) ON CONFLICT DO NOTHING"""
_COUNT: Final = """
    INSERT INTO totals (kind, name, state, slot, count)
    SELECT kind, name, state, pg_backend_pid() % 64, count
    FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS c (kind, name, state, count) ORDER BY 1, 2, 3
    ON CONFLICT (kind, name, state, slot) DO UPDATE SET count = totals.count + excluded.count"""
_REMEMBER: Final = """
    INSERT INTO pruned (before) VALUES ($1)
    ON CONFLICT (one) DO UPDATE SET before = greatest(pruned.before, excluded.before)"""
# In a partition that cannot be dropped, because something unfinished is left there.
_REQUESTS: Final = """
    SELECT r.id, (SELECT s.id FROM submissions s WHERE s.request_id = r.id LIMIT 1) IS NULL
    FROM {name} r WHERE r.id > $1 AND r.id < $2 ORDER BY r.id LIMIT $3"""
_ATTEMPTS: Final = """
    SELECT id, started_at < $2 AND (answered_at IS NOT NULL OR outcome IS NOT NULL)
    FROM {name} WHERE id > $1 ORDER BY id LIMIT $3"""
_CARRIED: Final = "SELECT DISTINCT attempt_id FROM attempt_deliveries WHERE attempt_id BETWEEN $1 AND $2"
_LAST_ATTEMPT: Final = "SELECT last_value FROM attempts_id"


async def leads(connection: Connection, before: Millis, *, fold: Fold, after: str, limit: int) -> Pruned:
    """Take finished submissions out with their deliveries, in the transaction that is open.

    Rows that somebody is about to change are locked first and looked at again: a replay that came before keeps them.
    """
    if not await connection.fetchval(ALONE):  # another process does it
        return Pruned()
    chunk = await connection.fetch(NEXT, after, first_id(before), before, limit)
    done = [name for name, is_done in chunk if is_done]
    out = leaving((), (), before)
    if done:
        submissions = await connection.fetch(LOCK_SUBMISSIONS, done, *ends(done), before)
        deliveries = await connection.fetch(LOCK_DELIVERIES, [name for name, *_ in submissions])
        out = leaving(submissions, deliveries, before)
    if out.submissions:
        marks = await connection.fetch(MARKS_OF, *columns(list(out.writes), 2)) if out.writes else ()
        old, new = folded(out.writes, marks, fold)
        await connection.execute(FORGET, *columns([mark[:-1] for mark in old], 4))
        await connection.execute(_MARK, *columns(new, 5))
        for statement in TAKE_OUT:
            await connection.execute(statement, [one.id for one in out.deliveries])
        await connection.execute(TAKE_OUT_FETCHED, out.submissions)
        await connection.execute(FORGET_CONTENT, out.submissions, *ends(out.submissions))
        await connection.execute(TAKE_OUT_SUBMISSIONS, out.submissions, *ends(out.submissions))
        await connection.execute(_COUNT, *columns([(*what, count) for what, count in out.counts.items()], 4))
        await connection.execute(_REMEMBER, before)
    more = len(chunk) == limit
    then = PruneFrom(phase="leads", after=chunk[-1][0]) if more else PruneFrom(phase="requests")
    forgotten = await connection.execute(FORGOTTEN, after, chunk[-1][0] if more else first_id(before), limit)
    if changed(forgotten) == limit:
        then = PruneFrom(phase="leads", after=after)
    return Pruned(submissions=len(out.submissions), deliveries=len(out.deliveries), then=then)


async def requests(connection: Connection, before: Millis, *, since: PruneFrom, limit: int) -> Pruned:
    """Drop the next old week of submissions and requests; where something unfinished is left, take the others out.

    So too of what is no week: what came before the first one, and the default partition.
    """
    old = first_id(before)
    one = await _next(connection, "requests", since)
    if one is None:
        return Pruned(then=PruneFrom(phase="attempts"))
    behind = PruneFrom(phase="requests", part=f"{one.place} ")
    is_old = one.end is not None and str(one.end) <= old
    if is_old:
        submissions = one._replace(table="submissions", name=one.name.replace("requests", "submissions"))
        here = within("request_id", one)
        try:
            dropped, _ = await _dropped(connection, submissions, unless=f"SELECT id FROM {submissions.name} LIMIT 1")
            more, is_used = await _dropped(connection, one, unless=f"SELECT id FROM submissions WHERE {here} LIMIT 1")
        except BUSY:  # the next round tries again; all others would wait once more for each
            return Pruned(then=PruneFrom(phase="attempts"))
        if not is_used:
            return Pruned(partitions=dropped + more, then=behind)
    elif one.is_week:
        return Pruned(then=behind)  # soon it is dropped whole
    chunk = await connection.fetch(_REQUESTS.format(name=one.name), str(since.after), old, limit)
    alone = [name for name, is_alone in chunk if is_alone]
    await connection.execute(f"DELETE FROM {one.name} WHERE id = ANY($1::text[])", alone)
    then = PruneFrom(phase="requests", part=one.place, after=chunk[-1][0]) if len(chunk) == limit else behind
    return Pruned(requests=len(alone), then=then)


async def attempts(connection: Connection, before: Millis, *, since: PruneFrom, limit: int) -> Pruned:
    """Drop the next old week of calls, or take those out that carried nothing which is still there."""
    one = await _next(connection, "attempts", since)
    if one is None:
        return Pruned()
    behind = PruneFrom(phase="attempts", part=f"{one.place} ")
    if one.end is not None and await connection.fetchval(_LAST_ATTEMPT) < one.end:
        return Pruned(then=behind)  # more may come
    if one.end is not None:
        carrying = one._replace(table="attempt_deliveries", name=one.name.replace("attempts", "attempt_deliveries"))
        carried = f"SELECT 1 FROM attempt_deliveries WHERE {within('attempt_id', carrying)} LIMIT 1"
        is_young = (
            f"SELECT 1 FROM (SELECT started_at FROM {one.name} ORDER BY id DESC LIMIT 1) l WHERE started_at >= {before}"
        )
        is_open = f"SELECT 1 FROM {one.name} WHERE answered_at IS NULL AND outcome IS NULL LIMIT 1"
        is_used = " UNION ALL ".join(f"({why_not})" for why_not in (carried, is_young, is_open))
        try:
            dropped, _ = await _dropped(connection, carrying, unless=is_used)
            more, is_used_still = await _dropped(connection, one, unless=is_used)
        except BUSY:
            return Pruned()
        if not is_used_still:
            return Pruned(partitions=dropped + more, then=behind)
        if one.is_week and await connection.fetchval(is_young):
            return Pruned(then=behind)
    chunk = await connection.fetch(_ATTEMPTS.format(name=one.name), int(since.after or 0), before, limit)
    old = [number for number, is_old in chunk if is_old]
    if old:
        kept = {number for (number,) in await connection.fetch(_CARRIED, old[0], old[-1])}
        old = [number for number in old if number not in kept]
        await connection.execute(f"DELETE FROM {one.name} WHERE id = ANY($1::bigint[])", old)
    then = PruneFrom(phase="attempts", part=one.place, after=chunk[-1][0]) if len(chunk) == limit else behind
    return Pruned(attempts=len(old), then=then)


async def _next(connection: Connection, table: Table, since: PruneFrom) -> Partition | None:
    """The partition to go on with; the default one is the last."""
    return next((one for one in await partitions_of(connection, table) if one.place >= since.part), None)


async def _dropped(connection: Connection, one: Partition, *, unless: str) -> tuple[int, bool]:
    """How many partitions were dropped, and whether it is in use: asked before anybody has to wait."""
    if await connection.fetchval("SELECT to_regclass($1)", one.name) is None:
        return 0, False
    if await connection.fetchval(unless) is not None:
        return 0, True
    dropped = await drop(connection, one, unless=unless)
    return int(dropped), not dropped


async def pruned_before(connection: Connection) -> Millis | None:
    """Before which what is finished was pruned."""
    found: Millis | None = await connection.fetchval("SELECT before FROM pruned")
    return found
