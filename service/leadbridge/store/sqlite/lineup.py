"""What may be claimed in a lane: the most urgent first, each with its followers and with what overtook it.

Everything here reads an index, and costs the same however much waits.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import apsw
import orjson

from leadbridge.clock import Millis
from leadbridge.store.sqlite.connection import rows
from leadbridge.store.values import DueByUrgency, DueDelivery, Written

MOST_IN_A_GROUP: Final = 50  # with the leader
LIVE, RETRY, REPLAY = 0, 1, 2  # deliveries.urgency
ALWAYS: Final = 2**62  # what came in is due whatever time it is: a clock that was set back must not keep it waiting
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
# What deliveries that come later in the order of events wrote there. It stays written while such a delivery is sent
# once more, so its state does not matter.
_LATER: Final = """
    FROM led CROSS JOIN deliveries w
        ON w.lane = led.lane AND w.record_id = led.record_id AND (w.event_at, w.seq) > (led.event_at, led.seq)"""
NEWER: Final = f"{_LED} SELECT led.asked, w.record_id, w.event_at, w.seq, w.plan, led.keys {_LATER}"
COUNT_NEWER: Final = f"{_LED} SELECT count(*) {_LATER}"
RECORDS: Final = """
    SELECT d.seq, r.record_id
    FROM json_each(?) i CROSS JOIN deliveries d ON d.seq = i.value CROSS JOIN json_each(d.keys) k
        CROSS JOIN record_keys r ON r.lane = d.lane AND r.key = k.value"""


class _Found(NamedTuple):
    """A row of `DUE` or `BEHIND`; `fits` says whether it may lead a group, or follow in it."""

    delivery_id: str
    submission_id: str
    trace_id: str
    route: str
    destination: str
    plan: str
    event_at: Millis
    seq: int
    tries: int
    cut_off: int
    first_try_at: Millis
    keys: str
    config_version: str
    progress: str | None
    choice: str | None
    fresh: int
    known: int
    fits: int


def due(connection: apsw.Connection, lane: str, limit: int, now: Millis) -> DueByUrgency:
    """What may be claimed now, at most `limit` of each urgency, the longest due first."""
    live, retry, replay = (_due(connection, lane, urgency, limit, now) for urgency in (LIVE, RETRY, REPLAY))
    return DueByUrgency(live=live, retry=retry, replay=replay)


def _due(connection: apsw.Connection, lane: str, urgency: int, limit: int, now: Millis) -> tuple[DueDelivery, ...]:
    by = ALWAYS if urgency == LIVE else now
    found = [_Found._make(one) for one in rows(connection, DUE, (now, lane, urgency, limit, by))]
    behind = {one.seq: tuple(_behind(connection, lane, one.seq, now)) for one in found if one.fits}
    known = [one for one in found if one.known]
    newer = _newer_of(connection, {one.seq: _earliest(one, *behind.get(one.seq, ())) for one in known})
    records = _records_of(connection, [one.seq for one in known])
    return tuple(_made(one, newer.get(one.seq, ()), records.get(one.seq, ()), behind.get(one.seq, ())) for one in found)


def _earliest(*group: _Found | DueDelivery) -> tuple[Millis, int]:
    """The place in the order of events from which on others are newer than one of them."""
    return min((one.event_at, one.seq) for one in group)


def _made(
    found: _Found, newer: tuple[Written, ...] = (), records: Collection[str] = (), followers: Sequence[_Found] = ()
) -> DueDelivery:
    return DueDelivery(
        delivery_id=found.delivery_id,
        submission_id=found.submission_id,
        trace_id=found.trace_id,
        route=found.route,
        destination=found.destination,
        plan=found.plan,
        event_at=found.event_at,
        seq=found.seq,
        tries=found.tries,
        cut_off=found.cut_off,
        first_try_at=found.first_try_at,
        keys=tuple(orjson.loads(found.keys)),
        config_version=found.config_version,
        progress=found.progress,
        choice=found.choice,
        fresh=bool(found.fresh),
        newer=newer,
        records=frozenset(records),
        followers=tuple(_made(follower) for follower in followers),
    )


def _behind(connection: apsw.Connection, lane: str, leader: int, now: Millis) -> Iterator[_Found]:
    """Those that may be claimed with a leader: up to the first one that must go by itself."""
    for one in rows(connection, BEHIND, (now, leader, lane, MOST_IN_A_GROUP - 1)):
        found = _Found._make(one)
        if not found.fits:
            return
        yield found


def followers_of(connection: apsw.Connection, lane: str, leader: int, now: Millis) -> list[str]:
    """The ids of those that may be claimed with a leader now, in their order."""
    return [one.delivery_id for one in _behind(connection, lane, leader, now)]


def is_overtaken(connection: apsw.Connection, delivery: DueDelivery) -> bool:
    """Whether something was written since it was read that it, or a follower, must not undo."""
    place = _earliest(delivery, *delivery.followers)
    read = sum((one.event_at, one.seq) > place for one in delivery.newer)
    [(now,)] = rows(connection, COUNT_NEWER, (orjson.dumps([(delivery.seq, *place)]).decode(),))
    return bool(now != read)


def _newer_of(
    connection: apsw.Connection, places: Mapping[int, tuple[Millis, int]]
) -> Mapping[int, tuple[Written, ...]]:
    """What was written later than these places, to records that the keys of their deliveries led to.

    In the order of events; deliveries that nothing overtook are left out.
    """
    found: dict[int, list[Written]] = defaultdict(list)
    led: dict[str, frozenset[str]] = {}
    asked = orjson.dumps([(seq, *place) for seq, place in places.items()]).decode()
    for seq, record_id, event_at, its_seq, plan, keys in rows(connection, NEWER, (asked,)) if places else ():
        if keys not in led:
            led[keys] = frozenset(orjson.loads(keys))
        found[seq].append(Written(record_id=record_id, event_at=event_at, seq=its_seq, plan=plan, keys=led[keys]))
    return {seq: tuple(sorted(written, key=lambda one: (one.event_at, one.seq))) for seq, written in found.items()}


def _records_of(connection: apsw.Connection, seqs: Sequence[int]) -> Mapping[int, Collection[str]]:
    """To which records the keys of each of these deliveries led before."""
    found: dict[int, set[str]] = defaultdict(set)
    for seq, record_id in rows(connection, RECORDS, (orjson.dumps(seqs).decode(),)) if seqs else ():
        found[seq].add(record_id)
    return found
