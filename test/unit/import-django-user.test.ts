import { describe, expect, it } from 'vitest';
import { type ImportedUser, type Reading, readUser, stableId } from '../../scripts/lib/django-user.ts';
import dump from '../data/django/dumpdata.json';

const HASH = 'pbkdf2_sha256$1000$seasalt$XHfRVmyEZRTCcSbqGP00JKv0fRwYHK0ogjPZdSJxCXk=';
const FIELDS = {
  password: HASH,
  username: 'mina',
  email: 'mina@example.com',
  first_name: 'Mina',
  last_name: 'Kim',
  is_active: true,
  is_staff: false,
  is_superuser: false,
  date_joined: '2024-02-29T23:59:59.999Z',
  last_login: null as string | null,
};
type Fields = Record<string, unknown>;
const record = (change: Fields = {}) => ({ model: 'auth.user', pk: 7, fields: { ...FIELDS, ...change } });

async function taken(value: unknown): Promise<Extract<Reading, { user: ImportedUser }>> {
  const reading = await readUser(value);
  if (!('user' in reading)) throw new Error(`refused: ${reading.reason} ${reading.detail}`);
  return reading;
}
const userOf = async (change: Fields = {}) => (await taken(record(change))).user;

describe('a user of Django', () => {
  it('keeps who they are', async () => {
    const user = await userOf({ last_login: '2026-11-23T16:00:10.046Z' });
    expect(user).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      email: 'mina@example.com',
      username: 'mina',
      usernameKey: 'mina',
      name: 'Mina Kim',
      passwordHash: HASH,
      isActive: true,
      isStaff: false,
      dateJoined: 1_709_251_199,
      lastLoginAt: 1_795_449_610,
    });
  });

  it.each<[string, Fields, Partial<ImportedUser>]>([
    ['an e-mail in its one form', { email: ' Neo@EXAMPLE.com' }, { email: 'neo@example.com' }],
    ['no e-mail', { email: '' }, { email: null }],
    ['null as e-mail', { email: null }, { email: null }],
    ['no column for the e-mail', { email: undefined }, { email: null }],
    ['no username', { username: '' }, { username: null, usernameKey: null }],
    ['the case of a username, not in its key', { username: 'Neo' }, { username: 'Neo', usernameKey: 'neo' }],
    ['a username in NFKC', { username: 'ﬁn' }, { username: 'fin', usernameKey: 'fin' }],
    ['the length of a username in NFKC', { username: 'e\u0301'.repeat(150) }, { username: 'é'.repeat(150) }],
    ['a username in any script', { username: '한글_é' }, { username: '한글_é', usernameKey: '한글_é' }],
    [
      'the own e-mail as username',
      { username: 'Mina@Example.com' },
      { username: 'Mina@Example.com', usernameKey: 'mina@example.com' },
    ],
    ['a first name alone', { last_name: '' }, { name: 'Mina' }],
    ['a last name alone', { first_name: '' }, { name: 'Kim' }],
    ['no name', { first_name: '', last_name: '' }, { name: null }],
    ['the name of a custom user', { name: 'Mina K.' }, { name: 'Mina K.' }],
    ['an empty custom name', { name: ' ' }, { name: 'Mina Kim' }],
    ['who is inactive', { is_active: false }, { isActive: false }],
    ['who is staff', { is_staff: true }, { isStaff: true }],
    [
      'no column for either',
      { is_active: undefined, is_staff: undefined },
      { isActive: true, isStaff: false },
    ],
    [
      'a time with an offset',
      { date_joined: '2024-03-01T08:59:59.999+09:00' },
      { dateJoined: 1_709_251_199 },
    ],
    ['a time without a zone as UTC', { date_joined: '2024-02-29T23:59:59' }, { dateJoined: 1_709_251_199 }],
    ['microseconds', { date_joined: '2024-02-29 23:59:59.999999+00:00' }, { dateJoined: 1_709_251_199 }],
    ['a time before 1970', { date_joined: '1969-12-31T23:59:59.5Z' }, { dateJoined: -1 }],
    ['SHA-1', { password: 'pbkdf2_sha1$1$s$x' }, { passwordHash: 'pbkdf2_sha1$1$s$x' }],
    [
      'another kind of hash',
      { password: 'argon2$argon2id$v=19$m' },
      { passwordHash: 'argon2$argon2id$v=19$m' },
    ],
    ['an unusable password', { password: '!AbCdEf0123' }, { passwordHash: '' }],
    ['an empty password', { password: '' }, { passwordHash: '' }],
    ['null as password', { password: null }, { passwordHash: '' }],
  ])('keeps %s', async (_, change, expected) => {
    expect(await userOf(change)).toMatchObject(expected);
  });

  it.each<[string, boolean]>([
    [HASH, false],
    ['pbkdf2_sha1$1$seasalt$JPS/9oPBLVE4XoRsqUdezHU2PK0=', false],
    ['pbkdf2_sha1$1$seasalt$notbase64', true],
    ['md5$seasalt$3f86d0d3d465b7b458c231bf3555c0e3', true],
    ['!AbCdEf0123', true],
    ['', true],
  ])('with the password %s must reset it: %s', async (password, mustReset) => {
    expect((await taken(record({ password }))).mustReset).toBe(mustReset);
  });

  it('is a superuser without staff rights only where Django says so', async () => {
    const flags = { is_superuser: true, is_staff: false };
    expect((await taken(record(flags))).isSuperuserOnly).toBe(true);
    expect((await taken(record({ ...flags, is_staff: true }))).isSuperuserOnly).toBe(false);
    expect((await userOf(flags)).isStaff).toBe(false);
  });

  it('may come as the fields alone, or from another model', async () => {
    const { source, user } = await taken({ ...FIELDS, id: 3 });
    expect(user.email).toBe('mina@example.com');
    expect(source).toEqual({ pk: 3, username: 'mina', email: 'mina@example.com' });
    const custom = await taken({ ...record(), model: 'accounts.user', pk: 'b7e5' });
    expect(custom.source).toMatchObject({ model: 'accounts.user', pk: 'b7e5' });
  });

  it('of the real dump is one of 15', async () => {
    const readings = await Promise.all(dump.map(readUser));
    expect(readings.every((reading) => 'user' in reading)).toBe(true);
    const ids = readings.map((reading) => ('user' in reading ? reading.user.id : ''));
    expect(new Set(ids).size).toBe(15);
  });
});

