/** People: sign-up, log-in, what they change about themselves, and withdrawal. */
import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import { sha256Hex } from '../../src/encoding.ts';
import { capturedLog } from '../support/log.ts';
import { watchedD1 } from '../support/watched-d1.ts';
import {
  type Answer,
  atOnce,
  claimsOf,
  codeOf,
  faultsOf,
  person,
  RACE,
  tally,
  type Vars,
  type World,
  world,
} from '../support/world.ts';

capturedLog();

const PASSWORD = 'correct horse battery';
let nonces = 0;
/** Lower-case letters that no other test has. */
const nonce = () => {
  nonces += 1;
  return `n${nonces}x${crypto.randomUUID().replaceAll('-', '').slice(0, 8)}`;
};
const wide = (text: string) =>
  text.replace(/[a-z]/g, (letter) => String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0));
const punycode = (domain: string) => new URL(`http://${domain}`).hostname;

/** One address, and every way to write it. */
function spellings(n = nonce()) {
  const local = `josé-${n}`;
  const domain = `bücher-${n}.example`;
  return {
    canonical: `${local}@${domain}`,
    all: {
      'as it is kept': `${local}@${domain}`,
      'in capitals': `${local}@${domain}`.toUpperCase(),
      'with a capital': `J${local.slice(1)}@B${domain.slice(1)}`,
      'with white space around': `  ${local}@${domain}\t`,
      'with line ends around': `\r\n${local}@${domain}\n`,
      'with the domain in punycode': `${local}@${punycode(domain)}`,
      'with the domain in punycode and capitals': `${local}@${punycode(domain).toUpperCase()}`,
      decomposed: `${local}@${domain}`.normalize('NFD'),
      'decomposed and in capitals': `${local}@${domain}`.normalize('NFD').toUpperCase(),
      'with a domain of full-width letters': `${local}@${wide(domain)}`,
      'with an ideographic full stop': `${local}@${domain.replace('.', '。')}`,
    },
  };
}

/** A username and ways to write it. */
function nameSpellings(n = nonce()) {
  return {
    canonical: `fiona.é${n}`,
    all: {
      'as it is kept': `fiona.é${n}`,
      'in capitals': `fiona.é${n}`.toUpperCase(),
      decomposed: `fiona.é${n}`.normalize('NFD'),
      'in full-width letters': `${wide('fiona')}.é${n}`,
      'with a ligature': `ﬁona.é${n}`,
      'with white space around': ` fiona.é${n}\n`,
    },
  };
}

const userRow = async (w: World, id: string) =>
  (await w.rows<Record<string, string | number | null>>('SELECT * FROM users WHERE id = ?', id))[0];
const sessionsOf = (w: World, id: string) =>
  w.rows<{ id: string; revoked_at: number | null }>('SELECT * FROM sessions WHERE user_id = ?', id);

/** A world in which something happens to a user right after its first round trip to D1. */
const meanwhile = (userId: string, statements: readonly string[], vars: Vars = {}) =>
  world({
    vars,
    bindings: {
      DB: watchedD1({
        after: ({ number }) =>
          number === 1 && env.DB.batch(statements.map((sql) => env.DB.prepare(sql).bind(userId))),
      }).DB,
    },
  });
const END_SESSIONS = 'UPDATE sessions SET revoked_at = 1 WHERE user_id = ?';
const DEACTIVATE = ['UPDATE users SET is_active = 0 WHERE id = ?', END_SESSIONS];
const DELETE = ['DELETE FROM users WHERE id = ?'];
const CHANGE_PASSWORD = [
  "UPDATE users SET password_version = password_version + 1, password_hash = 'new' WHERE id = ?",
];

describe('sign-up', () => {
  it('answers the user, exactly, and a pair of tokens', async () => {
    const w = world();
    const who = { ...person(), name: 'Mina Kim', username: `Mina${nonce()}` };
    const answer = await w.post('/account/sign-up', who);
    expect(answer.status).toBe(201);
    expect(Object.keys(answer.body).sort()).toEqual(['access', 'refresh', 'user']);
    const joined = new Date(w.clock.now * 1_000).toISOString().replace('.000Z', 'Z');
    expect(answer.body.user).toStrictEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      email: who.email,
      username: who.username,
      name: who.name,
      is_active: true,
      is_staff: false,
      email_verified: false,
      date_joined: joined,
      last_login: joined,
    });
    expect(claimsOf(answer.body.access).sub).toBe(answer.body.user.id);
    expect((await w.me(answer.body.access)).body).toStrictEqual(answer.body.user);
    expect((await w.refresh(answer.body.refresh)).status).toBe(200);
  });

  it('gives ids that sort by age', async () => {
    const w = world();
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      w.clock.advance(1);
      ids.push((await w.signUp()).user.id);
    }
    expect(ids).toEqual([...ids].sort());
  });

  it('has null where nothing was given', async () => {
    const w = world();
    const { body } = (await w.signUp()).answer;
    expect(body.user).toMatchObject({ username: null, name: null });
  });

  it.each(Object.keys(spellings().all))('takes an address %s and answers its one form', async (which) => {
    const w = world();
    const { canonical, all } = spellings();
    const answer = await w.post('/account/sign-up', {
      email: all[which as keyof typeof all],
      password: PASSWORD,
    });
    expect([answer.status, answer.body.user?.email]).toEqual([201, canonical]);
  });

  it('of one address in many spellings, fifty at once, makes one account', RACE, async () => {
    const w = world();
    const { canonical, all } = spellings();
    const ways = Object.values(all);
    const answers = await atOnce(50, (i) =>
      w.post('/account/sign-up', { email: ways[i % ways.length], password: PASSWORD }),
    );
    expect(tally(answers)).toEqual({ 201: 1, 409: 49 });
    expect(answers.filter((answer) => codeOf(answer) === 'email_taken')).toHaveLength(49);
    const rows = await w.rows<{ id: string; email: string }>(
      'SELECT id, email FROM users WHERE email = ?',
      canonical,
    );
    expect(rows).toHaveLength(1);
    const id = rows[0]?.id ?? '';
    expect(await sessionsOf(w, id)).toHaveLength(1);
    const tokens = await w.rows('SELECT 1 FROM one_time_tokens WHERE subject = ?', id);
    expect(tokens).toHaveLength(1);
  });

  it('of one username in many spellings, fifty at once, makes one account', RACE, async () => {
    const w = world();
    const { all } = nameSpellings();
    const ways = Object.values(all);
    const people = Array.from({ length: 50 }, () => person());
    const answers = await atOnce(50, (i) =>
      w.post('/account/sign-up', { ...people[i], username: ways[i % ways.length] }),
    );
    expect(tally(answers)).toEqual({ 201: 1, 409: 49 });
    expect(answers.filter((answer) => codeOf(answer) === 'username_taken')).toHaveLength(49);
    const addresses = people.map(({ email }) => email);
    const rows = await w.rows(
      `SELECT 1 FROM users WHERE email IN (${addresses.map(() => '?').join()})`,
      ...addresses,
    );
    expect(rows).toHaveLength(1);
  });

  it('leaves nothing behind where the address is taken', async () => {
    const w = world();
    const who = await w.signUp();
    const counts = () =>
      w.rows(
        'SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM sessions), (SELECT count(*) FROM one_time_tokens)',
      );
    const before = await counts();
    const answer = await w.post('/account/sign-up', { ...who, username: nonce() });
    expect(answer).toMatchObject({ status: 409, body: { status: 409, code: 'email_taken' } });
    expect(await counts()).toEqual(before);
  });

  it.each(Object.keys(nameSpellings().all))(
    'keeps a username given %s in NFKC, and refuses a second',
    async (which) => {
      const w = world();
      const { all } = nameSpellings();
      const given = all[which as keyof typeof all];
      const first = await w.post('/account/sign-up', { ...person(), username: given });
      expect([first.status, first.body.user.username]).toEqual([201, given.trim().normalize('NFKC')]);
      for (const other of Object.values(all)) {
        const second = await w.post('/account/sign-up', { ...person(), username: other });
        expect([second.status, codeOf(second)]).toEqual([409, 'username_taken']);
      }
    },
  );

  it('names the address where both address and username are taken', async () => {
    const w = world();
    const username = nonce();
    const who = await w.signUp({ ...person(), username });
    const answer = await w.post('/account/sign-up', { email: who.email, password: PASSWORD, username });
    expect(codeOf(answer)).toBe('email_taken');
  });

  it('takes nothing from a body but e-mail, password, name and username', async () => {
    const w = world();
    const who = person();
    const answer = await w.post('/account/sign-up', {
      ...who,
      id: '00000000-0000-7000-8000-000000000000',
      is_staff: true,
      isStaff: true,
      is_active: false,
      isActive: false,
      email_verified: true,
      emailVerifiedAt: 1,
      date_joined: '2001-01-01T00:00:00Z',
      dateJoined: 1,
      last_login: null,
      password_hash: 'x',
      passwordHash: 'x',
      password_version: 9,
      passwordVersion: 9,
      usernameKey: 'admin',
      username_key: 'admin',
      role: 'admin',
      user: { is_staff: true },
    });
    expect(answer.status).toBe(201);
    const row = await userRow(w, answer.body.user.id);
    expect(row).toMatchObject({
      email: who.email,
      is_staff: 0,
      is_active: 1,
      email_verified_at: null,
      date_joined: w.clock.now,
      last_login_at: w.clock.now,
      password_version: 1,
      username: null,
      username_key: null,
    });
    expect(row?.password_hash).toMatch(/^\$pbkdf2-sha256-chain\$i=1000,c=100000\$/);
    expect(claimsOf(answer.body.access)).not.toHaveProperty('is_staff');
  });

  it('shows of a hash nothing anywhere', async () => {
    const w = world();
    const who = await w.signUp();
    const hash = String((await userRow(w, who.user.id))?.password_hash);
    for (const answer of [who.answer, await w.me(who.access), await w.logIn(who)]) {
      expect(answer.text).not.toMatch(/pbkdf2|password/);
      expect(answer.text).not.toContain(hash.split('$').at(-1));
    }
  });

  it.each<[string, unknown]>([
    ['is good', person()],
    ['is empty', {}],
    ['has a password too short', { ...person(), password: 'x' }],
    ['is no object', []],
  ])('is 403 where SIGN_UP=closed, whatever was sent: what %s', async (_, sent) => {
    const w = world({ vars: { SIGN_UP: 'closed' } });
    const answer = await w.post('/account/sign-up', sent);
    expect([answer.status, codeOf(answer)]).toEqual([403, 'sign_up_closed']);
  });
});

