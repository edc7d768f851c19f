-- needs: 1
-- Requests whose sender was not proved, for the case that it is the secret that is wrong.
CREATE TABLE quarantine (
  id          text COLLATE "C" PRIMARY KEY,  -- in the order of arrival
  source      text NOT NULL,
  received_at bigint NOT NULL,
  reason      text NOT NULL,
  sealed      bytea NOT NULL          -- method, URL, headers and body: with the credentials that are to be looked at again
);
CREATE INDEX quarantine_source ON quarantine (source, id);
CREATE INDEX quarantine_received_at ON quarantine (received_at);

CREATE TABLE quarantined (            -- how much that is: a flood must not count it again and again
  source   text PRIMARY KEY,
  requests bigint NOT NULL,
  bytes    bigint NOT NULL
);
