"""The accept path: many requests with their submissions and dedupe rows in one statement."""

from collections.abc import Sequence
from typing import Any, Final

from leadbridge.clock import Millis
from leadbridge.store import shapes
from leadbridge.store.arriving import MOST_WAITING, Arrived, about, answers, arrived, in_runs, waiting_of
from leadbridge.store.postgres import flight
from leadbridge.store.postgres.connection import Connection, columns, lock_lanes
from leadbridge.store.values import Accepted, MappedSubmission, NewItem, NewRequest, WaitingSubmission

TAKEN_FOR: Final = 10.0  # seconds for which whoever accepted a submission is expected to map it
# The same id with the same content is a duplicate of the first; with another content it is the next revision. What
# could not be mapped, or had no route, goes on when it is sent again: nothing of it reached a CRM. Two processes that
# are sent the same at once meet in `dedupe`: the second waits for the first one's commit. All insert in one order, or
# two of them would wait for each other.
ARRIVE: Final = """
    WITH request AS (
        SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[],
                             $8::text[], $9::bytea[]) WITH ORDINALITY
            AS r (id, source, received_at, trace_id, verified_by, method, url, headers, body, place)
    ), kept AS (
        INSERT INTO requests (id, source, received_at, trace_id, verified_by, method, url, headers, body, order_at)
        SELECT id, source, received_at, trace_id, verified_by, method, url, headers, body,
            greatest(max(received_at) OVER (ORDER BY place),
                     (SELECT order_at FROM requests ORDER BY arrival DESC LIMIT 1))
        FROM request ORDER BY place
        RETURNING id, arrival
    ), item AS (
        SELECT * FROM unnest($10::text[], $11::int[], $12::text[], $13::bigint[], $14::text[], $15::text[], $16::text[],
                             $17::text[], $18::text[], $19::bytea[])
            AS i (request_id, item, source, received_at, trace_id, id, state, reason, dedupe_key, digest)
    ), known AS (
        INSERT INTO dedupe (source, key, digest, submission_id)
        SELECT source, dedupe_key, digest, id FROM item WHERE dedupe_key IS NOT NULL ORDER BY 1, 2, 3
        ON CONFLICT (source, key, digest) DO UPDATE SET submission_id = CASE
            WHEN EXISTS (SELECT 1 FROM item WHERE item.id = excluded.submission_id AND item.state = 'received')
                AND (SELECT earlier.state FROM submissions AS earlier WHERE earlier.id = dedupe.submission_id)
                    IN ('failed', 'unrouted')
            THEN excluded.submission_id ELSE dedupe.submission_id END
        RETURNING source, key, digest, submission_id
    ), told_apart AS (
        SELECT item.*, nullif(known.submission_id, item.id) AS first
        FROM item LEFT JOIN known
            ON known.source = item.source AND known.key = item.dedupe_key AND known.digest = item.digest
    ), counted AS (
        INSERT INTO totals (kind, name, state, slot, count)
        SELECT 'submissions', source, 'arrived', pg_backend_pid() % 64, count(*) FROM item
        GROUP BY source ORDER BY source
        ON CONFLICT (kind, name, state, slot) DO UPDATE SET count = totals.count + excluded.count
    )
    INSERT INTO submissions (id, request_id, item, source, received_at, trace_id, state, reason, dedupe_key,
                             duplicate_of, revision, updated_at, arrival, taken_by, taken_until)
    SELECT told_apart.id, request_id, item, source, received_at, trace_id,
        CASE WHEN first IS NULL THEN state ELSE 'duplicate' END, reason, dedupe_key, first,
        CASE
            WHEN dedupe_key IS NULL THEN 1
            WHEN first IS NULL THEN 1 + (
                SELECT coalesce(max(s.revision), 0) FROM dedupe AS d JOIN submissions AS s ON s.id = d.submission_id
                WHERE d.source = told_apart.source AND d.key = told_apart.dedupe_key)
            ELSE coalesce((SELECT s.revision FROM submissions AS s WHERE s.id = first), 1) END,
        received_at, coalesce(kept.arrival, (SELECT r.arrival FROM requests r WHERE r.id = request_id)),
        $20, clock_timestamp() + make_interval(secs => $21)
    FROM told_apart LEFT JOIN kept ON kept.id = request_id
    RETURNING id, duplicate_of, revision"""