/** The body's fields as given; `undefined` leaves one out. */
type Body = Record<string, unknown>;

const NOT_TEXT: [string, unknown, string][] = [
  ['a number', 5, 'invalid'],
  ['zero', 0, 'invalid'],
  ['true', true, 'invalid'],
  ['false', false, 'invalid'],
  ['a list', [], 'invalid'],
  ['a list of text', ['x'], 'invalid'],
  ['an object', {}, 'invalid'],
];
const REQUIRED: [string, unknown, string][] = [
  ['left out', undefined, 'required'],
  ['null', null, 'null'],
  ['blank', '', 'blank'],
  ...NOT_TEXT,
];
const NOT_PLAIN: [string, unknown, string][] = [
  ['with a NUL', 'mi\u0000na', 'invalid'],
  ['with a BEL', 'mi\u0007na', 'invalid'],
  ['with a line end inside', 'mi\nna', 'invalid'],
  ['with a tab inside', 'mi\tna', 'invalid'],
  ['with a DEL', 'mi\u007fna', 'invalid'],
  ['with a C1 control', 'mi\u0085na', 'invalid'],
  ['with a lone high surrogate', 'mi\ud800na', 'invalid'],
  ['with a lone low surrogate', 'mi\udc00na', 'invalid'],
];
const label = (n: number) => 'a'.repeat(n);
/** 254 characters: as long as an address may be. */
const LONGEST = `${label(64)}@${label(63)}.${label(63)}.${label(58)}.kr`;

const EMAILS: [string, unknown, string][] = [
  ...REQUIRED,
  ['white space', ' \t\n ', 'blank'],
  ['a word', 'mina', 'invalid'],
  ['without a domain', 'mina@', 'invalid'],
  ['without a local part', '@example.com', 'invalid'],
  ['with a domain of one label', 'mina@localhost', 'invalid'],
  ['with white space inside', 'mi na@example.com', 'invalid'],
  ['with white space before @', 'mina @example.com', 'invalid'],
  ['with two dots in the domain', 'mina@example..com', 'invalid'],
  ['with a dot at the end', 'mina@example.com.', 'invalid'],
  ['with a dot first', '.mina@example.com', 'invalid'],
  ['with a dot before @', 'mina.@example.com', 'invalid'],
  ['with two dots in a row', 'mi..na@example.com', 'invalid'],
  ['with a label that begins with a hyphen', 'mina@-example.com', 'invalid'],
  ['with a label that ends with one', 'mina@example-.com', 'invalid'],
  ['with an underscore in the domain', 'mina@exa_mple.com', 'invalid'],
  ['with an IPv4 address', 'mina@127.0.0.1', 'invalid'],
  ['with an IPv4 address in hex', 'mina@0x7f.0.0.1', 'invalid'],
  ['with an address literal', 'mina@[127.0.0.1]', 'invalid'],
  ['with a port', 'mina@example.com:80', 'invalid'],
  ['with a path', 'mina@example.com/x', 'invalid'],
  ['with a user before it', 'mina@a@example.com', 'invalid'],
  ['with a name beside it', 'Mina <mina@example.com>', 'invalid'],
  ['quoted', '"mi na"@example.com', 'invalid'],
  ['two of them', 'mina@example.com,jin@example.com', 'invalid'],
  ['with a zero-width space', 'mi\u200bna@example.com', 'invalid'],
  ['with a right-to-left override', 'mi\u202ena@example.com', 'invalid'],
  ['with bad punycode', 'mina@xn--a-.example', 'invalid'],
  ['with a NUL', 'mi\u0000na@example.com', 'invalid'],
  ['with a NUL in the domain', 'mina@exam\u0000ple.com', 'invalid'],
  ['with a line end inside', 'mi\nna@example.com', 'invalid'],
  ['with a header to inject', 'mina@example.com\r\nBcc: x@example.com', 'invalid'],
  ['with a lone surrogate', 'mi\ud800na@example.com', 'invalid'],
  ['with a local part of 65 octets', `${label(65)}@example.com`, 'invalid'],
  ['of 255 characters', `${LONGEST.slice(0, -3)}a.kr`, 'max_length'],
  ['of 10,000 characters', `${label(10_000)}@example.com`, 'max_length'],
];
const PASSWORDS: [string, unknown, string][] = [
  ...REQUIRED,
  ['of 7 characters', 'kR7!xq_', 'password_too_short'],
  ['of 7 emoji, more than 8 units', '🦊🐙🦑🐝🦋🐌🐞', 'password_too_short'],
  ['of 257 characters', `${'kR7!xq_z'.repeat(32)}x`, 'password_too_long'],
  ['of 257 emoji', '🦊'.repeat(257), 'password_too_long'],
  // So many that no address made of digits by chance is like them.
  ['of digits', '837465029183746502918374650291', 'password_entirely_numeric'],
  ['of digits of another script', '٨٣٧٤٦٥٠٢٩', 'password_entirely_numeric'],
  ['that is common', 'password1', 'password_too_common'],
  ['that is common, in capitals', 'PASSWORD1', 'password_too_common'],
  ['that is common, in full-width letters', wide('password'), 'password_too_common'],
  ['with a lone surrogate', 'kR7!xq_z\ud800', 'invalid'],
];
const NAMES: [string, unknown, string][] = [
  ...NOT_TEXT,
  ...NOT_PLAIN,
  ['of 151 characters', 'a'.repeat(151), 'max_length'],
  ['of 151 emoji', '🦊'.repeat(151), 'max_length'],
];
const USERNAMES: [string, unknown, string][] = [
  ...NOT_TEXT,
  ...NOT_PLAIN,
  ['of 151 characters', 'a'.repeat(151), 'max_length'],
  ['of 151 letters beyond the first plane', '𐐨'.repeat(151), 'max_length'],
  ['of 150 ligatures, 450 letters in NFKC', 'ﬃ'.repeat(150), 'max_length'],
  ['with white space inside', 'mi na', 'invalid'],
  ['with an exclamation mark', 'mina!', 'invalid'],
  ['with a slash', 'mi/na', 'invalid'],
  ['with a colon', 'mi:na', 'invalid'],
  ['with an angle bracket', '<b>mina', 'invalid'],
  ['with an emoji', 'mina🦊', 'invalid'],
  ['with a zero-width joiner', 'mi\u200dna', 'invalid'],
  ['that is another’s address', 'somebody-else@example.com', 'invalid'],
  ['with @ that is no address', 'mi@na', 'invalid'],
  ['with a full-width @', 'mi＠na', 'invalid'],
  ['of marks that stand on nothing', '\u0301\u0301', 'invalid'],
  ['of numbers that are no digits', '\u{10107}mina', 'invalid'],
];

