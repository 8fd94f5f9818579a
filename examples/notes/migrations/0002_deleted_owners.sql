-- An access token still works for up to a minute after its user deletes the account. Without this table, a note written in
-- that minute would stay for ever.
CREATE TABLE deleted_owners (
  owner TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