_STORED: Final = """
    SELECT id, duplicate_of, revision FROM submissions WHERE request_id = ANY($1::text[])"""
_ANYBODYS: Final = """
    SELECT id, request_id, item, trace_id FROM submissions WHERE state = 'received'
    ORDER BY arrival, id LIMIT $1"""
# What another process accepted it maps itself, unless it is gone or far behind; several that help take different ones.
_FREE: Final = "taken_by IS DISTINCT FROM $1 AND (taken_until IS NULL OR taken_until < clock_timestamp())"
FOR_ME: Final = f"""
    SELECT id, request_id, item, trace_id, taken_by IS NOT DISTINCT FROM $1 AS mine FROM submissions
    WHERE state = 'received' AND (taken_by = $1 OR {_FREE}) ORDER BY arrival, id LIMIT $2"""
_TAKE: Final = f"""
    UPDATE submissions SET taken_by = $1, taken_until = clock_timestamp() + make_interval(secs => $3)
    WHERE id IN (SELECT id FROM submissions WHERE id = ANY($2::text[]) AND state = 'received' AND {_FREE}
                 FOR UPDATE SKIP LOCKED)
    RETURNING id"""
_SIZES: Final = "SELECT id, length(body) FROM requests WHERE id = ANY($1::text[])"
_REQUESTS: Final = """
    SELECT id, source, method, url, headers, body, received_at, verified_by, order_at FROM requests
    WHERE id = ANY($1::text[])"""
_SETTLE: Final = """
    UPDATE submissions SET state = m.state, reason = m.reason, updated_at = $4
    FROM unnest($1::text[], $2::text[], $3::text[]) AS m (id, state, reason)
    WHERE submissions.id = m.id AND submissions.state = 'received' RETURNING submissions.id, submissions.trace_id"""
_INSERT_DELIVERIES: Final = """
    INSERT INTO deliveries (id, submission_id, trace_id, route, destination, lane, config_version, plan, keys, event_at,
                            state, reason, detail, alone, next_at, created_at, updated_at)
    SELECT id, submission_id, trace_id, route, destination, lane, config_version, plan, keys, event_at,
        state, reason, detail, alone, next_at, created_at, updated_at
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                $9::text[], $10::bigint[], $11::text[], $12::text[], $13::text[], $14::boolean[], $15::bigint[],
                $16::bigint[], $17::bigint[]) WITH ORDINALITY
        AS m (id, submission_id, trace_id, route, destination, lane, config_version, plan, keys, event_at, state,
              reason, detail, alone, next_at, created_at, updated_at, place)
    ORDER BY place RETURNING lane, seq, keys, state"""
_COUNT_UP: Final = """
    INSERT INTO totals (kind, name, state, slot, count)
    SELECT 'deliveries', name, 'arrived', pg_backend_pid() % 64, count(*) FROM unnest($1::text[]) AS name
    GROUP BY name ORDER BY name
    ON CONFLICT (kind, name, state, slot) DO UPDATE SET count = totals.count + excluded.count"""
_MAP_AGAIN: Final = """
    UPDATE submissions SET state = 'received', reason = NULL, updated_at = $2, taken_by = NULL, taken_until = NULL
    WHERE id = ANY($1::text[]) AND state IN ('failed', 'unrouted')"""


async def accept(connection: Connection, requests: Sequence[NewRequest], *, by: str) -> list[tuple[Accepted, ...]]:
    """Insert requests with all their items; all of them or none."""
    runs = list(in_runs(requests))
    told_apart: dict[str, tuple[str | None, int]] = {}
    if len(runs) == 1:
        await _arrive(connection, runs[0], by, told_apart)
    else:
        async with connection.transaction():
            for run in runs:
                await _arrive(connection, run, by, told_apart)
    return answers(requests, told_apart)


