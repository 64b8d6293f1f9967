-- The revision at which a node came to its region: what it acknowledged before is of another one.
ALTER TABLE node ADD COLUMN placed_at bigint NOT NULL DEFAULT 0;
ALTER TABLE change_log DROP CONSTRAINT change_log_kind_check;
ALTER TABLE change_log ADD CONSTRAINT change_log_kind_check
  CHECK (kind IN ('site', 'certificate', 'node'));
