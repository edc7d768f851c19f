"""Single flight: of all unfinished deliveries that could touch one person, only the first may be sent.

A delivery enters with its keys, is `active` on all of them or `blocked`, and leaves when it is finished or held. The
unique index `delivery_keys_single_flight` makes two active ones on one key impossible, whatever the code does.
"""

from collections.abc import Sequence

import apsw
import orjson

from leadbridge.store.sqlite.connection import row, rows

_LEAVE = """
    DELETE FROM delivery_keys
    WHERE (lane, key, seq) IN (
        SELECT d.lane, k.value, d.seq FROM deliveries d JOIN json_each(d.keys) k
        WHERE d.id IN (SELECT value FROM json_each(?)) AND d.state NOT IN ('pending', 'sending', 'retrying'))"""
_FOLLOWING = """
    SELECT n.lane, min(n.seq)
    FROM json_each(?) i CROSS JOIN deliveries d ON d.id = i.value
        CROSS JOIN json_each(d.keys) k CROSS JOIN delivery_keys n ON n.lane = d.lane AND n.key = k.value
    GROUP BY n.lane, n.key"""


def enter(connection: apsw.Connection, lane: str, seq: int, keys: Sequence[str]) -> None:
    """Queue a delivery behind the others of the same person; at the front it is active at once."""
    if not keys:
        return
    connection.executemany(
        "INSERT INTO delivery_keys (lane, key, seq) VALUES (?, ?, ?)", [(lane, key, seq) for key in keys]
    )
    if not _activate(connection, lane, seq, keys):
        connection.execute("UPDATE deliveries SET blocked = 1 WHERE seq = ?", (seq,))


def leave_all(connection: apsw.Connection, delivery_ids: Sequence[str]) -> None:
    """Take deliveries out that are finished or held, and let those go that only waited for them.

    One that is unfinished after all keeps its place.
    """
    if not delivery_ids:
        return
    out = (orjson.dumps(delivery_ids).decode(),)
    connection.execute(_LEAVE, out)
    for lane, following in rows(connection, _FOLLOWING, out):
        waits = row(connection, "SELECT keys FROM deliveries WHERE seq = ? AND blocked = 1", (following,))
        if waits is not None and _activate(connection, lane, following, orjson.loads(waits[0])):
            connection.execute("UPDATE deliveries SET blocked = 0 WHERE seq = ?", (following,))


def _activate(connection: apsw.Connection, lane: str, seq: int, keys: Sequence[str]) -> bool:
    """Make a delivery active if it is the first on each of its keys and no other is active there."""
    for key in keys:
        if _first(connection, lane, key) != seq:
            return False
        if row(connection, "SELECT 1 FROM delivery_keys WHERE lane = ? AND key = ? AND active = 1", (lane, key)):
            return False
    connection.executemany(
        "UPDATE delivery_keys SET active = 1 WHERE lane = ? AND key = ? AND seq = ?",
        [(lane, key, seq) for key in keys],
    )
    return True


def _first(connection: apsw.Connection, lane: str, key: str) -> int | None:
    first = row(
        connection, "SELECT seq FROM delivery_keys WHERE lane = ? AND key = ? ORDER BY seq LIMIT 1", (lane, key)
    )
    return None if first is None else int(first[0])
