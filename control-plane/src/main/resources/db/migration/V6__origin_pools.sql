-- The pools of a site's origin servers, as the contract encodes them; no bytes for none. The column
-- origins goes on holding the servers of the default pool, so that a build before this one works.
ALTER TABLE site ADD COLUMN origin_pools bytea NOT NULL DEFAULT '';
