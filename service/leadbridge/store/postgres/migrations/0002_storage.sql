-- needs: 1
-- How rows are kept, and when what is dead among them is cleared away; nothing that a leadbridge sees. No statement here
-- keeps anybody from reading or writing meanwhile.

-- Written again and again without a change of what is indexed: room for it in the same page spares every index.
ALTER TABLE lanes SET (fillfactor = 50);
ALTER TABLE processes SET (fillfactor = 50);

-- Each row dies three times and more on its way through its states. A fifth of them all, which PostgreSQL waits for, would
-- be a million dead ones in the indexes that claims go through. Room in the page is of no use here: a change of state
-- is one of what is indexed (with a fillfactor of 80, 25 of 100 updates spared the indexes; without, 28).
ALTER TABLE deliveries SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);
ALTER TABLE delivery_keys SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);
