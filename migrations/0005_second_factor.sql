-- The authenticator app of a user, and recovery codes. Secrets are sealed under ENCRYPTION_KEY, codes kept as HMACs.
-- users.has_second_factor is read with the user at every log-in, so that who has none costs nothing more.
ALTER TABLE users ADD COLUMN has_second_factor INTEGER NOT NULL DEFAULT 0 CHECK (has_second_factor IN (0, 1));

CREATE TABLE totp_secrets (
  user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  secret TEXT,
  confirmed_at INTEGER,
  pending_secret TEXT,
  used_step INTEGER,
  used_by TEXT,
  tries INTEGER NOT NULL DEFAULT 0,
  tries_from INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_codes (
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  hash TEXT NOT NULL,
  used_at INTEGER,
  used_by TEXT,
  PRIMARY KEY (user_id, hash)
) STRICT, WITHOUT ROWID;