describe('sign-up validates every field', () => {
  const cases = (field: string, table: [string, unknown, string][]) =>
    table.map(([what, value, code]): [string, string, unknown, string] => [field, what, value, code]);

  it.each([
    ...cases('email', EMAILS),
    ...cases('password', PASSWORDS),
    ...cases('name', NAMES),
    ...cases('username', USERNAMES),
  ])('%s %s is 400', async (field, _, value, code) => {
    const w = world();
    const answer = await w.post('/account/sign-up', { ...person(), [field]: value });
    expect(answer).toMatchObject({
      status: 400,
      body: { status: 400, code: 'invalid', title: 'Bad Request' },
    });
    expect(faultsOf(answer)).toEqual({ [field]: [code] });
    expect(answer.body.errors[field]).toStrictEqual([{ message: expect.any(String), code }]);
  });

  it.each<[string, () => Body]>([
    [
      'a local part of 64 octets',
      () => ({ email: `${label(64 - 14)}${nonce().slice(0, 14).padEnd(14, 'z')}@example.com` }),
    ],
    [
      'an address of 254 characters',
      () => ({ email: LONGEST.replace(/^a{24}/, () => nonce().padEnd(24, 'q')) }),
    ],
    [
      'an address with every sign an atom may have',
      () => ({ email: `!#$%&'*+-/=?^_\`{|}~${nonce()}@example.com` }),
    ],
    ['an address in Hangul', () => ({ email: `미나${nonce()}@한국${nonce()}.한국` })],
    ['a password of 8 characters', () => ({ password: 'kR7!xq_z' })],
    ['a password of 8 emoji', () => ({ password: '🦊🐙🦑🐝🦋🐌🐞🐜' })],
    ['a password of 256 characters', () => ({ password: 'kR7!xq_z'.repeat(32) })],
    ['a password of 256 emoji', () => ({ password: '🦊🐙🦑🐝'.repeat(64) })],
    ['a password with NUL and line ends', () => ({ password: 'a\u0000b\nc\td horse' })],
    ['a password of spaces around letters', () => ({ password: '   qz   ' })],
    ['a name of null', () => ({ name: null })],
    ['an empty name', () => ({ name: '' })],
    ['a name of 150 characters', () => ({ name: 'a'.repeat(150) })],
    ['a name of 150 emoji', () => ({ name: '🦊'.repeat(150) })],
    ['a name of 150 characters and white space around', () => ({ name: ` ${'a'.repeat(150)} ` })],
    ['a name with markup, which is text', () => ({ name: '<script>alert(1)</script>' })],
    ['a username of null', () => ({ username: null })],
    ['an empty username', () => ({ username: '' })],
    ['a username of 150 characters', () => ({ username: nonce().padEnd(150, 'a') })],
    [
      'a username of 150 letters beyond the first plane',
      () => ({ username: nonce() + '𐐨'.repeat(150 - nonce().length) }),
    ],
    ['a username with every sign', () => ({ username: `a.b+c-d_${nonce()}` })],
    ['a username in Hangul', () => ({ username: `미나${nonce()}` })],
  ])('%s is good', async (_, change) => {
    const w = world();
    const answer = await w.post('/account/sign-up', { ...person(), ...change() });
    expect([answer.status, faultsOf(answer)]).toEqual([201, {}]);
  });

  it.each<[string, (email: string) => string]>([
    ['as it is', (email) => email],
    ['in capitals', (email) => email.toUpperCase()],
    ['in full-width letters', wide],
  ])('a username that is the own address %s is good', async (_, spell) => {
    const w = world();
    const who = person();
    const answer = await w.post('/account/sign-up', { ...who, username: spell(who.email) });
    expect([answer.status, faultsOf(answer)]).toEqual([201, {}]);
    expect((await w.logIn({ username: answer.body.user.username, password: who.password })).status).toBe(200);
  });

  it.each<[string, (n: string) => Body]>([
    ['e-mail', (n) => ({ email: `${n}@example.com`, password: `${n}!` })],
    ['username', (n) => ({ username: n, password: `${n}1` })],
    ['name', (n) => ({ name: `Mina ${n}`, password: n.toUpperCase() })],
  ])('a password too like the %s is refused', async (_, change) => {
    const w = world();
    const answer = await w.post('/account/sign-up', { ...person(), ...change(nonce()) });
    expect([answer.status, faultsOf(answer)]).toEqual([400, { password: ['password_too_similar'] }]);
  });

  it('tells the faults of all fields at once', async () => {
    const w = world();
    const answer = await w.post('/account/sign-up', { email: 1, password: null, name: [], username: 'a b' });
    expect(faultsOf(answer)).toEqual({
      email: ['invalid'],
      password: ['null'],
      name: ['invalid'],
      username: ['invalid'],
    });
  });

  it('tells all faults of a password at once', async () => {
    const w = world();
    const answer = await w.post('/account/sign-up', { ...person(), password: '1234567' });
    expect(faultsOf(answer)).toEqual({ password: ['password_too_short', 'password_entirely_numeric'] });
  });

  it.each([
    ['en', 'This field is required.', 'Ensure this field has no more than 150 characters.'],
    ['ko', '이 필드는 필수입니다.', '이 필드는 150자를 넘을 수 없습니다.'],
  ])('in %s says it in words', async (language, required, tooLong) => {
    const w = world();
    const answer = await w.post(
      '/account/sign-up',
      { password: PASSWORD, name: 'x'.repeat(151) },
      { headers: { 'Accept-Language': language } },
    );
    expect(answer.body.errors).toEqual({
      email: [{ message: required, code: 'required' }],
      name: [{ message: tooLong, code: 'max_length' }],
    });
  });

  it.each([['PASSWORD_MIN_LENGTH', 12, 'kR7!xq_zkR7', 'kR7!xq_zkR7!']])(
    '%s=%i holds',
    async (setting, least, short, enough) => {
      const w = world({ vars: { [setting]: String(least) } });
      expect(faultsOf(await w.post('/account/sign-up', { ...person(), password: short }))).toEqual({
        password: ['password_too_short'],
      });
      expect((await w.post('/account/sign-up', { ...person(), password: enough })).status).toBe(201);
    },
  );
});

