/**
 * One run through all doors, good, bad and failing, with the console captured: what is written is one JSON object a
 * line, with its level, its event and the request's id, and holds no password, token, hash, secret or whole address.
 * The checker comes first, and is shown what it has to find.
 */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import type { Overrides } from '../../src/app.ts';
import { requireAccount } from '../../src/guard/index.ts';
import { reporter } from '../../src/http/report.ts';
import { webCryptoRandom } from '../../src/random.ts';
import { sweep } from '../../src/sweep.ts';
import { D1_ERRORS, d1Error } from '../support/faulty.ts';
import { findings, watchedConsole } from '../support/log-check.ts';
import { FORGERIES, OTHER_SIGNING_KEY, signed, TEST_SIGNING_KEY } from '../support/tokens.ts';
import { type Answer, claimsOf, person, type Vars, world } from '../support/world.ts';

const log = watchedConsole();

describe('the checker', () => {
  const line = (fields: object) =>
    JSON.stringify({ level: 'warn', event: 'something', request_id: 'r1', ...fields });
  const password = 'correct horse battery';
  const secret = 'sVZ3kq8wKxw1Yt0mB7rPz5uQ2nE9aJ4c';
  const hash = '$pbkdf2-sha256$i=1000,c=100000$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA';
  const jwt = signed({ sub: 'somebody', token_type: 'access' });

  it.each([
    [
      'ids, reasons and numbers',
      { user: crypto.randomUUID(), reason: 'd1', call: 'users.create: D1_ERROR: busy', ended: 2 },
    ],
    ['a path with names in it', { reason: 'signature', path: '/account/sessions/:id' }],
    ['a list of settings', { settings: ['SIGNING_KEY'], problems: ['SIGNING_KEY is too short'] }],
  ])('is content with %s', (_, fields) => {
    expect(findings(line(fields), [password, secret, hash])).toEqual([]);
  });

  it.each([
    ['a password', line({ reason: password })],
    ['a password in capitals', line({ reason: password.toUpperCase() })],
    ['a password as a URL has it', line({ path: `/login?password=${encodeURIComponent(password)}` })],
    ['a password in base64', line({ reason: btoa(password) })],
    ['a password inside a sentence', line({ reason: `Failed query: insert … params: x,${password},y` })],
    ['a secret', line({ key: secret })],
    ['the better half of a secret', line({ key: secret.slice(3, 30) })],
    ['a secret as a key', line({ [secret]: 1 })],
    ['a secret in a list', line({ problems: ['a', secret] })],
    ['a hash that it knows', line({ hash })],
    ['a hash that it does not know', line({ hash: '$pbkdf2-sha256$i=1$x$y' })],
    ['a hash of Django', line({ hash: 'pbkdf2_sha256$870000$x$y' })],
    ['a SHA-256', line({ hash: 'ab'.repeat(32) })],
    ['an address', line({ to: 'mina@example.com' })],
    ['an address in Unicode', line({ to: 'josé@bücher.example' })],
    ['an address as a URL has it', line({ path: '/dev/mail?to=mina%40example.com' })],
    ['SQL', line({ reason: 'select "id" from "users" where "email" = ?' })],
    ['text that is no JSON', `oops ${secret}`],
    ['two lines', `${line({})}\n${line({})}`],
    ['JSON over two lines', JSON.stringify(JSON.parse(line({})), null, 2)],
    ['a list', '[]'],
    ['no level', JSON.stringify({ event: 'x', request_id: 'r' })],
    ['a level that nobody knows', line({ level: 'loud' })],
    ['no event', JSON.stringify({ level: 'info', request_id: 'r' })],
    ['an event that is a sentence', line({ event: 'it failed' })],
    ['no request id', JSON.stringify({ level: 'info', event: 'x' })],
    ['an empty request id', line({ request_id: '' })],
  ])('finds %s', (_, text) => {
    expect(findings(text, [password, secret, hash])).not.toEqual([]);
  });

  it('finds a token that it was not told of, and every part of one that it was', async () => {
    const [, payload, signature] = (await jwt).split('.') as [string, string, string];
    expect(findings(line({ token: await jwt }))).toContain('a JWT');
    expect(findings(line({ token: payload }), [await jwt])).not.toEqual([]);
    expect(findings(line({ token: signature }), [await jwt])).not.toEqual([]);
    expect(findings(line({ token: signature.slice(5, 40) }), [await jwt])).not.toEqual([]);
  });
});

