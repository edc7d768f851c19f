"""Single flight: of all unfinished deliveries that could touch one person, only the first may be sent.

A delivery enters with its keys, is `active` on all of them or `blocked`, and leaves when it is finished or held. The
unique index `delivery_keys_single_flight` makes two active ones on one key impossible, whatever the code does. Of a
group that is sent as one call the first is active; the others stay blocked behind it until all of them leave.

An active delivery remembers whether its keys led to a record before (`known`: while it is active nobody else can lead
them to another) and whether others wait behind it (`awaited`), so that most claims need not look.
"""

from collections.abc import Sequence
from typing import Any, Final

import apsw
import orjson

from leadbridge.store.sqlite.connection import row, rows, write_rows

# Before it is queued itself: is anybody before it, or active already; is any of its records known.
LOOK: Final = """
    SELECT EXISTS (SELECT 1 FROM json_each(?1) k CROSS JOIN delivery_keys n ON n.lane = ?2 AND n.key = k.value
                   WHERE n.seq < ?3)
            OR EXISTS (SELECT 1 FROM json_each(?1) k CROSS JOIN delivery_keys n ON n.lane = ?2 AND n.key = k.value
                       WHERE n.active = 1),
        EXISTS (SELECT 1 FROM json_each(?1) k CROSS JOIN record_keys r ON r.lane = ?2 AND r.key = k.value)"""
AWAITED: Final = """
    UPDATE deliveries SET awaited = 1
    WHERE seq IN (SELECT n.seq FROM json_each(?1) k CROSS JOIN delivery_keys n ON n.lane = ?2 AND n.key = k.value
                  WHERE n.active = 1)"""
LEAVE: Final = """
    DELETE FROM delivery_keys
    WHERE (lane, key, seq) IN (
        SELECT d.lane, k.value, d.seq FROM deliveries d JOIN json_each(d.keys) k
        WHERE d.id IN (SELECT value FROM json_each(?)) AND d.state NOT IN ('pending', 'sending', 'retrying'))"""
FOLLOWING: Final = """
    SELECT DISTINCT d.lane,
        (SELECT n.seq FROM delivery_keys n WHERE n.lane = d.lane AND n.key = k.value ORDER BY n.seq LIMIT 1)
    FROM json_each(?) i CROSS JOIN deliveries d ON d.id = i.value CROSS JOIN json_each(d.keys) k"""


def enter(connection: apsw.Connection, lane: str, seq: int, keys: Sequence[str]) -> None:
    """Queue a delivery behind the others of the same person; at the front it is active at once."""
    if not keys:
        return
    listed = orjson.dumps(keys).decode()
    [(blocked, known)] = rows(connection, LOOK, (listed, lane, seq))
    write_rows(
        connection,
        "INSERT INTO delivery_keys (lane, key, seq, active) {values}",
        [(lane, key, seq, int(not blocked)) for key in keys],
    )
    if blocked:
        connection.execute("UPDATE deliveries SET blocked = 1 WHERE seq = ?", (seq,))
        connection.execute(AWAITED, (listed, lane))
    elif known:
        connection.execute("UPDATE deliveries SET known = 1 WHERE seq = ?", (seq,))


def enter_again(connection: apsw.Connection, released: Sequence[tuple[Any, ...]]) -> int:
    """Queue deliveries (lane, seq, keys as JSON) where they were; returns how many."""
    for lane, seq, keys in sorted(released, key=lambda one: int(one[1])):
        enter(connection, lane, seq, orjson.loads(keys))
    return len(released)


def leave_all(connection: apsw.Connection, delivery_ids: Sequence[str]) -> None:
    """Take deliveries out that are finished or held, and let those go that only waited for them.

    One that is unfinished after all keeps its place.
    """
    if not delivery_ids:
        return
    out = (orjson.dumps(delivery_ids).decode(),)
    connection.execute(LEAVE, out)
    for lane, following in rows(connection, FOLLOWING, out):  # no number: nobody waits for these keys
        waits = following and row(connection, "SELECT keys FROM deliveries WHERE seq = ? AND blocked = 1", (following,))
        if waits and _activate(connection, lane, following, orjson.loads(waits[0])):
            connection.execute(
                "UPDATE deliveries SET blocked = 0, known = 1, awaited = 1 WHERE seq = ?", (following,)
            )  # perhaps: whoever claims it looks


def _activate(connection: apsw.Connection, lane: str, seq: int, keys: Sequence[str]) -> bool:
    """Make a delivery active if it is the first on each of its keys and no other is active there."""
    [(blocked, _)] = rows(connection, LOOK, (orjson.dumps(keys).decode(), lane, seq))
    if not blocked:
        connection.executemany(
            "UPDATE delivery_keys SET active = 1 WHERE lane = ? AND key = ? AND seq = ?",
            [(lane, key, seq) for key in keys],
        )
    return not blocked
