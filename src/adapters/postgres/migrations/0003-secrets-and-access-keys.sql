-- Who changed which variable of a server, and when; never its value. The row is written before the Secret is: what has
-- no end was cut off, and pods may still run with the value from before.
CREATE TABLE secret_changes (
  id UUID PRIMARY KEY,
  hosted_server_id UUID NOT NULL REFERENCES hosted_servers(id) ON DELETE CASCADE,
  action VARCHAR(10) NOT NULL CHECK (action IN ('set', 'unset')),
  names JSONB NOT NULL,
  changed_by VARCHAR(100) NOT NULL,
  begun_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  finished_at TIMESTAMPTZ
);
CREATE INDEX secret_changes_server ON secret_changes (hosted_server_id, begun_at DESC);
CREATE INDEX secret_changes_unfinished ON secret_changes (begun_at) WHERE finished_at IS NULL;

-- What is known of a server's access keys. Whether one lets somebody in, its SHA-256 in the cluster alone says: the row
-- is written before it, and stays after it.
CREATE TABLE access_keys (
  hosted_server_id UUID NOT NULL REFERENCES hosted_servers(id) ON DELETE CASCADE,
  id VARCHAR(20) NOT NULL,
  name VARCHAR(100) NOT NULL,
  created_by VARCHAR(100) NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  expires_at TIMESTAMPTZ,
  last_used_at TIMESTAMPTZ,
  revoked_by VARCHAR(100),
  revoked_at TIMESTAMPTZ,
  PRIMARY KEY (hosted_server_id, id)
);
