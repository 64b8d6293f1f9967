-- Set when a backup is restored: a node may have renewed its certificate since the backup was made.
-- The first one issued after that time is taken for its current one.
ALTER TABLE node ADD COLUMN readmit_after timestamptz;