describe('log-in validates every field', () => {
  const good = { email: 'nobody@example.com', password: PASSWORD };
  const byName = { username: 'nobody', password: PASSWORD };

  it.each<[string, Body, Record<string, string[]>]>([
    ['nothing at all', {}, { email: ['required'], password: ['required'] }],
    ['no name', { password: PASSWORD }, { email: ['required'] }],
    ['no password', { email: good.email }, { password: ['required'] }],
    ['a password of null', { ...good, password: null }, { password: ['null'] }],
    ['an empty password', { ...good, password: '' }, { password: ['blank'] }],
    [
      'a password of 257 characters',
      { ...good, password: 'x'.repeat(257) },
      { password: ['password_too_long'] },
    ],
    ['a password with a lone surrogate', { ...good, password: 'x\ud800' }, { password: ['invalid'] }],
    ...NOT_TEXT.map(([what, value, code]): [string, Body, Record<string, string[]>] => [
      `a password that is ${what}`,
      { ...good, password: value },
      { password: [code] },
    ]),
    ...NOT_TEXT.map(([what, value, code]): [string, Body, Record<string, string[]>] => [
      `an e-mail that is ${what}`,
      { ...good, email: value },
      { email: [code] },
    ]),
    ['an e-mail of null', { ...good, email: null }, { email: ['null'] }],
    ['an empty e-mail', { ...good, email: '' }, { email: ['blank'] }],
    ['an e-mail that is none', { ...good, email: 'nobody' }, { email: ['invalid'] }],
    ['an e-mail with a NUL', { ...good, email: 'no\u0000body@example.com' }, { email: ['invalid'] }],
    ...NOT_TEXT.map(([what, value, code]): [string, Body, Record<string, string[]>] => [
      `a username that is ${what}`,
      { ...byName, username: value },
      { username: [code] },
    ]),
    ['a username of null', { ...byName, username: null }, { username: ['null'] }],
    ['an empty username', { ...byName, username: '' }, { username: ['blank'] }],
    [
      'a username with a control character',
      { ...byName, username: 'no\u0001body' },
      { username: ['invalid'] },
    ],
    ['a username with a lone surrogate', { ...byName, username: 'no\ud800' }, { username: ['invalid'] }],
    ['a username of 255 characters', { ...byName, username: 'x'.repeat(255) }, { username: ['max_length'] }],
  ])('%s is 400', async (_, body, faults) => {
    const w = world();
    const answer = await w.post('/account/login', body);
    expect([answer.status, codeOf(answer), faultsOf(answer)]).toEqual([400, 'invalid', faults]);
  });
});

describe('log-in', () => {
  it('answers a pair of a new session', async () => {
    const w = world();
    const who = await w.signUp();
    const answer = await w.logIn(who);
    expect([answer.status, Object.keys(answer.body).sort()]).toEqual([200, ['access', 'refresh']]);
    expect(claimsOf(answer.body.refresh).sid).not.toBe(claimsOf(who.refresh).sid);
    expect(claimsOf(answer.body.refresh).sub).toBe(who.user.id);
    expect((await w.me(answer.body.access)).body.id).toBe(who.user.id);
  });

  it.each(Object.keys(spellings().all))(
    'finds an address written %s, as e-mail and as username',
    async (which) => {
      const w = world();
      const { canonical, all } = spellings();
      await w.signUp({ email: canonical, password: PASSWORD });
      const typed = all[which as keyof typeof all];
      expect((await w.logIn({ email: typed, password: PASSWORD })).status).toBe(200);
      expect((await w.logIn({ username: typed, password: PASSWORD })).status).toBe(200);
    },
  );

  it.each(Object.keys(nameSpellings().all))('finds a username written %s', async (which) => {
    const w = world();
    const { canonical, all } = nameSpellings();
    await w.signUp({ ...person(), username: canonical });
    expect((await w.logIn({ username: all[which as keyof typeof all], password: PASSWORD })).status).toBe(
      200,
    );
  });

  it('goes by the e-mail where both are given', async () => {
    const w = world();
    const [who, other] = [await w.signUp({ ...person(), username: nonce() }), await w.signUp()];
    const answer = await w.post('/account/login', {
      email: other.email,
      username: who.username,
      password: PASSWORD,
    });
    expect(claimsOf(answer.body.access).sub).toBe(other.user.id);
  });

  it('of staff says so in the access token alone', async () => {
    const w = world();
    const who = await w.signUp();
    await w.rows('UPDATE users SET is_staff = 1 WHERE id = ?', who.user.id);
    const { body } = await w.logIn(who);
    expect(claimsOf(body.access).is_staff).toBe(true);
    expect(claimsOf(body.refresh)).not.toHaveProperty('is_staff');
  });

  it('of a verified address says so in the access token alone', async () => {
    const w = world();
    const who = await w.signUp();
    expect(claimsOf(who.access).email_verified).toBe(false);
    await w.rows('UPDATE users SET email_verified_at = 1 WHERE id = ?', who.user.id);
    const { body } = await w.logIn(who);
    expect(claimsOf(body.access).email_verified).toBe(true);
    expect(claimsOf(body.refresh)).not.toHaveProperty('email_verified');
    const next = await w.refresh(who.refresh);
    expect(claimsOf(next.body.access).email_verified).toBe(true);
  });

  it.each([
    ['that ends in a space', `${PASSWORD} `, PASSWORD],
    ['that begins with a space', ` ${PASSWORD}`, PASSWORD],
    ['that ends in a line end', `${PASSWORD}\n`, PASSWORD],
    ['that ends in a NUL', `${PASSWORD}\u0000`, PASSWORD],
    ['with two spaces inside', 'correct  horse battery', PASSWORD],
    ['in capitals', 'CORRECT HORSE BATTERY', PASSWORD],
    ['that differs in its 256th character', `${'kR7!xq_z'.repeat(31)}kR7!xq_Z`, 'kR7!xq_z'.repeat(32)],
  ])('a password %s is itself and no other', async (_, password, other) => {
    const w = world();
    const who = await w.signUp({ ...person(), password });
    expect((await w.logIn(who)).status).toBe(200);
    expect((await w.logIn({ ...who, password: other })).status).toBe(401);
  });

  it.each([
    ['composed and decomposed', 'pâté crémeux', 'pâté crémeux'.normalize('NFD')],
    ['with a ligature and without', 'ﬁne horse battery', 'fine horse battery'],
    ['in full-width letters and plain ones', wide('zqxjkvbw'), 'zqxjkvbw'],
    ['in Hangul syllables and in Jamo', '비밀번호가깁니다', '비밀번호가깁니다'.normalize('NFD')],
    ['with a no-break space and with a space', 'correct\u00a0horse', 'correct horse'],
  ])('two passwords %s are one', async (_, first, second) => {
    expect(first).not.toBe(second);
    const w = world();
    const who = await w.signUp({ ...person(), password: first });
    const other = await w.signUp({ ...person(), password: second });
    expect((await w.logIn({ ...who, password: second })).status).toBe(200);
    expect((await w.logIn({ ...other, password: first })).status).toBe(200);
  });

  it.each([
    ['true', true],
    ['false', false],
  ])('UPDATE_LAST_LOGIN=%s', async (setting, written) => {
    const w = world({ vars: { UPDATE_LAST_LOGIN: setting } });
    const who = await w.signUp();
    const at = () => new Date(w.clock.now * 1_000).toISOString().replace('.000Z', 'Z');
    expect((await w.me(who.access)).body.last_login).toBe(written ? at() : null);
    w.clock.advance(60);
    await w.logIn(who);
    expect((await w.me(who.access)).body.last_login).toBe(written ? at() : null);
    w.clock.advance(60);
    await w.refresh(who.refresh);
    await w.logIn({ ...who, password: 'wrong horse battery' });
    expect((await userRow(w, who.user.id))?.last_login_at).toBe(written ? w.clock.now - 60 : null);
  });
});

