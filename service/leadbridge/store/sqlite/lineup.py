"""What may be claimed in a lane: the most urgent first, each with its followers and with what overtook it.

Everything here reads an index, and costs the same however much waits.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import apsw
import orjson

from leadbridge.clock import Millis
from leadbridge.store import lining
from leadbridge.store.claims import DueByUrgency, DueDelivery
from leadbridge.store.lining import ALWAYS, LIVE, MOST_IN_A_GROUP, REPLAY, RETRY, Found
from leadbridge.store.sqlite.connection import rows

_SHOWN: Final = """
    d.id, d.submission_id, d.trace_id, d.route, d.destination, d.plan, d.event_at, d.seq, d.tries, d.cut_off,
    coalesce(d.first_try_at, ?1), d.keys, d.config_version, d.progress, d.choice,
    d.tries = 0 AND d.updated_at = d.created_at"""
DUE: Final = f"""
    SELECT {_SHOWN}, d.known, d.awaited AND d.alone = 0
    FROM deliveries d
    WHERE d.lane = ?2 AND d.urgency = ?3 AND d.state IN ('pending', 'retrying') AND d.blocked = 0 AND d.next_at <= ?5
    ORDER BY d.next_at, d.seq LIMIT ?4"""
# All that stand behind a leader on any of its keys, from the nearest on: who is of another kind ends the group. What
# was tried as one call is tried again as one: of parts of it, the first would put an old value back for a moment. What
# earlier calls did (`progress`) is true of those alone that went with them.
BEHIND: Final = f"""
    SELECT {_SHOWN}, l.known,
        d.alone = 0 AND d.state = l.state AND d.next_at <= ?1 AND d.keys = l.keys AND d.route = l.route
        AND d.destination = l.destination AND d.config_version = l.config_version AND d.urgency = l.urgency
        AND (l.progress IS NULL OR EXISTS (
            SELECT 1 FROM attempt_deliveries led JOIN attempt_deliveries went USING (attempt_id)
            WHERE led.delivery_id = l.id AND led.try = l.tries AND went.delivery_id = d.id))
    FROM deliveries l CROSS JOIN deliveries d
    WHERE l.seq = ?2 AND d.seq IN (
        SELECT n.seq FROM json_each((SELECT keys FROM deliveries WHERE seq = ?2)) k CROSS JOIN delivery_keys n
        WHERE n.lane = ?3 AND n.key = k.value AND n.seq > ?2 AND n.seq <= (
            SELECT max(seq) FROM (
                SELECT m.seq FROM delivery_keys m WHERE m.lane = ?3 AND m.key = k.value AND m.seq > ?2
                ORDER BY m.seq LIMIT ?4)))
    ORDER BY d.seq LIMIT ?4"""
# To which records the keys of some deliveries led, and from which place on writes there are newer than theirs.
_LED: Final = """
    WITH led AS (
        SELECT d.seq AS asked, d.lane, r.record_id, json_group_array(k.value) AS keys,
            i.value ->> 1 AS event_at, i.value ->> 2 AS seq
        FROM json_each(?) i CROSS JOIN deliveries d ON d.seq = i.value ->> 0 CROSS JOIN json_each(d.keys) k
            CROSS JOIN record_keys r ON r.lane = d.lane AND r.key = k.value
        GROUP BY d.seq, r.record_id)"""
# What deliveries that come later in the order of events wrote there, those that were pruned by their marks. It stays
# written while such a delivery is sent once more, so its state does not matter.
_THERE: Final = "w.lane = led.lane AND w.record_id = led.record_id AND (w.event_at, w.seq) > (led.event_at, led.seq)"
_SAID: Final = "SELECT led.asked, w.record_id, w.event_at, w.seq, w.plan, led.keys FROM led CROSS JOIN"
NEWER: Final = f"{_LED} {_SAID} deliveries w ON {_THERE} UNION ALL {_SAID} marks w ON {_THERE}"
COUNT_NEWER: Final = f"""{_LED} SELECT coalesce((SELECT sum(w.seq) FROM led CROSS JOIN deliveries w ON {_THERE}), 0)
    + coalesce((SELECT sum(w.seq) FROM led CROSS JOIN marks w ON {_THERE}), 0)"""
RECORDS: Final = """
    SELECT d.seq, r.record_id
    FROM json_each(?) i CROSS JOIN deliveries d ON d.seq = i.value CROSS JOIN json_each(d.keys) k
        CROSS JOIN record_keys r ON r.lane = d.lane AND r.key = k.value"""


def due(connection: apsw.Connection, lane: str, limit: int, now: Millis) -> DueByUrgency:
    """What may be claimed now, at most `limit` of each urgency, the longest due first."""
    live, retry, replay = (_due(connection, lane, urgency, limit, now) for urgency in (LIVE, RETRY, REPLAY))
    return DueByUrgency(live=live, retry=retry, replay=replay)


def _due(connection: apsw.Connection, lane: str, urgency: int, limit: int, now: Millis) -> tuple[DueDelivery, ...]:
    by = ALWAYS if urgency == LIVE else now
    found = [Found._make(one) for one in rows(connection, DUE, (now, lane, urgency, limit, by))]
    behind = {one.seq: _behind(connection, lane, one.seq, now) for one in found if one.fits}
    places = lining.places(found, behind)
    newer = lining.written(rows(connection, NEWER, (_asked(places),)) if places else ())
    led_to = lining.records(rows(connection, RECORDS, (orjson.dumps(list(places)).decode(),)) if places else ())
    return lining.lined_up(found, behind, newer, led_to)


def _behind(connection: apsw.Connection, lane: str, leader: int, now: Millis) -> Sequence[Found]:
    """Those that may be claimed with a leader."""
    return tuple(lining.followers(rows(connection, BEHIND, (now, leader, lane, MOST_IN_A_GROUP - 1))))


def followers_of(connection: apsw.Connection, lane: str, leader: int, now: Millis) -> list[str]:
    """The ids of those that may be claimed with a leader now, in their order."""
    return [one.delivery_id for one in _behind(connection, lane, leader, now)]


def is_overtaken(connection: apsw.Connection, delivery: DueDelivery) -> bool:
    """Whether something was written since it was read that it, or a follower, must not undo."""
    place = lining.earliest(delivery, *delivery.followers)
    [(now,)] = rows(connection, COUNT_NEWER, (_asked({delivery.seq: place}),))
    return bool(now != lining.read_of(delivery))


def _asked(places: Mapping[int, lining.Place]) -> str:
    return orjson.dumps([(seq, *place) for seq, place in places.items()]).decode()
