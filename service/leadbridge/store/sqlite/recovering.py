"""What a crash left in `sending` is taken back: sent again, or looked for first."""

from typing import Final

import apsw

from leadbridge.clock import Millis
from leadbridge.store.claims import Recovered
from leadbridge.store.progressing import unsure
from leadbridge.store.sqlite.connection import rows

_IS_OWNED: Final = "SELECT 1 FROM lanes WHERE lane = ? AND epoch = ?"
_LEFT: Final = "SELECT count(*) FROM deliveries WHERE state = 'sending' AND lane = ?"
# Calls of the try that was cut off that must not be repeated blindly, but those that the CRM said it did not do; of a
# group it is the first one that looks. What did not show yet may have been sent at the last moment. Where something is
# written to a new record alone, the first send of any call counts: only the answer that was lost said if it was new.
_MAY_BE_DONE: Final = """
    SELECT min(d.seq), d.progress, a.purpose, a.started_at, a.shows_after
    FROM deliveries d CROSS JOIN attempt_deliveries c ON c.delivery_id = d.id AND c.try = d.tries
        CROSS JOIN attempts a ON a.id = c.attempt_id
    WHERE d.state = 'sending' AND d.lane = ? AND a.sent = 1
        AND CASE WHEN a.safe_to_repeat
            THEN a.answered_at IS NULL AND json_extract(d.plan, '$.write') LIKE '%"on_create"%'
            ELSE a.answered_at IS NULL OR NOT (a.status BETWEEN 400 AND 499 OR a.status = 503) END
    GROUP BY a.id ORDER BY a.id"""
_LOOK_FIRST: Final = "UPDATE deliveries SET progress = ?, next_at = ? WHERE seq = ?"
_AGAIN: Final = """
    UPDATE deliveries
    SET state = 'retrying', urgency = max(urgency, 1), cut_off = cut_off + 1, next_at = ?1, updated_at = ?1
    WHERE state = 'sending' AND lane = ?2"""
# When it was sent nobody knows: perhaps long after its start, but not after its process was gone. A start that is later
# than now tells those who count calls of a clock that was set back.
_CUT_OFF: Final = """
    UPDATE attempts SET outcome = 'unknown', error = 'leadbridge stopped before the answer was seen',
        sent_at = max(started_at, ?)
    WHERE lane = ? AND answered_at IS NULL AND outcome IS NULL"""


def recover(connection: apsw.Connection, lane: str, epoch: int, now: Millis) -> Recovered:
    """Settle every delivery of a lane in `sending`: no process is at work on it any more."""
    if not rows(connection, _IS_OWNED, (lane, epoch)):
        return Recovered(again=0, unsure=0)
    [(left,)] = rows(connection, _LEFT, (lane,))
    looking = list(unsure(rows(connection, _MAY_BE_DONE, (lane,)), now))
    connection.execute(_AGAIN, (now, lane))
    connection.executemany(_LOOK_FIRST, [(one.progress, one.shows_at, one.seq) for one in looking])
    connection.execute(_CUT_OFF, (now, lane))
    return Recovered(again=left - len(looking), unsure=len(looking))
