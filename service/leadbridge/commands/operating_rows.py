"""What an id at the command line means, and why something cannot be done with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from leadbridge.commands.states import State
from leadbridge.store.opening import Reader
from leadbridge.store.rows import DeliveryRow, SubmissionRow
from leadbridge.store.selecting import SPAM

_REPLAYABLE: Final = frozenset(
    {
        State.FAILED,
        State.HELD,
        State.DELIVERED,
        State.DELIVERED_WITH_WARNINGS,
        State.SUPERSEDED,
        State.CANCELLED,
        State.UNROUTED,
    }
)
_ON_ITS_WAY: Final = frozenset({State.RECEIVED, State.PENDING, State.SENDING, State.RETRYING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A delivery; or a submission that has none, without a destination."""

    id: str
    state: str
    destination: str | None = None
    spam: bool = False  # ignored, as recognition took it for spam
    undecided: bool = False  # held without a match key: only what a person decides lets it go

    @classmethod
    def of(cls, delivery: DeliveryRow) -> "Row":
        """What is changed of a delivery: its state, and whether a person must say first that it may make a record."""
        keyless = delivery.reason == "no_match_key" and (delivery.plan or {}).get("match") is None
        undecided = delivery.state == State.HELD and keyless and delivery.choice is None
        return cls(id=delivery.id, state=delivery.state, destination=delivery.destination, undecided=undecided)


async def rows_of(reader: Reader, wanted: str) -> Sequence[Row]:
    """A delivery, or the deliveries of a submission, or the submission itself when it has none; nothing if unknown."""
    delivery = await reader.delivery(wanted)
    if delivery is not None:
        return [Row.of(delivery)]
    submission = await reader.submission(wanted)
    if submission is None:
        return []
    deliveries = (await reader.deliveries_of([wanted]))[wanted]
    return [Row.of(one) for one in deliveries] or [_row_of(submission)]


def _row_of(submission: SubmissionRow) -> Row:
    spam = submission.state == State.IGNORED and (submission.reason or "").startswith(SPAM)
    return Row(id=submission.id, state=submission.state, spam=spam)


def why_not_replayed(rows: Sequence[Row]) -> Sequence[str]:
    """Why none of these rows can be replayed; nothing when one can."""
    if any((row.state in _REPLAYABLE and not row.undecided) or row.spam for row in rows):
        return []
    return [why_not(row, "on its way already" if row.state in _ON_ITS_WAY else "cannot be replayed") for row in rows]


def why_not(row: Row, problem: str) -> str:
    """Why nothing is done with a row: `problem`, unless it waits for a person's decision."""
    if row.undecided:
        return f"{row.id} is held because it has no match key: `{decide(row.id)}`"
    return f"{row.id} is {row.state}, and {problem}"


def decide(wanted: str) -> str:
    """The command that lets a delivery go that waits for a person's decision."""
    return f"leadbridge resolve {wanted} --create | --use RECORD | --drop"


def left_out(undecided: int) -> str:
    """What is said of those that no release and no replay lets go; nothing when there are none."""
    if not undecided:
        return ""
    are, have = ("is", "it has") if undecided == 1 else ("are", "they have")
    return f" {undecided} {are} held because {have} no match key: `{decide('ID')}`."


def the_held_one(rows: Sequence[Row]) -> Row | str:
    """The one delivery that is held, or why there is no such."""
    held = [row for row in rows if row.state == State.HELD]
    if len(held) == 1:
        return held[0]
    if held:
        named = ", ".join(f"{row.id} ({row.destination})" for row in held)
        return f"several deliveries are held: say which of them: {named}"
    return "; ".join(f"{row.id} is {row.state}, not held" for row in rows)
