"""The delivery path: claims, started attempts, and what a crash left behind."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import apsw
import orjson
from pydantic_core import to_json

from leadbridge.clock import Millis
from leadbridge.crm.adapter import Call
from leadbridge.outcome import HoldReason
from leadbridge.store.base import Claim, DueDelivery, Recovered
from leadbridge.store.sqlite import flight
from leadbridge.store.sqlite.connection import insert, rows

_DUE = """
    SELECT id, submission_id, trace_id, route, destination, plan, event_at, tries, coalesce(first_try_at, ?1),
           keys
    FROM deliveries
    WHERE lane = ?2 AND state IN ('pending', 'retrying') AND blocked = 0 AND next_at <= ?1
    ORDER BY next_at, seq LIMIT ?3"""
_CLAIMABLE = """
    SELECT json_group_array(id) FROM deliveries
    WHERE id IN (SELECT value FROM json_each(?1)) AND state IN ('pending', 'retrying') AND blocked = 0
    AND next_at <= ?2"""
_TAKE = """
    UPDATE deliveries
    SET state = 'sending', tries = tries + 1, first_try_at = coalesce(first_try_at, ?2), updated_at = ?2
    WHERE id IN (SELECT value FROM json_each(?1))"""
_START = """
    INSERT INTO attempts (lane, purpose, method, path, request, safe_to_repeat, started_at)"""
_CARRY = "INSERT INTO attempt_deliveries (delivery_id, attempt_id, try)"
_HOLD_UNKNOWN = """
    UPDATE deliveries
    SET state = 'held', reason = 'unknown_outcome', detail = ?, next_at = NULL, updated_at = ?
    WHERE state = 'sending' AND EXISTS (
        SELECT 1 FROM attempt_deliveries c JOIN attempts a ON a.id = c.attempt_id
        WHERE c.delivery_id = deliveries.id AND c.try = deliveries.tries AND a.safe_to_repeat = 0 AND a.sent = 1
        AND (a.answered_at IS NULL OR NOT (a.status BETWEEN 400 AND 499 OR a.status = 503)))
    RETURNING id"""
_AGAIN = "UPDATE deliveries SET state = 'retrying', next_at = ?1, updated_at = ?1 WHERE state = 'sending'"
# When it was sent nobody knows: perhaps long after its start, but not after its process was gone.
_CUT_OFF = """
    UPDATE attempts SET outcome = 'unknown', error = 'leadbridge stopped before the answer was seen', sent_at = ?
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
    wanted = orjson.dumps([delivery.delivery_id for delivery, _ in starts]).decode()
    [(claimable,)] = rows(connection, _CLAIMABLE, (wanted, now))
    connection.execute(_TAKE, (claimable, now))
    taken = set(orjson.loads(claimable))
    ours = [(delivery, call) for delivery, call in starts if delivery.delivery_id in taken]
    begun = [Beginning(lane, delivery, call, now) for delivery, call in ours if call is not None]
    attempts = iter(begin(connection, begun))
    return tuple(
        Claim(delivery=delivery, attempt_id=None if call is None else next(attempts)) for delivery, call in ours
    )


class Beginning(NamedTuple):
    """A call of a claimed delivery that is about to be sent."""

    lane: str
    delivery: DueDelivery
    call: Call
    at: Millis


def begin(connection: apsw.Connection, calls: Sequence[Beginning]) -> Sequence[int]:
    """Store calls as started; returns their attempts, in their order."""
    if not calls:
        return ()
    insert(connection, _START, [_started(lane, call, at) for lane, _, call, at in calls])
    last = connection.last_insert_rowid()  # this is the only writer, so they follow each other
    attempts = range(last - len(calls) + 1, last + 1)
    carried = [
        (one.delivery.delivery_id, attempt, one.delivery.tries + 1)
        for one, attempt in zip(calls, attempts, strict=True)
    ]
    insert(connection, _CARRY, carried)
    return attempts


def _started(lane: str, call: Call, at: Millis) -> tuple[Any, ...]:
    body = None if call.body is None else to_json(call.body).decode()  # integers of any size, unlike orjson
    return lane, call.purpose, call.method, call.path, body, int(call.safe_to_repeat), at


def recover(connection: apsw.Connection, now: Millis) -> Recovered:
    """Settle every delivery in `sending`: no process is at work on it any more."""
    held = rows(connection, _HOLD_UNKNOWN, (UNKNOWN_OUTCOME, now))
    flight.leave_all(connection, [delivery_id for (delivery_id,) in held])
    connection.execute(_AGAIN, (now,))
    again = connection.changes()
    connection.execute(_CUT_OFF, (now,))
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
