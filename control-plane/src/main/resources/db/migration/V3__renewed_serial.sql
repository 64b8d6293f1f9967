-- A renewed certificate that the node has not used yet; until it does, the old one is good too.
ALTER TABLE node ADD COLUMN next_serial text;
