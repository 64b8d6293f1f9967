SET LOCAL lock_timeout = '5s';

-- Who changed what, and who was refused. Rows are added and never changed; the operator may set
-- after how many days they go, and none goes before 30 days.
CREATE TABLE audit (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at            timestamptz NOT NULL DEFAULT clock_timestamp(),
  who           text NOT NULL,            -- the token's name; '' where nobody knows
  token         text,                     -- its id; none for the one in the file
  role          text,
  organisation  text,                     -- whose what was changed is, or the token
  operation     text NOT NULL,
  target        text NOT NULL,
  status        int NOT NULL,             -- of the answer; below 300: done
  address       text NOT NULL,
  times         int NOT NULL DEFAULT 1    -- attempts for which this row stands
);
CREATE INDEX audit_organisation ON audit (organisation, id);
CREATE INDEX audit_at ON audit (at);

CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND OLD.at < now() - interval '30 days'
     AND current_setting('perigee.audit_retention', true) = 'on' THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'rows of the audit log stay as they are';
END $$;
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE ON audit
  FOR EACH ROW EXECUTE FUNCTION audit_stays();
CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION audit_stays();
