"""The delivery path: claims, started attempts, outcomes, and what a crash left behind."""

from collections.abc import Sequence
from typing import Final

import apsw
import orjson
from pydantic_core import to_json

from leadbridge.clock import Millis
from leadbridge.crm.adapter import Call
from leadbridge.outcome import HoldReason
from leadbridge.store.base import (
    Claim,
    DeliveryUpdate,
    DueDelivery,
    FinishedCall,
    Recovered,
    TryResult,
)
from leadbridge.store.sqlite import flight
from leadbridge.store.sqlite.connection import row, rows

_DUE = """
    SELECT id, submission_id, trace_id, route, destination, plan, event_at, tries, coalesce(first_try_at, ?1),
           keys
    FROM deliveries
    WHERE lane = ?2 AND state IN ('pending', 'retrying') AND blocked = 0 AND next_at <= ?1
    ORDER BY next_at, seq LIMIT ?3"""
_TAKE = """
    UPDATE deliveries SET state = 'sending', tries = tries + 1, first_try_at = ?, updated_at = ?
    WHERE id = ? AND state IN ('pending', 'retrying') AND blocked = 0 AND next_at <= ? RETURNING tries"""
_START = """
    INSERT INTO attempts (lane, purpose, method, path, request, safe_to_repeat, started_at)
    VALUES (?, ?, ?, ?, ?, ?, ?)"""
_FINISH = """
    UPDATE attempts
    SET answered_at = ?, sent = ?, status = ?, outcome = ?, crm_trace_id = ?, response = ?, error = ?
    WHERE id = ?"""
_LEAVE = """
    UPDATE deliveries
    SET state = ?, reason = ?, detail = ?, next_at = ?, record_id = coalesce(?, record_id),
        created = coalesce(?, created), warnings = ?, candidates = ?, updated_at = ?
    WHERE id = ? AND state = 'sending' RETURNING lane, seq, keys"""
_HOLD_UNKNOWN = """
    UPDATE deliveries
    SET state = 'held', reason = 'unknown_outcome', detail = ?, next_at = NULL, updated_at = ?
    WHERE state = 'sending' AND EXISTS (
        SELECT 1 FROM attempt_deliveries c JOIN attempts a ON a.id = c.attempt_id
        WHERE c.delivery_id = deliveries.id AND c.try = deliveries.tries AND a.safe_to_repeat = 0
        AND (a.answered_at IS NULL OR NOT (a.status BETWEEN 400 AND 499 OR a.status = 503)))
    RETURNING lane, seq, keys"""
_AGAIN = "UPDATE deliveries SET state = 'retrying', next_at = ?1, updated_at = ?1 WHERE state = 'sending'"
_CUT_OFF = """
    UPDATE attempts SET outcome = 'unknown', error = 'leadbridge stopped before the answer was seen'
    WHERE answered_at IS NULL AND outcome IS NULL"""
_HOLD_LANE = """
    UPDATE deliveries
    SET state = 'held', blocked = 0, reason = ?, detail = ?, next_at = NULL, updated_at = ?
    WHERE lane = ? AND state IN ('pending', 'retrying')"""
_EMPTY_LANE = """
    DELETE FROM delivery_keys
    WHERE lane = ? AND seq NOT IN (SELECT seq FROM deliveries WHERE state = 'sending')"""
_RELEASE = """
    UPDATE deliveries
    SET state = 'pending', reason = NULL, detail = NULL, first_try_at = NULL, next_at = ?1, updated_at = ?1
    WHERE state = 'held' AND reason IN (SELECT value FROM json_each(?2)) AND lane IN (SELECT value FROM json_each(?3))
    RETURNING lane, seq, keys"""
UNKNOWN_OUTCOME: Final = (
    "A call that must not be repeated blindly was cut off before its answer;"
    " look in the CRM whether the record is there."
)


def due(connection: apsw.Connection, lane: str, limit: int, now: Millis) -> tuple[DueDelivery, ...]:
    """What may be claimed now, the longest due first."""
    return tuple(
        DueDelivery(
            delivery_id=delivery_id,
            submission_id=submission_id,
            trace_id=trace_id,
            route=route,
            destination=destination,
            plan=plan,
            event_at=event_at,
            tries=tries,
            first_try_at=first_try_at,
            keys=tuple(orjson.loads(keys)),
        )
        for delivery_id, submission_id, trace_id, route, destination, plan, event_at, tries, first_try_at, keys in rows(
            connection, _DUE, (now, lane, limit)
        )
    )


