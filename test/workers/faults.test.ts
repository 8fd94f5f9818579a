/**
 * Every call of every endpoint × every way in which D1 or KV can fail. Which calls an endpoint makes is counted by a dry run;
 * nothing here says how many there are. After each fault, and after a second try without it:
 *
 * 1. no 2xx unless the effect is in D1; 2. nothing revoked is accepted at an endpoint that reads D1; 3. at most one live
 * refresh token a session; 4. 503 problem+json with Retry-After and no internals; 5. trying again is safe and never
 * taken for theft; 6. no orphan rows; 7. clean logs; 8. an answer within 5 s.
 */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { connectD1 } from '../../src/db/client.ts';
import { d1Sweeper } from '../../src/db/d1-sweep.ts';
import { DEADLINES } from '../../src/deadlines.ts';
import { sha256Hex } from '../../src/encoding.ts';
import { reporter } from '../../src/http/report.ts';
import { sweep, sweepOnce } from '../../src/sweep.ts';
import { CONNECTION_ENDPOINTS } from '../support/faults/connections.ts';
import { EMAIL_SIGN_IN_ENDPOINTS } from '../support/faults/email-sign-in.ts';
import { MAIL_ENDPOINTS } from '../support/faults/mail.ts';
import { ME_ENDPOINTS } from '../support/faults/me.ts';
import { OTHER_ENDPOINTS } from '../support/faults/other.ts';
import { PASSKEY_ENDPOINTS } from '../support/faults/passkeys.ts';
import { REFRESH_ENDPOINTS } from '../support/faults/refresh.ts';
import {
  type Endpoint,
  guarded,
  NO_HURRY,
  rows,
  type Scene,
  SHORT,
  type Side,
  side,
  somebody,
} from '../support/faults/scenes.ts';
import { SECOND_FACTOR_ENDPOINTS } from '../support/faults/second-factor.ts';
import { SIGN_ENDPOINTS } from '../support/faults/sign-in.ts';
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
import { type Answer, claimsOf, codeOf, type World, world } from '../support/world.ts';

const log = watchedConsole();
const LONGEST_ANSWER_MS = 5_000;
/** What a test may take that waits for real time limits, or a busy machine. */
const PATIENT = 30_000;

const ENDPOINTS = [
  ...SIGN_ENDPOINTS,
  ...REFRESH_ENDPOINTS,
  ...ME_ENDPOINTS,
  ...MAIL_ENDPOINTS,
  ...EMAIL_SIGN_IN_ENDPOINTS,
  ...CONNECTION_ENDPOINTS,
  ...SECOND_FACTOR_ENDPOINTS,
  ...PASSKEY_ENDPOINTS,
  ...OTHER_ENDPOINTS,
];

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

/** 2: what D1 holds dead is refused by the endpoints that read D1, what it holds alive is not. */
async function expectEndpointsToKnow(calm: Side, tokens: readonly string[], { living }: TokenStatus) {
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

/** 4: what a client learns about a fault, and no more. */
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
  endpoint: Endpoint;
  call: StoreCall;
  kind: FaultKind;
  /** All calls of the endpoint. */
  calls: readonly StoreCall[];
}

/** What the log says of a fault that the client does not notice, or does. */
function eventsOf({ endpoint, call, kind, calls }: Case): string[] {
  if (kind.store === 'd1') return ['unavailable'];
  if (kind.instead) return [];
  if (kind.store === 'get') return ['kv_unavailable', ...(endpoint.needsKv ? ['unavailable'] : [])];
  const failing = calls.filter(
    ({ store, number }) =>
      store === 'put' && (kind.lasts === 'on' ? number >= call.number : number === call.number),
  );
  const mails = failing.filter(({ what }) => what === 'mail').map(() => 'mail_failed');
  // A put is tried twice.
  const lost = kind.lasts === 'on' && failing.some(({ what }) => what === 'revoked');
  return [...mails, ...(lost ? ['kv_unavailable'] : [])];
}

const statusOf = ({ endpoint, kind }: Case): number => {
  if (kind.store === 'd1') return 503;
  if (kind.instead) return endpoint.lagging ? 200 : endpoint.success;
  return kind.store === 'get' && endpoint.needsKv ? 503 : endpoint.success;
};

