import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { askEmail } from '../../scripts/lib/ask-email.ts';
import { readLine } from '../../scripts/lib/ask-password.ts';
import { spreadEnded } from '../../scripts/lib/ended-sessions.ts';
import { ScriptFault } from '../../scripts/lib/fault.ts';
import { createSuperuser, type Person, type SuperuserRequest } from '../../scripts/lib/superuser.ts';
import { workerVariables } from '../../scripts/lib/worker-variables.ts';
import { type Wrangler, wrangler } from '../../scripts/lib/wrangler.ts';
import { createPasswordHasher } from '../../src/password/hash.ts';
import { memoryD1 } from './support/database.ts';
import { rowsOf, run, temporaryFolder } from './support/run.ts';

const NOW = 1_700_000_000;

function office(database = memoryD1()) {
  const asked: Person[] = [];
  let made = 0;
  const ask = (request: Partial<SuperuserRequest> = {}) =>
    createSuperuser(
      database.writer,
      { email: 'boss@example.com', username: null, resetPassword: false, keepPassword: false, ...request },
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

const insertUser = (columns: string, values: string) => [
  `INSERT INTO users (id, email, username, username_key, password_hash, date_joined, ${columns})
    VALUES ('u', 'boss@example.com', 'Boss', 'boss', 'old', 1, ${values})`,
  "INSERT INTO logins VALUES ('email', 'boss@example.com', 'u'), ('username', 'boss', 'u')",
];
const insertSession = (id: string, user: string, expiresAt = 9_999_999_999) =>
  `INSERT INTO sessions (user_id, id, created_at, last_used_at, expires_at, absolute_end_at)
    VALUES ('${user}', '${id}', 1, 1, ${expiresAt}, 9999999999)`;

describe('askEmail', () => {
  const ask = (typed: string) => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    input.end(typed);
    return { email: askEmail(input, output), output };
  };

  it('asks until it gets an address, and returns its canonical form', async () => {
    const { email, output } = ask('boss\n\n Boss@Example.com \n');
    expect(await email).toBe('boss@example.com');
    expect(String(output.read()).match(/E-mail: /g)).toHaveLength(3);
  });

  it('ends if none is typed', async () => {
    await expect(ask('boss').email).rejects.toThrow('No e-mail address was given.');
  });
});

describe('createSuperuser', () => {
  it('creates an account: active, staff, with a confirmed address', async () => {
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
        has_second_factor: 0,
        language: null,
        passkey_count: 0,
        date_joined: NOW,
        last_login_at: null,
      },
    ]);
  });

  it('run a second time changes nothing and asks for no password', async () => {
    const { ask, asked, rows, writes } = office();
    await ask();
    const before = rows('SELECT * FROM users');
    writes.length = 0;
    expect(await ask()).toEqual({ outcome: 'found', id: 'id1', done: [], ended: null });
    expect(rows('SELECT * FROM users')).toEqual(before);
    expect([asked.length, writes.length]).toEqual([1, 0]);
  });

  it.each<[string, string, string[]]>([
    ['neither staff nor active', '0, 0', ['made_staff', 'activated']],
    ['not staff', '1, 0', ['made_staff']],
    ['not active', '0, 1', ['activated']],
  ])('makes an account that is %s active staff, and keeps its password', async (_, flags, done) => {
    const promoted = done.includes('made_staff');
    const { ask, asked, rows, writer } = office();
    await writer.write([
      ...insertUser('is_active, is_staff, email_verified_at', `${flags}, 5`),
      insertSession('s', 'u'),
    ]);
    const sessions = promoted ? [{ id: 's', expiresAt: 9_999_999_999 }] : [];
    expect(await ask()).toEqual({ outcome: 'found', id: 'u', done, ended: { reason: 'promoted', sessions } });
    expect(asked).toEqual([]);
    expect(
      rows('SELECT is_active, is_staff, password_hash, password_version, email_verified_at FROM users'),
    ).toEqual([
      { is_active: 1, is_staff: 1, password_hash: 'old', password_version: 1, email_verified_at: 5 },
    ]);
    expect(rows('SELECT revoked_at FROM sessions')).toEqual([{ revoked_at: promoted ? NOW : null }]);
  });

  it.each([
    ['an ordinary user', '1, 0'],
    ['an inactive one', '0, 0'],
    ['one who is staff', '1, 1'],
  ])('refuses an account whose address was never confirmed, even if it is %s', async (_, flags) => {
    const { ask, asked, rows, writer, writes } = office();
    await writer.write([...insertUser('is_active, is_staff', flags), insertSession('s', 'u')]);
    const before = [rows('SELECT * FROM users'), rows('SELECT * FROM sessions')];
    writes.length = 0;
    await expect(ask()).rejects.toThrow(/never confirmed.*--reset-password.*--keep-password/s);
    expect([asked, writes]).toEqual([[], []]);
    expect([rows('SELECT * FROM users'), rows('SELECT * FROM sessions')]).toEqual(before);
  });

  it('makes it staff with --keep-password', async () => {
    const { ask, asked, rows, writer } = office();
    await writer.write([...insertUser('is_staff', '0'), insertSession('s', 'u')]);
    expect(await ask({ keepPassword: true })).toMatchObject({
      done: ['made_staff'],
      ended: { reason: 'promoted', sessions: [{ id: 's' }] },
    });
    expect(asked).toEqual([]);
    expect(rows('SELECT is_staff, password_hash, email_verified_at FROM users')).toEqual([
      { is_staff: 1, password_hash: 'old', email_verified_at: null },
    ]);
    expect(rows('SELECT revoked_at, revoked_reason FROM sessions')).toEqual([
      { revoked_at: NOW, revoked_reason: 'promoted' },
    ]);
  });

  it('ends the sessions of a new staff member and cancels their pending change of address', async () => {
    const { ask, rows, writer } = office();
    const token = (purpose: string) =>
      `INSERT INTO one_time_tokens (subject, purpose, hash, payload, created_at, expires_at)
        VALUES ('u', '${purpose}', 'h', 'thief@example.com', 1, 9999999999)`;
    await writer.write([
      ...insertUser('email_verified_at', '5'),
      token('email_change'),
      token('email_take_back'),
    ]);
    await ask();
    expect(rows('SELECT purpose FROM one_time_tokens')).toEqual([{ purpose: 'email_take_back' }]);
  });

  describe('if the account changes while it runs', () => {
    const MEANWHILE = [
      ['gets another address', "UPDATE users SET email = 'stranger@example.com' WHERE id = 'u'"],
      ['has its address confirmed', "UPDATE users SET email_verified_at = 7 WHERE id = 'u'"],
      ['is deleted', "DELETE FROM users WHERE id = 'u'"],
    ] as const;
    const WORDS = [
      ['--reset-password', { resetPassword: true }],
      ['--keep-password', { keepPassword: true }],
    ] as const;
    it.each(
      WORDS.flatMap(([word, request]) =>
        MEANWHILE.map(([event, sql]) => [word, event, request, sql] as const),
      ),
    )('with %s, and it %s, nothing is done, and that is said', async (_, __, request, sql) => {
      const database = memoryD1();
      const { writer, rows } = database;
      await writer.write([
        ...insertUser('is_staff', '0'),
        insertSession('s', 'u'),
        `INSERT INTO one_time_tokens (subject, purpose, hash, created_at, expires_at)
          VALUES ('u', 'email_verify', 'h', 1, 9999999999)`,
      ]);
      const all = () =>
        ['users', 'sessions', 'one_time_tokens'].map((table) => rows(`SELECT * FROM ${table}`));
      let before: unknown;
      const { ask } = office({
        ...database,
        writer: {
          ...writer,
          write: async (statements) => {
            await writer.write([sql]);
            before = all();
            await writer.write(statements);
          },
        },
      });
      await expect(ask(request)).rejects.toThrow('changed while this ran. Nothing was changed.');
      expect(all()).toEqual(before);
    });
  });

  it('resets a password with --reset-password: sessions and emailed tokens of that account end', async () => {
    const { ask, asked, rows, writer } = office();
    await writer.write([
      ...insertUser('password_version', '4'),
      "INSERT INTO users (id, email, password_hash, date_joined) VALUES ('v', 'v@example.com', 'x', 1)",
      insertSession('s1', 'u'),
      insertSession('s2', 'v'),
      insertSession('s3', 'u'),
      insertSession('s4', 'u'),
      "UPDATE sessions SET revoked_at = 7, revoked_reason = 'logged_out' WHERE id = 's4'",
      ...['u', 'v'].map(
        (subject) =>
          `INSERT INTO one_time_tokens (subject, purpose, hash, created_at, expires_at)
            VALUES ('${subject}', 'password_reset', 'h', 1, 9999999999)`,
      ),
    ]);
    expect(await ask({ resetPassword: true })).toMatchObject({
      done: ['made_staff', 'password_reset'],
      ended: { reason: 'password_reset', sessions: [{ id: 's1' }, { id: 's3' }] },
    });
    expect(asked).toEqual([{ email: 'boss@example.com', username: 'Boss', name: null }]);
    expect(
      rows("SELECT password_hash, password_version, email_verified_at FROM users WHERE id = 'u'"),
    ).toEqual([{ password_hash: 'hash 1', password_version: 5, email_verified_at: NOW }]);
    expect(rows('SELECT id, revoked_at, revoked_reason FROM sessions ORDER BY id')).toEqual([
      { id: 's1', revoked_at: NOW, revoked_reason: 'password_reset' },
      { id: 's2', revoked_at: null, revoked_reason: null },
      { id: 's3', revoked_at: NOW, revoked_reason: 'password_reset' },
      { id: 's4', revoked_at: 7, revoked_reason: 'logged_out' },
    ]);
    expect(rows('SELECT subject FROM one_time_tokens')).toEqual([{ subject: 'v' }]);
  });

  it.each<[string, Partial<SuperuserRequest>, string]>([
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
      'must be the e-mail address of the account',
    ],
  ])('refuses %s before it asks for a password', async (_, request, sentence) => {
    const { ask, asked, rows, writer } = office();
    await writer.write([...insertUser('is_staff', '0')]);
    await expect(ask(request)).rejects.toThrow(sentence);
    expect(asked).toEqual([]);
    expect(rows('SELECT id, is_staff FROM users')).toEqual([{ id: 'u', is_staff: 0 }]);
  });

  it('reports that the address was taken while the password was typed', async () => {
    const database = memoryD1();
    const { ask } = office({
      ...database,
      writer: {
        ...database.writer,
        write: async (statements) => {
          await database.writer.write([...insertUser('is_staff', '0')]);
          await database.writer.write(statements);
        },
      },
    });
    await expect(ask()).rejects.toThrow('taken while this ran');
    expect(database.rows('SELECT id, is_staff FROM users')).toEqual([{ id: 'u', is_staff: 0 }]);
  });
});

