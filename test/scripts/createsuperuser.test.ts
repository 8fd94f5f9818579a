import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readLine } from '../../scripts/lib/ask-password.ts';
import { createSuperuser, type Person, type Wish } from '../../scripts/lib/superuser.ts';
import { createPasswordHasher } from '../../src/password/hash.ts';
import { memoryD1 } from './support/database.ts';
import { rowsOf, run, temporaryFolder } from './support/run.ts';

const NOW = 1_700_000_000;

function office(database = memoryD1()) {
  const asked: Person[] = [];
  let made = 0;
  const ask = (wish: Partial<Wish> = {}) =>
    createSuperuser(
      database.writer,
      { email: 'boss@example.com', username: null, resetPassword: false, ...wish },
      {
        passwordHash: async (person) => {
          asked.push(person);
          return `hash ${asked.length}`;
        },
        newId: () => {
          made += 1;
          return `id${made}`;
        },
        now: () => NOW,
      },
    );
  return { ask, asked, ...database };
}

const insertUser = (columns: string, values: string) =>
  `INSERT INTO users (id, email, username, username_key, password_hash, date_joined, ${columns})
    VALUES ('u', 'boss@example.com', 'Boss', 'boss', 'old', 1, ${values})`;
const insertSession = (id: string, user: string) =>
  `INSERT INTO sessions (user_id, id, created_at, last_used_at, expires_at, absolute_end_at)
    VALUES ('${user}', '${id}', 1, 1, 9999999999, 9999999999)`;

describe('createSuperuser', () => {
  it('makes an account: active, staff, its address confirmed', async () => {
    const { ask, asked, rows } = office();
    const username = { username: 'Boss', key: 'boss' };
    expect(await ask({ username })).toEqual({ outcome: 'created', id: 'id1' });
    expect(asked).toEqual([{ email: 'boss@example.com', username: 'Boss', name: null }]);
    expect(rows('SELECT * FROM users')).toEqual([
      {
        id: 'id1',
        email: 'boss@example.com',
        username: 'Boss',
        username_key: 'boss',
        name: null,
        password_hash: 'hash 1',
        password_version: 1,
        is_active: 1,
        is_staff: 1,
        email_verified_at: NOW,
        date_joined: NOW,
        last_login_at: null,
      },
    ]);
  });

  it('run twice changes nothing and asks for no password', async () => {
    const { ask, asked, rows, writes } = office();
    await ask();
    const before = rows('SELECT * FROM users');
    expect(await ask()).toMatchObject({ outcome: 'found', id: 'id1', done: [], emailVerified: true });
    expect(rows('SELECT * FROM users')).toEqual(before);
    expect([asked.length, writes.length]).toEqual([1, 1]);
  });

  it.each<[string, string, string[]]>([
    ['neither staff nor active', '0, 0', ['made_staff', 'activated']],
    ['not staff', '1, 0', ['made_staff']],
    ['not active', '0, 1', ['activated']],
  ])('makes an account that is %s what it should be, its password as it was', async (_, flags, done) => {
    const { ask, asked, rows, writer } = office();
    await writer.write([insertUser('is_active, is_staff', flags), insertSession('s', 'u')]);
    expect(await ask()).toEqual({ outcome: 'found', id: 'u', username: 'Boss', done, emailVerified: false });
    expect(asked).toEqual([]);
    expect(
      rows('SELECT is_active, is_staff, password_hash, password_version, email_verified_at FROM users'),
    ).toEqual([
      { is_active: 1, is_staff: 1, password_hash: 'old', password_version: 1, email_verified_at: null },
    ]);
    expect(rows('SELECT revoked_at FROM sessions')).toEqual([{ revoked_at: null }]);
  });

  it('resets a password where it is told to: sessions and mailed tokens of that account end', async () => {
    const { ask, asked, rows, writer } = office();
    await writer.write([
      insertUser('password_version', '4'),
      "INSERT INTO users (id, email, password_hash, date_joined) VALUES ('v', 'v@example.com', 'x', 1)",
      insertSession('s1', 'u'),
      insertSession('s2', 'v'),
      ...['u', 'v'].map(
        (subject) =>
          `INSERT INTO one_time_tokens (subject, purpose, hash, created_at, expires_at)
            VALUES ('${subject}', 'password_reset', 'h', 1, 9999999999)`,
      ),
    ]);
    expect(await ask({ resetPassword: true })).toMatchObject({
      done: ['made_staff', 'password_reset'],
      emailVerified: true,
    });
    expect(asked).toEqual([{ email: 'boss@example.com', username: 'Boss', name: null }]);
    expect(
      rows("SELECT password_hash, password_version, email_verified_at FROM users WHERE id = 'u'"),
    ).toEqual([{ password_hash: 'hash 1', password_version: 5, email_verified_at: NOW }]);
    expect(rows('SELECT id, revoked_at, revoked_reason FROM sessions ORDER BY id')).toEqual([
      { id: 's1', revoked_at: NOW, revoked_reason: 'password_reset' },
      { id: 's2', revoked_at: null, revoked_reason: null },
    ]);
    expect(rows('SELECT subject FROM one_time_tokens')).toEqual([{ subject: 'v' }]);
  });

  it.each<[string, Partial<Wish>, string]>([
    [
      'a username that another account has',
      { email: 'new@example.com', username: { username: 'BOSS', key: 'boss' } },
      'Another account has this username',
    ],
    [
      'another username than the account has',
      { username: { username: 'chief', key: 'chief' } },
      'has the username Boss',
    ],
    [
      'somebody else’s address as username',
      { username: { username: 'other@example.com', key: 'other@example.com' } },
      'must be the e-mail address itself',
    ],
  ])('refuses %s before it asks for a password', async (_, wish, sentence) => {
    const { ask, asked, rows, writer } = office();
    await writer.write([insertUser('is_staff', '0')]);
    await expect(ask(wish)).rejects.toThrow(sentence);
    expect(asked).toEqual([]);
    expect(rows('SELECT id, is_staff FROM users')).toEqual([{ id: 'u', is_staff: 0 }]);
  });

  it('says so where the address is taken while the password is typed', async () => {
    const database = memoryD1();
    const { ask } = office({
      ...database,
      writer: {
        ...database.writer,
        write: async (statements) => {
          await database.writer.write([insertUser('is_staff', '0')]);
          await database.writer.write(statements);
        },
      },
    });
    await expect(ask()).rejects.toThrow('taken meanwhile');
    expect(database.rows('SELECT id, is_staff FROM users')).toEqual([{ id: 'u', is_staff: 0 }]);
  });
});

