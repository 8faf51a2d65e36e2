CREATE TABLE conversations (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  repository_owner VARCHAR(39) NOT NULL,
  repository_name VARCHAR(100) NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT NOW()
);

CREATE TABLE hosted_servers (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  conversation_id UUID REFERENCES conversations(id),
  user_id UUID,  -- For future auth

  -- Server info
  server_name VARCHAR(100) NOT NULL,
  server_id VARCHAR(50) UNIQUE NOT NULL,  -- e.g., "stripe-abc123"
  description TEXT,

  -- Container info
  docker_image VARCHAR(255) NOT NULL,
  image_tag VARCHAR(100) DEFAULT 'latest',

  -- K8s info
  k8s_namespace VARCHAR(100) DEFAULT 'mcp-servers',
  k8s_deployment_name VARCHAR(100),

  -- Endpoint
  endpoint_url TEXT NOT NULL,  -- https://{server-id}.mcp.domain.com

  -- Status
  status VARCHAR(20) DEFAULT 'pending',
  -- pending, building, pushing, deploying, running, stopped, failed, deleted
  status_message TEXT,

  -- Usage tracking
  request_count INTEGER DEFAULT 0,
  last_request_at TIMESTAMP,

  -- Lifecycle, in UTC
  created_at TIMESTAMP DEFAULT NOW(),
  updated_at TIMESTAMP DEFAULT NOW(),
  stopped_at TIMESTAMP,
  deleted_at TIMESTAMP,

  -- Metadata
  tools JSONB,  -- List of tools this server provides
  env_vars JSONB,  -- Required environment variables (names only, not values)

  CONSTRAINT hosted_servers_status_check CHECK (
    status IN ('pending', 'building', 'pushing', 'deploying', 'running', 'stopped', 'failed', 'deleted')
  )
);

-- Index for lookups
CREATE INDEX idx_hosted_servers_server_id ON hosted_servers(server_id);
CREATE INDEX idx_hosted_servers_status ON hosted_servers(status);
CREATE INDEX idx_hosted_servers_user_id ON hosted_servers(user_id);

-- Where a hosted server comes from, and what was last deployed of it. One row for each hosted server.
CREATE TABLE server_sources (
  hosted_server_id UUID PRIMARY KEY REFERENCES hosted_servers(id) ON DELETE CASCADE,
  repository_owner VARCHAR(39) NOT NULL,
  repository_name VARCHAR(100) NOT NULL,
  repository_id BIGINT NOT NULL,
  installation_id BIGINT NOT NULL,
  default_branch TEXT NOT NULL,
  pull_request INTEGER,
  home_issue INTEGER,
  deployed JSONB,
  -- False once the hosted server is deleted: its repository may then have a new one.
  living BOOLEAN NOT NULL DEFAULT TRUE
);
CREATE UNIQUE INDEX server_sources_living ON server_sources (repository_id, COALESCE(pull_request, 0)) WHERE living;

CREATE TABLE rollouts (
  id UUID PRIMARY KEY,
  hosted_server_id UUID NOT NULL REFERENCES hosted_servers(id) ON DELETE CASCADE,
  server_id VARCHAR(50) NOT NULL,
  kind VARCHAR(20) NOT NULL,
  stage VARCHAR(20) NOT NULL,
  trigger_key TEXT UNIQUE NOT NULL,
  triggered_at TIMESTAMPTZ NOT NULL,
  commit_sha VARCHAR(64) NOT NULL,
  repository_id BIGINT NOT NULL,
  build_run_id BIGINT,
  issue INTEGER,
  -- Ended, and people were told.
  settled BOOLEAN NOT NULL,
  state JSONB NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  -- When it ended, told or not.
  finished_at TIMESTAMPTZ
);
CREATE INDEX rollouts_server ON rollouts (server_id, triggered_at DESC, created_at DESC);
CREATE INDEX rollouts_unsettled ON rollouts (server_id) WHERE NOT settled;
CREATE INDEX rollouts_build_run ON rollouts (build_run_id) WHERE build_run_id IS NOT NULL;

CREATE TABLE deliveries (
  id TEXT PRIMARY KEY,
  event TEXT NOT NULL,
  -- Dropped some days after the delivery was done.
  payload JSONB,
  state VARCHAR(10) NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'done', 'failed')),
  -- Runs that were begun and did not end in order.
  attempts INTEGER NOT NULL DEFAULT 0,
  error TEXT,
  received_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  finished_at TIMESTAMPTZ
);
CREATE INDEX deliveries_state ON deliveries (state, received_at);

CREATE TABLE replies (
  key TEXT PRIMARY KEY,
  claimed_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  sent_at TIMESTAMPTZ
);

CREATE TABLE pull_request_heads (
  repository_id BIGINT NOT NULL,
  pull_request INTEGER NOT NULL,
  head_sha VARCHAR(64) NOT NULL,
  first_seen_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (repository_id, pull_request, head_sha)
);

-- Content-creating calls of the last hour, for GitHub's secondary limits.
CREATE TABLE github_writes (
  installation_id BIGINT NOT NULL,
  calls INTEGER NOT NULL,
  taken_at TIMESTAMPTZ NOT NULL DEFAULT CLOCK_TIMESTAMP()
);
CREATE INDEX github_writes_recent ON github_writes (installation_id, taken_at);

CREATE TABLE api_tokens (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  name VARCHAR(100) NOT NULL,
  sha256 BYTEA UNIQUE NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  revoked_at TIMESTAMPTZ
);

-- Periodic work that one replica does for all: it is due when its interval has passed since `claimed_at`.
CREATE TABLE timers (
  name TEXT PRIMARY KEY,
  claimed_at TIMESTAMPTZ NOT NULL
);
