/**
 * The Worker against a model of itself: random commands, in random order and at random times, and after each of them the
 * answer is the one that a few maps and rules expect. What the model knows is the contract: who may come in, which
 * token is consumed, which session lives. What it does not know (keys, SQL, KV) must make no difference, the sweep
 * least of all.
 *
 * Fixed seed; `MODEL_SEED` and `MODEL_RUNS` as bindings for other and longer searches. A failure prints the shortest
 * list of commands that fast-check finds.
 */
import { env } from 'cloudflare:workers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sweep } from '../../src/sweep.ts';
import { watchedConsole } from '../support/log-check.ts';
import { type Answer, claimsOf, type Vars, type World, world } from '../support/world.ts';

const log = watchedConsole();

const SEED = Number(env.MODEL_SEED ?? 20_261_123);
const RUNS = Number(env.MODEL_RUNS ?? 60);

const HOUR = 3_600;
const DAY = 24 * HOUR;
const GRACE = 60;
const ACCESS_LIFETIME = HOUR;
const REFRESH_LIFETIME = DAY;
const SESSION_LIFETIME = 26 * HOUR;
const MAX_SESSIONS = 3;
const VARS: Vars = {
  MAIL: 'off',
  SESSION_MAX_LIFETIME: '26h',
  MAX_SESSIONS_PER_USER: String(MAX_SESSIONS),
};

/** Few people and few passwords, so that commands meet. */
const NAMES = ['ada', 'bob', 'eve'] as const;
const PASSWORDS = ['correct horse battery', 'staple another battery'] as const;

// ---------------------------------------------------------------------------------------------------------------
// The model.

interface MSession {
  user: MUser;
  /** In the order of log-ins. */
  openedAt: number;
  revoked: boolean;
}
interface MUser {
  name: string;
  password: string;
  active: boolean;
  gone: boolean;
  sessions: MSession[];
}
interface MToken {
  kind: 'access' | 'refresh';
  session: MSession;
  expiresAt: number;
  /** Refresh: when it was exchanged for another. */
  consumedAt: number | null;
  /** Refresh: what it was exchanged for. */
  successor: MToken | null;
}

interface Model {
  now: number;
  /** The place of the refresh token that was sent last. */
  sentLast: number;
  users: Map<string, MUser>;
  /** All that was ever handed out, in that order; the real ones lie at the same places. */
  tokens: MToken[];
}

interface Real {
  w: World;
  clock: { now: number };
  /** Whom an address belongs to in this run. */
  emailOf: (name: string) => string;
  tokens: string[];
}

const absoluteEnd = (session: MSession) => session.openedAt + SESSION_LIFETIME;

type Verdict = 'ok' | 'expired' | 'user_not_found' | 'user_inactive' | 'blacklisted';

/** How a token stands but for its consumption: the first of several faults. */
function tokenStatus({ expiresAt, session }: MToken, now: number): Verdict {
  if (expiresAt <= now) return 'expired';
  if (session.user.gone) return 'user_not_found';
  if (!session.user.active) return 'user_inactive';
  return session.revoked || absoluteEnd(session) <= now ? 'blacklisted' : 'ok';
}

/**
 * KV remembers a session by the reason for which it ended, which may be older than what became of its user: of a
 * session that was dead before its user went, either may be told.
 */
const told = (verdict: Verdict): string[] =>
  verdict === 'ok'
    ? []
    : {
        expired: ['Token is expired'],
        user_not_found: ['User not found', 'Token is blacklisted', 'User is inactive'],
        user_inactive: ['User is inactive', 'Token is blacklisted'],
        blacklisted: ['Token is blacklisted', 'User is inactive'],
      }[verdict];

/** Used again, and no retry: too late, or what it was exchanged for has been used in its turn. */
const isReplay = ({ consumedAt, successor }: MToken, now: number) =>
  consumedAt !== null && (now - consumedAt > GRACE || successor?.consumedAt != null);

function hand(model: Model, session: MSession, kind: 'access' | 'refresh', madeAt = model.now): MToken {
  const lifetime = kind === 'access' ? ACCESS_LIFETIME : REFRESH_LIFETIME;
  const token: MToken = {
    kind,
    session,
    expiresAt: Math.min(madeAt + lifetime, absoluteEnd(session)),
    consumedAt: null,
    successor: null,
  };
  model.tokens.push(token);
  return token;
}

