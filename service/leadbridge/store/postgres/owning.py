"""The processes that serve, and which lanes each of them has.

A lane is a process's until that gives it back or is buried: found late, and silent for as long as its lease lasts. Who
buries it deletes its row, so a renewal that comes too late finds none, and frees its lanes in the same transaction.
"""

import os
import platform
from collections.abc import Collection, Mapping, Set
from typing import Final

import orjson

import leadbridge
from leadbridge.store.lanes import Lease, Peer, Process, Roll
from leadbridge.store.postgres.accepting import changed
from leadbridge.store.postgres.connection import Connection, columns

# The lease lasts at least as long as its process believes, which counts from when it asked.
_JOIN: Final = """
    INSERT INTO processes (name, accounts, seconds, grace, lease_until, host, pid, version)
    VALUES ($1, $2, $3, $4, clock_timestamp() + make_interval(secs => $3), $5, $6, $7)"""
_KNOWN: Final = """
    INSERT INTO lanes (lane) SELECT lane FROM unnest($1::text[]) AS lane ORDER BY lane ON CONFLICT DO NOTHING"""
RENEW: Final = """
    UPDATE processes SET beats = beats + 1, lease_until = clock_timestamp() + make_interval(secs => seconds)
    WHERE name = $1 RETURNING seconds"""
# Late is also whose lease ends later than any could: the clock was set back.
_LATE: Final = """
    (lease_until + make_interval(secs => grace) <= clock_timestamp()
        OR lease_until > clock_timestamp() + make_interval(secs => seconds + 1))"""
_PEERS: Final = f"""
    SELECT name, accounts, beats, {_LATE} AS late, seconds + grace AS silence FROM processes ORDER BY name"""
# Lanes and processes are seen in one state: who has a lane and is no process will never be one again.
_LANES: Final = """
    SELECT l.owner, count(*), (SELECT p.name FROM processes p WHERE p.name = l.owner) IS NULL AS gone
    FROM lanes l WHERE l.owner IS NOT NULL GROUP BY l.owner"""
_FREE: Final = "SELECT lane FROM lanes WHERE owner IS NULL"
LET_GO: Final = "UPDATE lanes SET owner = NULL WHERE owner = ANY($1::text[])"
# One that is just renewing its lease, or takes a lane, is locked: it is no dead one.
BURY: Final = f"""
    DELETE FROM processes WHERE name IN (
        SELECT p.name FROM processes p JOIN unnest($1::text[], $2::bigint[]) AS silent (name, beats)
            ON silent.name = p.name AND silent.beats = p.beats
        WHERE {_LATE} FOR UPDATE OF p SKIP LOCKED)
    RETURNING name"""
OWN: Final = """
    WITH me AS MATERIALIZED (SELECT name FROM processes WHERE name = $2 FOR KEY SHARE)
    INSERT INTO lanes (lane, owner, epoch)
    SELECT lane, me.name, 1 FROM me CROSS JOIN unnest($1::text[]) AS lane ORDER BY lane
    ON CONFLICT (lane) DO UPDATE SET
        owner = excluded.owner, epoch = lanes.epoch + CASE WHEN lanes.owner IS NULL THEN 1 ELSE 0 END
    WHERE lanes.owner IS NULL OR lanes.owner = excluded.owner
    RETURNING lane, epoch"""
OWNED: Final = "SELECT lane, epoch FROM lanes WHERE owner = $1"
# The epochs are in an object: a join with them is planned as one look at all lanes for each, before PostgreSQL 18.
GIVE_BACK: Final = """
    UPDATE lanes SET owner = NULL WHERE lane = ANY($1::text[]) AND epoch = ($2::jsonb ->> lane)::bigint"""


async def join(connection: Connection, process: Process, lanes: Collection[str], lease: Lease) -> None:
    """Put a process down, and the lanes that were never heard of."""
    await connection.execute(_KNOWN, list(lanes))
    here = (platform.node(), os.getpid(), leadbridge.__version__)
    await connection.execute(_JOIN, process.name, process.accounts, lease.seconds, lease.grace, *here)


async def renew(connection: Connection, name: str) -> float | None:
    """Prolong a lease; None when there is no such process."""
    lasts: float | None = await connection.fetchval(RENEW, name)
    return lasts


async def leave(connection: Connection, name: str) -> None:
    """Take a process out, with its lanes let go."""
    await connection.execute("DELETE FROM processes WHERE name = $1", name)
    await connection.execute(LET_GO, [name])


async def roll(connection: Connection) -> Roll:
    """Who serves, and the lanes that nobody has. Lanes of a process that is none (a copy was put back) are let go."""
    lanes = await connection.fetch(_LANES)
    peers = await connection.fetch(_PEERS)
    gone = [owner for owner, _, is_gone in lanes if is_gone]
    if gone:
        await connection.execute(LET_GO, gone)
    count = {owner: lanes for owner, lanes, _ in lanes}
    return Roll(
        peers=tuple(
            Peer(name=name, accounts=accounts, beats=beats, lanes=count.get(name, 0), late=late, silence=silence)
            for name, accounts, beats, late, silence in peers
        ),
        free=frozenset(lane for (lane,) in await connection.fetch(_FREE)),
    )


async def bury(connection: Connection, silent: Mapping[str, int]) -> Set[str]:
    """Take processes out that made no beat after this one and are late, with their lanes let go; returns those."""
    buried = {name for (name,) in await connection.fetch(BURY, *columns(list(silent.items()), 2))}
    await connection.execute(LET_GO, sorted(buried))
    return buried


async def own_lanes(connection: Connection, lanes: Collection[str], owner: str) -> Mapping[str, int]:
    """Give a process those lanes that nobody has; the epochs of all of these that are its own now."""
    return dict(await connection.fetch(OWN, list(lanes), owner))


async def lanes_of(connection: Connection, owner: str) -> Mapping[str, int]:
    """The epochs of a process's lanes."""
    return dict(await connection.fetch(OWNED, owner))


async def give_back_lanes(connection: Connection, lanes: Mapping[str, int]) -> int:
    """Let lanes go, if their epochs are still these; returns how many."""
    return changed(await connection.execute(GIVE_BACK, list(lanes), orjson.dumps(dict(lanes)).decode()))
