-- Bytes a second that a site's readers get of each node; 0: what the node's operator lets it have.
ALTER TABLE site ADD COLUMN bandwidth bigint NOT NULL DEFAULT 0;
