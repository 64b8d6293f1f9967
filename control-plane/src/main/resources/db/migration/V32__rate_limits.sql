-- How many requests of a site are let in, as the contract encodes it; no bytes: all.
ALTER TABLE site ADD COLUMN rate_limits bytea NOT NULL DEFAULT '';
