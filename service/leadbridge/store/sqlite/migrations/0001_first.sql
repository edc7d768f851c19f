-- All times are milliseconds since the Unix epoch, UTC. Ids are UUIDv7, so they sort by time.

CREATE TABLE requests (               -- one inbound HTTP request as it arrived, secrets redacted
  id          TEXT PRIMARY KEY,
  source      TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  trace_id    TEXT NOT NULL,          -- W3C trace id, 32 hex
  verified_by TEXT NOT NULL,          -- the scheme that proved the sender; `none` when nothing did
  method      TEXT NOT NULL,
  url         TEXT NOT NULL,
  headers     TEXT NOT NULL,          -- JSON object, lower-cased names
  body        BLOB NOT NULL
) STRICT;

CREATE TABLE submissions (            -- one lead-bearing item of a request, and what became of it
  id           TEXT PRIMARY KEY,
  request_id   TEXT NOT NULL REFERENCES requests (id),
  item         INTEGER NOT NULL,      -- its index in the request
  source       TEXT NOT NULL,
  received_at  INTEGER NOT NULL,
  trace_id     TEXT NOT NULL,
  state        TEXT NOT NULL CHECK (state IN
                 ('received', 'awaiting_fetch', 'captured', 'ignored', 'duplicate', 'failed', 'unrouted', 'mapped')),
  reason       TEXT,                  -- why it is ignored or failed
  dedupe_key   TEXT,
  duplicate_of TEXT,                  -- the submission that came first
  revision     INTEGER NOT NULL DEFAULT 1,  -- the same id with another body counts up
  updated_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX submissions_received ON submissions (id) WHERE state = 'received';
CREATE INDEX submissions_of_request ON submissions (request_id);
CREATE INDEX submissions_by_trace ON submissions (trace_id);

CREATE TABLE dedupe (                 -- written in the submission's transaction
  source        TEXT NOT NULL,
  key           TEXT NOT NULL,        -- the sender's id for the submission
  digest        BLOB NOT NULL,        -- SHA-256 of what was said
  submission_id TEXT NOT NULL,
  PRIMARY KEY (source, key, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE deliveries (             -- one lead to one destination
  seq            INTEGER PRIMARY KEY, -- the order among deliveries of one person
  id             TEXT NOT NULL UNIQUE,
  submission_id  TEXT NOT NULL REFERENCES submissions (id),
  trace_id       TEXT NOT NULL,
  route          TEXT NOT NULL,
  destination    TEXT NOT NULL,
  lane           TEXT NOT NULL,       -- the CRM account
  config_version TEXT NOT NULL,
  plan           TEXT,                -- JSON; none for `filtered`
  keys           TEXT NOT NULL,       -- JSON list: whose record this may touch
  event_at       INTEGER NOT NULL,    -- the sender's time where trusted, else arrival
  state          TEXT NOT NULL CHECK (state IN
                   ('pending', 'sending', 'retrying', 'held', 'delivered', 'delivered_with_warnings', 'superseded',
                    'filtered', 'failed', 'cancelled')),
  blocked        INTEGER NOT NULL DEFAULT 0,  -- 1: an earlier delivery of the same person is not finished
  reason         TEXT,                -- why it is held
  detail         TEXT,                -- the CRM's words, or ours
  tries          INTEGER NOT NULL DEFAULT 0,
  first_try_at   INTEGER,
  next_at        INTEGER,             -- when it is due
  record_id      TEXT,                -- the CRM's record
  created        INTEGER,             -- 1 created, 0 updated, NULL not known
  warnings       TEXT NOT NULL DEFAULT '[]',
  candidates     TEXT NOT NULL DEFAULT '[]',
  created_at     INTEGER NOT NULL,
  updated_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX deliveries_due ON deliveries (lane, next_at, seq) WHERE state IN ('pending', 'retrying') AND blocked = 0;
CREATE INDEX deliveries_sending ON deliveries (seq) WHERE state = 'sending';
CREATE INDEX deliveries_held ON deliveries (reason, seq) WHERE state = 'held';
CREATE INDEX deliveries_by_record ON deliveries (lane, record_id) WHERE record_id IS NOT NULL;
CREATE INDEX deliveries_of_submission ON deliveries (submission_id);

CREATE TABLE delivery_keys (          -- the unfinished deliveries of each person, in order
  lane   TEXT NOT NULL,
  key    TEXT NOT NULL,
  seq    INTEGER NOT NULL REFERENCES deliveries (seq),
  active INTEGER NOT NULL DEFAULT 0,  -- 1: this is the one that may be sent
  PRIMARY KEY (lane, key, seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX delivery_keys_single_flight ON delivery_keys (lane, key) WHERE active = 1;

CREATE TABLE attempts (               -- one HTTP call to a CRM, written before it is sent
  id             INTEGER PRIMARY KEY,
  lane           TEXT NOT NULL,
  purpose        TEXT NOT NULL,
  method         TEXT NOT NULL,
  path           TEXT NOT NULL,
  request        TEXT,                -- JSON body
  safe_to_repeat INTEGER NOT NULL,
  started_at     INTEGER NOT NULL,
  answered_at    INTEGER,             -- NULL: under way, or its answer was never seen
  sent           INTEGER NOT NULL DEFAULT 1,  -- 0: it certainly never reached the CRM
  status         INTEGER,             -- HTTP status
  outcome        TEXT,
  crm_trace_id   TEXT,                -- the CRM's own id for this exchange
  response       TEXT,
  error          TEXT                 -- why there is no status
) STRICT;
CREATE INDEX attempts_open ON attempts (id) WHERE answered_at IS NULL AND outcome IS NULL;
CREATE INDEX attempts_by_answer ON attempts (lane, answered_at);

CREATE TABLE attempt_deliveries (     -- which deliveries an attempt carried
  delivery_id TEXT NOT NULL,
  attempt_id  INTEGER NOT NULL REFERENCES attempts (id),
  try         INTEGER NOT NULL,
  PRIMARY KEY (delivery_id, attempt_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE lanes (                  -- who may send for an account
  lane         TEXT PRIMARY KEY,
  owner        TEXT,
  epoch        INTEGER NOT NULL DEFAULT 0,
  lease_until  INTEGER,
  paused_until INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE watermarks (             -- the newest event that wrote an attribute of a record
  lane      TEXT NOT NULL,
  record_id TEXT NOT NULL,
  attribute TEXT NOT NULL,
  event_at  INTEGER NOT NULL,
  PRIMARY KEY (lane, record_id, attribute)
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (                 -- rotating credentials, encrypted
  destination TEXT PRIMARY KEY,
  sealed      BLOB NOT NULL,
  intent_at   INTEGER,                -- a refresh is under way since
  updated_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE totals (                 -- the other side of the ledger: what ever came, and what was pruned
  kind  TEXT NOT NULL CHECK (kind IN ('submissions', 'deliveries')),
  name  TEXT NOT NULL,                -- source or destination
  state TEXT NOT NULL,                -- 'arrived', or the state in which rows were pruned
  count INTEGER NOT NULL,
  PRIMARY KEY (kind, name, state)
) STRICT, WITHOUT ROWID;
