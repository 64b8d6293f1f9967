-- The revision of a site's newest change; a build before this one leaves it as it was.
ALTER TABLE site ADD COLUMN revision bigint NOT NULL DEFAULT 0;
UPDATE site SET revision = coalesce(
  (SELECT max(c.revision) FROM change_log c WHERE c.kind = 'site' AND c.resource = site.id), 0);

-- What each site was, as the contract encodes it; the newest of each are kept.
CREATE TABLE site_revision (
  site      text NOT NULL REFERENCES site (id),
  revision  bigint NOT NULL,
  kind      text NOT NULL,
  at        timestamptz NOT NULL DEFAULT now(),
  who       text NOT NULL,
  note      text NOT NULL,
  config    bytea NOT NULL,
  PRIMARY KEY (site, revision)
);
