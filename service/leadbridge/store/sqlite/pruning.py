"""What is finished and old is taken out of the file, some rows at a time, and the file gets smaller when it can."""

from collections.abc import Sequence
from typing import Any, Final

import apsw
import orjson

from leadbridge.clock import Millis
from leadbridge.ids import first_id
from leadbridge.store.retaining import CHUNK, DELIVERIES, FINISHED, MARKS, Fold, Pruned, PruneFrom, folded, leaving
from leadbridge.store.sqlite.connection import row, rows, write_rows

SPARE: Final = 4096  # free pages, at least, that are left for what comes; else an eighth of the file
PAGES: Final = 512  # that are given back in one step
_OF_THESE: Final = "(SELECT value FROM json_each(?1))"
_FINISHED: Final = f"""
    SELECT id, source, state FROM submissions WHERE id IN {_OF_THESE} AND {FINISHED} AND updated_at < ?2"""
_DELIVERIES: Final = f"{DELIVERIES} WHERE submission_id IN {_OF_THESE} ORDER BY seq"
_MARKS: Final = f"{MARKS} WHERE (lane, record_id) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?1))"
_TAKE_OUT: Final = (
    f"DELETE FROM attempt_deliveries WHERE delivery_id IN {_OF_THESE}",
    f"DELETE FROM deliveries WHERE id IN {_OF_THESE}",
)
# Told apart by its content alone, for a time that has passed; by a sender's id for ever.
_FORGET: Final = f"""
    DELETE FROM dedupe WHERE key = 'content:' || lower(hex(digest)) AND (source, key, submission_id) IN (
        SELECT source, dedupe_key, id FROM submissions WHERE id IN {_OF_THESE})"""
_TAKE_OUT_SUBMISSIONS: Final = (
    _FORGET,
    f"DELETE FROM fetches WHERE submission_id IN {_OF_THESE}",
    f"DELETE FROM submissions WHERE id IN {_OF_THESE}",
)
_COUNT: Final = """
    INSERT INTO totals (kind, name, state, count) VALUES (?, ?, ?, ?)
    ON CONFLICT (kind, name, state) DO UPDATE SET count = count + excluded.count"""
_REMEMBER: Final = """
    INSERT INTO pruned (one, before) VALUES (1, ?1)
    ON CONFLICT (one) DO UPDATE SET before = max(before, excluded.before)"""
_REQUESTS: Final = """
    SELECT r.id, NOT EXISTS (SELECT 1 FROM submissions s WHERE s.request_id = r.id)
    FROM requests r WHERE r.id > ?1 AND r.id < ?2 ORDER BY r.id LIMIT ?3"""
_ATTEMPTS: Final = """
    SELECT a.id, a.started_at < ?2 AND (a.answered_at IS NOT NULL OR a.outcome IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM attempt_deliveries c WHERE c.attempt_id = a.id), a.started_at
    FROM attempts a WHERE a.id > ?1 ORDER BY a.id LIMIT ?3"""


def prune(connection: apsw.Connection, before: Millis, *, fold: Fold, since: PruneFrom, limit: int) -> Pruned:
    """Do one step, in the transaction that is open."""
    match since.phase:
        case "leads":
            return _leads(connection, before, fold, str(since.after), limit)
        case "requests":
            return _requests(connection, before, str(since.after), limit)
        case "attempts":
            return _attempts(connection, before, int(since.after or 0), limit)
        case "space":
            return _space(connection)


def _leads(connection: apsw.Connection, before: Millis, fold: Fold, after: str, limit: int) -> Pruned:
    chunk = rows(connection, CHUNK, (after, first_id(before), before, limit))
    done = _listed([name for name, is_done in chunk if is_done])
    submissions = rows(connection, _FINISHED, (done, before))
    out = leaving(submissions, rows(connection, _DELIVERIES, (done,)), before)
    if out.submissions:
        old, new = folded(out.writes, rows(connection, _MARKS, (_listed(list(out.writes)),)), fold)
        connection.executemany(
            "DELETE FROM marks WHERE lane = ? AND record_id = ? AND event_at = ? AND seq = ?",
            [mark[:-1] for mark in old],
        )
        write_rows(connection, "INSERT OR REPLACE INTO marks (lane, record_id, event_at, seq, plan) {values}", new)
        deliveries = (_listed([one.id for one in out.deliveries]),)
        for statement in _TAKE_OUT:
            connection.execute(statement, deliveries)
        for statement in _TAKE_OUT_SUBMISSIONS:
            connection.execute(statement, (_listed(out.submissions),))
        connection.executemany(_COUNT, [(*what, count) for what, count in out.counts.items()])
        connection.execute(_REMEMBER, (before,))
    return Pruned(
        submissions=len(out.submissions),
        deliveries=len(out.deliveries),
        then=PruneFrom(phase="leads", after=chunk[-1][0]) if len(chunk) == limit else PruneFrom(phase="requests"),
    )


def _requests(connection: apsw.Connection, before: Millis, after: str, limit: int) -> Pruned:
    chunk = rows(connection, _REQUESTS, (after, first_id(before), limit))
    alone = [name for name, is_alone in chunk if is_alone]
    connection.execute(f"DELETE FROM requests WHERE id IN {_OF_THESE}", (_listed(alone),))
    more = len(chunk) == limit
    then = PruneFrom(phase="requests", after=chunk[-1][0]) if more else PruneFrom(phase="attempts")
    return Pruned(requests=len(alone), then=then)


def _attempts(connection: apsw.Connection, before: Millis, after: int, limit: int) -> Pruned:
    chunk = rows(connection, _ATTEMPTS, (after, before, limit))
    alone = [number for number, is_alone, _ in chunk if is_alone]
    connection.execute(f"DELETE FROM attempts WHERE id IN {_OF_THESE}", (_listed(alone),))
    more = len(chunk) == limit and any(started_at < before for *_, started_at in chunk)
    then = PruneFrom(phase="attempts", after=chunk[-1][0]) if more else PruneFrom(phase="space")
    return Pruned(attempts=len(alone), then=then)


def _space(connection: apsw.Connection) -> Pruned:
    """Give free pages at the end of the file back; a file of before this was looked after keeps them for its rows."""
    free, whole = connection.pragma("freelist_count"), connection.pragma("page_count")
    surplus = min(free - max(SPARE, whole // 8), PAGES)
    if surplus <= 0 or connection.pragma("auto_vacuum") == 0:
        return Pruned()
    rows(connection, f"PRAGMA incremental_vacuum({surplus})")
    return Pruned(pages=surplus, then=PruneFrom(phase="space"))


def pruned_before(connection: apsw.Connection) -> Millis | None:
    """Before which what is finished was pruned."""
    found = row(connection, "SELECT before FROM pruned")
    return None if found is None else int(found[0])


def _listed(wanted: Sequence[Any]) -> str:
    return orjson.dumps(wanted).decode()
