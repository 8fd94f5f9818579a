import { copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Counts, importUsers, type Refused } from '../../scripts/lib/import.ts';
import { memoryD1 } from './support/database.ts';
import { type Ended, rowsOf, run, temporaryFolder } from './support/run.ts';

const HASH = 'pbkdf2_sha256$1000$seasalt$XHfRVmyEZRTCcSbqGP00JKv0fRwYHK0ogjPZdSJxCXk=';

interface Wish {
  pk: number;
  username: string;
  email?: string;
  [field: string]: unknown;
}
const djangoUser = ({ pk, ...fields }: Wish) => ({
  model: 'auth.user',
  pk,
  fields: {
    password: HASH,
    email: '',
    is_active: true,
    is_staff: false,
    is_superuser: false,
    date_joined: new Date(1_700_000_000_000 + pk).toISOString(),
    ...fields,
  },
});

/** Runs an import in memory; its refusals as `pk: reason`, in their order. */
async function importInMemory(records: readonly unknown[], batch = 100, database = memoryD1()) {
  const refused: Refused[] = [];
  const remarks: string[] = [];
  const told: Counts[] = [];
  const entries = (async function* () {
    for (const [i, value] of records.entries()) yield { place: { record: i + 1 }, value };
  })();
  const counts = await importUsers(database.writer, entries, batch, {
    refused: (line) => refused.push(line),
    remark: (text) => remarks.push(text),
    progress: (counts) => told.push({ ...counts }),
  });
  expect(counts.imported + counts.alreadyThere + counts.refused).toBe(counts.read);
  const reasons = refused.map(({ pk, reason }) => `${pk}: ${reason}`);
  return { counts, refused, reasons, remarks, told, database };
}

const users = (...wishes: Wish[]) => wishes.map(djangoUser);

