"""The delivery path: claims, and the attempts that are stored as started before a call is sent."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from leadbridge.clock import Millis
from leadbridge.crm.adapter import Call
from leadbridge.store import lining, shapes
from leadbridge.store.claims import Claim, DueDelivery
from leadbridge.store.postgres.connection import Connection, columns
from leadbridge.store.postgres.lineup import HOW_MANY_NEWER, followers_of

# By their ids: `coalesce` keeps all that waits in the lane from being looked through. `newer` is asked of those alone
# whose keys may have led to a record: what was written there since they were read they must not undo.
CLAIM: Final = f"""
    WITH asked AS (
        SELECT * FROM unnest($4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::boolean[], $9::text[],
                             $10::text[], $11::text[], $12::text[], $13::boolean[], $14::bigint[])
            WITH ORDINALITY
            AS a (id, event_at, seq, newer, calls, purpose, method, path, request, safe_to_repeat, shows_after, place)
    ), taken AS (
        UPDATE deliveries AS d
        SET state = 'sending', tries = d.tries + 1, first_try_at = coalesce(d.first_try_at, $2), updated_at = $2
        FROM asked
        WHERE d.id = ANY($4) AND d.id = asked.id AND coalesce(d.lane, '') = $1
            AND coalesce(d.state, '') IN ('pending', 'retrying') AND NOT d.blocked
            AND (d.next_at <= $2 OR d.urgency = 0)
            AND EXISTS (SELECT 1 FROM lanes WHERE lane = $1 AND epoch = $3)
            AND (NOT d.known OR asked.newer = {HOW_MANY_NEWER})
        RETURNING asked.*, d.tries
    ), begun AS MATERIALIZED (
        SELECT taken.*, CASE WHEN calls THEN nextval('attempts_id') END AS attempt FROM taken
    ), started AS (
        INSERT INTO attempts (id, lane, purpose, method, path, request, safe_to_repeat, shows_after, started_at)
        SELECT attempt, $1, purpose, method, path, request, safe_to_repeat, shows_after, $2 FROM begun WHERE calls
    ), carried AS (
        INSERT INTO attempt_deliveries (delivery_id, attempt_id, try) SELECT id, attempt, tries FROM begun WHERE calls
    )
    SELECT place, attempt FROM begun"""
# Those that stand behind a delivery go with it.
TAKE: Final = """
    UPDATE deliveries
    SET state = 'sending', tries = tries + 1, first_try_at = coalesce(first_try_at, $2), updated_at = $2
    WHERE id = ANY($1::text[])"""
# `nextval` is asked for once for each row, in their order; then they are an array, found by place and not by a join.
START: Final = """
    WITH call AS MATERIALIZED (
        SELECT nextval('attempts_id') AS attempt, a.*
        FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::bigint[],
                    $8::bigint[])
            WITH ORDINALITY
            AS a (lane, purpose, method, path, request, safe_to_repeat, shows_after, started_at, place)
    ), attempt AS MATERIALIZED (
        SELECT array_agg(attempt ORDER BY place) AS ids FROM call
    ), started AS (
        INSERT INTO attempts (id, lane, purpose, method, path, request, safe_to_repeat, shows_after, started_at)
        SELECT attempt, lane, purpose, method, path, request, safe_to_repeat, shows_after, started_at FROM call
    ), carried AS (
        INSERT INTO attempt_deliveries (delivery_id, attempt_id, try)
        SELECT delivery_id, (SELECT ids FROM attempt)[place], try
        FROM unnest($9::bigint[], $10::text[], $11::int[]) AS c (place, delivery_id, try)
    )
    SELECT ids FROM attempt"""
_CARRY: Final = """
    INSERT INTO attempt_deliveries (delivery_id, attempt_id, try)
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::int[])"""


async def claim(
    connection: Connection, lane: str, starts: Sequence[tuple[DueDelivery, Call | None]], *, now: Millis, epoch: int
) -> tuple[Claim, ...]:
    """Move due deliveries with their followers to `sending`, each with the attempt of its first call.

    Left out is what is not due any more, or has lost a follower, or was overtaken since it was read: whoever claims
    reads it again. Whoever calls has locked the lane.
    """
    asked = await _with_their_followers(connection, lane, starts, now)
    if not asked:
        return ()
    rows = [
        (one.delivery_id, *lining.earliest(one, *one.followers), lining.read_of(one), *_first_call(lane, call, now))
        for one, call in asked
    ]
    taken: dict[int, int | None] = dict(await connection.fetch(CLAIM, lane, now, epoch, *columns(rows, 11)))
    claims = tuple(
        Claim(delivery=delivery, attempt_id=taken[place])
        for place, (delivery, _) in enumerate(asked, start=1)
        if place in taken
    )
    await _take_followers(connection, claims, now)
    return claims


async def _with_their_followers(
    connection: Connection, lane: str, starts: Sequence[tuple[DueDelivery, Call | None]], now: Millis
) -> Sequence[tuple[DueDelivery, Call | None]]:
    """Those behind which still stand those that were read with them."""
    leaders = [delivery.seq for delivery, _ in starts if delivery.followers]
    if not leaders:
        return starts
    behind = await followers_of(connection, lane, leaders, now)
    return [one for one in starts if _has_its_followers(one[0], behind.get(one[0].seq, ()))]


def _has_its_followers(delivery: DueDelivery, behind: Sequence[str]) -> bool:
    mine = [one.delivery_id for one in delivery.followers]
    return list(behind[: len(mine)]) == mine


def _first_call(lane: str, call: Call | None, now: Millis) -> tuple[Any, ...]:
    """Whether there is one, and its row without what all have in common."""
    return (False, *[None] * 6) if call is None else (True, *shapes.started(lane, call, now)[1:7])


async def _take_followers(connection: Connection, claims: Sequence[Claim], now: Millis) -> None:
    """Those that go with a delivery are taken with it."""
    followers = [(follower, claim.attempt_id) for claim in claims for follower in claim.delivery.followers]
    if not followers:
        return
    await connection.execute(TAKE, [one.delivery_id for one, _ in followers], now)
    carried = [(one.delivery_id, attempt, one.tries + 1) for one, attempt in followers if attempt is not None]
    if carried:
        await connection.execute(_CARRY, *columns(carried, 3))


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
    carried = [
        (place, carried.delivery_id, carried.tries + 1)
        for place, one in enumerate(calls, start=1)
        for carried in (one.delivery, *one.delivery.followers)
    ]
    return await _start(connection, [(one.lane, one.call, one.at) for one in calls], carried)


async def start(connection: Connection, lane: str, call: Call, at: Millis) -> int:
    """Store a call that carries no delivery as started; returns its attempt."""
    [attempt] = await _start(connection, [(lane, call, at)], ())
    return attempt


async def _start(
    connection: Connection, calls: Sequence[tuple[str, Call, Millis]], carried: Sequence[tuple[int, str, int]]
) -> Sequence[int]:
    """`carried`: the place of a call among them, from 1 on, and a delivery with its try that goes with it."""
    rows: list[tuple[Any, ...]] = [shapes.started(*one) for one in calls]
    attempts: Sequence[int] = await connection.fetchval(START, *columns(rows, 8), *columns(carried, 3))
    return attempts
