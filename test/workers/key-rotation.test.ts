/** `hono-accounts keys rotate`: its steps, followed while users are active. */
import { env } from 'cloudflare:workers';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { type Algorithm, newKey, verifyingHalf } from '../../scripts/keys/new-key.ts';
import { type Keys, keysInUse, rotationSteps } from '../../scripts/keys/rotation.ts';
import { isAuthenticated } from '../../src/guard/index.ts';
import { capturedLog } from '../support/log.ts';
import { atOnce, type Vars, type World, world } from '../support/world.ts';

capturedLog();

const PLAIN = 'a-signing-key-for-tests-0123456789-abcdefghijk';
const CLIENTS = 5;
const ROUNDS = 3;
/** The default REFRESH_TOKEN_LIFETIME. */
const DAY_SECONDS = 86_400;

const time = { now: Date.now() };
const clock = () => time.now;
const advance = (seconds: number) => {
  time.now += seconds * 1_000;
};

const accounts = (keys: Keys): World => world({ vars: keys as unknown as Vars, parts: { clock } });

const guarded = new Hono().get('/notes', isAuthenticated({ clock }), (c) => c.text('notes'));
/** Another Worker, which has no key that signs. */
const guard = (VERIFYING_KEYS: string) => {
  const bindings = { ...env, SIGNING_KEY: undefined, VERIFYING_KEYS };
  return async (token: string) =>
    (await guarded.request('/notes', { headers: { Authorization: `Bearer ${token}` } }, bindings)).status;
};
type Guard = ReturnType<typeof guard>;

interface Client {
  access: string;
  refresh: string;
}

/** All clients at once. While settings spread, each request may reach an isolate with the old ones or the new ones. */
async function work(clients: Client[], workers: readonly World[], guards: readonly Guard[]) {
  const statuses: number[] = [];
  await Promise.all(
    clients.map(async (client, index) => {
      for (let round = 0; round < ROUNDS; round++) {
        const refreshed = await workers[(index + round) % workers.length]?.refresh(client.refresh);
        statuses.push(refreshed?.status ?? 0);
        Object.assign(client, refreshed?.body);
        for (const worker of workers) statuses.push((await worker.me(client.access)).status);
        for (const ask of guards) statuses.push(await ask(client.access));
      }
    }),
  );
  return [...new Set(statuses)];
}

describe('a rotation under load logs nobody out', () => {
  it.each<[from: string, to: Algorithm, from: () => Promise<string>]>([
    ['a plain secret', 'ES256', async () => PLAIN],
    ['ES256', 'EdDSA', async () => JSON.stringify((await newKey('ES256')).private)],
    ['EdDSA', 'RS256', async () => JSON.stringify((await newKey('EdDSA')).private)],
    ['RS256', 'HS256', async () => JSON.stringify((await newKey('RS256')).private)],
  ])('from %s to %s', async (_, to, from) => {
    const start: Keys = { SIGNING_KEY: await from(), VERIFYING_KEYS: '[]' };
    const [both, signing, done] = rotationSteps(start, await newKey(to)).map(({ after }) => after) as [
      Keys,
      Keys,
      Keys,
    ];
    const workers = {
      start: accounts(start),
      both: accounts(both),
      signing: accounts(signing),
      done: accounts(done),
    };
    const guards = {
      start: guard(JSON.stringify([verifyingHalf(start.SIGNING_KEY ?? '')])),
      both: guard(both.VERIFYING_KEYS),
      done: guard(done.VERIFYING_KEYS),
    };
    const clients = await atOnce(CLIENTS, () => workers.start.signUp());
    const old = { ...(clients[0] as Client) };

    // Workers that only verify first, then the accounts.
    expect(await work(clients, [workers.start], [guards.start, guards.both])).toEqual([200]);
    expect(await work(clients, [workers.start, workers.both], [guards.both])).toEqual([200]);
    expect(await work(clients, [workers.both, workers.signing], [guards.both])).toEqual([200]);
    // Every client has come back within the lifetime of its refresh token.
    advance(DAY_SECONDS - 60);
    expect(await work(clients, [workers.signing], [guards.both])).toEqual([200]);
    advance(120);
    expect(await work(clients, [workers.signing, workers.done], [guards.both])).toEqual([200]);
    expect(await work(clients, [workers.done], [guards.both, guards.done])).toEqual([200]);

    expect((await workers.done.me(old.access)).status).toBe(401);
    expect(await guards.done(old.access)).toBe(401);
  });
});

describe('the keys of a rotation', () => {
  it('include those of an unfinished one', async () => {
    const [first, second, third] = [await newKey('ES256'), await newKey('ES256'), await newKey('EdDSA')];
    const start: Keys = { SIGNING_KEY: JSON.stringify(first.private), VERIFYING_KEYS: '[]' };
    const half = rotationSteps(start, second)[1]?.after as Keys;
    expect(keysInUse(half).map(({ kid }) => kid)).toEqual([second.verifying.kid, first.verifying.kid]);
    const again = rotationSteps(half, third);
    const who = await accounts(start).signUp();
    for (const { after } of again.slice(0, 2)) {
      expect((await accounts(after).me(who.access)).status).toBe(200);
    }
  });

  it('verify, although the key_ops of a private key say that it only signs', async () => {
    const { private: key } = await newKey('ES256');
    const SIGNING_KEY = JSON.stringify({ ...key, key_ops: ['sign'], ext: true });
    const steps = rotationSteps({ SIGNING_KEY, VERIFYING_KEYS: '[]' }, await newKey('ES256'));
    const who = await accounts({ SIGNING_KEY, VERIFYING_KEYS: '[]' }).signUp();
    for (const { after } of steps.slice(0, 2)) {
      expect((await accounts(after).me(who.access)).status).toBe(200);
    }
  });

  it.each<[Algorithm, string[]]>([
    ['ES256', ['d']],
    ['EdDSA', ['d']],
    ['RS256', ['d', 'p', 'q', 'dp', 'dq', 'qi']],
  ])('of %s are public in VERIFYING_KEYS', async (alg, secret) => {
    const key = await newKey(alg);
    expect(Object.keys(key.private)).toEqual(expect.arrayContaining(secret));
    expect(Object.keys(key.verifying).filter((name) => secret.includes(name))).toEqual([]);
    expect(key.private.kid).toMatch(/^[\w-]{43}$/);
  });
});
