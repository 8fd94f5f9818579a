/** The service on miniflare with any number of users, each with one session, and the requests to its endpoints. */
import { SIGNING_KEY } from '../fixture.ts';
import { bundle, type Deployed } from './bundle.ts';
import type { Call } from './calls.ts';
import { type Ask, askOnce } from './load.ts';
import { applyMigrations, type Database, type Hosted, host } from './miniflare.ts';
import { credentialId, type Device } from './passkeys.ts';
import { FEW_ITERATIONS, passwordHash } from './password.ts';
import { PASSWORD, seeded, seedTable } from './seed.ts';
import { bearer, token } from './tokens.ts';

export interface Product extends Hosted {
  users: number;
  /** Bytes of D1 after each table was filled. */
  bytes: { empty: number; users: number; sessions: number; revokedTokens: number };
  seedSeconds: number;
}

/** Without any table. */
export const hostProduct = async (deployed: Deployed, iterations = FEW_ITERATIONS): Promise<Hosted> =>
  host(
    { 'stores.mjs': await bundle('bench/workers/stores.ts'), 'worker.js': deployed.source },
    {
      SIGNING_KEY,
      ENVIRONMENT: 'development',
      RATE_LIMITS: 'off',
      MAIL: 'off',
      PASSWORD_ITERATIONS: String(iterations),
    },
  );

/** `users`: the number of users, of sessions and of revoked tokens. Hashing is nearly free by default. */
export async function product(
  deployed: Deployed,
  users: number,
  iterations = FEW_ITERATIONS,
): Promise<Product> {
  const hosted = await hostProduct(deployed, iterations);
  const { db } = hosted;
  const started = performance.now();
  const bytes = await seed(db, users, iterations);
  return { ...hosted, users, bytes, seedSeconds: (performance.now() - started) / 1_000 };
}

export async function seed(
  db: Database,
  users: number,
  iterations = FEW_ITERATIONS,
): Promise<Product['bytes']> {
  const at = Math.floor(Date.now() / 1_000);
  await applyMigrations(db);
  return {
    empty: (await db.prepare('SELECT 1').run()).meta.size_after,
    users: await seedTable(db, 'users', { to: users, at, hash: passwordHash(PASSWORD, iterations) }),
    sessions: await seedTable(db, 'sessions', { to: users, at }),
    revokedTokens: await seedTable(db, 'revoked_tokens', { to: users, at }),
  };
}

const json = (value: unknown) => JSON.stringify(value);

/** The request to each endpoint, as the user with that number. */
export const endpoints = {
  me: (n: number): Ask => ({ path: '/account/me', headers: bearer(token('access', seeded(n))) }),
  verify: (n: number): Ask => ({
    method: 'POST',
    path: '/account/token/verify',
    body: json({ token: token('refresh', seeded(n)) }),
  }),
  refresh: (n: number): Ask => ({
    method: 'POST',
    path: '/account/token/refresh',
    body: json({ refresh: token('refresh', seeded(n)) }),
  }),
  login: (n: number): Ask => ({
    method: 'POST',
    path: '/account/login',
    body: json({ email: seeded(n).email, password: PASSWORD }),
  }),
  logout: (n: number): Ask => ({
    method: 'POST',
    path: '/account/logout',
    body: json({ refresh: token('refresh', seeded(n)) }),
    expect: 204,
  }),
  signUp: (n: number): Ask => ({
    method: 'POST',
    path: '/account/sign-up',
    body: json({ email: `new.${n}@example.com`, username: `new.${n}`, password: PASSWORD }),
    expect: 201,
  }),
} as const;
export type Endpoint = keyof typeof endpoints;

export interface Recorded {
  status: number;
  body: string;
  calls: Call[];
}

/** The store calls of a request. */
export async function record(origin: string, ask: Ask): Promise<Recorded> {
  const { expect = 200, ...rest } = ask;
  const headers = { ...ask.headers, 'x-bench': 'record' };
  const recorded = JSON.parse(await askOnce(origin, { ...rest, headers })) as Recorded;
  if (recorded.status !== expect) {
    throw new Error(`${ask.path} answered ${recorded.status}: ${recorded.body}`);
  }
  return recorded;
}

/** A passkey for each of the users. */
export async function seedPasskeys(db: Database, users: number, publicKey: Buffer): Promise<void> {
  const rows = JSON.stringify(
    Array.from({ length: users }, (_, i) => [seeded(i + 1).userId, credentialId(i + 1)]),
  );
  const of = (sql: string) => db.prepare(sql).bind(rows);
  await db.batch([
    db
      .prepare(`INSERT INTO passkeys (user_id, id, credential_id, public_key, counter, multi_device, backed_up, transports,
        name, created_at)
        SELECT value ->> 0, value ->> 0, value ->> 1, ?2, 0, 0, 0, '["internal","hybrid"]', 'Laptop', unixepoch()
        FROM json_each(?1)`)
      .bind(rows, publicKey.toString('base64url')),
    of(`INSERT INTO logins (kind, key, user_id)
      SELECT 'passkey', value ->> 1, value ->> 0 FROM json_each(?1)`),
    of('UPDATE users SET passkey_count = 1 WHERE id IN (SELECT value ->> 0 FROM json_each(?1))'),
  ]);
}

/** The sign-in of a user, with a challenge that was given just now. */
export async function passkeySignIn(origin: string, key: Device, n: number): Promise<Ask> {
  const options = { method: 'POST', path: '/account/login/passkey/options', body: '{}' } as const;
  const { challenge } = JSON.parse(await askOnce(origin, options)) as { challenge: string };
  return {
    method: 'POST',
    path: '/account/login/passkey',
    body: json({ credential: await key.answer(challenge, n, asHandle(seeded(n).userId)) }),
  };
}

/** As base64url of its bytes. */
const asHandle = (userId: string) => Buffer.from(userId).toString('base64url');
