"""The weeks in which PostgreSQL keeps what grows without end, so that an old one can be dropped whole.

A request and its submissions are kept by the time in their ids. Attempts are counted, so that they stay in their order
whatever a clock says; at the beginning of a week their count jumps to that week's range. Nobody has to come in time:
what fits no week yet goes to the default partition, and what is counted late to the week before.
"""

import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final, Literal, NamedTuple, TypeAlias

import asyncpg

from leadbridge.clock import Millis
from leadbridge.ids import first_id
from leadbridge.store.postgres.connection import Connection

WEEK: Final = 7 * 86_400_000  # milliseconds
AHEAD: Final = 2  # weeks that are made beside this one: so long nobody need come
MOST_MOVED: Final = 10_000  # rows of the default partition that are moved to their week while others wait
Table: TypeAlias = Literal["requests", "submissions", "attempts", "attempt_deliveries"]
TABLES: Final[tuple[Table, ...]] = ("requests", "submissions", "attempts", "attempt_deliveries")
COLUMN: Final[dict[Table, str]] = {
    "requests": "id", "submissions": "id", "attempts": "id", "attempt_deliveries": "attempt_id",
}  # fmt: skip
BUSY: Final = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)
LOCK: Final = "SELECT pg_advisory_xact_lock(7853, 0)"  # as for migrations: one at a time changes tables
# Whoever needs a table for itself waits no longer than senders can: all others wait behind it meanwhile.
_IMPATIENT: Final = "SET LOCAL lock_timeout = '300ms'"
_MONDAY: Final = 4 * 86_400_000  # 1970-01-05
_COUNTED: Final = 33  # bits: attempts of one week
_NOW: Final = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"
_THERE: Final = """
    SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = $1::text::regclass"""
_JUMP: Final = """
    SELECT setval('attempts_id', $1) FROM (SELECT last_value FROM attempts_id) AS count WHERE last_value < $1"""


class Partition(NamedTuple):
    """A partition of a table: the first id in it and the first one behind it, none for what has no such end."""

    table: Table
    name: str
    first: str | int | None
    end: str | int | None

    @property
    def place(self) -> str:
        """Where it stands: what came before the first week, the weeks, and what fits nowhere."""
        return (
            f"0 {self.name}" if self.first is None and self.end is not None else f"{1 + (self.end is None)} {self.name}"
        )

    @property
    def is_week(self) -> bool:
        """Whether it has both ends."""
        return self.first is not None and self.end is not None


def first_attempt(at: Millis) -> int:
    """Where the attempts of the week of this time begin."""
    return (at - _MONDAY) // WEEK << _COUNTED


async def time(connection: Connection) -> Millis:
    """Wall time by the database's clock."""
    return int(await connection.fetchval(_NOW))


async def make_ready(connection: Connection, *, now: Millis | None = None, since: Millis | None = None) -> int:
    """Make this week's partitions, and those of some weeks ahead, unless they are there; returns how many were made.

    With `since` also all from the week of that time on, unless what came before is there in one already. `now` is the
    database's time unless given: many machines have many clocks. A table that is busy is left for the next time. Not
    within a transaction.
    """
    now = now if now is not None else await time(connection)
    made = 0
    for table in TABLES:
        with suppress(*BUSY):
            made += await _ready(connection, table, _monday(now), _monday(now if since is None else since))
    async with connection.transaction():
        await connection.execute(LOCK)  # two that jump at once would set the count back
        await connection.execute(_JUMP, first_attempt(now))
    return made


async def _ready(connection: Connection, table: Table, this: Millis, first: Millis) -> int:
    there = {one.name: one for one in await partitions_of(connection, table)}
    wanted = [_week(table, at) for at in range(min(this, first), this + (AHEAD + 1) * WEEK, WEEK)]
    past = there.get(f"{table}_past")
    if past is not None and first < this and await drop(connection, past, unless=f"SELECT 1 FROM {past.name} LIMIT 1"):
        del there[past.name]
        past = None
    if past is not None:
        wanted = [one for one in wanted if _order(one.first) >= _order(past.end)]
    elif len(there) == 1 or first < this:
        begin = min((one.first for one in (*there.values(), *wanted) if one.is_week), key=_order)
        wanted.insert(0, Partition(table, f"{table}_past", None, begin))
    return sum([await _made(connection, one) for one in wanted if one.name not in there])


