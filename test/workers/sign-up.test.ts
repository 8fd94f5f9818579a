/** Sign-up: one account for any spelling, and the faults of every field. */
import { describe, expect, it } from 'vitest';
import {
  type Body,
  NAMES,
  nameSpellings,
  nonce,
  REQUIRED,
  sessionsOf,
  spellings,
  USERNAMES,
  userRow,
  wide,
} from '../support/accounts.ts';
import { capturedLog } from '../support/log.ts';
import { atOnce, claimsOf, codeOf, faultsOf, person, RACE, tally, world } from '../support/world.ts';

capturedLog();

const PASSWORD = 'correct horse battery';

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

  it('reports the faults of all fields at once', async () => {
    const w = world();
    const answer = await w.post('/account/sign-up', { email: 1, password: null, name: [], username: 'a b' });
    expect(faultsOf(answer)).toEqual({
      email: ['invalid'],
      password: ['null'],
      name: ['invalid'],
      username: ['invalid'],
    });
  });

  it.each<[string, Record<string, unknown>, Record<string, string[]>]>([
    ['an address', { email: 'nope' }, { email: ['invalid'] }],
    ['a username', { username: 'a b' }, { username: ['invalid'] }],
    ["somebody else's address as username", { username: 'x@example.com' }, { username: ['invalid'] }],
    ['a name', { name: 7 }, { name: ['invalid'] }],
  ])('reports a bad password together with %s', async (_, change, faults) => {
    const w = world();
    const answer = await w.post('/account/sign-up', { ...person(), password: '12345', ...change });
    expect(faultsOf(answer)).toEqual({
      ...faults,
      password: ['password_too_short', 'password_entirely_numeric'],
    });
  });

  it('compares the password with what is good of the rest', async () => {
    const w = world();
    const { email } = person();
    const answer = await w.post('/account/sign-up', { email, password: email, username: 'a b' });
    expect(faultsOf(answer)).toEqual({ username: ['invalid'], password: ['password_too_similar'] });
  });

  it('reports all faults of a password at once', async () => {
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
