import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type D1Writer, requireTables } from '../../scripts/lib/d1-writer.ts';
import { remoteD1 } from '../../scripts/lib/remote-d1.ts';
import { wranglerAt } from '../../scripts/lib/wrangler.ts';
import { memoryD1, migrate } from './support/database.ts';
import { importFile } from './support/import.ts';
import { temporaryFolder } from './support/run.ts';

const cli = fileURLToPath(new URL('./support/fake-wrangler.ts', import.meta.url));

interface Call {
  args: string[];
  file?: string;
  sql?: string;
  fileMode?: string;
  folderMode?: string;
}

function fakeCloudflare({ migrated = true, environment }: { migrated?: boolean; environment?: string } = {}) {
  const folder = temporaryFolder();
  const path = join(folder, 'd1.sqlite');
  const log = join(folder, 'calls.jsonl');
  const database = new DatabaseSync(path);
  if (migrated) migrate(database);
  else database.exec('CREATE TABLE other (a)');
  vi.stubEnv('FAKE_D1', path);
  vi.stubEnv('FAKE_LOG', log);
  const calls = (): Call[] =>
    existsSync(log)
      ? readFileSync(log, 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line))
      : [];
  return {
    writer: remoteD1(
      wranglerAt(() => cli),
      environment,
    ),
    database,
    calls,
  };
}

afterEach(() => {
  vi.unstubAllEnvs();
});

const importDump = (writer: D1Writer) =>
  importFile('test/data/django/dumpdata.json', { database: { ...memoryD1(), writer }, batchSize: 6 });

describe('a remote D1', { timeout: 30_000 }, () => {
  it('imports the users of a real Django, twice with one result', async () => {
    const { writer, database, calls } = fakeCloudflare();
    const first = await importDump(writer);
    expect(first.counts).toMatchObject({ read: 15, imported: 15, alreadyThere: 0, refused: 0 });
    expect(first.leftOut).toEqual([
      '4: is_staff (email_not_verified)',
      '5: is_staff (email_not_verified)',
      '12: email (email_taken)',
    ]);
    const rows = database.prepare('SELECT * FROM users ORDER BY id').all();
    expect(rows).toHaveLength(15);

    const again = await importDump(writer);
    expect(again.counts).toMatchObject({ read: 15, imported: 0, alreadyThere: 15, refused: 0 });
    expect(database.prepare('SELECT * FROM users ORDER BY id').all()).toEqual(rows);

    for (const { args } of calls()) {
      expect(args.slice(0, 5)).toEqual(['d1', 'execute', 'DB', '--remote', '--json']);
      expect(args.join(' ')).not.toMatch(/pbkdf2_|md5\$/);
    }
  });

  it('is written to through a file that only its owner can read, which is deleted afterwards', async () => {
    const { writer, calls } = fakeCloudflare();
    await writer.write([
      "INSERT INTO users (id, email, password_hash, date_joined) VALUES ('a', 'a@b.c', 'h', 0)",
    ]);
    const [call] = calls();
    expect(call).toMatchObject({ fileMode: '600', folderMode: '700' });
    expect(call?.args.slice(5)).toEqual(['--yes', '--file', call?.file]);
    expect(existsSync(dirname(call?.file ?? ''))).toBe(false);
  });

  it('reports why a write failed, and deletes the file all the same', async () => {
    vi.stubEnv('FAKE_FAULT', 'files');
    const { writer, calls } = fakeCloudflare();
    await expect(writer.write(["SELECT 'secret'"])).rejects.toThrow('the fault that was asked for');
    await expect(writer.write(["SELECT 'secret'"])).rejects.not.toThrow('secret');
    for (const { file } of calls()) expect(existsSync(dirname(file ?? ''))).toBe(false);
  });

  it('writes all or nothing', async () => {
    const { writer, database } = fakeCloudflare();
    const row = "INSERT INTO users (id, email, password_hash, date_joined) VALUES ('a', 'a@b.c', 'h', 0)";
    await expect(writer.write([row, 'INSERT INTO nowhere VALUES (1)'])).rejects.toThrow('nowhere');
    expect(database.prepare('SELECT count(*) AS n FROM users').get()).toEqual({ n: 0 });
  });

  it('without tables is an error that says how to create them', async () => {
    const { writer } = fakeCloudflare({ migrated: false });
    await expect(requireTables(writer, 'npx wrangler d1 migrations apply DB --remote')).rejects.toThrow(
      /no table "users".*npx wrangler d1 migrations apply DB --remote/,
    );
  });

  it('can be that of a named environment', async () => {
    const { writer, calls } = fakeCloudflare({ environment: 'staging' });
    expect(await writer.read('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(calls()[0]?.args).toEqual([
      ...['d1', 'execute', 'DB', '--remote', '--json', '--env', 'staging'],
      ...['--command', 'SELECT 1 AS one'],
    ]);
  });
});
