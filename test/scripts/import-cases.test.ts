import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createPasswordHasher } from '../../src/password/hash.ts';
import { ENTER_ALL, memoryD1 } from './support/database.ts';
import { IMPORTED_AT, type Imported, importFile, importRecords, type Options } from './support/import.ts';

const FOLDER = 'test/data/import';
const importCase = (name: string, options?: Options) => importFile(`${FOLDER}/${name}`, options);
const rowsOf = ({ database }: Imported, columns = '*') =>
  database.rows(`SELECT ${columns} FROM users ORDER BY coalesce(username, email)`);
const seconds = (text: string) => Date.parse(text) / 1_000;

/** What the Worker would say at the log-in. */
async function logsIn({ database }: Imported, name: string, password: string): Promise<boolean> {
  const [row] = database.rows(`SELECT password_hash FROM users WHERE '${name}' IN (email, username)`);
  return (await createPasswordHasher({ iterations: 1_000 }).verify(password, String(row?.password_hash))).ok;
}

describe('a file from the field', () => {
  it.each<[string, string]>([
    ['01-django-1.8-hash.json', '1 read: 1 imported, 0 already there, 0 refused'],
    ['03-uuid-pk.json', '1 read: 1 imported, 0 already there, 0 refused'],
    ['04-username-space.json', '3 read: 2 imported, 0 already there, 1 refused'],
    ['06-phone-only.json', '1 read: 0 imported, 0 already there, 1 refused'],
    ['07-hashes.json', '9 read: 9 imported, 0 already there, 0 refused'],
    ['08-custom-null-date.json', '11 read: 11 imported, 0 already there, 0 refused'],
    [
      '09-dumpdata-auth.json',
      '5 read: 1 imported, 0 already there, 0 refused, 3 of other models skipped, 1 merged into their user',
    ],
    ['10-mti.json', '2 read: 1 imported, 0 already there, 0 refused, 1 of other models skipped'],
    ['11a-print-prefix.json', '1 read: 1 imported, 0 already there, 0 refused'],
    ['11b-log-prefix.json', '1 read: 1 imported, 0 already there, 0 refused'],
    ['11c-suffix.json', '1 read: 1 imported, 0 already there, 0 refused'],
    ['11f.jsonl', '2 read: 2 imported, 0 already there, 0 refused'],
    ['11i-noise.jsonl', '1 read: 1 imported, 0 already there, 0 refused'],
    ['12-dups.json', '5 read: 5 imported, 0 already there, 0 refused'],
    ['15-docs-myuser.json', '2 read: 2 imported, 0 already there, 0 refused'],
  ])('%s ends with “%s”, and the second time changes nothing', async (name, tally) => {
    const first = await importCase(name);
    expect(first.said.split('\n')[0]).toBe(tally);
    const rows = rowsOf(first);
    const again = await importCase(name, { database: first.database, batchSize: 1 });
    expect(again.counts).toMatchObject({
      imported: 0,
      alreadyThere: first.counts.imported,
      refused: first.counts.refused,
    });
    expect(rowsOf(again)).toEqual(rows);
    const dry = await importCase(name, { dryRun: true });
    expect(dry.said).toBe(first.said);
    expect(rowsOf(dry)).toEqual([]);
  });

  it('is tested, without exception', () => {
    const tested = readFileSync('test/scripts/import-cases.test.ts', 'utf8');
    const untested = readdirSync(FOLDER).filter(
      (name) => name !== 'README.md' && !tested.includes(`'${name}'`),
    );
    expect(untested).toEqual([]);
  });
});

