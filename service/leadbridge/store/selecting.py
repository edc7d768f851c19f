"""Which rows a `Selection` means, as statements for any engine: values are `?1`, `?2` and so on, each given once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, Protocol, TypeAlias

from leadbridge.store.values import Selection

Act: TypeAlias = Literal["hold", "release", "replay", "cancel"]
REPLAYABLE: Final = ("failed", "held", "delivered", "delivered_with_warnings", "superseded", "cancelled")
REPLAYABLE_SUBMISSIONS: Final = ("failed", "unrouted")
# What recognition took for spam may be a lead after all; what else is ignored is none.
SPAM: Final = "spam: "
_IS_SPAM: Final = f"state = 'ignored' AND substr(reason, 1, {len(SPAM)}) = '{SPAM}'"
MAPPED_AGAIN: Final = f"(state IN {REPLAYABLE_SUBMISSIONS} OR {_IS_SPAM})"
NO_LIMIT: Final = 2**62
_WAITS: Final = "d.state IN ('pending', 'retrying')"
_HELD: Final = "d.state = 'held'"
_REPLAYABLE: Final = f"d.state IN {REPLAYABLE}"
_NOT_SENT_AGAIN: Final = """
    (s.dedupe_key IS NULL OR EXISTS (
        SELECT 1 FROM dedupe d WHERE d.source = s.source AND d.key = s.dedupe_key AND d.submission_id = s.id))"""


class Dialect(Protocol):
    """What engines say in different ways."""

    @property
    def waits(self) -> Sequence[str]:
        """That a delivery is not blocked, and that it is: each as the index says it that holds only those."""

    @property
    def undecided(self) -> str:
        """That a delivery is held with nothing to match by, and that nobody said yet that it should make a record."""

    def one_of(self, column: str, number: int) -> str:
        """The condition that a column holds one of the texts given as `number`."""

    def among(self, number: int) -> str:
        """The condition that a delivery's place is one of those given as `number`."""

    def given(self, wanted: Sequence[str] | Sequence[int]) -> Any:
        """Texts or places as the one value of a statement that `one_of` and `among` look into."""


@dataclass(slots=True)
class Asked:
    """A statement, and its values in their order."""

    dialect: Dialect
    statement: str = ""
    values: list[Any] = field(default_factory=list)

    def add(self, value: Any) -> int:
        """Give a value; its number."""
        self.values.append(value)
        return len(self.values)

    def value(self, value: Any) -> str:
        """Give a value; how the statement names it."""
        return f"?{self.add(value)}"

    def one_of(self, column: str, wanted: Sequence[str]) -> str:
        """That a column holds one of these."""
        return self.dialect.one_of(column, self.add(self.dialect.given(wanted)))


def fitting(act: Act, selection: Selection, dialect: Dialect) -> Asked:
    """The places of the deliveries that a person means by this, the oldest first."""
    waits = [f"{_WAITS} AND {how}" for how in dialect.waits]  # each on an index: a small part of a large table
    kinds: dict[Act, Sequence[str]] = {
        "hold": waits,
        "release": [f"{_HELD} AND NOT {dialect.undecided}"],
        "replay": [f"{_REPLAYABLE} AND NOT {dialect.undecided}"],
        "cancel": [*waits, _HELD],
    }
    return _places(selection, kinds[act], dialect)


def undecided(selection: Selection, dialect: Dialect) -> Asked:
    """The places of those that wait for a person's decision, and go with that alone; a limit does not count."""
    return _places(replace(selection, limit=None), [dialect.undecided], dialect)


def retrying(selection: Selection, dialect: Dialect) -> Asked:
    """The places of those that wait for another try, the oldest first."""
    return fitting("hold", replace(selection, states=("retrying",)), dialect)


def still(selection: Selection, places: Sequence[int], dialect: Dialect) -> Asked:
    """Those of these places that fit now: much may have happened since they were read."""
    asked = Asked(dialect)
    among = dialect.among(asked.add(dialect.given(places)))
    asked.statement = "SELECT d.seq FROM deliveries d WHERE " + " AND ".join([among, *_conditions(selection, asked)])
    return asked


def _places(selection: Selection, kinds: Sequence[str], dialect: Dialect) -> Asked:
    asked = Asked(dialect)
    fits = "".join(f" AND {condition}" for condition in _conditions(selection, asked))
    parts = " UNION ALL ".join(f"SELECT d.seq FROM deliveries d WHERE {kind}{fits}" for kind in kinds)
    limit = asked.value(NO_LIMIT if selection.limit is None else selection.limit)
    asked.statement = f"{parts} ORDER BY 1 LIMIT {limit}"
    return asked


def _conditions(selection: Selection, asked: Asked) -> Iterator[str]:
    if selection.ids:
        by_id = asked.one_of("x.id", selection.ids)
        of_submission = by_id.replace("x.id", "x.submission_id")
        yield (
            f"d.seq IN (SELECT x.seq FROM deliveries x WHERE {by_id} "
            f"UNION SELECT x.seq FROM deliveries x WHERE {of_submission})"
        )
    for column, wanted in (
        ("state", selection.states),
        ("reason", selection.reasons),
        ("destination", selection.destinations),
        ("lane", selection.lanes),
        ("route", selection.routes),
    ):
        if wanted:
            yield asked.one_of(f"d.{column}", wanted)
    if selection.sources:
        yield asked.one_of("(SELECT s.source FROM submissions s WHERE s.id = d.submission_id)", selection.sources)
    if selection.since is not None:
        yield f"d.created_at >= {asked.value(selection.since)}"
    if selection.until is not None:
        yield f"d.created_at < {asked.value(selection.until)}"


def submissions(selection: Selection, dialect: Dialect, *, limit: int | None) -> Asked | None:
    """The failed and unrouted submissions, and those taken for spam, that can be mapped once more, the oldest first.

    One that its sender sent again since is left out: that one goes on in its place. What is said of deliveries alone
    (a reason, a lane, a route, a destination) means no submission: None.
    """
    if selection.reasons or selection.lanes or selection.routes or selection.destinations:
        return None
    asked = Asked(dialect)
    conditions = [
        asked.one_of(f"s.{column}", wanted)
        for column, wanted in (("id", selection.ids), ("state", selection.states), ("source", selection.sources))
        if wanted
    ]
    if selection.since is not None:
        conditions.append(f"s.received_at >= {asked.value(selection.since)}")
    if selection.until is not None:
        conditions.append(f"s.received_at < {asked.value(selection.until)}")
    fits = "".join(f" AND {condition}" for condition in conditions)
    asked.statement = (
        f"SELECT s.id FROM submissions s WHERE {MAPPED_AGAIN}{fits} AND {_NOT_SENT_AGAIN} "
        f"ORDER BY s.id LIMIT {asked.value(NO_LIMIT if limit is None else limit)}"
    )
    return asked
