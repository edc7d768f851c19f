"""Rows as they are shown, and both sides of the ledger."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import apsw
import orjson
from pydantic import TypeAdapter
from pydantic_core import from_json

from leadbridge.clock import Millis
from leadbridge.outcome import Candidate, WriteWarning
from leadbridge.store.ledger import Account, Ledger
from leadbridge.store.rows import URGENCIES, AttemptRow, DeliveryRow, RequestRow, SubmissionRow
from leadbridge.store.sqlite.connection import row, rows
from leadbridge.store.values import Named

_SUBMISSION = """
    SELECT id, request_id, item, source, received_at, trace_id, state, reason, dedupe_key, duplicate_of, revision,
           updated_at
    FROM submissions"""
_NEWEST = f"""{_SUBMISSION}
    WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR source = ?2) AND (?3 IS NULL OR id < ?3)
    ORDER BY id DESC LIMIT ?4"""
_REQUEST = (
    "SELECT id, source, received_at, trace_id, verified_by, method, url, headers, body FROM requests WHERE id = ?"
)
_DELIVERY = """
    SELECT id, submission_id, trace_id, route, destination, lane, config_version, plan, state, blocked, reason, detail,
           urgency, alone, tries, next_at, progress, choice, record_id, created, warnings, candidates, created_at,
           updated_at
    FROM deliveries"""
_OF_SUBMISSIONS = f"{_DELIVERY} WHERE submission_id IN (SELECT value FROM json_each(?)) ORDER BY seq"
_ATTEMPT = """
    SELECT a.id, a.lane, a.purpose, a.method, a.path, a.request, c.try AS attempt, a.started_at, a.answered_at,
           a.status, a.outcome, a.crm_trace_id, a.response, a.error
    FROM attempt_deliveries c JOIN attempts a ON a.id = c.attempt_id
    WHERE c.delivery_id = ? ORDER BY a.id"""
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
    SELECT name FROM lane WHERE name IS NOT NULL"""
_OF_RECORD = """
    SELECT keys FROM deliveries WHERE lane = ? AND record_id = ? AND id <> ?
    ORDER BY event_at DESC, seq DESC LIMIT 50"""
_MAPPED_TO_NOTHING = """
    SELECT count(*) FROM submissions s
    WHERE state = 'mapped' AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.submission_id = s.id)"""
_NEVER_SENT = """
    SELECT count(*) FROM deliveries d
    WHERE state IN ('delivered', 'delivered_with_warnings') AND NOT EXISTS (
        SELECT 1 FROM attempt_deliveries c JOIN attempts a ON a.id = c.attempt_id
        WHERE c.delivery_id = d.id AND a.status BETWEEN 200 AND 299)"""
_NAMES: Mapping[Named, str] = {
    "route": "SELECT DISTINCT route FROM deliveries ORDER BY 1",
    "destination": """
        SELECT destination FROM deliveries UNION SELECT name FROM totals WHERE kind = 'deliveries' ORDER BY 1""",
    "source": "SELECT source FROM submissions UNION SELECT name FROM totals WHERE kind = 'submissions' ORDER BY 1",
}
_WARNINGS = TypeAdapter(tuple[WriteWarning, ...])
_CANDIDATES = TypeAdapter(tuple[Candidate, ...])


def names(connection: apsw.Connection, what: Named) -> tuple[str, ...]:
    """Every route, destination or source that something is stored of, or was."""
    return tuple(name for (name,) in rows(connection, _NAMES[what]))


def submissions(
    connection: apsw.Connection, *, limit: int, state: str | None, source: str | None, before: str | None
) -> tuple[SubmissionRow, ...]:
    """The newest submissions that fit."""
    return tuple(SubmissionRow(**found) for found in _named(connection, _NEWEST, (state, source, before, limit)))


def submission(connection: apsw.Connection, submission_id: str) -> SubmissionRow | None:
    """One submission."""
    found = _named(connection, f"{_SUBMISSION} WHERE id = ?", (submission_id,))
    return next((SubmissionRow(**one) for one in found), None)


def by_trace(connection: apsw.Connection, trace_id: str) -> tuple[SubmissionRow, ...]:
    """The submissions under a trace ID."""
    found = _named(connection, f"{_SUBMISSION} WHERE trace_id = ? ORDER BY id", (trace_id,))
    return tuple(SubmissionRow(**one) for one in found)


