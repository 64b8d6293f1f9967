-- What readers and origins do not learn of each other, as the contract encodes it, secrets
-- included; no bytes stand for the usual.
ALTER TABLE site ADD COLUMN hiding bytea NOT NULL DEFAULT '';
