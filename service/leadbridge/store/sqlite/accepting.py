"""The accept path: a request, its submissions and their dedupe rows in one transaction (see `arrivals.sql`)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import apsw
import orjson

from leadbridge.clock import Millis
from leadbridge.ids import first_id
from leadbridge.store import shapes
from leadbridge.store.arriving import MOST_WAITING, Arrived, about, answers, arrived, waiting_of
from leadbridge.store.selecting import MAPPED_AGAIN, REPLAYABLE_SUBMISSIONS
from leadbridge.store.sqlite import flight
from leadbridge.store.sqlite.connection import ROWS_AT_ONCE, row, rows, transaction, write_rows
from leadbridge.store.values import Accepted, MappedSubmission, NewDelivery, NewRequest, WaitingSubmission

_ARRIVE = """
    INSERT INTO arrivals (request_id, item, source, received_at, trace_id, verified_by, method, url, headers, body,
                          id, state, reason, dedupe_key, digest, since) {values}"""
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
WAITING: Final = """
    SELECT id, request_id, item, trace_id, (SELECT documents FROM fetches WHERE submission_id = id)
    FROM submissions WHERE state = 'received' ORDER BY arrival, id LIMIT ?"""
_REQUEST = """
    SELECT source, method, url, headers, body, received_at, verified_by, coalesce(order_at, received_at)
    FROM requests WHERE id = ?"""
_SETTLE = """
    UPDATE submissions SET state = ?, reason = ?, updated_at = ?
    WHERE id = ? AND state = 'received' RETURNING trace_id"""
# What is sent again goes on in the place of one that came to nothing; while that is mapped once more it does not.
_CAME_TO_NOTHING = """
    UPDATE dedupe SET failed = ?2
    WHERE (source, key, submission_id) IN (
        SELECT source, dedupe_key, id FROM submissions WHERE id IN (SELECT value FROM json_each(?1)))"""
_FETCH_FIRST: Final = """
    INSERT INTO fetches (submission_id, source, due_at) SELECT id, source, 0 FROM submissions WHERE id = ?1
    ON CONFLICT (submission_id) DO UPDATE SET due_at = 0, tries = 0"""
_MAP_AGAIN: Final = f"""
    UPDATE submissions SET reason = NULL, updated_at = ?2,
        state = iif(EXISTS (SELECT 1 FROM fetches WHERE submission_id = id AND documents IS NULL),
                    'awaiting_fetch', 'received')
    WHERE id IN (SELECT value FROM json_each(?1)) AND {MAPPED_AGAIN} RETURNING id, state"""
_FETCH_AGAIN: Final = """
    UPDATE fetches SET due_at = 0, tries = 0 WHERE submission_id IN (SELECT value FROM json_each(?1))"""


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
    return answers(requests, told_apart)


def _rows_of(request: NewRequest) -> Iterator[tuple[Any, ...]]:
    """A row for each item; what the request itself says goes with the first."""
    received, what_it_says = request.received, about(request)
    for number, item in enumerate(request.items):
        yield (
            request.request_id, number, received.source, received.received_at, request.trace_id, request.verified_by,
            *what_it_says, item.submission_id, item.state, item.reason, item.dedupe_key, item.digest,
            first_id(item.since) if item.since else "",
        )  # fmt: skip
        what_it_says = _SAID_BEFORE


def _told_apart(connection: apsw.Connection, ids: Sequence[str]) -> dict[str, tuple[str | None, int]]:
    """Which of these submissions are duplicates, and of what; and which revision of its id each is."""
    found = row(connection, _TOLD_APART, (orjson.dumps(ids).decode(),))
    return {} if found is None else {name: (first, revision) for name, first, revision in orjson.loads(found[0])}


def waiting(connection: apsw.Connection, limit: int) -> tuple[WaitingSubmission, ...]:
    """What is `received`, first come first."""
    return with_requests(connection, connection.execute(WAITING, (limit,)))


def with_requests(connection: apsw.Connection, found: Iterable[Sequence[Any]]) -> tuple[WaitingSubmission, ...]:
    """Submissions from rows (id, request_id, item, trace_id, documents), each request read once.

    The first ones, up to `MOST_WAITING` bytes of requests and documents.
    """
    some: list[WaitingSubmission] = []
    requests: dict[str, Arrived] = {}
    size = 0
    for *one, documents in found:
        request_id = one[1]
        if size > MOST_WAITING and (documents or request_id not in requests):
            break
        if request_id not in requests:
            requests[request_id] = _request_of(connection, request_id)
            size += len(requests[request_id].received.body)
        size += len(documents or "")
        some.append(waiting_of(one, requests[request_id], documents))
    return tuple(some)


def _request_of(connection: apsw.Connection, request_id: str) -> Arrived:
    [found] = rows(connection, _REQUEST, (request_id,))
    return arrived(found)


def store_mapped(connection: apsw.Connection, mapped: MappedSubmission, now: Millis) -> None:
    """Give a submission its new state and its deliveries, unless someone did so before."""
    settled = row(connection, _SETTLE, (mapped.state, mapped.reason, now, mapped.submission_id))
    if settled is None:
        return
    if mapped.state in REPLAYABLE_SUBMISSIONS:
        come_to_nothing(connection, [mapped.submission_id])
    if mapped.state == "awaiting_fetch":
        connection.execute(_FETCH_FIRST, (mapped.submission_id,))
    for delivery in mapped.deliveries:
        _insert_delivery(connection, mapped.submission_id, settled[0], delivery, now)


def come_to_nothing(connection: apsw.Connection, submission_ids: Sequence[str]) -> None:
    """What is sent again goes on in the place of these."""
    connection.execute(_CAME_TO_NOTHING, (orjson.dumps(submission_ids).decode(), 1))


def _insert_delivery(
    connection: apsw.Connection, submission_id: str, trace_id: str, delivery: NewDelivery, now: Millis
) -> None:
    connection.execute(_INSERT_DELIVERY, shapes.new_delivery(submission_id, trace_id, delivery, now))
    connection.execute(_COUNT_UP, ("deliveries", delivery.destination, 1))
    if delivery.state == "pending":
        flight.enter(connection, delivery.lane, connection.last_insert_rowid(), delivery.keys)


def map_again(connection: apsw.Connection, submission_ids: Sequence[str], now: Millis) -> int:
    """Let failed and unrouted submissions be mapped once more; first fetched, where that is still to be done."""
    again = rows(connection, _MAP_AGAIN, (orjson.dumps(list(submission_ids)).decode(), now))
    connection.execute(_CAME_TO_NOTHING, (orjson.dumps([name for name, _ in again]).decode(), 0))
    unfetched = [name for name, state in again if state == "awaiting_fetch"]
    connection.execute(_FETCH_AGAIN, (orjson.dumps(unfetched).decode(),))
    return len(again)
