"""Values as the rows of any engine, and rows as values: all store the same columns, and JSON as text."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import orjson
from pydantic import TypeAdapter
from pydantic_core import from_json, to_json

from leadbridge.clock import Millis
from leadbridge.crm.adapter import Call
from leadbridge.outcome import Candidate, WriteWarning
from leadbridge.store.claims import DeliveryUpdate, FinishedCall, TryResult
from leadbridge.store.ledger import Account
from leadbridge.store.rows import URGENCIES, AttemptRow, DeliveryRow, RequestRow
from leadbridge.store.values import NewDelivery

UNFINISHED: Final = frozenset({"pending", "retrying"})
_WARNINGS = TypeAdapter(tuple[WriteWarning, ...])
_CANDIDATES = TypeAdapter(tuple[Candidate, ...])


def new_delivery(submission_id: str, trace_id: str, delivery: NewDelivery, now: Millis) -> tuple[Any, ...]:
    """id, submission_id, trace_id, route, destination, lane, config_version, plan, keys, event_at, state, and so on.

    The rest: reason, detail, alone, next_at, created_at, updated_at.
    """
    due = now if delivery.state == "pending" else None
    return (
        delivery.delivery_id, submission_id, trace_id, delivery.route, delivery.destination, delivery.lane,
        delivery.config_version, delivery.plan, orjson.dumps(delivery.keys).decode(), delivery.event_at,
        delivery.state, delivery.reason, delivery.detail, delivery.alone, due, now, now,
    )  # fmt: skip


def started(lane: str, call: Call, at: Millis) -> tuple[Any, ...]:
    """lane, purpose, method, path, request, safe_to_repeat, shows_after, started_at."""
    body = None if call.body is None else to_json(call.body).decode()  # integers of any size, unlike orjson
    shows_after = round(call.shows_after * 1000)
    return lane, call.purpose, call.method, call.path, body, call.safe_to_repeat, shows_after, at


def finished(call: FinishedCall) -> tuple[Any, ...]:
    """id, answered_at, sent, sent_at, status, outcome, crm_trace_id, response, error."""
    return (
        call.attempt_id, call.answered_at, call.sent, call.sent_at, call.status, call.outcome, call.crm_trace_id,
        call.response, call.error,
    )  # fmt: skip


def left(lane: str, result: TryResult, update: DeliveryUpdate) -> Iterator[tuple[Any, ...]]:
    """A row for the delivery and for each that was claimed with it: of a record that was made, the first made it.

    id, lane, state, reason, detail, next_at, record_id, created, warnings, candidates, alone, progress, at, try.
    """
    created, progress = update.created, result.progress
    warnings = to_json(update.warnings).decode()  # integers of any size, unlike orjson
    candidates = to_json(update.candidates).decode()
    leader = result.claim.delivery
    for delivery in (leader, *leader.followers):
        yield (
            delivery.delivery_id, lane, update.state, update.reason, update.detail, update.next_at, update.record_id,
            created, warnings, candidates, update.alone, progress, result.at, delivery.tries + 1,
        )  # fmt: skip
        created = None if created is None else False
        progress = None


def led(over: Iterable[tuple[str, TryResult, DeliveryUpdate]]) -> list[tuple[str, str, str]]:
    """To which record each key of a delivery led: lane, key, record_id."""
    return [
        (lane, key, update.record_id)
        for lane, one, update in over
        if update.record_id is not None
        for key in one.claim.delivery.keys
    ]


def apart(results: Sequence[tuple[str, TryResult]], *, most: int) -> Iterator[Sequence[tuple[str, TryResult]]]:
    """The results in runs, in each of which no delivery and no record stands twice: one statement sees only before."""
    run: list[tuple[str, TryResult]] = []
    seen: set[str] = set()
    for lane, one in results:
        touched = {f"delivery {one.claim.delivery.delivery_id}"}
        if one.update is not None and one.update.record_id is not None:
            touched.add(f"record {lane} {one.update.record_id}")
        if touched & seen or len(run) == most:
            yield run
            run, seen = [], set()
        run.append((lane, one))
        seen |= touched
    yield run


def request_row(found: Mapping[str, Any]) -> RequestRow:
    """A stored request, from its columns by their names."""
    return RequestRow(**{**found, "headers": orjson.loads(found["headers"])})


def attempt_row(found: Mapping[str, Any]) -> AttemptRow:
    """A stored attempt, from its columns by their names."""
    return AttemptRow(**{**found, "request": _json(found["request"])})


def delivery_row(found: Mapping[str, Any]) -> DeliveryRow:
    """A stored delivery, from its columns by their names."""
    return DeliveryRow(
        **{
            **found,
            "plan": _json(found["plan"]),
            "blocked": bool(found["blocked"]),
            "urgency": URGENCIES[found["urgency"]],
            "alone": bool(found["alone"]),
            "progress": _json(found["progress"]),
            "choice": _json(found["choice"]),
            "created": None if found["created"] is None else bool(found["created"]),
            "warnings": _WARNINGS.validate_json(found["warnings"]),
            "candidates": _CANDIDATES.validate_json(found["candidates"]),
        }
    )


def accounts(
    kind: str, totals: Iterable[tuple[str, str, int]], counted: Iterable[tuple[str, str, int]]
) -> Iterator[Account]:
    """The books of one kind: what the totals say (name, state, count), and what is counted."""
    arrived: dict[str, int] = {}
    states: dict[str, dict[str, int]] = defaultdict(dict)
    for account, state, count in totals:
        if state == "arrived":
            arrived[account] = count
        else:
            states[account][state] = count
    for account, state, count in counted:
        states[account][state] = states[account].get(state, 0) + count
    for account in sorted(arrived.keys() | states.keys()):
        yield Account(kind=kind, name=account, arrived=arrived.get(account, 0), states=dict(states[account]))


def _json(text: str | None) -> Any:
    return None if text is None else from_json(text)
