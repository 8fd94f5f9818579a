import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { Hono } from 'hono';
import { describe, expect, it, vi } from 'vitest';
import example from '../../examples/host.ts';
import { allowAny, createAccounts, isAdminUser, isAuthenticated, requireAccount } from '../../src/index.ts';
import { counting } from '../support/counting.ts';
import { atOnce, person, world } from '../support/world.ts';

const ask = async (
  host: { fetch: (request: Request, env: never, context: ExecutionContext) => Response | Promise<Response> },
  path: string,
  {
    token,
    vars = {},
    headers = {},
  }: { token?: string; vars?: object; headers?: Record<string, string> } = {},
) => {
  const context = createExecutionContext();
  const response = await host.fetch(
    new Request(`http://localhost${path}`, {
      headers: { ...(token !== undefined && { Authorization: `Bearer ${token}` }), ...headers },
    }),
    { ...env, ...vars } as never,
    context,
  );
  const text = await response.text();
  await waitOnExecutionContext(context);
  const json = text.startsWith('{') ? (JSON.parse(text) as { code?: string; id?: string }) : {};
  return { status: response.status, text, json, headers: response.headers };
};

/** A host without an onError of its own. */
const host = new Hono()
  .get('/default', requireAccount(), (c) => c.json({ id: c.var.account?.id ?? null }))
  .get('/any', allowAny(), (c) => c.json({ id: c.var.account?.id ?? null }))
  .get('/user', isAuthenticated(), (c) => c.json({ id: c.var.account?.id }))
  .get('/user-strict', isAuthenticated({ mode: 'strict' }), (c) => c.json({ id: c.var.account?.id }))
  .get('/staff', isAdminUser(), (c) => c.json({ id: c.var.account?.id }))
  .get('/staff-strict', isAdminUser({ mode: 'strict' }), (c) => c.json({ id: c.var.account?.id }));

const w = world();
const staff = async () => {
  const who = await w.signUp();
  await w.env.DB.prepare('UPDATE users SET is_staff = 1 WHERE id = ?').bind(who.user.id).run();
  const again = await w.logIn(who);
  return { ...who, access: again.body.access as string, refresh: again.body.refresh as string };
};

describe('permission classes', () => {
  const user = w.signUp();
  const admin = staff();
  const cases: [path: string, who: 'nobody' | 'garbage' | 'user' | 'refresh' | 'staff', status: number][] = [
    ['/any', 'nobody', 200],
    ['/any', 'garbage', 401],
    ['/any', 'refresh', 401],
    ['/any', 'user', 200],
    ['/default', 'nobody', 200],
    ['/default', 'garbage', 401],
    ['/user', 'nobody', 401],
    ['/user', 'garbage', 401],
    ['/user', 'refresh', 401],
    ['/user', 'user', 200],
    ['/user', 'staff', 200],
    ['/user-strict', 'user', 200],
    ['/user-strict', 'refresh', 401],
    ['/staff', 'nobody', 401],
    ['/staff', 'user', 403],
    ['/staff', 'staff', 200],
    ['/staff-strict', 'user', 403],
    ['/staff-strict', 'staff', 200],
  ];
  it.each(cases)('%s lets %s pass or not: %i', async (path, who, status) => {
    const tokens = {
      nobody: undefined,
      garbage: 'not.a.token',
      user: (await user).access,
      refresh: (await user).refresh,
      staff: (await admin).access,
    };
    const token = tokens[who];
    const answer = await ask(host, path, token === undefined ? {} : { token });
    expect(answer.status).toBe(status);
  });

  it.each([
    ['AllowAny', 200],
    ['IsAuthenticated', 401],
    ['IsAdminUser', 401],
  ])('DEFAULT_PERMISSION_CLASSES=%s answers %i to nobody', async (value, status) => {
    const answer = await ask(host, '/default', { vars: { DEFAULT_PERMISSION_CLASSES: value } });
    expect(answer.status).toBe(status);
  });

  it('refuses with problem details and a challenge, in a host with no onError', async () => {
    const answer = await ask(host, '/user', { token: 'x.y.z', headers: { 'Accept-Language': 'ko' } });
    expect(answer.headers.get('Content-Type')).toBe('application/problem+json');
    expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer realm="api", error="invalid_token"');
    expect(answer.headers.get('Content-Language')).toBe('ko');
    expect(answer.json.code).toBe('token_not_valid');
  });
});

describe('a dead session', () => {
  it('is out at a fast guard through KV, and at a strict one through D1', async () => {
    const who = await w.signUp();
    await w.logOut(who.refresh);
    expect((await ask(host, '/user', { token: who.access })).status).toBe(401);
    expect((await ask(host, '/user-strict', { token: who.access })).status).toBe(401);
  });

  it('of a withdrawn user says so', async () => {
    const who = await w.signUp();
    await w.delete('/account/me', { password: who.password }, { token: who.access });
    expect((await ask(host, '/user', { token: who.access })).json.code).toBe('user_not_found');
    expect((await ask(host, '/user-strict', { token: who.access })).json.code).toBe('user_not_found');
  });

  it('of a demoted user is no longer staff at a strict guard', async () => {
    const who = await staff();
    await w.env.DB.prepare('UPDATE users SET is_staff = 0 WHERE id = ?').bind(who.user.id).run();
    expect((await ask(host, '/staff-strict', { token: who.access })).status).toBe(403);
  });
});

