-- Changes of sites that some nodes have and the others get later, or never.
CREATE TABLE rollout (
  id                uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  site              text NOT NULL REFERENCES site (id),
  state             text NOT NULL CHECK (state IN ('canary', 'promoted', 'halted')),
  candidate         bytea NOT NULL,
  revision          bigint NOT NULL,   -- with which its canaries get it
  canaries          text[] NOT NULL,
  hold_seconds      bigint,            -- none: it waits for a command
  error_points      int NOT NULL,
  minimum_requests  int NOT NULL,
  who               text NOT NULL,
  note              text NOT NULL,
  reason            text NOT NULL DEFAULT '',
  begun_at          timestamptz NOT NULL DEFAULT now(),
  ended_at          timestamptz,
  other_requests    bigint NOT NULL DEFAULT 0,
  other_errors      bigint NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX rollout_under_way ON rollout (site) WHERE state = 'canary';
CREATE INDEX rollout_site ON rollout (site, begun_at);

CREATE TABLE rollout_node (
  rollout     uuid NOT NULL REFERENCES rollout (id) ON DELETE CASCADE,
  node        text NOT NULL REFERENCES node (name) ON DELETE CASCADE,
  applied_at  timestamptz,
  requests    bigint NOT NULL DEFAULT 0,
  errors      bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (rollout, node)
);
