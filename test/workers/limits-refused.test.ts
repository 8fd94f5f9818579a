/** Rate limits: a counter that refuses, fails or is missing, and the real ones. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LIMIT_BINDINGS, type LimitBinding } from '../../src/limits.ts';
import { ENDPOINTS, type Endpoint, from, LOG_IN, limited, limiter, username } from '../support/limits.ts';
import { capturedLog } from '../support/log.ts';
import { watchedD1 } from '../support/watched-d1.ts';
import { type Answer, codeOf, type Person, person, tally, type Vars, world } from '../support/world.ts';

const log = capturedLog();
afterEach(() => vi.restoreAllMocks());

const PASSWORD = 'correct horse battery';
const WRONG = 'wrong horse battery';
const NEW = 'staple of another colour';
/** An address of a client that no other test has. */
const address = () => `2001:db8:${crypto.randomUUID().slice(0, 4)}:${crypto.randomUUID().slice(0, 4)}::1`;
const ON: Vars = { RATE_LIMITS: 'on' };

describe('a rate limit that is reached', () => {
  const cases = ENDPOINTS.flatMap(([name, vars, bindings, , endpoint]) =>
    [...new Set(bindings)].map((binding) => [name, binding, vars, endpoint] as const),
  );

  it.each(cases)('%s, by %s: 429 with Retry-After', async (_, binding, vars, endpoint) => {
    const who = await world().signUp();
    const answer = await endpoint(
      limited(
        limiter((asked) => asked !== binding),
        vars,
      ),
      who,
    );
    expect(answer.status).toBe(429);
    expect(answer.body).toEqual({
      type: 'about:blank',
      title: 'Too Many Requests',
      status: 429,
      detail: 'Request was throttled. Try again later.',
      code: 'throttled',
    });
    const after = answer.headers.get('Retry-After') ?? '';
    expect(after).toMatch(/^\d+$/);
    expect(Number(after)).toBeGreaterThan(0);
    expect(Number(after)).toBeLessThanOrEqual(60);
    expect(log.of('throttled')).toMatchObject([{ level: 'warn', reason: expect.any(String) }]);
  });

  it.each(cases)('%s, by %s: without a hash, and without a write', async (name, binding, vars, endpoint) => {
    const who = await world().signUp();
    const watched = watchedD1();
    const w = limited(
      limiter((asked) => asked !== binding),
      vars,
      { DB: watched.DB },
    );
    // The first request tries what the platform allows: no work of this one.
    await w.get('/.well-known/jwks.json');
    const derive = vi.spyOn(crypto.subtle, 'deriveBits');
    await endpoint(w, who);
    // A change of address has checked the password before it comes to the mail.
    const checked = name === 'asking for a change of address' && binding.startsWith('LIMIT_MAIL');
    expect(derive).toHaveBeenCalledTimes(checked ? 1 : 0);
    const sql = watched.trips.flatMap(({ statements }) => statements.map((statement) => statement.sql));
    expect(sql.filter((text) => !/^select/i.test(text))).toEqual([]);
    expect(watched.trips.length).toBeLessThanOrEqual(1);
  });

  it.each<[string, LimitBinding, Vars, Endpoint]>([
    ['a log-in', 'LIMIT_LOG_IN', {}, (w, { email }) => w.logIn({ email, password: PASSWORD })],
    ['a log-in', 'LIMIT_LOG_IN_ACCOUNT', {}, (w, { email }) => w.logIn({ email, password: PASSWORD })],
    ['a log-in', 'LIMIT_LOG_IN_CLIENT', {}, (w, { email }) => w.logIn({ email, password: PASSWORD })],
    ['a reset', 'LIMIT_MAIL', {}, (w, { email }) => w.post('/account/password/reset', { email })],
    ['a reset', 'LIMIT_MAIL_CLIENT', {}, (w, { email }) => w.post('/account/password/reset', { email })],
    [
      'a pending sign-up',
      'LIMIT_MAIL',
      { SIGN_UP: 'verify' },
      (w, { email }) => w.post('/account/sign-up', { email, password: PASSWORD }),
    ],
    ['a refresh', 'LIMIT_REFRESH', {}, (w, { refresh }) => w.refresh(refresh)],
  ])(
    '%s, by %s: before D1 and any hash, for known and unknown users alike',
    async (_, binding, vars, endpoint) => {
      const who = await world().signUp();
      const watched = watchedD1();
      const w = limited(
        limiter((asked) => asked !== binding),
        vars,
        { DB: watched.DB },
      );
      // The first request tries what the platform allows: no work of this one.
      await w.get('/.well-known/jwks.json');
      const derive = vi.spyOn(crypto.subtle, 'deriveBits');
      const known = await endpoint(w, who);
      const unknown = await endpoint(w, { ...who, email: person('nobody').email, refresh: 'x' });
      expect([known.status, known.text]).toEqual([unknown.status, unknown.text]);
      expect(watched.trips).toEqual([]);
      expect(derive).not.toHaveBeenCalled();
    },
  );

  it('at a refresh does not consume the token', async () => {
    const who = await world().signUp();
    expect((await limited(limiter(() => false)).refresh(who.refresh)).status).toBe(429);
    expect(await world().revokedOf(who.refresh)).toEqual([]);
    expect((await world().refresh(who.refresh)).status).toBe(200);
  });

  it('at a reset sends no email and voids none', async () => {
    const w = world();
    const who = await w.signUp();
    await w.post('/account/password/reset', { email: who.email });
    const before = (await w.get(`/dev/mail?to=${who.email}`)).body.messages;
    await limited(limiter(() => false)).post('/account/password/reset', { email: who.email });
    expect((await w.get(`/dev/mail?to=${who.email}`)).body.messages).toEqual(before);
    const confirmed = await w.post('/account/password/reset/confirm', {
      token: before[0].token,
      new_password: NEW,
    });
    expect(confirmed.status).toBe(204);
  });

  it('is checked before the wider ones, so that one client cannot lock others out of an account', async () => {
    const limit = limiter((binding) => binding !== 'LIMIT_LOG_IN');
    expect((await limited(limit).logIn(person('nobody'))).status).toBe(429);
    expect(limit.asked.map(({ binding }) => binding)).toEqual(['LIMIT_LOG_IN']);
  });

  it('is described in the language of the request', async () => {
    const answer = await limited(limiter(() => false)).post('/account/login', person('nobody'), {
      headers: { 'Accept-Language': 'ko' },
    });
    expect(answer.body).toMatchObject({
      code: 'throttled',
      detail: '요청이 너무 많습니다. 잠시 뒤에 다시 시도하세요.',
    });
  });

  it('is readable by allowed origins, Retry-After too', async () => {
    const origin = 'https://app.example.com';
    const w = limited(
      limiter(() => false),
      { ALLOWED_ORIGINS: origin },
    );
    const answer = await w.post('/account/login', person('nobody'), { headers: { Origin: origin } });
    expect(answer.headers.get('Access-Control-Allow-Origin')).toBe(origin);
    expect(answer.headers.get('Access-Control-Expose-Headers')).toContain('Retry-After');
  });
});

