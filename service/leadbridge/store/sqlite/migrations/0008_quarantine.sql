-- Requests whose sender was not proved, for the case that it is the secret that is wrong.
CREATE TABLE quarantine (
  id          TEXT PRIMARY KEY,       -- in the order of arrival
  source      TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  reason      TEXT NOT NULL,
  sealed      BLOB NOT NULL           -- method, URL, headers and body: with the credentials that are to be looked at again
) STRICT;
CREATE INDEX quarantine_source ON quarantine (source, id);
CREATE INDEX quarantine_received_at ON quarantine (received_at);

CREATE TABLE quarantined (            -- how much that is: a flood must not count it again and again
  source   TEXT PRIMARY KEY,
  requests INTEGER NOT NULL,
  bytes    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
