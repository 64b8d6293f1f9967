-- Which certificates nodes were given, for as long as one lives: all of a node's are refused between
-- nodes once it is removed or enrolled anew, not the newest alone.
CREATE TABLE issued_certificate (
  serial     text PRIMARY KEY,
  node       text NOT NULL,
  issued_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX issued_certificate_node ON issued_certificate (node, issued_at);
