-- Nodes that stand between the edges and the origins, and where nodes ask each other; 0: nowhere.
ALTER TABLE node ADD COLUMN shield boolean NOT NULL DEFAULT false;
ALTER TABLE node ADD COLUMN peer_port int NOT NULL DEFAULT 0;
-- Which other nodes a site's misses go through.
ALTER TABLE site ADD COLUMN shield boolean NOT NULL DEFAULT true;
ALTER TABLE site ADD COLUMN pop_share boolean NOT NULL DEFAULT false;
