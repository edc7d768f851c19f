"""The way of one lead, printed: received, verified, mapped, each call, what the CRM kept."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import from_json
from rich.table import Table
from rich.text import Text

from leadbridge.clock import Millis
from leadbridge.commands import advice
from leadbridge.commands.output import Words, counted, facts, moment, say, show, state, text
from leadbridge.commands.states import State
from leadbridge.events import Json
from leadbridge.store.lanes import LaneState
from leadbridge.store.rows import AttemptRow, DeliveryRow, RequestRow, SubmissionRow

if TYPE_CHECKING:
    from leadbridge.commands.fetching import Fetching

_LONGEST: Final = 80  # characters of a value that are shown; `--format json` has all of them
_ALSO: Final = frozenset({"emails", "phones"})  # hold what `email` and `phone` say already, unless there are more
_PARTS: Final = frozenset({"first_name", "last_name"})  # which some CRMs take instead of a `name`


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What is stored of one submission at `now`; `first` is the one that it repeats, `lanes` its accounts by lane.

    `fetching` is how its source stands while it waits for its answers.
    """

    submission: SubmissionRow
    request: RequestRow | None
    first: SubmissionRow | None
    deliveries: tuple[tuple[DeliveryRow, tuple[AttemptRow, ...]], ...]
    lanes: Mapping[str, LaneState]
    now: Millis
    fetching: "Fetching | None" = None

    def account_of(self, delivery: DeliveryRow) -> str | None:
        """Why the account of a delivery that waits gets nothing now; None for all others."""
        if delivery.state not in advice.WAITING:
            return None
        return advice.account_waits(self.lanes.get(delivery.lane, LaneState()), now=self.now)


def print_way(way: Way) -> None:
    """Print what `show` and `trace` found of one submission."""
    submission = way.submission
    say(("Submission ", "bold"), (submission.id, "bold"), "  ", state(submission.state))
    _print_facts(_of_submission(way))
    for delivery, calls in way.deliveries:
        say()
        say("→ ", (delivery.destination, "bold"), "  ", state(delivery.state), _record(delivery))
        _print_facts(_of_delivery(delivery, calls, account=way.account_of(delivery)))
    say()


def _of_submission(way: Way) -> Iterator[tuple[str, Text]]:
    submission, request = way.submission, way.request
    yield "trace ID", text(submission.trace_id)
    yield "received", text(f"{moment(submission.received_at)} from the source ", (submission.source, "bold"))
    if request is not None:
        kind = request.headers.get("content-type", "no content type")
        yield "request", text(f"{request.method} {request.url}, {kind}, {counted(len(request.body), 'byte')}")
        unsigned = request.verified_by == "none"
        yield (
            "verified",
            text("no: the source takes unsigned requests" if unsigned else f"yes, by {request.verified_by}"),
        )
    if submission.revision > 1:
        yield "revision", text(f"{submission.revision}: the sender used this id before, with another content")
    if submission.duplicate_of:
        first = ", which was pruned"
        if way.first is not None:
            first = f", received {moment(way.first.received_at)}, trace ID {way.first.trace_id}"
        yield "repeats", text(f"submission {submission.duplicate_of}{first}; nothing is sent again")
    fetching = way.fetching
    if fetching is not None:
        yield "waits for", text((_waits_for_fetch(way, fetching), "yellow"))
    if submission.fetched is not None:
        yield "fetched", text(_short(from_json(submission.fetched)))
    if submission.reason:
        yield "reason", text(submission.reason)
    if to_do := advice.for_submission(submission) if fetching is None else fetching.to_do:
        yield "to do", text(to_do)
    if way.deliveries:
        version = way.deliveries[0][0].config_version
        yield "mapped", text(f"to {counted(len(way.deliveries), 'delivery')}, by the configuration {version}")


def _waits_for_fetch(way: Way, fetching: "Fetching") -> str:
    """Why there are no answers yet, and when they are asked for next."""
    submission, pause = way.submission, fetching.pause
    said = "its answers, which only its vendor has"
    if submission.fetch_tries:
        said += f"; asked for {counted(submission.fetch_tries, 'time')}"
    if fetching.configured is False:
        return f"{said}; nobody asks for them: the configuration has no `fetch:` for the source {submission.source}"
    if pause is not None and pause.until > way.now:
        return f"{said}; nothing is fetched for the source until {moment(pause.until)}: {pause.reason}"
    if submission.fetch_at is not None and submission.fetch_at > way.now:
        said += f"; next at {moment(submission.fetch_at)}"
    return said