describe('a limiter that fails', () => {
  const failing = (which: readonly LimitBinding[]) =>
    limiter((binding) => {
      if (which.includes(binding)) throw new Error(`${binding} is away`);
      return true;
    });
  const cases = ENDPOINTS.flatMap(([name, vars, bindings, status, endpoint]) =>
    [...new Set(bindings)].map((binding) => {
      const isLogIn = (LOG_IN as readonly LimitBinding[]).includes(binding);
      return [name, binding, isLogIn ? 503 : status, vars, endpoint, bindings] as const;
    }),
  );

  it.each(cases)('%s, if %s throws, is %i', async (_, binding, status, vars, endpoint, bindings) => {
    const who = await world().signUp();
    const answer = await endpoint(limited(failing([binding]), vars), who);
    expect(answer.status).toBe(status);
    const lines = log.of('limiter_failed');
    expect(lines).toEqual([
      {
        level: 'error',
        event: 'limiter_failed',
        request_id: answer.headers.get('X-Request-Id'),
        action:
          {
            LIMIT_MAIL: 'mail',
            LIMIT_MAIL_CLIENT: 'mail',
            LIMIT_MAIL_ADDRESS: 'mail',
            LIMIT_SIGN_UP: 'sign_up',
            LIMIT_REFRESH: 'refresh',
            LIMIT_CHANGE: 'change',
            LIMIT_ANONYMOUS: 'anonymous',
          }[binding as string] ?? (bindings.includes('LIMIT_LOG_IN_CLIENT') ? 'log_in' : 'password_check'),
      },
    ]);
  });

  it('refuses a log-in with 503 unavailable and Retry-After, before D1 and any hash', async () => {
    const who = await world().signUp();
    const watched = watchedD1();
    const w = limited(failing(LIMIT_BINDINGS), {}, { DB: watched.DB });
    // The first request tries what the platform allows: no work of this one.
    await w.get('/.well-known/jwks.json');
    const derive = vi.spyOn(crypto.subtle, 'deriveBits');
    for (const answer of [
      await w.logIn(who),
      await w.logIn(person('nobody')),
      await w.post('/api/token/', { username: who.email, password: PASSWORD }),
    ]) {
      expect([answer.status, codeOf(answer)]).toEqual([503, 'unavailable']);
      expect(Number(answer.headers.get('Retry-After'))).toBeGreaterThan(0);
    }
    expect(watched.trips).toEqual([]);
    expect(derive).not.toHaveBeenCalled();
  });

  it('refuses every check of a current password, and changes nothing', async () => {
    const who = await world().signUp();
    const w = limited(failing(LIMIT_BINDINGS));
    const answers = [
      await w.post(
        '/account/password/change',
        { current_password: PASSWORD, new_password: NEW },
        { token: who.access },
      ),
      await w.post(
        '/account/email/change',
        { new_email: person('wanted').email, password: PASSWORD },
        { token: who.access },
      ),
      await w.delete('/account/me', { password: PASSWORD }, { token: who.access }),
    ];
    expect(tally(answers)).toEqual({ 503: 3 });
    expect((await world().logIn(who)).status).toBe(200);
  });
});

