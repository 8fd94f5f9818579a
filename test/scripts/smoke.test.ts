import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bundle } from '../../bench/lib/bundle.ts';
import { applyMigrations, host } from '../../bench/lib/miniflare.ts';
import { run } from './support/run.ts';

const worker = bundle('src/worker.ts');

const pairs = {
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
};
const jwk = (alg: keyof typeof pairs) =>
  JSON.stringify({ ...pairs[alg]().privateKey.export({ format: 'jwk' }), kid: 'smoke', alg });

async function serve(variables: Record<string, string>): Promise<string> {
  const { origin, db, stop } = await host(
    { 'worker.js': await worker },
    {
      SIGNING_KEY: randomBytes(32).toString('base64url'),
      ENVIRONMENT: 'development',
      PASSWORD_ITERATIONS: '1000',
      RATE_LIMITS: 'off',
      ...variables,
    },
  );
  onTestFinished(stop);
  await applyMigrations(db);
  return origin;
}

describe('npm run smoke', () => {
  it.each([
    ['a shared secret', () => randomBytes(32).toString('base64url')],
    [
      'an HS256 key',
      () =>
        JSON.stringify({ kty: 'oct', kid: 'smoke', alg: 'HS256', k: randomBytes(32).toString('base64url') }),
    ],
    ['an ES256 key', () => jwk('ES256')],
    ['an EdDSA key', () => jwk('EdDSA')],
    ['an RS256 key', () => jwk('RS256')],
  ])('passes with %s', async (_, signingKey) => {
    const origin = await serve({ SIGNING_KEY: signingKey() });
    const { code, stdout, stderr } = await run('smoke', [origin]);
    expect(stderr).toBe('');
    expect(stdout).not.toMatch(/^(FAIL|skip)/m);
    expect(stdout).toContain('ok    log-in after that is 401');
    expect(code).toBe(0);
  });

  it('fails if a refresh returns another successor each time', async () => {
    const origin = await serve({ BLACKLIST_AFTER_ROTATION: 'false' });
    const { code, stdout } = await run('smoke', [origin]);
    expect(stdout).toMatch(/^FAIL {2}the rotated token, sent again at once, returns the same successor/m);
    expect(code).toBe(1);
  });

  it('checks what it can if sign-up is closed', async () => {
    const origin = await serve({ SIGN_UP: 'closed' });
    const { code, stdout } = await run('smoke', [origin]);
    expect(stdout).toMatch(/^skip {2}sign-up .*403 sign_up_closed/m);
    expect(code).toBe(0);
  });

  it('fails if nothing answers', async () => {
    const { code, stderr } = await run('smoke', ['http://127.0.0.1:9']);
    expect(stderr).toMatch(/failed at http:\/\/127\.0\.0\.1:9/);
    expect(code).toBe(1);
  });
});
