import { describe, expect, it } from 'vitest';
import { type FieldMap, parseMap } from '../../scripts/import/fields.ts';
import { stableId, uuidOf } from '../../scripts/import/ids.ts';
import { type Person, readPerson } from '../../scripts/import/person.ts';
import { django } from '../../scripts/import/sources/django.ts';
import { readFlag, readTime } from '../../scripts/import/values.ts';
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

function reading(value: unknown, { map = {}, strict }: { map?: FieldMap; strict?: boolean } = {}) {
  const sorted = django().sort(value, undefined);
  if (sorted?.kind !== 'user') throw new Error(`not a user: ${sorted?.kind}`);
  return readPerson(sorted, map, strict);
}
const personOf = (change: Fields = {}) => reading(record(change)).person;

describe('a user of Django', () => {
  it('keeps their names', () => {
    expect(personOf({ last_login: '2026-11-23T16:00:10.046Z' })).toEqual({
      known: { model: 'auth.user', pk: 7, username: 'mina', email: 'mina@example.com' },
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      ownId: null,
      email: 'mina@example.com',
      emailFromUsername: false,
      username: 'mina',
      usernameKey: 'mina',
      name: 'Mina Kim',
      passwordHash: HASH,
      passwordKind: 'django_pbkdf2',
      isActive: true,
      isStaff: false,
      emailVerifiedAt: null,
      dateJoined: 1_709_251_199,
      lastLoginAt: 1_795_449_610,
      connections: [],
      leftOut: [],
    } satisfies Person);
  });

  it.each<[string, Fields, Partial<Person>]>([
    ['an e-mail in its one form', { email: ' Neo@EXAMPLE.com' }, { email: 'neo@example.com' }],
    ['no e-mail', { email: '' }, { email: null }],
    ['null as e-mail', { email: null }, { email: null }],
    ['no column for the e-mail', { email: undefined }, { email: null }],
    ['no username', { username: '' }, { username: null, usernameKey: null }],
    ['the case of a username, not in its key', { username: 'Neo' }, { username: 'Neo', usernameKey: 'neo' }],
    ['a username in NFKC', { username: 'ﬁn' }, { username: 'fin', usernameKey: 'fin' }],
    ['the length of a username in NFKC', { username: 'e\u0301'.repeat(150) }, { username: 'é'.repeat(150) }],
    ['a username in any script', { username: '한글_é' }, { username: '한글_é', usernameKey: '한글_é' }],
    ['a username that is a number', { username: 42 }, { username: '42' }],
    [
      'the own e-mail as username',
      { username: 'Mina@Example.com' },
      { username: 'Mina@Example.com', usernameKey: 'mina@example.com' },
    ],
    [
      'an address that is the username only, as both',
      { username: 'Mina@Example.com', email: '' },
      { username: 'Mina@Example.com', email: 'mina@example.com', emailFromUsername: true },
    ],
    ['a first name alone', { last_name: '' }, { name: 'Mina' }],
    ['a last name alone', { first_name: '' }, { name: 'Kim' }],
    ['no name', { first_name: '', last_name: '' }, { name: null }],
    ['the name of a custom user', { name: 'Mina K.' }, { name: 'Mina K.' }],
    ['an empty custom name', { name: ' ' }, { name: 'Mina Kim' }],
    ['who is inactive', { is_active: false }, { isActive: false }],
    ['who is staff', { is_staff: 't' }, { isStaff: true }],
    [
      'no column for either',
      { is_active: undefined, is_staff: undefined },
      { isActive: true, isStaff: false },
    ],
    ['a time before 1970', { date_joined: '1969-12-31T23:59:59.5Z' }, { dateJoined: -1 }],
    ['no time', { date_joined: undefined }, { dateJoined: null }],
    ['an unusable password as none', { password: '!AbCdEf0123' }, { passwordHash: '' }],
    ['an empty password as none', { password: '' }, { passwordHash: '' }],
    ['null as password as none', { password: null }, { passwordHash: '' }],
    ['a damaged hash as none', { password: 'pbkdf2_sha1$1$seasalt$notbase64' }, { passwordHash: '' }],
  ])('keeps %s', (_, change, expected) => {
    const { person } = reading(record(change));
    expect(person).toMatchObject(expected);
    expect(person.leftOut).toEqual([]);
  });

  it.each<[string, Fields]>([
    ['email (email_invalid)', { email: 'nobody' }],
    ['email (email_invalid)', { email: `${'x'.repeat(250)}@example.com` }],
    ['email (email_invalid)', { email: 'nul\0@example.com' }],
    ['email (malformed)', { email: ['a@example.com'] }],
    ['username (username_invalid)', { username: 'two words' }],
    ['username (username_invalid)', { username: 'x'.repeat(151) }],
    ['username (username_invalid)', { username: 'ﬃ'.repeat(51) }],
    ['username (username_invalid)', { username: 'nul\0' }],
    ['username (username_not_own_email)', { username: 'other@example.com' }],
    ['username (username_not_own_email)', { username: '@mina' }],
    ['username (malformed)', { username: { a: 1 } }],
    ['name (name_invalid)', { first_name: 'x'.repeat(150) }],
    ['name (name_invalid)', { name: '\udc00' }],
    ['password (malformed)', { password: 42 }],
    ['password (malformed)', { password: HASH.replace('seasalt', 'sea\0salt') }],
    ['is_active (unreadable)', { is_active: 'perhaps' }],
    ['is_staff (unreadable)', { is_staff: 'perhaps' }],
    ['date_joined (unreadable)', { date_joined: 'yesterday' }],
    ['last_login (unreadable)', { last_login: '2024-13-01' }],
  ])('is imported without %s if it is %j', (expected, change) => {
    const { person } = reading(record(change));
    expect(person.leftOut.map(({ field, reason }) => `${field} (${reason})`)).toEqual([expected]);
    expect(JSON.stringify(person.leftOut)).not.toContain('seasalt');
  });

  it('whose flags are unreadable is not active and not staff', () => {
    expect(personOf({ is_active: 'perhaps', is_staff: 'perhaps' })).toMatchObject({
      isActive: false,
      isStaff: false,
    });
  });

  it('reports what was assumed', () => {
    const change = {
      username: 'a@example.com',
      email: '',
      is_active: null,
      date_joined: '',
      last_login: '2024-01-01 00:00:00',
    };
    expect(reading(record(change)).assumed.sort()).toEqual([
      'date_joined',
      'email_from_username',
      'is_active',
      'zone',
    ]);
    expect(reading(record()).assumed).toEqual([]);
  });

  it('gets no address from the username with --strict', () => {
    const { person } = reading(record({ username: 'a@example.com', email: '' }), { strict: true });
    expect(person).toMatchObject({ email: null, leftOut: [{ reason: 'username_not_own_email' }] });
  });

  it('may be the fields alone, or of another model', () => {
    const bare = reading({ ...FIELDS, id: 3 }).person;
    expect(bare.known).toEqual({ pk: 3, username: 'mina', email: 'mina@example.com' });
    expect(reading({ ...record(), model: 'accounts.user', pk: 'b7e5' }).person.known).toMatchObject({
      model: 'accounts.user',
      pk: 'b7e5',
    });
  });

  it('of the real dump is one of 15', () => {
    const ids = dump.map((value) => reading(value).person.id);
    expect(new Set(ids).size).toBe(15);
  });
});

