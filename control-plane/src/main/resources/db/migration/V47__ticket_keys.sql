-- Keys that all nodes seal TLS session tickets with: the one in force, the next and those before
-- that are still read with.
CREATE TABLE ticket_key (
  name      bytea PRIMARY KEY,      -- 16 bytes that a ticket begins with
  secret    bytea NOT NULL,
  sealed_by text,                   -- with which of the control plane's keys; none: it is as it is
  begins    timestamptz NOT NULL UNIQUE,
  expires   timestamptz NOT NULL
);
