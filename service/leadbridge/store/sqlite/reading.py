"""Rows as they are shown, and both sides of the ledger."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import apsw
import orjson

from leadbridge.clock import Millis
from leadbridge.store import shapes
from leadbridge.store.ledger import Account, Ledger
from leadbridge.store.reading_rows import (
    ATTEMPT,
    DELIVERY,
    MAPPED_TO_NOTHING,
    NAMES,
    NEVER_SENT,
    NEWEST,
    OF_RECORD,
    REQUEST,
    SUBMISSION,
)
from leadbridge.store.rows import AttemptRow, DeliveryRow, RequestRow, SubmissionRow
from leadbridge.store.sqlite.connection import row, rows
from leadbridge.store.values import Named

_OF_SUBMISSIONS = f"{DELIVERY} WHERE submission_id IN (SELECT value FROM json_each(?)) ORDER BY seq"
_READY = "state IN ('pending', 'retrying') AND blocked = 0"
NEXT_DUE = f"""
    SELECT min(next_at) FROM (
        SELECT (SELECT min(next_at) FROM deliveries WHERE lane = ?1 AND urgency = u.value AND {_READY}) AS next_at
        FROM json_each('[0, 1, 2]') u)"""
LANES_WAITING = f"""
    WITH RECURSIVE lane (name) AS (
        SELECT min(lane) FROM deliveries WHERE {_READY}
        UNION ALL
        SELECT (SELECT min(lane) FROM deliveries WHERE {_READY} AND lane > name) FROM lane WHERE name IS NOT NULL)
    SELECT name, CASE WHEN EXISTS (SELECT 1 FROM deliveries WHERE lane = name AND urgency = 0 AND {_READY}) THEN 0
        ELSE (SELECT min(next_at) FROM (
            SELECT (SELECT min(next_at) FROM deliveries WHERE lane = name AND urgency = 1 AND {_READY}) AS next_at
            UNION ALL
            SELECT (SELECT min(next_at) FROM deliveries WHERE lane = name AND urgency = 2 AND {_READY})))
        END
    FROM lane WHERE name IS NOT NULL"""
LANES_SENDING = "SELECT DISTINCT lane FROM deliveries INDEXED BY deliveries_sending WHERE state = 'sending'"


def names(connection: apsw.Connection, what: Named) -> tuple[str, ...]:
    """Every route, destination or source that something is stored of, or was."""
    return tuple(name for (name,) in rows(connection, NAMES[what]))


def submissions(
    connection: apsw.Connection, *, limit: int, state: str | None, source: str | None, before: str | None
) -> tuple[SubmissionRow, ...]:
    """The newest submissions that fit."""
    return tuple(SubmissionRow(**found) for found in _named(connection, NEWEST, (state, source, before, limit)))


def submission(connection: apsw.Connection, submission_id: str) -> SubmissionRow | None:
    """The submission of that id; None when there is none."""
    found = _named(connection, f"{SUBMISSION} WHERE id = ?1", (submission_id,))
    return next((SubmissionRow(**one) for one in found), None)


def by_trace(connection: apsw.Connection, trace_id: str) -> tuple[SubmissionRow, ...]:
    """The submissions under a trace ID."""
    found = _named(connection, f"{SUBMISSION} WHERE trace_id = ?1 ORDER BY id", (trace_id,))
    return tuple(SubmissionRow(**one) for one in found)


def request(connection: apsw.Connection, request_id: str) -> RequestRow | None:
    """The request of that id; None when there is none."""
    found = _named(connection, REQUEST, (request_id,))
    return next((shapes.request_row(one) for one in found), None)


def delivery(connection: apsw.Connection, delivery_id: str) -> DeliveryRow | None:
    """The delivery of that id; None when there is none."""
    return next(
        (shapes.delivery_row(one) for one in _named(connection, f"{DELIVERY} WHERE id = ?", (delivery_id,))), None
    )


def deliveries_of(connection: apsw.Connection, submission_ids: Sequence[str]) -> Mapping[str, tuple[DeliveryRow, ...]]:
    """The deliveries of some submissions."""
    found: dict[str, list[DeliveryRow]] = defaultdict(list)
    for one in _named(connection, _OF_SUBMISSIONS, (orjson.dumps(list(submission_ids)).decode(),)):
        found[one["submission_id"]].append(shapes.delivery_row(one))
    return {submission_id: tuple(found[submission_id]) for submission_id in submission_ids}


def attempts_of(connection: apsw.Connection, delivery_id: str) -> tuple[AttemptRow, ...]:
    """The calls of a delivery."""
    return tuple(shapes.attempt_row(one) for one in _named(connection, ATTEMPT, (delivery_id,)))


def next_due(connection: apsw.Connection, lane: str) -> Millis | None:
    """When the lane's next delivery is due."""
    found = row(connection, NEXT_DUE, (lane,))
    return found[0] if found else None


def lanes_waiting(connection: apsw.Connection) -> Mapping[str, Millis | None]:
    """The lanes with unfinished deliveries, found by jumping from lane to lane in the index, and when they are due."""
    sending = {lane: None for (lane,) in rows(connection, LANES_SENDING)}
    return sending | dict(rows(connection, LANES_WAITING))


def keys_of_record(connection: apsw.Connection, lane: str, record_id: str, but: str) -> tuple[tuple[str, ...], ...]:
    """The keys of the newest deliveries that wrote a record."""
    return tuple(tuple(orjson.loads(keys)) for (keys,) in rows(connection, OF_RECORD, (lane, record_id, but)))


def ledger(connection: apsw.Connection) -> Ledger:
    """Both sides of the books in one read transaction."""
    with connection:
        sources = tuple(_accounts(connection, "submissions", "source"))
        destinations = tuple(_accounts(connection, "deliveries", "destination"))
        mapped_to_nothing = rows(connection, MAPPED_TO_NOTHING)[0][0]
        never_sent = rows(connection, NEVER_SENT)[0][0]
    return Ledger(
        accounts=sources + destinations,
        mapped_without_delivery=mapped_to_nothing,
        delivered_without_attempt=never_sent,
    )


def _accounts(connection: apsw.Connection, table: str, name: str) -> Iterator[Account]:
    totals = rows(connection, "SELECT name, state, count FROM totals WHERE kind = ?", (table,))
    counted = rows(connection, f"SELECT {name}, state, count(*) FROM {table} GROUP BY 1, 2")
    return shapes.accounts(table, totals, counted)


def _named(connection: apsw.Connection, statement: str, values: Sequence[Any]) -> Iterator[dict[str, Any]]:
    cursor = connection.cursor()
    for one in cursor.execute(statement, values):
        names = [column[0] for column in cursor.get_description()]
        yield dict(zip(names, one, strict=True))
