"""The delivery path: claims, and the attempts that are stored as started before a call is sent."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import apsw
import orjson

from leadbridge.clock import Millis
from leadbridge.crm.adapter import Call
from leadbridge.store import shapes
from leadbridge.store.claims import Claim, DueDelivery
from leadbridge.store.sqlite.connection import rows, write_rows
from leadbridge.store.sqlite.lineup import followers_of, is_overtaken

CLAIMABLE: Final = """
    SELECT json_group_array(json_array(d.id, d.known))
    FROM json_each(?1) i CROSS JOIN deliveries d ON d.id = i.value
    WHERE d.lane = ?3 AND d.state IN ('pending', 'retrying') AND d.blocked = 0 AND (d.next_at <= ?2 OR d.urgency = 0)
    AND EXISTS (SELECT 1 FROM lanes WHERE lane = ?3 AND epoch = ?4)"""
TAKE = """
    UPDATE deliveries
    SET state = 'sending', tries = tries + 1, first_try_at = coalesce(first_try_at, ?2), updated_at = ?2
    WHERE id IN (SELECT value FROM json_each(?1))"""
_START = """
    INSERT INTO attempts (lane, purpose, method, path, request, safe_to_repeat, shows_after, started_at) {values}"""
_CARRY = "INSERT INTO attempt_deliveries (delivery_id, attempt_id, try) {values}"


def claim(
    connection: apsw.Connection,
    lane: str,
    starts: Sequence[tuple[DueDelivery, Call | None]],
    *,
    now: Millis,
    epoch: int,
) -> tuple[Claim, ...]:
    """Move due deliveries with their followers to `sending`, each with the attempt of its first call.

    Left out is what is not due any more, or has lost a follower, or was overtaken since it was read: whoever claims
    reads it again.
    """
    wanted = orjson.dumps([delivery.delivery_id for delivery, _ in starts]).decode()
    [(claimable,)] = rows(connection, CLAIMABLE, (wanted, now, lane, epoch))
    known = dict(orjson.loads(claimable))
    ours = [
        (delivery, call)
        for delivery, call in starts
        if delivery.delivery_id in known
        and _has_its_followers(connection, lane, delivery, now)
        and not (known[delivery.delivery_id] and is_overtaken(connection, delivery))
    ]
    if not ours:
        return ()
    connection.execute(TAKE, (orjson.dumps([name for one, _ in ours for name in one.all_ids]).decode(), now))
    begun = [Beginning(lane, delivery, call, now) for delivery, call in ours if call is not None]
    attempts = iter(begin(connection, begun))
    return tuple(
        Claim(delivery=delivery, attempt_id=None if call is None else next(attempts)) for delivery, call in ours
    )


def _has_its_followers(connection: apsw.Connection, lane: str, delivery: DueDelivery, now: Millis) -> bool:
    """Whether those that were read with it still stand right behind it."""
    mine = [one.delivery_id for one in delivery.followers]
    return not mine or followers_of(connection, lane, delivery.seq, now)[: len(mine)] == mine


class Beginning(NamedTuple):
    """A call of a claimed delivery, and of its followers, that is about to be sent."""

    lane: str
    delivery: DueDelivery
    call: Call
    at: Millis


def begin(connection: apsw.Connection, calls: Sequence[Beginning]) -> Sequence[int]:
    """Store calls as started; returns their attempts, in their order."""
    if not calls:
        return ()
    attempts = start(connection, [(one.lane, one.call, one.at) for one in calls])
    carried = [
        (carried.delivery_id, attempt, carried.tries + 1)
        for one, attempt in zip(calls, attempts, strict=True)
        for carried in (one.delivery, *one.delivery.followers)
    ]
    write_rows(connection, _CARRY, carried)
    return attempts


def start(connection: apsw.Connection, calls: Sequence[tuple[str, Call, Millis]]) -> Sequence[int]:
    """Store calls of lanes as started; returns their attempts, in their order."""
    write_rows(connection, _START, [shapes.started(*one) for one in calls])
    last = connection.last_insert_rowid()  # nobody else writes within a transaction, so they follow each other
    return range(last - len(calls) + 1, last + 1)