describe('a record', () => {
  it.each<[string, Fields]>([
    ['email_invalid', { email: 'nobody' }],
    ['email_invalid', { email: 'a@b' }],
    ['email_invalid', { email: `${'x'.repeat(250)}@example.com` }],
    ['email_invalid', { email: 'nul\0@example.com' }],
    ['email_invalid', { email: '\ud800@example.com' }],
    ['username_invalid', { username: 'two words' }],
    ['username_invalid', { username: 'semi;colon' }],
    ['username_invalid', { username: 'x'.repeat(151) }],
    ['username_invalid', { username: 'ﬃ'.repeat(51) }],
    ['username_invalid', { username: 'nul\0' }],
    ['username_not_own_email', { username: 'other@example.com' }],
    ['username_not_own_email', { username: 'mina@example.com', email: '' }],
    ['username_not_own_email', { username: '@mina' }],
    ['nameless', { username: '', email: '' }],
    ['nameless', { username: null, email: ' ' }],
    ['name_invalid', { first_name: 'x'.repeat(150) }],
    ['name_invalid', { first_name: 'nul\0' }],
    ['name_invalid', { name: '\udc00' }],
    ['malformed', { password: undefined }],
    ['malformed', { password: 42 }],
    ['malformed', { password: 'nul\0' }],
    ['malformed', { password: 'x'.repeat(513) }],
    ['malformed', { username: 42 }],
    ['malformed', { email: ['a@example.com'] }],
    ['malformed', { is_active: 'yes' }],
    ['malformed', { is_staff: 1 }],
    ['malformed', { date_joined: undefined }],
    ['malformed', { date_joined: null }],
    ['malformed', { date_joined: 'yesterday' }],
    ['malformed', { date_joined: '2024-13-01T00:00:00Z' }],
    ['malformed', { date_joined: '2024-01-01' }],
    ['malformed', { last_login: 1_700_000_000 }],
  ])('is refused as %s with %j', async (reason, change) => {
    expect(await readUser(record(change))).toMatchObject({ reason, source: { model: 'auth.user', pk: 7 } });
  });

  it.each([
    null,
    undefined,
    1,
    'text',
    [],
    [record()],
    {},
    { fields: 1 },
    { model: 'auth.group', fields: {} },
  ])('is refused as malformed where it is %j', async (value) => {
    expect(await readUser(value)).toMatchObject({ reason: 'malformed' });
  });

  it('says every fault of its form, and never the hash', async () => {
    const refused = await readUser(record({ password: `${HASH}\0`, is_active: 0, date_joined: 'soon' }));
    expect(refused).toMatchObject({
      detail: expect.stringMatching(/password: .*; is_active: .*; date_joined: /),
    });
    expect(JSON.stringify(refused)).not.toContain('seasalt');
  });
});

describe('the id', () => {
  it('is the same at every run, and has the time somebody joined', async () => {
    const { id } = await userOf();
    expect((await userOf({ last_login: '2026-01-01T00:00:00Z', email: 'new@example.com' })).id).toBe(id);
    expect(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(Date.parse(FIELDS.date_joined));
  });

  it('is another for another key, username, model or time', async () => {
    const ids = await Promise.all([
      userOf(),
      userOf({ username: 'Mina' }),
      userOf({ date_joined: '2024-02-29T23:59:59.998Z' }),
      taken({ ...record(), pk: 8 }).then(({ user }) => user),
      taken({ ...record(), model: 'accounts.user' }).then(({ user }) => user),
    ]);
    expect(new Set(ids.map(({ id }) => id)).size).toBe(5);
  });

  it('stays as it is from one release to the next', async () => {
    expect(await stableId(1_709_251_199_999, ['auth.user', 7, 'mina'])).toBe(
      '018df74f-83ff-73ae-b9c2-d18895651a62',
    );
  });

  it('of somebody who joined before 1970 has the time 0', async () => {
    expect(await stableId(-1, ['auth.user', 7, 'mina'])).toMatch(/^00000000-0000-7/);
  });
});