def request(connection: apsw.Connection, request_id: str) -> RequestRow | None:
    """One request."""
    found = _named(connection, _REQUEST, (request_id,))
    return next((RequestRow(**{**one, "headers": orjson.loads(one["headers"])}) for one in found), None)


def delivery(connection: apsw.Connection, delivery_id: str) -> DeliveryRow | None:
    """One delivery."""
    return next((_delivery(one) for one in _named(connection, f"{_DELIVERY} WHERE id = ?", (delivery_id,))), None)


def deliveries_of(connection: apsw.Connection, submission_ids: Sequence[str]) -> Mapping[str, tuple[DeliveryRow, ...]]:
    """The deliveries of some submissions."""
    found: dict[str, list[DeliveryRow]] = defaultdict(list)
    for one in _named(connection, _OF_SUBMISSIONS, (orjson.dumps(list(submission_ids)).decode(),)):
        found[one["submission_id"]].append(_delivery(one))
    return {submission_id: tuple(found[submission_id]) for submission_id in submission_ids}


def attempts_of(connection: apsw.Connection, delivery_id: str) -> tuple[AttemptRow, ...]:
    """The calls of a delivery."""
    return tuple(
        AttemptRow(**{**one, "request": None if one["request"] is None else from_json(one["request"])})
        for one in _named(connection, _ATTEMPT, (delivery_id,))
    )


def next_due(connection: apsw.Connection, lane: str) -> Millis | None:
    """When the lane's next delivery is due."""
    found = row(connection, NEXT_DUE, (lane,))
    return found[0] if found else None


def lanes_waiting(connection: apsw.Connection) -> tuple[str, ...]:
    """The lanes with unfinished deliveries, found by jumping from lane to lane in the index."""
    return tuple(name for (name,) in rows(connection, LANES_WAITING))


def keys_of_record(connection: apsw.Connection, lane: str, record_id: str, but: str) -> tuple[tuple[str, ...], ...]:
    """The keys of the newest deliveries that wrote a record."""
    return tuple(tuple(orjson.loads(keys)) for (keys,) in rows(connection, _OF_RECORD, (lane, record_id, but)))


def ledger(connection: apsw.Connection) -> Ledger:
    """Both sides of the books in one read transaction."""
    with connection:
        sources = tuple(_accounts(connection, "submissions", "source"))
        destinations = tuple(_accounts(connection, "deliveries", "destination"))
        mapped_to_nothing = rows(connection, _MAPPED_TO_NOTHING)[0][0]
        never_sent = rows(connection, _NEVER_SENT)[0][0]
    return Ledger(
        accounts=sources + destinations,
        mapped_without_delivery=mapped_to_nothing,
        delivered_without_attempt=never_sent,
    )


def _accounts(connection: apsw.Connection, table: str, name: str) -> Iterator[Account]:
    arrived: dict[str, int] = {}
    states: dict[str, dict[str, int]] = defaultdict(dict)
    for account, state, count in rows(connection, "SELECT name, state, count FROM totals WHERE kind = ?", (table,)):
        if state == "arrived":
            arrived[account] = count
        else:
            states[account][state] = count
    for account, state, count in rows(connection, f"SELECT {name}, state, count(*) FROM {table} GROUP BY 1, 2"):
        states[account][state] = states[account].get(state, 0) + count
    for account in sorted(arrived.keys() | states.keys()):
        yield Account(kind=table, name=account, arrived=arrived.get(account, 0), states=dict(states[account]))


def _delivery(found: dict[str, Any]) -> DeliveryRow:
    return DeliveryRow(
        **{
            **found,
            "plan": None if found["plan"] is None else from_json(found["plan"]),
            "blocked": bool(found["blocked"]),
            "urgency": URGENCIES[found["urgency"]],
            "alone": bool(found["alone"]),
            "progress": None if found["progress"] is None else from_json(found["progress"]),
            "choice": None if found["choice"] is None else from_json(found["choice"]),
            "created": None if found["created"] is None else bool(found["created"]),
            "warnings": _WARNINGS.validate_json(found["warnings"]),
            "candidates": _CANDIDATES.validate_json(found["candidates"]),
        }
    )


def _named(connection: apsw.Connection, statement: str, values: Sequence[Any]) -> Iterator[dict[str, Any]]:
    cursor = connection.cursor()
    for one in cursor.execute(statement, values):
        names = [column[0] for column in cursor.get_description()]
        yield dict(zip(names, one, strict=True))
