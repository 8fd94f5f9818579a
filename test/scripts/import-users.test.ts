import {
  chmodSync,
  copyFileSync,
  existsSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openIdMap } from '../../scripts/import/id-map.ts';
import { openReport } from '../../scripts/import/report.ts';
import { undo } from '../../scripts/import/undo.ts';
import { DIRECTORY, ENTER_ALL, memoryD1 } from './support/database.ts';
import { IMPORTED_AT, importRecords, type Options } from './support/import.ts';
import { type Ended, rowsOf, run, temporaryFolder } from './support/run.ts';

const HASH = 'pbkdf2_sha256$1000$seasalt$XHfRVmyEZRTCcSbqGP00JKv0fRwYHK0ogjPZdSJxCXk=';

interface Listed {
  pk: number | string;
  username?: string;
  email?: string;
  [field: string]: unknown;
}
const djangoUser = ({ pk, ...fields }: Listed, i = 0) => ({
  model: 'auth.user',
  pk,
  fields: {
    password: HASH,
    email: '',
    is_active: true,
    is_staff: false,
    is_superuser: false,
    date_joined: new Date(1_700_000_000_000 + (typeof pk === 'number' ? pk : i)).toISOString(),
    ...fields,
  },
});
const users = (...listed: Listed[]) => listed.map(djangoUser);
const emailAddress = (user: unknown, email: string, verified = true, primary = true) => ({
  model: 'account.emailaddress',
  pk: 1,
  fields: { user, email, verified, primary },
});
const UUID = '5f0f6f2e-6f0c-4c53-9d6e-0a3d3a9a7f11';

const directoryFaults = ({ rows }: Pick<ReturnType<typeof memoryD1>, 'rows'>) =>
  rows(`SELECT * FROM (SELECT * FROM logins EXCEPT SELECT * FROM (${DIRECTORY}))
    UNION ALL SELECT * FROM (SELECT * FROM (${DIRECTORY}) EXCEPT SELECT * FROM logins)`);

