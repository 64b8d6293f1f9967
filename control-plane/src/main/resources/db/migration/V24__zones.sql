-- Networks whose clients go to regions or nodes that the operator names, whatever GeoIP says.
CREATE TABLE steer_zone (
  network  text PRIMARY KEY,
  targets  text[] NOT NULL
);
-- ISO 3166-1 alpha-2, for sites that keep readers within countries; empty: by the node's address.
ALTER TABLE node ADD COLUMN country text NOT NULL DEFAULT '';
ALTER TABLE change_log DROP CONSTRAINT change_log_kind_check;
ALTER TABLE change_log ADD CONSTRAINT change_log_kind_check
  CHECK (kind IN ('site', 'certificate', 'node', 'zones'));
