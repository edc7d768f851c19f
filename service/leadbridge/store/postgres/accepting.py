"""The accept path: many requests with their submissions and dedupe rows in one statement."""

from collections.abc import Sequence
from typing import Any, Final

from leadbridge.clock import Millis
from leadbridge.ids import first_id
from leadbridge.store import shapes
from leadbridge.store.arriving import about, answers, in_runs
from leadbridge.store.postgres import flight
from leadbridge.store.postgres.arriving import ARRIVE
from leadbridge.store.postgres.connection import Connection, columns
from leadbridge.store.postgres.packing import packed
from leadbridge.store.selecting import MAPPED_AGAIN, REPLAYABLE_SUBMISSIONS
from leadbridge.store.values import Accepted, MappedSubmission, NewDelivery, NewItem, NewRequest

TAKEN_FOR: Final = 10.0  # seconds for which whoever accepted a submission is expected to map it
# Columns of what senders write and of what may be missing; the others are of our own making, or JSON.
_REQUESTS_OWN: Final = frozenset({6, 8})  # url, body
_ITEMS_OWN: Final = frozenset({7, 8, 9, 10})  # reason, dedupe_key, digest, arrival
_LATELY: Final = 8 * 86_400_000  # milliseconds: older partitions need not be asked for the request that came last
_STORED: Final = """
    SELECT id, duplicate_of, revision FROM submissions WHERE request_id = ANY($1::text[])"""
# What is sent again goes on in the place of one that came to nothing; while that is mapped once more it does not.
_CAME_TO_NOTHING: Final = """
    UPDATE dedupe SET failed = $2
    FROM submissions AS s
    WHERE s.id = ANY($1::text[]) AND s.id BETWEEN $3 AND $4 AND dedupe.source = s.source AND dedupe.key = s.dedupe_key
        AND dedupe.submission_id = s.id"""
# A submission that another process settled in the meantime gets no deliveries. What came to nothing is told to `dedupe`
# as above.
MAP: Final = """
    WITH settled AS (
        UPDATE submissions SET state = m.state, reason = m.reason, updated_at = $4
        FROM unnest($1::text[], $2::text[], $3::text[]) AS m (id, state, reason)
        WHERE submissions.id = ANY($1) AND submissions.id = m.id AND submissions.id BETWEEN $5 AND $6
            AND submissions.state = 'received'
        RETURNING submissions.id, submissions.trace_id, submissions.source, submissions.dedupe_key, submissions.state
    ), nothing AS MATERIALIZED (
        SELECT * FROM settled WHERE state = ANY($7) AND dedupe_key IS NOT NULL
    ), came_to_nothing AS (
        UPDATE dedupe SET failed = true
        WHERE source = ANY((SELECT array_agg(source) FROM nothing)::text[])
            AND key = ANY((SELECT array_agg(dedupe_key) FROM nothing)::text[])
            AND submission_id = ANY((SELECT array_agg(id) FROM nothing)::text[])
    ), made AS (
        INSERT INTO deliveries (id, submission_id, trace_id, route, destination, lane, config_version, plan, keys,
                                event_at, state, reason, detail, alone, next_at, created_at, updated_at)
        SELECT m.id, settled.id, trace_id, route, destination, lane, config_version, plan, keys, event_at,
            m.state, reason, detail, alone, next_at, $4, $4
        FROM unnest($8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
                    $15::text[], $16::bigint[], $17::text[], $18::text[], $19::text[], $20::boolean[], $21::bigint[])
                WITH ORDINALITY
                AS m (id, submission_id, route, destination, lane, config_version, plan, keys, event_at, state,
                      reason, detail, alone, next_at, place)
            JOIN settled ON settled.id = m.submission_id
        ORDER BY place RETURNING lane, seq, keys, state, destination
    ), counted AS (
        INSERT INTO totals (kind, name, state, slot, count)
        SELECT 'deliveries', destination, 'arrived', pg_backend_pid() % 64, count(*) FROM made
        GROUP BY destination ORDER BY destination
        ON CONFLICT (kind, name, state, slot) DO UPDATE SET count = totals.count + excluded.count
    )
    SELECT lane, seq, keys FROM made WHERE state = 'pending' ORDER BY seq"""
_FETCH_FIRST: Final = """
    INSERT INTO fetches (submission_id, source, due_at)
    SELECT id, source, 0 FROM submissions
    WHERE id = ANY($1::text[]) AND id BETWEEN $2 AND $3 AND state = 'awaiting_fetch'
    ON CONFLICT (submission_id) DO UPDATE SET due_at = 0, tries = 0 WHERE fetches.due_at IS NULL"""
_MAP_AGAIN: Final = f"""
    WITH again AS (
        UPDATE submissions SET reason = NULL, updated_at = $2, taken_by = NULL, taken_until = NULL,
            state = CASE WHEN EXISTS (
                SELECT 1 FROM fetches AS f WHERE f.submission_id = submissions.id AND f.documents IS NULL)
                THEN 'awaiting_fetch' ELSE 'received' END
        WHERE id = ANY($1::text[]) AND id BETWEEN $3 AND $4 AND {MAPPED_AGAIN} RETURNING id, state
    ), unfetched AS (
        UPDATE fetches SET due_at = 0, tries = 0
        WHERE submission_id = ANY((SELECT array_agg(id) FROM again WHERE state = 'awaiting_fetch')::text[])
    )
    SELECT id FROM again"""


