"""What a verdict may find, and what senders were answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Kind: TypeAlias = Literal[
    "lost", "wrong record", "doubled", "note doubled", "out of order", "two at once", "quota exceeded", "ledger",
    "wrong answer", "not taken", "not drained", "waits for a person", "not seen",
]  # fmt: skip
# What each kind means; a report lists them in this order.
KINDS: Final[Mapping[Kind, str]] = {
    "lost": "answered 2xx, and not in a record with its values",
    "wrong record": "something of one person in the record of another",
    "doubled": "a second record of one person, or one of nobody",
    "note doubled": "a note that is there twice",
    "out of order": "an older value written after a newer one",
    "two at once": "a call for a person that came while another one for that person was under way",
    "quota exceeded": "a window that held too many calls, or a 429 that no fault asked for",
    "ledger": "books that do not balance, or not with what was sent",
    "wrong answer": "a sender was answered other than 2xx or 503",
    "not taken": "never answered 2xx, however often it was sent",
    "not drained": "deliveries that did not come to an end",
    "waits for a person": "held or failed, although nothing was wrong with it",
    "not seen": "a value that no call of the history wrote: the proof itself overlooks something",
}
_MOST_TRACES: Final = 5  # named in one finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A sender's last word about a submission: `trace_id` is set once it was answered 2xx."""

    serial: int
    trace_id: str | None
    submission_id: str | None = None
    sends: int = 1
    wrong: tuple[int, ...] = ()  # statuses that nobody should get

    @property
    def taken(self) -> bool:
        """Whether it was answered 2xx."""
        return self.trace_id is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that should not be, with what is needed to look at it."""

    kind: Kind
    destination: str | None
    what: str
    trace_ids: tuple[str, ...] = ()


def traces_of(answers: Mapping[int, Answer], serials: Sequence[int]) -> tuple[str, ...]:
    """The trace IDs of the first of these submissions, as far as they were taken."""
    found = (answers[serial].trace_id for serial in serials if serial in answers)
    return tuple(trace_id for trace_id in found if trace_id)[:_MOST_TRACES]