def _order(bound: str | int | None) -> str:
    """Numbers of one length, so that they sort as texts do."""
    return f"{bound:020}" if isinstance(bound, int) else bound or ""


async def partitions_of(connection: Connection, table: Table) -> list[Partition]:
    """Every partition of a table in the order of their places, the default one as well."""
    found = await connection.fetch(_THERE, table)
    there = [_read(table, name, bound) for name, bound in found if bound is not None]  # else it was just dropped
    return sorted(there, key=lambda one: one.place)


def within(column: str, one: Partition) -> str:
    """The condition that a column is within the ends of a partition."""
    return " AND ".join([
        *([] if one.first is None else [f"{column} >= {_bound(one.first)}"]),
        *([] if one.end is None else [f"{column} < {_bound(one.end)}"]),
    ])  # fmt: skip


async def drop(connection: Connection, one: Partition, *, unless: str) -> bool:
    """Take a partition away with all that is in it; False when the statement `unless` finds anything.

    It is asked when nobody else can write there. Raises `asyncpg.LockNotAvailableError` when somebody is busy with the
    table for longer than others can wait behind this.
    """
    async with connection.transaction():
        await connection.execute(LOCK)
        await connection.execute(_IMPATIENT)
        await connection.execute(f"LOCK TABLE ONLY {one.table} IN ACCESS EXCLUSIVE MODE")
        if await connection.fetchval(unless) is not None:
            return False
        await connection.execute(f"DROP TABLE {one.name}")
        return True


async def _made(connection: Connection, one: Partition) -> bool:
    """Make a table, and let it in: the parent is not locked against those who read and write meanwhile."""
    async with connection.transaction():
        await connection.execute(LOCK)
        if await connection.fetchval("SELECT to_regclass($1)", one.name) is not None:
            return False
        await connection.execute(_IMPATIENT)
        await connection.execute(f"LOCK TABLE {one.table}_default IN ACCESS EXCLUSIVE MODE")
        await connection.execute(f"CREATE TABLE {one.name} (LIKE {one.table} INCLUDING ALL)")
        if not await _moved(connection, one):
            await connection.execute(f"DROP TABLE {one.name}")
            return False
        bounds = f"FROM ({_bound(one.first, 'MINVALUE')}) TO ({_bound(one.end, 'MAXVALUE')})"
        await connection.execute(f"ALTER TABLE {one.table} ATTACH PARTITION {one.name} FOR VALUES {bounds}")
        return True


async def _moved(connection: Connection, one: Partition) -> bool:
    """Bring what a clock that was far ahead had put into the default partition to its week, unless it is too much.

    Then that week goes on there.
    """
    default, here = f"{one.table}_default", within(COLUMN[one.table], one)
    count = await connection.fetchval(
        f"SELECT count(*) FROM (SELECT 1 FROM {default} WHERE {here} LIMIT {MOST_MOVED + 1}) AS found"
    )
    if count > MOST_MOVED:
        return False
    if count:
        await connection.execute(
            f"WITH moved AS (DELETE FROM {default} WHERE {here} RETURNING *) INSERT INTO {one.name} SELECT * FROM moved"
        )
    return True


def _week(table: Table, monday: Millis) -> Partition:
    name = f"{table}_{datetime.fromtimestamp(monday / 1000, UTC):%Y%m%d}"
    first, end = (
        (first_id(monday), first_id(monday + WEEK))
        if table in ("requests", "submissions")
        else (first_attempt(monday), first_attempt(monday + WEEK))
    )
    return Partition(table, name, first, end)


def _read(table: Table, name: str, bound: str) -> Partition:
    """As the database says it: `FOR VALUES FROM ('0199…') TO ('019a…')`, or `DEFAULT`."""
    said = re.fullmatch(r"FOR VALUES FROM \((.+)\) TO \((.+)\)", bound)
    first, end = (None, None) if said is None else (_end(said[1]), _end(said[2]))
    return Partition(table, name, first, end)


def _end(said: str) -> str | int | None:
    text = said.strip("'")
    if text in ("MINVALUE", "MAXVALUE"):
        return None
    return int(text) if text.isdigit() else text


def _monday(at: Millis) -> Millis:
    return (at - _MONDAY) // WEEK * WEEK + _MONDAY


def _bound(value: str | int | None, otherwise: str = "") -> str:
    if value is None:
        return otherwise
    return f"'{value}'" if isinstance(value, str) else str(value)
