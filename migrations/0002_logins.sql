-- One directory of everything a user is found by, in place of the unique indexes of users (docs/adr/0013-logins.md).
-- One row is written where one index entry was.

CREATE TABLE logins (
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  user_id TEXT NOT NULL,
  PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;

INSERT INTO logins (kind, key, user_id) SELECT 'email', email, id FROM users WHERE email IS NOT NULL;
INSERT INTO logins (kind, key, user_id) SELECT 'username', username_key, id FROM users WHERE username_key IS NOT NULL;

DROP INDEX users_email;
DROP INDEX users_username_key;