describe('the import', () => {
  it('accepts a short old password of a staff member, and reports the groups', async () => {
    const done = await importCase('01-django-1.8-hash.json', { keepUnverifiedStaff: true });
    expect(rowsOf(done, 'username, is_staff')).toEqual([{ username: 'someone', is_staff: 1 }]);
    expect(await logsIn(done, 'someone', '123456')).toBe(true);
    expect(done.said).toContain('Staff: 1 of the imported, as before, 1 of them without a verified address');
    expect(done.said).toMatch(/NOT IMPORTED.*: is_superuser, set for 1 of 1/);
    expect(done.said).toMatch(/^Fields not imported.*groups 1/m);
  });

  it('keeps a UUID as the id', async () => {
    const done = await importCase('03-uuid-pk.json');
    expect(rowsOf(done, 'id')).toEqual([{ id: '5f0f6f2e-6f0c-4c53-9d6e-0a3d3a9a7f11' }]);
  });

  it('leaves out an invalid username, and refuses a user who has nothing else', async () => {
    const done = await importCase('04-username-space.json');
    expect(rowsOf(done, 'email, username')).toEqual([
      { email: 'fl@example.com', username: null },
      { email: 'oneil@example.com', username: null },
    ]);
    expect(done.refused).toEqual(['11: username_invalid']);
    expect((await importCase('04-username-space.json', { strict: true })).refused).toEqual([
      '10: username_invalid',
      '11: username_invalid',
      '12: username_invalid',
    ]);
  });

  it('suggests a field that could identify a user who has neither name', async () => {
    const refused = await importCase('06-phone-only.json');
    expect(refused.said).toContain('--map username=phone_number');
    const mapped = await importCase('06-phone-only.json', { map: 'username=phone_number' });
    expect(rowsOf(mapped, 'username, email')).toEqual([{ username: '+14155550123', email: null }]);
  });

  it('stores no hash that cannot be verified, and reports who must reset and why', async () => {
    const done = await importCase('07-hashes.json');
    const hashes = Object.fromEntries(
      rowsOf(done, 'username, password_hash').map((row) => [row.username, String(row.password_hash)]),
    );
    for (const name of ['argon', 'none', 'bang', 'empty', 'missing', 'md5', 'plain']) {
      expect(hashes[`h_${name}`], name).toBe('');
    }
    expect(hashes.h_bcrypt).toMatch(/^bcrypt_sha256\$\$2b\$12\$/);
    expect(hashes.h_sha1).toBe('pbkdf2_sha1$20000$mkMhRA3bpiV7$F1DyOhxVjO9sxXyJ5FMRoU2YA0M=');
    expect(done.counts.mustReset.get('argon2')).toBe(1);
    expect(done.counts.mustReset.get('no password')).toBe(3);
    for (const why of ['argon2 1: ', 'md5 1: ', 'unusable 1: ', 'no known hash 1: ']) {
      expect(done.said).toContain(why);
    }
  });

  it('reads flags and times in every format, exact to the second', async () => {
    const done = await importCase('08-custom-null-date.json');
    const rows = rowsOf(done);
    const by = Object.fromEntries(rows.map((row) => [String(row.username), row]));
    expect(rows.every((row) => row.is_active === 1 && row.is_staff === 0)).toBe(true);
    const joined = (name: string) => by[name]?.date_joined;
    expect(joined('n_joined')).toBe(IMPORTED_AT);
    expect(joined('created_at')).toBe(IMPORTED_AT);
    expect(joined('d_joined')).toBe(seconds('2018-11-02T00:00:00Z'));
    expect(joined('tz_joined')).toBe(seconds('2018-11-02T09:07:14Z'));
    expect(joined('tz_short')).toBe(seconds('2018-11-02T09:07:14Z'));
    expect(joined('tz_nosec')).toBe(seconds('2018-11-02T18:07:00Z'));
    expect(by.tz_joined?.last_login_at).toBe(seconds('2018-11-02T18:07:14Z'));
    expect(by.l_login?.last_login_at).toBe(seconds('2018-11-02T00:00:00Z'));
    expect(done.said.match(/^Assumed for \d+: /gm)).toHaveLength(4);
    const mapped = await importCase('08-custom-null-date.json', { map: 'date_joined=created_at' });
    expect(rowsOf(mapped).find((row) => row.username === 'created_at')?.date_joined).toBe(
      seconds('2018-11-02T18:07:14Z'),
    );
  });

  it('skips and names other models, and uses the verified address of allauth', async () => {
    const done = await importCase('09-dumpdata-auth.json');
    expect(done.said).toContain('Other model, skipped: auth.permission 2');
    expect(done.said).toContain('Other model, skipped: auth.group 1');
    expect(rowsOf(done, 'username, email, email_verified_at')).toEqual([
      { username: 'whole', email: 'whole@example.com', email_verified_at: IMPORTED_AT },
    ]);
  });

  it('lists the fields of the child in multi-table inheritance', async () => {
    const done = await importCase('10-mti.json');
    expect(done.said).toContain('Other model, skipped: accounts.customer 1 (phone, plan)');
  });

  it.each([
    ['11a-print-prefix.json', 'line 1: Loading settings for production'],
    ['11b-log-prefix.json', 'line 1: [2024-05-01 10:00:00] INFO loading'],
    ['11c-suffix.json', 'line 2: Done in 0.3s'],
    ['11i-noise.jsonl', 'line 1: Loaded URLconf...'],
  ])('quotes a line that was printed into %s: %s', async (name, line) => {
    expect((await importCase(name)).said).toContain(line);
  });

  it('gives an address that several have to one of them, and loses no user', async () => {
    const namesOf = async (options?: Options) =>
      rowsOf(await importCase('12-dups.json', options), 'username, email').map(
        ({ username, email }) => `${username} ${email}`,
      );
    expect(await namesOf()).toEqual([
      'Alice null',
      'alice2 alice@example.com',
      'null alice3@example.com',
      'bob shared@example.com',
      'bob_work null',
    ]);
    expect(await namesOf({ keep: 'first' })).toEqual([
      'Alice alice@example.com',
      'alice2 null',
      'null alice3@example.com',
      'bob shared@example.com',
      'bob_work null',
    ]);
    expect(await namesOf({ keep: 'none' })).toEqual([
      'Alice null',
      'alice2 null',
      'null alice3@example.com',
      'bob null',
      'bob_work null',
    ]);
    const strict = await importCase('12-dups.json', { strict: true, keep: 'first' });
    expect(strict.refused).toEqual(['101: email_taken', '102: username_taken', '104: email_taken']);
  });

  it('lists the fields of a custom user model, and maps them with --map', async () => {
    const done = await importCase('15-docs-myuser.json');
    expect(done.said).toMatch(/NOT IMPORTED.*: is_admin, set for 1 of 1.*--map is_staff=is_admin/);
    expect(done.said).toMatch(/^Fields not imported.*full_name 1, phone_number 1, email_verified 1, role 1/m);
    const mapped = await importCase('15-docs-myuser.json', {
      map: 'is_staff=is_admin,name=full_name,email_verified=email_verified',
      keepUnverifiedStaff: true,
    });
    expect(rowsOf(mapped, 'email, is_staff, name, email_verified_at')).toEqual([
      { email: 'boss@example.com', is_staff: 1, name: null, email_verified_at: null },
      { email: 'cust@example.com', is_staff: 0, name: 'Pat Example', email_verified_at: IMPORTED_AT },
    ]);
    expect(mapped.said).not.toContain('is_admin');
  });
});

