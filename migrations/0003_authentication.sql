-- How the user of a session last proved who they are. NULL: not again since the log-in at created_at.
-- Sessions from before had all been opened with a password.
ALTER TABLE sessions ADD COLUMN authenticated_at INTEGER;
ALTER TABLE sessions ADD COLUMN amr TEXT NOT NULL DEFAULT '["pwd"]';
