"""A long backlog on PostgreSQL, made in the database: a million by way of the store would take a quarter of an hour."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

import asyncpg

from benchmarks.backlog import fill, lane_of
from benchmarks.ground import Site
from leadbridge.store.postgres.hearing import tell

# Every one is the last delivery once more, for another person; whatever columns it has. An id keeps its moment.
_COPIES: Final = """
    WITH one AS (
        SELECT d AS delivery, s AS submission FROM deliveries AS d JOIN submissions AS s ON s.id = d.submission_id
        ORDER BY d.seq DESC LIMIT 1
    ), copies AS (
        SELECT one.delivery, one.submission, (one.delivery).seq + number AS seq,
            overlay((one.delivery).id PLACING lpad(to_hex(number), 12, '0') FROM 25) AS id,
            overlay((one.submission).id PLACING lpad(to_hex(number), 12, '0') FROM 25) AS submission_id,
            encode(sha256(number::text::bytea), 'hex') AS key,
            replace((one.delivery).plan, 'person', 'person' || number || '.') AS plan
        FROM one, generate_series(1, $1::bigint) AS number
    ), submitted AS (
        INSERT INTO submissions
        SELECT made.* FROM copies CROSS JOIN LATERAL jsonb_populate_record(
            submission, jsonb_build_object('id', copies.submission_id, 'item', copies.seq)) AS made
    ), queued AS (
        INSERT INTO delivery_keys (lane, key, seq, active) SELECT (delivery).lane, key, seq, true FROM copies
    )
    INSERT INTO deliveries
    SELECT made.* FROM copies CROSS JOIN LATERAL jsonb_populate_record(
        delivery, jsonb_build_object('id', copies.id, 'submission_id', copies.submission_id, 'seq', copies.seq,
                                     'keys', json_build_array(key)::text, 'plan', copies.plan)) AS made"""
_COUNT: Final = """
    UPDATE totals SET count = count + $1 WHERE (kind, name, state, slot) IN (
        SELECT kind, name, state, min(slot) FROM totals WHERE state = 'arrived' GROUP BY kind, name, state)"""
_GO_ON: Final = "SELECT setval(pg_get_serial_sequence('deliveries', 'seq'), (SELECT max(seq) FROM deliveries))"
_PATIENCE: Final = 1_800.0  # seconds that a million may take


async def fill_in_bulk(site: Site, people: Iterator[int], *, many: int) -> None:
    """Make so many deliveries that wait, each for another person, all in Copper's lane; its owner is told."""
    store = site.store()
    await fill(store, site, islice(people, 1))
    await store.close()
    connection = await asyncpg.connect(site.url, timeout=_PATIENCE, command_timeout=_PATIENCE)
    async with connection.transaction():
        await connection.execute(_COPIES, many - 1)
        await connection.execute(_COUNT, many - 1)
        await connection.execute(_GO_ON)
    await connection.execute("VACUUM ANALYZE")  # as the server does by itself, some time later
    await tell(connection, [lane_of(site)])
    await connection.close()