/** A new session, and the end of the oldest past the limit. */
function open(model: Model, user: MUser): MSession {
  const session = { user, openedAt: model.now, revoked: false };
  const living = user.sessions.filter((other) => !other.revoked && absoluteEnd(other) > model.now);
  for (const old of living.slice(0, Math.max(0, living.length - (MAX_SESSIONS - 1)))) old.revoked = true;
  user.sessions.push(session);
  return session;
}

const endAll = (user: MUser, but?: MSession) => {
  for (const session of user.sessions) session.revoked ||= session !== but;
};

// ---------------------------------------------------------------------------------------------------------------
// The commands. Each asks the Worker, moves the model, and compares.

type Command = fc.AsyncCommand<Model, Real>;

/** Every kind of outcome that came, so that a search that never gets anywhere is seen. */
const outcomes = new Set<string>();

/** A command of this name; every one takes a second, so that log-ins have an order. */
function command(
  text: string,
  run: (model: Model, real: Real) => Promise<void>,
  check: (model: Readonly<Model>) => boolean = () => true,
): Command {
  return {
    check,
    toString: () => text,
    run: async (model, real) => {
      model.now += 1;
      real.clock.now += 1_000;
      await run(model, real);
      expectInStep(model, real);
    },
  };
}

/** The same tokens on both sides, and those handed out last mean the same. */
function expectInStep(model: Model, real: Real) {
  expect(real.tokens.length).toBe(model.tokens.length);
  const last = [...model.tokens.keys()].slice(-2);
  const meaning = (at: number) => {
    const { token_type, exp } = claimsOf(real.tokens[at] as string);
    return { kind: token_type, expiresAt: exp };
  };
  expect(last.map(meaning)).toEqual(
    last.map((at) => ({ kind: model.tokens[at]?.kind, expiresAt: model.tokens[at]?.expiresAt })),
  );
  // A refresh token that the model holds twice is one, and one that it holds once is new.
  const jtis = real.tokens.map((token) => claimsOf(token).jti);
  expect(last.map((at) => jtis.indexOf(jtis[at]))).toEqual(
    last.map((at) => model.tokens.indexOf(model.tokens[at] as MToken)),
  );
}

/** The answer is this one; what it hands out is kept. Whether it was a success. */
function expectAnswer(
  real: Real,
  answer: Answer,
  outcome: string,
  status: number,
  details?: string[],
): boolean {
  outcomes.add(outcome);
  expect(answer.status, outcome).toBe(status);
  expect(details ?? [answer.body?.detail], outcome).toContain(answer.body?.detail);
  real.tokens.push(...[answer.body?.access, answer.body?.refresh].filter((token) => token !== undefined));
  return status < 300;
}

function come(model: Model, user: MUser) {
  const session = open(model, user);
  hand(model, session, 'access');
  hand(model, session, 'refresh');
}

const signUp = (name: string, password: string) =>
  command(`${name} signs up with "${password}"`, async (model, real) => {
    const answer = await real.w.post('/account/sign-up', { email: real.emailOf(name), password });
    const before = model.users.get(name);
    const taken = before !== undefined && !before.gone;
    if (!expectAnswer(real, answer, `sign-up, taken: ${taken}`, taken ? 409 : 201)) return;
    const user: MUser = { name, password, active: true, gone: false, sessions: [] };
    model.users.set(name, user);
    come(model, user);
  });

const logIn = (name: string, password: string) =>
  command(`${name} logs in with "${password}"`, async (model, real) => {
    const answer = await real.w.logIn({ email: real.emailOf(name), password });
    const user = model.users.get(name);
    const may = user !== undefined && !user.gone && user.active && user.password === password;
    const details = ['No active account found with the given credentials'];
    if (!expectAnswer(real, answer, `log-in: ${may}`, may ? 200 : 401, may ? undefined : details)) return;
    come(model, user as MUser);
  });

/** `of` all tokens ever seen, one; of a kind where that matters. */
function pick(model: Readonly<Model>, of: number, kind?: 'access' | 'refresh') {
  const places = model.tokens.flatMap((token, i) => (kind === undefined || token.kind === kind ? [i] : []));
  const at = places[of % places.length] as number;
  return { at, token: model.tokens[at] as MToken };
}
const anyToken = (model: Readonly<Model>) => model.tokens.length > 0;

function newestOf(model: Model, { at, token }: ReturnType<typeof pick>) {
  let newest = token;
  while (newest.successor !== null) newest = newest.successor;
  return newest === token ? { at, token } : { at: model.tokens.indexOf(newest), token: newest };
}