describe('--map', () => {
  const fields = { nick: 'neo', admin: 1, full_name: 'Neo', created: 0, meta: { verified: 'true' }, uid: '' };
  it('uses the named field, or the default one if that is empty', () => {
    const map = parseMap(
      'username=nick, is_staff=admin,name=full_name,date_joined=created,email_verified=meta.verified,email=uid',
    );
    const { person, used } = reading(record(fields), { map });
    expect(person).toMatchObject({
      username: 'neo',
      isStaff: true,
      name: 'Neo',
      dateJoined: 0,
      emailVerifiedAt: 'now',
      email: 'mina@example.com',
    });
    expect([...used]).toEqual(expect.arrayContaining(['nick', 'admin', 'full_name', 'created', 'meta']));
  });

  it.each<[string, unknown, boolean]>([
    ['disabled', true, false],
    ['disabled', '2024-01-01', false],
    ['disabled', false, true],
    ['disabled', null, true],
    ['disabled', 'perhaps', false],
    ['disabled_until', '2024-01-01', true],
    ['disabled_until', '9024-01-01', false],
    ['disabled_until', 'perhaps', false],
  ])('with %s=%j leaves them active: %s', (target, value, active) => {
    const { person } = reading(record({ other: value }), { map: parseMap(`${target}=other`) });
    expect(person.isActive).toBe(active);
  });

  it.each([
    ['is_staff', 'TARGET=SOURCE'],
    ['is_staff=', 'TARGET=SOURCE'],
    ['is_staff=a=b', 'TARGET=SOURCE'],
    ['hash=password', 'unknown target “hash”'],
    ['name=a,name=b', 'names name twice'],
  ])('%s is refused', (text, sentence) => {
    expect(() => parseMap(text)).toThrow(sentence);
  });
});

describe('a record', () => {
  it.each([null, undefined, 1, 'text', [], [record()], {}, { fields: 1 }])('%j is none', (value) => {
    expect(django().sort(value, undefined)).toBeNull();
  });

  it.each<[string, unknown]>([
    ['other', { model: 'auth.group', pk: 1, fields: { name: 'editors' } }],
    ['other', { model: 'shop.partner', pk: 1, fields: { email: 'a@example.com' } }],
    ['address', { model: 'account.emailaddress', pk: 1, fields: { user: 7, email: 'a@example.com' } }],
    ['connection', { model: 'socialaccount.socialaccount', pk: 1, fields: { user: 7, provider: 'google' } }],
    ['user', { model: 'accounts.customer', pk: 1, fields: { password: '', last_login: null } }],
    ['user', { fields: { username: 'a' } }],
  ])('is sorted as %s: %j', (kind, value) => {
    expect(django().sort(value, undefined)?.kind).toBe(kind);
  });

  it('is a user if it is of the named model only', () => {
    const source = django('accounts.user');
    expect(source.sort(record(), undefined)?.kind).toBe('other');
    expect(source.sort({ ...record(), model: 'accounts.user' }, undefined)?.kind).toBe('user');
  });
});

