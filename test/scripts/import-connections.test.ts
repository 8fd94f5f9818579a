import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseProviders } from '../../scripts/import/connections.ts';
import { openReport } from '../../scripts/import/report.ts';
import { undo } from '../../scripts/import/undo.ts';
import { exportUsers } from '../../scripts/lib/users-export.ts';
import { kindOf } from '../../src/connections/d1-connection-writes.ts';
import { DIRECTORY, type memoryD1 } from './support/database.ts';
import { IMPORTED_AT, type Imported, importBytes, importFile, importRecords } from './support/import.ts';
import { temporaryFolder } from './support/run.ts';

const FOLDER = 'test/data/import-sources';
const GOOGLE = 'https://accounts.google.com';
const GITHUB = 'https://github.com';

type Database = ReturnType<typeof memoryD1>;
const connectionsOf = ({ database }: { database: Database }) =>
  database
    .rows(
      `SELECT coalesce(u.username, u.email) AS who, c.* FROM connections AS c JOIN users AS u ON u.id = c.user_id
       ORDER BY issuer, subject`,
    )
    .map(({ who, provider, issuer, subject }) => [who, provider, issuer, subject].join(' '));
const directoryFaults = ({ database }: { database: Database }) =>
  database.rows(`SELECT * FROM (SELECT * FROM logins EXCEPT SELECT * FROM (${DIRECTORY}))
    UNION ALL SELECT * FROM (SELECT * FROM (${DIRECTORY}) EXCEPT SELECT * FROM logins)`);

const user = (pk: number | string, fields: object = {}) => ({
  model: 'auth.user',
  pk,
  fields: { username: `user${pk}`, email: '', password: '!', date_joined: '2024-01-01T00:00:00Z', ...fields },
});
const social = (owner: unknown, provider: string, uid: unknown, fields: object = {}) => ({
  model: 'socialaccount.socialaccount',
  pk: 1,
  fields: { user: owner, provider, uid, extra_data: {}, ...fields },
});

