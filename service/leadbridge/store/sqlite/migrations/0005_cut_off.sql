-- How long a retry waits is for its own failures to say.
ALTER TABLE deliveries ADD COLUMN cut_off INTEGER NOT NULL DEFAULT 0;  -- tries that it does not count: killed, put back,
                                                                       -- or from before a person let it go
-- The one that was looked at longest ago is asked for without a sort of all that is held.
DROP INDEX deliveries_held;
CREATE INDEX deliveries_held ON deliveries (lane, reason, updated_at, seq) WHERE state = 'held';
