-- The clock may be set back: what arrives later must not come to stand before what came.
ALTER TABLE requests ADD COLUMN order_at INTEGER;  -- as received_at, but never before that of an earlier one
-- What arrived first is mapped first; an id says only what the clock said then.
ALTER TABLE submissions ADD COLUMN arrival INTEGER;  -- the place of its request; none: from before all that have one
DROP INDEX submissions_received;
CREATE INDEX submissions_received ON submissions (arrival, id) WHERE state = 'received';