describe('importUsers', () => {
  it.each<[string, Wish[], string[]]>([
    [
      'two users whose e-mails differ in case',
      [
        { pk: 1, username: 'neo', email: 'Neo@Example.COM' },
        { pk: 2, username: 'neo2', email: 'neo@example.com' },
      ],
      ['2: email_taken'],
    ],
    [
      'two users whose usernames differ in case',
      [
        { pk: 1, username: 'Neo' },
        { pk: 2, username: 'neo' },
      ],
      ['2: username_taken'],
    ],
    [
      'a user whose e-mail and username two others have',
      [
        { pk: 1, username: 'a', email: 'a@example.com' },
        { pk: 2, username: 'b', email: 'b@example.com' },
        { pk: 3, username: 'A', email: 'B@example.com' },
      ],
      ['3: email_taken'],
    ],
    [
      'any number of users without an e-mail',
      [
        { pk: 1, username: 'a' },
        { pk: 2, username: 'b' },
        { pk: 3, username: 'c' },
      ],
      [],
    ],
    [
      'any number of users without a username',
      [
        { pk: 1, username: '', email: 'a@example.com' },
        { pk: 2, username: '', email: 'b@example.com' },
      ],
      [],
    ],
    [
      'hostile names',
      [
        {
          pk: 1,
          username: 'bobby',
          first_name: "Robert'); DROP TABLE users; --",
          email: "o'hara@example.com",
        },
        { pk: 2, username: 'quotes', first_name: `"'\`\\ $tag$ ;`, last_name: '/* -- */ 😀' },
      ],
      [],
    ],
  ])('of %s refuses %j as it should, in one batch or in many', async (_, wishes, expected) => {
    for (const batch of [1, 2, 100]) {
      const first = await importInMemory(users(...wishes), batch);
      expect(first.reasons).toEqual(expected);
      expect(first.counts.imported).toBe(wishes.length - expected.length);

      const again = await importInMemory(users(...wishes), batch, first.database);
      expect(again.reasons).toEqual(expected);
      expect(again.counts).toMatchObject({ imported: 0, alreadyThere: wishes.length - expected.length });
    }
  });

  it('keeps hostile names as they are', async () => {
    const name = 'Robert\'); DROP TABLE users; -- "`\\ $tag$ /* 😀';
    const { database } = await importInMemory(users({ pk: 1, username: 'bobby', first_name: name }));
    expect(database.rows('SELECT name FROM users')).toEqual([{ name }]);
  });

  it('says who has what somebody else wants', async () => {
    const { refused, database } = await importInMemory(
      users(
        { pk: 1, username: 'neo', email: 'neo@example.com' },
        { pk: 2, username: 'b', email: 'NEO@example.com' },
      ),
    );
    const [holder] = database.rows('SELECT id FROM users');
    expect(refused).toEqual([
      {
        record: 2,
        model: 'auth.user',
        pk: 2,
        username: 'b',
        email: 'NEO@example.com',
        reason: 'email_taken',
        detail: expect.any(String),
        takenBy: holder?.id,
      },
    ]);
  });

  it('tells of refusals in the order of the file', async () => {
    const { reasons } = await importInMemory(
      users(
        { pk: 1, username: 'a' },
        { pk: 2, username: 'A' },
        { pk: 3, username: 'no good' },
        { pk: 4, username: 'a' },
        { pk: 5, username: '', email: '' },
      ),
    );
    expect(reasons).toEqual(['2: username_taken', '3: username_invalid', '4: username_taken', '5: nameless']);
  });

  it('leaves accounts alone that were there before', async () => {
    const database = memoryD1();
    await database.writer.write([
      `INSERT INTO users (id, email, password_hash, date_joined) VALUES ('own', 'neo@example.com', 'x', 0)`,
    ]);
    const { reasons } = await importInMemory(
      users({ pk: 1, username: 'neo', email: 'neo@example.com', is_staff: true }),
      100,
      database,
    );
    expect(reasons).toEqual(['1: email_taken']);
    expect(database.rows('SELECT id, password_hash, is_staff FROM users')).toEqual([
      { id: 'own', password_hash: 'x', is_staff: 0 },
    ]);
  });

  it('does not touch what an imported user has changed since', async () => {
    const neo = users({ pk: 1, username: 'neo', email: 'neo@example.com' });
    const { database } = await importInMemory(neo);
    await database.writer.write([`UPDATE users SET password_hash = 'new', email = 'other@example.com'`]);
    expect((await importInMemory(neo, 100, database)).counts).toMatchObject({ alreadyThere: 1 });
    expect(database.rows('SELECT password_hash, email FROM users')).toEqual([
      { password_hash: 'new', email: 'other@example.com' },
    ]);
  });

  it('counts a record that stands twice once as imported', async () => {
    const twice = [...users({ pk: 1, username: 'neo' }), ...users({ pk: 1, username: 'neo' })];
    for (const batch of [1, 100]) {
      expect((await importInMemory(twice, batch)).counts).toMatchObject({ imported: 1, alreadyThere: 1 });
    }
  });

  it('takes in who was refused once the dump is mended', async () => {
    const { database } = await importInMemory(users({ pk: 1, username: 'neo', email: 'nobody' }));
    const { counts } = await importInMemory(
      users({ pk: 1, username: 'neo', email: 'neo@example.com' }),
      100,
      database,
    );
    expect(counts).toMatchObject({ imported: 1, refused: 0 });
  });

  it('tells of superusers without staff rights and of who must reset, once', async () => {
    const records = users(
      { pk: 1, username: 'a', is_superuser: true },
      { pk: 2, username: 'b', is_superuser: true, is_staff: true, password: '!unusable' },
    );
    const first = await importInMemory(records);
    expect(first.remarks).toEqual([expect.stringMatching(/^pk 1, a: a superuser without is_staff/)]);
    expect(first.counts.mustReset).toBe(1);
    expect(first.database.rows('SELECT username, is_staff FROM users ORDER BY username')).toEqual([
      { username: 'a', is_staff: 0 },
      { username: 'b', is_staff: 1 },
    ]);
    const again = await importInMemory(records, 100, first.database);
    expect([again.remarks, again.counts.mustReset]).toEqual([[], 0]);
  });

  it('keeps each statement under what D1 takes', async () => {
    const many = Array.from({ length: 1_500 }, (_, pk) => ({
      pk,
      username: `user${pk}`,
      email: `user${pk}@example.com`,
      first_name: '한'.repeat(50),
    }));
    const { counts, database } = await importInMemory(users(...many), 1_500);
    expect(counts.imported).toBe(1_500);
    expect(database.writes.length).toBeGreaterThan(1);
    for (const sql of database.writes) expect(new TextEncoder().encode(sql).length).toBeLessThan(100_000);
  });

  it('stops between two batches', async () => {
    const { writer } = memoryD1();
    const controller = new AbortController();
    const entries = (async function* () {
      for (let pk = 1; ; pk += 1)
        yield { place: { record: pk }, value: djangoUser({ pk, username: `u${pk}` }) };
    })();
    const counts = await importUsers(
      writer,
      entries,
      5,
      { refused: () => {}, remark: () => {}, progress: ({ read }) => read === 10 && controller.abort() },
      controller.signal,
    );
    expect(counts).toMatchObject({ read: 10, imported: 10 });
  });
});