describe('the ended sessions in KV', () => {
  const told = async (where: { remote: boolean; persistTo?: string; environment?: string }, code = 0) => {
    const calls: { args: readonly string[]; entries: unknown }[] = [];
    const fake: Wrangler = async (args) => {
      calls.push({ args, entries: JSON.parse(readFileSync(args[3] ?? '', 'utf8')) });
      return { code, stdout: '', stderr: 'not logged in\n' };
    };
    await spreadEnded(
      fake,
      { persistTo: undefined, environment: undefined, ...where },
      {
        reason: 'password_reset',
        sessions: [
          { id: 's1', expiresAt: NOW + 7_200 },
          { id: 's2', expiresAt: NOW - 7_200 },
        ],
      },
      NOW,
    );
    return calls;
  };

  it.each([
    [{ remote: true }, ['--remote', '--preview', 'false']],
    [{ remote: true, environment: 'staging' }, ['--remote', '--preview', 'false', '--env', 'staging']],
    [{ remote: false, persistTo: 'there' }, ['--local', '--persist-to', 'there']],
  ])('where it is: %j', async (where, place) => {
    const [call, ...more] = await told(where);
    const file = call?.args[3] ?? '';
    expect(more).toEqual([]);
    expect(call?.args).toEqual(['kv', 'bulk', 'put', file, '--binding', 'BLACKLIST', ...place]);
    expect(call?.entries).toEqual([
      { key: 'revoked:s1', value: 'password_reset', expiration_ttl: 7_500 },
      { key: 'revoked:s2', value: 'password_reset', expiration_ttl: 60 },
    ]);
    expect(existsSync(file)).toBe(false);
  });

  it('report why KV could not be written', async () => {
    await expect(told({ remote: true }, 1)).rejects.toThrow('wrangler kv bulk put: not logged in');
  });
});

