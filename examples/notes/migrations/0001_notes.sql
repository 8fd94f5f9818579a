-- `owner` is the `sub` of the access token. There is no table of users here.
CREATE TABLE notes (
  owner TEXT NOT NULL,
  id TEXT NOT NULL,
  text TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (owner, id)
) STRICT, WITHOUT ROWID;
