/** Guards that read the public keys from the JWKS of the accounts: over a service binding, and by URL. */
import { env } from 'cloudflare:workers';
import { Hono } from 'hono';
import { describe, expect, it, vi } from 'vitest';
import { newKey } from '../../scripts/keys/new-key.ts';
import { isAuthenticated, type JwksSource, requireAccount } from '../../src/guard/index.ts';
import { capturedLog } from '../support/log.ts';
import { atOnce, type Vars, world } from '../support/world.ts';

const log = capturedLog();

const URL_OF_KEYS = 'https://accounts.example.com/.well-known/jwks.json';

/** The Worker of the accounts, whose keys can be changed, and a Worker that asks it. */
async function pair(jwks: JwksSource = { binding: 'ACCOUNTS' }) {
  const time = { now: Date.now() };
  const clock = () => time.now;
  const accountsWith = (...keys: Awaited<ReturnType<typeof newKey>>[]) => {
    const [signing, ...others] = keys;
    const vars = {
      SIGNING_KEY: JSON.stringify(signing?.private),
      VERIFYING_KEYS: JSON.stringify(others.map(({ verifying }) => verifying)),
    };
    return world({ vars: vars as Vars, parts: { clock } });
  };
  const [first, second] = [await newKey('ES256'), await newKey('EdDSA')];
  const state = { accounts: accountsWith(first), asked: 0, isAway: false, answer: null as Response | null };
  const answer = async (input: RequestInfo | URL): Promise<Response> => {
    state.asked += 1;
    if (state.isAway) throw new Error('away');
    if (state.answer) return state.answer.clone();
    const { pathname } = new URL(String(input));
    return new Response((await state.accounts.get(pathname)).text);
  };
  const guarded = new Hono().get('/', isAuthenticated({ jwks, clock }), (c) => c.text(c.var.account.id));
  const bindings = { ...env, SIGNING_KEY: undefined, VERIFYING_KEYS: undefined, ACCOUNTS: { fetch: answer } };
  const ask = async (token: string) =>
    (await guarded.request('/', { headers: { Authorization: `Bearer ${token}` } }, bindings)).status;
  const rotate = () => {
    state.accounts = accountsWith(second, first);
  };
  const advance = (seconds: number) => {
    time.now += seconds * 1_000;
  };
  return { state, ask, rotate, advance, answer, bindings, accountsWith, first, second };
}

describe('over a service binding', () => {
  it('fetches once, and needs no key of its own', async () => {
    const { state, ask } = await pair();
    const { access } = await state.accounts.signUp();
    expect([await ask(access), await ask(access), state.asked]).toEqual([200, 200, 1]);
  });

  it('fetches again for an unknown kid, at most once a minute', async () => {
    const { state, ask, rotate, advance } = await pair();
    const old = await state.accounts.signUp();
    expect(await ask(old.access)).toBe(200);
    rotate();
    const { access } = await state.accounts.signUp();
    expect([await ask(access), state.asked]).toEqual([401, 1]);
    advance(60);
    expect([await ask(access), await ask(old.access), state.asked]).toEqual([200, 200, 2]);
    const stranger = (
      await world({ vars: { SIGNING_KEY: JSON.stringify((await newKey('ES256')).private) } }).signUp()
    ).access;
    for (let i = 0; i < 5; i++) expect(await ask(stranger)).toBe(401);
    expect(state.asked).toBe(2);
  });

  it('fetches once if many requests have an unknown kid at once, and accepts all of them', async () => {
    const { state, ask, rotate, advance } = await pair();
    expect(await ask((await state.accounts.signUp()).access)).toBe(200);
    rotate();
    const { access } = await state.accounts.signUp();
    advance(60);
    expect(new Set(await atOnce(20, () => ask(access)))).toEqual(new Set([200]));
    expect(state.asked).toBe(2);
  });

  it('drops a removed key after five minutes', async () => {
    const { state, ask, advance, accountsWith, second } = await pair();
    const { access } = await state.accounts.signUp();
    expect(await ask(access)).toBe(200);
    state.accounts = accountsWith(second);
    advance(299);
    expect(await ask(access)).toBe(200);
    advance(1);
    expect(await ask(access)).toBe(401);
  });

  it('continues with its keys while the accounts Worker is unavailable', async () => {
    const { state, ask, advance } = await pair();
    const { access } = await state.accounts.signUp();
    expect(await ask(access)).toBe(200);
    state.isAway = true;
    advance(300);
    expect(await ask(access)).toBe(200);
    expect(log.of('jwks_unavailable')).toHaveLength(1);
  });

  it('is 503 unavailable, not 401, without any key, and works at the next try', async () => {
    const { state, ask } = await pair();
    const { access } = await state.accounts.signUp();
    state.isAway = true;
    expect(await ask(access)).toBe(503);
    state.isAway = false;
    expect(await ask(access)).toBe(200);
  });

  it.each<[string, () => Response]>([
    ['an error', () => new Response('{}', { status: 500 })],
    ['no JSON', () => new Response('<html>')],
    ['no key', () => Response.json({ keys: [] })],
    ['too much', () => new Response(`{"keys": []${' '.repeat(70_000)}}`)],
    [
      'a shared secret, which would be public',
      () =>
        Response.json({
          keys: [{ kty: 'oct', alg: 'HS256', k: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA' }],
        }),
    ],
  ])('accepts no key from %s', async (_, answer) => {
    const { state, ask } = await pair();
    const { access } = await state.accounts.signUp();
    state.answer = answer();
    expect(await ask(access)).toBe(503);
  });

  it('ignores keys of unknown kinds', async () => {
    const { state, ask, first } = await pair();
    const { access } = await state.accounts.signUp();
    state.answer = Response.json({ keys: [{ kty: 'AKP', alg: 'ML-DSA-44', kid: 'x' }, first.verifying] });
    expect(await ask(access)).toBe(200);
  });

  it('is misconfigured without the binding', async () => {
    const { ask, bindings } = await pair({ binding: 'NOTHING' });
    expect(bindings).not.toHaveProperty('NOTHING');
    expect(await ask('x')).toBe(503);
    expect(log.of('misconfigured')).toMatchObject([{ settings: ['NOTHING'] }]);
  });
});

describe('by URL', () => {
  it('fetches there, follows no redirect, and shares the keys among all guards of a Worker', async () => {
    const { state, ask, answer, bindings } = await pair(URL_OF_KEYS);
    const fetched = vi.spyOn(globalThis, 'fetch').mockImplementation(answer);
    const { access } = await state.accounts.signUp();
    expect(await ask(access)).toBe(200);
    const other = new Hono().get('/', requireAccount({ jwks: URL_OF_KEYS }), (c) => c.text('other'));
    const headers = { Authorization: `Bearer ${access}` };
    expect((await other.request('/', { headers }, bindings)).status).toBe(200);
    expect(fetched.mock.calls).toEqual([[URL_OF_KEYS, expect.objectContaining({ redirect: 'manual' })]]);
  });

  it.each(['http://accounts.example.com/jwks', 'accounts', '', { binding: '' }])(
    '%j is a TypeError',
    (jwks) => {
      expect(() => requireAccount({ jwks })).toThrow(TypeError);
    },
  );

  it('may be localhost', () => {
    expect(() => requireAccount({ jwks: 'http://localhost:8787/.well-known/jwks.json' })).not.toThrow();
  });
});
