-- Texts that prove to somebody else who runs a name of the zone, as certificate authorities ask.
CREATE TABLE dns_challenge (
  name         text PRIMARY KEY,
  texts        text[] NOT NULL,
  ttl_seconds  int NOT NULL,
  set_at       timestamptz NOT NULL DEFAULT now()
);
