-- The language of a user, for e-mails that somebody else causes: staff, mostly. Null until the user's browser said one.
ALTER TABLE users ADD COLUMN language TEXT;