describe('the variables of the Worker', () => {
  const settings = async (
    files: Record<string, string>,
    where: { remote: boolean; environment?: string },
  ) => {
    const folder = temporaryFolder();
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const known = await workerVariables({
      environment: undefined,
      ...where,
      config: join(folder, 'wrangler.toml'),
    });
    return [known.PASSWORD_MIN_LENGTH, known.LEEWAY];
  };
  const files = {
    'wrangler.toml': [
      'name = "w"',
      'compatibility_date = "2026-08-15"',
      'vars = { PASSWORD_MIN_LENGTH = 12, LEEWAY = "1s" }',
      '[env.staging.vars]',
      'PASSWORD_MIN_LENGTH = "13"',
    ].join('\n'),
    '.dev.vars': 'LEEWAY=2s\nSIGNING_KEY=x\n',
  };

  beforeEach(() => {
    vi.stubEnv('PASSWORD_MIN_LENGTH', undefined);
    vi.stubEnv('LEEWAY', undefined);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it.each<[string, { remote: boolean; environment?: string }, unknown[]]>([
    ['here: .dev.vars over wrangler.toml', { remote: false }, [12, '2s']],
    ['at Cloudflare: wrangler.toml alone', { remote: true }, [12, '1s']],
    ['of an environment: its own', { remote: true, environment: 'staging' }, ['13', undefined]],
  ])('are, %s', async (_, where, expected) => {
    expect(await settings(files, where)).toEqual(expected);
  });

  it('are overridden by the environment of the process', async () => {
    vi.stubEnv('LEEWAY', '3s');
    expect(await settings(files, { remote: false })).toEqual([12, '3s']);
  });

  it('that cannot be read are reported with their file', async () => {
    await expect(settings({ 'wrangler.toml': 'vars = 1' }, { remote: true })).rejects.toThrow(ScriptFault);
    await expect(settings({}, { remote: true })).rejects.toThrow('wrangler.toml');
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
  it('creates a staff account, and finds it the next time', { timeout: 120_000 }, async () => {
    const state = join(temporaryFolder(), 'state');
    const args = ['--email', 'Boss@Example.com', '--persist-to', state];
    const select = 'SELECT email, password_hash, is_active, is_staff, email_verified_at FROM users';

    const weak = await run('createsuperuser', args, { input: 'password1\n' });
    expect(weak).toMatchObject({ code: 1, stdout: '' });
    expect(weak.stderr).toBe('This password is too common.\n');

    const made = await run('createsuperuser', args, { input: 'wonderful tea 9 \n' });
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(made.stdout).toMatch(/^Created the staff account boss@example\.com/);
    expect(made.stdout).toMatch(/^Console: http:\/\/localhost:8787\/admin/m);
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

  it('leaves a user with that address as they are, unless an option says otherwise', {
    timeout: 120_000,
  }, async () => {
    const state = join(temporaryFolder(), 'state');
    const args = ['--email', 'boss@example.com', '--persist-to', state];
    await run('createsuperuser', ['--email', 'other@example.com', '--persist-to', state], {
      input: 'wonderful tea 9\n',
    });
    const expiresAt = Math.floor(Date.now() / 1_000) + 3 * 3_600;
    await rowsOf(state, `${insertUser('is_staff', '0').join(';')}; ${insertSession('s1', 'u', expiresAt)}`);
    const select = "SELECT is_staff, password_hash FROM users WHERE id = 'u'";

    const refused = await run('createsuperuser', args, { input: 'wonderful tea 9\n' });
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('the address was never confirmed');
    expect(refused.stderr).not.toContain('    at ');
    expect(await rowsOf(state, select)).toEqual([{ is_staff: 0, password_hash: 'old' }]);

    const reset = await run('createsuperuser', [...args, '--reset-password'], {
      input: 'wonderful tea 9\n',
    });
    expect(reset).toMatchObject({ code: 0, stderr: '' });
    expect(reset.stdout).toContain('Its password was replaced and its sessions have ended.');
    expect(await rowsOf(state, select)).toMatchObject([{ is_staff: 1 }]);
    const kv = (...rest: string[]) =>
      wrangler(['kv', 'key', ...rest, '--binding', 'BLACKLIST', '--local', '--persist-to', state]);
    expect((await kv('get', 'revoked:s1', '--text')).stdout.trim()).toBe('password_reset');
    const [key, ...more] = JSON.parse((await kv('list')).stdout) as { name: string; expiration: number }[];
    expect([key?.name, more]).toEqual(['revoked:s1', []]);
    expect(Math.abs(Number(key?.expiration) - expiresAt - 300)).toBeLessThan(60);
  });

  it.each<[string, string[], Record<string, string>, string]>([
    ['no address', [], {}, '--email is required'],
    ['a bad address', ['--email', 'boss'], {}, '--email is not an e-mail address'],
    ['a bad username', ['--email', 'a@example.com', '--username', 'a b'], {}, '--username takes'],
    [
      'a username that is too long as it is kept',
      ['--email', 'a@example.com', '--username', 'ﬃ'.repeat(51)],
      {},
      '--username takes',
    ],
    [
      'two words about the password',
      ['--email', 'a@example.com', '--reset-password', '--keep-password'],
      {},
      'cannot be combined',
    ],
    ['a password as argument', ['--email', 'a@example.com', '--password', 'x'], {}, "'--password'"],
    ['a bad setting', ['--email', 'a@example.com'], { PASSWORD_ITERATIONS: '10' }, 'PASSWORD_ITERATIONS'],
    ['a weak setting for production', ['--email', 'a@example.com', '--remote'], {}, 'at least 600000'],
  ])('reports %s and exits with 1', async (_, args, env, sentence) => {
    const ended = await run('createsuperuser', args, { env });
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toContain(sentence);
    expect(ended.stderr).not.toContain('    at ');
  });
});