describe('RATE_LIMITS=off', () => {
  it('calls no counter, at any endpoint', async () => {
    for (const [, vars, , status, endpoint] of ENDPOINTS) {
      const who = await world().signUp();
      const limit = limiter(() => false);
      const w = world({ vars: { ...vars, RATE_LIMITS: 'off' }, bindings: limit.bindings });
      expect((await endpoint(w, who)).status).toBe(status);
      expect(limit.asked).toEqual([]);
    }
  });

  it('needs no binding', async () => {
    const none = Object.fromEntries(LIMIT_BINDINGS.map((binding) => [binding, undefined]));
    expect((await world({ bindings: none }).signUp()).answer.status).toBe(201);
  });
});

describe('a binding that is missing', () => {
  it.each(LIMIT_BINDINGS)('%s is misconfigured, and named in the log', async (binding) => {
    const w = world({ vars: ON, bindings: { [binding]: undefined } });
    const answer = await w.post('/account/login', person('nobody'));
    expect([answer.status, codeOf(answer)]).toEqual([503, 'misconfigured']);
    expect(log.of('misconfigured')[0]?.settings).toEqual([binding]);
  });

  it('with the five others is named with them', async () => {
    const none = Object.fromEntries(LIMIT_BINDINGS.map((binding) => [binding, undefined]));
    const w = world({ vars: ON, bindings: none });
    expect((await w.post('/account/login', person('nobody'))).status).toBe(503);
    expect(log.of('misconfigured')[0]?.settings).toEqual([...LIMIT_BINDINGS]);
    expect((await w.get('/healthz')).status).toBe(200);
  });
});

