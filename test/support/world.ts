/**
 * A small client that hides HTTP, over the whole Worker with the real D1 and KV of workerd and a clock that is
 * moved by hand. Storage is shared by the tests of one file: use `person()` for data that nobody else has.
 */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env as testEnv } from 'cloudflare:workers';
import { createApp, type Overrides } from '../../src/app.ts';
import type { Bindings } from '../../src/http/context.ts';
import { conform } from './conform.ts';

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: what the server answers is the thing under test
  body: any;
  text: string;
}

export interface Ask {
  /** JSON where it is not a string. */
  body?: unknown;
  /** An access token. */
  token?: string;
  headers?: Record<string, string>;
}

export interface Person {
  email: string;
  password: string;
}

let people = 0;
/** An address that no other test has. */
export function person(name = 'user'): Person {
  people += 1;
  // No digits: a password of digits is to be refused for being one, never for being like the address.
  const anybody = crypto
    .randomUUID()
    .slice(0, 8)
    .replace(/\d/g, (digit) => 'ghijklmnop'[Number(digit)] ?? '');
  return {
    email: `${name}-${people}-${anybody}@example.com`,
    password: 'correct horse battery',
  };
}

/** Milliseconds: a machine that runs several suites at once is slow, and that is not under test. */
const PATIENT = { d1: 20_000, kv: 10_000, provider: 20_000 };

export type Vars = Record<string, string | undefined>;

/** `vars` over those of vitest.config.ts; `bindings` in place of the real ones (wrappers that count or fail). */
export function world(
  options: { vars?: Vars; bindings?: Partial<Bindings>; parts?: Overrides; now?: number } = {},
) {
  const clock = { now: options.now ?? Date.now() };
  // `npm run dev` writes it to .dev.vars, which the pool reads: no test leans on that file.
  const ours = { ...testEnv, ENCRYPTION_KEY: undefined };
  const env = { ...ours, ...options.vars, ...options.bindings } as unknown as Bindings;
  const app = createApp({ clock: () => clock.now, deadlines: PATIENT, ...options.parts });

  async function fetch(request: Request): Promise<Answer> {
    const context = createExecutionContext();
    const response = await app.fetch(request, env, context);
    const text = await response.text();
    await waitOnExecutionContext(context);
    const answer = { status: response.status, headers: response.headers, text };
    conform(request, env, answer, { mailer: options.parts?.mailer !== undefined });
    const isJson = /json/.test(response.headers.get('Content-Type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      body: isJson && text !== '' ? JSON.parse(text) : undefined,
      text,
    };
  }

  const ask = (method: string, path: string, { body, token, headers = {} }: Ask = {}): Promise<Answer> =>
    fetch(
      new Request(`http://localhost${path}`, {
        method,
        headers: {
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
          ...(token !== undefined && { Authorization: `Bearer ${token}` }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    );

  const signUp = async (who: Person & { username?: string; name?: string } = person()) => {
    const answer = await ask('POST', '/account/sign-up', { body: who });
    return { ...who, ...(answer.body as { user: { id: string }; access: string; refresh: string }), answer };
  };
  const logIn = async (who: { email?: string; username?: string; password: string }) => {
    const { email, username, password } = who;
    return ask('POST', '/account/login', {
      body: email === undefined ? { username, password } : { email, password },
    });
  };

  /** Rows of D1, past every wrapper. */
  const rows = async <T = Record<string, unknown>>(sql: string, ...values: unknown[]): Promise<T[]> =>
    (
      await testEnv.DB.prepare(sql)
        .bind(...values)
        .all<T>()
    ).results;

  return {
    env,
    rows,
    /** The session that a token names. */
    sessionOf: async (token: string): Promise<SessionRow | undefined> => {
      const { sid, sub } = claimsOf(token);
      return (await rows<SessionRow>('SELECT * FROM sessions WHERE user_id = ? AND id = ?', sub, sid))[0];
    },
    /** The blacklist's rows of the session that a token names. */
    revokedOf: (token: string) =>
      rows<RevokedTokenRow>(
        'SELECT * FROM revoked_tokens WHERE session_id = ? ORDER BY revoked_at, jti',
        claimsOf(token).sid,
      ),
    /** What KV says of the session that a token names. */
    kvOf: (token: string) => testEnv.BLACKLIST.get(`revoked:${claimsOf(token).sid}`),
    clock: {
      /** Epoch seconds. */
      get now() {
        return Math.floor(clock.now / 1_000);
      },
      advance: (seconds: number) => {
        clock.now += seconds * 1_000;
      },
    },
    fetch,
    ask,
    get: (path: string, more?: Ask) => ask('GET', path, more),
    post: (path: string, body?: unknown, more?: Ask) => ask('POST', path, { body, ...more }),
    patch: (path: string, body?: unknown, more?: Ask) => ask('PATCH', path, { body, ...more }),
    delete: (path: string, body?: unknown, more?: Ask) =>
      ask('DELETE', path, body === undefined ? more : { body, ...more }),
    signUp,
    logIn,
    refresh: (refresh: string) => ask('POST', '/account/token/refresh', { body: { refresh } }),
    verify: (token: string) => ask('POST', '/account/token/verify', { body: { token } }),
    logOut: (refresh: string) => ask('POST', '/account/logout', { body: { refresh } }),
    me: (token: string) => ask('GET', '/account/me', { token }),
  };
}

export interface SessionRow {
  user_id: string;
  id: string;
  created_at: number;
  last_used_at: number;
  expires_at: number;
  absolute_end_at: number;
  revoked_at: number | null;
  revoked_reason: string | null;
  user_agent: string | null;
  ip: string | null;
  country: string | null;
  city: string | null;
}

export interface RevokedTokenRow {
  expires_at: number;
  jti: string;
  session_id: string;
  revoked_at: number;
  reason: string;
  successor_jti: string | null;
}

export type World = ReturnType<typeof world>;

/** The claims of a token, unchecked. */
export function claimsOf(token: string): Record<string, unknown> {
  const payload = token.split('.')[1] ?? '';
  return JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as Record<string, unknown>;
}

/** The code under which an answer refuses; with the detail where one code has several sentences. */
export const codeOf = ({ body }: Answer): unknown => body?.code;

/** The codes of a validation error, by field. */
export const faultsOf = ({ body }: Answer): Record<string, string[]> =>
  Object.fromEntries(
    Object.entries((body?.errors ?? {}) as Record<string, { code: string }[]>).map(([field, list]) => [
      field,
      list.map(({ code }) => code),
    ]),
  );

/** How often each status came. */
export const tally = (answers: readonly Answer[]): Record<number, number> => {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

/** For `describe` and `it`: a race is run three times, or as often as the binding RACE_REPEATS says. */
export const RACE = { repeats: Number(testEnv.RACE_REPEATS ?? 3) - 1 } as const;

/** `n` calls at once. */
export const atOnce = <T>(n: number, call: (i: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: n }, (_, i) => call(i)));
