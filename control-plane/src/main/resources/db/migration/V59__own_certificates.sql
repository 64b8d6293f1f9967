-- Certificates that control planes get for ports of their own, and what an authority asks for.

-- What they show, by the hosts that it names.
CREATE TABLE own_certificate (
  name        text PRIMARY KEY,
  hosts       text[] NOT NULL,
  chain       text NOT NULL,                 -- PEM
  private_key bytea NOT NULL,                -- PEM
  sealed_by   text,
  not_before  timestamptz NOT NULL,
  not_after   timestamptz NOT NULL
);

-- How far each of their orders is, as acme_site says of sites'.
CREATE TABLE own_order (
  site       text PRIMARY KEY,
  hosts      text[] NOT NULL,
  failures   int NOT NULL DEFAULT 0,
  next_try   timestamptz,
  not_before timestamptz,
  problem    text NOT NULL DEFAULT '',
  tried_at   timestamptz,
  step       text NOT NULL DEFAULT '',
  held_by    uuid,
  held_until timestamptz
);

-- What control planes answer to an authority themselves.
CREATE SEQUENCE own_token_number;
CREATE TABLE own_token (
  token             text PRIMARY KEY,
  site              text NOT NULL,
  host              text NOT NULL,
  key_authorization text NOT NULL,
  number            bigint NOT NULL
);

-- Before which the authority does not want to be asked: for these hosts, and by anybody.
ALTER TABLE acme_site ADD COLUMN not_before timestamptz;
ALTER TABLE acme_account ADD COLUMN not_before timestamptz;
-- The organisation whose order it refused last for having had too many, and until when.
ALTER TABLE acme_account ADD COLUMN limited_by text;
ALTER TABLE acme_account ADD COLUMN limited_until timestamptz;

-- Texts that orders put into the DNS: gone with the order, whatever became of who ran it.
CREATE TABLE acme_text (
  name         text NOT NULL,
  text         text NOT NULL,
  organisation text NOT NULL,
  site         text NOT NULL,
  PRIMARY KEY (name, text)
);
