-- With which key a revision or a candidate is sealed, '' where it holds no secret, '?' where
-- nobody has looked yet.
ALTER TABLE site_revision ADD COLUMN sealed_by text NOT NULL DEFAULT '?';
ALTER TABLE rollout ADD COLUMN sealed_by text NOT NULL DEFAULT '?';

-- Which keys a control plane can open secrets with; none: it is of a build that seals only the
-- private keys of certificates and of session tickets.
ALTER TABLE replica ADD COLUMN opens text[];