/** The platform's own, as wrangler.toml has them; they count by the minute of the wall clock. */
describe('the real bindings', { timeout: 60_000 }, () => {
  const NEEDED_MS = 12_000;
  /** Waits for the next minute where this one is nearly over. */
  const inOneMinute = async () => {
    const left = 60_000 - (Date.now() % 60_000);
    if (left < NEEDED_MS) await new Promise((resolve) => setTimeout(resolve, left + 50));
  };
  const times = async (n: number, call: (i: number) => Promise<Answer>) => {
    const statuses: number[] = [];
    for (let i = 0; i < n; i++) statuses.push((await call(i)).status);
    return statuses;
  };
  const w = world({ vars: ON });
  const repeat = (n: number, status: number) => Array.from({ length: n }, () => status);

  it('refuse the 11th log-in of one client to one account, right or wrong, and no other’s', async () => {
    const [who, other] = [await w.signUp(), await w.signUp()];
    const ip = address();
    await inOneMinute();
    const logIn = (whom: Person, password = PASSWORD, client = ip) =>
      w.post('/account/login', { email: whom.email, password }, from(client));
    expect(await times(10, (i) => logIn(who, i % 2 ? PASSWORD : WRONG))).toEqual(
      Array.from({ length: 10 }, (_, i) => (i % 2 ? 200 : 401)),
    );
    expect(await times(3, () => logIn(who))).toEqual([429, 429, 429]);
    expect((await logIn({ ...who, email: who.email.toUpperCase() })).status).toBe(429);
    expect((await logIn(other)).status).toBe(200);
    expect((await logIn(who, PASSWORD, address())).status).toBe(200);
  });

  it('refuse the 11th log-in to one account though its username changes in between', async () => {
    const who = await w.signUp({ ...person(), username: username() });
    const ip = address();
    await inOneMinute();
    const guess = async () => {
      const name = username();
      await w.patch('/account/me', { username: name }, { token: who.access });
      return w.post('/account/login', { username: name, password: WRONG }, from(ip));
    };
    expect(await times(11, guess)).toEqual([...repeat(10, 401), 429]);
    const byAddress = { email: who.email, password: PASSWORD };
    expect((await w.post('/account/login', byAddress, from(ip))).status).toBe(429);
  });

  it('do not let guesses from outside keep a signed-in user from entering the password', async () => {
    const who = await w.signUp();
    const ip = address();
    await inOneMinute();
    const guess = () => w.post('/account/login', { email: who.email, password: WRONG }, from(ip));
    expect(await times(11, guess)).toEqual([...repeat(10, 401), 429]);
    const change = { current_password: PASSWORD, new_password: NEW };
    const more = { token: who.access, ...from(ip) };
    expect((await w.post('/account/password/change', change, more)).status).toBe(204);
  });

  it('refuse the 11th check of a current password, and no log-in', async () => {
    const who = await w.signUp();
    const ip = address();
    await inOneMinute();
    const change = (current: string) =>
      w.post(
        '/account/password/change',
        { current_password: current, new_password: NEW },
        { token: who.access, ...from(ip) },
      );
    expect(await times(10, () => change(WRONG))).toEqual(repeat(10, 400));
    expect((await change(PASSWORD)).status).toBe(429);
    expect((await w.post('/account/login', { email: who.email, password: PASSWORD }, from(ip))).status).toBe(
      200,
    );
  });

  it('refuse the 61st log-in of one client, to whatever accounts', async () => {
    const ip = address();
    await inOneMinute();
    const statuses = await times(61, () => w.post('/account/login', person('nobody'), from(ip)));
    expect(statuses).toEqual([...repeat(60, 401), 429]);
  });

  it('refuse the 101st log-in to one account, from whatever clients', async () => {
    const who = person('nobody');
    await inOneMinute();
    const statuses = await times(101, () => w.post('/account/login', who, from(address())));
    expect(statuses).toEqual([...repeat(100, 401), 429]);
  });

  it('refuse the 6th mail of one client to one address, known or not', async () => {
    const who = await w.signUp();
    await inOneMinute();
    for (const email of [who.email, person('nobody').email]) {
      const ip = address();
      const statuses = await times(6, () => w.post('/account/password/reset', { email }, from(ip)));
      expect(statuses).toEqual([...repeat(5, 202), 429]);
    }
    expect((await w.get(`/dev/mail?to=${who.email}`)).body.messages).toHaveLength(1 + 5);
  });

  it('refuse the 121st token of one client at verify, and no log-out', async () => {
    const who = await w.signUp();
    const ip = address();
    await inOneMinute();
    const verify = () => w.post('/account/token/verify', { token: who.access }, from(ip));
    expect(await times(121, verify)).toEqual([...repeat(120, 200), 429]);
    expect((await w.post('/api/token/verify/', { token: who.access }, from(ip))).status).toBe(429);
    expect((await w.post('/account/logout', { refresh: who.refresh }, from(ip))).status).toBe(204);
  });

  it('refuse the 61st change of one user, from any addresses, and nobody else’s', async () => {
    const [who, other] = [await w.signUp(), await w.signUp()];
    await inOneMinute();
    const rename = ({ access }: { access: string }) =>
      w.patch('/account/me', { name: 'Mina' }, { token: access, ...from(address()) });
    expect(await times(61, () => rename(who))).toEqual([...repeat(60, 200), 429]);
    expect((await rename(other)).status).toBe(200);
  });

  it('refuse the 31st sign-up of one client', async () => {
    const ip = address();
    await inOneMinute();
    const statuses = await times(31, () => w.post('/account/sign-up', person(), from(ip)));
    expect(statuses).toEqual([...repeat(30, 201), 429]);
  });

  it('refuse the 121st refresh of one client', async () => {
    const who = await w.signUp();
    const ip = address();
    await inOneMinute();
    const statuses = await times(121, () =>
      w.post('/account/token/refresh', { refresh: who.refresh }, from(ip)),
    );
    expect(statuses).toEqual([...repeat(120, 200), 429]);
  });
});
