-- Whether a site asks its readers for certificates, as the contract encodes it; no bytes: it does not.
ALTER TABLE site ADD COLUMN client_certificates bytea NOT NULL DEFAULT '';

-- What a control plane knows of that those of earlier builds do not.
ALTER TABLE replica ADD COLUMN knows text[] NOT NULL DEFAULT '{}';

-- Whether the node took a whole snapshot as one that can ask readers for certificates: only then is what
-- it has kept to be gone on from where sites do that.
ALTER TABLE node ADD COLUMN asks_readers boolean NOT NULL DEFAULT false;
