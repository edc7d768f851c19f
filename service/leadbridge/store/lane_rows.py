"""How lanes are stored, in statements that every engine understands; values are `?1`, `?2` and so on."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from leadbridge.clock import Millis
from leadbridge.store.lanes import Backlog, LaneState

STATE: Final = "held, detail, since, probe_at, paused_until, failures, daily_reset_at"
SET: Final = f"""
    INSERT INTO lanes (lane, {STATE}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT (lane) DO UPDATE SET
        held = excluded.held, detail = excluded.detail, since = excluded.since, probe_at = excluded.probe_at,
        paused_until = excluded.paused_until, failures = excluded.failures, daily_reset_at = excluded.daily_reset_at"""
# What a person held or released since its owner looked stands: the owner has not heard of it yet.
SET_AS_OWNER: Final = """
    UPDATE lanes SET
        held = CASE WHEN held IS NOT DISTINCT FROM ?10 THEN ?2 ELSE held END,
        detail = CASE WHEN held IS NOT DISTINCT FROM ?10 THEN ?3 ELSE detail END,
        since = CASE WHEN held IS NOT DISTINCT FROM ?10 THEN ?4 ELSE since END,
        probe_at = CASE WHEN held IS NOT DISTINCT FROM ?10 THEN ?5 ELSE probe_at END,
        paused_until = ?6, failures = ?7, daily_reset_at = ?8
    WHERE lane = ?1 AND epoch = ?9"""
CALLS_PER_LEAD: Final = """
    SELECT count(*), sum(CASE WHEN outcome IN ('delivered', 'delivered_with_warnings', 'superseded', 'held', 'failed')
                         THEN 1 ELSE 0 END)
    FROM (SELECT outcome FROM attempts WHERE lane = ?1 AND answered_at IS NOT NULL ORDER BY answered_at DESC LIMIT ?2)
        AS latest"""
HELD: Final = f"SELECT lane, {STATE} FROM lanes WHERE held IS NOT NULL"
# From lane to lane, and from reason to reason, in the index: as many steps as there are such pairs.
HOLDING: Final = """
    WITH RECURSIVE pair (lane, reason) AS (
        SELECT * FROM (SELECT lane, reason FROM deliveries WHERE state = 'held' ORDER BY lane, reason LIMIT 1) AS first
        UNION ALL
        SELECT next.lane, next.reason FROM pair JOIN deliveries AS next ON next.seq = (
            SELECT seq FROM deliveries WHERE state = 'held' AND (lane, reason) > (pair.lane, pair.reason)
            ORDER BY lane, reason LIMIT 1))
    SELECT lane, reason FROM pair"""
LONGEST_HELD: Final = """
    SELECT id FROM deliveries WHERE state = 'held' AND lane = ?1 AND reason = ?2 ORDER BY updated_at, seq LIMIT 1"""


def values_of(lane: str, state: LaneState) -> tuple[Any, ...]:
    """A lane and the columns of `STATE`."""
    return (
        lane, state.held, state.detail, state.since, state.probe_at, state.paused_until, state.failures,
        state.daily_reset_at,
    )  # fmt: skip


def state_of(*columns: Any) -> LaneState:
    """The columns of `STATE`, as they are read."""
    names = (name.strip() for name in STATE.split(","))
    return LaneState(**dict(zip(names, columns, strict=True)))


def oldest_of(waiting: Iterable[Sequence[Any]]) -> Mapping[str, int]:
    """The first place in each lane, of rows of lane, urgency, count and first place."""
    oldest: dict[str, int] = {}
    for lane, _, _, first in waiting:
        oldest[lane] = min(first, oldest.get(lane, first))
    return oldest


def backlogs_of(
    waiting: Iterable[Sequence[Any]],
    sending: Iterable[tuple[str, int]],
    held: Iterable[tuple[str, str, int]],
    made_at: Iterable[tuple[str, Millis]],
) -> tuple[Backlog, ...]:
    """What waits, is under way and is held, as it was counted; `made_at` is of the first one of each lane."""
    by_urgency: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    by_reason: dict[str, dict[str, int]] = defaultdict(dict)
    for lane, urgency, count, _ in waiting:
        by_urgency[lane][urgency] += count
    for lane, reason, count in held:
        by_reason[lane][reason] = count
    under_way, since = dict(sending), dict(made_at)
    return tuple(
        Backlog(
            lane=lane,
            live=by_urgency[lane][0],
            retry=by_urgency[lane][1],
            replay=by_urgency[lane][2],
            sending=under_way.get(lane, 0),
            held=by_reason.get(lane, {}),
            oldest_at=since.get(lane),
        )
        for lane in sorted({*by_urgency, *under_way, *by_reason})
    )
