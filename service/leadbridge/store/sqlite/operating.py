"""What a person, or the end of a trouble, does to deliveries: some at a time, so that nobody waits long meanwhile."""

from collections.abc import Sequence
from typing import Final

import apsw
import orjson

from leadbridge.clock import Millis
from leadbridge.outcome import HoldReason
from leadbridge.plan import Choice
from leadbridge.store.progressing import kept_for_a_replay
from leadbridge.store.sqlite import flight
from leadbridge.store.sqlite.connection import rows
from leadbridge.store.sqlite.dialect import UNDECIDED
from leadbridge.store.values import Hastened

# What calls may have done that must not be made twice is not looked for before it shows: counted from the end of the
# last try, or from the hold after it. Of a clock that was set back it is no longer than that from now.
_SHOWS_AT: Final = """
    iif(progress ->> '$.unsure' IS NULL, ?2, coalesce((
        SELECT min(?2 + max(a.shows_after), max(?2, deliveries.updated_at + max(a.shows_after)))
        FROM attempt_deliveries c CROSS JOIN attempts a ON a.id = c.attempt_id
        WHERE c.delivery_id = deliveries.id
            AND a.purpose IN (SELECT k.key FROM json_each(deliveries.progress, '$.unsure') k)), ?2))"""
_HOLD: Final = """
    UPDATE deliveries
    SET state = 'held', blocked = 0, reason = ?2, detail = ?3, next_at = NULL, updated_at = ?4
    WHERE seq IN (SELECT value FROM json_each(?1)) AND state IN ('pending', 'retrying') RETURNING id"""
# What came in is due whatever the clock says: one that must wait goes as a retry. Trying begins anew, and so do waits.
_RELEASE: Final = f"""
    UPDATE deliveries
    SET state = 'pending', urgency = ({_SHOWS_AT} > ?2), reason = NULL, detail = NULL, candidates = '[]',
        first_try_at = NULL, cut_off = tries, next_at = {_SHOWS_AT}, updated_at = ?2
    WHERE seq IN (SELECT value FROM json_each(?1)) AND state = 'held' AND NOT {UNDECIDED} RETURNING lane, seq, keys"""
# The candidates stay: the record that was chosen may turn out to be wrong.
_RESOLVE: Final = f"""
    UPDATE deliveries
    SET state = 'pending', urgency = ({_SHOWS_AT} > ?2), reason = NULL, detail = NULL,
        first_try_at = NULL, cut_off = tries, choice = ?3, next_at = {_SHOWS_AT}, updated_at = ?2
    WHERE id = ?1 AND state = 'held' RETURNING lane, seq, keys"""
# Of a group that goes as one call the first waits for what it may have done, and the others for the first.
_HASTEN: Final = f"""
    UPDATE deliveries SET next_at = min(next_at, {_SHOWS_AT}), cut_off = tries
    WHERE seq IN (SELECT value FROM json_each(?1)) AND state = 'retrying'"""
_HASTENED: Final = """
    SELECT count(*), coalesce(sum(d.next_at > ?2 OR EXISTS (
        SELECT 1 FROM json_each(d.keys) k CROSS JOIN delivery_keys n ON n.lane = d.lane AND n.key = k.value
            CROSS JOIN deliveries w ON w.seq = n.seq
        WHERE n.active = 1 AND w.state = 'retrying' AND w.next_at > ?2 AND w.progress ->> '$.unsure' IS NOT NULL)), 0)
    FROM json_each(?1) i CROSS JOIN deliveries d ON d.seq = i.value WHERE d.state = 'retrying'"""
# What made a record that cannot be found again by matching must not make another one: it goes to the one it made.
_REPLAY: Final = f"""
    UPDATE deliveries
    SET state = 'pending', urgency = 2, reason = NULL, detail = NULL, candidates = '[]', first_try_at = NULL,
        cut_off = tries, next_at = {_SHOWS_AT}, updated_at = ?2,
        choice = CASE
            WHEN record_id IS NOT NULL AND (coalesce(choice ->> '$.create', 0) OR plan ->> '$.match' IS NULL
                                            OR coalesce(plan ->> '$.allow_duplicates', 0))
                THEN json_object('use', record_id)
            ELSE choice END
    WHERE seq IN (SELECT value FROM json_each(?1))
        AND state IN ('failed', 'held', 'delivered', 'delivered_with_warnings', 'superseded', 'cancelled')
        AND NOT {UNDECIDED}
    RETURNING lane, seq, keys, progress"""
_CANCEL: Final = """
    UPDATE deliveries
    SET state = 'cancelled', blocked = 0, reason = NULL, detail = ?2, next_at = NULL, updated_at = ?3
    WHERE seq IN (SELECT value FROM json_each(?1)) AND state IN ('pending', 'retrying', 'held') RETURNING id"""


def hold(connection: apsw.Connection, seqs: Sequence[int], reason: HoldReason, detail: str, now: Millis) -> int:
    """Hold those of these deliveries that wait."""
    held = rows(connection, _HOLD, (_listed(seqs), reason, detail, now))
    flight.leave_all(connection, [name for (name,) in held])
    return len(held)


def release(connection: apsw.Connection, seqs: Sequence[int], now: Millis) -> int:
    """Put those of these deliveries that are held, and need no decision, back in line, where they were."""
    return flight.enter_again(connection, rows(connection, _RELEASE, (_listed(seqs), now)))


def hasten(connection: apsw.Connection, seqs: Sequence[int], now: Millis) -> Hastened:
    """Make those of these deliveries due that wait for another try."""
    listed = _listed(seqs)
    connection.execute(_HASTEN, (listed, now))
    [(waiting, later)] = rows(connection, _HASTENED, (listed, now))
    return Hastened(due=waiting - later, later=later)


def resolve(connection: apsw.Connection, delivery_id: str, choice: Choice, now: Millis) -> bool:
    """Put a held delivery back in line with what was decided."""
    decided = choice.model_dump_json(exclude_defaults=True)
    return flight.enter_again(connection, rows(connection, _RESOLVE, (delivery_id, now, decided))) > 0


def replay(connection: apsw.Connection, seqs: Sequence[int], now: Millis) -> int:
    """Put finished and held deliveries back in line, behind what is live: a new intent that doubles nothing."""
    again = rows(connection, _REPLAY, (_listed(seqs), now))
    connection.executemany(
        "UPDATE deliveries SET progress = ? WHERE seq = ?",
        [(kept_for_a_replay(progress), seq) for _, seq, _, progress in again if progress is not None],
    )
    return flight.enter_again(connection, [one[:3] for one in again])


def cancel(connection: apsw.Connection, seqs: Sequence[int], detail: str, now: Millis) -> int:
    """End those of these deliveries that wait or are held."""
    ended = rows(connection, _CANCEL, (_listed(seqs), detail, now))
    flight.leave_all(connection, [name for (name,) in ended])
    return len(ended)


def _listed(wanted: Sequence[int] | Sequence[str]) -> str:
    return orjson.dumps(list(wanted)).decode()
