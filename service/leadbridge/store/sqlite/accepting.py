"""The accept path: a request, its submissions and their dedupe rows in one transaction (see `arrivals.sql`)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import apsw
import orjson

from leadbridge.clock import Millis
from leadbridge.events import Received
from leadbridge.store.sqlite import flight
from leadbridge.store.sqlite.connection import ROWS_AT_ONCE, row, rows, transaction, write_rows
from leadbridge.store.values import (
    Accepted,
    AcceptStatus,
    MappedSubmission,
    NewDelivery,
    NewItem,
    NewRequest,
    WaitingSubmission,
)

MOST_WAITING: Final = 4 * 1024 * 1024  # bytes of requests that are mapped for one commit
_ARRIVE = """
    INSERT INTO arrivals (request_id, item, source, received_at, trace_id, verified_by, method, url, headers, body,
                          id, state, reason, dedupe_key, digest) {values}"""
_TOLD_APART = """
    SELECT json_group_array(json_array(id, duplicate_of, revision)) FROM submissions
    WHERE id IN (SELECT value FROM json_each(?))"""
_COUNT_UP = """
    INSERT INTO totals (kind, name, state, count) VALUES (?, ?, 'arrived', ?)
    ON CONFLICT (kind, name, state) DO UPDATE SET count = count + excluded.count"""
_INSERT_DELIVERY = """
    INSERT INTO deliveries (id, submission_id, trace_id, route, destination, lane, config_version, plan, keys,
                            event_at, state, reason, detail, alone, next_at, created_at, updated_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_SAID_BEFORE: Final = ("", "", "", b"")
_STATUS: Final[Mapping[str, AcceptStatus]] = {
    "received": "accepted",
    "ignored": "ignored",
    "failed": "unparseable",
}
WAITING: Final = """
    SELECT id, request_id, item, trace_id FROM submissions WHERE state = 'received' ORDER BY arrival, id LIMIT ?"""
_REQUEST = """
    SELECT source, method, url, headers, body, received_at, verified_by, coalesce(order_at, received_at)
    FROM requests WHERE id = ?"""
_SETTLE = """
    UPDATE submissions SET state = ?, reason = ?, updated_at = ?
    WHERE id = ? AND state = 'received' RETURNING trace_id"""


def accept(connection: apsw.Connection, requests: Sequence[NewRequest]) -> list[tuple[Accepted, ...]]:
    """Insert requests with all their items: in the transaction that is open, else in one of its own."""
    values = [row for request in requests for row in _rows_of(request)]
    if len(values) <= ROWS_AT_ONCE or connection.in_transaction:
        write_rows(connection, _ARRIVE, values)
    else:
        with transaction(connection):
            write_rows(connection, _ARRIVE, values)
    keyed = [item.submission_id for request in requests for item in request.items if item.dedupe_key is not None]
    told_apart = _told_apart(connection, keyed) if keyed else {}
    return [tuple(_accepted(item, told_apart) for item in request.items) for request in requests]


def _rows_of(request: NewRequest) -> Iterator[tuple[Any, ...]]:
    """A row for each item; what the request itself says goes with the first."""
    received = request.received
    about: tuple[str, str, str, bytes] = (
        received.method,
        received.url,
        orjson.dumps(dict(received.headers)).decode(),
        received.body,
    )
    for number, item in enumerate(request.items):
        yield (
            request.request_id, number, received.source, received.received_at, request.trace_id, request.verified_by,
            *about, item.submission_id, item.state, item.reason, item.dedupe_key, item.digest,
        )  # fmt: skip
        about = _SAID_BEFORE


def _told_apart(connection: apsw.Connection, ids: Sequence[str]) -> dict[str, tuple[str | None, int]]:
    """Which of these submissions are duplicates, and of what; and which revision of its id each is."""
    found = row(connection, _TOLD_APART, (orjson.dumps(ids).decode(),))
    return {} if found is None else {name: (first, revision) for name, first, revision in orjson.loads(found[0])}


def _accepted(item: NewItem, told_apart: Mapping[str, tuple[str | None, int]]) -> Accepted:
    first, revision = told_apart.get(item.submission_id, (None, 1))
    if first is not None:
        return Accepted(submission_id=first, status="duplicate", revision=revision)
    return Accepted(submission_id=item.submission_id, status=_STATUS[item.state], revision=revision)


def waiting(connection: apsw.Connection, limit: int) -> tuple[WaitingSubmission, ...]:
    """What is `received`, first come first, each request read once, up to `MOST_WAITING` bytes of requests."""
    found: list[WaitingSubmission] = []
    requests: dict[str, tuple[Received, str, Millis]] = {}
    size = 0
    for submission_id, request_id, item, trace_id in rows(connection, WAITING, (limit,)):
        if request_id not in requests:
            if size > MOST_WAITING:
                break
            requests[request_id] = _request_of(connection, request_id)
            size += len(requests[request_id][0].body)
        received, verified_by, order_at = requests[request_id]
        found.append(
            WaitingSubmission(
                submission_id=submission_id,
                request_id=request_id,
                item=item,
                trace_id=trace_id,
                verified_by=verified_by,
                received=received,
                order_at=order_at,
            )
        )
    return tuple(found)


def _request_of(connection: apsw.Connection, request_id: str) -> tuple[Received, str, Millis]:
    [found] = rows(connection, _REQUEST, (request_id,))
    source, method, url, headers, body, received_at, verified_by, order_at = found
    received = Received(
        source=source, method=method, url=url, headers=orjson.loads(headers), body=body, received_at=received_at
    )
    return received, verified_by, order_at


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
            delivery.state, delivery.reason, delivery.detail, int(delivery.alone), due, now, now,
        ),
    )  # fmt: skip
    connection.execute(_COUNT_UP, ("deliveries", delivery.destination, 1))
    if delivery.state == "pending":
        flight.enter(connection, delivery.lane, connection.last_insert_rowid(), delivery.keys)
