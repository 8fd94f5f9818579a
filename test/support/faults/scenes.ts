/** Scenes of a request whose stores may fail: who is there before it, the request, and how one sees in D1 that it did its work. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { Hono } from 'hono';
import { expect } from 'vitest';
import type { Deadlines } from '../../../src/deadlines.ts';
import { requireAccount } from '../../../src/guard/index.ts';
import { providerFetch } from '../connection-calls.ts';
import { faulty } from '../faulty.ts';
import { type Answer, claimsOf, person, type Vars, type World, world } from '../world.ts';

/** Long enough for a D1 that is well on a busy machine, short enough for a suite. */
export const SHORT: Deadlines = { d1: 60, kv: 60 };
/** Of what is not to fail: a slow machine is no fault. */
export const NO_HURRY: Deadlines = { d1: 20_000, kv: 10_000 };

// ---------------------------------------------------------------------------------------------------------------
// Scenes: who is there before the request, the request, and how one sees in D1 that it has done its work.

/** A world of one's own with bindings of one's own. `now` is shared by those of one scene. */
export interface Side {
  w: World;
  store: ReturnType<typeof faulty>;
  deadlines: Deadlines;
}
type Clock = { now: number };

export function side(
  clock: Clock,
  vars: Vars | undefined,
  deadlines = NO_HURRY,
  bindings: object = {},
): Side {
  const store = faulty();
  const w = world({
    vars: { MAIL: 'off', ...vars },
    bindings: { ...store.bindings, ...bindings } as never,
    parts: { clock: () => clock.now, deadlines, fetch: providerFetch },
  });
  return { w, store, deadlines };
}

export interface Scene {
  ask: (at: Side) => Promise<Answer>;
  /** Checks in D1 that a success had its effect. Absent: the endpoint changes nothing. */
  done?: () => Promise<boolean>;
  /** Addresses of all who are concerned; their rows are looked at. */
  people: string[];
  /** Tokens handed out so far. */
  tokens: string[];
  /** Not to be found in any log. */
  secrets: string[];
}

export interface Endpoint {
  name: string;
  vars?: Vars;
  bindings?: object;
  /** The status of an answer that nothing went wrong for. */
  success: number;
  /** … of the same request once more, after it was done; `success` where nothing is said. */
  again?: number;
  /** KV is the endpoint's own business: without it there is no answer but 503. */
  needsKv?: true;
  /** KV alone decides here: what it has not heard of yet passes. */
  lagging?: true;
  /** What is sent is a replay: the session is to end. */
  isReplay?: true;
  /**
   * The D1 call that does the work. One before it takes a try or proves an address, which stays done: the request after
   * a fault is another one.
   */
  decides?: number;
  /** By its settings each refresh makes a successor of its own. */
  manySuccessors?: true;
  scene: (calm: Side, clock: Clock) => Promise<Scene>;
}

export const rows = async <T = Record<string, unknown>>(sql: string, ...values: unknown[]): Promise<T[]> =>
  (
    await env.DB.prepare(sql)
      .bind(...values)
      .all<T>()
  ).results;
export const holds = async (sql: string, ...values: unknown[]): Promise<boolean> =>
  (await rows(sql, ...values)).length > 0;

export const revoked = (token: string) => async () =>
  !(await holds('SELECT 1 FROM sessions WHERE id = ? AND revoked_at IS NULL', claimsOf(token).sid));
export const consumed = (token: string) => () =>
  holds('SELECT 1 FROM revoked_tokens WHERE jti = ?', claimsOf(token).jti);
export const noUser = (id: string) => async () => !(await holds('SELECT 1 FROM users WHERE id = ?', id));
export const hashOf = async (id: string) =>
  (await rows<{ password_hash: string }>('SELECT password_hash FROM users WHERE id = ?', id))[0]
    ?.password_hash;

/** A person with one session, and what a scene knows of it. */
export async function somebody({ w }: Side, more: { username?: string } = {}) {
  const who = await w.signUp({ ...person(), ...more });
  expect(who.answer.status).toBe(201);
  const known = {
    people: [who.email],
    tokens: [who.access, who.refresh],
    secrets: [who.password, who.email, (await hashOf(who.user.id)) ?? ''],
  };
  const logIn = async () => {
    const answer = await w.logIn(who);
    expect(answer.status).toBe(200);
    const pair = answer.body as { access: string; refresh: string };
    known.tokens.push(pair.access, pair.refresh);
    return pair;
  };
  return { ...who, known, logIn };
}

/** The half of a mail's token that is secret: the other is a user's id, which logs may hold. */
export const secretOf = (token: string) => token.split('.')[1] ?? '';

export const lastMail = ({ store }: Side): string => {
  const token = store.mails.at(-1)?.token;
  expect(token).toBeTypeOf('string');
  return token as string;
};

/** A browser in cookie mode: it stores and deletes cookies as the service says. */
function browser(set: string[]) {
  let cookie: string | null = null;
  const take = (lines: readonly string[]) => {
    for (const line of lines) {
      const value = /^__Secure-refresh=([^;]*)/.exec(line)?.[1];
      if (value !== undefined) cookie = value === '' ? null : value;
    }
  };
  take(set);
  return {
    get refresh() {
      return cookie;
    },
    post: async ({ w }: Side, path: string, body?: unknown) => {
      const answer = await w.post(path, body, {
        headers: {
          Origin: 'http://localhost',
          ...(cookie !== null && { Cookie: `__Secure-refresh=${cookie}` }),
        },
      });
      take(answer.headers.getSetCookie());
      return answer;
    },
  };
}
export const COOKIES = { REFRESH_TRANSPORT: 'cookie' };
export async function inBrowser(calm: Side) {
  const who = person();
  const answer = await calm.w.post('/account/sign-up', who, { headers: { Origin: 'http://localhost' } });
  expect(answer.status).toBe(201);
  const at = browser(answer.headers.getSetCookie());
  const refresh = at.refresh as string;
  return {
    ...who,
    at,
    refresh,
    known: {
      people: [who.email],
      tokens: [answer.body.access as string, refresh],
      secrets: [who.password, who.email],
    },
  };
}

/** A host that guards a route, and gives its requests an id as hosts do. */
export const guarded =
  (mode: 'fast' | 'strict', token: string, clock: Clock) =>
  async ({ w, deadlines }: Side): Promise<Answer> => {
    const requestId = crypto.randomUUID();
    const host = new Hono<{ Variables: { requestId: string } }>()
      .use(async (c, next) => {
        c.set('requestId', requestId);
        await next();
        c.header('X-Request-Id', requestId);
      })
      .get('/', requireAccount({ mode, deadlines, clock: () => clock.now }), (c) => c.json({}));
    const context = createExecutionContext();
    const request = new Request('http://localhost/', { headers: { Authorization: `Bearer ${token}` } });
    const response = await host.fetch(request, w.env, context);
    const text = await response.text();
    await waitOnExecutionContext(context);
    return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
  };

export const NEW_PASSWORD = 'staple another battery';
export const MAILING = { MAIL: 'inbox' };

export const tokenOf = (email: string, purpose: string) => () =>
  holds(
    'SELECT 1 FROM one_time_tokens WHERE purpose = ? AND subject = (SELECT id FROM users WHERE email = ?)',
    purpose,
    email,
  );