describe('the password on standard input', () => {
  const input = async function* (...chunks: (string | number[])[]) {
    for (const chunk of chunks)
      yield typeof chunk === 'string' ? new TextEncoder().encode(chunk) : Uint8Array.from(chunk);
  };

  it.each([
    [['secret\n'], 'secret'],
    [['secret\r\n'], 'secret'],
    [['secret'], 'secret'],
    [[' two  spaces \n'], ' two  spaces '],
    [['\ufeffmark\n'], '\ufeffmark'],
    [['비밀', '번호\n'], '비밀번호'],
    [
      [
        [0xed, 0x95],
        [0x9c, 0x0a],
      ],
      '한',
    ],
    [['first\n', 'second\n'], 'first'],
    [['first\nsecond\n'], 'first'],
  ])('%j is %j', async (chunks, password) => {
    expect(await readLine(input(...chunks))).toBe(password);
  });

  it.each([
    [[], 'No password'],
    [[''], 'No password'],
    [['\n'], 'No password'],
    [[[0xff, 0x0a]], 'not UTF-8'],
    [[[0xed, 0x95]], 'not UTF-8'],
    [['x'.repeat(70_000)], 'far too long'],
  ])('%j is refused', async (chunks, sentence) => {
    await expect(readLine(input(...chunks))).rejects.toThrow(sentence);
  });
});

describe('npm run createsuperuser', () => {
  it('makes a staff account, and finds it the next time', { timeout: 120_000 }, async () => {
    const state = join(temporaryFolder(), 'state');
    const args = ['--email', 'Boss@Example.com', '--persist-to', state];
    const select = 'SELECT email, password_hash, is_active, is_staff, email_verified_at FROM users';

    const weak = await run('createsuperuser', args, { input: 'password1\n' });
    expect(weak).toMatchObject({ code: 1, stdout: '' });
    expect(weak.stderr).toBe('This password is too common.\n');

    const made = await run('createsuperuser', args, { input: 'wonderful tea 9 \n' });
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(made.stdout).toMatch(/^Created the staff account boss@example\.com/);
    const [row, ...more] = await rowsOf<Record<string, unknown>>(state, select);
    expect(more).toEqual([]);
    expect(row).toMatchObject({ email: 'boss@example.com', is_active: 1, is_staff: 1 });
    expect(row?.email_verified_at).toBeGreaterThan(1_700_000_000);
    const hash = String(row?.password_hash);
    const { verify } = createPasswordHasher({ iterations: 1_000 });
    expect(await verify('wonderful tea 9 ', hash)).toEqual({ ok: true, rehash: false });
    expect(await verify('wonderful tea 9', hash)).toMatchObject({ ok: false });

    const again = await run('createsuperuser', args, { input: 'another one 8\n' });
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(again.stdout).toContain('Its password was not changed.');
    expect(await rowsOf(state, select)).toEqual([row]);
    expect(made.stdout + again.stdout).not.toMatch(/wonderful|pbkdf2/);
  });

  it.each<[string, string[], Record<string, string>, string]>([
    ['no address', [], {}, '--email is needed'],
    ['a bad address', ['--email', 'boss'], {}, '--email is not an e-mail address'],
    ['a bad username', ['--email', 'a@example.com', '--username', 'a b'], {}, '--username'],
    ['a password as argument', ['--email', 'a@example.com', '--password', 'x'], {}, "'--password'"],
    ['a bad setting', ['--email', 'a@example.com'], { PASSWORD_ITERATIONS: '10' }, 'PASSWORD_ITERATIONS'],
    ['a weak setting for production', ['--email', 'a@example.com', '--remote'], {}, 'at least 600000'],
  ])('with %s says so and exits with 1', async (_, args, env, sentence) => {
    const ended = await run('createsuperuser', args, { env });
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toContain(sentence);
    expect(ended.stderr).not.toContain('    at ');
  });
});
