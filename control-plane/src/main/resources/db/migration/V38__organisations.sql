-- Who is served meanwhile waits behind this, so it gives up before that is long; the next start
-- tries again.
SET LOCAL lock_timeout = '5s';

-- Who sites belong to. What there is already belongs to the first one, and so does what an earlier
-- build adds: it knows of none.
CREATE TABLE organisation (
  id          text PRIMARY KEY,
  name        text NOT NULL,
  made_at     timestamptz NOT NULL DEFAULT now(),
  removed_at  timestamptz            -- ids of removed ones stay, so that none is used again
);
INSERT INTO organisation (id, name) VALUES ('first', 'First organisation');

-- Tokens of the API. The secret itself is nowhere.
CREATE TABLE api_token (
  secret_sha256  text PRIMARY KEY,
  id             uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
  name           text NOT NULL,
  role           text NOT NULL,
  organisation   text REFERENCES organisation (id),  -- none: an operator's
  sites          text[],                             -- none: all of the organisation
  made_at        timestamptz NOT NULL DEFAULT now(),
  expires_at     timestamptz,
  revoked_at     timestamptz,
  used_at        timestamptz,                        -- to the hour
  CHECK (role IN ('operator', 'owner', 'editor', 'viewer', 'purge-only')),
  CHECK ((role = 'operator') = (organisation IS NULL))
);

ALTER TABLE site ADD COLUMN organisation text NOT NULL DEFAULT 'first';
ALTER TABLE certificate ADD COLUMN organisation text NOT NULL DEFAULT 'first';
ALTER TABLE dns_challenge ADD COLUMN organisation text NOT NULL DEFAULT 'first';
CREATE INDEX site_organisation ON site (organisation);