describe('npm run import-users', () => {
  const lastLine = ({ stdout }: Ended) => stdout.split('\n').find((line) => line.includes(' read: '));

  it('imports the users of a real Django, twice with one result', { timeout: 120_000 }, async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'users.json');
    const state = join(folder, 'state');
    copyFileSync('test/data/django/dumpdata.json', file);

    const first = await run('import-users', [file, '--persist-to', state]);
    expect(first).toMatchObject({ code: 2 });
    expect(lastLine(first)).toBe('15 read: 14 imported, 0 already there, 1 refused');
    expect(first.stdout).toContain('2 of the imported can only reset their password');

    const refusedFile = `${file}.refused.jsonl`;
    expect(first.stdout).toContain(refusedFile);
    expect(statSync(refusedFile).mode & 0o777).toBe(0o600);
    const refused = readFileSync(refusedFile, 'utf8');
    expect(JSON.parse(refused)).toMatchObject({
      record: 12,
      pk: 12,
      username: 'dup2',
      reason: 'email_taken',
    });
    expect(refused + first.stdout + first.stderr).not.toMatch(/pbkdf2_|md5\$/);

    const select = 'SELECT * FROM users ORDER BY username';
    const rows = await rowsOf<Record<string, unknown>>(state, select);
    const dumped = JSON.parse(readFileSync(file, 'utf8')) as { fields: Record<string, string> }[];
    const hashes = new Map(dumped.map(({ fields }) => [fields.username, fields.password]));
    expect(rows).toHaveLength(14);
    for (const row of rows) {
      expect(row).toMatchObject({ email_verified_at: null, password_version: 1 });
      expect(row.password_hash).toBe(row.username === 'sso' ? '' : hashes.get(row.username as string));
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
    expect(rows.filter((row) => row.is_staff === 1).map((row) => row.username)).toEqual([
      'morpheus',
      'smith',
    ]);

    const again = await run('import-users', [file, '--persist-to', state, '--batch', '4']);
    expect(again).toMatchObject({ code: 2 });
    expect(lastLine(again)).toBe('15 read: 0 imported, 14 already there, 1 refused');
    expect(readFileSync(refusedFile, 'utf8')).toBe(refused);
    expect(await rowsOf(state, select)).toEqual(rows);
  });

  it('killed half-way and run again leaves nobody out and nobody double', { timeout: 120_000 }, async () => {
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
        child.stderr?.on('data', (text) => `${text}`.includes(' read: ') && child.kill('SIGKILL')),
    });
    expect(killed).toMatchObject({ code: 137, stdout: '' });

    const again = await run('import-users', args);
    expect(again.code).toBe(0);
    const [, imported, there] = /(\d+) imported, (\d+) already there, 0 refused/.exec(again.stdout) ?? [];
    expect(Number(imported)).toBeGreaterThan(0);
    expect(Number(there)).toBeGreaterThan(0);
    expect(Number(imported) + Number(there)).toBe(TOTAL);
    expect(existsSync(`${file}.refused.jsonl`)).toBe(false);
    const counted = await rowsOf(state, 'SELECT count(*) AS n, count(DISTINCT email) AS emails FROM users');
    expect(counted).toEqual([{ n: TOTAL, emails: TOTAL }]);
  });

  it.each([
    ['no file', [], 'one FILE is needed'],
    ['two files', ['a.json', 'b.json'], 'one FILE is needed'],
    ['a file that is not there', ['/nowhere/users.json'], 'There is no file'],
    ['an unknown option', ['a.json', '--force'], '--force'],
    ['a batch of nothing', ['a.json', '--batch', '0'], '--batch'],
    ['a place on a remote database', ['package.json', '--remote', '--persist-to', 'x'], '--persist-to'],
  ])('with %s says so and exits with 1', async (_, args, sentence) => {
    const ended = await run('import-users', args);
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toContain(sentence);
    expect(ended.stderr).not.toContain('    at ');
  });
});
