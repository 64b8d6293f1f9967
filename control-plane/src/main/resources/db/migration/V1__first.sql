-- One row: the numbers of the two logs. Every change takes this row's lock until it commits, so
-- that numbers follow the order of commits, without gaps.
CREATE TABLE log_head (
  only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  log_id    uuid NOT NULL DEFAULT gen_random_uuid(),
  revision  bigint NOT NULL DEFAULT 0,
  purge     bigint NOT NULL DEFAULT 0
);
INSERT INTO log_head DEFAULT VALUES;

CREATE TABLE change_log (
  revision  bigint PRIMARY KEY,
  kind      text NOT NULL CHECK (kind IN ('site', 'certificate')),
  resource  text NOT NULL,
  at        timestamptz NOT NULL DEFAULT now()
);

-- Ids of removed sites stay, so that none is used again: cache keys begin with them.
CREATE TABLE site (
  id             text PRIMARY KEY,
  origins        text[] NOT NULL,
  regions        text[] NOT NULL,
  scheme_in_key  boolean NOT NULL,
  port_in_key    boolean NOT NULL,
  removed_at     timestamptz
);
CREATE TABLE site_host (
  host      text PRIMARY KEY,
  site      text NOT NULL REFERENCES site (id),
  position  int NOT NULL
);
CREATE INDEX site_host_site ON site_host (site);

CREATE TABLE node (
  name        text PRIMARY KEY,
  region      text NOT NULL,
  latitude    double precision NOT NULL,
  longitude   double precision NOT NULL,
  addresses   text[] NOT NULL,
  http_port   int NOT NULL,
  https_port  int NOT NULL,
  draining    boolean NOT NULL DEFAULT false,
  serial      text
);
CREATE TABLE join_token (
  secret_sha256  text PRIMARY KEY,
  node           text NOT NULL REFERENCES node (name) ON DELETE CASCADE,
  expires_at     timestamptz NOT NULL
);

CREATE TABLE certificate (
  id           text PRIMARY KEY,
  hosts        text[] NOT NULL,
  issuer       text NOT NULL,
  not_before   timestamptz NOT NULL,
  not_after    timestamptz NOT NULL,
  chain        text[] NOT NULL,  -- DER in base64, the leaf first
  private_key  bytea NOT NULL
);

CREATE TABLE purge (
  number           bigint PRIMARY KEY,
  id               uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
  site             text REFERENCES site (id),
  message          bytea NOT NULL,
  idempotency_key  text UNIQUE,
  issued_at        timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE setting (
  name   text PRIMARY KEY,
  value  bytea NOT NULL
);
