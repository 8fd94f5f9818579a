/** Users with access tokens as the account service signs them, and the Worker that they call. */
import { applyD1Migrations } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { sign } from 'hono/jwt';
import worker from '../src/worker.ts';

const MINUTES_5 = 300;

const ES256 = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const pair = (await crypto.subtle.generateKey(ES256, true, ['sign', 'verify'])) as CryptoKeyPair;
const jwk = async (key: CryptoKey) => ({
  ...((await crypto.subtle.exportKey('jwk', key)) as JsonWebKey),
  kid: 'one',
  alg: 'ES256',
});
const privateKey = await jwk(pair.privateKey);
const keys = { keys: [await jwk(pair.publicKey)] };

await applyD1Migrations(env.NOTES, env.MIGRATIONS);

export const EVENTS_SECRET = `whsec_${btoa('a secret of the notes and the accounts')}`;
const bindings = { ...env, EVENTS_SECRET, ACCOUNTS: { fetch: async () => Response.json(keys) } };

export const request = (path: string, init?: RequestInit): Promise<Response> =>
  Promise.resolve(worker.request(path, init, bindings));

/** `changes`: other claims than those of a valid token. */
export async function accessToken(id: string, changes: object = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  const claims = {
    token_type: 'access',
    sub: id,
    sid: crypto.randomUUID(),
    jti: crypto.randomUUID(),
    iat: now,
    exp: now + MINUTES_5,
    auth_time: now,
    amr: ['pwd'],
    email_verified: true,
    ...changes,
  };
  return sign(claims, privateKey as never, 'ES256');
}

interface Note {
  id: string;
  text: string;
}
interface Answer {
  status: number;
  body: Note & { notes: Note[]; detail: string };
}

/** A new user, and a function that calls the API as this user. */
export async function user() {
  const id = crypto.randomUUID();
  const headers = { Authorization: `Bearer ${await accessToken(id)}` };
  const call = async (method: string, path = '', body?: unknown): Promise<Answer> => {
    const answer = await request(`/api/notes${path}`, {
      method,
      headers,
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
  };
  return Object.assign(call, { id });
}