def _of_delivery(
    delivery: DeliveryRow, calls: Sequence[AttemptRow], *, account: str | None
) -> Iterator[tuple[str, Text]]:
    plan: dict[str, Any] = delivery.plan or {}
    yield "route", text(delivery.route)
    yield "delivery", text(delivery.id)
    if match := plan.get("match"):
        yield "match key", text(f"{match.get('field') or match['by']} {_short(match['value'])}")
    for warning in plan.get("warnings", ()):
        yield "mapping", text((f"{warning['field']}: {warning['problem']}{_got(warning)}", "yellow"))
    for number, call in enumerate(calls, start=1):
        yield f"call {number}", _call(call)
    if delivery.state in (State.DELIVERED, State.DELIVERED_WITH_WARNINGS):
        lost = {warning.field for warning in delivery.warnings}
        kept = [f"{name} {_short(value)}" for name, value in _sent(plan, calls) if name not in lost]
        yield "kept", text("; ".join(kept) or "nothing")
    for one in delivery.warnings:
        said = f"{one.field}: sent {_short(one.sent)}, the CRM has {_short(one.got)}: {one.cause}"
        yield "not kept", text((said, "yellow"))
    if delivery.state == State.FILTERED:
        yield "filtered", text("the route's `when` is not true for this submission")
    if delivery.reason or delivery.detail:
        yield "because", text(": ".join(part for part in (delivery.reason, delivery.detail) if part))
    for candidate in delivery.candidates:
        known = ", ".join(f"{name} {_short(value)}" for name, value in candidate.summary.items() if value)
        yield "candidate", text(f"record {candidate.record_id}: {known}")
    yield from _what_follows(delivery, account=account)


def _what_follows(delivery: DeliveryRow, *, account: str | None) -> Iterator[tuple[str, Text]]:
    """What a person decided about it or can do, and what it waits for."""
    if delivery.choice:
        record = delivery.choice.get("use")
        yield "decided", text(f"to update the record {record}" if record else "to make a new record")
    if to_do := advice.for_delivery(delivery):
        yield "to do", text(to_do)
    if delivery.state in advice.WAITING and delivery.urgency == "replay":
        yield "replayed", text("behind what is live")
    if account is not None:
        yield "waits for", text((account, "yellow"))
    if delivery.blocked and delivery.state in advice.WAITING:
        yield "waits for", text("an earlier delivery of the same person")
    elif delivery.state == State.RETRYING and delivery.next_at is not None and account is None:
        yield "next try", text(moment(delivery.next_at))


def _record(delivery: DeliveryRow) -> Text:
    if delivery.record_id is None:
        return text()
    how = {True: ", created", False: ", updated", None: ""}[delivery.created]
    return text(f"  record {delivery.record_id}{how}")


def _call(call: AttemptRow) -> Text:
    """`22:15:01.123Z PUT /leads/upsert (upsert lead): 200 in 12 ms, CRM trace ID …`."""
    at = datetime.fromtimestamp(call.started_at / 1000, UTC).strftime("%H:%M:%S.%f")[:-3] + "Z"
    answer: Words = ("no answer yet", "yellow")
    if call.answered_at is not None and call.status is not None:
        took = call.answered_at - call.started_at
        answer = (f"{call.status} in {took} ms", "" if call.status < 400 else "yellow")
    elif call.outcome is not None:
        answer = (f"no answer: {call.error}", "yellow")
    crm = f", CRM trace ID {call.crm_trace_id}" if call.crm_trace_id else ""
    again = f", try {call.attempt}" if call.attempt > 1 else ""
    return text(f"{at} {call.method} {call.path} ({call.purpose}{again}): ", answer, crm)


def _sent(plan: dict[str, Any], calls: Sequence[AttemptRow]) -> Iterator[tuple[str, Json]]:
    """What the delivery was to write, by the names that the configuration uses."""
    lead = plan.get("lead", {})
    in_parts = bool(lead.keys() & _PARTS) and not any(_has_name(call.request) for call in calls)
    for name, value in lead.items():
        if name == "name" and in_parts:
            continue
        if name not in _ALSO or (isinstance(value, list) and len(value) > 1):
            yield name, value
    for name, value in plan.get("custom_fields", {}).items():
        yield f"custom_fields.{name}", value
    tags = plan.get("tags", {})
    if any(tags.values()):
        yield "tags", [*(tags.get("replace") or tags.get("add", ())), *(f"-{one}" for one in tags.get("remove", ()))]


def _has_name(body: Json) -> bool:
    """Whether a name was sent whole: LeadConnector has an attribute for it among others, Copper in its `properties`."""
    return isinstance(body, dict) and ("name" in body or any(_has_name(item) for item in body.values()))


def _got(warning: dict[str, Any]) -> str:
    return f" (got {_short(warning['got'])})" if warning.get("got") is not None else ""


def _short(value: Json) -> str:
    if isinstance(value, dict):
        said = ", ".join(f"{name} {_short(item)}" for name, item in value.items())
    elif isinstance(value, list):
        said = ", ".join(_short(item) for item in value)
    else:
        said = "" if value is None else str(value)
    return f"{said[: _LONGEST - 1]}…" if len(said) > _LONGEST else said or "nothing"


def _print_facts(found: Iterator[tuple[str, Text]]) -> None:
    shown: Table = facts(indent=2)
    for name, said in found:
        shown.add_row(name, said)
    show(shown)
