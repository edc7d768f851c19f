"""What came of calls, for many tries in a few statements.

Each step of a statement gives the interpreter's lock away, and on a busy process waits to get it back: statement by
statement and try by try, a batch would take many times as long.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final

import apsw
from pydantic_core import to_json

from leadbridge.clock import Millis
from leadbridge.store.base import DeliveryUpdate, FinishedCall, TryResult
from leadbridge.store.sqlite import flight
from leadbridge.store.sqlite.connection import ROWS_AT_ONCE
from leadbridge.store.sqlite.sending import Beginning, begin

_FINISH: Final = """
    WITH ended (id, answered_at, sent, sent_at, status, outcome, crm_trace_id, response, error) AS ({values})
    UPDATE attempts
    SET answered_at = ended.answered_at, sent = ended.sent, sent_at = ended.sent_at, status = ended.status,
        outcome = ended.outcome, crm_trace_id = ended.crm_trace_id, response = ended.response, error = ended.error
    FROM ended WHERE attempts.id = ended.id"""
# A CRM may only guess by its clock whether a record is new; one that we wrote before is not.
_LEAVE: Final = """
    WITH came (id, lane, state, reason, detail, next_at, record_id, created, warnings, candidates, at) AS ({values})
    UPDATE deliveries
    SET state = came.state, reason = came.reason, detail = came.detail, next_at = came.next_at,
        record_id = coalesce(came.record_id, deliveries.record_id),
        created = CASE WHEN came.created IS NULL THEN deliveries.created ELSE came.created AND NOT EXISTS (
            SELECT 1 FROM deliveries AS earlier WHERE earlier.lane = came.lane AND earlier.record_id = came.record_id)
            END,
        warnings = came.warnings, candidates = came.candidates, updated_at = came.at
    FROM came WHERE deliveries.id = came.id AND deliveries.state = 'sending'"""


def record(connection: apsw.Connection, results: Sequence[tuple[str, TryResult]]) -> list[int]:
    """Store answers, starts of next calls and ends of tries, each with its lane; returns the attempts of next calls."""
    attempts: list[int] = []
    for some in _apart(results):
        _update(connection, _FINISH, [_finished(one.finished) for _, one in some if one.finished is not None])
        over = [(lane, one.claim.delivery.delivery_id, one.update, one.at) for lane, one in some if one.update]
        _update(connection, _LEAVE, [_left(*one) for one in over])
        flight.leave_all(connection, [id_ for _, id_, update, _ in over if update.state != "retrying"])
        next_calls = [
            Beginning(lane, one.claim.delivery, one.next_call, one.at)
            for lane, one in some
            if one.next_call is not None
        ]
        begun = iter(begin(connection, next_calls))
        attempts += [0 if one.next_call is None else next(begun) for _, one in some]
    return attempts


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


def _update(connection: apsw.Connection, statement: str, values: Sequence[tuple[Any, ...]]) -> None:
    if values:
        complete = _with_values(statement, len(values[0]), len(values))
        connection.execute(complete, [value for one in values for value in one])


@cache
def _with_values(statement: str, columns: int, count: int) -> str:
    one = f"({', '.join('?' * columns)})"
    return statement.format(values=f"VALUES {', '.join([one] * count)}")


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


def _left(lane: str, delivery_id: str, update: DeliveryUpdate, at: Millis) -> tuple[Any, ...]:
    return (
        delivery_id,
        lane,
        update.state,
        update.reason,
        update.detail,
        update.next_at,
        update.record_id,
        None if update.created is None else int(update.created),
        to_json(update.warnings).decode(),  # integers of any size, unlike orjson
        to_json(update.candidates).decode(),
        at,
    )
