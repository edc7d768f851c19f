"""Single flight: of all unfinished deliveries that could touch one person, only the first may be sent.

As on SQLite (see `store.sqlite.flight`), for many deliveries in one statement each. Whoever looks here has locked the
lane before: two processes that look at once would each see the other's person free, or leave one that nobody awakes.
"""

from collections.abc import Sequence
from typing import Final

from leadbridge.store.postgres.connection import Connection, columns

ENTER: Final = """
    WITH coming AS (
        SELECT lane, seq, value AS key, min(seq) OVER (PARTITION BY lane, value) AS first
        FROM unnest($1::text[], $2::bigint[], $3::text[]) AS d (lane, seq, keys)
            CROSS JOIN LATERAL json_array_elements_text(d.keys::json)
    ), looked AS (
        SELECT lane, seq, key, bool_or(
                first < seq
                OR (SELECT n.seq FROM delivery_keys n WHERE n.lane = c.lane AND n.key = c.key AND n.seq < c.seq LIMIT 1)
                    IS NOT NULL
                OR (SELECT n.seq FROM delivery_keys n WHERE n.lane = c.lane AND n.key = c.key AND n.active LIMIT 1)
                    IS NOT NULL) OVER whole AS blocked,
            bool_or((SELECT r.key FROM record_keys r WHERE r.lane = c.lane AND r.key = c.key LIMIT 1) IS NOT NULL)
                OVER whole AS known
        FROM coming c WINDOW whole AS (PARTITION BY lane, seq)
    ), queued AS (
        INSERT INTO delivery_keys (lane, key, seq, active) SELECT lane, key, seq, NOT blocked FROM looked
    )
    UPDATE deliveries d SET blocked = l.blocked, known = d.known OR (l.known AND NOT l.blocked)
    FROM (SELECT DISTINCT seq, blocked, known FROM looked) AS l WHERE d.seq = l.seq AND (l.blocked OR l.known)
    RETURNING d.lane, d.seq, d.keys, d.blocked"""
AWAITED: Final = """
    UPDATE deliveries SET awaited = true
    WHERE NOT awaited AND seq IN (
        SELECT n.seq FROM (
                SELECT DISTINCT d.lane, k.value AS key
                FROM unnest($1::text[], $2::bigint[], $3::text[]) AS d (lane, seq, keys)
                    CROSS JOIN LATERAL json_array_elements_text(d.keys::json) AS k) AS k
            JOIN delivery_keys n ON n.lane = k.lane AND n.key = k.key AND n.active)"""
# The keys are MATERIALIZED: else the server may look for a delivery's rows by lane and place alone, and only then at
# the keys, which reads all that waits in the lane.
LEAVE: Final = """
    WITH out AS MATERIALIZED (
        SELECT d.lane, d.seq, k.value AS key FROM deliveries d
            CROSS JOIN LATERAL json_array_elements_text(d.keys::json) AS k
        WHERE d.id = ANY($1::text[]) AND d.state NOT IN ('pending', 'sending', 'retrying')
    )
    DELETE FROM delivery_keys n USING out WHERE n.lane = out.lane AND n.key = out.key AND n.seq = out.seq
    RETURNING n.lane, n.key"""
FOLLOW: Final = """
    WITH following AS (
        SELECT DISTINCT n.seq FROM unnest($1::text[], $2::text[]) AS free (lane, key)
            CROSS JOIN LATERAL (SELECT seq FROM delivery_keys n WHERE n.lane = free.lane AND n.key = free.key
                                ORDER BY n.seq LIMIT 1) AS n
    ), first AS (
        SELECT d.seq, d.lane, d.keys FROM following f JOIN deliveries d ON d.seq = f.seq
        WHERE d.blocked AND NOT EXISTS (
            SELECT 1 FROM json_array_elements_text(d.keys::json) AS k
            WHERE (SELECT n.seq FROM delivery_keys n
                   WHERE n.lane = d.lane AND n.key = k.value AND n.seq < d.seq LIMIT 1) IS NOT NULL
                OR (SELECT n.seq FROM delivery_keys n WHERE n.lane = d.lane AND n.key = k.value AND n.active LIMIT 1)
                    IS NOT NULL)
    ), theirs AS MATERIALIZED (
        SELECT lane, seq, k.value AS key FROM first CROSS JOIN LATERAL json_array_elements_text(first.keys::json) AS k
    ), awake AS (
        UPDATE delivery_keys n SET active = true
        FROM theirs AS t WHERE n.lane = t.lane AND n.key = t.key AND n.seq = t.seq
    )
    UPDATE deliveries d SET blocked = false, known = true, awaited = true FROM first WHERE d.seq = first.seq"""


async def enter(connection: Connection, coming: Sequence[tuple[str, int, str]]) -> int:
    """Queue deliveries (lane, place, keys as JSON) where they belong; at the front they are active. How many."""
    if coming:
        found = await connection.fetch(ENTER, *columns(coming, 3))
        blocked = [(lane, seq, keys) for lane, seq, keys, is_blocked in found if is_blocked]
        if blocked:
            await connection.execute(AWAITED, *columns(blocked, 3))
    return len(coming)


async def leave(connection: Connection, delivery_ids: Sequence[str]) -> None:
    """Take deliveries out that are finished or held, and let those go that only waited for them.

    One that is unfinished after all keeps its place.
    """
    if delivery_ids:
        await follow(connection, await connection.fetch(LEAVE, list(delivery_ids)))


async def follow(connection: Connection, free: Sequence[Sequence[str]]) -> None:
    """Let those go that only waited for someone who left; `free`: the lane and key of every place that came free."""
    if free:
        await connection.execute(FOLLOW, *columns(free, 2))  # perhaps known, perhaps awaited: whoever claims it looks
