-- The accept path as one statement: INSERT INTO arrivals VALUES (...), (...), a row for each item of a request.
-- Every statement gives the interpreter's lock away and must wait to get it back, so that four of them cost more than
-- all that they do. A view that nobody reads, with a trigger that puts each row into its tables, is one; outside a
-- transaction it is its own, synced to the disk in the same step.

CREATE TEMP VIEW arrivals AS
  SELECT '' AS request_id, 0 AS item, '' AS source, 0 AS received_at, '' AS trace_id, '' AS verified_by, '' AS method,
         '' AS url, '' AS headers, x'' AS body, '' AS id, '' AS state, '' AS reason, '' AS dedupe_key, x'' AS digest,
         '' AS since;

CREATE TEMP TRIGGER arrive INSTEAD OF INSERT ON arrivals BEGIN
  INSERT INTO requests (id, source, received_at, trace_id, verified_by, method, url, headers, body, order_at)
  SELECT new.request_id, new.source, new.received_at, new.trace_id, new.verified_by, new.method, new.url, new.headers,
         new.body,
         max(new.received_at,
             coalesce((SELECT coalesce(order_at, received_at) FROM requests ORDER BY rowid DESC LIMIT 1), 0))
  WHERE new.item = 0;

  -- The same id with the same content is a duplicate of the first; with another content it is the next revision. What
  -- could not be mapped, or had no route, goes on when it is sent again: nothing of it reached a CRM. What is told apart
  -- by its content has a time (as an id) before which nothing counts, and no revisions.
  INSERT INTO submissions (id, request_id, item, source, received_at, trace_id, state, reason, dedupe_key, duplicate_of,
                           revision, updated_at, arrival)
  SELECT new.id, new.request_id, new.item, new.source, new.received_at, new.trace_id,
         iif(first.id IS NULL, new.state, 'duplicate'), new.reason, new.dedupe_key, first.id,
         coalesce(first.revision,
                  iif(new.since = '',
                      1 + (SELECT max(revision) FROM dedupe WHERE source = new.source AND key = new.dedupe_key), 1), 1),
         new.received_at, (SELECT rowid FROM requests WHERE id = new.request_id)
  FROM (SELECT 1) LEFT JOIN (SELECT submission_id AS id, revision FROM dedupe
                             WHERE source = new.source AND key = new.dedupe_key AND digest = new.digest
                               AND NOT (new.state IN ('received', 'awaiting_fetch') AND failed)
                               AND submission_id >= new.since) AS first;

  INSERT INTO dedupe (source, key, digest, submission_id, revision, failed)
  SELECT source, dedupe_key, new.digest, id, revision, state = 'failed' FROM submissions
  WHERE id = new.id AND dedupe_key IS NOT NULL AND duplicate_of IS NULL
  ON CONFLICT (source, key, digest) DO UPDATE SET
    submission_id = excluded.submission_id, revision = excluded.revision, failed = excluded.failed;

  -- What is due at 0 is due whatever a clock says.
  INSERT INTO fetches (submission_id, source, due_at)
  SELECT id, source, 0 FROM submissions
  WHERE new.state = 'awaiting_fetch' AND id = new.id AND state = 'awaiting_fetch';

  INSERT INTO totals (kind, name, state, count) VALUES ('submissions', new.source, 'arrived', 1)
  ON CONFLICT (kind, name, state) DO UPDATE SET count = count + 1;
END;