describe('the id', () => {
  const idOf = (value: unknown) => reading(value).person.id;

  it('is the same at every run, and contains the time the user joined', () => {
    const id = idOf(record());
    expect(idOf(record({ last_login: '2026-01-01T00:00:00Z', email: 'new@example.com' }))).toBe(id);
    expect(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(Date.parse(FIELDS.date_joined));
  });

  it('is another for another key, username, model or time', () => {
    const ids = [
      record(),
      record({ username: 'Mina' }),
      record({ date_joined: '2024-02-29T23:59:59.998Z' }),
      { ...record(), pk: 8 },
      { ...record(), model: 'accounts.user' },
    ].map(idOf);
    expect(new Set(ids).size).toBe(5);
  });

  it('is the same in every release', () => {
    expect(stableId(1_709_251_199_999, ['auth.user', 7, 'mina'])).toBe(
      '018df74f-83ff-73ae-b9c2-d18895651a62',
    );
  });

  it('of a user who joined before 1970, or at an unknown time, has the time 0', () => {
    expect(stableId(-1, ['auth.user', 7, 'mina'])).toMatch(/^00000000-0000-7/);
    expect(idOf(record({ date_joined: null }))).toMatch(/^00000000-0000-7/);
  });

  it.each([
    ['5F0F6F2E-6F0C-4C53-9D6E-0A3D3A9A7F11', '5f0f6f2e-6f0c-4c53-9d6e-0a3d3a9a7f11'],
    ['5f0f6f2e6f0c4c539d6e0a3d3a9a7f11', null],
    ['7', null],
    [7, null],
    [null, null],
  ])('that was %j is %j', (value, expected) => {
    expect(uuidOf(value)).toBe(expected);
  });
});

describe('a time', () => {
  it.each<[unknown, string | null | undefined]>([
    ['2018-11-02T18:07:14Z', '2018-11-02T18:07:14.000Z'],
    ['2018-11-02 18:07:14', '2018-11-02T18:07:14.000Z'],
    ['2018-11-02T18:07:14.123456+09:00', '2018-11-02T09:07:14.123Z'],
    ['2018-11-02T18:07:14.1+0900', '2018-11-02T09:07:14.100Z'],
    ['2018-11-02 18:07:14.5-03', '2018-11-02T21:07:14.500Z'],
    ['2018-11-02 18:07:14 +05:30', '2018-11-02T12:37:14.000Z'],
    ['1890-01-01T00:00:00+08:25:43', '1889-12-31T15:34:17.000Z'],
    ['2018-11-02 18:07:14 UTC', '2018-11-02T18:07:14.000Z'],
    ['2018-11-02T18:07Z', '2018-11-02T18:07:00.000Z'],
    ['2018-11-02', '2018-11-02T00:00:00.000Z'],
    ['Fri, 02 Nov 2018 18:07:14 GMT', '2018-11-02T18:07:14.000Z'],
    [1_541_182_034, '2018-11-02T18:07:14.000Z'],
    [1_541_182_034.5, '2018-11-02T18:07:14.500Z'],
    ['1541182034', '2018-11-02T18:07:14.000Z'],
    ['1541182034567', '2018-11-02T18:07:14.567Z'],
    [1_541_182_034_567_000, '2018-11-02T18:07:14.567Z'],
    [0, '1970-01-01T00:00:00.000Z'],
    [null, null],
    ['', null],
    ['NULL', null],
    ['yesterday', undefined],
    ['2024-13-01', undefined],
    ['2023-02-29', undefined],
    ['2018-11-02T25:00:00Z', undefined],
    [true, undefined],
    [1e300, undefined],
  ])('written %j is %s', (value, expected) => {
    const ms = readTime(value);
    expect(typeof ms === 'number' ? new Date(ms).toISOString() : ms).toBe(expected);
  });
});

describe('a flag', () => {
  it.each<[boolean | null | undefined, unknown[]]>([
    [true, [true, 1, '1', 't', 'T', 'true', 'True', 'TRUE', 'yes', 'y', 'on', ' true ']],
    [false, [false, 0, '0', 'f', 'F', 'false', 'False', 'no', 'n', 'off']],
    [null, [null, undefined, '', ' ', 'null', 'NULL', 'None', '\\N']],
    [undefined, ['perhaps', 2, -1, {}, []]],
  ])('is %s where it is one of %j', (expected, values) => {
    for (const value of values) expect(readFlag(value), String(value)).toBe(expected);
  });
});
