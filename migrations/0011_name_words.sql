-- By which words of their names the console finds users (docs/adr/0023-search-by-name.md). Kept by triggers, so that
-- whatever writes users.name keeps it: sign-up, profile, providers, console, import, deletion. lower() knows ASCII
-- alone; whoever searches asks for the other spellings. Of a long name the first four words count.
CREATE TABLE name_words (
  word TEXT NOT NULL,
  user_id TEXT NOT NULL,
  PRIMARY KEY (word, user_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER users_named AFTER INSERT ON users WHEN NEW.name IS NOT NULL BEGIN
  INSERT INTO name_words (word, user_id)
  SELECT DISTINCT value, NEW.id
  FROM json_each('[' || replace(json_quote(lower(replace(NEW.name, char(12288), ' '))), ' ', '","') || ']')
  WHERE value <> '' AND key < 4;
END;

CREATE TRIGGER users_renamed AFTER UPDATE OF name ON users WHEN NEW.name IS NOT OLD.name BEGIN
  DELETE FROM name_words WHERE user_id = OLD.id AND word IN (
    SELECT value
    FROM json_each('[' || replace(json_quote(lower(replace(OLD.name, char(12288), ' '))), ' ', '","') || ']')
  );
  INSERT INTO name_words (word, user_id)
  SELECT DISTINCT value, NEW.id
  FROM json_each('[' || replace(json_quote(lower(replace(NEW.name, char(12288), ' '))), ' ', '","') || ']')
  WHERE value <> '' AND key < 4;
END;

CREATE TRIGGER users_unnamed AFTER DELETE ON users WHEN OLD.name IS NOT NULL BEGIN
  DELETE FROM name_words WHERE user_id = OLD.id AND word IN (
    SELECT value
    FROM json_each('[' || replace(json_quote(lower(replace(OLD.name, char(12288), ' '))), ' ', '","') || ']')
  );
END;

INSERT INTO name_words (word, user_id)
SELECT DISTINCT value, users.id
FROM users, json_each('[' || replace(json_quote(lower(replace(users.name, char(12288), ' '))), ' ', '","') || ']')
WHERE users.name IS NOT NULL AND value <> '' AND key < 4;
