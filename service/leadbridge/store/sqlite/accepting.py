"""The accept path: a request, its submissions and their dedupe rows in one transaction."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import apsw
import orjson

from leadbridge.clock import Millis
from leadbridge.events import Received
from leadbridge.store.base import (
    Accepted,
    AcceptStatus,
    MappedSubmission,
    NewDelivery,
    NewItem,
    NewRequest,
    WaitingSubmission,
)
from leadbridge.store.sqlite import flight
from leadbridge.store.sqlite.connection import insert, row, rows

MOST_WAITING: Final = 4 * 1024 * 1024  # bytes of requests that are mapped for one commit
_INSERT_REQUEST = """
    INSERT INTO requests (id, source, received_at, trace_id, verified_by, method, url, headers, body)"""
_INSERT_SUBMISSION = """
    INSERT INTO submissions (id, request_id, item, source, received_at, trace_id, state, reason, dedupe_key,
                             duplicate_of, revision, updated_at)"""
_COUNT_UP = """
    INSERT INTO totals (kind, name, state, count) VALUES (?, ?, 'arrived', ?)
    ON CONFLICT (kind, name, state) DO UPDATE SET count = count + excluded.count"""
_INSERT_DELIVERY = """
    INSERT INTO deliveries (id, submission_id, trace_id, route, destination, lane, config_version, plan, keys,
                            event_at, state, reason, detail, next_at, created_at, updated_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_STATUS: Final[Mapping[str, AcceptStatus]] = {
    "received": "accepted",
    "ignored": "ignored",
    "failed": "unparseable",
}
_WAITING = "SELECT id, request_id, item, trace_id FROM submissions WHERE state = 'received' ORDER BY id LIMIT ?"
_REQUEST = "SELECT source, method, url, headers, body, received_at, verified_by FROM requests WHERE id = ?"
_SETTLE = """
    UPDATE submissions SET state = ?, reason = ?, updated_at = ?
    WHERE id = ? AND state = 'received' RETURNING trace_id"""


def accept(connection: apsw.Connection, requests: Sequence[NewRequest]) -> list[tuple[Accepted, ...]]:
    """Insert requests with all their items."""
    insert(connection, _INSERT_REQUEST, [_request_row(request) for request in requests])
    arrived: Counter[str] = Counter()
    submissions: list[tuple[Any, ...]] = []
    accepted = []
    for request in requests:
        arrived[request.received.source] += len(request.items)
        accepted.append(
            tuple(
                _accept_item(connection, request, number, item, submissions)
                for number, item in enumerate(request.items)
            )
        )
    insert(connection, _INSERT_SUBMISSION, submissions)
    for source, count in arrived.items():
        connection.execute(_COUNT_UP, ("submissions", source, count))
    return accepted


def _request_row(request: NewRequest) -> tuple[Any, ...]:
    received = request.received
    return (
        request.request_id,
        received.source,
        received.received_at,
        request.trace_id,
        request.verified_by,
        received.method,
        received.url,
        orjson.dumps(dict(received.headers)).decode(),
        received.body,
    )


def _accept_item(
    connection: apsw.Connection, request: NewRequest, number: int, item: NewItem, submissions: list[tuple[Any, ...]]
) -> Accepted:
    """Tell an item apart from what came before, and add its row to `submissions`."""
    source, at = request.received.source, request.received.received_at
    revision, first = 1, None
    if item.dedupe_key is not None:
        first, revision = _seen_before(connection, source, item)
    state = item.state if first is None else "duplicate"
    submissions.append(
        (
            item.submission_id,
            request.request_id,
            number,
            source,
            at,
            request.trace_id,
            state,
            item.reason,
            item.dedupe_key,
            first,
            revision,
            at,
        )
    )
    if first is not None:
        return Accepted(submission_id=first, status="duplicate", revision=revision)
    return Accepted(submission_id=item.submission_id, status=_STATUS[item.state], revision=revision)


def _seen_before(connection: apsw.Connection, source: str, item: NewItem) -> tuple[str | None, int]:
    """The submission that said the same under the same id, or the number of this revision of the id."""
    seen = rows(
        connection,
        "SELECT digest, submission_id FROM dedupe WHERE source = ? AND key = ?",
        (source, item.dedupe_key),
    )
    for number, (digest, submission_id) in enumerate(seen, start=1):
        if digest == item.digest:
            return submission_id, number
    connection.execute(
        "INSERT INTO dedupe (source, key, digest, submission_id) VALUES (?, ?, ?, ?)",
        (source, item.dedupe_key, item.digest, item.submission_id),
    )
    return None, len(seen) + 1


def waiting(connection: apsw.Connection, limit: int) -> tuple[WaitingSubmission, ...]:
    """The oldest submissions in `received`, each request read once, up to `MOST_WAITING` bytes of requests."""
    found: list[WaitingSubmission] = []
    requests: dict[str, tuple[Received, str]] = {}
    size = 0
    for submission_id, request_id, item, trace_id in rows(connection, _WAITING, (limit,)):
        if request_id not in requests:
            if size > MOST_WAITING:
                break
            requests[request_id] = _request_of(connection, request_id)
            size += len(requests[request_id][0].body)
        received, verified_by = requests[request_id]
        found.append(
            WaitingSubmission(
                submission_id=submission_id,
                request_id=request_id,
                item=item,
                trace_id=trace_id,
                verified_by=verified_by,
                received=received,
            )
        )
    return tuple(found)


def _request_of(connection: apsw.Connection, request_id: str) -> tuple[Received, str]:
    [(source, method, url, headers, body, received_at, verified_by)] = rows(connection, _REQUEST, (request_id,))
    received = Received(
        source=source, method=method, url=url, headers=orjson.loads(headers), body=body, received_at=received_at
    )
    return received, verified_by


def store_mapped(connection: apsw.Connection, mapped: MappedSubmission, now: Millis) -> None:
    """Give a submission its new state and its deliveries, unless someone did so before."""
    settled = row(connection, _SETTLE, (mapped.state, mapped.reason, now, mapped.submission_id))
    if settled is None:
        return
    for delivery in mapped.deliveries:
        _insert_delivery(connection, mapped.submission_id, settled[0], delivery, now)


def _insert_delivery(
    connection: apsw.Connection, submission_id: str, trace_id: str, delivery: NewDelivery, now: Millis
) -> None:
    due = now if delivery.state == "pending" else None
    connection.execute(
        _INSERT_DELIVERY,
        (
            delivery.delivery_id, submission_id, trace_id, delivery.route, delivery.destination, delivery.lane,
            delivery.config_version, delivery.plan, orjson.dumps(delivery.keys).decode(), delivery.event_at,
            delivery.state, delivery.reason, delivery.detail, due, now, now,
        ),
    )  # fmt: skip
    connection.execute(_COUNT_UP, ("deliveries", delivery.destination, 1))
    if delivery.state == "pending":
        flight.enter(connection, delivery.lane, connection.last_insert_rowid(), delivery.keys)