// ---------------------------------------------------------------------------------------------------------------

const NEW_PASSWORD = 'staple another battery';
const WEAK_SECRET = 'short-but-still-secret';
const PLANTED = 'planted-Zx81kQvW5tYb2mHf7cRn-secret';

/** All that the run has handed out or been told; no line may hold any of it. */
const secrets = new Set([TEST_SIGNING_KEY, OTHER_SIGNING_KEY, WEAK_SECRET, PLANTED, NEW_PASSWORD]);
const known = <T extends string>(secret: T): T => {
  secrets.add(secret);
  return secret;
};

/** What an answer hands out is a secret from then on. */
function note(answer: Answer): Answer {
  const cookies = answer.headers.getSetCookie().map((line) => /=([^;]+)/.exec(line)?.[1]);
  for (const token of [answer.body?.access, answer.body?.refresh, ...cookies]) {
    if (typeof token === 'string') known(token);
  }
  return answer;
}

const mails: { to: string; text: string }[] = [];
const EMAIL = { send: async (mail: { to: string; text: string }) => void mails.push(mail) };
const MAILING = {
  MAIL: 'cloudflare',
  MAIL_FROM: 'accounts@example.org',
  PUBLIC_URL: 'https://accounts.example.org',
};
const lastToken = (): string => {
  const token = /#token=([\w.-]+)/.exec(mails.at(-1)?.text ?? '')?.[1] ?? 'none';
  known(token.split('.')[1] ?? token);
  return token;
};

const at = (vars: Vars = {}, bindings: object = {}, parts: Overrides = {}) =>
  world({
    vars: { ...MAILING, ...vars },
    bindings: { EMAIL, ...bindings } as never,
    ...(Object.keys(parts).length > 0 && { parts }),
  });
const somebody = async (w = at()) => {
  const who = await w.signUp();
  known(who.email);
  known(who.password);
  note(who.answer);
  return who;
};
const staff = async () => {
  const who = await somebody();
  await env.DB.prepare('UPDATE users SET is_staff = 1 WHERE id = ?').bind(who.user.id).run();
  return who;
};

/** Bindings whose errors say everything that an error could say. */
const talkative = (email: string) =>
  new Error(
    `Failed query: insert into "users" values (?)\nparams: ${email},${NEW_PASSWORD}\n    at ${PLANTED}`,
  );
const away = (error: () => Error) => {
  const fail = () => Promise.reject(error());
  const statement = { bind: () => statement, run: fail, all: fail, raw: fail, first: fail };
  return {
    DB: { prepare: () => statement, batch: fail },
    BLACKLIST: { get: fail, put: fail, list: fail },
  };
};
const guarded = async (token: string, bindings: object): Promise<Answer> => {
  const host = new Hono().get('/', requireAccount(), (c) => c.json({}));
  const context = createExecutionContext();
  const request = new Request('http://localhost/', { headers: { Authorization: `Bearer ${token}` } });
  const response = await host.fetch(request, { ...env, ...bindings }, context);
  const text = await response.text();
  await waitOnExecutionContext(context);
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
};
const form = (fields: Record<string, string>) => ({
  headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: MAILING.PUBLIC_URL },
  body: new URLSearchParams(fields).toString(),
});

/** The door, what it is to write (in this order, other lines aside), and the status of its answer. */
type Step = [name: string, events: string[], status: number, run: () => Promise<Answer>];

