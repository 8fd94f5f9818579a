import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, verify } from 'node:crypto';
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { settingsTable } from '../../scripts/settings-table.ts';
import { secretBox } from '../../src/secret-box.ts';

const READMES = ['README.md', 'README.ko.md'];
const pages = readdirSync('docs')
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`);
const read = (page: string) => readFileSync(page, 'utf8');

const linksOf = (page: string) =>
  [...read(page).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map((match) => match[1] as string);

/** As GitHub makes them. */
const anchorsOf = (page: string) =>
  [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );

function isBroken(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : join(dirname(page), path);
  return !existsSync(target) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
}

describe('docs/settings.md', () => {
  it('has every setting as in the source', () => {
    expect(read('docs/settings.md')).toContain(settingsTable());
  });
});

describe.each(READMES)('%s', (readme) => {
  it('has the two commands', () => {
    expect(read(readme)).toContain('npm ci && npm run dev');
    expect(read(readme)).toContain('npm ci && npm test');
  });
});

describe('docs/README.md', () => {
  it('leads to every page of docs/', () => {
    const linked = linksOf('docs/README.md').map((link) => join('docs', link.split('#')[0] ?? ''));
    expect(pages.filter((page) => page !== 'docs/README.md' && !linked.includes(page))).toEqual([]);
  });
});

describe('docs/adr/0001', () => {
  it('names the installed version of every package in its table', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json'));
    const installed = { ...dependencies, ...devDependencies } as Record<string, string>;
    const rows = read('docs/adr/0001-what-we-build-on.md').match(/^\| .* \d+\.\d+\.\d+.*$/gm) ?? [];
    const named = [...rows.join().matchAll(/(@?[a-z][\w./-]*) (\d+\.\d+\.\d+[\w.-]*)/g)]
      .map(([, name = '', version = '']) => ({ name, version }))
      .filter(({ name }) => name in installed);
    expect(named.length).toBeGreaterThan(15);
    expect(named.filter(({ name, version }) => installed[name] !== version)).toEqual([]);
  });
});

describe('docs/operate.md', () => {
  const migrated = () => {
    const database = new DatabaseSync(':memory:');
    for (const name of readdirSync('migrations')
      .filter((file) => file.endsWith('.sql'))
      .sort())
      database.exec(read(`migrations/${name}`));
    return database;
  };

  it('ends every session and voids every link after a restore', () => {
    const database = migrated();
    database.exec(`
      INSERT INTO users (id, email, password_hash, date_joined) VALUES ('1', 'mina@example.com', 'h', 1);
      INSERT INTO sessions (user_id, id, created_at, last_used_at, expires_at, absolute_end_at)
        VALUES ('1', 'live', 1, 1, 9, 9), ('1', 'ended', 1, 1, 9, 9);
      UPDATE sessions SET revoked_at = 5, revoked_reason = 'logged_out' WHERE id = 'ended';
      INSERT INTO one_time_tokens (subject, purpose, hash, created_at, expires_at)
        VALUES ('1', 'password_reset', 'h', 1, 9);
    `);
    const [, afterRestore = ''] = /```sql\n([^`]*)```/.exec(read('docs/operate.md')) ?? [];
    database.exec(afterRestore);
    const reasons = database.prepare('SELECT revoked_reason AS reason FROM sessions ORDER BY id').all();
    expect(reasons.map(({ reason }) => reason)).toEqual(['logged_out', 'ended']);
    expect(database.prepare('SELECT count(*) AS live FROM sessions WHERE revoked_at IS NULL').get()).toEqual({
      live: 0,
    });
    expect(database.prepare('SELECT count(*) AS links FROM one_time_tokens').get()).toEqual({ links: 0 });
  });

  it('counts the secrets of second factors by encryption key', async () => {
    const [old, current] = [1, 2].map((byte) => secretBox([new Uint8Array(32).fill(byte)]));
    const database = migrated();
    const sealed: string[] = [];
    for (const [id, box] of [old, current, current].entries()) {
      sealed.push((await box?.seal(String(id), new Uint8Array(20))) ?? '');
      database.exec(`
        INSERT INTO users (id, email, password_hash, date_joined) VALUES ('${id}', '${id}@example.com', 'h', 1);
        INSERT INTO totp_secrets (user_id, secret) VALUES ('${id}', '${sealed[id]}');
      `);
    }
    const [, query = ''] = /--command "(SELECT [^"]*)"/.exec(read('docs/operate.md')) ?? [];
    const counted = new Map(
      database
        .prepare(query)
        .all()
        .map(({ key, users }) => [key, users]),
    );
    expect(counted).toEqual(
      new Map([
        [sealed[0]?.split('.')[1], 1],
        [sealed[1]?.split('.')[1], 2],
      ]),
    );
  });
});

describe('docs/connections.md', () => {
  it('signs a client secret for Apple', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'apple-'));
    const [, code = ''] = /```js\n([^`]*appleid[\s\S]*?)```/.exec(read('docs/connections.md')) ?? [];
    writeFileSync(join(folder, 'apple-secret.mjs'), code);
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(join(folder, 'key.p8'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const args = ['apple-secret.mjs', 'key.p8', 'TEAM', 'KEY', 'com.example.accounts'];
    const { stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    const [header = '', claims = '', signature = ''] = stdout.trim().split('.');
    const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const;
    const text = Buffer.from(`${header}.${claims}`);
    expect(verify('sha256', text, key, Buffer.from(signature, 'base64url'))).toBe(true);
    const decoded = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
    expect(decoded(header)).toEqual({ alg: 'ES256', kid: 'KEY' });
    const { iat, exp, ...rest } = decoded(claims);
    expect(rest).toEqual({ iss: 'TEAM', aud: 'https://appleid.apple.com', sub: 'com.example.accounts' });
    // Apple's limit.
    expect(exp - iat).toBeLessThanOrEqual(15_777_000);
  });
});

const others = globSync(
  '{CHANGELOG.md,bench/*.md,docs/adr/*.md,examples/*/*.md,migrations/*.md,packages/*/*.md,src/*.md,test/*.md}',
);

describe('the public pages', () => {
  it.each([...READMES, ...pages, ...others])('have no broken link: %s', (page) => {
    expect(linksOf(page).filter((link) => isBroken(page, link))).toEqual([]);
  });
});