describe('what a user cannot keep', () => {
  it.each<[string, Listed[], Options, string[], string[]]>([
    [
      'an address of an earlier one, at equal log-ins',
      [
        { pk: 1, username: 'neo', email: 'Neo@Example.COM' },
        { pk: 2, username: 'neo2', email: 'neo@example.com' },
      ],
      {},
      [],
      ['2: email (email_taken)'],
    ],
    [
      'an address of who logged in later',
      [
        { pk: 1, username: 'a', email: 'a@example.com', last_login: '2020-01-01' },
        { pk: 2, username: 'b', email: 'a@example.com', last_login: '2024-01-01' },
        { pk: 3, username: 'c', email: 'a@example.com' },
      ],
      {},
      [],
      ['1: email (email_taken)', '3: email (email_taken)'],
    ],
    [
      'an address that is their only name',
      [
        { pk: 1, email: 'a@example.com' },
        { pk: 2, email: 'A@example.com' },
      ],
      {},
      ['2: email_taken'],
      [],
    ],
    [
      'an address that is their username too',
      [
        { pk: 1, username: 'neo@example.com', email: 'neo@example.com' },
        { pk: 2, username: 'Neo@example.com', email: 'Neo@example.com' },
      ],
      {},
      ['2: email_taken'],
      [],
    ],
    [
      'an address that was but a username, where it is somebody’s address',
      [
        { pk: 1, username: 'neo@example.com' },
        { pk: 2, username: 'neo', email: 'neo@example.com' },
      ],
      {},
      ['1: email_taken'],
      [],
    ],
    [
      'a username of an earlier one',
      [
        { pk: 1, username: 'Neo', email: 'a@example.com' },
        { pk: 2, username: 'neo', email: 'b@example.com' },
      ],
      {},
      [],
      ['2: username (username_taken)'],
    ],
    [
      'a username of a later one who has no address',
      [
        { pk: 1, username: 'Neo', email: 'a@example.com' },
        { pk: 2, username: 'neo' },
      ],
      {},
      [],
      ['1: username (username_taken)'],
    ],
    [
      'a username that is their only name',
      [
        { pk: 1, username: 'Neo' },
        { pk: 2, username: 'neo' },
      ],
      {},
      ['2: username_taken'],
      [],
    ],
    ['neither name, having none', [{ pk: 1, username: '', email: ' ' }], {}, ['1: nameless'], []],
    [
      'anything, with --strict',
      [
        { pk: 1, username: 'a', email: 'a@example.com' },
        { pk: 2, username: 'b', email: 'A@example.com' },
        { pk: 3, username: 'A', email: 'c@example.com' },
        { pk: 4, username: 'no good', email: 'd@example.com' },
        { pk: 5, username: 'e', email: 'nobody' },
        { pk: 6, username: 'f', is_active: 'perhaps' },
        { pk: 7, username: 'x@example.com' },
      ],
      { strict: true },
      [
        '2: email_taken',
        '3: username_taken',
        '4: username_invalid',
        '5: email_invalid',
        '6: malformed',
        '7: username_not_own_email',
      ],
      [],
    ],
    [
      'nothing: any number has no e-mail or no username, and hostile names',
      [
        { pk: 1, username: 'a' },
        { pk: 2, username: 'b' },
        { pk: 3, username: '', email: 'a@example.com' },
        { pk: 4, username: '', email: 'b@example.com' },
        {
          pk: 5,
          username: 'bobby',
          first_name: "Robert'); DROP TABLE users; --",
          email: "o'hara@example.com",
        },
        { pk: 6, username: 'quotes', first_name: `"'\`\\ $tag$ ;`, last_name: '/* -- */ 😀' },
      ],
      {},
      [],
      [],
    ],
  ])('%s', async (_, listed, options, refused, leftOut) => {
    for (const batchSize of [1, 2, 100]) {
      const first = await importRecords(users(...listed), { ...options, batchSize });
      expect(first.refused).toEqual(refused);
      expect(first.leftOut).toEqual(leftOut);
      const rows = first.database.rows('SELECT * FROM users ORDER BY id');
      expect(rows).toHaveLength(listed.length - refused.length);

      const again = await importRecords(users(...listed), {
        ...options,
        batchSize,
        database: first.database,
      });
      expect(again.refused).toEqual(refused);
      expect(again.counts).toMatchObject({ imported: 0, alreadyThere: rows.length });
      expect(again.database.rows('SELECT * FROM users ORDER BY id')).toEqual(rows);
    }
  });

  it('is what an account here has, and the report names the account', async () => {
    for (const dryRun of [false, true]) {
      const database = memoryD1();
      await database.writer.write([
        `INSERT INTO users (id, email, username, username_key, password_hash, date_joined)
          VALUES ('own', 'neo@example.com', 'Morpheus', 'morpheus', 'x', 0),
            ('two', 'trinity@example.com', 'trinity', 'trinity', 'x', 0)`,
        ENTER_ALL,
      ]);
      const { outcomes, leftOut, refused } = await importRecords(
        users(
          { pk: 1, username: 'neo', email: 'neo@example.com', is_staff: true },
          { pk: 2, username: 'morpheus', email: 'b@example.com' },
          { pk: 3, username: 'Trinity', email: 'Trinity@example.com' },
        ),
        { database, dryRun },
      );
      expect(leftOut).toEqual([
        '1: is_staff (email_not_verified)',
        '1: email (email_taken)',
        '2: username (username_taken)',
      ]);
      expect(refused).toEqual(['3: email_taken']);
      expect(outcomes[2]).toMatchObject({ refusal: { taken_by: 'two' } });
      expect(database.rows("SELECT password_hash, is_staff FROM users WHERE id = 'own'")).toEqual([
        { password_hash: 'x', is_staff: 0 },
      ]);
    }
  });

  it.each([true, false])('refuses them by --strict, dry run: %s', async (dryRun) => {
    const database = memoryD1();
    await importRecords(
      users({ pk: 8, username: 'own', email: 'neo@example.com' }, { pk: 9, username: 'morpheus' }),
      { database },
    );
    const { refused, counts } = await importRecords(
      users(
        { pk: 1, username: 'neo', email: 'neo@example.com' },
        { pk: 2, username: 'Morpheus', email: 'b@example.com' },
        { pk: 3, username: 'trinity' },
      ),
      { database, dryRun, strict: true },
    );
    expect([refused, counts.imported]).toEqual([['1: email_taken', '2: username_taken'], 1]);
    expect(database.rows('SELECT id FROM users')).toHaveLength(dryRun ? 2 : 3);
  });

  it('is decided again if somebody takes it while the import runs', async () => {
    const database = memoryD1();
    const { writer } = database;
    let taken = false;
    const racing = {
      ...database,
      writer: {
        ...writer,
        write: async (statements: readonly string[]) => {
          if (!taken) {
            taken = true;
            await writer.write([
              `INSERT INTO users (id, email, password_hash, date_joined) VALUES ('quick', 'neo@example.com', 'x', 0)`,
              ENTER_ALL,
            ]);
          }
          await writer.write(statements);
        },
      },
    };
    const { leftOut, counts } = await importRecords(
      users({ pk: 1, username: 'neo', email: 'neo@example.com' }, { pk: 2, username: 'b' }),
      { database: racing },
    );
    expect([leftOut, counts.imported]).toEqual([['1: email (email_taken)'], 2]);
    expect(directoryFaults(database)).toEqual([]);
  });
});

