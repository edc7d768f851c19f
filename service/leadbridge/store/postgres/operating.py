"""What a person, or the end of a trouble, does to deliveries."""

from collections.abc import Sequence
from typing import Final

from leadbridge.clock import Millis
from leadbridge.outcome import HoldReason
from leadbridge.plan import Choice
from leadbridge.store.postgres import flight
from leadbridge.store.postgres.connection import Connection, columns, lock_lanes, storable
from leadbridge.store.progressing import kept_for_a_replay
from leadbridge.store.values import Hastened

_LANES: Final = "SELECT DISTINCT lane FROM deliveries WHERE seq = ANY($1::bigint[])"
_LANE_OF: Final = "SELECT lane FROM deliveries WHERE id = $1"
# With nothing to match by it would make a new record: nobody said yet that it should. One that has a key, which the CRM
# cannot match by, is only held again.
UNDECIDED: Final = """
    (state = 'held' AND reason IS NOT DISTINCT FROM 'no_match_key' AND choice IS NULL
     AND plan::json ->> 'match' IS NULL)"""
# What calls may have done that must not be made twice is not looked for before it shows: counted from the end of the
# last try, or from the hold after it. Of a clock that was set back it is no longer than that from now.
_SHOWS_AT: Final = """
    CASE WHEN progress::json -> 'unsure' IS NULL THEN $2 ELSE coalesce((
        SELECT least($2 + max(a.shows_after), greatest($2, deliveries.updated_at + max(a.shows_after)))
        FROM attempt_deliveries c JOIN attempts a ON a.id = c.attempt_id
        WHERE c.delivery_id = deliveries.id
            AND a.purpose IN (SELECT json_object_keys(deliveries.progress::json -> 'unsure'))), $2) END"""
_HOLD: Final = """
    UPDATE deliveries
    SET state = 'held', blocked = false, reason = $2, detail = $3, next_at = NULL, updated_at = $4
    WHERE seq = ANY($1::bigint[]) AND state IN ('pending', 'retrying') RETURNING id"""
# What came in is due whatever the clock says: one that must wait goes as a retry. Trying begins anew, and so do waits.
_RELEASE: Final = f"""
    UPDATE deliveries
    SET state = 'pending', urgency = CASE WHEN {_SHOWS_AT} > $2 THEN 1 ELSE 0 END, reason = NULL, detail = NULL,
        candidates = '[]', first_try_at = NULL, cut_off = tries, next_at = {_SHOWS_AT}, updated_at = $2
    WHERE seq = ANY($1::bigint[]) AND state = 'held' AND NOT {UNDECIDED} RETURNING lane, seq, keys"""
# The candidates stay: the record that was chosen may turn out to be wrong.
_RESOLVE: Final = f"""
    UPDATE deliveries
    SET state = 'pending', urgency = CASE WHEN {_SHOWS_AT} > $2 THEN 1 ELSE 0 END, reason = NULL, detail = NULL,
        first_try_at = NULL, cut_off = tries, choice = $3, next_at = {_SHOWS_AT}, updated_at = $2
    WHERE id = $1 AND state = 'held' RETURNING lane, seq, keys"""
# Of a group that goes as one call the first waits for what it may have done, and the others for the first.
_HASTEN: Final = f"""
    UPDATE deliveries SET next_at = least(next_at, {_SHOWS_AT}), cut_off = tries
    WHERE seq = ANY($1::bigint[]) AND state = 'retrying'"""
_HASTENED: Final = """
    SELECT count(*), count(*) FILTER (WHERE d.next_at > $2 OR EXISTS (
        SELECT 1 FROM json_array_elements_text(d.keys::json) AS k
            JOIN delivery_keys n ON n.lane = d.lane AND n.key = k.value
            JOIN deliveries w ON w.seq = n.seq
        WHERE n.active AND w.state = 'retrying' AND w.next_at > $2 AND w.progress::json -> 'unsure' IS NOT NULL))
    FROM deliveries d WHERE d.seq = ANY($1::bigint[]) AND d.state = 'retrying'"""
