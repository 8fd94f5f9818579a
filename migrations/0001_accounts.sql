-- Users, their sessions, the blacklist of refresh tokens, tokens sent by mail, the console's history.
-- migrations/README.md says of every table, column and index who writes it, who deletes it and what it costs.
-- Times are epoch seconds, ids UUIDv7 text.

CREATE TABLE users (
  id TEXT NOT NULL PRIMARY KEY,
  email TEXT,
  username TEXT,
  username_key TEXT,
  name TEXT,
  password_hash TEXT NOT NULL,
  password_version INTEGER NOT NULL DEFAULT 1,
  is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
  is_staff INTEGER NOT NULL DEFAULT 0 CHECK (is_staff IN (0, 1)),
  email_verified_at INTEGER,
  date_joined INTEGER NOT NULL,
  last_login_at INTEGER,
  CHECK (email IS NOT NULL OR username_key IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX users_email ON users (email);
CREATE UNIQUE INDEX users_username_key ON users (username_key) WHERE username_key IS NOT NULL;
CREATE INDEX users_staff ON users (id) WHERE is_staff = 1;

CREATE TABLE sessions (
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  absolute_end_at INTEGER NOT NULL,
  revoked_at INTEGER,
  revoked_reason TEXT,
  user_agent TEXT,
  ip TEXT,
  country TEXT,
  PRIMARY KEY (user_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE revoked_tokens (
  expires_at INTEGER NOT NULL,
  jti TEXT NOT NULL,
  session_id TEXT NOT NULL,
  revoked_at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  successor_jti TEXT,
  PRIMARY KEY (expires_at, jti)
) STRICT, WITHOUT ROWID;

CREATE TABLE one_time_tokens (
  subject TEXT NOT NULL,
  purpose TEXT NOT NULL,
  hash TEXT NOT NULL,
  payload TEXT,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (subject, purpose, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE admin_log (
  id TEXT NOT NULL PRIMARY KEY,
  at INTEGER NOT NULL,
  actor_id TEXT NOT NULL,
  action TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  detail TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX admin_log_actor ON admin_log (actor_id);
CREATE INDEX admin_log_subject ON admin_log (subject_id);

CREATE TABLE sweep_progress (
  walk TEXT NOT NULL PRIMARY KEY,
  cursor TEXT,
  started_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
