-- What is still to be looked at, or sealed anew. The table may be large: the index is built beside
-- writers, outside of a transaction. One that was left half-way is not valid and goes first.
DROP INDEX CONCURRENTLY IF EXISTS site_revision_sealed;
CREATE INDEX CONCURRENTLY site_revision_sealed ON site_revision (sealed_by) WHERE sealed_by <> '';
