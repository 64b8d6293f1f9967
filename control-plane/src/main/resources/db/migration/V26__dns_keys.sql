-- Keys that sign the zone. With none the zone is not signed.
CREATE TABLE dns_key (
  tag          int PRIMARY KEY,   -- RFC 4034, appendix B
  public_key   bytea NOT NULL,    -- a point of P-256 as RFC 6605 writes it
  private_key  bytea NOT NULL,    -- PKCS #8
  published_at timestamptz NOT NULL,
  signing_at   timestamptz,
  retiring_at  timestamptz,
  ds_gone_at   timestamptz,       -- since when the parent has no DS of it, by the operator's word
  ds_seconds   int                -- for how long that DS was kept by resolvers
);

-- One signs.
CREATE UNIQUE INDEX dns_key_signs ON dns_key ((true))
  WHERE signing_at IS NOT NULL AND retiring_at IS NULL;