async def _arrive(
    connection: Connection,
    run: Sequence[tuple[NewRequest, int, NewItem]],
    by: str,
    told_apart: dict[str, tuple[str | None, int]],
) -> None:
    requests = [
        (
            request.request_id, request.received.source, request.received.received_at, request.trace_id,
            request.verified_by, *about(request),
        )
        for request, number, _ in run
        if number == 0
    ]  # fmt: skip
    items: list[tuple[Any, ...]] = [
        (
            request.request_id, number, request.received.source, request.received.received_at, request.trace_id,
            item.submission_id, item.state, item.reason, item.dedupe_key, item.digest,
        )
        for request, number, item in run
    ]  # fmt: skip
    found = await connection.fetch(ARRIVE, *columns(requests, 9), *columns(items, 10), by, TAKEN_FOR)
    told_apart.update((name, (first, revision)) for name, first, revision in found)


async def stored(connection: Connection, requests: Sequence[NewRequest]) -> list[tuple[Accepted, ...]] | None:
    """What became of requests that were stored before; None when they were not, all of them in one commit."""
    found = await connection.fetch(_STORED, [request.request_id for request in requests])
    if not found:
        return None
    return answers(requests, {name: (first, revision) for name, first, revision in found})


async def waiting(connection: Connection, limit: int, *, by: str | None = None) -> tuple[WaitingSubmission, ...]:
    """What is `received`, first come first, up to `MOST_WAITING` bytes of requests; with `by`, those it may map."""
    found = await connection.fetch(_ANYBODYS, limit) if by is None else await _taken(connection, limit, by)
    requests = await _requests_of(connection, list(dict.fromkeys(one[1] for one in found)))
    some = []
    for one in found:
        if one[1] not in requests:
            break
        some.append(waiting_of(one, requests[one[1]]))
    return tuple(some)


async def _taken(connection: Connection, limit: int, by: str) -> list[Sequence[Any]]:
    """What is a process's own to map, and what it can have of what others left undone."""
    found = await connection.fetch(FOR_ME, by, limit)
    others = [one["id"] for one in found if not one["mine"]]
    taken = {name for (name,) in await connection.fetch(_TAKE, by, others, TAKEN_FOR)} if others else set()
    return [tuple(one)[:-1] for one in found if one["mine"] or one["id"] in taken]


async def _requests_of(connection: Connection, ids: Sequence[str]) -> dict[str, Arrived]:
    """The first of these requests, until they are large together."""
    sizes = dict(await connection.fetch(_SIZES, ids)) if ids else {}
    wanted, size = [], 0
    for name in ids:
        if size > MOST_WAITING:
            break
        wanted.append(name)
        size += sizes[name]
    return {name: arrived(row) for name, *row in await connection.fetch(_REQUESTS, wanted)} if ids else {}


async def store_mapped(connection: Connection, mapped: Sequence[MappedSubmission], now: Millis) -> None:
    """Give submissions their new states and their deliveries, unless someone did so before."""
    await lock_lanes(connection, [new.lane for one in mapped for new in one.deliveries])
    once = {one.submission_id: one for one in reversed(mapped)}
    states = [(one.submission_id, one.state, one.reason) for one in sorted(once.values(), key=_by_id)]
    settled = dict(await connection.fetch(_SETTLE, *columns(states, 3), now))
    new = [
        (one.submission_id, settled[one.submission_id], delivery)
        for one in mapped
        if one is once[one.submission_id] and one.submission_id in settled
        for delivery in one.deliveries
    ]
    if not new:
        return
    rows = [shapes.new_delivery(submission_id, trace_id, one, now) for submission_id, trace_id, one in new]
    inserted = await connection.fetch(_INSERT_DELIVERIES, *columns(rows, 17))
    await connection.execute(_COUNT_UP, [one.destination for *_, one in new])
    await flight.enter(connection, [(lane, seq, keys) for lane, seq, keys, state in inserted if state == "pending"])


def _by_id(mapped: MappedSubmission) -> str:
    return mapped.submission_id


async def map_again(connection: Connection, submission_ids: Sequence[str], now: Millis) -> int:
    """Let failed and unrouted submissions be mapped once more."""
    return changed(await connection.execute(_MAP_AGAIN, list(submission_ids), now))


def changed(status: str) -> int:
    """How many rows a command changed, as PostgreSQL says it: `UPDATE 3`."""
    return int(status.rpartition(" ")[2])
