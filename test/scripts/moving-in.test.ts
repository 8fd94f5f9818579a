import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readArguments, run } from '../../scripts/import/command.ts';
import { TARGETS } from '../../scripts/import/fields.ts';
import { SOURCE_NAMES } from '../../scripts/import/sources/index.ts';
import { memoryD1 } from './support/database.ts';
import { temporaryFolder } from './support/run.ts';

const page = readFileSync('docs/moving-in.md', 'utf8');

/** The commands of the page, one a line, lines that go on put together. */
const commands = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) =>
  block
    .replaceAll('\\\n', ' ')
    .split(/\n(?=\S)/)
    .map((command) => command.trim())
    .filter((command) => command !== ''),
);
const imports = commands.filter((command) => command.startsWith('npm run import-users -- '));

/** What the page’s files are, for each source. */
const FILES: Readonly<Record<string, string>> = {
  django: 'import/15-docs-myuser.json',
  supabase: 'import-sources/supabase.jsonl',
  'better-auth': 'import-sources/better-auth.json',
  firebase: 'import-sources/firebase.json',
  auth0: 'import-sources/auth0.jsonl',
  clerk: 'import-sources/clerk.csv',
  csv: 'import-sources/laravel.csv',
};

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('docs/moving-in.md', () => {
  it.each(imports)('has a command that works: %s', async (command) => {
    const folder = temporaryFolder();
    vi.stubEnv('INIT_CWD', folder);
    vi.spyOn(console, 'error').mockReturnValue();
    const words = command.replace('npm run import-users -- ', '').split(/\s+/);
    const named = (words.find((word) => /\.(?:json|jsonl|csv)$/.test(word)) ?? '').replace(
      '.report.jsonl',
      '',
    );
    const from = /--from (\S+)/.exec(command)?.[1] ?? (named.endsWith('.csv') ? 'csv' : 'django');
    const example = named.startsWith('people.') ? `import-sources/${named}` : FILES[from];
    copyFileSync(`test/data/${example}`, join(folder, named));

    const { writer, rows } = memoryD1();
    const { signal } = new AbortController();
    const said: string[] = [];
    const say = (line: string) => void said.push(line);
    const where = words.filter((word) => word === '--remote');
    if (command.includes('--undo')) {
      expect(await run(writer, readArguments([named, ...where]), say, signal)).toBe(0);
    }
    const code = await run(writer, readArguments(words), say, signal);
    expect(code).toBe(0);
    expect(said.filter((line) => line.startsWith('--map: no record'))).toEqual([]);
    const written = command.includes('--dry-run') || command.includes('--undo') ? 0 : 2;
    expect(rows('SELECT id FROM users')).toHaveLength(written);
    expect(existsSync(join(folder, 'ids.csv'))).toBe(command.includes('--id-map'));
  });

  it('has a command for each source, and no unknown command', () => {
    expect(imports.length).toBeGreaterThan(10);
    const others = commands.filter((command) => !imports.includes(command));
    const known = [
      /^npm run (?:dev|createsuperuser|export-users) -- /,
      /^npx wrangler d1 migrations apply DB --remote$/,
      /^curl -s http:\/\/localhost:8787\/account\/login /,
      /^rm users\.json users\.json\.report\*\.jsonl ids\.csv$/,
      /^python manage\.py dumpdata auth account socialaccount\.socialaccount -o users\.json$/,
      /^psql "\$DATABASE_URL" -AtX -c "SELECT /,
      /^firebase auth:export users\.json --format=json$/,
      /^gunzip -c users\.json\.gz \| cat - passwords\.json > all\.jsonl$/,
      /^sqlite3 better-auth\.db "/,
    ];
    for (const command of others) {
      expect(
        known.some((pattern) => pattern.test(command)),
        command,
      ).toBe(true);
    }
  });

  it('makes the file of better-auth that the import reads', async () => {
    const sql = /^sqlite3 better-auth\.db "([^"]+)"/m.exec(page)?.[1] ?? '';
    const { user, account } = JSON.parse(readFileSync('test/data/import-sources/better-auth.json', 'utf8'));
    const database = new DatabaseSync(':memory:');
    for (const [table, rows] of [
      ['user', user],
      ['account', account],
    ] as [string, Record<string, string | number | null>[]][]) {
      const columns = Object.keys(rows[0] ?? {});
      database.exec(`CREATE TABLE ${table} (${columns.join(', ')})`);
      const insert = database.prepare(`INSERT INTO ${table} VALUES (${columns.map(() => '?').join(', ')})`);
      for (const row of rows) insert.run(...columns.map((name) => row[name] ?? null));
    }
    const [made] = database
      .prepare(sql)
      .all()
      .map((row) => JSON.parse(String(Object.values(row)[0])));
    expect(made.user).toHaveLength(4);
    expect(made.user[0]).toMatchObject({ email: 'mina@example.com', emailVerified: 1 });
    expect(made.account[0]).toEqual({
      userId: user[0].id,
      providerId: 'credential',
      accountId: user[0].id,
      createdAt: account[0].createdAt,
      password: account[0].password,
    });
  });

  it('has SQL that rewrites the references of another table', () => {
    const sql = /^```sql\n([\s\S]*?)^```$/m.exec(page)?.[1] ?? '';
    const database = new DatabaseSync(':memory:');
    const [make = '', ...rest] = sql.split(/(?<=;)\n/);
    database.exec(`CREATE TABLE notes (user_id INTEGER); INSERT INTO notes VALUES (7), (8), (7); ${make}
      INSERT INTO ids VALUES ('7', 'new-7'), ('8', 'new-8')`);
    database.exec(rest.join('\n'));
    const found = database
      .prepare('SELECT user_uuid FROM notes')
      .all()
      .map((row) => row.user_uuid);
    expect(found).toEqual(['new-7', 'new-8', 'new-7']);
  });

  it('names every source, every target and every reason', () => {
    const source = readFileSync('scripts/import/person.ts', 'utf8');
    const reasons = [...source.matchAll(/reason: '(\w+)'/g)].map((match) => match[1] ?? '');
    const targets = TARGETS.filter((target) => target !== 'first_name' && target !== 'last_name');
    for (const name of [...SOURCE_NAMES, ...targets, ...reasons]) expect(page).toContain(`\`${name}\``);
  });
});
