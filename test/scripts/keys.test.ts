/** `npm run keys`: what it prints, and that the Worker takes it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadKeySet } from '../../src/token/key-set.ts';
import { run } from './support/run.ts';

const lines = (text: string) => text.trim().split('\n');
/** The values of the three steps: each stands on the line after its command. */
const valuesOf = (stdout: string) =>
  [...stdout.matchAll(/^npx wrangler secret put (\w+)(.*)\n(.*)$/gm)].map(([, name, more, value = '']) => ({
    name,
    more,
    value,
  }));

/** The keys of a server, on loopback. */
async function jwksServer(answer: unknown): Promise<string> {
  const server = createServer((_, response) => response.end(JSON.stringify(answer))).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((done) => server.once('listening', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/.well-known/jwks.json`;
}

describe('keys new', () => {
  it.each(['ES256', 'EdDSA', 'RS256'])('prints a private key and its public half: %s', async (alg) => {
    const { stdout, code } = await run('keys', ['new', '--alg', alg]);
    const [signing = '', verifying = '', ...more] = lines(stdout);
    expect([code, more]).toEqual([0, []]);
    const loaded = await loadKeySet(signing, `[${verifying}]`);
    expect(loaded).toMatchObject({
      ok: true,
      keys: { jwks: { keys: [{ ...JSON.parse(verifying), use: 'sig' }] } },
    });
    expect(JSON.parse(verifying)).toMatchObject({ alg, kid: expect.any(String) });
    expect(JSON.parse(verifying)).not.toHaveProperty('d');
  });

  it('prints one secret for HS256, which has no public half', async () => {
    const { stdout } = await run('keys', ['new', '--alg', 'HS256']);
    expect(lines(stdout)).toHaveLength(1);
    expect(await loadKeySet(stdout, undefined)).toMatchObject({ ok: true, keys: { jwks: { keys: [] } } });
  });

  it('makes another key each time, ES256 by default', async () => {
    const made = await Promise.all([run('keys', ['new']), run('keys', ['new'])]);
    const [one, other] = made.map(({ stdout }) => JSON.parse(lines(stdout)[0] ?? ''));
    expect(one).toMatchObject({ kty: 'EC', alg: 'ES256' });
    expect(other.kid).not.toBe(one.kid);
  });
});

describe('keys rotate', () => {
  it('prints three steps, each a valid setting', async () => {
    const SIGNING_KEY = 'a-signing-key-for-tests-0123456789-abcdefghijk';
    const { stdout, code } = await run('keys', ['rotate', '--env', 'staging'], { env: { SIGNING_KEY } });
    expect(code).toBe(0);
    const [both, signing, done] = valuesOf(stdout);
    expect([both, signing, done].map((step) => [step?.name, step?.more])).toEqual([
      ['VERIFYING_KEYS', ' --env staging'],
      ['SIGNING_KEY', ' --env staging'],
      ['VERIFYING_KEYS', ' --env staging'],
    ]);
    for (const [key, verifying] of [
      [SIGNING_KEY, both?.value],
      [signing?.value, both?.value],
      [signing?.value, done?.value],
    ]) {
      expect(await loadKeySet(key, verifying)).toMatchObject({ ok: true });
    }
    expect(JSON.parse(both?.value ?? '')).toHaveLength(2);
    expect(JSON.parse(done?.value ?? '')).toHaveLength(1);
    expect(stdout).toContain('\n3. 1 d later');
  });

  it('waits for the lifetime of the longest token', async () => {
    const env = {
      SIGNING_KEY: 'a-signing-key-for-tests-0123456789-abcdefghijk',
      REFRESH_TOKEN_LIFETIME: '90m',
    };
    expect((await run('keys', ['rotate'], { env })).stdout).toContain('\n3. 2 h later');
  });

  it('reads the keys in use from a server', async () => {
    const old = { kty: 'EC', crv: 'P-256', kid: 'old', alg: 'ES256', use: 'sig', x: 'x', y: 'y' };
    const { stdout } = await run('keys', ['rotate', '--from', await jwksServer({ keys: [old] })]);
    const [both, , done] = valuesOf(stdout).map(({ value }) => JSON.parse(value));
    expect(both).toEqual([old, ...done]);
  });

  it.each<[string, string[], Record<string, string>, RegExp]>([
    ['no key', ['rotate'], {}, /keys in use are unknown/],
    ['no JSON', ['rotate'], { VERIFYING_KEYS: '[' }, /not valid JSON/],
    [
      'a URL that others can change',
      ['rotate', '--from', 'http://example.com/jwks'],
      {},
      /must be an https: URL/,
    ],
    [
      'an unknown algorithm',
      ['new', '--alg', 'none'],
      {},
      /--alg must be one of[\s\S]*Usage: npm run keys --/,
    ],
    ['no command', [], {}, /must be new or rotate/],
    [
      'a server that is not there, and says why',
      ['rotate', '--from', 'http://127.0.0.1:9/jwks'],
      {},
      /^http:\/\/127\.0\.0\.1:9\/jwks: fetch failed \(.+\)$/m,
    ],
  ])('refuses %s', async (_, args, env, message) => {
    const { code, stderr, stdout } = await run('keys', args, { env });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(message);
  });

  it.each<[string, unknown, RegExp]>([
    ['shows no key', { keys: [] }, /shared secret/],
    ['has no key set', 'Hello', /did not return a JWK Set/],
  ])('refuses a server that %s', async (_, answer, message) => {
    const { code, stderr } = await run('keys', ['rotate', '--from', await jwksServer(answer)]);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
  });
});
