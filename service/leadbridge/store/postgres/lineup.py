"""What may be claimed in a lane: the most urgent first, each with its followers and with what overtook it.

Everything here reads an index, and costs the same however much waits.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from leadbridge.clock import Millis
from leadbridge.store import lining
from leadbridge.store.claims import DueByUrgency
from leadbridge.store.lining import ALWAYS, LIVE, MOST_IN_A_GROUP, REPLAY, RETRY, Found
from leadbridge.store.postgres.connection import Connection, columns

_SHOWN: Final = """
    d.id, d.submission_id, d.trace_id, d.route, d.destination, d.plan, d.event_at, d.seq, d.tries, d.cut_off,
    coalesce(d.first_try_at, $1), d.keys, d.config_version, d.progress, d.choice,
    d.tries = 0 AND d.updated_at = d.created_at"""
DUE: Final = f"""
    SELECT {_SHOWN}, d.known, d.awaited AND NOT d.alone, d.urgency
    FROM unnest($3::smallint[], $4::bigint[]) WITH ORDINALITY AS u (urgency, due_by, place)
        CROSS JOIN LATERAL (
            SELECT * FROM deliveries w
            WHERE w.lane = $2 AND w.urgency = u.urgency AND w.state IN ('pending', 'retrying') AND NOT w.blocked
                AND w.next_at <= u.due_by
            ORDER BY w.next_at, w.seq LIMIT $5) AS d
    ORDER BY u.place, d.next_at, d.seq"""
# All that stand behind a leader on any of its keys, from the nearest on: who is of another kind ends the group. What
# was tried as one call is tried again as one: of parts of it, the first would put an old value back for a moment. What
# earlier calls did (`progress`) is true of those alone that went with them.
BEHIND: Final = f"""
    SELECT {_SHOWN}, l.known,
        NOT d.alone AND d.state = l.state AND d.next_at <= $1 AND d.keys = l.keys AND d.route = l.route
        AND d.destination = l.destination AND d.config_version = l.config_version AND d.urgency = l.urgency
        AND (l.progress IS NULL OR (
            SELECT led.attempt_id FROM attempt_deliveries led JOIN attempt_deliveries went USING (attempt_id)
            WHERE led.delivery_id = l.id AND led.try = l.tries AND went.delivery_id = d.id LIMIT 1) IS NOT NULL), l.seq
    FROM unnest($2::bigint[]) WITH ORDINALITY AS leader (seq, place)
        JOIN deliveries l ON l.seq = leader.seq
        CROSS JOIN LATERAL (
            SELECT DISTINCT n.seq FROM json_array_elements_text(l.keys::json) AS k
                CROSS JOIN LATERAL (
                    SELECT m.seq FROM delivery_keys m WHERE m.lane = $3 AND m.key = k.value AND m.seq > l.seq
                    ORDER BY m.seq LIMIT $4) AS n
            ORDER BY n.seq LIMIT $4) AS behind
        JOIN deliveries d ON d.seq = behind.seq
    ORDER BY leader.place, d.seq"""
# OFFSET 0: by lane and key, whatever the server thinks of them. Else it may look for all records of the lane first.
_RECORDS_OF_KEY: Final = """
    SELECT record_id FROM record_keys WHERE record_keys.lane = d.lane AND record_keys.key = k.value OFFSET 0"""
# To which records the keys of some deliveries led, and from which place on writes there are newer than theirs.
_LED: Final = f"""
    WITH led AS (
        SELECT d.seq AS asked, d.lane, r.record_id, json_agg(k.value)::text AS keys, i.event_at, i.seq
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS i (asked, event_at, seq)
            JOIN deliveries d ON d.seq = i.asked
            CROSS JOIN LATERAL json_array_elements_text(d.keys::json) AS k
            CROSS JOIN LATERAL ({_RECORDS_OF_KEY}) AS r
        WHERE d.seq = ANY($1)
        GROUP BY d.seq, d.lane, r.record_id, i.event_at, i.seq)"""
# What deliveries that come later in the order of events wrote there, those that were pruned by their marks. It stays
# written while such a delivery is sent once more, so its state does not matter.
_LATER: Final = """
    SELECT w.record_id, w.event_at, w.seq, w.plan FROM {table} w
    WHERE w.lane = {of}.lane AND w.record_id = led.record_id AND (w.event_at, w.seq) > ({after}.event_at, {after}.seq)
    OFFSET 0"""


def _later(*, of: str, after: str) -> str:
    deliveries, marks = (_LATER.format(table=table, of=of, after=after) for table in ("deliveries", "marks"))
    return f"(({deliveries}) UNION ALL ({marks}))"


NEWER: Final = f"""{_LED}
    SELECT led.asked, w.record_id, w.event_at, w.seq, w.plan, led.keys
    FROM led CROSS JOIN LATERAL {_later(of="led", after="led")} AS w"""
# The same for a delivery `d` from the place `asked` on, as `lining.read_of` says it.
HOW_MANY_NEWER: Final = f"""(
    SELECT coalesce(sum(later.seq), 0)::bigint FROM (
        SELECT DISTINCT r.record_id FROM json_array_elements_text(d.keys::json) AS k
            CROSS JOIN LATERAL ({_RECORDS_OF_KEY}) AS r) AS led
        CROSS JOIN LATERAL {_later(of="d", after="asked")} AS later)"""
RECORDS: Final = f"""
    SELECT d.seq, r.record_id
    FROM unnest($1::bigint[]) AS i JOIN deliveries d ON d.seq = i
        CROSS JOIN LATERAL json_array_elements_text(d.keys::json) AS k
        CROSS JOIN LATERAL ({_RECORDS_OF_KEY}) AS r
    WHERE d.seq = ANY($1)"""


async def due(connection: Connection, lane: str, limit: int, now: Millis) -> DueByUrgency:
    """What may be claimed now, at most `limit` of each urgency, the longest due first."""
    rows = await connection.fetch(DUE, now, lane, [LIVE, RETRY, REPLAY], [ALWAYS, now, now], limit)
    urgencies = [urgency for *_, urgency in rows]
    found = [Found._make(tuple(one)[:-1]) for one in rows]
    behind = await _behind(connection, lane, [one.seq for one in found if one.fits], now)
    places = lining.places(found, behind)
    newer = lining.written(await connection.fetch(NEWER, *_asked(places)) if places else ())
    led_to = lining.records(await connection.fetch(RECORDS, list(places)) if places else ())
    ready = lining.lined_up(found, behind, newer, led_to)
    live, retry, replay = (
        tuple(one for one, its in zip(ready, urgencies, strict=True) if its == urgency)
        for urgency in (LIVE, RETRY, REPLAY)
    )
    return DueByUrgency(live=live, retry=retry, replay=replay)


async def _behind(
    connection: Connection, lane: str, leaders: Sequence[int], now: Millis
) -> Mapping[int, Sequence[Found]]:
    """Those that may be claimed with each leader."""
    if not leaders:
        return {}
    rows: dict[int, list[tuple[object, ...]]] = {leader: [] for leader in leaders}
    for *one, leader in await connection.fetch(BEHIND, now, list(leaders), lane, MOST_IN_A_GROUP - 1):
        rows[leader].append(tuple(one))
    return {leader: tuple(lining.followers(some)) for leader, some in rows.items()}


async def followers_of(
    connection: Connection, lane: str, leaders: Sequence[int], now: Millis
) -> Mapping[int, Sequence[str]]:
    """The ids of those that may be claimed with each leader now, in their order."""
    behind = await _behind(connection, lane, leaders, now)
    return {leader: [one.delivery_id for one in some] for leader, some in behind.items()}


def _asked(places: Mapping[int, lining.Place]) -> list[list[int]]:
    return columns([(seq, *place) for seq, place in places.items()], 3)