async function sendRefresh(model: Model, real: Real, { at, token }: ReturnType<typeof pick>) {
  const answer = await real.w.refresh(real.tokens[at] as string);
  const verdict = tokenStatus(token, model.now);
  const replay = verdict === 'ok' && isReplay(token, model.now);
  const again = token.consumedAt === null ? 'first' : 'again';
  const early = token.consumedAt !== null && model.now - token.consumedAt <= GRACE;
  const outcome = `refresh: ${replay ? (early ? 'replay within the grace' : 'replay') : verdict === 'ok' ? again : verdict}`;
  const good = verdict === 'ok' && !replay;
  const details = good ? undefined : told(replay ? 'blacklisted' : verdict);
  model.sentLast = at;
  if (replay) token.session.revoked = true;
  if (!expectAnswer(real, answer, outcome, good ? 200 : 401, details)) return;
  hand(model, token.session, 'access');
  // The same successor for everybody who asks within the grace: one token, seen twice.
  if (token.successor !== null) model.tokens.push(token.successor);
  token.successor ??= hand(model, token.session, 'refresh');
  token.consumedAt ??= model.now;
}

const refresh = (of: number) =>
  command(
    `refresh with token ${of}`,
    (model, real) => sendRefresh(model, real, pick(model, of, 'refresh')),
    anyToken,
  );
const refreshNewest = (of: number) =>
  command(
    `refresh with the newest token of the chain of token ${of}`,
    (model, real) => sendRefresh(model, real, newestOf(model, pick(model, of, 'refresh'))),
    anyToken,
  );
const refreshOnceMore = () =>
  command(
    'the last refresh once more',
    (model, real) => {
      const at = model.sentLast;
      return sendRefresh(model, real, { at, token: model.tokens[at] as MToken });
    },
    ({ sentLast }) => sentLast >= 0,
  );

/** The successor is used first, so that a retry of the last refresh is none. */
const refreshTwoBack = () =>
  command(
    'refresh with the newest token of the last one’s chain, and with the last one once more',
    async (model, real) => {
      const at = model.sentLast;
      const last = { at, token: model.tokens[at] as MToken };
      await sendRefresh(model, real, newestOf(model, last));
      await sendRefresh(model, real, last);
    },
    ({ sentLast }) => sentLast >= 0,
  );

/** `delta`: seconds beyond the last one that the grace allows. */
const refreshAtTheEndOfTheGrace = (delta: number) =>
  command(
    `verify of the last token, and refresh once more, ${GRACE + delta} s after it was the first`,
    async (model, real) => {
      const at = model.sentLast;
      const token = model.tokens[at] as MToken;
      goTo(model, real, (token.consumedAt as number) + GRACE + delta);
      await sendVerify(model, real, { at, token });
      await sendRefresh(model, real, { at, token });
    },
    ({ sentLast, tokens, now }) => now < (tokens[sentLast]?.consumedAt ?? Number.NEGATIVE_INFINITY) + GRACE,
  );

function goTo(model: Model, real: Real, now: number) {
  real.clock.now += (now - model.now) * 1_000;
  model.now = now;
}

async function sendVerify(model: Model, real: Real, { at, token }: ReturnType<typeof pick>) {
  const answer = await real.w.verify(real.tokens[at] as string);
  const verdict = tokenStatus(token, model.now);
  const dead = verdict !== 'ok' || (token.kind === 'refresh' && isReplay(token, model.now));
  outcomes.add(`verify ${token.kind}: ${dead ? 'dead' : 'alive'}`);
  // An access token is good there until KV has heard of the end of its session.
  const ofTheDead = token.kind === 'access' && verdict !== 'expired' ? [200, 401] : [401];
  expect(dead ? ofTheDead : [200]).toContain(answer.status);
}
const verify = (of: number) =>
  command(`verify of token ${of}`, (model, real) => sendVerify(model, real, pick(model, of)), anyToken);

const me = (of: number) =>
  command(
    `me with token ${of}`,
    async (model, real) => {
      const { at, token } = pick(model, of, 'access');
      const answer = await real.w.me(real.tokens[at] as string);
      const verdict = tokenStatus(token, model.now);
      expectAnswer(real, answer, `me: ${verdict}`, verdict === 'ok' ? 200 : 401);
      expect(answer.body.email ?? null).toBe(verdict === 'ok' ? real.emailOf(token.session.user.name) : null);
    },
    anyToken,
  );