describe('staff', () => {
  const staff = [
    { pk: 1, username: 'verified', email: 'a@example.com', is_staff: true },
    { pk: 2, username: 'unverified', email: 'b@example.com', is_staff: true },
    { pk: 3, username: 'loser', email: 'A@example.com', is_staff: true },
    { pk: 4, username: 'nomail', is_staff: true },
    { pk: 5, username: 'ordinary', email: 'c@example.com' },
  ];
  const records = [
    ...staff.map(({ pk, ...fields }) => ({ model: 'auth.user', pk, fields: { password: '!', ...fields } })),
    ...[1, 3].map((user) => ({
      model: 'account.emailaddress',
      pk: user,
      fields: { user, email: 'a@example.com', verified: true, primary: true },
    })),
  ];
  const staffOf = ({ rows }: ReturnType<typeof memoryD1>) =>
    rows('SELECT username FROM users WHERE is_staff = 1 ORDER BY username').map(({ username }) => username);

  it.each([false, true])('whose address is not verified are not staff here (dry run: %s)', async (dryRun) => {
    const { database, leftOut, refused, said } = await importRecords(records, { keep: 'first', dryRun });
    if (!dryRun) expect(staffOf(database)).toEqual(['verified']);
    expect(leftOut).toEqual([
      '2: is_staff (email_not_verified)',
      '3: email (email_taken)',
      '3: is_staff (email_not_verified)',
      '4: is_staff (email_not_verified)',
    ]);
    expect(refused).toEqual([]);
    expect(said).toMatch(/^Staff: 1 of the imported, as before$/m);
    expect(said).toMatch(/^NOT STAFF: 3 of the imported were staff, .*\n.*--keep-unverified-staff$/m);
  });

  it('whose address another account here has are not staff either', async () => {
    const database = memoryD1();
    await database.writer.write([
      `INSERT INTO users (id, email, password_hash, date_joined) VALUES ('own', 'a@example.com', 'x', 0)`,
      ENTER_ALL,
    ]);
    const { leftOut } = await importRecords(records, { keep: 'first', database });
    expect(staffOf(database)).toEqual([]);
    expect(leftOut).toContain('1: is_staff (email_not_verified)');
  });

  it('stay staff if the operator says so', async () => {
    const kept = await importRecords(records, { keep: 'first', keepUnverifiedStaff: true });
    expect(staffOf(kept.database)).toEqual(['loser', 'nomail', 'unverified', 'verified']);
    expect(kept.said).toMatch(/^Staff: 4 of the imported, as before, 3 of them without a verified/m);
    expect(kept.said).not.toContain('NOT STAFF');
  });

  it('are refused by --strict', async () => {
    const { refused } = await importRecords(records, { keep: 'first', strict: true });
    expect(refused).toEqual(['2: email_not_verified', '3: email_taken', '4: email_not_verified']);
  });
});
