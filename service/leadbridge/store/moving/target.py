"""The PostgreSQL database that is moved into: empty before, and used by nobody until all is there."""

from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import asyncpg
import orjson

from leadbridge.clock import Millis
from leadbridge.errors import StorageUnavailable
from leadbridge.store.ledger import Ledger
from leadbridge.store.moving.places import Place, There
from leadbridge.store.moving.source import Key, Part, Row
from leadbridge.store.postgres import reading
from leadbridge.store.postgres.connection import Connection, connect
from leadbridge.store.postgres.migrating import migrate, newest_schema, version
from leadbridge.store.postgres.partitions import WEEK, make_ready
from leadbridge.store.postgres.troubles import in_our_words
from leadbridge.store.postgres.unfinished import PROGRESS, is_unfinished

APPLICATION: Final = "leadbridge move"
# A part that is lost in a crash of the server goes with the note of how far we are, and is moved again; the end is
# synchronous, and what came before it is on disk then.
SETTINGS: Final = {
    "application_name": APPLICATION,
    "jit": "off",
    "synchronous_commit": "off",
    "lock_timeout": "5s",
    "statement_timeout": "0",  # whatever this user's are elsewhere
    "idle_session_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}
ROWS_AT_ONCE: Final = 5_000  # that are read back
MOST_WEEKS: Final = 26  # that get partitions of their own; what is older goes into one, and is dropped later
# What a service writes although no lead ever came, and which of that is worth keeping.
MADE_BY_A_START: Final[Mapping[str, str]] = {"lanes": "held IS NOT NULL", "pruned": "false", "processes": "false"}
_NOW: Final = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"
_ONE_MOVE: Final = "SELECT pg_advisory_lock(7853, 1)"
_NO_START: Final = "SELECT pg_advisory_xact_lock(7853, 0)"  # what a start holds while it brings the schema up to date
_OTHERS: Final = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'leadbridge' AND pid <> pg_backend_pid()"""
_TABLES: Final = """
    SELECT c.relname::text AS name, a.attname::text AS column_name, format_type(a.atttypid, NULL) AS kind,
        array_position(k.conkey, a.attnum) AS place
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'p'
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    ORDER BY c.relname, a.attnum"""
_SEQUENCES: Final = """
    SELECT c.relname::text, a.attname::text, s.oid::regclass::text
    FROM pg_class s JOIN pg_depend d ON d.objid = s.oid AND d.classid = 'pg_class'::regclass
            AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
        JOIN pg_class c ON c.oid = d.refobjid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
    WHERE s.relkind = 'S' AND c.relnamespace = current_schema()::regnamespace"""
_AHEAD: Final = """
    SELECT setval('{sequence}', max({column})) FROM {table}
    HAVING max({column}) >= (SELECT last_value FROM {sequence})"""
_BEGIN: Final = f"""
    CREATE TABLE {PROGRESS} (move text NOT NULL, name text PRIMARY KEY, after text, rows bigint NOT NULL DEFAULT 0,
                             mended bigint NOT NULL DEFAULT 0)"""
_GO_ON: Final = f"UPDATE {PROGRESS} SET after = $2, rows = rows + $3, mended = mended + $4 WHERE name = $1"


@dataclass(frozen=True, slots=True)
class Done:
    """How far a table is."""

    after: Key | None
    rows: int
    mended: int


class Target:
    """One connection, which alone moves something into this database."""

    def __init__(self, connection: Connection) -> None:
        """See `opened`."""
        self._connection = connection

    @classmethod
    async def opened(cls, url: str) -> "Target":
        """Connect; raises `StorageUnavailable` when that fails, or while another move is under way."""
        connection = await connect(url, settings=SETTINGS, patience=None)
        try:
            with _in_our_words():
                await connection.execute(_ONE_MOVE)
        except StorageUnavailable:
            await connection.close()
            raise
        return cls(connection)

    async def is_unfinished(self) -> bool:
        """Whether a move into it was begun and has not ended."""
        with _in_our_words():
            return await is_unfinished(self._connection)

    async def require_usable(self, move: str, tables: Collection[str]) -> bool:
        """Raise `StorageUnavailable` unless `move` may begin, or go on, here; true when it was begun.

        These are the tables that must be empty before; others in the database are not ours.
        """
        with _in_our_words():
            begun = await is_unfinished(self._connection)
            if begun and await self._connection.fetchval(f"SELECT min(move) FROM {PROGRESS}") != move:
                raise StorageUnavailable(
                    "this database holds a part of another move; make it empty: DROP DATABASE and CREATE DATABASE, "
                    "or DROP SCHEMA and CREATE SCHEMA"
                )
            if not begun:
                await migrate(self._connection)
            if await version(self._connection) != newest_schema():
                raise StorageUnavailable("another version of leadbridge made this database; move with that version")
            await self._require_alone()
            if not begun:
                await self._require_empty(tables)
        return begun

    async def begin(self, move: str, tables: Collection[str], *, since: Millis | None) -> None:
        """Make room for what came `since`, keep everybody out, and write down that nothing is there yet."""
        with _in_our_words():
            oldest = await self._connection.fetchval(_NOW) - MOST_WEEKS * WEEK
            await make_ready(self._connection, since=None if since is None else max(since, oldest))
            async with self._connection.transaction():
                await self._connection.execute(_NO_START)
                await self._require_alone()  # one may have started since
                await self._require_empty(tables)
                for table in MADE_BY_A_START:
                    await self._connection.execute(f"DELETE FROM {table}")
                await self._connection.execute(_BEGIN)
                await self._connection.executemany(
                    f"INSERT INTO {PROGRESS} (move, name) VALUES ($1, $2)", [(move, table) for table in tables]
                )

    async def done(self) -> Mapping[str, Done]:
        """How far each table of the move under way is: the last key, how many rows, how many were mended."""
        with _in_our_words():
            found = await self._connection.fetch(f"SELECT name, after, rows, mended FROM {PROGRESS}")
        return {name: Done(_key(after), count, mended) for name, after, count, mended in found}

    async def store(self, place: Place, part: Part) -> None:
        """Store a part, and that it is there, in one commit."""
        with _in_our_words():
            async with self._connection.transaction():
                await self._connection.copy_records_to_table(place.table, records=part.rows, columns=place.columns)
                values = (place.table, _written(part.last), len(part.rows), part.mended)
                await self._connection.execute(_GO_ON, *values)

    async def tables(self) -> Mapping[str, There]:
        """Every table of the database, with its columns' types and its primary key in order."""
        with _in_our_words():
            found = await self._connection.fetch(_TABLES)
        kinds: dict[str, dict[str, str]] = {}
        keys: dict[str, dict[int, str]] = {}
        for table, column, kind, place in found:
            kinds.setdefault(table, {})[column] = kind
            keys.setdefault(table, {})
            if place is not None:
                keys[table][place] = column
        return {table: There(kinds=kinds[table], key=[column for _, column in sorted(keys[table].items())])
                for table in kinds}  # fmt: skip

    async def rows(self, place: Place) -> AsyncIterator[Row]:
        """All that a table has, some at a time."""
        asked = f"SELECT {', '.join(place.columns)} FROM {place.table}"
        with _in_our_words():
            async with self._connection.transaction(isolation="repeatable_read", readonly=True):
                cursor = await self._connection.cursor(asked)
                while some := await cursor.fetch(ROWS_AT_ONCE):
                    for one in some:
                        yield tuple(one)

    async def ledger(self) -> Ledger:
        """Both sides of the database's books, read in one transaction."""
        with _in_our_words():
            async with self._connection.transaction(isolation="repeatable_read", readonly=True):
                return await reading.ledger(self._connection)

    async def settle(self) -> None:
        """What is numbered goes on behind what is there, and the planner knows how much that is."""
        with _in_our_words():
            for table, column, sequence in await self._connection.fetch(_SEQUENCES):
                await self._connection.execute(_AHEAD.format(sequence=sequence, column=column, table=table))
            await self._connection.execute("ANALYZE")

    async def end(self) -> None:
        """Let services in; on disk, with all that came before, when this returns."""
        with _in_our_words():
            async with self._connection.transaction():
                await self._connection.execute("SET LOCAL synchronous_commit = on")
                await self._connection.execute(f"DROP TABLE {PROGRESS}")

    async def close(self) -> None:
        """Let the connection go, and with it the lock."""
        await self._connection.close()

    async def _require_alone(self) -> None:
        """Raise `StorageUnavailable` when a service, or a command, is connected."""
        if await self._connection.fetchval(_OTHERS):
            raise StorageUnavailable("a leadbridge uses this database; stop every service and command on it, then move")

    async def _require_empty(self, tables: Collection[str]) -> None:
        """Raise `StorageUnavailable` when leads, or what belongs to them, are here."""
        full = []
        for table in tables:
            kept = MADE_BY_A_START.get(table, "true")
            if await self._connection.fetchval(f"SELECT EXISTS (SELECT 1 FROM {table} WHERE {kept})"):
                full.append(table)
        if full:
            raise StorageUnavailable(
                f"there is something in this database already: {', '.join(full)}; "
                "move into an empty one (CREATE DATABASE)"
            )


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        with in_our_words(in_doubt=False):
            yield
    except asyncpg.LockNotAvailableError as error:
        raise StorageUnavailable(
            "another move into this database is under way, or a start of a service: wait for it, then try again"
        ) from error
    except asyncpg.PostgresError as error:
        raise StorageUnavailable(f"PostgreSQL refuses it: {error}") from error


def _written(key: Key) -> str:
    return orjson.dumps([{"hex": part.hex()} if isinstance(part, bytes) else part for part in key]).decode()


def _key(text: str | None) -> Key | None:
    if text is None:
        return None
    return tuple(bytes.fromhex(part["hex"]) if isinstance(part, dict) else part for part in orjson.loads(text))


def shown(url: str) -> str:
    """Which database an URL names, without who uses it and how they prove that."""
    return f"postgresql://{url.partition('://')[2].partition('?')[0].rpartition('@')[2]}"