/** `delta`: seconds beyond the first one at which it has expired. */
const meAtTheEnd = (of: number, delta: number) =>
  command(
    `me with token ${of} as it expires (${delta})`,
    async (model, real) => {
      const { at, token } = pick(model, of, 'access');
      goTo(model, real, Math.max(model.now, token.expiresAt + delta));
      const answer = await real.w.me(real.tokens[at] as string);
      const verdict = tokenStatus(token, model.now);
      expectAnswer(real, answer, `me at the end: ${verdict}`, verdict === 'ok' ? 200 : 401);
    },
    anyToken,
  );

const list = (of: number) =>
  command(
    `list of sessions with token ${of}`,
    async (model, real) => {
      const { at, token } = pick(model, of, 'access');
      const answer = await real.w.get('/account/sessions', { token: real.tokens[at] as string });
      const good = tokenStatus(token, model.now) === 'ok';
      expectAnswer(real, answer, `list: ${good}`, good ? 200 : 401);
      const { sessions } = token.session.user;
      const living = sessions.filter((session) => !session.revoked && absoluteEnd(session) > model.now);
      const listed = ((answer.body.sessions ?? []) as { id: string }[]).map(({ id }) => id);
      // One that no token is left of may be shown no more; one's own always is.
      expect(listed.length).toBeLessThanOrEqual(living.length);
      expect(listed.includes(claimsOf(real.tokens[at] as string).sid as string)).toBe(good);
    },
    anyToken,
  );

const logOut = (of: number) =>
  command(
    `log-out with token ${of}`,
    async (model, real) => {
      const { at, token } = pick(model, of, 'refresh');
      const answer = await real.w.logOut(real.tokens[at] as string);
      expectAnswer(real, answer, `log-out: ${tokenStatus(token, model.now)}`, 204);
      token.session.revoked = true;
    },
    anyToken,
  );

const logOutEverywhere = (of: number) =>
  command(
    `log-out everywhere with token ${of}`,
    async (model, real) => {
      const { at, token } = pick(model, of, 'access');
      const sent = { token: real.tokens[at] as string };
      const answer = await real.w.delete('/account/sessions', undefined, sent);
      const may = tokenStatus(token, model.now) === 'ok';
      if (expectAnswer(real, answer, `log-out everywhere: ${may}`, may ? 204 : 401))
        endAll(token.session.user);
    },
    anyToken,
  );

const statusFor = (token: MToken, password: string, now: number) =>
  tokenStatus(token, now) !== 'ok' ? 401 : token.session.user.password === password ? 204 : 400;

const changePassword = (of: number, current: string, next: string) =>
  command(
    `password change with token ${of} from "${current}" to "${next}"`,
    async (model, real) => {
      const { at, token } = pick(model, of, 'access');
      const answer = await real.w.post(
        '/account/password/change',
        { current_password: current, new_password: next },
        { token: real.tokens[at] as string },
      );
      const status = statusFor(token, current, model.now);
      if (!expectAnswer(real, answer, `password change: ${status}`, status)) return;
      token.session.user.password = next;
      endAll(token.session.user, token.session);
    },
    anyToken,
  );

const withdraw = (of: number, password: string) =>
  command(
    `withdrawal with token ${of} and "${password}"`,
    async (model, real) => {
      const { at, token } = pick(model, of, 'access');
      const answer = await real.w.delete('/account/me', { password }, { token: real.tokens[at] as string });
      const status = statusFor(token, password, model.now);
      if (!expectAnswer(real, answer, `withdrawal: ${status}`, status)) return;
      token.session.user.gone = true;
      endAll(token.session.user);
    },
    anyToken,
  );

const setActive = (name: string, active: boolean) =>
  command(`the console makes ${name} ${active ? 'active' : 'inactive'}`, async (model, real) => {
    const now = Math.floor(real.clock.now / 1_000);
    await env.DB.batch([
      env.DB.prepare(
        `UPDATE sessions SET revoked_at = ?1, revoked_reason = 'deactivated'
         WHERE ?3 = 0 AND revoked_at IS NULL AND user_id = (SELECT id FROM users WHERE email = ?2)`,
      ).bind(now, real.emailOf(name), Number(active)),
      env.DB.prepare('UPDATE users SET is_active = ? WHERE email = ?').bind(
        Number(active),
        real.emailOf(name),
      ),
    ]);
    const user = model.users.get(name);
    if (!user || user.gone) return;
    user.active = active;
    if (!active) endAll(user);
  });

const wait = (seconds: number) =>
  command(`${seconds} s pass`, async (model, real) => {
    model.now += seconds;
    real.clock.now += seconds * 1_000;
  });