describe('what the guard costs and needs', () => {
  it('fast: one KV read and no D1; strict: one D1 read and no KV', async () => {
    const who = await w.signUp();
    const counted = counting();
    const vars = counted.bindings;
    const fast = await counted.of(() => ask(host, '/user', { token: who.access, vars }));
    expect(fast).toMatchObject({ d1: { roundTrips: 0 }, kv: { gets: 1, puts: 0 } });
    const strict = await counted.of(() => ask(host, '/user-strict', { token: who.access, vars }));
    expect(strict).toMatchObject({ kv: { gets: 0, puts: 0 }, d1: { rowsWritten: 0 } });
  });

  it('falls back on D1 where KV is away, and is closed where both are', async () => {
    const who = await w.signUp();
    const away = { get: () => Promise.reject(new Error('away')) };
    const gone = {
      prepare: () => {
        throw new Error('away');
      },
    };
    expect((await ask(host, '/user', { token: who.access, vars: { BLACKLIST: away } })).status).toBe(200);
    const closed = await ask(host, '/user', { token: who.access, vars: { BLACKLIST: away, DB: gone } });
    expect(closed.status).toBe(503);
    expect(closed.headers.get('Retry-After')).toBe('1');
    const alone = await ask(host, '/user', { token: who.access, vars: { BLACKLIST: away, DB: undefined } });
    expect(alone.status).toBe(503);
  });

  it('works without D1 and with public keys alone', async () => {
    const pair = (await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
      'verify',
    ])) as CryptoKeyPair;
    const jwk = async (key: CryptoKey) =>
      JSON.stringify({
        ...((await crypto.subtle.exportKey('jwk', key)) as object),
        kid: 'k1',
        alg: 'ES256',
        use: 'sig',
        key_ops: undefined,
      });
    const issuing = world({ vars: { SIGNING_KEY: await jwk(pair.privateKey) } });
    const who = await issuing.signUp();
    const vars = { SIGNING_KEY: undefined, DB: undefined, VERIFYING_KEYS: `[${await jwk(pair.publicKey)}]` };
    expect((await ask(host, '/user', { token: who.access, vars })).status).toBe(200);
    // As [vars] of a wrangler.toml gives it, where it is written as a list.
    const listed = { ...vars, VERIFYING_KEYS: JSON.parse(vars.VERIFYING_KEYS) as unknown };
    expect((await ask(host, '/user', { token: who.access, vars: listed })).status).toBe(200);
  });

  it.each([
    ['no key at all', { SIGNING_KEY: undefined }],
    ['no KV', { BLACKLIST: undefined }],
    ['an unknown permission class', { DEFAULT_PERMISSION_CLASSES: 'IsRoot' }],
  ])('is 503 misconfigured with %s', async (_, vars) => {
    const answer = await ask(host, '/default', { vars });
    expect(answer.status).toBe(503);
    expect(answer.json.code).toBe('misconfigured');
  });

  it('refuses options that do not exist when it is made', () => {
    expect(() => requireAccount({ mode: 'lax' as never })).toThrow(TypeError);
    expect(() => requireAccount({ permission: 'IsAdmin' as never })).toThrow(TypeError);
  });
});

describe('the account app in a host of its own', () => {
  it('serves the example', async () => {
    const who = await w.signUp();
    const fetcher = example as unknown as Parameters<typeof ask>[0];
    expect((await ask(fetcher, '/auth/me', { token: who.access })).json.id).toBe(who.user.id);
    expect((await ask(fetcher, '/admin/login')).text).toContain('<title>');
    expect((await ask(fetcher, '/', { token: who.access })).text).toContain(who.user.id);
    expect((await ask(fetcher, '/notes')).status).toBe(401);
    expect((await ask(fetcher, '/stats', { token: who.access })).status).toBe(403);
  });

  it('answers its own errors, wherever it is mounted', async () => {
    const elsewhere = new Hono().route('/api/v1/people', createAccounts());
    expect((await ask(elsewhere, '/api/v1/people/me')).json.code).toBe('not_authenticated');
    expect((await ask(elsewhere, '/api/v1/people/nope')).json.code).toBe('not_found');
    const wrong = await ask(elsewhere, '/api/v1/people/login');
    expect(wrong.json.code).toBe('method_not_allowed');
    expect(wrong.headers.get('Allow')).toBe('POST, OPTIONS');
  });

  it('lets fifty guarded calls at once pass with one key import', async () => {
    const who = await w.signUp(person());
    const imported = vi.spyOn(crypto.subtle, 'importKey');
    const isolate = { ...env };
    const headers = { Authorization: `Bearer ${who.access}` };
    const answers = await atOnce(50, async () => host.request('/user', { headers }, isolate));
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
    expect(imported).toHaveBeenCalledTimes(1);
    imported.mockRestore();
  });
});