describe('known, unknown, inactive: one answer and one work for all', () => {
  interface Attempt {
    email?: string;
    username?: string;
    password: string;
  }
  const WRONG = 'wrong horse battery';
  const attempts: [string, (w: World) => Promise<Attempt>][] = [
    ['a wrong password', async (w) => ({ email: (await w.signUp()).email, password: WRONG })],
    ['an unknown address', async () => person()],
    ['an unknown username', async () => ({ username: nonce(), password: PASSWORD })],
    ['a username that nobody can have', async () => ({ username: 'no!body', password: PASSWORD })],
    ['a username that is no address', async () => ({ username: '@', password: PASSWORD })],
    [
      'an inactive user with the right password',
      async (w) => {
        const who = await w.signUp();
        await w.rows('UPDATE users SET is_active = 0 WHERE id = ?', who.user.id);
        return { email: who.email, password: who.password };
      },
    ],
    [
      'an inactive user with a wrong password',
      async (w) => {
        const who = await w.signUp();
        await w.rows('UPDATE users SET is_active = 0 WHERE id = ?', who.user.id);
        return { email: who.email, password: WRONG };
      },
    ],
    [
      'a user without a usable password',
      async (w) => {
        const who = await w.signUp();
        await w.rows("UPDATE users SET password_hash = '!unusable' WHERE id = ?", who.user.id);
        return { email: who.email, password: who.password };
      },
    ],
    [
      'a withdrawn user',
      async (w) => {
        const who = await w.signUp();
        await w.delete('/account/me', { password: who.password }, { token: who.access });
        return { email: who.email, password: who.password };
      },
    ],
  ];

  /** The first request tries what the platform allows: that is not the work of a log-in. */
  const ready = (w: World) => w.get('/.well-known/jwks.json');

  /** The iterations of each PBKDF2 call that `work` makes. */
  async function derivations(work: () => Promise<unknown>): Promise<number[]> {
    const spy = vi.spyOn(crypto.subtle, 'deriveBits');
    await work();
    const made = spy.mock.calls.map(([algorithm]) => (algorithm as { iterations: number }).iterations);
    spy.mockRestore();
    return made;
  }

  it.each(attempts)('%s', async (_, attempt) => {
    const watched = watchedD1();
    const w = world({ bindings: { DB: watched.DB } });
    await ready(w);
    const given = await attempt(w);
    watched.trips.length = 0;
    let answer: Answer | undefined;
    const made = await derivations(async () => {
      answer = await w.post('/account/login', given);
    });
    expect(answer?.status).toBe(401);
    expect(answer?.body).toStrictEqual({
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      detail: 'No active account found with the given credentials',
      code: 'no_active_account',
    });
    expect(answer?.headers.get('WWW-Authenticate')).toBe('Bearer realm="api"');
    expect(made).toEqual([1_000]);
    expect(watched.trips).toHaveLength(1);
  });

  it.each(attempts)(
    '%s, with the iterations of production in calls the platform allows',
    async (_, attempt) => {
      const w = world({ vars: { PASSWORD_ITERATIONS: undefined } });
      await ready(w);
      const given = await attempt(w);
      const made = await derivations(() => w.post('/account/login', given));
      expect(made).toEqual(Array(6).fill(100_000));
    },
  );

  it('the right password takes as much as a wrong one', async () => {
    const w = world({ vars: { PASSWORD_ITERATIONS: '250000' } });
    const who = await w.signUp();
    const right = await derivations(() => w.logIn(who));
    const wrong = await derivations(() => w.logIn({ ...who, password: WRONG }));
    expect(right).toEqual([100_000, 100_000, 50_000]);
    expect(wrong).toEqual(right);
  });

  it('a weaker hash of ours is topped up, so that it tells nothing', async () => {
    const who = await world().signUp();
    const w = world({ vars: { PASSWORD_ITERATIONS: '3000' } });
    await ready(w);
    const known = await derivations(() => w.logIn({ ...who, password: WRONG }));
    const unknown = await derivations(() => w.logIn(person()));
    const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
    expect([sum(known), sum(unknown)]).toEqual([3_000, 3_000]);
  });

  it('a password too long, or of a megabyte, is never hashed', async () => {
    const w = world();
    await ready(w);
    const made = await derivations(async () => {
      expect((await w.logIn({ ...person(), password: 'x'.repeat(257) })).status).toBe(400);
      expect((await w.logIn({ ...person(), password: 'x'.repeat(1_048_576) })).status).toBe(413);
      expect((await w.signUp({ ...person(), password: 'x'.repeat(257) })).answer.status).toBe(400);
    });
    expect(made).toEqual([]);
  });

  it('sign-up hashes once, by the production’s number, a taken address too', async () => {
    const w = world({ vars: { PASSWORD_ITERATIONS: undefined } });
    await ready(w);
    const who = person();
    expect(await derivations(() => w.signUp(who))).toEqual(Array(6).fill(100_000));
    expect(await derivations(() => w.signUp(who))).toEqual(Array(6).fill(100_000));
    const [row] = await w.rows<{ password_hash: string }>(
      'SELECT password_hash FROM users WHERE email = ?',
      who.email,
    );
    expect(row?.password_hash).toMatch(/^\$pbkdf2-sha256-chain\$i=600000,c=100000\$/);
  });
});

