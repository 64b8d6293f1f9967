-- Certificates that are got of a certificate authority (RFC 8555).

-- By which challenge a site's is got; empty: not at all.
ALTER TABLE site ADD COLUMN acme text NOT NULL DEFAULT '';

-- For which site a certificate was got; none: it was uploaded.
ALTER TABLE certificate ADD COLUMN acme_site text;
CREATE INDEX certificate_acme_site ON certificate (acme_site, not_after DESC)
  WHERE acme_site IS NOT NULL;

-- This network's account with an authority, and its key.
CREATE TABLE acme_account (
  directory   text PRIMARY KEY,
  account_url text NOT NULL DEFAULT '',
  private_key bytea NOT NULL,
  sealed_by   text
);

-- How far each site is. Whoever runs its order holds the row until held_until.
CREATE TABLE acme_site (
  site       text PRIMARY KEY,
  hosts      text[] NOT NULL,                -- of the last order
  failures   int NOT NULL DEFAULT 0,         -- in a row
  next_try   timestamptz,                    -- after a failure, not before
  problem    text NOT NULL DEFAULT '',       -- of the last failure
  tried_at   timestamptz,
  step       text NOT NULL DEFAULT '',       -- what its order waits for
  held_by    uuid,
  held_until timestamptz
);

-- What edges answer to an authority; numbered in the order of the commits.
CREATE SEQUENCE acme_token_number;
CREATE TABLE acme_token (
  token             text PRIMARY KEY,
  site              text NOT NULL,
  host              text NOT NULL,
  key_authorization text NOT NULL,
  number            bigint NOT NULL
);
CREATE INDEX acme_token_site ON acme_token (site);

-- When organisations' orders began, as long as they count for limits.
CREATE TABLE acme_attempt (
  organisation text NOT NULL,
  at           timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX acme_attempt_at ON acme_attempt (at);

-- Which processes answer DNS, and of what moment they know all texts.
CREATE TABLE dns_reader (
  id           uuid PRIMARY KEY,
  read_through timestamptz NOT NULL,
  seen_at      timestamptz NOT NULL DEFAULT now()
);
