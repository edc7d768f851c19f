"""What came of calls, for many tries in a few statements.

Each step of a statement gives the interpreter's lock away, and on a busy process waits to get it back: statement by
statement and try by try, a batch would take many times as long.
"""

from collections.abc import Sequence
from typing import Final

import apsw
import orjson

from leadbridge.store import shapes
from leadbridge.store.claims import FinishedCall, TryResult
from leadbridge.store.sqlite import flight
from leadbridge.store.sqlite.connection import ROWS_AT_ONCE, write_rows
from leadbridge.store.sqlite.sending import Beginning, begin

FINISH: Final = """
    WITH ended (id, answered_at, sent, sent_at, status, outcome, crm_trace_id, response, error) AS ({values})
    UPDATE attempts
    SET answered_at = ended.answered_at, sent = ended.sent, sent_at = ended.sent_at, status = ended.status,
        outcome = ended.outcome, crm_trace_id = ended.crm_trace_id, response = ended.response, error = ended.error
    FROM ended WHERE attempts.id = ended.id"""
# A CRM may only guess by its clock whether a record is new; one that we wrote before is not. The time that a delivery
# waits for its account is no time spent trying, and a try that was put back was no failure. Candidates stay until it is
# done: the record that a person chose among them may turn out to be wrong.
LEAVE: Final = """
    WITH came (id, lane, state, reason, detail, next_at, record_id, created, warnings, candidates, alone, progress,
               at, try) AS ({values})
    UPDATE deliveries
    SET state = came.state, reason = came.reason, detail = came.detail, next_at = came.next_at,
        record_id = coalesce(came.record_id, deliveries.record_id),
        created = CASE WHEN came.created IS NULL THEN deliveries.created ELSE came.created AND NOT EXISTS (
            SELECT 1 FROM deliveries AS earlier WHERE earlier.lane = came.lane AND earlier.record_id = came.record_id)
            AND NOT EXISTS (SELECT 1 FROM marks WHERE marks.lane = came.lane AND marks.record_id = came.record_id)
            END,
        warnings = came.warnings, updated_at = came.at,
        candidates = CASE WHEN came.candidates = '[]' AND came.state IN ('held', 'pending', 'retrying')
            THEN deliveries.candidates ELSE came.candidates END,
        alone = max(deliveries.alone, came.alone), progress = coalesce(came.progress, deliveries.progress),
        urgency = CASE WHEN came.state = 'retrying' THEN max(deliveries.urgency, 1) ELSE deliveries.urgency END,
        first_try_at = CASE WHEN came.state = 'pending' THEN NULL ELSE deliveries.first_try_at END,
        cut_off = deliveries.cut_off + (came.state = 'pending'),
        blocked = CASE WHEN came.state IN ('pending', 'retrying') THEN deliveries.blocked ELSE 0 END
    FROM came WHERE deliveries.id = came.id AND deliveries.state = 'sending' AND deliveries.tries = came.try"""
GOES_ON: Final = """
    WITH came (id, progress, try) AS ({values})
    UPDATE deliveries SET progress = came.progress
    FROM came WHERE deliveries.id = came.id AND deliveries.state = 'sending' AND deliveries.tries = came.try"""
_WRITTEN: Final = """
    INSERT OR IGNORE INTO record_keys (lane, key, record_id)
    SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)"""


def record(connection: apsw.Connection, results: Sequence[tuple[str, TryResult]]) -> list[int]:
    """Store answers, starts of next calls and ends of tries, each with its lane; returns the attempts of next calls."""
    attempts: list[int] = []
    for some in shapes.apart(results, most=ROWS_AT_ONCE):
        finish(connection, [one.finished for _, one in some if one.finished is not None])
        went_on = [
            (one.claim.delivery.delivery_id, one.progress, one.claim.attempt)
            for _, one in some
            if one.progress and not one.update
        ]
        write_rows(connection, GOES_ON, went_on)
        over = [(lane, one, one.update) for lane, one in some if one.update is not None]
        write_rows(connection, LEAVE, [left for lane, one, update in over for left in shapes.left(lane, one, update)])
        led = shapes.led(over)
        if led:
            connection.execute(_WRITTEN, (orjson.dumps(led).decode(),))
        out = [one.claim.delivery for _, one, update in over if update.state not in shapes.UNFINISHED]
        flight.leave_all(connection, [name for delivery in out for name in delivery.all_ids])
        next_calls = [
            Beginning(lane, one.claim.delivery, one.next_call, one.at)
            for lane, one in some
            if one.next_call is not None
        ]
        begun = iter(begin(connection, next_calls))
        attempts += [0 if one.next_call is None else next(begun) for _, one in some]
    return attempts


def finish(connection: apsw.Connection, calls: Sequence[FinishedCall]) -> None:
    """Store how started calls ended."""
    write_rows(connection, FINISH, [shapes.finished(one) for one in calls])