describe('a hash of an older or lower kind', () => {
  const ours = (iterations: number) => new RegExp(`^\\$pbkdf2-sha256-chain\\$i=${iterations},c=100000\\$`);
  const b64 = (bits: ArrayBuffer) => btoa(String.fromCharCode(...new Uint8Array(bits)));

  async function djangoHash(password: string, digest: 'SHA-1' | 'SHA-256', iterations = 2_000) {
    const text = new TextEncoder();
    const key = await crypto.subtle.importKey('raw', text.encode(password), 'PBKDF2', false, ['deriveBits']);
    const bits = await crypto.subtle.deriveBits(
      { name: 'PBKDF2', hash: digest, salt: text.encode('seasalt'), iterations },
      key,
      digest === 'SHA-1' ? 160 : 256,
    );
    return `pbkdf2_${digest.toLowerCase().replace('-', '')}$${iterations}$seasalt$${b64(bits)}`;
  }

  const old: [string, (w: World, id: string) => Promise<unknown>][] = [
    ['of ours with fewer iterations', async () => undefined],
    [
      'of Django’s pbkdf2_sha256',
      async (w, id) =>
        w.rows('UPDATE users SET password_hash = ? WHERE id = ?', await djangoHash(PASSWORD, 'SHA-256'), id),
    ],
    [
      'of Django’s pbkdf2_sha1',
      async (w, id) =>
        w.rows('UPDATE users SET password_hash = ? WHERE id = ?', await djangoHash(PASSWORD, 'SHA-1'), id),
    ],
  ];

  it.each(old)('%s is replaced at the next log-in, and the version stays', async (_, age) => {
    const before = world();
    const who = await before.signUp();
    await age(before, who.user.id);
    const w = world({ vars: { PASSWORD_ITERATIONS: '2000' } });
    expect((await w.logIn(who)).status).toBe(200);
    const row = await userRow(w, who.user.id);
    expect(row?.password_hash).toMatch(ours(2_000));
    expect(row?.password_version).toBe(1);
    expect((await w.logIn(who)).status).toBe(200);
    expect((await userRow(w, who.user.id))?.password_hash).toBe(row?.password_hash);
    await expect(w.me(who.access)).resolves.toMatchObject({ status: 200 });
  });

  it.each(old)('%s stays where the password is wrong', async (_, age) => {
    const before = world();
    const who = await before.signUp();
    await age(before, who.user.id);
    const { password_hash } = (await userRow(before, who.user.id)) ?? {};
    const w = world({ vars: { PASSWORD_ITERATIONS: '2000' } });
    expect((await w.logIn({ ...who, password: 'wrong horse battery' })).status).toBe(401);
    expect((await userRow(w, who.user.id))?.password_hash).toBe(password_hash);
  });

  it.each(old)('%s: four log-ins at once while it is replaced all succeed', RACE, async (_, age) => {
    const before = world();
    const who = await before.signUp();
    await age(before, who.user.id);
    const w = world({ vars: { PASSWORD_ITERATIONS: '2000' } });
    const answers = await atOnce(4, () => w.logIn(who));
    expect(tally(answers)).toEqual({ 200: 4 });
    expect(tally(await Promise.all(answers.map(({ body }) => w.me(body.access))))).toEqual({ 200: 4 });
    const row = await userRow(w, who.user.id);
    expect(row?.password_hash).toMatch(ours(2_000));
    expect(row?.password_version).toBe(1);
    expect((await w.logIn(who)).status).toBe(200);
  });

  it('of more iterations than now are asked for is left as it is', async () => {
    const before = world({ vars: { PASSWORD_ITERATIONS: '2000' } });
    const who = await before.signUp();
    const w = world();
    expect((await w.logIn(who)).status).toBe(200);
    expect((await userRow(w, who.user.id))?.password_hash).toMatch(ours(2_000));
  });

  it('is replaced although UPDATE_LAST_LOGIN=false', async () => {
    const who = await world().signUp();
    const w = world({ vars: { PASSWORD_ITERATIONS: '2000', UPDATE_LAST_LOGIN: 'false' } });
    await w.logIn(who);
    expect((await userRow(w, who.user.id))?.password_hash).toMatch(ours(2_000));
  });

  it('of Django’s takes the password as typed, not its NFKC form', async () => {
    const w = world();
    const who = await w.signUp();
    const typed = 'ﬁne horse battery';
    await w.rows(
      'UPDATE users SET password_hash = ? WHERE id = ?',
      await djangoHash(typed, 'SHA-256'),
      who.user.id,
    );
    expect((await w.logIn({ ...who, password: typed.normalize('NFKC') })).status).toBe(401);
    expect((await w.logIn({ ...who, password: typed })).status).toBe(200);
    expect((await w.logIn({ ...who, password: typed.normalize('NFKC') })).status).toBe(200);
  });
});

describe('PASSWORD_HASHER', () => {
  const SCRYPT = /^\$scrypt-nfkc\$ln=14,r=8,p=5\$/;
  const PBKDF2 = /^\$pbkdf2-sha256-chain\$i=1000,c=100000\$/;
  const hard = () => world({ vars: { PASSWORD_HASHER: 'scrypt' } });

  it('scrypt hashes, logs in, changes and resets nothing else', async () => {
    const w = hard();
    const who = await w.signUp();
    expect((await userRow(w, who.user.id))?.password_hash).toMatch(SCRYPT);
    expect((await w.logIn(who)).status).toBe(200);
    expect((await w.logIn({ ...who, password: 'wrong horse battery' })).status).toBe(401);
    expect((await w.logIn(person())).status).toBe(401);
  });

  it.each([
    ['up', () => world(), hard, SCRYPT],
    ['down', hard, () => world(), PBKDF2],
  ])('changed, moves a hash %s at the next log-in, and the version stays', async (_, from, to, form) => {
    const who = await from().signUp();
    const w = to();
    expect((await w.logIn({ ...who, password: 'wrong horse battery' })).status).toBe(401);
    expect((await userRow(w, who.user.id))?.password_hash).not.toMatch(form);
    expect((await w.logIn(who)).status).toBe(200);
    const row = await userRow(w, who.user.id);
    expect([row?.password_hash, row?.password_version]).toEqual([expect.stringMatching(form), 1]);
    expect((await w.logIn(who)).status).toBe(200);
    expect((await userRow(w, who.user.id))?.password_hash).toBe(row?.password_hash);
  });
});

describe('a log-in that read the user just before', () => {
  it.each([
    ['the password was changed', CHANGE_PASSWORD],
    ['the user became staff', ['UPDATE users SET is_staff = 1 WHERE id = ?']],
    ['the user was deactivated', DEACTIVATE],
    ['the user withdrew', DELETE],
  ])('%s is refused and opens no session', async (_, statements) => {
    const who = await world().signUp();
    const w = meanwhile(who.user.id, statements);
    const answer = await w.logIn(who);
    expect([answer.status, codeOf(answer)]).toEqual([401, 'no_active_account']);
    const left = (await sessionsOf(w, who.user.id)).map(({ id }) => id);
    expect(left.filter((id) => id !== claimsOf(who.refresh).sid)).toEqual([]);
  });

  it('neither evicts a session, nor replaces the new hash, nor writes the last log-in', async () => {
    const who = await world().signUp();
    const w = meanwhile(who.user.id, CHANGE_PASSWORD, {
      PASSWORD_ITERATIONS: '2000',
      MAX_SESSIONS_PER_USER: '1',
    });
    const before = await userRow(w, who.user.id);
    w.clock.advance(60);
    expect((await w.logIn(who)).status).toBe(401);
    expect(await userRow(w, who.user.id)).toEqual({ ...before, password_hash: 'new', password_version: 2 });
    expect(await sessionsOf(w, who.user.id)).toMatchObject([{ revoked_at: null }]);
  });
});

