"""The one statement that stores what arrived, and tells what of it is new."""

from typing import Final

from leadbridge.store.postgres.packing import list_in

# The same id with the same content is a duplicate of the first; with another content it is the next revision. What
# could not be mapped, or had no route, goes on when it is sent again: nothing of it reached a CRM. What is told apart
# by its content has a time (as an id) before which nothing counts, and no revisions. Two processes that are sent the
# same at once meet in `dedupe`: the second waits for the first one's commit. All insert in one order, or two of them
# would wait for each other.
ARRIVE: Final = f"""
    WITH request AS (
        SELECT * FROM unnest({list_in(1)}, {list_in(2)}, {list_in(3)}::bigint[], {list_in(4)}, {list_in(5)},
                             {list_in(6)}, $7::text[], {list_in(8)}, $9::bytea[]) WITH ORDINALITY
            AS r (id, source, received_at, trace_id, verified_by, method, url, headers, body, place)
    ), kept AS (
        INSERT INTO requests (id, source, received_at, trace_id, verified_by, method, url, headers, body, order_at)
        SELECT id, source, received_at, trace_id, verified_by, method, url, headers, body,
            greatest(max(received_at) OVER (ORDER BY place),
                     (SELECT order_at FROM requests WHERE id >= $24 ORDER BY order_at DESC LIMIT 1))
        FROM request ORDER BY place
        RETURNING id, arrival
    ), item AS (
        SELECT * FROM unnest({list_in(10)}, {list_in(11)}::int[], {list_in(12)}, {list_in(13)}::bigint[], {list_in(14)},
                             {list_in(15)}, {list_in(16)}, $17::text[], $18::text[], $19::bytea[], $20::bigint[],
                             {list_in(21)})
            AS i (request_id, item, source, received_at, trace_id, id, state, reason, dedupe_key, digest, arrival,
                  since)
    ), known AS (
        INSERT INTO dedupe (source, key, digest, submission_id, revision, failed)
        SELECT source, dedupe_key, digest, id, 1 + coalesce((
            SELECT max(revision) FROM dedupe AS d
            WHERE d.source = item.source AND d.key = item.dedupe_key AND item.since = '0'), 0),
            state = 'failed'
        FROM item WHERE dedupe_key IS NOT NULL ORDER BY 1, 2, 3
        ON CONFLICT (source, key, digest) DO UPDATE SET (submission_id, revision, failed) = (
            SELECT CASE WHEN goes_on THEN excluded.submission_id ELSE dedupe.submission_id END,
                CASE WHEN goes_on THEN excluded.revision ELSE dedupe.revision END, dedupe.failed AND NOT goes_on
            FROM (SELECT EXISTS (
                SELECT 1 FROM item WHERE item.id = excluded.submission_id AND (
                    dedupe.failed AND item.state IN ('received', 'awaiting_fetch')
                    OR dedupe.submission_id < item.since))) AS o (goes_on))
        RETURNING source, key, digest, submission_id, revision
    ), told_apart AS (
        SELECT item.*, nullif(known.submission_id, item.id) AS first, coalesce(known.revision, 1) AS revision
        FROM item LEFT JOIN known
            ON known.source = item.source AND known.key = item.dedupe_key AND known.digest = item.digest
    ), announced AS (
        INSERT INTO fetches (submission_id, source, due_at)
        SELECT id, source, 0 FROM told_apart WHERE first IS NULL AND state = 'awaiting_fetch'
    ), counted AS (
        INSERT INTO totals (kind, name, state, slot, count)
        SELECT 'submissions', source, 'arrived', pg_backend_pid() % 64, count(*) FROM item
        GROUP BY source ORDER BY source
        ON CONFLICT (kind, name, state, slot) DO UPDATE SET count = totals.count + excluded.count
    ), arrived AS (
        INSERT INTO submissions (id, request_id, item, source, received_at, trace_id, state, reason, dedupe_key,
                                 duplicate_of, revision, updated_at, arrival, taken_by, taken_until)
        SELECT told_apart.id, request_id, item, source, received_at, trace_id,
            CASE WHEN first IS NULL THEN state ELSE 'duplicate' END, reason, dedupe_key, first, revision,
            received_at, coalesce(kept.arrival, told_apart.arrival), $22, clock_timestamp() + make_interval(secs => $23)
        FROM told_apart LEFT JOIN kept ON kept.id = request_id
        RETURNING id, duplicate_of, revision, request_id, arrival
    )
    SELECT id, duplicate_of, revision, request_id, arrival FROM arrived
    WHERE duplicate_of IS NOT NULL OR revision > 1 OR $25"""
