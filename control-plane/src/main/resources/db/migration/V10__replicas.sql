-- The control planes on this database, each as long as it says that it lives. An earlier build
-- neither reads nor writes what is new here, and works on.
CREATE TABLE replica (
  id       uuid PRIMARY KEY,
  address  text NOT NULL,  -- HOST:PORT of its gRPC port
  build    text NOT NULL,
  seen_at  timestamptz NOT NULL DEFAULT now()
);

-- Warm-ups of the last hour: what to fetch, and how far each node is.
CREATE TABLE warm_up (
  id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  site       text NOT NULL,
  urls       text[] NOT NULL,  -- scheme, host and target, a space between them
  fields     text[] NOT NULL,  -- name, value, name, value …
  pace       int NOT NULL,
  absent     text[] NOT NULL,
  failures   text[] NOT NULL DEFAULT '{}',
  issued_at  timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE warm_up_node (
  warm_up  uuid NOT NULL REFERENCES warm_up (id) ON DELETE CASCADE,
  node     text NOT NULL,
  through  int NOT NULL DEFAULT 0,
  hits     int NOT NULL DEFAULT 0,
  stored   int NOT NULL DEFAULT 0,
  passed   int NOT NULL DEFAULT 0,
  failed   int NOT NULL DEFAULT 0,
  PRIMARY KEY (warm_up, node)
);
