"""What came of calls, for many tries in a few statements."""

from collections.abc import Sequence
from typing import Final

from leadbridge.store import shapes
from leadbridge.store.postgres import flight
from leadbridge.store.postgres.connection import Connection, columns, lock_lanes
from leadbridge.store.postgres.sending import Beginning, begin
from leadbridge.store.values import FinishedCall, TryResult

MOST_AT_ONCE: Final = 512  # results of one statement
FINISH: Final = """
    UPDATE attempts
    SET answered_at = ended.answered_at, sent = ended.sent, sent_at = ended.sent_at, status = ended.status,
        outcome = ended.outcome, crm_trace_id = ended.crm_trace_id, response = ended.response, error = ended.error
    FROM unnest($1::bigint[], $2::bigint[], $3::boolean[], $4::bigint[], $5::int[], $6::text[], $7::text[], $8::text[],
                $9::text[])
        AS ended (id, answered_at, sent, sent_at, status, outcome, crm_trace_id, response, error)
    WHERE attempts.id = ended.id"""
# By their ids: `coalesce` keeps all that are under way, in every lane, from being looked through. What exists is asked
# for with LIMIT 1: of an EXISTS the server may make a table of all there is.
# A CRM may only guess by its clock whether a record is new; one that we wrote before is not. The time that a delivery
# waits for its account is no time spent trying, and a try that was put back was no failure. Candidates stay until it is
# done: the record that a person chose among them may turn out to be wrong.
LEAVE: Final = """
    UPDATE deliveries
    SET state = came.state, reason = came.reason, detail = came.detail, next_at = came.next_at,
        record_id = coalesce(came.record_id, deliveries.record_id),
        created = CASE WHEN came.created IS NULL THEN deliveries.created ELSE came.created AND (
            SELECT earlier.seq FROM deliveries AS earlier
            WHERE earlier.lane = came.lane AND earlier.record_id = came.record_id LIMIT 1) IS NULL END,
        warnings = came.warnings, updated_at = came.at,
        candidates = CASE WHEN came.candidates = '[]' AND came.state IN ('held', 'pending', 'retrying')
            THEN deliveries.candidates ELSE came.candidates END,
        alone = deliveries.alone OR came.alone, progress = coalesce(came.progress, deliveries.progress),
        urgency = CASE WHEN came.state = 'retrying' THEN greatest(deliveries.urgency, 1) ELSE deliveries.urgency END,
        first_try_at = CASE WHEN came.state = 'pending' THEN NULL ELSE deliveries.first_try_at END,
        cut_off = deliveries.cut_off + CASE WHEN came.state = 'pending' THEN 1 ELSE 0 END,
        blocked = CASE WHEN came.state IN ('pending', 'retrying') THEN deliveries.blocked ELSE false END
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::boolean[],
                $9::text[], $10::text[], $11::boolean[], $12::text[], $13::bigint[], $14::int[])
        AS came (id, lane, state, reason, detail, next_at, record_id, created, warnings, candidates, alone, progress,
                 at, try)
    WHERE deliveries.id = came.id AND coalesce(deliveries.state, '') = 'sending' AND deliveries.tries = came.try"""
GOES_ON: Final = """
    UPDATE deliveries SET progress = came.progress
    FROM unnest($1::text[], $2::text[], $3::int[]) AS came (id, progress, try)
    WHERE deliveries.id = came.id AND coalesce(deliveries.state, '') = 'sending' AND deliveries.tries = came.try"""
_WRITTEN: Final = """
    INSERT INTO record_keys (lane, key, record_id)
    SELECT DISTINCT * FROM unnest($1::text[], $2::text[], $3::text[]) ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING"""


async def record(connection: Connection, results: Sequence[tuple[str, TryResult]]) -> list[int]:
    """Store answers, starts of next calls and ends of tries, each with its lane; returns the attempts of next calls."""
    await lock_lanes(connection, [lane for lane, _ in results])
    attempts: list[int] = []
    for some in shapes.apart(results, most=MOST_AT_ONCE):
        attempts += await _record(connection, some)
    return attempts


async def _record(connection: Connection, some: Sequence[tuple[str, TryResult]]) -> list[int]:
    await finish(connection, [one.finished for _, one in some if one.finished is not None])
    went_on = [
        (one.claim.delivery.delivery_id, one.progress, one.claim.attempt)
        for _, one in some
        if one.progress and not one.update
    ]
    if went_on:
        await connection.execute(GOES_ON, *columns(went_on, 3))
    over = [(lane, one, one.update) for lane, one in some if one.update is not None]
    left = [row for lane, one, update in over for row in shapes.left(lane, one, update)]
    if left:
        await connection.execute(LEAVE, *columns(left, 14))
    led = shapes.led(over)
    if led:
        await connection.execute(_WRITTEN, *columns(led, 3))
    out = [one.claim.delivery for _, one, update in over if update.state not in shapes.UNFINISHED]
    await flight.leave(connection, [name for delivery in out for name in delivery.all_ids])
    next_calls = [
        Beginning(lane, one.claim.delivery, one.next_call, one.at) for lane, one in some if one.next_call is not None
    ]
    begun = iter(await begin(connection, next_calls))
    return [0 if one.next_call is None else next(begun) for _, one in some]


async def finish(connection: Connection, calls: Sequence[FinishedCall]) -> None:
    """Store how started calls ended."""
    if calls:
        await connection.execute(FINISH, *columns([shapes.finished(one) for one in calls], 9))
