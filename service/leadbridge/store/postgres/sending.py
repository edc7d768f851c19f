"""The delivery path: claims, and the attempts that are stored as started before a call is sent."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from leadbridge.clock import Millis
from leadbridge.crm.adapter import Call
from leadbridge.store import shapes
from leadbridge.store.postgres.connection import Connection, columns, lock_lanes
from leadbridge.store.postgres.lineup import followers_of, overtaken
from leadbridge.store.values import Claim, DueDelivery

# By their ids: `coalesce` keeps all that waits in the lane from being looked through.
CLAIMABLE: Final = """
    SELECT d.id, d.known FROM deliveries d
    WHERE d.id = ANY($1::text[]) AND coalesce(d.lane, '') = $3 AND coalesce(d.state, '') IN ('pending', 'retrying')
        AND NOT d.blocked
        AND (d.next_at <= $2 OR d.urgency = 0) AND EXISTS (SELECT 1 FROM lanes WHERE lane = $3 AND epoch = $4)"""
TAKE: Final = """
    UPDATE deliveries
    SET state = 'sending', tries = tries + 1, first_try_at = coalesce(first_try_at, $2), updated_at = $2
    WHERE id = ANY($1::text[])"""
_START: Final = """
    INSERT INTO attempts (lane, purpose, method, path, request, safe_to_repeat, shows_after, started_at)
    SELECT lane, purpose, method, path, request, safe_to_repeat, shows_after, started_at
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::bigint[], $8::bigint[])
        WITH ORDINALITY
        AS a (lane, purpose, method, path, request, safe_to_repeat, shows_after, started_at, place)
    ORDER BY place RETURNING id"""
_CARRY: Final = """
    INSERT INTO attempt_deliveries (delivery_id, attempt_id, try)
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::int[])"""


async def claim(
    connection: Connection, lane: str, starts: Sequence[tuple[DueDelivery, Call | None]], *, now: Millis, epoch: int
) -> tuple[Claim, ...]:
    """Move due deliveries with their followers to `sending`, each with the attempt of its first call.

    Left out is what is not due any more, or has lost a follower, or was overtaken since it was read: whoever claims
    reads it again.
    """
    await lock_lanes(connection, [lane])
    wanted = [delivery.delivery_id for delivery, _ in starts]
    known = dict(await connection.fetch(CLAIMABLE, wanted, now, lane, epoch))
    due = [delivery for delivery, _ in starts if delivery.delivery_id in known]
    behind = await followers_of(connection, lane, [one.seq for one in due if one.followers], now)
    late = await overtaken(connection, [one for one in due if known[one.delivery_id]])
    ours = [
        (delivery, call)
        for delivery, call in starts
        if delivery.delivery_id in known
        and _has_its_followers(delivery, behind.get(delivery.seq, ()))
        and delivery.delivery_id not in late
    ]
    if not ours:
        return ()
    await connection.execute(TAKE, [name for one, _ in ours for name in one.all_ids], now)
    begun = [Beginning(lane, delivery, call, now) for delivery, call in ours if call is not None]
    attempts = iter(await begin(connection, begun))
    return tuple(
        Claim(delivery=delivery, attempt_id=None if call is None else next(attempts)) for delivery, call in ours
    )


def _has_its_followers(delivery: DueDelivery, behind: Sequence[str]) -> bool:
    """Whether those that were read with it still stand right behind it."""
    mine = [one.delivery_id for one in delivery.followers]
    return list(behind[: len(mine)]) == mine


class Beginning(NamedTuple):
    """A call of a claimed delivery, and of its followers, that is about to be sent."""

    lane: str
    delivery: DueDelivery
    call: Call
    at: Millis


async def begin(connection: Connection, calls: Sequence[Beginning]) -> Sequence[int]:
    """Store calls as started; returns their attempts, in their order."""
    if not calls:
        return ()
    attempts = await start(connection, [(one.lane, one.call, one.at) for one in calls])
    carried = [
        (carried.delivery_id, attempt, carried.tries + 1)
        for one, attempt in zip(calls, attempts, strict=True)
        for carried in (one.delivery, *one.delivery.followers)
    ]
    await connection.execute(_CARRY, *columns(carried, 3))
    return attempts


async def start(connection: Connection, calls: Sequence[tuple[str, Call, Millis]]) -> Sequence[int]:
    """Store calls of lanes as started; returns their attempts, in their order."""
    rows: list[tuple[Any, ...]] = [shapes.started(*one) for one in calls]
    return sorted(attempt for (attempt,) in await connection.fetch(_START, *columns(rows, 8)))