const GOOD: readonly Step[] = [
  ['sign-up', ['signed_up'], 201, async () => (await somebody()).answer],
  ['log-in', ['logged_in'], 200, async () => at().logIn(await somebody())],
  ['refresh', [], 200, async () => at().refresh((await somebody()).refresh)],
  ['log-out', ['logged_out'], 204, async () => at().logOut((await somebody()).refresh)],
  ['verify', [], 200, async () => at().verify((await somebody()).access)],
  ['me', [], 200, async () => at().me((await somebody()).access)],
  [
    'a change of name',
    [],
    200,
    async () => at().patch('/account/me', { name: 'Mina Kim' }, { token: (await somebody()).access }),
  ],
  [
    'a password change',
    ['password_changed'],
    204,
    async () => {
      const { password, access } = await somebody();
      const change = { current_password: password, new_password: NEW_PASSWORD };
      return at().post('/account/password/change', change, { token: access });
    },
  ],
  [
    'asking for a reset',
    ['password_reset_asked'],
    202,
    async () => at().post('/account/password/reset', { email: (await somebody()).email }),
  ],
  [
    'a reset of an account that nobody has proved',
    ['account_passed'],
    204,
    async () => {
      await at().post('/account/password/reset', { email: (await somebody()).email });
      const confirm = { token: lastToken(), new_password: NEW_PASSWORD };
      return at().post('/account/password/reset/confirm', confirm);
    },
  ],
  [
    'a reset',
    ['password_reset'],
    204,
    async () => {
      const { email } = await somebody();
      await at().post('/account/email/verify', { token: lastToken() });
      await at().post('/account/password/reset', { email });
      return at().post('/account/password/reset/confirm', { token: lastToken(), new_password: NEW_PASSWORD });
    },
  ],
  [
    'the proof of an address',
    ['email_verified'],
    204,
    async () => {
      await somebody();
      return at().post('/account/email/verify', { token: lastToken() });
    },
  ],
  [
    '“This wasn’t me”',
    ['disowned'],
    204,
    async () => {
      await somebody();
      return at().post('/account/email/disown', { token: lastToken() });
    },
  ],
  [
    'asking once more for the mail',
    [],
    202,
    async () => at().post('/account/email/verify/resend', undefined, { token: (await somebody()).access }),
  ],
  [
    'asking for another address',
    ['email_change_asked'],
    202,
    async () => {
      const { password, access } = await somebody();
      const change = { new_email: known(person('next').email), password };
      return at().post('/account/email/change', change, { token: access });
    },
  ],
  [
    'the proof of another address',
    ['email_changed'],
    204,
    async () => {
      const { password, access } = await somebody();
      const next = known(person('next').email);
      await at().post('/account/email/change', { new_email: next, password }, { token: access });
      mails.push(mails.find(({ to }) => to === next) as (typeof mails)[number]);
      return at().post('/account/email/verify', { token: lastToken() });
    },
  ],
  [
    'taking an address back',
    ['email_taken_back'],
    200,
    async () => {
      const { password, access, email } = await somebody();
      const next = known(person('next').email);
      await at().post('/account/email/change', { new_email: next, password }, { token: access });
      mails.push(mails.find(({ to }) => to === next) as (typeof mails)[number]);
      await at().post('/account/email/verify', { token: lastToken() });
      mails.push(mails.findLast(({ to }) => to === email) as (typeof mails)[number]);
      return at().post('/account/email/take-back', { token: lastToken() });
    },
  ],
  [
    'a wish to sign up and its confirmation',
    ['signed_up'],
    204,
    async () => {
      const who = person();
      known(who.email);
      await at({ SIGN_UP: 'verify' }).post('/account/sign-up', who);
      const proof = { token: lastToken(), password: who.password };
      return at({ SIGN_UP: 'verify' }).post('/account/email/verify', proof);
    },
  ],
  [
    'the export of one’s own data',
    [],
    200,
    async () => at().get('/account/export', { token: (await somebody()).access }),
  ],
  [
    'the list of sessions',
    [],
    200,
    async () => at().get('/account/sessions', { token: (await somebody()).access }),
  ],
  [
    'the end of a session',
    ['session_ended'],
    204,
    async () => {
      const { access } = await somebody();
      return at().delete(`/account/sessions/${claimsOf(access).sid}`, undefined, { token: access });
    },
  ],
  [
    'the end of all sessions',
    ['sessions_ended'],
    204,
    async () => at().delete('/account/sessions', undefined, { token: (await somebody()).access }),
  ],
  [
    'withdrawal',
    ['withdrawn'],
    204,
    async () => {
      const { password, access } = await somebody();
      return at().delete('/account/me', { password }, { token: access });
    },
  ],
  [
    'simplejwt’s log-in',
    ['logged_in'],
    200,
    async () => {
      const { email, password } = await somebody();
      return at().post('/api/token/', { username: email, password });
    },
  ],
  [
    'simplejwt’s blacklist',
    ['logged_out'],
    200,
    async () => at().post('/api/token/blacklist/', { refresh: (await somebody()).refresh }),
  ],
  [
    'log-in in cookie mode',
    ['logged_in'],
    200,
    async () => {
      const { email, password } = await somebody();
      const Origin = MAILING.PUBLIC_URL;
      return at({ REFRESH_TRANSPORT: 'cookie' }).post(
        '/account/login',
        { email, password },
        { headers: { Origin } },
      );
    },
  ],
  [
    'a page of localhost, in development',
    ['localhost_origins_allowed'],
    200,
    () => at().get('/.well-known/jwks.json', { headers: { Origin: 'http://localhost:5173' } }),
  ],
  [
    'the console’s log-in',
    ['logged_in'],
    303,
    async () => {
      const { email, password } = await staff();
      return at().ask('POST', '/admin/login', form({ username: email, password }));
    },
  ],
  [
    'somebody deactivated by the console’s JSON',
    ['admin_acted'],
    200,
    async () => {
      const { access } = await staff();
      const { user } = await somebody();
      return at().patch(`/admin/api/users/${user.id}`, { is_active: false }, { token: access });
    },
  ],
  [
    'somebody looked for in the console’s JSON',
    [],
    200,
    async () => {
      const { access } = await staff();
      const { email, user } = await somebody();
      const answer = await at().get(`/admin/api/users?search=${encodeURIComponent(email)}`, {
        token: access,
      });
      expect(answer.body.users).toMatchObject([{ id: user.id }]);
      return answer;
    },
  ],
  ['readyz', [], 200, () => at().get('/readyz')],
];

