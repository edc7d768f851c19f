"""What waits to be mapped, with the requests it came in: a process's own, and what others leave undone."""

from collections.abc import Sequence
from typing import Any, Final

from leadbridge.store.arriving import MOST_WAITING, Arrived, arrived, waiting_of
from leadbridge.store.postgres.accepting import TAKEN_FOR, ends
from leadbridge.store.postgres.connection import Connection
from leadbridge.store.values import WaitingSubmission

# How large the documents of each are the server knows without reading them.
_DOCUMENTS_SIZE: Final = "(SELECT octet_length(documents) FROM fetches WHERE submission_id = {id})"
_ANYBODYS: Final = f"""
    SELECT id, request_id, item, trace_id, {_DOCUMENTS_SIZE.format(id="id")}
    FROM submissions WHERE state = 'received' ORDER BY arrival, id LIMIT $1"""
# What another process accepted it maps itself, unless it is gone or far behind; several that help take different ones.
_FREE: Final = "taken_by IS DISTINCT FROM $1 AND (taken_until IS NULL OR taken_until < clock_timestamp())"
FOR_ME: Final = f"""
    SELECT id, request_id, item, trace_id, {_DOCUMENTS_SIZE.format(id="id")}, arrival,
        taken_by IS NOT DISTINCT FROM $1 AS mine
    FROM submissions
    WHERE state = 'received' AND (taken_by = $1 OR {_FREE}) ORDER BY arrival, id LIMIT $2"""
_TAKE: Final = f"""
    WITH free AS MATERIALIZED (
        SELECT id FROM submissions WHERE state = 'received' AND {_FREE} ORDER BY arrival, id LIMIT $2
        FOR UPDATE SKIP LOCKED)
    UPDATE submissions AS s SET taken_by = $1, taken_until = clock_timestamp() + make_interval(secs => $3)
    FROM free WHERE s.id = free.id
    RETURNING s.id, s.request_id, s.item, s.trace_id, {_DOCUMENTS_SIZE.format(id="s.id")}, s.arrival"""
_DOCUMENTS: Final = "SELECT submission_id, documents FROM fetches WHERE submission_id = ANY($1::text[])"
# The first of them until they are large together; how large one is the server knows without reading it.
_REQUESTS: Final = """
    SELECT id, source, method, url, headers, body, received_at, verified_by, order_at
    FROM (SELECT r.*, sum(length(body)) OVER (ORDER BY place) - length(body) AS before
          FROM unnest($1::text[]) WITH ORDINALITY AS wanted (id, place) JOIN requests AS r USING (id)
          WHERE r.id = ANY($1) AND r.id BETWEEN $2 AND $3) AS r
    WHERE before <= $4"""


async def waiting(connection: Connection, limit: int, *, by: str | None = None) -> tuple[WaitingSubmission, ...]:
    """What is `received`, first come first; with `by`, what that process may map."""
    found = await connection.fetch(_ANYBODYS, limit) if by is None else await _taken(connection, limit, by)
    return await with_requests(connection, found)


async def with_requests(connection: Connection, found: Sequence[Sequence[Any]]) -> tuple[WaitingSubmission, ...]:
    """Submissions from rows (id, request_id, item, trace_id, bytes of its documents if there are any).

    The first ones, up to `MOST_WAITING` bytes of requests, and as many of documents.
    """
    requests = await _requests_of(connection, list(dict.fromkeys(one[1] for one in found)))
    some = []
    size = 0
    for one in found:
        if one[1] not in requests or size > MOST_WAITING:
            break
        size += one[4] or 0
        some.append(one)
    fetched = [one[0] for one in some if one[4] is not None]
    documents = dict(await connection.fetch(_DOCUMENTS, fetched)) if fetched else {}
    return tuple(waiting_of(one[:4], requests[one[1]], documents.get(one[0])) for one in some)


async def _taken(connection: Connection, limit: int, by: str) -> list[Sequence[Any]]:
    """What is a process's own to map, and what it can have of what others left undone."""
    found = await connection.fetch(FOR_ME, by, limit)
    mine = [tuple(one)[:-1] for one in found if one["mine"]]
    if len(mine) < len(found):
        mine += [tuple(one) for one in await connection.fetch(_TAKE, by, len(found) - len(mine), TAKEN_FOR)]
    in_order = sorted(mine, key=lambda one: (one[-1], one[0]))  # the last is its place of arrival
    return [one[:-1] for one in in_order]


async def _requests_of(connection: Connection, ids: Sequence[str]) -> dict[str, Arrived]:
    """The first of these requests, until they are large together."""
    if not ids:
        return {}
    found = await connection.fetch(_REQUESTS, ids, *ends(ids), MOST_WAITING)
    return {name: arrived(row) for name, *row in found}
