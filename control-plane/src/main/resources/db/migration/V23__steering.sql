-- How a site's readers are steered to nodes, as the contract encodes it; no bytes: as usual.
ALTER TABLE site ADD COLUMN steering bytea NOT NULL DEFAULT '';
