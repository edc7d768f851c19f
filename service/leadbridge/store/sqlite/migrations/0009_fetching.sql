-- Leads that were only announced: what is to be fetched for them, and what was.
CREATE TABLE fetches (
  submission_id TEXT PRIMARY KEY,
  source        TEXT NOT NULL,
  tries         INTEGER NOT NULL DEFAULT 0,  -- that count: not those that its source's trouble ended
  due_at        INTEGER,              -- while it is `awaiting_fetch`: when it may be taken; 0 whatever a clock says
  documents     TEXT                  -- JSON: the vendor's answers by the name of their step
) STRICT;
CREATE INDEX fetches_due ON fetches (source, due_at, submission_id) WHERE due_at IS NOT NULL;

CREATE TABLE fetch_calls (            -- those that count in a source's quota
  source        TEXT NOT NULL,
  at            INTEGER NOT NULL,     -- when they were answered; of those that are reserved, when they are at the latest
  submission_id TEXT NOT NULL,        -- for which they are reserved; empty: they were made
  calls         INTEGER NOT NULL,
  PRIMARY KEY (source, submission_id, at)
) STRICT, WITHOUT ROWID;

CREATE TABLE fetch_pauses (           -- sources for which nothing is fetched
  source TEXT PRIMARY KEY,
  until  INTEGER NOT NULL,            -- then one submission shows whether the trouble has ended
  reason TEXT NOT NULL,
  times  INTEGER NOT NULL             -- in a row
) STRICT, WITHOUT ROWID;
