"""What came of calls, for many tries in a few statements."""

from collections.abc import Sequence
from typing import Any, Final

from leadbridge.store import shapes
from leadbridge.store.claims import FinishedCall, TryResult
from leadbridge.store.postgres import flight
from leadbridge.store.postgres.connection import Connection, columns
from leadbridge.store.postgres.sending import Beginning, begin

MOST_AT_ONCE: Final = 512  # results of one statement
FINISH: Final = """
    UPDATE attempts
    SET answered_at = ended.answered_at, sent = ended.sent, sent_at = ended.sent_at, status = ended.status,
        outcome = ended.outcome, crm_trace_id = ended.crm_trace_id, response = ended.response, error = ended.error
    FROM unnest($1::bigint[], $2::bigint[], $3::boolean[], $4::bigint[], $5::int[], $6::text[], $7::text[], $8::text[],
                $9::text[])
        AS ended (id, answered_at, sent, sent_at, status, outcome, crm_trace_id, response, error)
    WHERE attempts.id = ANY($1) AND attempts.id BETWEEN $10 AND $11 AND attempts.id = ended.id"""
# Everything that a batch of answers changes is one statement, which sees what was there before it: no delivery stands
# in it twice, and a call's row, its delivery's and its person's are different tables.
# By their ids: `coalesce` keeps all that are under way, in every lane, from being looked through, and `ANY` an index of
# them all, before a table has its first rows. What exists is asked for with LIMIT 1: of an EXISTS the server may make a
# table of all there is.
# A CRM may only guess by its clock whether a record is new; one that we wrote before is not. The time that a delivery
# waits for its account is no time spent trying, and a try that was put back was no failure. Candidates stay until it is
# done: the record that a person chose among them may turn out to be wrong.
# The keys of those that leave the queue are MATERIALIZED, as in `flight`; it answers with those behind whom another may
# wait.
RECORD: Final = f"""
    WITH finished AS ({FINISH}
    ), went_on AS (
        UPDATE deliveries SET progress = came.progress
        FROM unnest($12::text[], $13::text[], $14::int[]) AS came (id, progress, try)
        WHERE deliveries.id = ANY($12) AND deliveries.id = came.id AND coalesce(deliveries.state, '') = 'sending'
            AND deliveries.tries = came.try
    ), written AS (
        INSERT INTO record_keys (lane, key, record_id)
        SELECT DISTINCT * FROM unnest($15::text[], $16::text[], $17::text[]) ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING
    ), ended AS (
        UPDATE deliveries
        SET state = came.state, reason = came.reason, detail = came.detail, next_at = came.next_at,
            record_id = coalesce(came.record_id, deliveries.record_id),
            created = CASE WHEN came.created IS NULL THEN deliveries.created ELSE came.created AND (
                SELECT earlier.seq FROM deliveries AS earlier
                WHERE earlier.lane = came.lane AND earlier.record_id = came.record_id LIMIT 1) IS NULL AND (
                SELECT mark.seq FROM marks AS mark
                WHERE mark.lane = came.lane AND mark.record_id = came.record_id LIMIT 1) IS NULL END,
            warnings = came.warnings, updated_at = came.at,
            candidates = CASE WHEN came.candidates = '[]' AND came.state IN ('held', 'pending', 'retrying')
                THEN deliveries.candidates ELSE came.candidates END,
            alone = deliveries.alone OR came.alone, progress = coalesce(came.progress, deliveries.progress),
            urgency = CASE WHEN came.state = 'retrying' THEN greatest(deliveries.urgency, 1)
                ELSE deliveries.urgency END,
            first_try_at = CASE WHEN came.state = 'pending' THEN NULL ELSE deliveries.first_try_at END,
            cut_off = deliveries.cut_off + CASE WHEN came.state = 'pending' THEN 1 ELSE 0 END,
            blocked = CASE WHEN came.state IN ('pending', 'retrying') THEN deliveries.blocked ELSE false END
        FROM unnest($18::text[], $19::text[], $20::text[], $21::text[], $22::text[], $23::bigint[], $24::text[],
                    $25::boolean[], $26::text[], $27::text[], $28::boolean[], $29::text[], $30::bigint[], $31::int[])
            AS came (id, lane, state, reason, detail, next_at, record_id, created, warnings, candidates, alone,
                     progress, at, try)
        WHERE deliveries.id = ANY($18) AND deliveries.id = came.id AND coalesce(deliveries.state, '') = 'sending'
            AND deliveries.tries = came.try
        RETURNING deliveries.lane, deliveries.seq, deliveries.keys, deliveries.state
    ), out AS MATERIALIZED (
        SELECT lane, seq, k.value AS key FROM ended CROSS JOIN LATERAL json_array_elements_text(ended.keys::json) AS k
        WHERE state NOT IN ('pending', 'retrying')
    ), left_line AS (
        DELETE FROM delivery_keys n USING out WHERE n.lane = out.lane AND n.key = out.key AND n.seq = out.seq
    )
    SELECT lane, key FROM out
    WHERE (SELECT n.seq FROM delivery_keys n WHERE n.lane = out.lane AND n.key = out.key AND n.seq <> out.seq LIMIT 1)
        IS NOT NULL"""


async def record(connection: Connection, results: Sequence[tuple[str, TryResult]]) -> list[int]:
    """Store answers, starts of next calls and ends of tries, each with its lane; returns the attempts of next calls.

    Whoever calls has locked the lanes.
    """
    attempts: list[int] = []
    for some in shapes.apart(results, most=MOST_AT_ONCE):
        attempts += await _record(connection, some)
    return attempts


async def _record(connection: Connection, some: Sequence[tuple[str, TryResult]]) -> list[int]:
    finished = [one.finished for _, one in some if one.finished is not None]
    went_on = [
        (one.claim.delivery.delivery_id, one.progress, one.claim.attempt)
        for _, one in some
        if one.progress and not one.update
    ]
    over = [(lane, one, one.update) for lane, one in some if one.update is not None]
    left = [row for lane, one, update in over for row in shapes.left(lane, one, update)]
    led = shapes.led(over)
    waited_for = await connection.fetch(
        RECORD, *_ended(finished), *columns(went_on, 3), *columns(led, 3), *columns(left, 14)
    )
    await flight.follow(connection, waited_for)
    next_calls = [
        Beginning(lane, one.claim.delivery, one.next_call, one.at) for lane, one in some if one.next_call is not None
    ]
    begun = iter(await begin(connection, next_calls))
    return [0 if one.next_call is None else next(begun) for _, one in some]


async def finish(connection: Connection, calls: Sequence[FinishedCall]) -> None:
    """Store how started calls ended."""
    if calls:
        await connection.execute(FINISH, *_ended(calls))


def _ended(calls: Sequence[FinishedCall]) -> list[Any]:
    """Their rows, and the range of their numbers, by which the server leaves other partitions alone."""
    numbers = [one.attempt_id for one in calls] or [0]
    return [*columns([shapes.finished(one) for one in calls], 9), min(numbers), max(numbers)]