describe('an import', () => {
  it('keeps hostile names as they are', async () => {
    const name = 'Robert\'); DROP TABLE users; -- "`\\ $tag$ /* 😀';
    const { database } = await importRecords(users({ pk: 1, username: 'bobby', first_name: name }));
    expect(database.rows('SELECT name FROM users')).toEqual([{ name }]);
  });

  it('does not touch what an imported user has changed since', async () => {
    for (const pk of [1, UUID]) {
      const neo = users({ pk, username: 'neo', email: 'neo@example.com' });
      const { database } = await importRecords(neo);
      await database.writer.write([
        `UPDATE users SET password_hash = 'new', email = 'other@example.com', username = NULL, username_key = NULL`,
      ]);
      expect((await importRecords(neo, { database })).counts).toMatchObject({ alreadyThere: 1 });
      expect(database.rows('SELECT password_hash, email FROM users')).toEqual([
        { password_hash: 'new', email: 'other@example.com' },
      ]);
    }
  });

  it('counts a repeated record as imported once', async () => {
    const twice = [...users({ pk: 1, username: 'neo' }), ...users({ pk: 1, username: 'neo' })];
    for (const batchSize of [1, 100]) {
      expect((await importRecords(twice, { batchSize })).counts).toMatchObject({
        imported: 1,
        alreadyThere: 1,
      });
    }
  });

  it('adds only imported users to the directory', async () => {
    const { database } = await importRecords(
      users(
        { pk: 1, username: 'Neo', email: 'neo@example.com' },
        { pk: 2, username: 'neo', email: 'two@example.com' },
        { pk: 3, username: 'trinity', email: 'Neo@example.com' },
        { pk: 4, username: 'morpheus', email: '' },
      ),
    );
    expect(database.rows('SELECT * FROM logins').length).toBeGreaterThanOrEqual(5);
    expect(directoryFaults(database)).toEqual([]);
  });

  it('imports refused users once the file is corrected', async () => {
    const { database, refused } = await importRecords(users({ pk: 1, username: '', email: 'nobody' }));
    expect(refused).toEqual(['1: email_invalid']);
    const mended = users({ pk: 1, username: '', email: 'neo@example.com' });
    expect((await importRecords(mended, { database })).counts).toMatchObject({ imported: 1, refused: 0 });
  });

  it('keeps a UUID unless another account has it, and finds the user again at the next run', async () => {
    const database = memoryD1();
    await database.writer.write([
      `INSERT INTO users (id, email, password_hash, date_joined) VALUES ('${UUID}', 'own@example.com', 'x', 0)`,
    ]);
    const people = users(
      { pk: UUID.toUpperCase(), username: 'neo' },
      { pk: '6f0f6f2e-6f0c-4c53-9d6e-0a3d3a9a7f12', username: 'b' },
      { pk: '6F0F6F2E-6F0C-4C53-9D6E-0A3D3A9A7F12', username: 'c' },
    );
    const { leftOut, outcomes } = await importRecords(people, { database });
    const ids = outcomes.map((one) => (one.outcome === 'refused' ? null : one.id));
    expect(leftOut).toEqual([`${UUID.toUpperCase()}: id (id_taken)`, `${people[2]?.pk}: id (id_taken)`]);
    expect(ids).toEqual([
      expect.stringMatching(/^018bcfe5-6800-7/),
      '6f0f6f2e-6f0c-4c53-9d6e-0a3d3a9a7f12',
      expect.stringMatching(/^018bcfe5-6802-7/),
    ]);
    const again = await importRecords(people, { database });
    expect(again.outcomes.map((one) => (one.outcome === 'already_there' ? one.id : null))).toEqual(ids);
    // Even where the UUID is free by now.
    await database.writer.write([`DELETE FROM users WHERE id = '${UUID}'`]);
    expect((await importRecords(people, { database })).counts).toMatchObject({ alreadyThere: 3 });
  });

  it('keeps verified addresses verified, by number or by natural key', async () => {
    const { database, counts } = await importRecords([
      emailAddress(1, 'A@example.com'),
      ...users(
        { pk: 1, username: 'a', email: 'a@example.com' },
        { pk: 2, username: 'b', email: 'b@example.com' },
        { pk: 3, username: 'c' },
        { pk: 4, username: '1', email: 'd@example.com' },
      ),
      emailAddress(['b'], 'b@example.com'),
      emailAddress(3, 'second@example.com', true, false),
      emailAddress(3, 'first@example.com', false, true),
      emailAddress(4, 'd@example.com', false),
      { model: 'socialaccount.socialaccount', pk: 1, fields: { user: 1, provider: 'google' } },
    ]);
    expect(database.rows('SELECT username, email, email_verified_at FROM users ORDER BY username')).toEqual([
      { username: '1', email: 'd@example.com', email_verified_at: null },
      { username: 'a', email: 'a@example.com', email_verified_at: IMPORTED_AT },
      { username: 'b', email: 'b@example.com', email_verified_at: IMPORTED_AT },
      { username: 'c', email: 'first@example.com', email_verified_at: null },
    ]);
    expect(counts).toMatchObject({ read: 10, imported: 4, parts: 6 });
  });

  it('reports permissions that were not imported, and for how many users', async () => {
    const { said } = await importRecords(
      users(
        { pk: 1, username: 'a', is_superuser: true, totp_secret: 'x', city: 'Seoul' },
        { pk: 2, username: 'b', is_superuser: false, city: '' },
      ),
    );
    expect(said).toMatch(/NOT IMPORTED.*: is_superuser, set for 1 of 2/);
    expect(said).toMatch(/NOT IMPORTED.*: totp_secret, set for 1 of 1/);
    expect(said).toMatch(/^Fields not imported.*: is_superuser 2, totp_secret 1, city 1$/m);
  });

  it('has counts that add up, whatever the file contains', async () => {
    const { counts, said } = await importRecords([
      ...users({ pk: 1, username: 'a' }, { pk: 1, username: 'a' }, { pk: 2, username: '' }),
      { model: 'auth.group', pk: 1, fields: { name: 'editors' } },
      emailAddress(1, 'a@example.com'),
      {},
    ]);
    const { read, imported, alreadyThere, refused, skipped, parts } = counts;
    expect({ read, imported, alreadyThere, refused, skipped, parts }).toEqual({
      ...{ read: 6, imported: 1, alreadyThere: 1, refused: 2, skipped: 1, parts: 1 },
    });
    expect(said).toMatch(
      /^6 read: 1 imported, 1 already there, 2 refused, 1 of other models skipped, 1 merged into their user\n/,
    );
  });

  it('keeps each statement within D1’s limit', async () => {
    const many = Array.from({ length: 1_500 }, (_, pk) => ({
      pk,
      username: `user${pk}`,
      email: `user${pk}@example.com`,
      first_name: '한'.repeat(50),
    }));
    const { counts, database } = await importRecords(users(...many), { batchSize: 1_500 });
    expect(counts.imported).toBe(1_500);
    expect(database.writes.length).toBeGreaterThan(1);
    for (const sql of database.writes) expect(new TextEncoder().encode(sql).length).toBeLessThan(100_000);
  });

  it('stops between two batches, and reports how many records it did not reach', async () => {
    const many = Array.from({ length: 30 }, (_, pk) => ({ pk, username: `u${pk}` }));
    const controller = new AbortController();
    const { counts, said } = await importRecords(users(...many), {
      batchSize: 5,
      signal: controller.signal,
      after: ({ imported }) => imported === 10 && controller.abort(),
    });
    expect(counts).toMatchObject({ read: 30, imported: 10, notReached: 20 });
    expect(said).toContain('30 read: 10 imported, 0 already there, 0 refused, 20 not reached');
  });
});