# What made a record that cannot be found again by matching must not make another one: it goes to the one it made.
_REPLAY: Final = f"""
    UPDATE deliveries
    SET state = 'pending', urgency = 2, reason = NULL, detail = NULL, candidates = '[]', first_try_at = NULL,
        cut_off = tries, next_at = {_SHOWS_AT}, updated_at = $2,
        choice = CASE
            WHEN record_id IS NOT NULL AND (coalesce((choice::json ->> 'create')::boolean, false)
                                            OR plan::json ->> 'match' IS NULL
                                            OR coalesce((plan::json ->> 'allow_duplicates')::boolean, false))
                THEN json_build_object('use', record_id)::text
            ELSE choice END
    WHERE seq = ANY($1::bigint[])
        AND state IN ('failed', 'held', 'delivered', 'delivered_with_warnings', 'superseded', 'cancelled')
        AND NOT {UNDECIDED}
    RETURNING lane, seq, keys, progress"""
_KEEP: Final = """
    UPDATE deliveries SET progress = k.progress FROM unnest($1::bigint[], $2::text[]) AS k (seq, progress)
    WHERE deliveries.seq = k.seq"""
_CANCEL: Final = """
    UPDATE deliveries
    SET state = 'cancelled', blocked = false, reason = NULL, detail = $2, next_at = NULL, updated_at = $3
    WHERE seq = ANY($1::bigint[]) AND state IN ('pending', 'retrying', 'held') RETURNING id"""


async def hold(connection: Connection, seqs: Sequence[int], reason: HoldReason, detail: str, now: Millis) -> int:
    """Hold those of these deliveries that wait."""
    await lock_lanes_of(connection, seqs)
    held = await connection.fetch(_HOLD, list(seqs), reason, storable(detail), now)
    await flight.leave(connection, [name for (name,) in held])
    return len(held)


async def release(connection: Connection, seqs: Sequence[int], now: Millis) -> int:
    """Put those of these deliveries that are held, and need no decision, back in line, where they were."""
    await lock_lanes_of(connection, seqs)
    return await flight.enter(connection, await connection.fetch(_RELEASE, list(seqs), now))


async def hasten(connection: Connection, seqs: Sequence[int], now: Millis) -> Hastened:
    """Make those of these deliveries due that wait for another try."""
    await lock_lanes_of(connection, seqs)
    await connection.execute(_HASTEN, list(seqs), now)
    waiting, later = await connection.fetchrow(_HASTENED, list(seqs), now)
    return Hastened(due=waiting - later, later=later)


async def resolve(connection: Connection, delivery_id: str, choice: Choice, now: Millis) -> bool:
    """Put a held delivery back in line with what was decided."""
    await lock_lanes(connection, [lane for (lane,) in await connection.fetch(_LANE_OF, delivery_id)])
    decided = choice.model_dump_json(exclude_defaults=True)
    return await flight.enter(connection, await connection.fetch(_RESOLVE, delivery_id, now, decided)) > 0


async def replay(connection: Connection, seqs: Sequence[int], now: Millis) -> int:
    """Put finished and held deliveries back in line, behind what is live: a new intent that doubles nothing."""
    await lock_lanes_of(connection, seqs)
    again = await connection.fetch(_REPLAY, list(seqs), now)
    kept = [(seq, kept_for_a_replay(progress)) for _, seq, _, progress in again if progress is not None]
    if kept:
        await connection.execute(_KEEP, *columns(kept, 2))
    return await flight.enter(connection, [(lane, seq, keys) for lane, seq, keys, _ in again])


async def cancel(connection: Connection, seqs: Sequence[int], detail: str, now: Millis) -> int:
    """End those of these deliveries that wait or are held."""
    await lock_lanes_of(connection, seqs)
    ended = await connection.fetch(_CANCEL, list(seqs), storable(detail), now)
    await flight.leave(connection, [name for (name,) in ended])
    return len(ended)


async def lock_lanes_of(connection: Connection, seqs: Sequence[int]) -> None:
    """Be alone in the lanes of these deliveries until the end of the transaction."""
    await lock_lanes(connection, [lane for (lane,) in await connection.fetch(_LANES, list(seqs))])