/** Takes rows away, and nothing that anybody could notice. */
const sweeps = () =>
  command('the sweep', async (_, real) => {
    await env.DB.prepare('DELETE FROM sweep_progress').run();
    const { revokedTokens, sessions } = await sweep({ DB: env.DB }, () => real.clock.now);
    if (revokedTokens > 0) outcomes.add('the sweep took a token');
    if (sessions > 0) outcomes.add('the sweep took a session');
  });

const name = fc.constantFrom(...NAMES);
const password = fc.constantFrom(PASSWORDS[0], PASSWORDS[0], PASSWORDS[0], PASSWORDS[1]);
const which = fc.nat({ max: 40 });
/** Mostly around the grace, at times around what ends later. The command itself takes a second. */
const seconds = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(1, GRACE - 3, GRACE - 2, GRACE - 1, GRACE, 3 * GRACE) },
  { weight: 1, arbitrary: fc.constantFrom(HOUR - 2, 3 * HOUR, 12 * HOUR, DAY - 2, DAY, 2 * DAY) },
);

const COMMANDS = [
  fc.tuple(name, password).map((given) => signUp(...given)),
  fc.tuple(name, password).map((given) => signUp(...given)),
  fc.tuple(name, password).map((given) => logIn(...given)),
  fc.tuple(name, password).map((given) => logIn(...given)),
  which.map(refreshNewest),
  which.map(refreshNewest),
  which.map(refresh),
  which.map(refresh),
  fc.constant(null).map(refreshOnceMore),
  fc.constant(null).map(refreshOnceMore),
  fc.constant(null).map(refreshTwoBack),
  fc.constantFrom(0, 1).map(refreshAtTheEndOfTheGrace),
  fc.constantFrom(0, 1).map(refreshAtTheEndOfTheGrace),
  which.map(verify),
  which.map(verify),
  fc.tuple(which, fc.constantFrom(-1, 0)).map((given) => meAtTheEnd(...given)),
  which.map(me),
  which.map(list),
  which.map(logOut),
  which.map(logOutEverywhere),
  fc.tuple(which, password, password).map((given) => changePassword(...given)),
  fc.tuple(which, password).map((given) => withdraw(...given)),
  fc.tuple(name, fc.boolean()).map((given) => setActive(...given)),
  seconds.map(wait),
  seconds.map(wait),
  fc.constant(null).map(sweeps),
];

async function setup(): Promise<{ model: Model; real: Real }> {
  const clock = { now: Date.now() };
  const run = crypto.randomUUID().slice(0, 13);
  return {
    model: { now: Math.floor(clock.now / 1_000), sentLast: -1, users: new Map(), tokens: [] },
    real: {
      w: world({ vars: VARS, parts: { clock: () => clock.now } }),
      clock,
      emailOf: (name) => `${name}-${run}@example.com`,
      tokens: [],
    },
  };
}

describe('the Worker and its model', () => {
  it('agree after any commands', { timeout: 60_000 * Math.ceil(RUNS / 60) }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands(COMMANDS, { maxCommands: 60, size: 'max' }), async (commands) => {
        const { model, real } = await setup();
        await fc.asyncModelRun(() => ({ model, real }), commands);
        // At the end every access token that was ever handed out is what the model says it is.
        const statuses = await Promise.all(real.tokens.map(async (token) => (await real.w.me(token)).status));
        expect(statuses).toEqual(
          model.tokens.map((token) =>
            token.kind === 'access' && tokenStatus(token, model.now) === 'ok' ? 200 : 401,
          ),
        );
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it('met every kind of answer on the way', () => {
    const refreshes = [
      'first',
      'again',
      'replay',
      'replay within the grace',
      'expired',
      'user_not_found',
      'user_inactive',
      'blacklisted',
    ];
    expect([...outcomes]).toEqual(
      expect.arrayContaining([
        'sign-up, taken: true',
        'sign-up, taken: false',
        'log-in: true',
        'log-in: false',
        ...refreshes.map((outcome) => `refresh: ${outcome}`),
        ...['ok', 'expired', 'user_not_found', 'user_inactive', 'blacklisted'].map(
          (verdict) => `me: ${verdict}`,
        ),
        ...['access', 'refresh'].flatMap((kind) => [`verify ${kind}: alive`, `verify ${kind}: dead`]),
        ...[204, 400, 401].flatMap((status) => [`password change: ${status}`, `withdrawal: ${status}`]),
        'log-out everywhere: true',
        'me at the end: ok',
        'me at the end: expired',
        'the sweep took a token',
        'the sweep took a session',
      ]),
    );
  });

  it('left nothing in the log that is not for it', () => {
    expect(log.dirty([...PASSWORDS])).toEqual([]);
  });
});
