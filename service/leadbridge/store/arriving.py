"""Accepting beside its statements: requests as rows, what their senders are told, and what waits to be mapped."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import orjson

from leadbridge.clock import Millis
from leadbridge.events import Received
from leadbridge.store.values import Accepted, AcceptStatus, NewItem, NewRequest, WaitingSubmission

LONGEST_KEY: Final = 512  # bytes: an index of PostgreSQL takes no text of some thousands, and keys are kept for ever
MOST_WAITING: Final = 4 * 1024 * 1024  # bytes of requests and documents that are mapped for one commit
ToldApart: TypeAlias = Mapping[str, tuple[str | None, int]]  # by submission: the one it repeats, and its revision
_STATUS: Final[Mapping[str, AcceptStatus]] = {
    "received": "accepted",
    "awaiting_fetch": "accepted",
    "ignored": "ignored",
    "failed": "unparseable",
}


class Arrived(NamedTuple):
    """A request that is stored; `order_at` is when it arrived, but never before what was accepted earlier."""

    received: Received
    verified_by: str
    order_at: Millis


def about(request: NewRequest) -> tuple[str, str, str, bytes]:
    """Method, URL, headers and body of a request."""
    received = request.received
    return received.method, received.url, orjson.dumps(dict(received.headers)).decode(), received.body


def answers(requests: Iterable[NewRequest], told_apart: ToldApart) -> list[tuple[Accepted, ...]]:
    """What became of the items of each request."""
    return [tuple(_accepted(item, told_apart) for item in request.items) for request in requests]


def _accepted(item: NewItem, told_apart: ToldApart) -> Accepted:
    first, revision = told_apart.get(item.submission_id, (None, 1))
    if first is not None:
        return Accepted(submission_id=first, status="duplicate", revision=revision)
    return Accepted(submission_id=item.submission_id, status=_STATUS[item.state], revision=revision)


def bounded(key: str) -> str:
    """A sender's id for a submission as it is stored: a long one by its digest."""
    said = key.encode("utf-8", "surrogatepass")
    return key if len(said) <= LONGEST_KEY else f"sha256:{hashlib.sha256(said).hexdigest()}"


def arrived(row: Sequence[Any]) -> Arrived:
    """A request from its row: source, method, url, headers, body, received_at, verified_by, order_at."""
    source, method, url, headers, body, received_at, verified_by, order_at = row
    received = Received(
        source=source, method=method, url=url, headers=orjson.loads(headers), body=body, received_at=received_at
    )
    return Arrived(received, verified_by, order_at)


def waiting_of(row: Sequence[Any], request: Arrived, fetched: str | None = None) -> WaitingSubmission:
    """A submission from its row (id, request_id, item, trace_id), with its request and what was fetched for it."""
    submission_id, request_id, item, trace_id = row
    return WaitingSubmission(
        submission_id=submission_id,
        request_id=request_id,
        item=item,
        trace_id=trace_id,
        verified_by=request.verified_by,
        received=request.received,
        order_at=request.order_at,
        fetched=fetched,
    )


def in_runs(requests: Sequence[NewRequest]) -> Iterator[Sequence[tuple[NewRequest, int, NewItem]]]:
    """The items with their requests and numbers, in runs in which no sender's id stands twice.

    For who stores a run with one statement, which sees only what was there before.
    """
    run: list[tuple[NewRequest, int, NewItem]] = []
    seen: set[tuple[str, str]] = set()
    for request in requests:
        for number, item in enumerate(request.items):
            if item.dedupe_key is not None:
                key = (request.received.source, item.dedupe_key)
                if key in seen:
                    yield run
                    run, seen = [], set()
                seen.add(key)
            run.append((request, number, item))
    yield run
