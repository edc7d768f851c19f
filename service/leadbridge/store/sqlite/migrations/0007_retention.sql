-- What is finished and old is pruned; what must be known of it for ever stays.
ALTER TABLE dedupe ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;  -- of the submission
ALTER TABLE dedupe ADD COLUMN failed INTEGER NOT NULL DEFAULT 0;    -- 1: it could not be mapped, or had no route: what is
                                                                    -- sent again goes on in its place
UPDATE dedupe SET (revision, failed) = (
    SELECT revision, state IN ('failed', 'unrouted') FROM submissions WHERE id = dedupe.submission_id)
  WHERE EXISTS (SELECT 1 FROM submissions WHERE id = dedupe.submission_id);

CREATE TABLE marks (                  -- what pruned deliveries wrote, as far as older ones must not undo it
  lane      TEXT NOT NULL,
  record_id TEXT NOT NULL,
  event_at  INTEGER NOT NULL,         -- its place in the order of events, with seq
  seq       INTEGER NOT NULL,
  plan      TEXT NOT NULL,            -- JSON: which values it wrote, but the values of lists alone
  PRIMARY KEY (lane, record_id, event_at, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE pruned (                 -- one row: what is older, and is not there any more, was pruned
  one    INTEGER PRIMARY KEY CHECK (one = 1),
  before INTEGER NOT NULL
) STRICT;

-- Whom a call carried is asked for each that is old: whether anybody is left.
CREATE INDEX attempt_deliveries_by_attempt ON attempt_deliveries (attempt_id);
