"""`list`, `show` and `trace`: what came, what became of it, and the whole way of one lead."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from pydantic_core import from_json
from rich.text import Text

from leadbridge.clock import SystemClock
from leadbridge.commands import advice
from leadbridge.commands.format import Format
from leadbridge.commands.output import listed, moment, out, say, show, show_json, state, table, text
from leadbridge.commands.pruned import perhaps_pruned
from leadbridge.commands.states import OF_DELIVERIES, OF_SUBMISSIONS, State
from leadbridge.commands.way import Way, print_way
from leadbridge.errors import UsageError
from leadbridge.settings import choices
from leadbridge.store.fetching import FetchPause
from leadbridge.store.lanes import LaneState
from leadbridge.store.opening import Reader
from leadbridge.store.rows import DeliveryRow, SubmissionRow

if TYPE_CHECKING:
    from leadbridge.commands.fetching import Fetching

# How a source stands with its vendor: asked only where it matters, since that reads the configuration.
Stands: TypeAlias = Callable[[str, FetchPause | None], "Fetching"]

NARROW: Final = 110  # columns of a terminal in which an id no longer fits beside the rest
_PAGE: Final = 500  # submissions read at once while looking for a delivery's state


async def list_submissions(
    reader: Reader, *, limit: int, wanted: State | None, source: str | None, output: Format
) -> None:
    """The newest submissions with the state of each delivery."""
    rows, deliveries = [], {}
    async for row, its_deliveries in _newest(reader, wanted=wanted, source=source, page=min(limit, _PAGE)):
        rows.append(row)
        deliveries[row.id] = its_deliveries
        if len(rows) == limit:
            break
    lanes = await reader.lanes()
    if output is Format.JSON:
        show_json([{**_row(row), "deliveries": [_brief(one, lanes) for one in deliveries[row.id]]} for row in rows])
    elif rows:
        _show_list(rows, deliveries, lanes)
    else:
        say("Nothing was received yet." if wanted is source is None else f"Nothing fits.{await _slip(reader, source)}")


async def _slip(reader: Reader, source: str | None) -> str:
    """What to say of a source that nothing is stored of: it may be new, gone, or misspelt."""
    if source is None or source in (known := await reader.names("source")):
        return ""
    return f" Nothing is stored of a source `{source}` ({choices.advice(source, known, what='sources')})."


async def show_one(reader: Reader, *, wanted: str, stands: Stands, output: Format) -> None:
    """One submission, or the one a delivery belongs to."""
    row = await reader.submission(wanted)
    if row is None and (delivery := await reader.delivery(wanted)) is not None:
        row = await reader.submission(delivery.submission_id)
    if row is None:
        pruned = await perhaps_pruned(reader, wanted)
        raise UsageError(f"there is no submission or delivery {wanted}; `leadbridge list` shows what there is{pruned}")
    way = await _way(reader, row, stands)
    if output is Format.JSON:
        show_json(_document(way))
    else:
        print_way(way)


async def trace(reader: Reader, *, trace_id: str, stands: Stands, output: Format) -> None:
    """Everything under one trace ID."""
    trace_id = trace_id.strip().lower()
    rows = await reader.by_trace(trace_id)
    if not rows:
        raise UsageError(
            f"nothing was received under the trace ID {trace_id}; `leadbridge list` shows what there is, and "
            f"`leadbridge show` takes the id of a submission{await perhaps_pruned(reader, trace_id)}"
        )
    ways = [await _way(reader, row, stands) for row in rows]
    if output is Format.JSON:
        show_json({"trace_id": trace_id, "submissions": [_document(way) for way in ways]})
        return
    for way in ways:
        print_way(way)


async def _newest(
    reader: Reader, *, wanted: State | None, source: str | None, page: int
) -> AsyncIterator[tuple[SubmissionRow, tuple[DeliveryRow, ...]]]:
    """The submissions that are in a state, or have a delivery that is; newest first."""
    of_deliveries = wanted in OF_DELIVERIES
    in_store = None if of_deliveries else wanted
    if of_deliveries and wanted not in OF_SUBMISSIONS:
        in_store = State.MAPPED  # no other has deliveries
    before = None
    while True:
        rows = await reader.submissions(limit=page, state=in_store, source=source, before=before)
        deliveries = await reader.deliveries_of([row.id for row in rows])
        for row in rows:
            its_states = {row.state, *(one.state for one in deliveries[row.id])}
            if wanted is None or wanted in its_states:
                yield row, deliveries[row.id]
        if len(rows) < page:
            return
        before = rows[-1].id
        page = _PAGE


def _show_list(
    rows: Sequence[SubmissionRow], deliveries: Mapping[str, Sequence[DeliveryRow]], lanes: Mapping[str, LaneState]
) -> None:
    narrow = out.is_terminal and out.width < NARROW
    shown = table("received", "source", "state", "what became of it", *([] if narrow else ["submission"]))
    for column in islice(shown.columns, 3):
        column.no_wrap = True
    for row in rows:
        told = text("–") if narrow and row.duplicate_of else _became(row, deliveries[row.id], lanes)
        when, source = text(moment(row.received_at).partition(".")[0]), text(row.source)
        if narrow:
            shown.add_row(when, source, state(row.state), listed((told, text((row.id, "dim"))), between="\n"))
        else:
            shown.add_row(when, source, state(row.state), told, text(row.id))
    show(shown)


def _became(row: SubmissionRow, deliveries: Sequence[DeliveryRow], lanes: Mapping[str, LaneState]) -> Text:
    if deliveries:
        return listed(text(f"{one.destination}: ", state(one.state), _why(one, lanes)) for one in deliveries)
    if row.duplicate_of:
        return text(f"of {row.duplicate_of}")
    return text(row.reason or "–")


def _why(delivery: DeliveryRow, lanes: Mapping[str, LaneState]) -> str:
    if held := _held_account(delivery, lanes):
        return f" (account held: {held})"
    return f" ({delivery.reason})" if delivery.reason else ""


def _held_account(delivery: DeliveryRow, lanes: Mapping[str, LaneState]) -> str | None:
    """Why the account of a delivery that waits is held; None when it is not, or nothing waits."""
    lane = lanes.get(delivery.lane)
    return None if lane is None or delivery.state not in advice.WAITING else lane.held


async def _way(reader: Reader, row: SubmissionRow, stands: Stands) -> Way:
    """The way of one submission: its request, its deliveries, and every call of each."""
    deliveries = (await reader.deliveries_of([row.id]))[row.id]
    return Way(
        submission=row,
        request=await reader.request(row.request_id),
        first=await reader.submission(row.duplicate_of) if row.duplicate_of else None,
        deliveries=tuple([(one, await reader.attempts_of(one.id)) for one in deliveries]),
        lanes=await reader.lanes(),
        now=SystemClock().now(),
        fetching=await _fetching(reader, row, stands) if row.state == State.AWAITING_FETCH else None,
    )


async def _fetching(reader: Reader, row: SubmissionRow, stands: Stands) -> "Fetching":
    backlogs = await reader.fetch_backlogs()
    pause = next((backlog.pause for backlog in backlogs if backlog.source == row.source), None)
    return stands(row.source, pause)


def _document(way: Way) -> dict[str, Any]:
    request = way.request
    return {
        "submission": _row(way.submission),
        "request": {**asdict(request), "size": len(request.body)} if request else None,
        "deliveries": [
            {**asdict(delivery), "account": way.account_of(delivery), "attempts": calls}
            for delivery, calls in way.deliveries
        ],
    }


def _row(row: SubmissionRow) -> dict[str, Any]:
    """With the vendor's documents as documents."""
    return {**asdict(row), "fetched": None if row.fetched is None else from_json(row.fetched)}


def _brief(delivery: DeliveryRow, lanes: Mapping[str, LaneState]) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "destination": delivery.destination,
        "state": delivery.state,
        "reason": delivery.reason,
        "account_held": _held_account(delivery, lanes),
        "record_id": delivery.record_id,
    }