async function run(which: Case, kinds: readonly FaultKind[]) {
  const { endpoint, call } = which;
  const clock = { now: Date.now() };
  const calm = side(clock, endpoint.vars, NO_HURRY, endpoint.bindings);
  const scene = await endpoint.scene(calm, clock);
  const done = scene.done ?? (async () => true);
  const answers: Answer[] = [];
  const secrets = () => [...scene.secrets, ...scene.tokens, ...answers.flatMap(handedOut), TEST_SIGNING_KEY];

  const deadlines = {
    d1: kinds.some((kind) => kind.hangs && kind.store === 'd1') ? SHORT.d1 : NO_HURRY.d1,
    kv: kinds.some((kind) => kind.hangs && kind.store !== 'd1') ? SHORT.kv : NO_HURRY.kv,
  };
  const sick = side(clock, endpoint.vars, deadlines, endpoint.bindings);
  // What KV does or does not changes nothing of this.
  const unchanged =
    which.kind.store === 'd1' && endpoint.decides === undefined ? () => snapshot(scene) : async () => [];
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
      expectUnavailable(refused, /^simplejwt/.test(endpoint.name) ? 'application/json' : undefined);
    expectCleanLog(answer, secrets(), eventsOf(here));
    happened =
      kind.store === 'd1'
        ? kind.happens === 'yes' && call.writes && call.number >= (endpoint.decides ?? 1)
        : true;
  }
  // All of it or nothing.
  expect(await done()).toBe(happened || started);
  expect(happened ? before : await unchanged()).toEqual(before);

  const second = await scene.ask(calm);
  answers.push(second);
  expect(second.status).toBe(happened ? (endpoint.again ?? endpoint.success) : endpoint.success);
  expect(codeOf(second)).not.toBe('internal_error');
  await sick.store.release();

  const tokens = [...scene.tokens, ...answers.flatMap(handedOut)];
  expect(await done()).toBe(true);
  const tokenStatus = await toTokenStatus(tokens);
  await expectEndpointsToKnow(calm, tokens, tokenStatus);
  expectOneLiveToken(endpoint.manySuccessors ? [] : tokens, tokenStatus);
  expect(tokenStatus.orphans).toEqual([]);
  expect(tokenStatus.stolen.length).toBe(endpoint.isReplay ? 1 : 0);
  expectCleanLog(second, secrets(), []);
}

/** Which calls an endpoint makes when all is well. */
async function dryRun(endpoint: Endpoint): Promise<{ endpoint: Endpoint; calls: StoreCall[] }> {
  const clock = { now: Date.now() };
  const scene = await endpoint.scene(side(clock, endpoint.vars, NO_HURRY, endpoint.bindings), clock);
  const at = side(clock, endpoint.vars, NO_HURRY, endpoint.bindings);
  const answer = await scene.ask(at);
  expect(answer.status, endpoint.name).toBe(endpoint.success);
  return { endpoint, calls: [...at.store.calls] };
}

const plans: { endpoint: Endpoint; calls: StoreCall[] }[] = [];
for (const endpoint of ENDPOINTS) plans.push(await dryRun(endpoint));

type Planned = [title: string, which: Omit<Case, 'kind'>];
const callsOf = (store: 'd1' | 'get' | 'put'): Planned[] =>
  plans.flatMap(({ endpoint, calls }) =>
    calls
      .filter((call) => call.store === store)
      .map(
        (call): Planned => [
          `${endpoint.name}: call ${call.number} (${call.what})`,
          { endpoint, calls, call },
        ],
      ),
  );

describe('the dry run', () => {
  it('finds calls of every kind at every endpoint', () => {
    expect(plans.filter(({ calls }) => calls.length === 0)).toEqual([]);
    expect(callsOf('d1').length).toBeGreaterThan(60);
    expect(callsOf('get').length).toBeGreaterThan(15);
    expect(callsOf('put').length).toBeGreaterThan(20);
  });
});

describe('D1 fails with each of its documented errors before it does anything', () => {
  const kinds = D1_ERRORS.map(({ message }) => throwsBefore(message));
  it.each(callsOf('d1'))(
    '%s',
    (_, which) =>
      run(
        { ...which, kind: kinds[0] as FaultKind },
        which.endpoint.decides === undefined ? kinds : kinds.slice(0, 1),
      ),
    PATIENT,
  );
});

describe('D1 reports an error after it has committed', () => {
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
    '%s is answered when the time limit is over, not before',
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
    'a fast guard without either store refuses in time',
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

  /** One expired row of every kind, one of every kind that is not; walks that may start over. */
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

  it('calls D1 several times in a run', async () => {
    await planned;
    expect(dry.calls.length).toBeGreaterThan(4);
  });

  it.each([
    ['fails', throwsBefore],
    ['fails after the commit', throwsAfter],
  ] as const)('during which D1 %s at any of its calls continues the next time', async (_, fault) => {
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

  it('gives up if D1 does not answer, and continues the next time', async () => {
    const { left, young } = await leftovers();
    const sick = faulty();
    sick.arm(D1_HANGS[0] as FaultKind, 3);
    const sweeper = d1Sweeper(connectD1(sick.bindings.DB, SHORT.d1));
    await expect(sweepOnce(sweeper, now)).rejects.toMatchObject({ kind: 'unavailable' });
    await swept(env.DB, 'again');
    expect(await left()).toEqual(young);
  });
});