describe('PATCH /account/me', () => {
  it.each<[string, Body, Body]>([
    ['a name', { name: 'Mina' }, { name: 'Mina' }],
    ['a name with white space around', { name: '  Mina Kim \n' }, { name: 'Mina Kim' }],
    ['a name of null', { name: null }, { name: null }],
    ['an empty name', { name: '' }, { name: null }],
    ['a name of white space', { name: '   ' }, { name: null }],
    ['a name of 150 emoji', { name: '🦊'.repeat(150) }, { name: '🦊'.repeat(150) }],
    ['a username of null', { username: null }, { username: null }],
    ['an empty username', { username: '' }, { username: null }],
    ['both taken away', { name: null, username: null }, { name: null, username: null }],
    ['nothing', {}, {}],
    ['unknown fields', { nickname: 'x', is_superuser: true }, {}],
    [
      'what is not for the user to change',
      {
        id: 'x',
        email: 'other@example.com',
        is_staff: true,
        is_active: false,
        email_verified: true,
        password: 'x',
        date_joined: 'x',
        last_login: null,
        passwordHash: 'x',
        isStaff: true,
        usernameKey: 'x',
      },
      {},
    ],
  ])('%s', async (_, change, expected) => {
    const w = world();
    const who = await w.signUp({ ...person(), name: 'Before', username: nonce() });
    const before = (await w.me(who.access)).body;
    const hash = (await userRow(w, who.user.id))?.password_hash;
    const answer = await w.patch('/account/me', change, { token: who.access });
    expect(answer.status).toBe(200);
    expect(answer.body).toStrictEqual({ ...before, ...expected });
    expect((await w.me(who.access)).body).toStrictEqual(answer.body);
    expect((await userRow(w, who.user.id))?.password_hash).toBe(hash);
  });

  it('sets a username, which then logs in, and frees the old one', async () => {
    const w = world();
    const [first, second] = [nonce(), nonce()];
    const who = await w.signUp({ ...person(), username: first });
    const answer = await w.patch('/account/me', { username: second.toUpperCase() }, { token: who.access });
    expect(answer.body.username).toBe(second.toUpperCase());
    expect((await w.logIn({ username: second, password: PASSWORD })).status).toBe(200);
    expect((await w.logIn({ username: first, password: PASSWORD })).status).toBe(401);
    expect((await w.signUp({ ...person(), username: first })).answer.status).toBe(201);
  });

  it('sets the own username in another spelling', async () => {
    const w = world();
    const username = nonce();
    const who = await w.signUp({ ...person(), username });
    const answer = await w.patch('/account/me', { username: username.toUpperCase() }, { token: who.access });
    expect([answer.status, answer.body.username]).toEqual([200, username.toUpperCase()]);
  });

  it('sets the own address as username', async () => {
    const w = world();
    const who = await w.signUp();
    const answer = await w.patch('/account/me', { username: who.email.toUpperCase() }, { token: who.access });
    expect(answer.status).toBe(200);
    expect((await w.logIn({ username: who.email, password: PASSWORD })).status).toBe(200);
  });

  it.each([
    ...NAMES.map(([what, value, code]): [string, string, unknown, string] => ['name', what, value, code]),
    ...USERNAMES.map(([what, value, code]): [string, string, unknown, string] => [
      'username',
      what,
      value,
      code,
    ]),
  ])('%s %s is 400 and changes nothing', async (field, _, value, code) => {
    const w = world();
    const who = await w.signUp();
    const answer = await w.patch(
      '/account/me',
      { name: 'x', username: 'x', [field]: value },
      { token: who.access },
    );
    expect([answer.status, faultsOf(answer)]).toEqual([400, { [field]: [code] }]);
    expect((await w.me(who.access)).body).toMatchObject({ name: null, username: null });
  });

  it('a username that another has is 409 and changes nothing', async () => {
    const w = world();
    const other = await w.signUp({ ...person(), username: nonce() });
    const who = await w.signUp();
    const answer = await w.patch(
      '/account/me',
      { username: other.username?.toUpperCase(), name: 'x' },
      { token: who.access },
    );
    expect([answer.status, codeOf(answer)]).toEqual([409, 'username_taken']);
    expect((await w.me(who.access)).body).toMatchObject({ username: null, name: null });
  });

  it('one username wished by many at once goes to one', RACE, async () => {
    const w = world();
    const username = nonce();
    const people = await atOnce(10, () => w.signUp());
    const answers = await Promise.all(
      people.map(({ access }) => w.patch('/account/me', { username }, { token: access })),
    );
    expect(tally(answers)).toEqual({ 200: 1, 409: 9 });
    expect(await w.rows('SELECT 1 FROM users WHERE username_key = ?', username)).toHaveLength(1);
  });

  it('takes the last name to log in by from nobody', async () => {
    const w = world();
    const who = await w.signUp({ ...person(), username: nonce() });
    await w.rows('UPDATE users SET email = NULL WHERE id = ?', who.user.id);
    const answer = await w.patch('/account/me', { username: null }, { token: who.access });
    expect([answer.status, Object.keys(faultsOf(answer))]).toEqual([400, ['username']]);
    expect((await w.logIn({ username: who.username ?? '', password: PASSWORD })).status).toBe(200);
  });

  it.each([
    ['the session ended', [END_SESSIONS], 'token_not_valid'],
    ['the user withdrew', DELETE, 'user_not_found'],
    ['the user was deactivated', DEACTIVATE, 'user_inactive'],
  ])('is refused where %s between the check and the deed', async (_, statements, code) => {
    const who = await world().signUp();
    const w = meanwhile(who.user.id, statements);
    const answer = await w.patch('/account/me', { name: 'late' }, { token: who.access });
    expect([answer.status, codeOf(answer)]).toEqual([401, code]);
    expect((await userRow(w, who.user.id))?.name ?? null).toBeNull();
  });
});

