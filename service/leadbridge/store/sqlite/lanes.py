"""What is stored of a lane beside its deliveries and its owner: how it stands, what it sent, what waits in it."""

from collections.abc import Collection, Mapping, Set
from typing import Final

import apsw

from leadbridge.clock import Millis
from leadbridge.crm.adapter import Call
from leadbridge.outcome import HoldReason
from leadbridge.store.claims import CallSpan, FinishedCall
from leadbridge.store.lane_rows import (
    CALLS_PER_LEAD,
    HELD,
    HOLDING,
    LONGEST_HELD,
    SET,
    SET_AS_OWNER,
    STATE,
    backlogs_of,
    oldest_of,
    state_of,
    values_of,
)
from leadbridge.store.lanes import Backlog, LaneState
from leadbridge.store.sqlite.connection import row, rows
from leadbridge.store.sqlite.recording import finish
from leadbridge.store.sqlite.sending import start

ANSWERED: Final = "FROM attempts WHERE lane = ?1 AND answered_at > ?2"
UNANSWERED: Final = """
    FROM attempts WHERE lane = ?1 AND answered_at IS NULL AND sent = 1 AND coalesce(sent_at, started_at) > ?2"""
RECENT_CALLS: Final = f"""
    SELECT started_at, answered_at {ANSWERED} UNION ALL SELECT coalesce(sent_at, started_at), NULL {UNANSWERED}"""
COUNT_CALLS: Final = f"SELECT (SELECT count(*) {ANSWERED}) + (SELECT count(*) {UNANSWERED})"
_WAITING: Final = """
    SELECT lane, urgency, count(*), min(seq) FROM deliveries INDEXED BY deliveries_due
    WHERE state IN ('pending', 'retrying') AND blocked = 0 GROUP BY lane, urgency
    UNION ALL
    SELECT lane, urgency, count(*), min(seq) FROM deliveries INDEXED BY deliveries_blocked
    WHERE state IN ('pending', 'retrying') AND blocked = 1 GROUP BY lane, urgency"""
_SENDING: Final = """
    SELECT lane, count(*) FROM deliveries INDEXED BY deliveries_sending WHERE state = 'sending' GROUP BY lane"""
_HELD_ONE_BY_ONE: Final = """
    SELECT lane, reason, count(*) FROM deliveries INDEXED BY deliveries_held WHERE state = 'held'
    GROUP BY lane, reason"""


def set_lane(
    connection: apsw.Connection, lane: str, state: LaneState, *, epoch: int | None, seen: HoldReason | None
) -> bool:
    """Store a lane's state, if the epoch that is given is the lane's; its hold only where `seen` still stands."""
    values = values_of(lane, state)
    if epoch is None:
        connection.execute(SET, values)
    else:
        connection.execute(SET_AS_OWNER, (*values, epoch, seen))
    return connection.changes() > 0


def lane_state(connection: apsw.Connection, lane: str) -> LaneState:
    """A lane's state; the usual one when nothing is stored."""
    found = row(connection, f"SELECT {STATE} FROM lanes WHERE lane = ?", (lane,))
    return LaneState() if found is None else state_of(*found)


def lane_states(connection: apsw.Connection) -> Mapping[str, LaneState]:
    """Every lane that is stored."""
    return {
        lane: state_of(*state) for lane, *state in rows(connection, f"SELECT lane, {STATE} FROM lanes ORDER BY lane")
    }


def lanes_held(connection: apsw.Connection) -> Mapping[str, LaneState]:
    """The lanes that are held as a whole."""
    return {lane: state_of(*state) for lane, *state in rows(connection, HELD)}


def lanes_holding(connection: apsw.Connection) -> Set[tuple[str, HoldReason]]:
    """The lanes with deliveries that are held one by one, and why."""
    return {(lane, reason) for lane, reason in rows(connection, HOLDING)}


def record_probe(
    connection: apsw.Connection,
    lane: str,
    call: Call,
    finished: FinishedCall | None,
    *,
    attempt_id: int | None,
    now: Millis,
) -> int:
    """Store a call that carries no delivery: its start, or its end."""
    if attempt_id is None:
        [attempt_id] = start(connection, [(lane, call, now)])
    if finished is not None:
        finish(connection, [finished])
    return attempt_id


def recent_calls(connection: apsw.Connection, lane: str, since: Millis) -> tuple[CallSpan, ...]:
    """Calls that may still occupy a quota window that began at `since`."""
    found = rows(connection, RECENT_CALLS, (lane, since))
    return tuple(CallSpan(started_at=started_at, answered_at=answered_at) for started_at, answered_at in found)


def count_calls(connection: apsw.Connection, lane: str, since: Collection[Millis]) -> Mapping[Millis, int]:
    """How many calls may count in a budget that began at each of these times."""
    return {mark: rows(connection, COUNT_CALLS, (lane, mark))[0][0] for mark in since}


def longest_held(connection: apsw.Connection, lane: str, reason: HoldReason) -> str | None:
    """The delivery that came to be held for this reason the longest ago."""
    found = row(connection, LONGEST_HELD, (lane, reason))
    return None if found is None else str(found[0])


def calls_per_lead(connection: apsw.Connection, lane: str, last: int) -> float | None:
    """Calls for each lead that came to rest, over the last ones."""
    [(calls, leads)] = rows(connection, CALLS_PER_LEAD, (lane, last))
    return calls / leads if leads else None


def backlogs(connection: apsw.Connection) -> tuple[Backlog, ...]:
    """What waits, is under way and is held, in every lane that has any of it; in one read transaction."""
    with connection:
        waiting = rows(connection, _WAITING)
        sending, held = rows(connection, _SENDING), rows(connection, _HELD_ONE_BY_ONE)
        made_at = [
            (lane, rows(connection, "SELECT created_at FROM deliveries WHERE seq = ?", (first,))[0][0])
            for lane, first in oldest_of(waiting).items()
        ]
    return backlogs_of(waiting, sending, held, made_at)
