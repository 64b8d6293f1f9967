-- What the owner decides about caching, as the contract encodes it; no bytes stand for the usual.
ALTER TABLE site ADD COLUMN cache_policy bytea NOT NULL DEFAULT '';
