-- The newest purges of one site, without those of all others. The table may be large: the index is
-- built beside writers, outside of a transaction. One that was left half-way by a process that ended
-- is not valid and goes first.
DROP INDEX CONCURRENTLY IF EXISTS purge_site;
CREATE INDEX CONCURRENTLY purge_site ON purge (site, number);
