/**
 * The deployed bundle with stores that answer at once and, under `/bare/`, the PBKDF2 calls that a log-in cannot do without.
 */

import { SIGNING_KEY, USER } from '../fixture.ts';
import { fakeD1, fakeKv } from './fakes.ts';
import worker from './worker.js';

const ITERATIONS = 600_000;
const PER_CALL = 100_000;
const SALT = 'AAECAwQFBgcICQoLDA0ODw';

/** For a log-in with OWASP's iterations: six calls of 100,000, each with the last output as password. */
async function bare(password: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const salt = Uint8Array.from(atob(SALT), (char) => char.charCodeAt(0));
  let derived = password;
  for (let done = 0; done < ITERATIONS; done += PER_CALL) {
    const key = await crypto.subtle.importKey('raw', derived, 'PBKDF2', false, ['deriveBits']);
    derived = new Uint8Array(
      await crypto.subtle.deriveBits(
        { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: PER_CALL },
        key,
        256,
      ),
    );
  }
  return derived;
}

/** As in password/hash.ts: UTF-8 and a byte that never occurs in UTF-8. */
const password = new Uint8Array([...new TextEncoder().encode(USER.password), 0xff]);

interface Env {
  DB: D1Database;
  BLACKLIST: KVNamespace;
  [setting: string]: unknown;
}
let env: Promise<Env> | undefined;

/** Created at the first request: deriving keys is not allowed while a module starts. */
async function makeEnv(): Promise<Env> {
  const hash = btoa(String.fromCharCode(...(await bare(password)))).replace(/=+$/, '');
  return {
    DB: fakeD1(
      `$pbkdf2-sha256-chain$i=${ITERATIONS},c=${PER_CALL}$${SALT}$${hash}`,
      Math.floor(Date.now() / 1_000),
    ),
    BLACKLIST: fakeKv(),
    SIGNING_KEY,
    RATE_LIMITS: 'off',
  };
}

export default {
  async fetch(request: Request, _env: unknown, context: ExecutionContext): Promise<Response> {
    if (request.url.endsWith('/bare/pbkdf2')) {
      await bare(password);
      return new Response('{}', { headers: { 'Content-Type': 'application/json' } });
    }
    env ??= makeEnv();
    return worker.fetch(request, await env, context);
  },
};