describe('withdrawal', () => {
  const withdraw = (w: World, who: { access: string; password: string }) =>
    w.delete('/account/me', { password: who.password }, { token: who.access });

  /** Everything that D1 holds, as text, by table. */
  async function everyRow(w: World): Promise<[string, string[]][]> {
    const tables = await w.rows<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
    );
    return Promise.all(
      tables.map(
        async ({ name }): Promise<[string, string[]]> => [
          name,
          (await w.rows(`SELECT * FROM "${name}"`)).map((row) => JSON.stringify(row)),
        ],
      ),
    );
  }
  async function everyKey(): Promise<string[]> {
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await env.BLACKLIST.list({ ...(cursor !== undefined && { cursor }) });
      for (const { name, metadata } of page.keys) {
        found.push(`${name} ${JSON.stringify(metadata)} ${await env.BLACKLIST.get(name)}`);
      }
      cursor = page.list_complete ? undefined : page.cursor;
    } while (cursor !== undefined);
    return found;
  }

  it('leaves no address in the wish of somebody else who asked for it while it was taken', async () => {
    const w = world();
    const [who, other] = [await w.signUp(), await w.signUp()];
    const change = { new_email: who.email, password: other.password };
    expect((await w.post('/account/email/change', change, { token: other.access })).status).toBe(202);
    expect((await withdraw(w, who)).status).toBe(204);
    const rows = await w.rows("SELECT * FROM one_time_tokens WHERE purpose = 'email_change'");
    expect(rows.map(({ subject }) => subject)).toContain(other.user.id);
    expect(JSON.stringify(rows)).not.toContain(who.email);
  });

  it('leaves no row in any table and no KV entry that holds the person', async () => {
    const w = world({ vars: { MAIL: 'off' } });
    const who = await w.signUp({ ...person('gone'), name: `Name ${nonce()}`, username: nonce() });
    const bystander = await w.signUp();
    await w.refresh(who.refresh);
    const { refresh } = (await w.logIn(who)).body;
    await w.logOut(refresh);
    const { password_hash: hash } = (await userRow(w, who.user.id)) ?? {};
    const subject = await sha256Hex(who.email);
    const now = w.clock.now;
    const token = (owner: string, purpose: string) =>
      w.rows(
        'INSERT INTO one_time_tokens (subject, purpose, hash, payload, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)',
        owner,
        purpose,
        crypto.randomUUID(),
        JSON.stringify({ email: who.email }),
        now,
        now + 60,
      );
    for (const purpose of ['password_reset', 'email_verify', 'email_change'])
      await token(who.user.id, purpose);
    await token(subject, 'sign_up');
    const logged = (actor: string, about: string) =>
      w.rows(
        'INSERT INTO admin_log (id, at, actor_id, action, subject_id, detail) VALUES (?, ?, ?, ?, ?, NULL)',
        crypto.randomUUID(),
        now,
        actor,
        'user.update',
        about,
      );
    await logged(who.user.id, bystander.user.id);
    await logged(bystander.user.id, who.user.id);
    await logged(who.user.id, who.user.id);

    expect((await withdraw(w, who)).status).toBe(204);

    const traces = [who.user.id, who.email, who.name, who.username, String(hash), subject].map(String);
    const holding = (texts: readonly string[]) =>
      texts.filter((text) => traces.some((trace) => text.includes(trace)));
    for (const [table, rows] of await everyRow(w)) expect([table, holding(rows)]).toEqual([table, []]);
    expect(holding(await everyKey())).toEqual([]);

    const history = await w.rows<{ actor_id: string; subject_id: string }>(
      'SELECT actor_id, subject_id FROM admin_log WHERE at = ? AND action = ?',
      now,
      'user.update',
    );
    expect(history).toHaveLength(3);
    const pseudonyms = new Set(history.flatMap((row) => [row.actor_id, row.subject_id]));
    pseudonyms.delete(bystander.user.id);
    expect(pseudonyms.size).toBe(1);
    expect(await w.rows('PRAGMA foreign_key_check')).toEqual([]);
    expect((await w.me(bystander.access)).status).toBe(200);
  });

  it('kills every token of every session, as user_not_found at every door', async () => {
    const w = world();
    const who = await w.signUp();
    const other = (await w.logIn(who)).body;
    const rotated = (await w.refresh(who.refresh)).body;
    expect((await withdraw(w, who)).status).toBe(204);
    for (const pair of [who, other, rotated]) {
      for (const answer of [
        await w.me(pair.access),
        await w.verify(pair.access),
        await w.refresh(pair.refresh),
        await w.verify(pair.refresh),
        await w.patch('/account/me', { name: 'x' }, { token: pair.access }),
        await withdraw(w, { ...who, access: pair.access }),
      ]) {
        expect([answer.status, codeOf(answer)]).toEqual([401, 'user_not_found']);
      }
      expect((await w.logOut(pair.refresh)).status).toBe(204);
    }
    expect(codeOf(await w.logIn(who))).toBe('no_active_account');
  });

  it('frees address and username, and the new owner has nothing of the old one', async () => {
    const w = world();
    const who = await w.signUp({ ...person(), username: nonce(), name: 'Before' });
    await withdraw(w, who);
    const again = await w.signUp({
      email: who.email,
      password: 'another horse entirely',
      username: who.username ?? '',
    });
    expect(again.answer.status).toBe(201);
    expect(again.user.id).not.toBe(who.user.id);
    expect((await w.me(again.access)).body.name).toBeNull();
    expect(codeOf(await w.me(who.access))).toBe('user_not_found');
    expect(codeOf(await w.refresh(who.refresh))).toBe('user_not_found');
    expect((await w.logIn({ ...who, password: PASSWORD })).status).toBe(401);
  });

  it.each<[string, Body, Record<string, string[]>]>([
    ['a wrong password', { password: 'wrong horse battery' }, { password: ['password_incorrect'] }],
    ['the password in capitals', { password: PASSWORD.toUpperCase() }, { password: ['password_incorrect'] }],
    ['the password with a space', { password: `${PASSWORD} ` }, { password: ['password_incorrect'] }],
    ['no body', {}, { password: ['required'] }],
    ...REQUIRED.slice(1).map(([what, value, code]): [string, Body, Record<string, string[]>] => [
      `a password that is ${what}`,
      { password: value },
      { password: [code] },
    ]),
    ['a password of 257 characters', { password: 'x'.repeat(257) }, { password: ['password_too_long'] }],
    ['a password with a lone surrogate', { password: 'x\ud800' }, { password: ['invalid'] }],
  ])('with %s is 400, and nothing is gone', async (_, body, faults) => {
    const w = world();
    const who = await w.signUp();
    const answer = await w.delete('/account/me', body, { token: who.access });
    expect([answer.status, codeOf(answer), faultsOf(answer)]).toEqual([400, 'invalid', faults]);
    expect((await w.me(who.access)).status).toBe(200);
    expect((await w.refresh(who.refresh)).status).toBe(200);
  });

  it('without a token is 401', async () => {
    const w = world();
    expect(codeOf(await w.delete('/account/me', { password: PASSWORD }))).toBe('not_authenticated');
  });

  it('takes a password equal after NFKC', async () => {
    const w = world();
    const who = await w.signUp({ ...person(), password: 'pâté crémeux' });
    expect((await withdraw(w, { ...who, password: 'pâté crémeux'.normalize('NFD') })).status).toBe(204);
  });

  it('ten times at once: one goes, the others are told, none fails', RACE, async () => {
    const w = world();
    const who = await w.signUp();
    const answers = await atOnce(10, () => withdraw(w, who));
    const gone = answers.filter(({ status }) => status === 204);
    const told = answers.filter(({ status }) => status === 401);
    expect(gone).toHaveLength(1);
    expect(told).toHaveLength(9);
    expect(new Set(told.map(codeOf))).toEqual(new Set(['user_not_found']));
    expect(await userRow(w, who.user.id)).toBeUndefined();
  });

  it('beside log-ins leaves no session and no token alive', RACE, async () => {
    const w = world();
    const who = await w.signUp();
    const [ended, ...logIns] = await Promise.all([
      withdraw(w, who),
      // Fewer than the limit of sessions, which would end the one that withdraws.
      ...Array.from({ length: 15 }, () => w.logIn(who)),
    ]);
    expect(ended?.status).toBe(204);
    expect(await sessionsOf(w, who.user.id)).toEqual([]);
    for (const { body } of logIns.filter(({ status }) => status === 200)) {
      expect((await w.me(body.access)).status).toBe(401);
      expect((await w.refresh(body.refresh)).status).toBe(401);
    }
  });

  it.each([
    ['the password was changed', CHANGE_PASSWORD, 400, 'invalid'],
    ['the session ended', [END_SESSIONS], 401, 'token_not_valid'],
    ['the user was deleted', DELETE, 401, 'user_not_found'],
    ['the user was deactivated', DEACTIVATE, 401, 'user_inactive'],
  ])('is refused where %s between the check and the deed', async (_, statements, status, code) => {
    const who = await world().signUp();
    const answer = await withdraw(meanwhile(who.user.id, statements), who);
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
  });

  describe('of staff', () => {
    const staff = async (w: World, active = 1) => {
      const who = await w.signUp();
      await w.rows('UPDATE users SET is_staff = 1, is_active = ? WHERE id = ?', active, who.user.id);
      return who;
    };
    const noStaff = (w: World) => w.rows('UPDATE users SET is_staff = 0');

    it('the last active one cannot', async () => {
      const w = world();
      await noStaff(w);
      const who = await staff(w);
      const answer = await withdraw(w, who);
      expect([answer.status, codeOf(answer)]).toEqual([403, 'permission_denied']);
      expect((await w.me(who.access)).status).toBe(200);
    });

    it('an inactive colleague does not count', async () => {
      const w = world();
      await noStaff(w);
      const who = await staff(w);
      await staff(w, 0);
      expect((await withdraw(w, who)).status).toBe(403);
    });

    it('one of two can, the other not', async () => {
      const w = world();
      await noStaff(w);
      const [one, two] = [await staff(w), await staff(w)];
      expect((await withdraw(w, one)).status).toBe(204);
      expect((await withdraw(w, two)).status).toBe(403);
    });

    it('of two at once exactly one stays', RACE, async () => {
      const w = world();
      await noStaff(w);
      const people = [await staff(w), await staff(w)];
      const answers = await Promise.all(people.map((who) => withdraw(w, who)));
      expect(tally(answers)).toEqual({ 204: 1, 403: 1 });
      expect(await w.rows('SELECT 1 FROM users WHERE is_staff = 1 AND is_active = 1')).toHaveLength(1);
    });

    it('a wrong password is told first', async () => {
      const w = world();
      await noStaff(w);
      const who = await staff(w);
      expect((await withdraw(w, { ...who, password: 'wrong horse battery' })).status).toBe(400);
    });
  });
});

describe('foreign keys', () => {
  it('are on: no session without its user', async () => {
    const w = world();
    const insert = w.rows(
      'INSERT INTO sessions (user_id, id, created_at, last_used_at, expires_at, absolute_end_at) VALUES (?, ?, 1, 1, 1, 1)',
      crypto.randomUUID(),
      crypto.randomUUID(),
    );
    await expect(insert).rejects.toThrow(/FOREIGN KEY/);
  });

  it('take the sessions with their user, and nobody else’s', async () => {
    const w = world();
    const [who, other] = [await w.signUp(), await w.signUp()];
    await w.logIn(who);
    await w.rows('DELETE FROM users WHERE id = ?', who.user.id);
    expect(await sessionsOf(w, who.user.id)).toEqual([]);
    expect(await sessionsOf(w, other.user.id)).toHaveLength(1);
  });

  it('leave no row of a table that points nowhere', async () => {
    expect(await world().rows('PRAGMA foreign_key_check')).toEqual([]);
  });
});