describe('--undo', () => {
  const DATABASE = 'the database of the test';
  const undoing = (dryRun = false) => ({ database: DATABASE, dryRun, progress: () => {} });
  const reportOf = (
    batches: (readonly string[])[],
    header: object = { at: IMPORTED_AT, database: DATABASE },
  ) => {
    const file = join(temporaryFolder(), 'users.json.report.jsonl');
    const lines = [{ import: header }, ...batches.map((ids, i) => ({ batch: i + 1, ids })), { outcome: 'x' }];
    writeFileSync(
      file,
      `${lines.map((line) => JSON.stringify(line)).join('\n')}\n{"batch": 9, "ids": ["cut o`,
    );
    return file;
  };

  it('deletes imported users, except those who have used their account since', async () => {
    const names = ['idle', 'was-here', 'session', 'logged-in', 'new-password', 'confirmed'];
    const { database, batches } = await importRecords(
      names.map((username, i) =>
        djangoUser({ pk: i + 1, username, ...(username === 'was-here' && { last_login: '2020-01-01' }) }),
      ),
      { batchSize: 4 },
    );
    const idOf = (name: string) => database.rows(`SELECT id FROM users WHERE username = '${name}'`)[0]?.id;
    const idle = idOf('idle');
    await database.writer.write([
      `INSERT INTO users (id, username, username_key, password_hash, date_joined) VALUES ('own', 'own', 'own', 'x', 0)`,
      `INSERT INTO logins VALUES ('username', 'own', 'own')`,
      `INSERT INTO sessions (user_id, id, created_at, last_used_at, expires_at, absolute_end_at)
        VALUES ('${idOf('session')}', 's', 0, 0, 0, 0)`,
      `UPDATE users SET last_login_at = ${IMPORTED_AT + 1} WHERE username = 'logged-in'`,
      `UPDATE users SET password_version = 2 WHERE username = 'new-password'`,
      `UPDATE users SET email_verified_at = ${IMPORTED_AT + 1} WHERE username = 'confirmed'`,
      `INSERT INTO one_time_tokens (subject, purpose, hash, created_at, expires_at) VALUES ('${idle}', 'p', 'h', 0, 0)`,
      `INSERT INTO admin_log (id, at, actor_id, action, subject_id) VALUES ('1', 0, 'own', 'a', '${idle}')`,
    ]);
    const report = reportOf(batches);

    const dry = await undo(database.writer, report, undoing(true));
    expect(dry).toEqual({ deleted: 2, used: 4, gone: 0 });
    expect(database.rows('SELECT id FROM users')).toHaveLength(7);

    expect(await undo(database.writer, report, undoing())).toEqual(dry);
    expect(directoryFaults(database)).toEqual([]);
    expect(database.rows('SELECT username FROM users ORDER BY username').map((row) => row.username)).toEqual(
      [...names.slice(2), 'own'].sort(),
    );
    expect(database.rows('SELECT * FROM one_time_tokens')).toEqual([]);
    expect(database.rows('SELECT subject_id FROM admin_log')[0]?.subject_id).not.toBe(idle);
    expect(await undo(database.writer, report, undoing())).toEqual({ deleted: 0, used: 4, gone: 2 });
  });

  it('refuses the report of another database, and a file that is not a report', async () => {
    const { writer } = memoryD1();
    const other = reportOf([], { at: IMPORTED_AT, database: 'the remote database' });
    await expect(undo(writer, other, undoing())).rejects.toThrow(
      'an import into the remote database, not into',
    );
    await expect(undo(writer, 'package.json', undoing())).rejects.toThrow('not the report of an import');
    await expect(undo(writer, '/dev/null', undoing())).rejects.toThrow('not the report of an import');
  });
});

