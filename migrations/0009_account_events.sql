-- What happened to users and has not reached the site yet (EVENTS_URL, EVENTS): written with what happened, deleted
-- once it is delivered. due_at is set at the head of each user's queue alone. No foreign key: the news of a deletion
-- outlives the user.
CREATE TABLE account_events (
  user_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  data TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  give_up_at INTEGER NOT NULL,
  due_at INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  dead_at INTEGER,
  failure TEXT,
  PRIMARY KEY (user_id, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX account_events_due ON account_events (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX account_events_dead ON account_events (dead_at) WHERE dead_at IS NOT NULL;
