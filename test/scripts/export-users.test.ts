import { copyFileSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportUsers } from '../../scripts/lib/users-export.ts';
import { memoryD1 } from './support/database.ts';
import { importBytes, importFile } from './support/import.ts';
import { run, temporaryFolder } from './support/run.ts';

const OWN = `$pbkdf2-sha256-chain$i=600000,c=100000$${'A'.repeat(22)}$${'B'.repeat(43)}`;

async function all(options: { database: ReturnType<typeof memoryD1>; hashes: boolean; pageSize?: number }) {
  let text = '';
  for await (const lines of exportUsers(options.database.writer, options)) text += lines;
  return text;
}
const rowsOf = (database: ReturnType<typeof memoryD1>) => database.rows('SELECT * FROM users ORDER BY id');

describe('an export', () => {
  it('imported into an empty database recreates the same users', async () => {
    const { database } = await importFile('test/data/django/dumpdata.json');
    await database.writer.write([
      `INSERT INTO users (id, email, username, username_key, name, password_hash, is_active, is_staff,
        email_verified_at, date_joined, last_login_at) VALUES
        ('0190d59b-9050-7562-8ee4-63e136072f44', 'bücher@example.com', NULL, NULL, 'O''Hara, "=x"', '${OWN}', 0, 1, 5, -6, 7),
        ('5f0f6f2e-6f0c-4c53-9d6e-0a3d3a9a7f11', NULL, 'Only', 'only', NULL, '', 1, 0, NULL, 1, NULL)`,
    ]);
    for (const pageSize of [1, 5, 17, 100]) {
      const text = await all({ database, hashes: true, pageSize });
      expect(text.trim().split('\n')).toHaveLength(17);
      for (const from of [undefined, 'jsonl']) {
        const again = await importBytes(Buffer.from(text), from === undefined ? {} : { from });
        expect(again.counts).toMatchObject({ read: 17, imported: 17 });
        expect(rowsOf(again.database)).toEqual(rowsOf(database));
        expect(await all({ database: again.database, hashes: true })).toBe(text);
      }
    }
  });

  it('has no hashes unless asked for', async () => {
    const { database } = await importFile('test/data/django/dumpdata.json');
    const text = await all({ database, hashes: false });
    expect(text).not.toContain('password');
    expect(JSON.parse(text.split('\n')[0] ?? '')).toEqual({
      id: expect.any(String),
      email: expect.any(String),
      username: expect.any(String),
      name: null,
      is_active: true,
      is_staff: false,
      email_verified_at: null,
      date_joined: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      last_login: '2024-02-29T23:59:59Z',
    });
  });

  it('without a user is empty', async () => {
    expect(await all({ database: memoryD1(), hashes: true })).toBe('');
  });
});

describe('npm run export-users', () => {
  it('writes a new file that only its owner can read', { timeout: 120_000 }, async () => {
    const folder = temporaryFolder();
    const state = join(folder, 'state');
    const file = join(folder, 'everybody.jsonl');
    copyFileSync('test/data/import/12-dups.json', join(folder, 'users.json'));
    await run('import-users', [join(folder, 'users.json'), '--persist-to', state]);
    const ended = await run('export-users', [file, '--persist-to', state]);
    expect(ended).toMatchObject({
      code: 0,
      stdout: `5 users, without password hashes: ${file}\n`,
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toContain('"email":"alice@example.com"');
    const again = await run('export-users', [file, '--persist-to', state]);
    expect(again).toMatchObject({ code: 1, stderr: `${file} already exists\n` });
  });

  it.each([
    ['no file', [], 'exactly one FILE is required'],
    ['an unknown option', ['a.jsonl', '--force'], '--force'],
  ])('reports %s and exits with 1', async (_, args, sentence) => {
    const ended = await run('export-users', args);
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toContain(sentence);
  });
});