describe('npm run import-users', () => {
  const lastLine = ({ stdout }: Ended) => stdout.split('\n').find((line) => line.includes(' read: '));
  const reportOf = ({ stdout }: Ended) => /^Report: (.+)$/m.exec(stdout)?.[1] ?? '';

  it('imports the users of a real Django, twice with one result, and undoes it', {
    timeout: 120_000,
  }, async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'users.json');
    const state = join(folder, 'state');
    copyFileSync('test/data/django/dumpdata.json', file);

    const dry = await run('import-users', [file, '--persist-to', state, '--dry-run']);
    expect(dry).toMatchObject({ code: 0 });
    expect(dry.stdout).toContain('Dry run: nothing was written');
    expect(await rowsOf(state, 'SELECT id FROM users')).toEqual([]);

    const map = join(folder, 'ids.csv');
    const first = await run('import-users', [file, '--persist-to', state, '--id-map', map]);
    expect(first).toMatchObject({ code: 0 });
    expect(lastLine(first)).toBe('15 read: 15 imported, 0 already there, 0 refused');
    expect(lastLine(dry)).toBe(lastLine(first));
    expect(first.stdout).toContain('2 of the imported must reset their password');

    const report = reportOf(first);
    expect([reportOf(dry), report]).toEqual([`${file}.report.jsonl`, `${file}.report-2.jsonl`]);
    for (const secret of [report, map]) expect(statSync(secret).mode & 0o777).toBe(0o600);
    const lines = readFileSync(report, 'utf8').trim().split('\n');
    const reported = lines.map((line) => JSON.parse(line));
    expect(reported.find(({ pk }) => pk === 12)).toMatchObject({
      record: 12,
      username: 'dup2',
      outcome: 'imported',
      left_out: [{ field: 'email', reason: 'email_taken' }],
    });
    expect(reported.find(({ pk }) => pk === 8)).toMatchObject({ username: 'old', must_reset: 'md5' });
    expect(reported.at(-1)).toMatchObject({ counts: { read: 15, imported: 15 } });
    expect(lines.join() + first.stdout + first.stderr).not.toMatch(/pbkdf2_\w+\$|md5\$/);

    const select = 'SELECT * FROM users ORDER BY username';
    const rows = await rowsOf<Record<string, unknown>>(state, select);
    const dumped = JSON.parse(readFileSync(file, 'utf8')) as { pk: number; fields: Record<string, string> }[];
    const hashes = new Map(dumped.map(({ fields }) => [fields.username, fields.password]));
    expect(rows).toHaveLength(15);
    for (const row of rows) {
      expect(row).toMatchObject({ email_verified_at: null, password_version: 1 });
      const useless = row.username === 'sso' || row.username === 'old';
      expect(row.password_hash).toBe(useless ? '' : hashes.get(row.username as string));
    }
    const by = (username: string) => rows.find((row) => row.username === username);
    expect(by('Neo')).toMatchObject({
      email: 'neo@example.com',
      username_key: 'neo',
      name: null,
      date_joined: Math.floor(Date.parse('2024-02-29T23:59:59Z') / 1_000),
      last_login_at: Math.floor(Date.parse('2024-02-29T23:59:59Z') / 1_000),
    });
    expect(by('é.ünïcode')).toMatchObject({ name: '한글 이름', email: 'unicode@example.com' });
    expect(by('nomail')).toMatchObject({ email: null });
    expect(by('gone')).toMatchObject({ is_active: 0 });
    expect(rows.filter((row) => row.is_staff === 1)).toEqual([]);
    expect(first.stdout).toContain('NOT STAFF: 2 of the imported were');
    expect(dry.stdout).toContain('NOT STAFF: 2 of the imported were');
    expect(reported.find(({ username }) => username === 'morpheus')).toMatchObject({
      left_out: [{ field: 'is_staff', reason: 'email_not_verified' }],
    });

    const ids = readFileSync(map, 'utf8').trim().split('\n');
    expect(ids).toHaveLength(16);
    expect(ids).toContain(`2,${by('Neo')?.id}`);

    const again = await run('import-users', [file, '--persist-to', state, '--batch', '4', '--id-map', map]);
    expect(again).toMatchObject({ code: 0 });
    expect(lastLine(again)).toBe('15 read: 0 imported, 15 already there, 0 refused');
    expect(readFileSync(map, 'utf8').trim().split('\n')).toEqual(ids);
    expect(await rowsOf(state, select)).toEqual(rows);

    const undone = await run('import-users', ['--undo', report, '--persist-to', state]);
    expect(undone).toMatchObject({ code: 0, stdout: '15 imported: 15 deleted, 0 kept, 0 already gone\n' });
    expect(await rowsOf(state, select)).toEqual([]);
  });

  it('exits with 2 if a user was refused', { timeout: 60_000 }, async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'users.json');
    copyFileSync('test/data/import/06-phone-only.json', file);
    const ended = await run('import-users', [file, '--persist-to', join(folder, 'state')]);
    expect(ended).toMatchObject({ code: 2 });
    expect(ended.stdout).toContain('--map username=phone_number');
    expect(readFileSync(reportOf(ended), 'utf8')).toContain('"outcome":"refused","reason":"nameless"');
  });

  it('killed half-way and run again imports each user once', { timeout: 120_000 }, async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'users.jsonl');
    const state = join(folder, 'state');
    const TOTAL = 4_000;
    const lines = Array.from({ length: TOTAL }, (_, pk) =>
      JSON.stringify(djangoUser({ pk, username: `user${pk}`, email: `user${pk}@example.com` })),
    );
    writeFileSync(file, lines.join('\n'));
    const args = [file, '--persist-to', state, '--batch', '200'];

    const killed = await run('import-users', args, {
      started: (child) =>
        child.stderr?.on('data', (text) => `${text}`.includes(' written') && child.kill('SIGKILL')),
    });
    expect(killed).toMatchObject({ code: 137, stdout: '' });

    const again = await run('import-users', args);
    expect(again.code).toBe(0);
    const [, imported, there] = /(\d+) imported, (\d+) already there, 0 refused/.exec(again.stdout) ?? [];
    expect(Number(imported)).toBeGreaterThan(0);
    expect(Number(there)).toBeGreaterThan(0);
    expect(Number(imported) + Number(there)).toBe(TOTAL);
    const counted = await rowsOf(state, 'SELECT count(*) AS n, count(DISTINCT email) AS emails FROM users');
    expect(counted).toEqual([{ n: TOTAL, emails: TOTAL }]);

    // Both reports together take everybody back, those of the killed run too.
    const reports = [`${file}.report.jsonl`, reportOf(again)];
    for (const report of reports) {
      expect(existsSync(report)).toBe(true);
      expect(await run('import-users', ['--undo', report, '--persist-to', state])).toMatchObject({ code: 0 });
    }
    expect(await rowsOf(state, 'SELECT count(*) AS n FROM users')).toEqual([{ n: 0 }]);
  });

  it.each([
    ['no file', [], 'exactly one FILE is required'],
    ['two files', ['a.json', 'b.json'], 'exactly one FILE is required'],
    ['a file that is not there', ['/nowhere/users.json'], 'There is no file'],
    ['an unknown option', ['a.json', '--force'], '--force'],
    ['a batch of nothing', ['a.json', '--batch', '0'], '--batch'],
    ['an unknown source', ['a.json', '--from', 'mainframe'], '--from must be one of django, supabase'],
    ['an unknown target', ['a.json', '--map', 'hash=password'], 'unknown target “hash”'],
    ['an unknown way to keep', ['a.json', '--keep', 'all'], '--keep must be one of'],
    ['a place on a remote database', ['package.json', '--remote', '--persist-to', 'x'], '--persist-to'],
  ])('reports %s and exits with 1', async (_, args, sentence) => {
    const ended = await run('import-users', args);
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toContain(sentence);
    expect(ended.stderr).not.toContain('    at ');
  });
});