describe('an account at a provider', () => {
  it.each<[string, string, string[]]>([
    [
      'supabase',
      'supabase.jsonl',
      [
        `mina@example.com google ${GOOGLE} 109321`,
        `mina@example.com github ${GITHUB} 583231`,
        'mina@example.com microsoft https://login.microsoftonline.com/contoso/v2.0 AAAA-bbbb',
      ],
    ],
    ['better-auth', 'better-auth.json', [`social@example.com google ${GOOGLE} 1093`]],
    ['firebase', 'firebase.json', [`social@example.com google ${GOOGLE} 1093`]],
    ['auth0', 'auth0.jsonl', [`social@example.com google ${GOOGLE} 109`]],
    ['clerk', 'clerk.json', [`mina google ${GOOGLE} 1093`]],
  ])('comes from %s as a connection', async (from, file, expected) => {
    const done = await importFile(`${FOLDER}/${file}`, {
      from,
      providers: ['azure=microsoft=https://login.microsoftonline.com/contoso/v2.0'],
    });
    expect(connectionsOf(done)).toEqual(expected);
    expect(directoryFaults(done)).toEqual([]);
    expect(done.said).toContain(
      `Accounts at other providers: ${expected.length} of ${expected.length} imported`,
    );
  });

  it('comes from allauth, by number or natural key, with its address and times', async () => {
    const done = await importRecords([
      social(7, 'github', 583231, { extra_data: '{"email": "Mina@GitHub.example"}' }),
      user(7),
      user(8),
      social(['user8'], 'google', '109', {
        extra_data: { email: 'not an address' },
        date_joined: '2024-02-29T23:59:59.999Z',
        last_login: '2026-01-02T03:04:05Z',
      }),
      social(8, 'naver', 'abc'),
      social(8, 'kakao', '1234'),
      social(8, 'apple', '001.abc.09'),
    ]);
    expect(connectionsOf(done)).toEqual([
      `user8 google ${GOOGLE} 109`,
      'user8 apple https://appleid.apple.com 001.abc.09',
      `user7 github ${GITHUB} 583231`,
      'user8 kakao https://kauth.kakao.com 1234',
      'user8 naver https://nid.naver.com abc',
    ]);
    expect(
      done.database.rows(
        'SELECT email, created_at, last_used_at FROM connections ORDER BY subject DESC LIMIT 2',
      ),
    ).toEqual([
      { email: null, created_at: Date.parse('2024-01-01T00:00:00Z') / 1_000, last_used_at: null },
      {
        email: 'mina@github.example',
        created_at: Date.parse('2024-01-01T00:00:00Z') / 1_000,
        last_used_at: null,
      },
    ]);
    expect(
      done.database.rows("SELECT email, created_at, last_used_at FROM connections WHERE provider = 'google'"),
    ).toEqual([
      {
        email: null,
        created_at: Date.parse('2024-02-29T23:59:59Z') / 1_000,
        last_used_at: Date.parse('2026-01-02T03:04:05Z') / 1_000,
      },
    ]);
    expect(done.counts).toMatchObject({ read: 7, imported: 2, parts: 5, connections: 5 });
  });

  it('is found where sign-ins look for it', async () => {
    const done = await importRecords([user(7), social(7, 'google', '109')]);
    expect(done.database.rows("SELECT kind, key FROM logins WHERE kind <> 'username'")).toEqual([
      { kind: kindOf(GOOGLE), key: '109' },
    ]);
  });

  it.each<[string, unknown[], string]>([
    ['without an issuer', [social(7, 'facebook', '1')], 'facebook 1: the issuer'],
    ['of Microsoft without a tenant', [social(7, 'microsoft', '1')], 'microsoft 1: the issuer'],
    [
      'that does not say who it is',
      [social(7, 'google', null)],
      'google 1: the file does not have the users’ ids',
    ],
    [
      'with a number that is not exact',
      [social(7, 'google', 1e20)],
      'google 1: the file does not have the users’ ids',
    ],
    ['too long', [social(7, 'google', 'x'.repeat(256))], 'google 1: the file does not have the users’ ids'],
    ['without a name', [social(7, '', '1')], 'without a name 1: the file does not name the provider'],
  ])('%s is reported and left out, and the user is imported', async (_, records, sentence) => {
    const done = await importRecords([user(7), ...records]);
    expect(done.counts).toMatchObject({ imported: 1, refused: 0, connections: 0 });
    expect(done.said).toContain('Accounts at other providers: 0 of 1 imported\n');
    expect(done.said).toContain(`  NOT IMPORTED: ${sentence}`);
    expect(connectionsOf(done)).toEqual([]);
  });

  it('is only named if Supabase’s users are exported without identities', async () => {
    const done = await importFile(`${FOLDER}/supabase.csv`, { from: 'supabase' });
    expect(done.said).toContain('  NOT IMPORTED: google 1: the file does not have the users’ ids there');
  });

  it('of a custom provider is imported with --provider', async () => {
    const done = await importRecords([user(7), social(7, 'openid_connect', 'u1')], {
      providers: ['openid_connect=keycloak=https://id.example.com/realms/x'],
    });
    expect(connectionsOf(done)).toEqual(['user7 keycloak https://id.example.com/realms/x u1']);
  });
});

describe('a connection that several users have', () => {
  const records = [user(7), user(8), social(8, 'google', '109'), social(7, 'google', '109')];

  it.each([false, true])('stays with the first, and the report says so; dry run: %s', async (dryRun) => {
    const done = await importRecords(records, { dryRun });
    expect(done.leftOut).toEqual(['8: connection (connection_taken)']);
    expect(done.said).toContain('Left out: connection (connection_taken) 1');
    expect(done.said).toContain('1 of 2 imported, 1 that another user has');
    expect(connectionsOf(done)).toEqual(dryRun ? [] : [`user7 google ${GOOGLE} 109`]);
    expect(directoryFaults(done)).toEqual([]);
  });

  it('stays with the user who has it here', async () => {
    const { database } = await importRecords([user(1), social(1, 'google', '109')]);
    for (const dryRun of [true, false]) {
      const done = await importRecords([user(7), social(7, 'google', '109'), social(7, 'github', '1')], {
        database,
        dryRun,
      });
      expect(done.outcomes).toMatchObject([
        { outcome: 'imported', person: { leftOut: [{ reason: 'connection_taken' }] } },
      ]);
      const [row] = database.rows("SELECT id FROM users WHERE username = 'user1'");
      expect(done.outcomes).toMatchObject([{ person: { leftOut: [{ taken_by: row?.id }] } }]);
    }
    expect(connectionsOf({ database })).toEqual([`user1 google ${GOOGLE} 109`, `user7 github ${GITHUB} 1`]);
    expect(directoryFaults({ database })).toEqual([]);
  });

  it('is not taken by a refused user', async () => {
    const done = await importRecords([
      user(7, { username: '' }),
      user(8),
      social(7, 'google', '109'),
      social(8, 'google', '109'),
    ]);
    expect(done.refused).toEqual(['7: nameless']);
    expect(connectionsOf(done)).toEqual([`user8 google ${GOOGLE} 109`]);
  });

  it('refuses the others with --strict', async () => {
    const done = await importRecords(records, { strict: true });
    expect(done.refused).toEqual(['8: connection_taken']);
  });

  it('is one if one user has it twice', async () => {
    const done = await importRecords([user(7), social(7, 'google', '109'), social(7, 'google', '109')]);
    expect(connectionsOf(done)).toEqual([`user7 google ${GOOGLE} 109`]);
    expect(done.leftOut).toEqual([]);
  });
});