const BAD: readonly Step[] = [
  [
    'a sign-up with a taken address',
    [],
    409,
    async () => {
      const { email, password } = await somebody();
      return at().post('/account/sign-up', { email, password });
    },
  ],
  [
    'a sign-up with a common password',
    [],
    400,
    () => at().post('/account/sign-up', { email: known(person().email), password: known('password1') }),
  ],
  [
    'a log-in with a wrong password',
    ['no_active_account'],
    401,
    async () => at().logIn({ email: (await somebody()).email, password: known('wrong but long enough') }),
  ],
  [
    'a log-in of nobody',
    ['no_active_account'],
    401,
    () => at().logIn({ email: known(person('nobody').email), password: NEW_PASSWORD }),
  ],
  [
    'a log-in of somebody inactive',
    ['no_active_account'],
    401,
    async () => {
      const who = await somebody();
      await env.DB.prepare('UPDATE users SET is_active = 0 WHERE id = ?').bind(who.user.id).run();
      return at().logIn(who);
    },
  ],
  [
    'a wrong current password',
    ['password_incorrect'],
    400,
    async () => {
      const change = { current_password: known('wrong but long enough'), new_password: NEW_PASSWORD };
      return at().post('/account/password/change', change, { token: (await somebody()).access });
    },
  ],
  [
    'a replay',
    ['refresh_token_replayed', 'token_blacklisted'],
    401,
    async () => {
      const w = at({ REFRESH_REUSE_GRACE: '0s' });
      const { refresh } = await somebody(w);
      note(await w.refresh(refresh));
      return w.refresh(refresh);
    },
  ],
  [
    'a refresh of an ended session',
    ['token_blacklisted'],
    401,
    async () => {
      const { refresh } = await somebody();
      await at().logOut(refresh);
      return at().refresh(refresh);
    },
  ],
  ...FORGERIES.flatMap(([what, forge]): Step[] => [
    [
      `a refresh with ${what}`,
      ['refresh_token_not_valid'],
      401,
      async () => at().refresh(known(await forge((await somebody()).refresh))),
    ],
    [
      `a log-out with ${what}`,
      ['refresh_token_not_valid'],
      401,
      async () => at().logOut(known(await forge((await somebody()).refresh))),
    ],
  ]),
  [
    'me with a forged token',
    ['access_token_not_valid'],
    401,
    async () => {
      const token = await signed(claimsOf((await somebody()).access), OTHER_SIGNING_KEY);
      return at().me(known(token));
    },
  ],
  [
    'a token in the query',
    [],
    401,
    async () => at().get(`/account/me?access_token=${(await somebody()).access}`),
  ],
  ['a token in the path', [], 404, async () => at().get(`/account/email/${(await somebody()).access}`)],
  [
    'a token in place of a session’s id',
    [],
    404,
    async () => {
      const { access, refresh } = await somebody();
      return at().delete(`/account/sessions/${refresh}`, undefined, { token: access });
    },
  ],
  [
    'a made-up token of a mail',
    [],
    400,
    () =>
      at().post('/account/email/verify', {
        token: `${crypto.randomUUID()}.${known(webCryptoRandom.secret(32))}`,
      }),
  ],
  [
    'a body that is no JSON',
    [],
    400,
    () => at().ask('POST', '/account/login', { body: `{"password": "${NEW_PASSWORD}"` }),
  ],
  [
    'a blacklist called twice',
    ['token_blacklisted'],
    401,
    async () => {
      const { refresh } = await somebody();
      await at().post('/api/token/blacklist/', { refresh });
      return at().post('/api/token/blacklist/', { refresh });
    },
  ],
  [
    'an origin that is not allowed',
    [],
    403,
    async () => {
      const { email, password } = await somebody();
      return at({ REFRESH_TRANSPORT: 'cookie' }).post(
        '/account/login',
        { email, password },
        { headers: { Origin: `https://${PLANTED}.example` } },
      );
    },
  ],
  [
    'the console’s log-in by one who is not staff',
    ['no_active_account'],
    401,
    async () => {
      const { email, password } = await somebody();
      return at().ask('POST', '/admin/login', form({ username: email, password }));
    },
  ],
  [
    'the console’s JSON for one who is not staff',
    [],
    403,
    async () => at().get('/admin/api/users', { token: (await somebody()).access }),
  ],
  [
    'too many log-ins',
    ['throttled'],
    429,
    async () => {
      const full = { limit: async () => ({ success: false }) };
      const limits = { LIMIT_LOG_IN: full, LIMIT_LOG_IN_ACCOUNT: full, LIMIT_LOG_IN_CLIENT: full };
      return at({ RATE_LIMITS: 'on' }, limits).logIn({
        email: known(person().email),
        password: NEW_PASSWORD,
      });
    },
  ],
];

