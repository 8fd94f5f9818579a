/** What a migration does to rows that are there. */
import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, describe, expect, it } from 'vitest';
import { AUDIT_ACTIONS, changesJson, ERASED_DETAIL, readChanges } from '../../src/audit-log.ts';

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

  it('adds every address and username of existing users', () => {
    apply('0002_logins');
    expect(rows('SELECT * FROM logins ORDER BY kind, key')).toEqual([
      ['email', 'both@example.com', '1'],
      ['email', 'mail@example.com', '2'],
      ['username', 'both', '1'],
      ['username', 'name', '3'],
    ]);
  });

  it('does not change users and sessions', () => {
    const before = rows('SELECT * FROM users JOIN sessions');
    apply('0002_logins');
    expect(rows('SELECT * FROM users JOIN sessions')).toEqual(before);
    expect(
      rows("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'users' AND sql <> ''"),
    ).toEqual([['users_staff']]);
  });

  it('adds, run again as the upgrade notes say, only users created in between', () => {
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

describe('0004_audit_codes', () => {
  const log = (...acts: [action: string, detail: string | null][]) => {
    const insert = database.prepare("INSERT INTO admin_log VALUES (?, 1, 'actor', ?, 'subject', ?)");
    acts.forEach(([action, detail], i) => {
      insert.run(String(i), action, detail);
    });
  };
  const OLD: [string, string | null, string, string | null][] = [
    ['added', null, 'user.added', null],
    ['added as staff', null, 'user.added_as_staff', null],
    ['changed', 'name, username', 'user.changed', '{"name":[],"username":[]}'],
    ['activated', 'is_active', 'user.activated', '{"is_active":[]}'],
    ['deactivated', 'name, is_active', 'user.deactivated', '{"name":[],"is_active":[]}'],
    ['promoted', 'is_staff', 'user.promoted', '{"is_staff":[]}'],
    ['demoted', 'is_staff', 'user.demoted', '{"is_staff":[]}'],
    ['activated, promoted', 'is_active, is_staff', 'user.promoted', '{"is_active":[],"is_staff":[]}'],
    ['activated, demoted', 'is_active, is_staff', 'user.demoted', '{"is_active":[],"is_staff":[]}'],
    ['deactivated, promoted', 'is_active, is_staff', 'user.deactivated', '{"is_active":[],"is_staff":[]}'],
    ['deleted', null, 'user.deleted', null],
    ['ended a session', null, 'user.session_ended', null],
    ['ended all sessions', null, 'user.all_sessions_ended', null],
    ['sent a password reset', null, 'user.password_reset_sent', null],
  ];
  beforeEach(() => {
    database = new DatabaseSync(':memory:');
    apply('0001_accounts');
  });

  it('has a code for every sentence of an older version, and the fields as JSON', () => {
    log(...OLD.map(([action, detail]): [string, string | null] => [action, detail]));
    apply('0004_audit_codes');
    const now = rows('SELECT action, detail FROM admin_log ORDER BY CAST(id AS INTEGER)');
    expect(now).toEqual(OLD.map(([, , action, detail]) => [action, detail]));
    for (const [action] of now) expect(AUDIT_ACTIONS).toContain(action);
    for (const [, detail] of now) expect(changesJson(readChanges(detail as string | null))).toEqual({});
  });

  it('does not change codes and their values, so that it can be run again', () => {
    const row: [string, string] = ['user.changed', '{"name":["changed, deleted",null]}'];
    log(row);
    apply('0004_audit_codes');
    apply('0004_audit_codes');
    expect(rows('SELECT action, detail FROM admin_log')).toEqual([row]);
  });

  it('lets a deleted user’s values be deleted, whatever an older version left there', () => {
    log(['user.changed', '{"name":["Mina",null]}'], ['changed', 'name, username'], ['added', null]);
    database.exec(`UPDATE admin_log SET detail = ${ERASED_DETAIL}`);
    expect(rows('SELECT detail FROM admin_log ORDER BY id')).toEqual([['{"name":[]}'], [null], [null]]);
  });
});
