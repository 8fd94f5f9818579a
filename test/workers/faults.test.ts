/**
 * Every call of every door × every way in which D1 or KV can fail. Which calls a door makes is counted by a dry run;
 * nothing here says how many there are. After each fault, and after a second try without it:
 *
 * 1. no 2xx unless the effect is in D1; 2. nothing revoked is accepted at a door that reads D1; 3. at most one live
 * refresh token a session; 4. 503 problem+json with Retry-After and no internals; 5. trying again is safe and never
 * taken for theft; 6. no orphan rows; 7. clean logs; 8. an answer within 5 s.
 */

import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { connectD1 } from '../../src/db/client.ts';
import { d1Sweeper } from '../../src/db/d1-sweep.ts';
import { DEADLINES, type Deadlines } from '../../src/deadlines.ts';
import { sha256Hex } from '../../src/encoding.ts';
import { requireAccount } from '../../src/guard/index.ts';
import { reporter } from '../../src/http/report.ts';
import { sweep, sweepOnce } from '../../src/sweep.ts';
import {
  D1_ERRORS,
  D1_HANGS,
  type FaultKind,
  faulty,
  KV_FAULTS,
  type StoreCall,
  throwsAfter,
  throwsBefore,
} from '../support/faulty.ts';
import { watchedConsole } from '../support/log-check.ts';
import { TEST_SIGNING_KEY } from '../support/tokens.ts';
import { type Answer, claimsOf, codeOf, person, type Vars, type World, world } from '../support/world.ts';

const log = watchedConsole();

/** Long enough for a D1 that is well on a busy machine, short enough for a suite. */
const SHORT: Deadlines = { d1: 60, kv: 60 };
/** Of what is not to fail: a slow machine is no fault. */
const NO_HURRY: Deadlines = { d1: 20_000, kv: 10_000 };
const LONGEST_ANSWER_MS = 5_000;
/** What a test may take that waits for real time limits, or a busy machine. */
const PATIENT = 30_000;

// ---------------------------------------------------------------------------------------------------------------
// Scenes: who is there before the request, the request, and how one sees in D1 that it has done its work.

/** A world of one's own with bindings of one's own. `now` is shared by those of one scene. */
interface Side {
  w: World;
  store: ReturnType<typeof faulty>;
  deadlines: Deadlines;
}
type Clock = { now: number };

function side(clock: Clock, vars: Vars | undefined, deadlines = NO_HURRY): Side {
  const store = faulty();
  const w = world({
    vars: { MAIL: 'off', ...vars },
    bindings: store.bindings as never,
    parts: { clock: () => clock.now, deadlines },
  });
  return { w, store, deadlines };
}

interface Scene {
  ask: (at: Side) => Promise<Answer>;
  /** What a success promises is so in D1. Absent: the door changes nothing. */
  done?: () => Promise<boolean>;
  /** Addresses of all who are concerned; their rows are looked at. */
  people: string[];
  /** Tokens handed out so far. */
  tokens: string[];
  /** Not to be found in any log. */
  secrets: string[];
}

interface Door {
  name: string;
  vars?: Vars;
  /** The status of an answer that nothing went wrong for. */
  success: number;
  /** … of the same request once more, after it was done; `success` where nothing is said. */
  again?: number;
  /** KV is the door's own business: without it there is no answer but 503. */
  needsKv?: true;
  /** KV alone decides here: what it has not heard of yet passes. */
  lagging?: true;
  /** What is sent is a replay: the session is to end. */
  isReplay?: true;
  /** By its settings each refresh makes a successor of its own. */
  manySuccessors?: true;
  scene: (calm: Side, clock: Clock) => Promise<Scene>;
}

const rows = async <T = Record<string, unknown>>(sql: string, ...values: unknown[]): Promise<T[]> =>
  (
    await env.DB.prepare(sql)
      .bind(...values)
      .all<T>()
  ).results;
const holds = async (sql: string, ...values: unknown[]): Promise<boolean> =>
  (await rows(sql, ...values)).length > 0;

const revoked = (token: string) => async () =>
  !(await holds('SELECT 1 FROM sessions WHERE id = ? AND revoked_at IS NULL', claimsOf(token).sid));
const consumed = (token: string) => () =>
  holds('SELECT 1 FROM revoked_tokens WHERE jti = ?', claimsOf(token).jti);
const noUser = (id: string) => async () => !(await holds('SELECT 1 FROM users WHERE id = ?', id));
const hashOf = async (id: string) =>
  (await rows<{ password_hash: string }>('SELECT password_hash FROM users WHERE id = ?', id))[0]
    ?.password_hash;

