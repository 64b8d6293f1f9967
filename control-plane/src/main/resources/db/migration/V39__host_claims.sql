SET LOCAL lock_timeout = '5s';

-- Which organisation a host belongs to, and by what. What sites there are have theirs.
CREATE TABLE host_claim (
  host          text PRIMARY KEY,
  organisation  text NOT NULL,
  proof         text NOT NULL CHECK (proof IN ('dns', 'http', 'vouched')),
  proved_at     timestamptz NOT NULL DEFAULT now()
);
INSERT INTO host_claim (host, organisation, proof)
  SELECT h.host, s.organisation, 'vouched' FROM site_host h JOIN site s ON s.id = h.site;
CREATE INDEX host_claim_organisation ON host_claim (organisation);

-- Proofs that are asked for: several organisations may ask for the same host, one can give it.
CREATE TABLE host_proof (
  host          text NOT NULL,
  organisation  text NOT NULL,
  token         text NOT NULL,
  asked_at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (host, organisation)
);
