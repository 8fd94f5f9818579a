/**
 * The package as another project has it: below node_modules, where a bundler reads no tsconfig.json of ours, and a
 * type-checker reads the host's.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle, root } from '../../bench/lib/bundle.ts';
import manifest from '../../package.json' with { type: 'json' };

const EXAMPLE = readFileSync(join(root, 'examples/host.ts'), 'utf8').replace(
  '../src/index.ts',
  'hono-accounts',
);
const GUARDED = `
import { Hono } from 'hono';
import { isAuthenticated } from 'hono-accounts/guard';

export default new Hono().get('/notes', isAuthenticated(), (c) => c.json({ owner: c.var.account.id }));
`;
/** What docs/using.md says that a host needs. */
const TSCONFIG =
  /^```json\n([\s\S]*?)^```/m.exec(readFileSync(join(root, 'docs/using.md'), 'utf8'))?.[1] ?? '';

let project: string;
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'accounts-host-'));
  const own = join(project, 'node_modules/hono-accounts');
  mkdirSync(own, { recursive: true });
  for (const part of ['src', 'package.json']) cpSync(join(root, part), join(own, part), { recursive: true });
  for (const name of [...Object.keys(manifest.dependencies), '@cloudflare/workers-types']) {
    const link = join(project, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link);
  }
  writeFileSync(join(project, 'package.json'), '{"type": "module"}');
  writeFileSync(join(project, 'host.ts'), EXAMPLE);
  writeFileSync(join(project, 'guarded.ts'), GUARDED);
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

const bundled = (entry = 'host.ts') => bundle(entry, { from: project });

/** As many projects have it. */
const STRICT = {
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  verbatimModuleSyntax: true,
};

const ENV = {
  DB: {},
  BLACKLIST: {},
  SIGNING_KEY: 'a-signing-key-for-tests-0123456789-abcdefghijk',
  ENVIRONMENT: 'development',
  RATE_LIMITS: 'off',
};

describe('in a project of one’s own', () => {
  it.each(['host.ts', 'guarded.ts'])('is bundled without React: %s', async (entry) => {
    const text = await bundled(entry);
    // Told apart without showing the whole of it.
    expect([text.includes('/notes'), text.match(/\bReact\.\w+/g)]).toEqual([true, null]);
  });

  it.each([
    ['as it stands', {}],
    ['with stricter rules', STRICT],
  ])('passes the type-checker with the tsconfig.json of docs/using.md %s', (_, more) => {
    const { compilerOptions } = JSON.parse(TSCONFIG) as { compilerOptions: object };
    writeFileSync(
      join(project, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { strict: true, ...compilerOptions, ...more }, include: ['*.ts'] }),
    );
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', project], { encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });

  it.each(['/auth/email/verify', '/auth/password/reset/confirm', '/admin/login'])(
    'answers %s with a page',
    async (path) => {
      const file = join(project, `host${path.replaceAll('/', '-')}.mjs`);
      writeFileSync(file, await bundled());
      const { default: app } = await import(pathToFileURL(file).href);
      const answer: Response = await app.fetch(new Request(`http://localhost${path}`), ENV);
      expect(answer.status).toBe(200);
      expect(await answer.text()).toMatch(/^<!doctype html><html lang="en">/);
    },
  );
});
