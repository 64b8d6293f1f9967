-- Who is served meanwhile waits behind this, so it gives up before that is long; the next start
-- tries again.
SET LOCAL lock_timeout = '5s';

-- Who may sign in at the console by way of the OpenID provider, and as what.
CREATE TABLE sign_in (
  id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  claim         text NOT NULL,       -- what the provider says of a person
  value         text NOT NULL,
  role          text NOT NULL,
  organisation  text,                -- none: an operator's
  sites         text[],              -- none: all of the organisation
  made_at       timestamptz NOT NULL DEFAULT now(),
  UNIQUE (claim, value),
  CHECK (claim IN ('sub', 'email', 'group')),
  CHECK (role IN ('operator', 'owner', 'editor', 'viewer', 'purge-only')),
  CHECK ((role = 'operator') = (organisation IS NULL))
);

-- By which of them a token was made; none: by somebody's hand.
ALTER TABLE api_token ADD COLUMN sign_in uuid;
-- By which of them whoever made it by hand had come.
ALTER TABLE api_token ADD COLUMN made_by uuid;
CREATE INDEX api_token_sign_in ON api_token (sign_in) WHERE sign_in IS NOT NULL;
CREATE INDEX api_token_made_by ON api_token (made_by) WHERE made_by IS NOT NULL;
