-- The newest purge that a node is known to have applied, whichever control plane heard of it.
CREATE TABLE node_purge (
  node     text PRIMARY KEY REFERENCES node (name) ON DELETE CASCADE,
  applied  bigint NOT NULL
) WITH (fillfactor = 50);

-- How long nodes took to acknowledge a purge, as one control plane counted it: a histogram.
CREATE TABLE purge_timing (
  purge    bigint NOT NULL,
  writer   uuid NOT NULL,
  slowest  bigint NOT NULL,
  places   int[] NOT NULL,
  counts   int[] NOT NULL,
  PRIMARY KEY (purge, writer)
);

-- What each owner may purge yet; the owner of everything is ''.
CREATE TABLE purge_budget (
  owner   text PRIMARY KEY,
  tokens  double precision NOT NULL,
  at      timestamptz NOT NULL
);

-- Keys that have expired are found by their age.
CREATE INDEX purge_key_age ON purge (issued_at) WHERE idempotency_key IS NOT NULL;
