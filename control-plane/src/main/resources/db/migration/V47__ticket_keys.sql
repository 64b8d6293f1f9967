-- Keys that all nodes seal TLS session tickets with: the one in force, the next and those before
-- that are still read with.
CREATE TABLE ticket_key (
  name    bytea PRIMARY KEY,      -- 16 bytes that a ticket begins with
  secret  bytea NOT NULL,
  begins  timestamptz NOT NULL UNIQUE,
  expires timestamptz NOT NULL
);
