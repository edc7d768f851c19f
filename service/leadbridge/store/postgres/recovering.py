"""What an earlier owner of a lane left in `sending` is taken back: sent again, or looked for first."""

from typing import Final

from leadbridge.clock import Millis
from leadbridge.store.claims import Recovered
from leadbridge.store.postgres.connection import Connection, columns
from leadbridge.store.progressing import unsure

# Of most lanes that change their owner nothing was left.
IS_LEFT: Final = """
    SELECT (SELECT lane FROM lanes WHERE lane = $1 AND epoch = $2) IS NOT NULL AND (
        (SELECT seq FROM deliveries WHERE state = 'sending' AND lane = $1 LIMIT 1) IS NOT NULL
        OR (SELECT id FROM attempts WHERE lane = $1 AND answered_at IS NULL AND outcome IS NULL LIMIT 1) IS NOT NULL)"""
# Calls of the try that was cut off that must not be repeated blindly, but those that the CRM said it did not do; of a
# group it is the first one that looks. What did not show yet may have been sent at the last moment. Where something is
# written to a new record alone, the first send of any call counts: only the answer that was lost said if it was new.
_MAY_BE_DONE: Final = """
    SELECT DISTINCT ON (a.id) d.seq, d.progress, a.purpose, a.started_at, a.shows_after
    FROM deliveries d
        JOIN attempt_deliveries c ON c.delivery_id = d.id AND c.try = d.tries
        JOIN attempts a ON a.id = c.attempt_id
    WHERE d.state = 'sending' AND d.lane = $1 AND a.sent
        AND CASE WHEN a.safe_to_repeat
            THEN a.answered_at IS NULL AND (d.plan::json -> 'write')::text LIKE '%"on_create"%'
            ELSE a.answered_at IS NULL OR NOT (a.status BETWEEN 400 AND 499 OR a.status = 503) END
    ORDER BY a.id, d.seq"""
_LOOK_FIRST: Final = """
    UPDATE deliveries SET progress = u.progress, next_at = u.shows_at
    FROM unnest($1::bigint[], $2::text[], $3::bigint[]) AS u (seq, progress, shows_at) WHERE deliveries.seq = u.seq"""
AGAIN: Final = """
    UPDATE deliveries
    SET state = 'retrying', urgency = greatest(urgency, 1), cut_off = cut_off + 1, next_at = $1, updated_at = $1
    WHERE state = 'sending' AND lane = $2 RETURNING seq"""
# When it was sent nobody knows: perhaps long after its start, but not after its process was gone. A start that is later
# than now tells those who count calls of a clock that was set back.
_CUT_OFF: Final = """
    UPDATE attempts SET outcome = 'unknown', error = 'leadbridge stopped before the answer was seen',
        sent_at = greatest(started_at, $1)
    WHERE lane = $2 AND answered_at IS NULL AND outcome IS NULL"""


async def recover(connection: Connection, lane: str, epoch: int, now: Millis) -> Recovered:
    """Settle every delivery of a lane in `sending`: no process is at work on it any more. The lane is locked."""
    if not await connection.fetchval(IS_LEFT, lane, epoch):
        return Recovered(again=0, unsure=0)
    looking = list(unsure(await connection.fetch(_MAY_BE_DONE, lane), now))
    left = len(await connection.fetch(AGAIN, now, lane))
    if looking:
        rows = [(one.seq, one.progress, one.shows_at) for one in looking]
        await connection.execute(_LOOK_FIRST, *columns(rows, 3))
    await connection.execute(_CUT_OFF, now, lane)
    return Recovered(again=left - len(looking), unsure=len(looking))
