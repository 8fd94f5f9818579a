/**
 * The package as another project has it: below node_modules, where a bundler reads no tsconfig.json of ours, and a
 * type-checker reads the host's.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../bench/lib/bundle.ts';
import manifest from '../../package.json' with { type: 'json' };

const HOST = `
import { Hono } from 'hono';
import { createAccounts, createAdmin } from 'hono-accounts';
import { isAuthenticated } from 'hono-accounts/guard';

export default new Hono()
  .route('/auth', createAccounts())
  .route('/console', createAdmin())
  .get('/notes', isAuthenticated(), (c) => c.json({ owner: c.var.account?.id }));
`;

let project: string;
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'accounts-host-'));
  const own = join(project, 'node_modules/hono-accounts');
  mkdirSync(own, { recursive: true });
  for (const part of ['src', 'package.json']) cpSync(join(root, part), join(own, part), { recursive: true });
  for (const name of Object.keys(manifest.dependencies)) {
    const link = join(project, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link);
  }
  writeFileSync(join(project, 'package.json'), '{"type": "module"}');
  writeFileSync(join(project, 'host.ts'), HOST);
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

async function bundled(): Promise<string> {
  const result = await build({
    absWorkingDir: project,
    entryPoints: ['host.ts'],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['node:*', 'cloudflare:*'],
    logLevel: 'error',
  });
  return result.outputFiles[0]?.text ?? '';
}

const ENV = {
  DB: {},
  BLACKLIST: {},
  SIGNING_KEY: 'a-signing-key-for-tests-0123456789-abcdefghijk',
  ENVIRONMENT: 'development',
  RATE_LIMITS: 'off',
};

describe('in a project of one’s own', () => {
  it('is bundled without React', async () => {
    expect(await bundled()).not.toMatch(/\bReact\./);
  });

  it.each(['/auth/email/verify', '/auth/password/reset/confirm', '/console/login'])(
    'answers %s with a page',
    async (path) => {
      const file = join(project, `host${path.replaceAll('/', '-')}.mjs`);
      writeFileSync(file, await bundled());
      const { default: app } = await import(pathToFileURL(file).href);
      const answer: Response = await app.request(path, {}, ENV);
      expect(answer.status).toBe(200);
      expect(await answer.text()).toMatch(/^<!doctype html><html lang="en">/);
    },
  );
});
