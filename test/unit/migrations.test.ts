/** What a migration does to rows that are there. */
import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, describe, expect, it } from 'vitest';

let database: DatabaseSync;
const apply = (name: string) => database.exec(readFileSync(`migrations/${name}.sql`, 'utf8'));
const rows = (sql: string) =>
  database
    .prepare(sql)
    .all()
    .map((row) => Object.values(row));

describe('0002_logins', () => {
  beforeEach(() => {
    database = new DatabaseSync(':memory:');
    apply('0001_accounts');
    database.exec(`INSERT INTO users (id, email, username, username_key, password_hash, date_joined) VALUES
      ('1', 'both@example.com', 'Both', 'both', 'h', 1), ('2', 'mail@example.com', NULL, NULL, 'h', 1),
      ('3', NULL, 'Name', 'name', 'h', 1)`);
    database.exec(`INSERT INTO sessions (user_id, id, created_at, last_used_at, expires_at, absolute_end_at)
      VALUES ('1', 's', 1, 1, 1, 1)`);
  });

  it('enters every address and every username of the users who are there', () => {
    apply('0002_logins');
    expect(rows('SELECT * FROM logins ORDER BY kind, key')).toEqual([
      ['email', 'both@example.com', '1'],
      ['email', 'mail@example.com', '2'],
      ['username', 'both', '1'],
      ['username', 'name', '3'],
    ]);
  });

  it('leaves users and sessions as they are', () => {
    const before = rows('SELECT * FROM users JOIN sessions');
    apply('0002_logins');
    expect(rows('SELECT * FROM users JOIN sessions')).toEqual(before);
    expect(
      rows("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'users' AND sql <> ''"),
    ).toEqual([['users_staff']]);
  });

  it('enters, run again as the upgrade notes say, only who came meanwhile', () => {
    apply('0002_logins');
    database.exec(
      "INSERT INTO users (id, email, username, username_key, password_hash, date_joined) VALUES ('4', 'new@example.com', 'New', 'new', 'h', 1)",
    );
    const [, catchUp = ''] = /```sql\n([^`]*)```/.exec(readFileSync('migrations/README.md', 'utf8')) ?? [];
    database.exec(catchUp);
    expect(rows("SELECT * FROM logins WHERE user_id = '4' ORDER BY kind")).toEqual([
      ['email', 'new@example.com', '4'],
      ['username', 'new', '4'],
    ]);
    expect(rows('SELECT count(*) FROM logins')).toEqual([[6]]);
  });
});