const FAILING: readonly Step[] = [
  ...D1_ERRORS.map(
    ({ message }): Step => [
      `D1 that says "${message}"`,
      ['unavailable'],
      503,
      async () => at({}, { DB: away(() => d1Error(message)).DB }).logIn(await somebody()),
    ],
  ),
  [
    'D1 that says more than it should',
    ['unavailable'],
    503,
    async () => {
      const who = person();
      known(who.email);
      return at({}, { DB: away(() => talkative(who.email)).DB }).post('/account/sign-up', who);
    },
  ],
  [
    'KV that says more than it should',
    ['kv_unavailable'],
    200,
    async () => {
      const { email, refresh } = await somebody();
      return at({}, { BLACKLIST: away(() => talkative(email)).BLACKLIST }).refresh(refresh);
    },
  ],
  [
    'KV that takes nothing',
    ['kv_unavailable', 'logged_out'],
    204,
    async () => {
      const { email, refresh } = await somebody();
      return at({}, { BLACKLIST: away(() => talkative(email)).BLACKLIST }).logOut(refresh);
    },
  ],
  [
    'a mail that is refused with the address and the mail in the error',
    ['password_reset_asked', 'mail_failed'],
    202,
    async () => {
      const { email } = await somebody();
      const send = async (mail: { text: string }) => {
        known(/#token=[\w-]+\.([\w-]+)/.exec(mail.text)?.[1] ?? PLANTED);
        throw new Error(`554 <${email}>: ${mail.text}`);
      };
      return at({}, { EMAIL: { send } }).post('/account/password/reset', { email });
    },
  ],
  [
    'a limiter that fails',
    ['limiter_failed', 'unavailable'],
    503,
    async () => {
      const { email, password } = await somebody();
      const broken = { limit: () => Promise.reject(talkative(email)) };
      const limits = { LIMIT_LOG_IN: broken, LIMIT_LOG_IN_ACCOUNT: broken, LIMIT_LOG_IN_CLIENT: broken };
      return at({ RATE_LIMITS: 'on' }, limits).logIn({ email, password });
    },
  ],
  [
    'a breach check that fails',
    ['breach_check_failed', 'signed_up'],
    201,
    async () => {
      const who = person();
      known(who.email);
      const fetch = async (url: unknown) => Promise.reject(new Error(`${url} of ${who.password}`));
      return at({ PASSWORD_BREACH_CHECK: 'on' }, {}, { fetch: fetch as never }).post('/account/sign-up', who);
    },
  ],
  [
    'a fault of our own with everything in its message',
    ['internal_error'],
    500,
    async () => {
      const who = person();
      known(who.email);
      const random = {
        ...webCryptoRandom,
        uuid7: () => {
          throw talkative(who.email);
        },
      };
      return at({}, {}, { random }).post('/account/sign-up', who);
    },
  ],
  ['a weak secret', ['misconfigured'], 503, () => at({ SIGNING_KEY: WEAK_SECRET }).get('/readyz')],
  [
    'a key that is public',
    ['misconfigured'],
    503,
    () =>
      at({ SIGNING_KEY: JSON.stringify({ kty: 'EC', crv: 'P-256', x: known(PLANTED), alg: 'ES256' }) }).get(
        '/readyz',
      ),
  ],
  ['a setting of another kind', ['misconfigured'], 503, () => at({ LEEWAY: PLANTED }).get('/readyz')],
  [
    'readyz without KV',
    ['kv_unavailable', 'unavailable'],
    503,
    () => at({}, { BLACKLIST: away(() => new Error(PLANTED)).BLACKLIST }).get('/readyz'),
  ],
  [
    'a guard without either store',
    ['kv_unavailable', 'unavailable'],
    503,
    async () => {
      const { access, email } = await somebody();
      return guarded(
        access,
        away(() => talkative(email)),
      );
    },
  ],
  [
    'a guard before a forged token',
    ['access_token_not_valid'],
    401,
    async () => guarded(known(await signed(claimsOf((await somebody()).access), OTHER_SIGNING_KEY)), {}),
  ],
];

describe.each([
  ['goes well', GOOD],
  ['is refused', BAD],
  ['fails', FAILING],
] as const)('the log of what %s', (_, steps) => {
  it.each(steps)('%s', async (__, events, status, run) => {
    // What leads up to the door is other requests, and is looked at in the end.
    const answer = note(await run());
    expect(answer.status).toBe(status);
    const id = answer.headers.get('X-Request-Id') ?? 'guard';
    const lines = log.linesOf(id).slice(-Math.max(1, events.length));
    expect(lines.map(({ event }) => event)).toEqual(events);
    expect(log.dirtyOf(id, [...secrets])).toEqual([]);
  });
});

describe('the log of the sweep', () => {
  it.each([
    ['goes well', env.DB, 'swept'],
    ['fails', away(() => talkative('mina@example.com')).DB as never as D1Database, 'sweep_failed'],
  ])('that %s has one line', async (_, DB, event) => {
    const id = crypto.randomUUID();
    await sweep({ DB }, Date.now, reporter(id)).catch(() => {});
    expect(log.linesOf(id).map((line) => line.event)).toEqual([event]);
  });
});

describe('all that was written', () => {
  it('is clean, now that every secret of the run is known', async () => {
    const hashes = await env.DB.batch<{ secret: string }>([
      env.DB.prepare("SELECT password_hash AS secret FROM users WHERE password_hash <> ''"),
      env.DB.prepare('SELECT hash AS secret FROM one_time_tokens'),
      env.DB.prepare('SELECT email AS secret FROM users'),
    ]);
    for (const { secret } of hashes.flatMap(({ results }) => results)) known(secret);
    expect(secrets.size).toBeGreaterThan(200);
    expect(log.texts.length).toBeGreaterThan(150);
    expect(log.dirty([...secrets])).toEqual([]);
  });

  it('has every event that there is', () => {
    expect(new Set(log.lines.map(({ event }) => event))).toEqual(
      new Set([
        ...['signed_up', 'logged_in', 'logged_out', 'withdrawn', 'session_ended', 'sessions_ended'],
        ...['password_changed', 'password_incorrect', 'password_reset', 'password_reset_asked'],
        ...[
          'localhost_origins_allowed',
          'account_passed',
          'email_verified',
          'email_change_asked',
          'email_changed',
          'email_taken_back',
          'admin_acted',
          'disowned',
        ],
        ...['no_active_account', 'access_token_not_valid', 'refresh_token_not_valid'],
        ...['token_blacklisted', 'refresh_token_replayed', 'throttled', 'misconfigured', 'unavailable'],
        ...['kv_unavailable', 'mail_failed', 'limiter_failed', 'breach_check_failed', 'internal_error'],
        ...['swept', 'sweep_failed'],
      ]),
    );
  });
});
