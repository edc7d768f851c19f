"""Rows as they are shown, and both sides of the ledger."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import orjson

from leadbridge.clock import Millis
from leadbridge.store import reading_rows, shapes
from leadbridge.store.ledger import Account, Ledger
from leadbridge.store.postgres.connection import Connection, numbered, storable
from leadbridge.store.rows import AttemptRow, DeliveryRow, RequestRow, SubmissionRow
from leadbridge.store.values import Named

_SUBMISSION: Final = numbered(reading_rows.SUBMISSION)
_NEWEST: Final = numbered(reading_rows.NEWEST)
_REQUEST: Final = numbered(reading_rows.REQUEST)
_DELIVERY: Final = reading_rows.DELIVERY
_ATTEMPT: Final = numbered(reading_rows.ATTEMPT)
_OF_RECORD: Final = numbered(reading_rows.OF_RECORD)
_READY: Final = "state IN ('pending', 'retrying') AND NOT blocked"
NEXT_DUE: Final = f"""
    SELECT min(first.next_at) FROM unnest(ARRAY[0, 1, 2]::smallint[]) AS u
        CROSS JOIN LATERAL (SELECT next_at FROM deliveries WHERE lane = $1 AND urgency = u AND {_READY}
                            ORDER BY next_at, seq LIMIT 1) AS first"""
# What came in is due whatever its time is: a clock may have been set back.
LANES_WAITING: Final = f"""
    WITH RECURSIVE lane (name) AS (
        (SELECT lane FROM deliveries WHERE {_READY} ORDER BY lane LIMIT 1)
        UNION ALL
        SELECT (SELECT lane FROM deliveries WHERE {_READY} AND lane > name ORDER BY lane LIMIT 1)
        FROM lane WHERE name IS NOT NULL)
    SELECT name, least(
        (SELECT 0 FROM deliveries WHERE lane = name AND urgency = 0 AND {_READY} LIMIT 1),
        (SELECT next_at FROM deliveries WHERE lane = name AND urgency = 1 AND {_READY} ORDER BY next_at, seq LIMIT 1),
        (SELECT next_at FROM deliveries WHERE lane = name AND urgency = 2 AND {_READY} ORDER BY next_at, seq LIMIT 1))
    FROM lane WHERE name IS NOT NULL"""
LANES_SENDING: Final = "SELECT DISTINCT lane FROM deliveries WHERE state = 'sending'"


async def names(connection: Connection, what: Named) -> tuple[str, ...]:
    """Every route, destination or source that something is stored of, or was."""
    return tuple(name for (name,) in await connection.fetch(reading_rows.NAMES[what]))


async def submissions(
    connection: Connection, *, limit: int, state: str | None, source: str | None, before: str | None
) -> tuple[SubmissionRow, ...]:
    """The newest submissions that fit."""
    return tuple(SubmissionRow(**one) for one in await connection.fetch(_NEWEST, state, source, before, limit))


async def submission(connection: Connection, submission_id: str) -> SubmissionRow | None:
    """The submission of that id; None when there is none."""
    found = await connection.fetchrow(f"{_SUBMISSION} WHERE id = $1", submission_id)
    return None if found is None else SubmissionRow(**found)


async def by_trace(connection: Connection, trace_id: str) -> tuple[SubmissionRow, ...]:
    """The submissions under a trace ID."""
    found = await connection.fetch(f"{_SUBMISSION} WHERE trace_id = $1 ORDER BY id", trace_id)
    return tuple(SubmissionRow(**one) for one in found)


async def request(connection: Connection, request_id: str) -> RequestRow | None:
    """The request of that id; None when there is none."""
    found = await connection.fetchrow(_REQUEST, request_id)
    return None if found is None else shapes.request_row(dict(found))


async def delivery(connection: Connection, delivery_id: str) -> DeliveryRow | None:
    """The delivery of that id; None when there is none."""
    found = await connection.fetchrow(f"{_DELIVERY} WHERE id = $1", delivery_id)
    return None if found is None else shapes.delivery_row(dict(found))


async def deliveries_of(connection: Connection, submission_ids: Sequence[str]) -> Mapping[str, tuple[DeliveryRow, ...]]:
    """The deliveries of some submissions."""
    statement = f"{_DELIVERY} WHERE submission_id = ANY($1::text[]) ORDER BY seq"
    found: dict[str, list[DeliveryRow]] = defaultdict(list)
    for one in await connection.fetch(statement, list(submission_ids)):
        found[one["submission_id"]].append(shapes.delivery_row(dict(one)))
    return {submission_id: tuple(found[submission_id]) for submission_id in submission_ids}


async def attempts_of(connection: Connection, delivery_id: str) -> tuple[AttemptRow, ...]:
    """The calls of a delivery."""
    return tuple(shapes.attempt_row(dict(one)) for one in await connection.fetch(_ATTEMPT, delivery_id))


async def next_due(connection: Connection, lane: str) -> Millis | None:
    """When the lane's next delivery is due."""
    found: Millis | None = await connection.fetchval(NEXT_DUE, lane)
    return found


async def lanes_waiting(connection: Connection) -> Mapping[str, Millis | None]:
    """The lanes with unfinished deliveries, found by jumping from lane to lane in the index, and when they are due."""
    sending = {lane: None for (lane,) in await connection.fetch(LANES_SENDING)}
    return sending | dict(await connection.fetch(LANES_WAITING))


async def keys_of_record(connection: Connection, lane: str, record_id: str, but: str) -> tuple[tuple[str, ...], ...]:
    """The keys of the newest deliveries that wrote a record."""
    found = await connection.fetch(_OF_RECORD, lane, storable(record_id), but)
    return tuple(tuple(orjson.loads(keys)) for (keys,) in found)


async def ledger(connection: Connection) -> Ledger:
    """Both sides of the books, in the one read transaction that is open."""
    sources = await _accounts(connection, "submissions", "source")
    destinations = await _accounts(connection, "deliveries", "destination")
    return Ledger(
        accounts=sources + destinations,
        mapped_without_delivery=await connection.fetchval(reading_rows.MAPPED_TO_NOTHING),
        delivered_without_attempt=await connection.fetchval(reading_rows.NEVER_SENT),
    )


async def _accounts(connection: Connection, table: str, name: str) -> tuple[Account, ...]:
    totals = await connection.fetch(
        "SELECT name, state, sum(count)::bigint FROM totals WHERE kind = $1 GROUP BY name, state", table
    )
    counted = await connection.fetch(f"SELECT {name}, state, count(*) FROM {table} GROUP BY 1, 2")
    return tuple(shapes.accounts(table, totals, counted))
