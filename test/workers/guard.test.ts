import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { Hono, type MiddlewareHandler } from 'hono';
import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import example from '../../examples/host.ts';
import { rememberMisses } from '../../src/guard/revocation-memory.ts';
import {
  type Account,
  allowAny,
  createAccounts,
  defaultPermissions,
  isAdminUser,
  isAuthenticated,
  requireAccount,
} from '../../src/index.ts';
import { counting } from '../support/counting.ts';
import { resigned } from '../support/tokens.ts';
import { atOnce, claimsOf, person, world } from '../support/world.ts';

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
  .get('/default', defaultPermissions(), (c) => c.json({ id: c.var.account?.id ?? null }))
  .get('/account', requireAccount(), (c) => c.json({ id: c.var.account.id, account: c.var.account }))
  .get('/verified', requireAccount({ verified: true }), (c) => c.json({ id: c.var.account.id }))
  .get('/verified-strict', requireAccount({ verified: true, mode: 'strict' }), (c) =>
    c.json({ id: c.var.account.id }),
  )
  .get('/any', allowAny(), (c) => c.json({ id: c.var.account?.id ?? null }))
  .get('/user', isAuthenticated(), (c) => c.json({ id: c.var.account.id }))
  .get('/user-strict', isAuthenticated({ mode: 'strict' }), (c) => c.json({ id: c.var.account.id }))
  .get('/staff', isAdminUser(), (c) => c.json({ id: c.var.account.id }))
  .get('/staff-strict', isAdminUser({ mode: 'strict' }), (c) => c.json({ id: c.var.account.id }));

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
    ['/account', 'nobody', 401],
    ['/account', 'garbage', 401],
    ['/account', 'user', 200],
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
  it.each(cases)('%s answers %s with %i', async (path, who, status) => {
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
  ])('DEFAULT_PERMISSION_CLASSES=%s answers %i without a token', async (value, status) => {
    const vars = { DEFAULT_PERMISSION_CLASSES: value };
    expect((await ask(host, '/default', { vars })).status).toBe(status);
    expect((await ask(host, '/account', { vars })).status).toBe(401);
  });

  it('refuses with problem details and a challenge, in a host without onError', async () => {
    const answer = await ask(host, '/user', { token: 'x.y.z', headers: { 'Accept-Language': 'ko' } });
    expect(answer.headers.get('Content-Type')).toBe('application/problem+json');
    expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer realm="api", error="invalid_token"');
    expect(answer.headers.get('Content-Language')).toBe('ko');
    expect(answer.json.code).toBe('token_not_valid');
  });
});

describe('an ended session', () => {
  it('is refused by a fast guard through KV, and by a strict one through D1', async () => {
    const who = await w.signUp();
    await w.logOut(who.refresh);
    expect((await ask(host, '/user', { token: who.access })).status).toBe(401);
    expect((await ask(host, '/user-strict', { token: who.access })).status).toBe(401);
  });

  it('of a withdrawn user is refused as such', async () => {
    const who = await w.signUp();
    await w.delete('/account/me', { password: who.password }, { token: who.access });
    expect((await ask(host, '/user', { token: who.access })).json.code).toBe('user_not_found');
    expect((await ask(host, '/user-strict', { token: who.access })).json.code).toBe('user_not_found');
  });

  it('of a demoted user is no longer staff for a strict guard', async () => {
    const who = await staff();
    await w.env.DB.prepare('UPDATE users SET is_staff = 0 WHERE id = ?').bind(who.user.id).run();
    expect((await ask(host, '/staff-strict', { token: who.access })).status).toBe(403);
  });
});