async def accept(connection: Connection, requests: Sequence[NewRequest], *, by: str) -> list[tuple[Accepted, ...]]:
    """Insert requests with all their items; all of them or none."""
    runs = list(in_runs(requests))
    told_apart: dict[str, tuple[str | None, int]] = {}
    arrivals: dict[str, int] = {}
    if len(runs) == 1:
        await _arrive(connection, runs[0], by, told_apart, arrivals, tell_all=False)
    else:
        async with connection.transaction():
            for run in runs:
                await _arrive(connection, run, by, told_apart, arrivals, tell_all=True)
    return answers(requests, told_apart)


async def accept_for_anybody(connection: Connection, request: NewRequest) -> tuple[Accepted, ...]:
    """Insert a request in the transaction that is open, to be mapped by whoever serves."""
    told_apart: dict[str, tuple[str | None, int]] = {}
    arrivals: dict[str, int] = {}
    for run in in_runs([request]):
        await _arrive(connection, run, None, told_apart, arrivals, tell_all=True)
    [accepted] = answers([request], told_apart)
    return accepted


async def _arrive(
    connection: Connection,
    run: Sequence[tuple[NewRequest, int, NewItem]],
    by: str | None,
    told_apart: dict[str, tuple[str | None, int]],
    arrivals: dict[str, int],
    *,
    tell_all: bool,
) -> None:
    """Store a run; a request whose first items were in an earlier one has its place in `arrivals`.

    Only what is not new is told in `told_apart`, unless all is, for the places in `arrivals`.
    """
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
            item.submission_id, item.state, item.reason, item.dedupe_key, item.digest, arrivals.get(request.request_id),
            first_id(item.since) if item.since else "0",
        )
        for request, number, item in run
    ]  # fmt: skip
    lately = first_id(max(0, min(request.received.received_at for request, *_ in run) - _LATELY))
    values = (*packed(requests, 9, apart=_REQUESTS_OWN), *packed(items, 12, apart=_ITEMS_OWN))
    found = await connection.fetch(ARRIVE, *values, by, TAKEN_FOR if by else 0.0, lately, tell_all)
    for name, first, revision, request_id, arrival in found:
        told_apart[name] = first, revision
        arrivals[request_id] = arrival


async def stored(connection: Connection, requests: Sequence[NewRequest]) -> list[tuple[Accepted, ...]] | None:
    """What became of requests that were stored before; None when they were not, all of them in one commit."""
    found = await connection.fetch(_STORED, [request.request_id for request in requests])
    if not found:
        return None
    return answers(requests, {name: (first, revision) for name, first, revision in found})


async def store_mapped(connection: Connection, mapped: Sequence[MappedSubmission], now: Millis) -> None:
    """Give submissions their new states and their deliveries, unless someone did so before.

    Whoever calls has locked the lanes of the deliveries.
    """
    if not mapped:
        return
    once = {one.submission_id: one for one in reversed(mapped)}
    states = [(one.submission_id, one.state, one.reason) for one in sorted(once.values(), key=_by_id)]
    rows = [
        _new(one.submission_id, delivery, now)
        for one in mapped
        if one is once[one.submission_id]
        for delivery in one.deliveries
    ]
    replayable = list(REPLAYABLE_SUBMISSIONS)
    pending = await connection.fetch(MAP, *columns(states, 3), now, *ends([*once]), replayable, *columns(rows, 14))
    await flight.enter(connection, [tuple(one) for one in pending])
    if unfetched := [name for name, state, _ in states if state == "awaiting_fetch"]:
        await connection.execute(_FETCH_FIRST, unfetched, *ends(unfetched))


def _new(submission_id: str, delivery: NewDelivery, now: Millis) -> Sequence[Any]:
    """A delivery's row without what its submission and the moment say."""
    row = shapes.new_delivery(submission_id, "", delivery, now)
    return *row[:2], *row[3:15]


def _by_id(mapped: MappedSubmission) -> str:
    return mapped.submission_id


async def come_to_nothing(connection: Connection, submission_ids: Sequence[str], *, did: bool = True) -> None:
    """What is sent again goes on in the place of these; or no more."""
    if submission_ids:
        await connection.execute(_CAME_TO_NOTHING, list(submission_ids), did, *ends(submission_ids))


async def map_again(connection: Connection, submission_ids: Sequence[str], now: Millis) -> int:
    """Let failed and unrouted submissions be mapped once more; first fetched, where that is still to be done."""
    if not submission_ids:
        return 0
    again = [name for (name,) in await connection.fetch(_MAP_AGAIN, list(submission_ids), now, *ends(submission_ids))]
    await come_to_nothing(connection, again, did=False)
    return len(again)


def ends(ids: Sequence[str]) -> tuple[str, str]:
    """The first and the last of some ids: what is not between them need not be looked through."""
    return min(ids), max(ids)


def changed(status: str) -> int:
    """How many rows a command changed, as PostgreSQL says it: `UPDATE 3`."""
    return int(status.rpartition(" ")[2])
