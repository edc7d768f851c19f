ALTER TABLE deliveries ADD COLUMN urgency INTEGER NOT NULL DEFAULT 0;  -- 0 came in, 1 is tried again, 2 was replayed
ALTER TABLE deliveries ADD COLUMN alone INTEGER NOT NULL DEFAULT 0;    -- 1: never one call with others
ALTER TABLE deliveries ADD COLUMN known INTEGER NOT NULL DEFAULT 0;    -- 1: its keys may have led to a record before
ALTER TABLE deliveries ADD COLUMN awaited INTEGER NOT NULL DEFAULT 0;  -- 1: others may wait behind it
ALTER TABLE deliveries ADD COLUMN progress TEXT;                       -- JSON of plan.Progress
ALTER TABLE deliveries ADD COLUMN choice TEXT;                         -- JSON of plan.Choice: what a person decided
UPDATE deliveries SET known = 1, awaited = 1, urgency = (state = 'retrying')
  WHERE state IN ('pending', 'sending', 'retrying');

DROP INDEX deliveries_due;
CREATE INDEX deliveries_due ON deliveries (lane, urgency, next_at, seq)
  WHERE state IN ('pending', 'retrying') AND blocked = 0;
CREATE INDEX deliveries_blocked ON deliveries (lane, urgency, seq)
  WHERE state IN ('pending', 'retrying') AND blocked = 1;
DROP INDEX deliveries_held;
CREATE INDEX deliveries_held ON deliveries (lane, reason, seq) WHERE state = 'held';
DROP INDEX deliveries_by_record;
CREATE INDEX deliveries_by_record ON deliveries (lane, record_id, event_at, seq) WHERE record_id IS NOT NULL;

CREATE TABLE record_keys (            -- the records that deliveries with a key were written to
  lane      TEXT NOT NULL,
  key       TEXT NOT NULL,
  record_id TEXT NOT NULL,
  PRIMARY KEY (lane, key, record_id)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO record_keys (lane, key, record_id)
  SELECT d.lane, k.value, d.record_id FROM deliveries d JOIN json_each(d.keys) k WHERE d.record_id IS NOT NULL;
DROP TABLE watermarks;                -- what wrote an attribute last is read from the plans

ALTER TABLE attempts ADD COLUMN shows_after INTEGER NOT NULL DEFAULT 0;  -- ms until what it did can be found
UPDATE attempts SET shows_after = 60000 WHERE safe_to_repeat = 0;        -- the longest that any CRM takes
DROP INDEX attempts_by_answer;
CREATE INDEX attempts_answered ON attempts (lane, answered_at) WHERE answered_at IS NOT NULL;
CREATE INDEX attempts_unanswered ON attempts (lane, coalesce(sent_at, started_at))
  WHERE answered_at IS NULL AND sent = 1;

ALTER TABLE lanes ADD COLUMN held TEXT;                 -- the reason; nothing is sent but probes
ALTER TABLE lanes ADD COLUMN detail TEXT;
ALTER TABLE lanes ADD COLUMN since INTEGER;
ALTER TABLE lanes ADD COLUMN probe_at INTEGER;          -- NULL: a person has to release it
ALTER TABLE lanes ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;  -- in a row
ALTER TABLE lanes ADD COLUMN daily_reset_at INTEGER;    -- when the CRM's count of 24 hours begins anew