describe('the cost and the needs of a guard', () => {
  it('fast: one KV read and no D1; strict: one D1 read and no KV', async () => {
    const who = await w.signUp();
    const counted = counting();
    const vars = counted.bindings;
    const fast = await counted.of(() => ask(host, '/user', { token: who.access, vars }));
    expect(fast).toMatchObject({ d1: { roundTrips: 0 }, kv: { gets: 1, puts: 0 } });
    const strict = await counted.of(() => ask(host, '/user-strict', { token: who.access, vars }));
    expect(strict).toMatchObject({ kv: { gets: 0, puts: 0 }, d1: { rowsWritten: 0 } });
  });

  it('falls back on D1 if KV is unavailable, and refuses if both are', async () => {
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

  it('works without D1 and with public keys only', async () => {
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

  it('refuses unknown options when it is created', () => {
    expect(() => requireAccount({ mode: 'lax' as never })).toThrow(TypeError);
    expect(() => requireAccount({ permission: 'IsAdmin' as never })).toThrow(TypeError);
    for (const maxAge of ['ten minutes', '', '10', -1, Number.NaN]) {
      expect(() => requireAccount({ maxAge })).toThrow(TypeError);
    }
    for (const more of [{ verified: true }, { mfa: true }, { maxAge: '10m' }]) {
      expect(() => requireAccount({ permission: 'AllowAny', ...more })).toThrow(TypeError);
    }
  });
});

describe('c.var.account', () => {
  it('has the user, and the time and methods of authentication', async () => {
    const who = await w.signUp();
    const { json } = await ask(host, '/account', { token: who.access });
    expect(json).toMatchObject({
      account: {
        id: who.user.id,
        sessionId: claimsOf(who.access).sid,
        isStaff: false,
        emailVerified: false,
        authTime: w.clock.now,
        amr: ['pwd'],
      },
    });
  });

  it('is never undefined after a guard that requires a user', () => {
    type Behind<G> = G extends MiddlewareHandler<{ Variables: { account: infer A } }> ? A : never;
    const bare = requireAccount();
    expectTypeOf<Behind<typeof bare>>().toEqualTypeOf<Account>();
    expectTypeOf<Behind<ReturnType<typeof isAuthenticated>>>().toEqualTypeOf<Account>();
    expectTypeOf<Behind<ReturnType<typeof isAdminUser>>>().toEqualTypeOf<Account>();
    expectTypeOf<Behind<ReturnType<typeof allowAny>>>().toEqualTypeOf<Account | undefined>();
    expectTypeOf<Behind<ReturnType<typeof defaultPermissions>>>().toEqualTypeOf<Account | undefined>();
  });
});

describe('requireAccount({ verified: true })', () => {
  it.each([
    ['en', 'Verify your e-mail address first.'],
    ['ko', '먼저 이메일 주소 확인을 마쳐야 합니다.'],
  ])('is 403 for an unverified address (%s), read from D1 if it is strict', async (language, detail) => {
    const who = await w.signUp();
    const headers = { 'Accept-Language': language };
    for (const path of ['/verified', '/verified-strict']) {
      const answer = await ask(host, path, { token: who.access, headers });
      expect([answer.status, answer.json]).toEqual([
        403,
        expect.objectContaining({ code: 'email_not_verified', detail }),
      ]);
    }
    await w.rows('UPDATE users SET email_verified_at = 1 WHERE id = ?', who.user.id);
    expect((await ask(host, '/verified', { token: who.access })).status).toBe(403);
    expect((await ask(host, '/verified-strict', { token: who.access })).status).toBe(200);
    const { access } = (await w.refresh(who.refresh)).body;
    expect((await ask(host, '/verified', { token: access })).status).toBe(200);
  });
});

describe('a route that requires a recent authentication (RFC 9470)', () => {
  const at = (now: number) => {
    const clock = () => now * 1_000;
    return new Hono()
      .get('/recent', requireAccount({ maxAge: '10m', clock }), (c) => c.json({}))
      .get('/seconds', requireAccount({ maxAge: 600, clock }), (c) => c.json({}))
      .get('/mfa', requireAccount({ mfa: true, clock }), (c) => c.json({}))
      .get('/both', isAdminUser({ maxAge: '10m', mfa: true, clock }), (c) => c.json({}));
  };
  const challenge = (more: string) => `Bearer realm="api", error="insufficient_user_authentication"${more}`;

  it('accepts a token whose auth_time is within maxAge, to the second', async () => {
    const who = await w.signUp();
    for (const path of ['/recent', '/seconds']) {
      expect((await ask(at(w.clock.now + 600), path, { token: who.access })).status).toBe(200);
      const late = await ask(at(w.clock.now + 601), path, { token: who.access });
      expect([late.status, late.json.code]).toEqual([401, 'reauthentication_required']);
      expect(late.headers.get('WWW-Authenticate')).toBe(challenge(', max_age="600"'));
    }
  });

  it('accepts it again after a reauthentication', async () => {
    const mine = world();
    const who = await mine.signUp();
    mine.clock.advance(1_000);
    const now = mine.clock.now;
    expect((await ask(at(now), '/recent', { token: who.access })).status).toBe(401);
    const { password } = who;
    const { body } = await mine.post('/account/reauthenticate', { password }, { token: who.access });
    expect((await ask(at(now), '/recent', { token: body.access })).status).toBe(200);
  });

  it('can require more than one factor', async () => {
    const who = await w.signUp();
    const now = w.clock.now;
    const one = await ask(at(now), '/mfa', { token: who.access });
    expect([one.status, one.headers.get('WWW-Authenticate')]).toEqual([401, challenge(', acr_values="mfa"')]);
    const two = await resigned(who.access, { amr: ['pwd', 'otp', 'mfa'] });
    expect((await ask(at(now), '/mfa', { token: two })).status).toBe(200);
    const staff = await resigned(who.access, { is_staff: true });
    const both = await ask(at(now), '/both', { token: staff });
    expect(both.headers.get('WWW-Authenticate')).toBe(challenge(', max_age="600", acr_values="mfa"'));
  });

  it('answers 403 first to a user without permission', async () => {
    const who = await w.signUp();
    expect((await ask(at(w.clock.now), '/both', { token: who.access })).status).toBe(403);
  });

  it('treats a token from before auth_time was a claim as one of long ago', async () => {
    const who = await w.signUp();
    const old = await resigned(who.access, { auth_time: undefined, amr: undefined });
    expect((await ask(at(w.clock.now), '/recent', { token: old })).status).toBe(401);
    expect((await ask(host, '/account', { token: old })).status).toBe(200);
  });
});

describe('REVOCATION_MEMORY', () => {
  /** One isolate: the same bindings in every request, a clock moved by hand, two guards. */
  const isolate = (vars: object = {}) => {
    const counted = counting();
    const clock = { now: w.clock.now * 1_000 };
    const guard = () => requireAccount({ clock: () => clock.now });
    const app = new Hono().get('/one', guard(), (c) => c.json({})).get('/other', guard(), (c) => c.json({}));
    const bindings = { ...env, ...counted.bindings, ...vars };
    const call = async (path: string, token: string) =>
      (await app.request(path, { headers: { Authorization: `Bearer ${token}` } }, bindings)).status;
    const gets = async (work: () => Promise<unknown>) => (await counted.of(work)).kv.gets;
    return { clock, call, gets };
  };

  it('reads KV once for ten calls of a session at several guards', async () => {
    const { call, gets } = isolate();
    const [one, two] = [await w.signUp(), await w.signUp()];
    const tenCalls = async (token: string) => {
      for (let i = 0; i < 5; i++)
        expect([await call('/one', token), await call('/other', token)]).toEqual([200, 200]);
    };
    expect(await gets(() => tenCalls(one.access))).toBe(1);
    expect(await gets(() => tenCalls(two.access))).toBe(1);
  });

  it('notices a revocation when its time is over, and not later', async () => {
    const { clock, call } = isolate();
    const who = await w.signUp();
    expect(await call('/one', who.access)).toBe(200);
    await w.logOut(who.refresh);
    clock.now += 9_999;
    expect(await call('/other', who.access)).toBe(200);
    clock.now += 1;
    expect(await call('/other', who.access)).toBe(401);
  });

  it.each([
    ['0s', 3],
    ['60s', 1],
  ])('of %s reads KV %i times in three calls', async (REVOCATION_MEMORY, times) => {
    const { call, gets } = isolate({ REVOCATION_MEMORY });
    const who = await w.signUp();
    const calls = async () => {
      for (let i = 0; i < 3; i++) await call('/one', who.access);
    };
    expect(await gets(calls)).toBe(times);
  });

  it('remembers no revocation, and nothing if KV is unavailable', async () => {
    const asked: string[] = [];
    const answers = ['logged_out', new Error('away'), null, null];
    const BLACKLIST = {
      get: async (key: string) => {
        asked.push(key);
        const answer = answers.shift();
        if (answer instanceof Error) throw answer;
        return answer;
      },
    };
    const { call } = isolate({ BLACKLIST });
    const who = await w.signUp();
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push(await call('/one', who.access));
    expect(statuses).toEqual([401, 200, 200, 200]);
    expect(asked).toHaveLength(3);
  });

  it('is bounded', async () => {
    let asked = 0;
    const blacklist = rememberMisses(
      {
        add: async () => {},
        find: async () => {
          asked++;
          return null;
        },
      },
      {},
      { seconds: 10, clock: () => 0 },
    );
    const ids = Array.from({ length: 10_001 }, (_, i) => `s${i}`);
    for (const id of ids) await blacklist.find(id, () => {});
    await blacklist.find('s10000', () => {});
    expect(asked).toBe(10_001);
    await blacklist.find('s0', () => {});
    expect(asked).toBe(10_002);
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

  it('handles its own errors, wherever it is mounted', async () => {
    const elsewhere = new Hono().route('/api/v1/people', createAccounts());
    expect((await ask(elsewhere, '/api/v1/people/me')).json.code).toBe('not_authenticated');
    expect((await ask(elsewhere, '/api/v1/people/nope')).json.code).toBe('not_found');
    const wrong = await ask(elsewhere, '/api/v1/people/login');
    expect(wrong.json.code).toBe('method_not_allowed');
    expect(wrong.headers.get('Allow')).toBe('POST, OPTIONS');
  });

  it('serves fifty concurrent guarded calls with one key import', async () => {
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
