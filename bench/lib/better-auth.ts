/** The peer of the bench: better-auth on the same miniflare, installed on first use into bench/peers. */
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SIGNING_KEY } from '../fixture.ts';
import { bundle, root } from './bundle.ts';
import { type Ask, askOnce } from './load.ts';
import { type Database, type Hosted, host } from './miniflare.ts';
import { credentialId, type Device } from './passkeys.ts';

const folder = join(root, 'bench/peers');
const PLUGIN = '@better-auth/passkey';
const installed = join(folder, 'node_modules', PLUGIN);
const INSTALL_MS = 120_000;

export interface Peer {
  version: string;
  source: string;
  /** With its plugin for passkeys, which is a package of its own. */
  withPasskeys: { version: string; source: string };
}

const versionOf = (name: string): string =>
  JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version;

/** Its bundle, or a message if it could not be installed. */
export async function betterAuth(): Promise<Peer | string> {
  if (!existsSync(installed)) {
    try {
      await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
        cwd: folder,
        timeout: INSTALL_MS,
      });
    } catch {
      return 'better-auth could not be installed (is the machine offline?), so that it is left out.';
    }
  }
  const sourceOf = (entry: string) =>
    bundle(`bench/peers/${entry}`, { nodePaths: [join(folder, 'node_modules')] });
  return {
    version: versionOf('better-auth'),
    source: await sourceOf('better-auth.ts'),
    withPasskeys: { version: versionOf(PLUGIN), source: await sourceOf('better-auth-passkeys.ts') },
  };
}

export const hostPeer = (peer: { source: string }): Promise<Hosted> =>
  host({ 'better-auth.mjs': peer.source });

const EMAIL = 'mina@example.com';
const PASSWORD = 'correct horse battery';
/** Its `baseURL`: requests from other origins are refused. */
const origin = { origin: 'http://127.0.0.1' };

/** Its tables, one user with a password, and `users` more with a session each. */
export async function seedPeer({ origin, db }: Hosted, users: number): Promise<void> {
  await askOnce(origin, { path: '/bench/migrate' });
  await askOnce(origin, peerEndpoints.signUp(0, EMAIL));
  await seedSessions(db, users);
}

/** Its tables as SQL, so that they can be created without it. */
export async function peerTables({ origin, db }: Hosted): Promise<string[]> {
  await askOnce(origin, { path: '/bench/migrate' });
  const { results } = await db
    .prepare(`SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT GLOB '_cf*'`)
    .all();
  return results.map((row) => String(row.sql));
}

export async function seedSessions(db: Database, users: number): Promise<void> {
  const iso = (ms: number) => `'${new Date(ms).toISOString()}'`;
  const now = iso(Date.now());
  const rows = `WITH RECURSIVE rows (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM rows WHERE n < ${users})`;
  await db
    .prepare(`${rows} INSERT INTO user (id, name, email, emailVerified, createdAt, updatedAt)
      SELECT printf('user%028d', n), 'Mina Kim', printf('mina.kim.%d@example.com', n), 0, ${now}, ${now} FROM rows`)
    .run();
  await db
    .prepare(`${rows} INSERT INTO session (id, expiresAt, token, createdAt, updatedAt, ipAddress, userAgent, userId)
      SELECT printf('session%025d', n), ${iso(Date.now() + 7 * 86_400_000)}, printf('token%027d', n), ${now}, ${now},
        '2001:db8:85a3::8a2e:370:7334', 'bench', printf('user%028d', n) FROM rows`)
    .run();
}

const userId = (n: number) => `user${String(n).padStart(28, '0')}`;

/** Its cookie is signed, as HMAC-SHA256 of the token. */
function cookie(n: number): Record<string, string> {
  const token = `token${String(n).padStart(27, '0')}`;
  const signature = createHmac('sha256', SIGNING_KEY).update(token).digest('base64');
  return { ...origin, cookie: `better-auth.session_token=${encodeURIComponent(`${token}.${signature}`)}` };
}

/** The endpoints that correspond to ours. */
export const peerEndpoints = {
  me: (n: number): Ask => ({ path: '/api/auth/get-session', headers: cookie(n) }),
  refresh: (n: number): Ask => ({ path: '/api/auth/token', headers: cookie(n) }),
  logout: (n: number): Ask => ({
    method: 'POST',
    path: '/api/auth/sign-out',
    headers: cookie(n),
    body: '{}',
  }),
  login: (_n: number): Ask => ({
    method: 'POST',
    path: '/api/auth/sign-in/email',
    headers: origin,
    body: JSON.stringify({ email: EMAIL, password: PASSWORD }),
  }),
  signUp: (n: number, email = `new.${n}@example.com`): Ask => ({
    method: 'POST',
    path: '/api/auth/sign-up/email',
    headers: origin,
    body: JSON.stringify({ email, password: PASSWORD, name: 'Mina Kim' }),
  }),
};

/** A passkey for each of the users, after `seedPeer`. */
export async function seedPeerPasskeys(db: Database, users: number, publicKey: Buffer): Promise<void> {
  const rows = Array.from({ length: users }, (_, i) => [userId(i + 1), credentialId(i + 1)]);
  await db
    .prepare(`INSERT INTO passkey (id, userId, credentialID, publicKey, counter, deviceType, backedUp, transports, createdAt)
      SELECT value ->> 1, value ->> 0, value ->> 1, ?2, 0, 'singleDevice', 0, 'internal,hybrid', ?3 FROM json_each(?1)`)
    .bind(JSON.stringify(rows), publicKey.toString('base64'), new Date().toISOString())
    .run();
}

/** The sign-in of a user, with a challenge that it was given just now. It knows the challenge by a cookie. */
export async function peerPasskeySignIn(at: string, key: Device, n: number): Promise<Ask> {
  const options = await fetch(`${at}/api/auth/passkey/generate-authenticate-options`, { headers: origin });
  const { challenge } = (await options.json()) as { challenge: string };
  const cookies = options.headers.getSetCookie().map((one) => one.split(';')[0]);
  return {
    method: 'POST',
    path: '/api/auth/passkey/verify-authentication',
    headers: { ...origin, cookie: cookies.join('; ') },
    body: JSON.stringify({ response: await key.answer(challenge, n, userId(n)) }),
  };
}
