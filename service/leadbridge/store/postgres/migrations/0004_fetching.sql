-- needs: 1
-- Leads that were only announced: what is to be fetched for them, and what was. A leadbridge of before leaves those that
-- wait alone.
CREATE TABLE fetches (
  submission_id text COLLATE "C" PRIMARY KEY,
  source        text COLLATE "C" NOT NULL,
  tries         integer NOT NULL DEFAULT 0,  -- that count: not those that its source's trouble ended
  due_at        bigint,               -- while it is `awaiting_fetch`: when it may be taken; 0 whatever a clock says
  documents     text                  -- JSON: the vendor's answers by the name of their step
);
CREATE INDEX fetches_due ON fetches (source, due_at, submission_id) WHERE due_at IS NOT NULL;

CREATE TABLE fetch_calls (            -- those that count in a source's quota
  source        text COLLATE "C" NOT NULL,
  at            bigint NOT NULL,      -- when they were answered; of those that are reserved, when they are at the latest
  submission_id text COLLATE "C" NOT NULL,   -- for which they are reserved; empty: they were made
  calls         integer NOT NULL,
  PRIMARY KEY (source, submission_id, at)
);

CREATE TABLE fetch_pauses (           -- sources for which nothing is fetched
  source text COLLATE "C" PRIMARY KEY,
  until  bigint NOT NULL,             -- then one submission shows whether the trouble has ended
  reason text NOT NULL,
  times  integer NOT NULL             -- in a row
);
