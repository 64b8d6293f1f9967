-- How a site's responses are compressed at the edges, as the contract encodes it; no bytes: as usual.
ALTER TABLE site ADD COLUMN compression bytea NOT NULL DEFAULT '';
