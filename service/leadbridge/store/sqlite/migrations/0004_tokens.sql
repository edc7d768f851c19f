-- Nothing ever wrote the table of the first schema.
DROP TABLE tokens;
CREATE TABLE tokens (              -- of an OAuth grant: rotating, encrypted, written by several processes
  name       TEXT PRIMARY KEY,     -- whose they are: CRM, host, client, location or company
  version    INTEGER NOT NULL,     -- how often they were replaced: only who saw them replaces them
  sealed     BLOB NOT NULL,
  intent_at  INTEGER,              -- an exchange of the refresh token is under way since
  intent_by  TEXT,
  lost_at    INTEGER,              -- the vendor refused it for good
  detail     TEXT,                 -- in the vendor's words
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
