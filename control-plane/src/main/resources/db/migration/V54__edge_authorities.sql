-- Which edge CAs a node trusts by its own word, and by which of them the certificate is that it
-- came with last: SHA-256 of their certificates, hexadecimal. None: nobody has said.
ALTER TABLE node ADD COLUMN trusts text[];
ALTER TABLE node ADD COLUMN issuer text;

-- The same of control planes, and by which their own certificate is.
ALTER TABLE replica ADD COLUMN trusts text[];
ALTER TABLE replica ADD COLUMN shows text;

-- Certificates that nodes refuse of each other though they are valid: the node was removed, or
-- enrolled anew. Kept for longer than a certificate lives.
CREATE TABLE revoked_certificate (
  serial      text PRIMARY KEY,
  node        text NOT NULL,
  revoked_at  timestamptz NOT NULL DEFAULT now()
);
