"""What a crash left in `sending` is taken back: sent again, or looked for first."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import apsw
import orjson

from leadbridge.clock import Millis
from leadbridge.plan import Progress
from leadbridge.store.sqlite.connection import rows
from leadbridge.store.values import Recovered

_LEFT: Final = "SELECT count(*) FROM deliveries WHERE state = 'sending'"
# Calls of the try that was cut off that must not be repeated blindly, but those that the CRM said it did not do; of a
# group it is the first one that looks. What did not show yet may have been sent at the last moment. Where something is
# written to a new record alone, the first send of any call counts: only the answer that was lost said if it was new.
_MAY_BE_DONE: Final = """
    SELECT min(d.seq), d.progress, a.purpose, a.started_at, a.shows_after
    FROM deliveries d CROSS JOIN attempt_deliveries c ON c.delivery_id = d.id AND c.try = d.tries
        CROSS JOIN attempts a ON a.id = c.attempt_id
    WHERE d.state = 'sending' AND a.sent = 1
        AND CASE WHEN a.safe_to_repeat
            THEN a.answered_at IS NULL AND json_extract(d.plan, '$.write') LIKE '%"on_create"%'
            ELSE a.answered_at IS NULL OR NOT (a.status BETWEEN 400 AND 499 OR a.status = 503) END
    GROUP BY a.id ORDER BY a.id"""
_LOOK_FIRST: Final = "UPDATE deliveries SET progress = ?, next_at = ? WHERE seq = ?"
_AGAIN: Final = """
    UPDATE deliveries
    SET state = 'retrying', urgency = max(urgency, 1), cut_off = cut_off + 1, next_at = ?1, updated_at = ?1
    WHERE state = 'sending'"""
# When it was sent nobody knows: perhaps long after its start, but not after its process was gone. A start that is later
# than now tells those who count calls of a clock that was set back.
_CUT_OFF: Final = """
    UPDATE attempts SET outcome = 'unknown', error = 'leadbridge stopped before the answer was seen',
        sent_at = max(started_at, ?)
    WHERE answered_at IS NULL AND outcome IS NULL"""


class _Unsure(NamedTuple):
    progress: Progress
    shows_at: Millis


def recover(connection: apsw.Connection, now: Millis) -> Recovered:
    """Settle every delivery in `sending`: no process is at work on it any more."""
    [(left,)] = rows(connection, _LEFT)
    unsure = dict(_unsure(connection, now))
    connection.execute(_AGAIN, (now,))
    connection.executemany(
        _LOOK_FIRST,
        [(found.progress.model_dump_json(exclude_defaults=True), found.shows_at, seq) for seq, found in unsure.items()],
    )
    connection.execute(_CUT_OFF, (now,))
    return Recovered(again=left - len(unsure), unsure=len(unsure))


def _unsure(connection: apsw.Connection, now: Millis) -> Iterator[tuple[int, _Unsure]]:
    """The deliveries that look first, with what for, since when, and when it shows."""
    calls: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for seq, *call in rows(connection, _MAY_BE_DONE):
        calls[seq].append(tuple(call))
    for seq, made in calls.items():
        progress = Progress.model_validate(orjson.loads(made[0][0] or "{}"))
        open_ones = [one for one in made if one[1] not in progress.done]
        if not open_ones:
            continue
        since = dict(progress.unsure)
        for _, purpose, started_at, _ in open_ones:
            since[purpose] = min(started_at, since.get(purpose, started_at))
        shows_at = now + max(shows_after for *_, shows_after in open_ones)
        yield seq, _Unsure(progress.model_copy(update={"unsure": since}), shows_at)