/** A person with one session, and what a scene knows of it. */
async function somebody({ w }: Side, more: { username?: string } = {}) {
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
const secretOf = (token: string) => token.split('.')[1] ?? '';

const lastMail = ({ store }: Side): string => {
  const token = store.mails.at(-1)?.token;
  expect(token).toBeTypeOf('string');
  return token as string;
};

/** A browser in cookie mode: it keeps what it is told and drops what it is told to drop. */
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
const COOKIES = { REFRESH_TRANSPORT: 'cookie' };
async function inBrowser(calm: Side) {
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
const guarded =
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

const NEW_PASSWORD = 'staple another battery';
const MAILING = { MAIL: 'inbox' };

/** Sign-up, log-in and the two ways out. */
const SIGN_DOORS: readonly Door[] = [
  ...[
    { name: 'sign-up', vars: {} },
    { name: 'sign-up with a mail', vars: MAILING },
  ].map(
    ({ name, vars }): Door => ({
      name,
      vars,
      success: 201,
      again: 409,
      scene: async () => {
        const who = { ...person(), username: `u${crypto.randomUUID().slice(0, 13)}` };
        return {
          ask: ({ w }) => w.post('/account/sign-up', who),
          done: () =>
            holds('SELECT 1 FROM users JOIN sessions ON user_id = users.id WHERE email = ?', who.email),
          people: [who.email],
          tokens: [],
          secrets: [who.password, who.email],
        };
      },
    }),
  ),
  {
    name: 'log-in by e-mail',
    success: 200,
    scene: async (calm) => {
      const { known, user, ...who } = await somebody(calm);
      return {
        ...known,
        ask: ({ w }) => w.logIn(who),
        done: () => holds('SELECT 1 FROM sessions WHERE user_id = ? LIMIT 1 OFFSET 1', user.id),
      };
    },
  },
  {
    name: 'log-in by username that replaces the hash',
    vars: { PASSWORD_ITERATIONS: '2000' },
    success: 200,
    scene: async (_, clock) => {
      const username = `u${crypto.randomUUID().slice(0, 13)}`;
      const { known, user, password } = await somebody(side(clock, {}), { username });
      const before = await hashOf(user.id);
      return {
        ...known,
        ask: ({ w }) => w.logIn({ username, password }),
        done: async () => (await hashOf(user.id)) !== before,
      };
    },
  },
  {
    name: 'log-in that ends the oldest session',
    vars: { MAX_SESSIONS_PER_USER: '2' },
    success: 200,
    scene: async (calm, clock) => {
      const { known, logIn, refresh, ...who } = await somebody(calm);
      clock.now += 1_000;
      await logIn();
      clock.now += 1_000;
      return { ...known, ask: ({ w }) => w.logIn(who), done: revoked(refresh) };
    },
  },
  {
    name: 'log-out',
    success: 204,
    scene: async (calm) => {
      const { known, refresh } = await somebody(calm);
      return { ...known, ask: ({ w }) => w.logOut(refresh), done: revoked(refresh) };
    },
  },
  {
    name: 'log-out with a cookie',
    vars: COOKIES,
    success: 204,
    scene: async (calm) => {
      const { known, at, refresh } = await inBrowser(calm);
      return { ...known, ask: (s) => at.post(s, '/account/logout'), done: revoked(refresh) };
    },
  },
  {
    name: 'withdrawal',
    success: 204,
    again: 401,
    scene: async (calm) => {
      const { known, logIn, user, access, password } = await somebody(calm);
      await logIn();
      return {
        ...known,
        ask: ({ w }) => w.delete('/account/me', { password }, { token: access }),
        done: noUser(user.id),
      };
    },
  },
];

const REFRESH_DOORS: readonly Door[] = [
  {
    name: 'refresh, the first time',
    success: 200,
    scene: async (calm) => {
      const { known, refresh } = await somebody(calm);
      return { ...known, ask: ({ w }) => w.refresh(refresh), done: consumed(refresh) };
    },
  },
  {
    name: 'refresh with a cookie',
    vars: COOKIES,
    success: 200,
    scene: async (calm) => {
      const { known, at, refresh } = await inBrowser(calm);
      return { ...known, ask: (s) => at.post(s, '/account/token/refresh'), done: consumed(refresh) };
    },
  },
  {
    name: 'refresh again within the grace',
    success: 200,
    scene: async (calm, clock) => {
      const { known, refresh } = await somebody(calm);
      const first = await calm.w.refresh(refresh);
      known.tokens.push(first.body.refresh, first.body.access);
      clock.now += 59_000;
      return { ...known, ask: ({ w }) => w.refresh(refresh) };
    },
  },
  {
    name: 'refresh with a token replayed within the grace, its successor used',
    success: 401,
    isReplay: true,
    scene: async (calm, clock) => {
      const { known, refresh } = await somebody(calm);
      const first = await calm.w.refresh(refresh);
      const second = await calm.w.refresh(first.body.refresh);
      known.tokens.push(...[first, second].flatMap(({ body }) => [body.refresh, body.access]));
      clock.now += 9_000;
      return { ...known, ask: ({ w }) => w.refresh(refresh), done: revoked(refresh) };
    },
  },
  {
    name: 'refresh an hour after the last use',
    success: 200,
    scene: async (calm, clock) => {
      const { known, refresh } = await somebody(calm);
      clock.now += 3_601_000;
      const used = clock.now / 1_000;
      return {
        ...known,
        ask: ({ w }) => w.refresh(refresh),
        done: () =>
          holds(
            'SELECT 1 FROM sessions WHERE id = ? AND last_used_at >= ?',
            claimsOf(refresh).sid,
            Math.floor(used),
          ),
      };
    },
  },
  {
    name: 'refresh with a token replayed after the grace',
    success: 401,
    isReplay: true,
    scene: async (calm, clock) => {
      const { known, refresh } = await somebody(calm);
      const first = await calm.w.refresh(refresh);
      known.tokens.push(first.body.refresh, first.body.access);
      clock.now += 61_000;
      return { ...known, ask: ({ w }) => w.refresh(refresh), done: revoked(refresh) };
    },
  },
  ...[
    { name: 'refresh without rotation', vars: { ROTATE_REFRESH_TOKENS: 'false' } },
    { name: 'refresh without a blacklist', vars: { BLACKLIST_AFTER_ROTATION: 'false' } },
  ].map(
    ({ name, vars }): Door => ({
      name,
      vars,
      success: 200,
      manySuccessors: true,
      scene: async (calm, clock) => {
        const { known, refresh } = await somebody(calm);
        clock.now += 3_601_000;
        const now = Math.floor(clock.now / 1_000);
        const sid = claimsOf(refresh).sid;
        return {
          ...known,
          ask: ({ w }) => w.refresh(refresh),
          done: () => holds('SELECT 1 FROM sessions WHERE id = ? AND last_used_at >= ?', sid, now),
        };
      },
    }),
  ),
  ...(['refresh', 'access'] as const).flatMap((kind): Door[] => [
    {
      name: `verify of ${kind === 'refresh' ? 'a refresh' : 'an access'} token`,
      success: 200,
      scene: async (calm) => {
        const { known, ...who } = await somebody(calm);
        return { ...known, ask: ({ w }) => w.verify(who[kind]) };
      },
    },
    {
      name: `verify of ${kind === 'refresh' ? 'a refresh' : 'an access'} token of an ended session`,
      success: 401,
      ...(kind === 'access' && { lagging: true as const }),
      scene: async (calm) => {
        const { known, ...who } = await somebody(calm);
        await calm.w.logOut(who.refresh);
        return { ...known, ask: ({ w }) => w.verify(who[kind]) };
      },
    },
  ]),
  {
    name: 'refresh of an ended session',
    success: 401,
    scene: async (calm) => {
      const { known, refresh } = await somebody(calm);
      await calm.w.logOut(refresh);
      return { ...known, ask: ({ w }) => w.refresh(refresh) };
    },
  },
  {
    name: 'refresh of an ended session that KV has not heard of',
    success: 401,
    scene: async (calm) => {
      const { known, refresh, user } = await somebody(calm);
      await env.DB.prepare('UPDATE sessions SET revoked_at = 1, revoked_reason = ? WHERE user_id = ?')
        .bind('ended', user.id)
        .run();
      return { ...known, ask: ({ w }) => w.refresh(refresh) };
    },
  },
];

const ME_DOORS: readonly Door[] = [
  {
    name: 'me',
    success: 200,
    scene: async (calm) => {
      const { known, access } = await somebody(calm);
      return { ...known, ask: ({ w }) => w.me(access) };
    },
  },
  {
    name: 'me of an ended session',
    success: 401,
    scene: async (calm) => {
      const { known, access, refresh } = await somebody(calm);
      await calm.w.logOut(refresh);
      return { ...known, ask: ({ w }) => w.me(access) };
    },
  },
  {
    name: 'a change of name and username',
    success: 200,
    scene: async (calm) => {
      const { known, user, access } = await somebody(calm);
      const username = `u${crypto.randomUUID().slice(0, 13)}`;
      return {
        ...known,
        ask: ({ w }) => w.patch('/account/me', { name: 'Mina', username }, { token: access }),
        done: () =>
          holds(
            'SELECT 1 FROM users WHERE id = ? AND name = ? AND username_key = ?',
            user.id,
            'Mina',
            username,
          ),
      };
    },
  },
  ...(
    [
      {
        name: 'a change of name',
        vars: {},
        send: ({ w }, token) => w.patch('/account/me', { name: 'Mina' }, { token }),
      },
      {
        name: 'withdrawal',
        vars: {},
        send: ({ w }, token, password) => w.delete('/account/me', { password }, { token }),
      },
      {
        name: 'password change',
        vars: {},
        send: ({ w }, token, password) =>
          w.post(
            '/account/password/change',
            { current_password: password, new_password: NEW_PASSWORD },
            { token },
          ),
      },
      {
        name: 'asking for another address',
        vars: MAILING,
        send: ({ w }, token, password) =>
          w.post('/account/email/change', { new_email: person('next').email, password }, { token }),
      },
    ] as { name: string; vars: Vars; send: (at: Side, token: string, password: string) => Promise<Answer> }[]
  ).map(
    ({ name, vars, send }): Door => ({
      name: `${name} that loses against the end of its session`,
      vars,
      success: 401,
      scene: async (calm) => {
        const { known, user, access, password } = await somebody(calm);
        const before = await hashOf(user.id);
        return {
          ...known,
          // Somebody else changes their rows meanwhile.
          people: [],
          secrets: [...known.secrets, NEW_PASSWORD],
          ask: async (at) => {
            const end = env.DB.prepare('UPDATE sessions SET revoked_at = ? WHERE user_id = ?');
            await end.bind(null, user.id).run();
            at.store.between(2, () => end.bind(1, user.id).run());
            const answer = await send(at, access, password);
            expect(await hashOf(user.id)).toBe(before);
            return answer;
          },
        };
      },
    }),
  ),
  ...[
    { name: 'password change', vars: {} },
    { name: 'password change with a mail', vars: MAILING },
  ].map(
    ({ name, vars }): Door => ({
      name,
      vars,
      success: 204,
      // The current password is another one now.
      again: 400,
      scene: async (calm) => {
        const { known, logIn, user, access, password } = await somebody(calm);
        const others = [await logIn(), await logIn()];
        const before = await hashOf(user.id);
        return {
          ...known,
          secrets: [...known.secrets, NEW_PASSWORD],
          ask: ({ w }) =>
            w.post(
              '/account/password/change',
              { current_password: password, new_password: NEW_PASSWORD },
              { token: access },
            ),
          done: async () =>
            (await hashOf(user.id)) !== before &&
            (await Promise.all(others.map((pair) => revoked(pair.refresh)()))).every(Boolean),
        };
      },
    }),
  ),
  {
    name: 'password change that loses against another',
    success: 400,
    scene: async (calm) => {
      const { known, user, access, password } = await somebody(calm);
      return {
        ...known,
        people: [],
        secrets: [...known.secrets, NEW_PASSWORD],
        ask: ({ w, store }) => {
          store.between(2, () =>
            env.DB.prepare('UPDATE users SET password_version = password_version + 1 WHERE id = ?')
              .bind(user.id)
              .run(),
          );
          return w.post(
            '/account/password/change',
            { current_password: password, new_password: NEW_PASSWORD },
            { token: access },
          );
        },
      };
    },
  },
  {
    name: 'the export of one’s own data',
    success: 200,
    scene: async (calm) => {
      const { known, access } = await somebody(calm);
      return { ...known, ask: ({ w }) => w.get('/account/export', { token: access }) };
    },
  },
  {
    name: 'the list of sessions',
    success: 200,
    scene: async (calm) => {
      const { known, access } = await somebody(calm);
      return { ...known, ask: ({ w }) => w.get('/account/sessions', { token: access }) };
    },
  },
  {
    name: 'the end of another session',
    success: 204,
    scene: async (calm) => {
      const { known, logIn, access } = await somebody(calm);
      const { refresh } = await logIn();
      return {
        ...known,
        ask: ({ w }) => w.delete(`/account/sessions/${claimsOf(refresh).sid}`, undefined, { token: access }),
        done: revoked(refresh),
      };
    },
  },
  {
    name: 'the end of all sessions',
    success: 204,
    again: 401,
    scene: async (calm) => {
      const { known, logIn, access, refresh } = await somebody(calm);
      const other = await logIn();
      return {
        ...known,
        ask: ({ w }) => w.delete('/account/sessions', undefined, { token: access }),
        done: async () => (await revoked(refresh)()) && (await revoked(other.refresh)()),
      };
    },
  },
];

const tokenOf = (email: string, purpose: string) => () =>
  holds(
    'SELECT 1 FROM one_time_tokens WHERE purpose = ? AND subject = (SELECT id FROM users WHERE email = ?)',
    purpose,
    email,
  );

const MAIL_DOORS: readonly Door[] = [
  {
    name: 'asking for a reset',
    vars: MAILING,
    success: 202,
    scene: async (calm) => {
      const { known, email } = await somebody(calm);
      return {
        ...known,
        ask: ({ w }) => w.post('/account/password/reset', { email }),
        done: tokenOf(email, 'password_reset'),
      };
    },
  },
  {
    name: 'asking for a reset of nobody',
    vars: MAILING,
    success: 202,
    scene: async () => {
      const { email } = person();
      return {
        ask: ({ w }) => w.post('/account/password/reset', { email }),
        people: [email],
        tokens: [],
        secrets: [email],
      };
    },
  },
  {
    name: 'a reset',
    vars: MAILING,
    success: 204,
    again: 400,
    scene: async (calm) => {
      const { known, logIn, user, email, refresh } = await somebody(calm);
      const other = await logIn();
      const before = await hashOf(user.id);
      await calm.w.post('/account/password/reset', { email });
      const token = lastMail(calm);
      return {
        ...known,
        secrets: [...known.secrets, NEW_PASSWORD, secretOf(token)],
        ask: ({ w }) => w.post('/account/password/reset/confirm', { token, new_password: NEW_PASSWORD }),
        done: async () =>
          (await hashOf(user.id)) !== before &&
          (await revoked(refresh)()) &&
          (await revoked(other.refresh)()),
      };
    },
  },
  {
    name: 'the proof of an address',
    vars: MAILING,
    success: 204,
    again: 400,
    scene: async (calm) => {
      const { known, user } = await somebody(calm);
      const token = lastMail(calm);
      return {
        ...known,
        secrets: [...known.secrets, secretOf(token)],
        ask: ({ w }) => w.post('/account/email/verify', { token }),
        done: () => holds('SELECT 1 FROM users WHERE id = ? AND email_verified_at IS NOT NULL', user.id),
      };
    },
  },
  {
    name: 'disowning an account',
    vars: MAILING,
    success: 204,
    again: 400,
    scene: async (calm) => {
      const { known, user, refresh } = await somebody(calm);
      const token = lastMail(calm);
      return {
        ...known,
        secrets: [...known.secrets, secretOf(token)],
        ask: ({ w }) => w.post('/account/email/disown', { token }),
        done: async () =>
          !(await holds('SELECT 1 FROM users WHERE id = ?', user.id)) && (await revoked(refresh)()),
      };
    },
  },
  {
    name: 'asking once more for the mail that proves an address',
    vars: MAILING,
    success: 202,
    scene: async (calm) => {
      const { known, user, access } = await somebody(calm);
      const older = await sha256Hex(secretOf(lastMail(calm)));
      return {
        ...known,
        ask: ({ w }) => w.post('/account/email/verify/resend', undefined, { token: access }),
        done: () => holds('SELECT 1 FROM one_time_tokens WHERE subject = ? AND hash <> ?', user.id, older),
      };
    },
  },
  {
    name: 'asking for another address',
    vars: MAILING,
    success: 202,
    scene: async (calm) => {
      const { known, email, access, password } = await somebody(calm);
      const next = person('next').email;
      return {
        ...known,
        people: [...known.people, next],
        secrets: [...known.secrets, next],
        ask: ({ w }) => w.post('/account/email/change', { new_email: next, password }, { token: access }),
        done: tokenOf(email, 'email_change'),
      };
    },
  },
  {
    name: 'asking for the address of somebody else',
    vars: MAILING,
    success: 202,
    scene: async (calm) => {
      const owner = await somebody(calm);
      const { known, access, password } = await somebody(calm);
      return {
        ...known,
        people: [...known.people, owner.email],
        secrets: [...known.secrets, owner.email],
        ask: ({ w }) =>
          w.post('/account/email/change', { new_email: owner.email, password }, { token: access }),
      };
    },
  },
  {
    name: 'the proof of another address',
    vars: MAILING,
    success: 204,
    again: 400,
    scene: async (calm) => {
      const { known, user, access, password } = await somebody(calm);
      const next = person('next').email;
      await calm.w.post('/account/email/change', { new_email: next, password }, { token: access });
      const token = calm.store.mails.filter(({ to }) => to === next).at(-1)?.token ?? '';
      return {
        ...known,
        people: [...known.people, next],
        secrets: [...known.secrets, next, secretOf(token)],
        ask: ({ w }) => w.post('/account/email/verify', { token }),
        done: () => holds('SELECT 1 FROM users WHERE id = ? AND email = ?', user.id, next),
      };
    },
  },
  {
    name: 'taking an address back',
    vars: MAILING,
    success: 200,
    again: 400,
    scene: async (calm) => {
      const { known, user, access, refresh, email, password } = await somebody(calm);
      const next = person('next').email;
      await calm.w.post('/account/email/change', { new_email: next, password }, { token: access });
      const tokenTo = (address: string) =>
        calm.store.mails.filter(({ to }) => to === address).at(-1)?.token ?? '';
      await calm.w.post('/account/email/verify', { token: tokenTo(next) });
      const token = tokenTo(email);
      return {
        ...known,
        people: [...known.people, next],
        secrets: [...known.secrets, next, secretOf(token)],
        ask: ({ w }) => w.post('/account/email/take-back', { token }),
        done: async () =>
          (await holds(
            "SELECT 1 FROM users WHERE id = ? AND email = ? AND password_hash = ''",
            user.id,
            email,
          )) && (await revoked(refresh)()),
      };
    },
  },
  {
    name: 'a wish to sign up',
    vars: { ...MAILING, SIGN_UP: 'verify' },
    success: 202,
    scene: async () => {
      const who = person();
      const subject = await sha256Hex(who.email);
      return {
        ask: ({ w }) => w.post('/account/sign-up', who),
        done: () => holds('SELECT 1 FROM one_time_tokens WHERE subject = ?', subject),
        people: [who.email],
        tokens: [],
        secrets: [who.email, who.password],
      };
    },
  },
  {
    name: 'a wish to sign up with the address of somebody else',
    vars: { ...MAILING, SIGN_UP: 'verify' },
    success: 202,
    scene: async (_, clock) => {
      const { known, email, password } = await somebody(side(clock, {}));
      return { ...known, ask: ({ w }) => w.post('/account/sign-up', { email, password }) };
    },
  },
  {
    name: 'the confirmation of a wish to sign up',
    vars: { ...MAILING, SIGN_UP: 'verify' },
    success: 204,
    again: 400,
    scene: async (calm) => {
      const who = person();
      await calm.w.post('/account/sign-up', who);
      const token = lastMail(calm);
      return {
        ask: ({ w }) => w.post('/account/email/verify', { token, password: who.password }),
        done: () => holds('SELECT 1 FROM users WHERE email = ?', who.email),
        people: [who.email],
        tokens: [],
        secrets: [who.email, who.password, secretOf(token)],
      };
    },
  },
];

const OTHER_DOORS: readonly Door[] = [
  {
    name: 'simplejwt’s log-in',
    success: 200,
    scene: async (calm) => {
      const { known, user, email, password } = await somebody(calm);
      return {
        ...known,
        ask: ({ w }) => w.post('/api/token/', { username: email, password }),
        done: () => holds('SELECT 1 FROM sessions WHERE user_id = ? LIMIT 1 OFFSET 1', user.id),
      };
    },
  },
  {
    name: 'simplejwt’s refresh',
    success: 200,
    scene: async (calm) => {
      const { known, refresh } = await somebody(calm);
      return {
        ...known,
        ask: ({ w }) => w.post('/api/token/refresh/', { refresh }),
        done: consumed(refresh),
      };
    },
  },
  {
    name: 'simplejwt’s verify',
    success: 200,
    scene: async (calm) => {
      const { known, refresh } = await somebody(calm);
      return { ...known, ask: ({ w }) => w.post('/api/token/verify/', { token: refresh }) };
    },
  },
  {
    name: 'simplejwt’s blacklist',
    success: 200,
    again: 401,
    scene: async (calm) => {
      const { known, refresh } = await somebody(calm);
      return {
        ...known,
        ask: ({ w }) => w.post('/api/token/blacklist/', { refresh }),
        done: revoked(refresh),
      };
    },
  },
  ...(['fast', 'strict'] as const).flatMap((mode): Door[] => [
    {
      name: `a ${mode} guard`,
      success: 200,
      scene: async (calm, clock) => {
        const { known, access } = await somebody(calm);
        return { ...known, ask: guarded(mode, access, clock) };
      },
    },
    {
      name: `a ${mode} guard before an ended session`,
      success: 401,
      lagging: true,
      scene: async (calm, clock) => {
        const { known, access, refresh } = await somebody(calm);
        await calm.w.logOut(refresh);
        return { ...known, ask: guarded(mode, access, clock) };
      },
    },
  ]),
  {
    name: 'readyz',
    success: 200,
    needsKv: true,
    scene: async () => ({ ask: ({ w }) => w.get('/readyz'), people: [], tokens: [], secrets: [] }),
  },
];

const DOORS = [...SIGN_DOORS, ...REFRESH_DOORS, ...ME_DOORS, ...MAIL_DOORS, ...OTHER_DOORS];

// ---------------------------------------------------------------------------------------------------------------
// What is looked at.

/** All rows that concern these people. */
async function snapshot({ people, tokens }: Pick<Scene, 'people' | 'tokens'>) {
  const emails = JSON.stringify(people);
  const subjects = JSON.stringify(await Promise.all(people.map(sha256Hex)));
  const ids = 'SELECT id FROM users WHERE email IN (SELECT value FROM json_each(?1))';
  const sids = JSON.stringify(tokens.map((token) => claimsOf(token).sid));
  const results = await env.DB.batch([
    env.DB.prepare('SELECT * FROM users WHERE email IN (SELECT value FROM json_each(?1)) ORDER BY id').bind(
      emails,
    ),
    env.DB.prepare(`SELECT * FROM sessions WHERE user_id IN (${ids}) ORDER BY id`).bind(emails),
    env.DB.prepare(
      `SELECT * FROM one_time_tokens WHERE subject IN (${ids}) OR subject IN (SELECT value FROM json_each(?2))
       ORDER BY subject, purpose, hash`,
    ).bind(emails, subjects),
    env.DB.prepare(
      'SELECT * FROM revoked_tokens WHERE session_id IN (SELECT value FROM json_each(?1)) ORDER BY jti',
    ).bind(sids),
  ]);
  return results.map((result) => result.results);
}

/** Every token an answer hands out, in its body or as a cookie. */
const handedOut = ({ body, headers }: Answer): string[] =>
  [
    body?.access,
    body?.refresh,
    ...headers.getSetCookie().map((line) => /^__Secure-refresh=([^;]+)/.exec(line)?.[1]),
  ].filter((token) => typeof token === 'string');

interface TokenStatus {
  /** Sessions that live, and whose users do. */
  living: Set<string>;
  /** Sessions that were ended as stolen. */
  stolen: string[];
  consumed: { jti: string; session_id: string; successor_jti: string | null }[];
  /** 6: rows of the whole database that hang from nothing. */
  orphans: unknown[];
}

/** How D1 has it, in one read. */
async function toTokenStatus(tokens: readonly string[]): Promise<TokenStatus> {
  const sids = JSON.stringify(tokens.map((token) => claimsOf(token).sid));
  const these = 'IN (SELECT value FROM json_each(?))';
  const [living, stolen, consumed, orphans] = await env.DB.batch([
    env.DB.prepare(
      `SELECT sessions.id FROM sessions JOIN users ON users.id = user_id
       WHERE revoked_at IS NULL AND is_active = 1 AND sessions.id ${these}`,
    ).bind(sids),
    env.DB.prepare(`SELECT id FROM sessions WHERE revoked_reason = 'replayed' AND id ${these}`).bind(sids),
    env.DB.prepare(`SELECT * FROM revoked_tokens WHERE session_id ${these}`).bind(sids),
    env.DB.prepare(
      `SELECT 'session' AS what FROM sessions WHERE user_id NOT IN (SELECT id FROM users)
       UNION ALL SELECT 'token' FROM one_time_tokens
         WHERE length(subject) <> 64 AND subject NOT IN (SELECT id FROM users)
       UNION ALL SELECT 'successor' FROM revoked_tokens WHERE reason = 'rotated' AND successor_jti IS NULL`,
    ),
  ]);
  const idsOf = (result: D1Result | undefined) =>
    (result?.results ?? []).map((row) => (row as { id: string }).id);
  return {
    living: new Set(idsOf(living)),
    stolen: idsOf(stolen),
    consumed: (consumed?.results ?? []) as TokenStatus['consumed'],
    orphans: orphans?.results ?? ['not asked'],
  };
}

const refreshAt = ({ w }: Side, token: string) =>
  w.env.REFRESH_TRANSPORT === 'cookie'
    ? w.post('/account/token/refresh', undefined, {
        headers: { Origin: 'http://localhost', Cookie: `__Secure-refresh=${token}` },
      })
    : w.refresh(token);

/** 2: what D1 holds dead is refused by the doors that read D1, what it holds alive is not. */
async function expectDoorsToKnow(calm: Side, tokens: readonly string[], { living }: TokenStatus) {
  const known = [...new Set(tokens)].map(
    (token) => ({ token, ...claimsOf(token) }) as { token: string; sid: string; token_type: string },
  );
  // The access tokens of a session differ in nothing that D1 is asked about: one of each.
  const access = new Map(known.flatMap((one) => (one.token_type === 'access' ? [[one.sid, one.token]] : [])));
  for (const [sid, token] of access) {
    expect((await calm.w.me(token)).status, 'me').toBe(living.has(sid) ? 200 : 401);
  }
  for (const { token } of known.filter(
    ({ token_type, sid }) => token_type === 'refresh' && !living.has(sid),
  )) {
    expect((await refreshAt(calm, token)).status, 'refresh').toBe(401);
  }
}

/** 3: of the refresh tokens of a session that anybody may hold, consumed ones aside, there is one at most. */
function expectOneLiveToken(tokens: readonly string[], { consumed }: TokenStatus) {
  const gone = new Set<unknown>(consumed.map(({ jti }) => jti));
  const held = new Map<unknown, Set<unknown>>();
  const handedOut = tokens.map(claimsOf).filter(({ token_type }) => token_type === 'refresh');
  const minted = consumed.map(({ session_id, successor_jti }) => ({ sid: session_id, jti: successor_jti }));
  for (const { sid, jti } of [...handedOut, ...minted].filter(({ jti }) => jti !== null && !gone.has(jti))) {
    held.set(sid, (held.get(sid) ?? new Set()).add(jti));
  }
  expect(Math.max(0, ...[...held.values()].map(({ size }) => size))).toBeLessThanOrEqual(1);
}

/** 4: what a client is told of a fault, and no more. */
function expectUnavailable(answer: Answer, type = 'application/problem+json') {
  expect(answer.status).toBe(503);
  expect(answer.headers.get('Content-Type')).toBe(type);
  expect(answer.headers.get('Retry-After')).toBe('1');
  expect(answer.body).toEqual({
    type: 'about:blank',
    title: 'Service Unavailable',
    status: 503,
    detail: 'Service temporarily unavailable, try again later.',
    code: 'unavailable',
  });
  expect(answer.headers.getSetCookie()).toEqual([]);
}

/** 7, and that every failure has its one line. */
function expectCleanLog(answer: Answer, secrets: readonly string[], events: readonly string[]) {
  const id = answer.headers.get('X-Request-Id');
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  const lines = log.linesOf(id);
  const failures = lines.filter(({ level }) => level === 'error').map(({ event }) => event);
  expect(failures.toSorted()).toEqual(events.toSorted());
  expect(log.dirtyOf(id, secrets)).toEqual([]);
}

interface Case {
  door: Door;
  call: StoreCall;
  kind: FaultKind;
  /** All calls of the door. */
  calls: readonly StoreCall[];
}

/** What the log says of a fault that the client does not notice, or does. */
function eventsOf({ door, call, kind, calls }: Case): string[] {
  if (kind.store === 'd1') return ['unavailable'];
  if (kind.instead) return [];
  if (kind.store === 'get') return ['kv_unavailable', ...(door.needsKv ? ['unavailable'] : [])];
  const failing = calls.filter(
    ({ store, number }) =>
      store === 'put' && (kind.lasts === 'on' ? number >= call.number : number === call.number),
  );
  const mails = failing.filter(({ what }) => what === 'mail').map(() => 'mail_failed');
  // A put is tried twice.
  const lost = kind.lasts === 'on' && failing.some(({ what }) => what === 'revoked');
  return [...mails, ...(lost ? ['kv_unavailable'] : [])];
}

const statusOf = ({ door, kind }: Case): number => {
  if (kind.store === 'd1') return 503;
  if (kind.instead) return door.lagging ? 200 : door.success;
  return kind.store === 'get' && door.needsKv ? 503 : door.success;
};

async function run(which: Case, kinds: readonly FaultKind[]) {
  const { door, call } = which;
  const clock = { now: Date.now() };
  const calm = side(clock, door.vars);
  const scene = await door.scene(calm, clock);
  const done = scene.done ?? (async () => true);
  const answers: Answer[] = [];
  const secrets = () => [...scene.secrets, ...scene.tokens, ...answers.flatMap(handedOut), TEST_SIGNING_KEY];

  const sick = side(clock, door.vars, {
    d1: kinds.some((kind) => kind.hangs && kind.store === 'd1') ? SHORT.d1 : NO_HURRY.d1,
    kv: kinds.some((kind) => kind.hangs && kind.store !== 'd1') ? SHORT.kv : NO_HURRY.kv,
  });
  // What KV does or does not changes nothing of this.
  const unchanged = which.kind.store === 'd1' ? () => snapshot(scene) : async () => [];
  const before = await unchanged();
  const started = scene.done === undefined;
  let happened = false;
  for (const kind of kinds) {
    const here = { ...which, kind };
    sick.store.arm(kind, call.number);
    const asked = performance.now();
    const answer = await scene.ask(sick);
    expect(performance.now() - asked).toBeLessThan(LONGEST_ANSWER_MS);
    expect(sick.store.fired).toBeGreaterThan(0);
    answers.push(answer);
    expect(answer.status).toBe(statusOf(here));
    for (const refused of answers.slice(-1).filter(({ status }) => status === 503))
      expectUnavailable(refused, /^simplejwt/.test(door.name) ? 'application/json' : undefined);
    expectCleanLog(answer, secrets(), eventsOf(here));
    happened = kind.store === 'd1' ? kind.happens === 'yes' && call.writes : true;
  }
  // All of it or nothing.
  expect(await done()).toBe(happened || started);
  expect(happened ? before : await unchanged()).toEqual(before);

  const second = await scene.ask(calm);
  answers.push(second);
  expect(second.status).toBe(happened ? (door.again ?? door.success) : door.success);
  expect(codeOf(second)).not.toBe('internal_error');
  await sick.store.release();

  const tokens = [...scene.tokens, ...answers.flatMap(handedOut)];
  expect(await done()).toBe(true);
  const tokenStatus = await toTokenStatus(tokens);
  await expectDoorsToKnow(calm, tokens, tokenStatus);
  expectOneLiveToken(door.manySuccessors ? [] : tokens, tokenStatus);
  expect(tokenStatus.orphans).toEqual([]);
  expect(tokenStatus.stolen.length).toBe(door.isReplay ? 1 : 0);
  expectCleanLog(second, secrets(), []);
}

/** Which calls a door makes when all is well. */
async function dryRun(door: Door): Promise<{ door: Door; calls: StoreCall[] }> {
  const clock = { now: Date.now() };
  const scene = await door.scene(side(clock, door.vars), clock);
  const at = side(clock, door.vars);
  const answer = await scene.ask(at);
  expect(answer.status, door.name).toBe(door.success);
  return { door, calls: [...at.store.calls] };
}

const plans: { door: Door; calls: StoreCall[] }[] = [];
for (const door of DOORS) plans.push(await dryRun(door));

type Planned = [title: string, which: Omit<Case, 'kind'>];
const callsOf = (store: 'd1' | 'get' | 'put'): Planned[] =>
  plans.flatMap(({ door, calls }) =>
    calls
      .filter((call) => call.store === store)
      .map((call): Planned => [`${door.name}: call ${call.number} (${call.what})`, { door, calls, call }]),
  );

describe('the dry run', () => {
  it('finds calls at every door, and of every kind', () => {
    expect(plans.filter(({ calls }) => calls.length === 0)).toEqual([]);
    expect(callsOf('d1').length).toBeGreaterThan(60);
    expect(callsOf('get').length).toBeGreaterThan(15);
    expect(callsOf('put').length).toBeGreaterThan(20);
  });
});

describe('D1 answers each of its documented errors, and nothing has happened', () => {
  const kinds = D1_ERRORS.map(({ message }) => throwsBefore(message));
  it.each(callsOf('d1'))('%s', (_, which) => run({ ...which, kind: kinds[0] as FaultKind }, kinds), PATIENT);
});

describe('D1 says that it failed after it has committed', () => {
  const cases = callsOf('d1').map(([title, which], i) => {
    // In turn, so that all of them come.
    const kind = throwsAfter(D1_ERRORS[i % D1_ERRORS.length]?.message ?? '');
    return [`${title} ${kind.name}`, { ...which, kind }] as const;
  });
  it.each(cases)('%s', (_, which) => run(which, [which.kind]), PATIENT);
});

describe.each([...D1_HANGS, ...KV_FAULTS].map((kind) => [kind.store, kind.name, kind] as const))(
  '%s %s',
  (store, _, kind) => {
    it.concurrent.each(callsOf(store))('%s', (__, which) => run({ ...which, kind }, [kind]), PATIENT);
  },
);

describe('a lost answer to a refresh in strict mode', () => {
  const vars = { REFRESH_REUSE_GRACE: '0s' };
  it.each([
    ['ends the session at the next try, which is the price of it', throwsAfter, 401, 'replayed'],
    ['costs nothing where D1 did not commit', throwsBefore, 200, null],
  ] as const)('%s', async (_, fault, status, reason) => {
    const clock = { now: Date.now() };
    const { refresh } = await somebody(side(clock, vars));
    const sick = side(clock, vars);
    sick.store.arm(fault('Network connection lost.'), 1);
    expectUnavailable(await sick.w.refresh(refresh));
    expect((await side(clock, vars).w.refresh(refresh)).status).toBe(status);
    const [session] = await rows('SELECT revoked_reason FROM sessions WHERE id = ?', claimsOf(refresh).sid);
    expect(session).toEqual({ revoked_reason: reason });
  });
});

describe('with the time limits of production', () => {
  /** D1 and KV that never answer, as asked for; the people were there before. */
  const silent = (...stores: ('d1' | 'get' | 'put')[]) => {
    const hang = [...D1_HANGS, ...KV_FAULTS].filter(({ name }) => /^hangs( from then on)?$/.test(name));
    const bindingsOf = (store: 'd1' | 'get' | 'put') => {
      const one = faulty();
      one.arm(hang.find((kind) => kind.store === store) as FaultKind, 1);
      return one.bindings;
    };
    return {
      DB: stores.includes('d1') ? bindingsOf('d1').DB : env.DB,
      BLACKLIST: stores.includes('get')
        ? bindingsOf('get').BLACKLIST
        : stores.includes('put')
          ? bindingsOf('put').BLACKLIST
          : env.BLACKLIST,
    };
  };
  const clock = { now: Date.now() };
  type Ask = (w: World, who: Awaited<ReturnType<typeof somebody>>) => Promise<Answer>;
  const cases: [what: string, stores: ('d1' | 'get' | 'put')[], ask: Ask, status: number, from: number][] = [
    ['a refresh without D1', ['d1'], (w, who) => w.refresh(who.refresh), 503, 2_900],
    ['a refresh without KV', ['get'], (w, who) => w.refresh(who.refresh), 200, 450],
    ['a refresh without either', ['d1', 'get'], (w, who) => w.refresh(who.refresh), 503, 3_400],
    ['a log-in without D1', ['d1'], (w, who) => w.logIn(who), 503, 2_900],
    ['a log-out without KV', ['put'], (w, who) => w.logOut(who.refresh), 204, 950],
    [
      'the end of twenty sessions without KV',
      ['put'],
      (w, { access }) => w.delete('/account/sessions', undefined, { token: access }),
      204,
      950,
    ],
    ['readyz without either', ['d1', 'get'], (w) => w.get('/readyz'), 503, 450],
  ];
  it.concurrent.each(cases)(
    '%s is answered in time, and no sooner',
    async (_, stores, ask, status, from) => {
      const who = await somebody(side(clock, {}));
      for (let sessions = 1; sessions < 20; sessions++) await who.logIn();
      const w = world({
        vars: { MAIL: 'off' },
        bindings: silent(...stores) as never,
        parts: { deadlines: DEADLINES },
      });
      const asked = performance.now();
      const answer = await ask(w, who);
      const took = performance.now() - asked;
      expect(answer.status).toBe(status);
      expect(took).toBeGreaterThan(from);
      expect(took).toBeLessThan(LONGEST_ANSWER_MS);
      for (const refused of [answer].filter((one) => one.status === 503)) expectUnavailable(refused);
    },
    PATIENT,
  );

  it(
    'a fast guard without either store is closed in time',
    async () => {
      const { access } = await somebody(side(clock, {}));
      const at = { ...side(clock, {}, DEADLINES), w: world({ bindings: silent('d1', 'get') as never }) };
      const asked = performance.now();
      expectUnavailable(await guarded('fast', access, clock)(at));
      expect(performance.now() - asked).toBeLessThan(LONGEST_ANSWER_MS);
    },
    PATIENT,
  );
});

describe('the sweep', () => {
  const DAY = 86_400;
  const now = Math.floor(Date.now() / 1_000);

  /** One row of every kind past its time, one of every kind that is not; walks that may begin anew. */
  async function leftovers() {
    const { user, refresh } = await somebody(side({ now: Date.now() }, {}));
    const old = now - 2 * DAY;
    const id = crypto.randomUUID();
    const session = env.DB.prepare(
      `INSERT INTO sessions (user_id, id, created_at, last_used_at, expires_at, absolute_end_at)
       VALUES (?1, ?2, 1, 1, ?3, ?3)`,
    );
    const token = env.DB.prepare(
      `INSERT INTO one_time_tokens (subject, purpose, hash, created_at, expires_at)
       VALUES (?1, 'email_verify', ?2, 1, ?3)`,
    );
    const dead = env.DB.prepare(
      `INSERT INTO revoked_tokens (expires_at, jti, session_id, revoked_at, reason) VALUES (?1, ?2, ?3, 1, 'ended')`,
    );
    await env.DB.batch([
      env.DB.prepare('DELETE FROM sweep_progress'),
      session.bind(user.id, id, old),
      token.bind(user.id, 'old', old),
      token.bind(user.id, 'young', now),
      dead.bind(old, `${id}-old`, id),
      dead.bind(now, `${id}-young`, id),
    ]);
    const left = async () => ({
      sessions: (await rows('SELECT id FROM sessions WHERE user_id = ?', user.id)).map((row) => row.id),
      tokens: (await rows('SELECT hash FROM one_time_tokens WHERE subject = ?', user.id)).map(
        (row) => row.hash,
      ),
      revoked: (await rows('SELECT jti FROM revoked_tokens WHERE session_id = ?', id)).map((row) => row.jti),
    });
    const young = { sessions: [claimsOf(refresh).sid], tokens: ['young'], revoked: [`${id}-young`] };
    return { left, young };
  }

  const swept = (DB: D1Database, id: string) => sweep({ DB }, () => now * 1_000, reporter(id));

  const dry = faulty();
  const planned = leftovers().then(() => swept(dry.bindings.DB, 'dry'));

  it('asks D1 several times in a run', async () => {
    await planned;
    expect(dry.calls.length).toBeGreaterThan(4);
  });

  it.each([
    ['fails', throwsBefore],
    ['fails after the commit', throwsAfter],
  ] as const)('that D1 %s at any of its calls goes on the next time', async (_, fault) => {
    await planned;
    for (const { number } of dry.calls) {
      const id = crypto.randomUUID();
      const { left, young } = await leftovers();
      const sick = faulty();
      sick.arm(fault(D1_ERRORS[number % D1_ERRORS.length]?.message ?? ''), number);
      await expect(swept(sick.bindings.DB, id)).rejects.toThrow(/^sweep failed$/);
      expect(sick.fired).toBe(1);
      expect(log.linesOf(id)).toMatchObject([
        { level: 'error', event: 'sweep_failed', reason: 'd1', call: expect.stringMatching(/^sweep\.\w+: /) },
      ]);
      expect(log.dirtyOf(id)).toEqual([]);
      expect(await left()).toMatchObject({
        sessions: expect.arrayContaining(young.sessions),
        tokens: expect.arrayContaining(young.tokens),
        revoked: expect.arrayContaining(young.revoked),
      });
      await swept(env.DB, 'again');
      expect(await left()).toEqual(young);
    }
  });

  it('that D1 does not answer gives up, and goes on the next time', async () => {
    const { left, young } = await leftovers();
    const sick = faulty();
    sick.arm(D1_HANGS[0] as FaultKind, 3);
    const sweeper = d1Sweeper(connectD1(sick.bindings.DB, SHORT.d1));
    await expect(sweepOnce(sweeper, now)).rejects.toMatchObject({ kind: 'unavailable' });
    await swept(env.DB, 'again');
    expect(await left()).toEqual(young);
  });
});
