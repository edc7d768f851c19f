"""What an id at the command line means, and why something cannot be done with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from leadbridge.commands.states import State
from leadbridge.store.rows import DeliveryRow
from leadbridge.store.sqlite.reader import SqliteReader

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

    @classmethod
    def of(cls, delivery: DeliveryRow) -> "Row":
        """A delivery."""
        return cls(id=delivery.id, state=delivery.state, destination=delivery.destination)


async def rows_of(reader: SqliteReader, wanted: str) -> Sequence[Row]:
    """A delivery, or the deliveries of a submission, or the submission itself when it has none; nothing if unknown."""
    delivery = await reader.delivery(wanted)
    if delivery is not None:
        return [Row.of(delivery)]
    submission = await reader.submission(wanted)
    if submission is None:
        return []
    deliveries = (await reader.deliveries_of([wanted]))[wanted]
    return [Row.of(one) for one in deliveries] or [Row(id=wanted, state=submission.state)]


def why_not_replayed(rows: Sequence[Row]) -> Sequence[str]:
    """Why none of these rows can be replayed; nothing when one can."""
    if any(row.state in _REPLAYABLE for row in rows):
        return []
    return [
        f"{row.id} is {row.state}, and {'on its way already' if row.state in _ON_ITS_WAY else 'cannot be replayed'}"
        for row in rows
    ]


def the_held_one(rows: Sequence[Row]) -> Row | str:
    """The one delivery that is held, or why there is no such."""
    held = [row for row in rows if row.state == State.HELD]
    if len(held) == 1:
        return held[0]
    if held:
        named = ", ".join(f"{row.id} ({row.destination})" for row in held)
        return f"several deliveries are held: say which of them: {named}"
    return "; ".join(f"{row.id} is {row.state}, not held" for row in rows)
