CREATE TABLE seen AS
  SELECT name, setting FROM pg_settings WHERE name IN ('statement_timeout', 'lock_timeout');
