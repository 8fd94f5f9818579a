-- Connected accounts: who a user is at a provider. Which user has an identity says logins, kind `oidc:<issuer>`; an
-- entry there goes with the row here, whatever deletes it, the user's end included.
CREATE TABLE connections (
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  provider TEXT NOT NULL,
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  email TEXT,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER,
  PRIMARY KEY (user_id, id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER connections_deleted AFTER DELETE ON connections BEGIN
  DELETE FROM logins
  WHERE kind = 'oidc:' || OLD.issuer AND key = OLD.subject AND user_id = OLD.user_id;
END;