describe('a connection that was imported', () => {
  it('is left alone by a second run, removed or not', async () => {
    const records = [user(7), social(7, 'google', '109'), social(7, 'github', '1')];
    const { database } = await importRecords(records);
    await database.writer.write(["DELETE FROM connections WHERE provider = 'github'"]);
    const again = await importRecords(records, { database });
    expect(again.counts).toMatchObject({ imported: 0, alreadyThere: 1, connections: 0 });
    expect(connectionsOf({ database })).toEqual([`user7 google ${GOOGLE} 109`]);
    expect(directoryFaults({ database })).toEqual([]);
  });

  it('is deleted with its user by --undo, unless it was used to sign in since', async () => {
    const done = await importRecords([
      user(7),
      user(8),
      social(7, 'google', '109'),
      social(8, 'google', '110'),
    ]);
    await done.database.writer.write([
      `UPDATE connections SET last_used_at = ${IMPORTED_AT + 1} WHERE subject = '110'`,
    ]);
    expect(await takeBack(done)).toMatchObject({ deleted: 1, used: 1 });
    expect(connectionsOf(done)).toEqual([`user8 google ${GOOGLE} 110`]);
    expect(directoryFaults(done)).toEqual([]);
  });

  it('is the same after an export and an import', async () => {
    const { database } = await importRecords(
      [
        user(7),
        user(8),
        social(7, 'google', '109', {
          extra_data: { email: 'a@example.com' },
          last_login: '2026-01-02T03:04:05Z',
        }),
        social(7, 'sso', 'x', { date_joined: '2024-05-01' }),
      ],
      { providers: ['sso=https://id.example.com'] },
    );
    const all = 'SELECT * FROM connections ORDER BY user_id, id';
    expect(database.rows(all)).toHaveLength(2);
    for (const from of ['jsonl', undefined]) {
      let text = '';
      for await (const lines of exportUsers(database.writer, { hashes: true })) text += lines;
      const again = await importBytes(Buffer.from(text), from === undefined ? {} : { from });
      expect(again.database.rows(all)).toEqual(database.rows(all));
      expect(again.said).not.toMatch(/not imported|NOT IMPORTED/);
    }
  });
});

describe('--provider', () => {
  it.each<[string, { id: string; issuer: string }]>([
    ['okta=https://id.example.com', { id: 'okta', issuer: 'https://id.example.com' }],
    ['Old Name=sso=https://id.example.com/', { id: 'sso', issuer: 'https://id.example.com/' }],
    ['oidc.kakao=kakao', { id: 'kakao', issuer: 'https://kauth.kakao.com' }],
  ])('reads %s', (option, expected) => {
    expect([...parseProviders([option]).values()]).toEqual([expected]);
  });

  it.each([
    ['okta', 'takes NAME=ISSUER'],
    ['=https://id.example.com', 'takes NAME=ISSUER'],
    ['okta=nowhere', 'takes NAME=ISSUER'],
    ['azure=microsoft', 'takes NAME=ISSUER'],
    ['okta=okta=ftp://id.example.com', 'takes NAME=ISSUER'],
    ['oidc.x=https://id.example.com', 'is not a valid provider id'],
  ])('refuses %s', (option, sentence) => {
    expect(() => parseProviders([option])).toThrow(sentence);
  });

  it('refuses a name given twice', () => {
    expect(() => parseProviders(['a=https://a.example', 'a=https://b.example'])).toThrow('twice');
  });
});

async function takeBack({ database, batches }: Imported) {
  const input = join(temporaryFolder(), 'users.json');
  writeFileSync(input, '[]');
  const header = { file: input, database: 'x', at: IMPORTED_AT, dry_run: false, options: {} };
  const report = openReport(input, header);
  for (const ids of batches) report.batch(ids);
  report.close();
  return undo(database.writer, report.file, { database: 'x', dryRun: false, progress: () => {} });
}