def claim(
    connection: apsw.Connection, lane: str, starts: Sequence[tuple[DueDelivery, Call | None]], now: Millis
) -> tuple[Claim, ...]:
    """Move due deliveries to `sending`, each with the attempt of its first call."""
    claims = []
    for delivery, call in starts:
        if row(connection, _TAKE, (delivery.first_try_at, now, delivery.delivery_id, now)) is None:
            continue
        claimed = Claim(delivery=delivery, attempt_id=None)
        if call is not None:
            claimed = Claim(delivery=delivery, attempt_id=_start(connection, lane, claimed, call, now))
        claims.append(claimed)
    return tuple(claims)


def _start(connection: apsw.Connection, lane: str, claimed: Claim, call: Call, now: Millis) -> int:
    body = None if call.body is None else to_json(call.body).decode()  # integers of any size, unlike orjson
    connection.execute(_START, (lane, call.purpose, call.method, call.path, body, int(call.safe_to_repeat), now))
    attempt_id = connection.last_insert_rowid()
    connection.execute(
        "INSERT INTO attempt_deliveries (delivery_id, attempt_id, try) VALUES (?, ?, ?)",
        (claimed.delivery.delivery_id, attempt_id, claimed.attempt),
    )
    return attempt_id


def record(connection: apsw.Connection, lane: str, result: TryResult) -> int:
    """Store an answer, the start of the next call, or the end of a try."""
    if result.finished is not None:
        _finish(connection, result.finished)
    if result.update is not None:
        _leave_sending(connection, lane, result.claim.delivery.delivery_id, result.update, result.at)
    if result.next_call is None:
        return 0
    return _start(connection, lane, result.claim, result.next_call, result.at)


def _finish(connection: apsw.Connection, call: FinishedCall) -> None:
    connection.execute(
        _FINISH,
        (
            call.answered_at,
            int(call.sent),
            call.status,
            call.outcome,
            call.crm_trace_id,
            call.response,
            call.error,
            call.attempt_id,
        ),
    )


def _leave_sending(
    connection: apsw.Connection, lane: str, delivery_id: str, update: DeliveryUpdate, now: Millis
) -> None:
    left = row(
        connection,
        _LEAVE,
        (
            update.state,
            update.reason,
            update.detail,
            update.next_at,
            update.record_id,
            _created(connection, lane, update),
            to_json(update.warnings).decode(),  # integers of any size, unlike orjson
            to_json(update.candidates).decode(),
            now,
            delivery_id,
        ),
    )
    if left is not None and update.state != "retrying":  # a retry keeps its place
        _, seq, keys = left
        flight.leave(connection, lane, seq, orjson.loads(keys))


def _created(connection: apsw.Connection, lane: str, update: DeliveryUpdate) -> int | None:
    """Whether the record is new. A CRM may only guess by its clock; one that we wrote before is not new."""
    if update.created is None:
        return None
    written = "SELECT 1 FROM deliveries WHERE lane = ? AND record_id = ? LIMIT 1"
    return int(update.created and row(connection, written, (lane, update.record_id)) is None)


def recover(connection: apsw.Connection, now: Millis) -> Recovered:
    """Settle every delivery in `sending`: no process is at work on it any more."""
    held = rows(connection, _HOLD_UNKNOWN, (UNKNOWN_OUTCOME, now))
    for lane, seq, keys in held:
        flight.leave(connection, lane, seq, orjson.loads(keys))
    connection.execute(_AGAIN, (now,))
    again = connection.changes()
    connection.execute(_CUT_OFF)
    return Recovered(again=again, held=len(held))


def hold_lane(connection: apsw.Connection, lane: str, reason: HoldReason, detail: str, now: Millis) -> int:
    """Hold everything that waits in a lane, blocked ones too."""
    connection.execute(_HOLD_LANE, (reason, detail, now, lane))
    held = connection.changes()
    connection.execute(_EMPTY_LANE, (lane,))
    return held


def release(connection: apsw.Connection, reasons: Sequence[HoldReason], lanes: Sequence[str], now: Millis) -> int:
    """Put held deliveries back in line, where they were."""
    wanted = (now, orjson.dumps(list(reasons)).decode(), orjson.dumps(list(lanes)).decode())
    released = rows(connection, _RELEASE, wanted)
    for lane, seq, keys in sorted(released, key=lambda held: int(held[1])):
        flight.enter(connection, lane, seq, orjson.loads(keys))
    return len(released)
