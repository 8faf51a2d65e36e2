-- Differences between git, database and cluster, since when each has been seen without a break.
CREATE TABLE drift_seen (
  key TEXT PRIMARY KEY,
  seen_since TIMESTAMPTZ NOT NULL
);
