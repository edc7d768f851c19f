"""What is stored of a lane beside its deliveries and its owner: how it stands, what it sent, what waits in it."""

from collections.abc import Collection, Mapping, Set
from typing import Final

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
from leadbridge.store.postgres.accepting import changed
from leadbridge.store.postgres.connection import Connection, numbered, storable
from leadbridge.store.postgres.recording import finish
from leadbridge.store.postgres.sending import start

ANSWERED: Final = "FROM attempts WHERE lane = $1 AND answered_at > $2"
UNANSWERED: Final = """
    FROM attempts WHERE lane = $1 AND answered_at IS NULL AND sent AND coalesce(sent_at, started_at) > $2"""
RECENT_CALLS: Final = f"""
    SELECT started_at, answered_at {ANSWERED} UNION ALL SELECT coalesce(sent_at, started_at), NULL {UNANSWERED}"""
# By how many of the given times, in their order, are before each call.
COUNT_CALLS: Final = f"""
    SELECT width_bucket(at - 1, $3::bigint[]), count(*)
    FROM (SELECT answered_at AS at {ANSWERED} UNION ALL SELECT coalesce(sent_at, started_at) {UNANSWERED}) AS calls
    GROUP BY 1"""
_CALLS_PER_LEAD: Final = numbered(CALLS_PER_LEAD)
_LONGEST_HELD: Final = numbered(LONGEST_HELD)
_SET: Final = numbered(SET)
_SET_AS_OWNER: Final = numbered(SET_AS_OWNER)
_WAITING: Final = """
    SELECT lane, urgency, count(*), min(seq) FROM deliveries
    WHERE state IN ('pending', 'retrying') AND NOT blocked GROUP BY lane, urgency
    UNION ALL
    SELECT lane, urgency, count(*), min(seq) FROM deliveries
    WHERE state IN ('pending', 'retrying') AND blocked GROUP BY lane, urgency"""
_SENDING: Final = "SELECT lane, count(*) FROM deliveries WHERE state = 'sending' GROUP BY lane"
_HELD: Final = "SELECT lane, reason, count(*) FROM deliveries WHERE state = 'held' GROUP BY lane, reason"
_MADE_AT: Final = "SELECT lane, created_at FROM deliveries WHERE seq = ANY($1::bigint[])"


async def set_lane(
    connection: Connection, lane: str, state: LaneState, *, epoch: int | None, seen: HoldReason | None
) -> bool:
    """Store a lane's state, if the epoch that is given is the lane's; its hold only where `seen` still stands."""
    values = [storable(value) for value in values_of(lane, state)]  # the detail is in the CRM's own words
    if epoch is None:
        return changed(await connection.execute(_SET, *values)) > 0
    return changed(await connection.execute(_SET_AS_OWNER, *values, epoch, seen)) > 0


async def lane_state(connection: Connection, lane: str) -> LaneState:
    """A lane's state; the usual one when nothing is stored."""
    found = await connection.fetchrow(f"SELECT {STATE} FROM lanes WHERE lane = $1", lane)
    return LaneState() if found is None else state_of(*found)


async def lane_states(connection: Connection) -> Mapping[str, LaneState]:
    """Every lane that is stored."""
    found = await connection.fetch(f"SELECT lane, {STATE} FROM lanes ORDER BY lane")
    return {lane: state_of(*state) for lane, *state in found}


async def lanes_held(connection: Connection) -> Mapping[str, LaneState]:
    """The lanes that are held as a whole."""
    return {lane: state_of(*state) for lane, *state in await connection.fetch(HELD)}


async def lanes_holding(connection: Connection) -> Set[tuple[str, HoldReason]]:
    """The lanes with deliveries that are held one by one, and why."""
    return {(lane, reason) for lane, reason in await connection.fetch(HOLDING)}


async def record_probe(
    connection: Connection, lane: str, call: Call, finished: FinishedCall | None, *, attempt_id: int | None, now: Millis
) -> int:
    """Store a call that carries no delivery: its start, or its end."""
    if attempt_id is None:
        attempt_id = await start(connection, lane, call, now)
    if finished is not None:
        await finish(connection, [finished])
    return attempt_id


async def recent_calls(connection: Connection, lane: str, since: Millis) -> tuple[CallSpan, ...]:
    """Calls that may still occupy a quota window that began at `since`."""
    found = await connection.fetch(RECENT_CALLS, lane, since)
    return tuple(CallSpan(started_at=started_at, answered_at=answered_at) for started_at, answered_at in found)


async def count_calls(connection: Connection, lane: str, since: Collection[Millis]) -> Mapping[Millis, int]:
    """How many calls may count in a budget that began at each of these times; the attempts are read once."""
    marks = sorted(since)
    after = dict(await connection.fetch(COUNT_CALLS, lane, marks[0], marks))
    return {mark: sum(after.get(place, 0) for place in range(n, len(marks) + 1)) for n, mark in enumerate(marks, 1)}


async def longest_held(connection: Connection, lane: str, reason: HoldReason) -> str | None:
    """The delivery that came to be held for this reason the longest ago."""
    found: str | None = await connection.fetchval(_LONGEST_HELD, lane, reason)
    return found


async def calls_per_lead(connection: Connection, lane: str, last: int) -> float | None:
    """Calls for each lead that came to rest, over the last ones."""
    calls, leads = await connection.fetchrow(_CALLS_PER_LEAD, lane, last)
    return int(calls) / int(leads) if leads else None


async def backlogs(connection: Connection) -> tuple[Backlog, ...]:
    """What waits, is under way and is held, in every lane that has any of it."""
    waiting = await connection.fetch(_WAITING)
    sending, held = await connection.fetch(_SENDING), await connection.fetch(_HELD)
    made_at = await connection.fetch(_MADE_AT, list(oldest_of(waiting).values()))
    return backlogs_of(waiting, sending, held, made_at)
