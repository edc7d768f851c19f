"""What came of calls, for many tries in a few statements.

Each step of a statement gives the interpreter's lock away, and on a busy process waits to get it back: statement by
statement and try by try, a batch would take many times as long.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import apsw
import orjson
from pydantic_core import to_json

from leadbridge.store.sqlite import flight
from leadbridge.store.sqlite.connection import ROWS_AT_ONCE, write_rows
from leadbridge.store.sqlite.sending import Beginning, begin
from leadbridge.store.values import DeliveryUpdate, FinishedCall, TryResult

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
               at) AS ({values})
    UPDATE deliveries
    SET state = came.state, reason = came.reason, detail = came.detail, next_at = came.next_at,
        record_id = coalesce(came.record_id, deliveries.record_id),
        created = CASE WHEN came.created IS NULL THEN deliveries.created ELSE came.created AND NOT EXISTS (
            SELECT 1 FROM deliveries AS earlier WHERE earlier.lane = came.lane AND earlier.record_id = came.record_id)
            END,
        warnings = came.warnings, updated_at = came.at,
        candidates = CASE WHEN came.candidates = '[]' AND came.state IN ('held', 'pending', 'retrying')
            THEN deliveries.candidates ELSE came.candidates END,
        alone = max(deliveries.alone, came.alone), progress = coalesce(came.progress, deliveries.progress),
        urgency = CASE WHEN came.state = 'retrying' THEN max(deliveries.urgency, 1) ELSE deliveries.urgency END,
        first_try_at = CASE WHEN came.state = 'pending' THEN NULL ELSE deliveries.first_try_at END,
        cut_off = deliveries.cut_off + (came.state = 'pending'),
        blocked = CASE WHEN came.state IN ('pending', 'retrying') THEN deliveries.blocked ELSE 0 END
    FROM came WHERE deliveries.id = came.id AND deliveries.state = 'sending'"""
GOES_ON: Final = """
    WITH came (id, progress) AS ({values})
    UPDATE deliveries SET progress = came.progress
    FROM came WHERE deliveries.id = came.id AND deliveries.state = 'sending'"""
_WRITTEN: Final = """
    INSERT OR IGNORE INTO record_keys (lane, key, record_id)
    SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)"""
_UNFINISHED: Final = frozenset({"pending", "retrying"})


def record(connection: apsw.Connection, results: Sequence[tuple[str, TryResult]]) -> list[int]:
    """Store answers, starts of next calls and ends of tries, each with its lane; returns the attempts of next calls."""
    attempts: list[int] = []
    for some in _apart(results):
        finish(connection, [one.finished for _, one in some if one.finished is not None])
        went_on = [(one.claim.delivery.delivery_id, one.progress) for _, one in some if one.progress and not one.update]
        write_rows(connection, GOES_ON, went_on)
        over = [(lane, one, one.update) for lane, one in some if one.update is not None]
        write_rows(connection, LEAVE, [left for lane, one, update in over for left in _left(lane, one, update)])
        _keep_keys(connection, over)
        out = [one.claim.delivery for _, one, update in over if update.state not in _UNFINISHED]
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
    write_rows(connection, FINISH, [_finished(one) for one in calls])


def _keep_keys(connection: apsw.Connection, over: Sequence[tuple[str, TryResult, DeliveryUpdate]]) -> None:
    """Remember to which record each key of a delivery led."""
    led = [
        (lane, key, update.record_id)
        for lane, one, update in over
        if update.record_id is not None
        for key in one.claim.delivery.keys
    ]
    if led:
        connection.execute(_WRITTEN, (orjson.dumps(led).decode(),))


def _apart(results: Sequence[tuple[str, TryResult]]) -> Iterator[Sequence[tuple[str, TryResult]]]:
    """The results in runs, in each of which no delivery and no record stands twice: one statement sees only before."""
    run: list[tuple[str, TryResult]] = []
    seen: set[str] = set()
    for lane, one in results:
        touched = {f"delivery {one.claim.delivery.delivery_id}"}
        if one.update is not None and one.update.record_id is not None:
            touched.add(f"record {lane} {one.update.record_id}")
        if touched & seen or len(run) == ROWS_AT_ONCE:
            yield run
            run, seen = [], set()
        run.append((lane, one))
        seen |= touched
    yield run


def _finished(call: FinishedCall) -> tuple[Any, ...]:
    return (
        call.attempt_id,
        call.answered_at,
        int(call.sent),
        call.sent_at,
        call.status,
        call.outcome,
        call.crm_trace_id,
        call.response,
        call.error,
    )


def _left(lane: str, result: TryResult, update: DeliveryUpdate) -> Iterator[tuple[Any, ...]]:
    """A row for the delivery and for each that was claimed with it: of a record that was made, the first made it."""
    created = None if update.created is None else int(update.created)
    progress = result.progress
    warnings = to_json(update.warnings).decode()  # integers of any size, unlike orjson
    candidates = to_json(update.candidates).decode()
    for delivery_id in result.claim.delivery.all_ids:
        yield (
            delivery_id, lane, update.state, update.reason, update.detail, update.next_at, update.record_id, created,
            warnings, candidates, int(update.alone), progress, result.at,
        )  # fmt: skip
        created = None if created is None else 0
        progress = None
