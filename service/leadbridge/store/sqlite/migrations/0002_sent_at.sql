-- A claimed call waits for a hand, or while its CRM asks for quiet: when it was sent is not when it was started.
ALTER TABLE attempts ADD COLUMN sent_at INTEGER;  -- at the latest; NULL while it is under way, or when it never was
