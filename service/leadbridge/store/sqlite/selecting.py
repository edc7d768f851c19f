"""Which rows a `Selection` means."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import apsw
import orjson

from leadbridge.store.values import Selection

REPLAYABLE: Final = ("failed", "held", "delivered", "delivered_with_warnings", "superseded", "cancelled")
REPLAYABLE_SUBMISSIONS: Final = ("failed", "unrouted")
_WAIT: Final = (  # each on an index of its own: what waits is a small part of a large table
    "d.state IN ('pending', 'retrying') AND d.blocked = 0",
    "d.state IN ('pending', 'retrying') AND d.blocked = 1",
)
_HELD: Final = "d.state = 'held'"
# With nothing to match by it would make a new record: nobody said yet that it should. One that has a key, which the CRM
# cannot match by, is only held again.
UNDECIDED: Final = """
    (state = 'held' AND reason IS 'no_match_key' AND choice IS NULL AND plan ->> '$.match' IS NULL)"""
_ONE_OF: Final = """
    d.seq IN (SELECT x.seq FROM json_each(?) i JOIN deliveries x ON x.id = i.value
              UNION SELECT x.seq FROM json_each(?) i JOIN deliveries x ON x.submission_id = i.value)"""
_IN_LINE: Final = """
    SELECT value FROM json_each(?1)
    UNION
    SELECT w.seq FROM json_each(?1) i CROSS JOIN deliveries d ON d.seq = i.value CROSS JOIN json_each(d.keys) k
        CROSS JOIN delivery_keys n ON n.lane = d.lane AND n.key = k.value CROSS JOIN deliveries w ON w.seq = n.seq
    WHERE w.state = 'retrying'
    ORDER BY 1"""
_NOT_SENT_AGAIN: Final = """
    (s.dedupe_key IS NULL OR EXISTS (
        SELECT 1 FROM dedupe d WHERE d.source = s.source AND d.key = s.dedupe_key AND d.submission_id = s.id))"""


def waiting(connection: apsw.Connection, selection: Selection) -> Sequence[int]:
    """The places of those that wait, the oldest first."""
    return _places(connection, selection, _WAIT)


def held(connection: apsw.Connection, selection: Selection) -> Sequence[int]:
    """The places of those that are held and may go as they are, the oldest first."""
    return _places(connection, selection, (f"{_HELD} AND NOT {UNDECIDED}",))


def undecided(connection: apsw.Connection, selection: Selection) -> int:
    """How many of those that are held wait for a person's decision, and go with that alone; a limit does not count."""
    return len(_places(connection, replace(selection, limit=None), (UNDECIDED,)))


def retrying(connection: apsw.Connection, selection: Selection) -> Sequence[int]:
    """The places of those that wait for another try; of those that are named, with all in line with them."""
    found = waiting(connection, replace(selection, states=("retrying",)))
    if not selection.ids:
        return found
    return [seq for (seq,) in connection.execute(_IN_LINE, (orjson.dumps(list(found)).decode(),))]


def unsent(connection: apsw.Connection, selection: Selection) -> Sequence[int]:
    """The places of those that wait or are held, the oldest first."""
    return _places(connection, selection, (*_WAIT, _HELD))


def replayable(connection: apsw.Connection, selection: Selection) -> Sequence[int]:
    """The places of those that can be sent once more, the oldest first."""
    return _places(connection, selection, (f"d.state IN {REPLAYABLE} AND NOT {UNDECIDED}",))


def still(connection: apsw.Connection, selection: Selection, places: Sequence[int]) -> Sequence[int]:
    """Those of these places that fit now: much may have happened since they were read."""
    conditions = [*_conditions(selection)]
    fits = " AND ".join(["true", *(condition for condition, *_ in conditions)])
    values = [value for _, *some in conditions for value in some]
    found = connection.execute(
        f"SELECT d.seq FROM json_each(?) i CROSS JOIN deliveries d ON d.seq = i.value WHERE {fits}",
        [orjson.dumps(list(places)).decode(), *values],
    )
    return [seq for (seq,) in found]


def _places(connection: apsw.Connection, selection: Selection, kinds: Sequence[str]) -> Sequence[int]:
    conditions = [*_conditions(selection)]
    fits = "".join(f" AND {condition}" for condition, *_ in conditions)
    values = [value for _, *some in conditions for value in some]
    parts = " UNION ALL ".join(f"SELECT d.seq FROM deliveries d WHERE {kind}{fits}" for kind in kinds)
    limit = -1 if selection.limit is None else selection.limit
    found = connection.execute(f"{parts} ORDER BY 1 LIMIT ?", [*values * len(kinds), limit])
    return array("q", (seq for (seq,) in found))  # there may be a million of them


def _conditions(selection: Selection) -> Iterator[tuple[Any, ...]]:
    """Each condition, followed by its values."""
    if selection.ids:
        yield _ONE_OF, _listed(selection.ids), _listed(selection.ids)
    for column, wanted in (
        ("state", selection.states),
        ("reason", selection.reasons),
        ("destination", selection.destinations),
        ("lane", selection.lanes),
        ("route", selection.routes),
    ):
        if wanted:
            yield f"d.{column} IN (SELECT value FROM json_each(?))", _listed(wanted)
    if selection.sources:
        yield (
            "(SELECT s.source FROM submissions s WHERE s.id = d.submission_id) IN (SELECT value FROM json_each(?))",
            _listed(selection.sources),
        )
    if selection.since is not None:
        yield "d.created_at >= ?", selection.since
    if selection.until is not None:
        yield "d.created_at < ?", selection.until


def submissions(connection: apsw.Connection, selection: Selection, *, limit: int | None) -> Sequence[str]:
    """The failed and unrouted submissions that can be mapped once more, the oldest first.

    One that its sender sent again since is left out: that one goes on in its place. What is said of deliveries alone
    (a reason, a lane, a route, a destination) means no submission.
    """
    if selection.reasons or selection.lanes or selection.routes or selection.destinations:
        return ()
    conditions: list[tuple[str, str | int]] = []
    for column, wanted in (("id", selection.ids), ("state", selection.states), ("source", selection.sources)):
        if wanted:
            conditions.append((f"s.{column} IN (SELECT value FROM json_each(?))", _listed(wanted)))
    if selection.since is not None:
        conditions.append(("s.received_at >= ?", selection.since))
    if selection.until is not None:
        conditions.append(("s.received_at < ?", selection.until))
    fits = "".join(f" AND {condition}" for condition, _ in conditions)
    found = connection.execute(
        f"SELECT s.id FROM submissions s WHERE s.state IN {REPLAYABLE_SUBMISSIONS}{fits} AND {_NOT_SENT_AGAIN} "
        "ORDER BY s.id LIMIT ?",
        [*(value for _, value in conditions), -1 if limit is None else limit],
    )
    return [name for (name,) in found]


def _listed(wanted: Sequence[str]) -> str:
    return orjson.dumps(list(wanted)).decode()