describe('the files that an import writes', () => {
  const HEADER = { file: 'users.json', database: 'x', at: 1, dry_run: false, options: {} };
  const modeOf = (file: string) => statSync(file).mode & 0o777;
  /** A file that everybody may read, and a link to it. */
  function trap() {
    const folder = temporaryFolder();
    const [target, link] = [join(folder, 'target'), join(folder, 'link')];
    writeFileSync(target, 'precious', { mode: 0o666 });
    chmodSync(target, 0o666);
    symlinkSync(target, link);
    return { folder, target, link };
  }

  it('can be read only by their owner, whatever mode an existing file had', () => {
    const { folder, target } = trap();
    const report = openReport(join(folder, 'users.json'), HEADER);
    report.close();
    expect(modeOf(report.file)).toBe(0o600);
    openIdMap(target).close();
    expect(modeOf(target)).toBe(0o600);
  });

  it('never follow a symbolic link: the report takes another name, the id map is refused', () => {
    const { folder, target, link } = trap();
    const input = join(folder, 'users.json');
    symlinkSync(target, `${input}.report.jsonl`);
    const report = openReport(input, HEADER);
    report.close();
    expect(report.file).toBe(`${input}.report-2.jsonl`);
    expect(() => openIdMap(link)).toThrow('is a symbolic link');
    expect([readFileSync(target, 'utf8'), modeOf(target)]).toEqual(['precious', 0o666]);
  });
});
