/** Limits: what each door counts and by what, what a refusal looks like, and what a limiter that fails means. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LIMIT_BINDINGS, type LimitBinding } from '../../src/limits.ts';
import { capturedLog } from '../support/log.ts';
import { watchedD1 } from '../support/watched-d1.ts';
import {
  type Answer,
  claimsOf,
  codeOf,
  type Person,
  person,
  tally,
  type Vars,
  type World,
  world,
} from '../support/world.ts';

const log = capturedLog();
afterEach(() => vi.restoreAllMocks());

const PASSWORD = 'correct horse battery';
const WRONG = 'wrong horse battery';
const NEW = 'staple of another colour';
const username = () => `u${crypto.randomUUID().slice(0, 8)}`;
/** An address of a client that no other test has. */
const address = () => `2001:db8:${crypto.randomUUID().slice(0, 4)}:${crypto.randomUUID().slice(0, 4)}::1`;

interface Asked {
  binding: LimitBinding;
  key: string;
}

/** Bindings that record, and do what they are told; `count` is how often that binding was asked. */
function limiter(behave: (binding: LimitBinding, count: number) => boolean = () => true) {
  const asked: Asked[] = [];
  const bindings = Object.fromEntries(
    LIMIT_BINDINGS.map((binding) => [
      binding,
      {
        limit: async ({ key }: { key: string }) => {
          asked.push({ binding, key });
          return { success: behave(binding, asked.filter((one) => one.binding === binding).length) };
        },
      },
    ]),
  );
  return {
    asked,
    bindings,
    /** What was asked while `work` ran. */
    of: async (work: () => Promise<unknown>) => {
      asked.length = 0;
      await work();
      return [...asked];
    },
  };
}
const ON: Vars = { RATE_LIMITS: 'on' };
const limited = (limit: ReturnType<typeof limiter>, vars: Vars = {}, more: Record<string, unknown> = {}) =>
  world({ vars: { ...ON, ...vars }, bindings: { ...limit.bindings, ...more } });

/** A call at a door by somebody who has an account. */
type Door = (w: World, who: Person & { access: string; refresh: string }, more?: object) => Promise<Answer>;
const MAIL = ['LIMIT_MAIL', 'LIMIT_MAIL_ADDRESS', 'LIMIT_MAIL_CLIENT'] as const;
const PASSWORD_CHECK = ['LIMIT_LOG_IN', 'LIMIT_LOG_IN_ACCOUNT'] as const;
/** By the name before the look-up, and by the user after it. */
const LOG_IN = [...PASSWORD_CHECK, 'LIMIT_LOG_IN_CLIENT', ...PASSWORD_CHECK] as const;

const DOORS: [string, Vars, LimitBinding[], number, Door][] = [
  [
    'a log-in',
    {},
    [...LOG_IN],
    200,
    (w, { email, password }, more) => w.post('/account/login', { email, password }, more),
  ],
  [
    'a log-in with a wrong password',
    {},
    [...LOG_IN],
    401,
    (w, { email }, more) => w.post('/account/login', { email, password: WRONG }, more),
  ],
  [
    'simplejwt’s log-in',
    {},
    [...LOG_IN],
    200,
    (w, { email, password }, more) => w.post('/api/token/', { username: email, password }, more),
  ],
  [
    'a sign-up without mail',
    { MAIL: 'off' },
    ['LIMIT_SIGN_UP'],
    201,
    (w, _, more) => w.post('/account/sign-up', person(), more),
  ],
  [
    'a sign-up',
    {},
    [...MAIL, 'LIMIT_SIGN_UP'],
    201,
    (w, _, more) => w.post('/account/sign-up', person(), more),
  ],
  [
    'a wished sign-up',
    { SIGN_UP: 'verify' },
    [...MAIL, 'LIMIT_SIGN_UP'],
    202,
    (w, _, more) => w.post('/account/sign-up', person(), more),
  ],
  [
    'a refresh',
    {},
    ['LIMIT_REFRESH'],
    200,
    (w, { refresh }, more) => w.post('/account/token/refresh', { refresh }, more),
  ],
  [
    'simplejwt’s refresh',
    {},
    ['LIMIT_REFRESH'],
    200,
    (w, { refresh }, more) => w.post('/api/token/refresh/', { refresh }, more),
  ],
  [
    'asking for a reset',
    {},
    [...MAIL],
    202,
    (w, { email }, more) => w.post('/account/password/reset', { email }, more),
  ],
  [
    'asking for the verification mail again',
    {},
    ['LIMIT_CHANGE', ...MAIL],
    202,
    (w, { access }, more) => w.post('/account/email/verify/resend', undefined, { token: access, ...more }),
  ],
  [
    'asking for a change of address',
    {},
    ['LIMIT_CHANGE', ...PASSWORD_CHECK, ...MAIL],
    202,
    (w, { access }, more) =>
      w.post(
        '/account/email/change',
        { new_email: person('wanted').email, password: PASSWORD },
        { token: access, ...more },
      ),
  ],
  [
    'a change of password',
    {},
    ['LIMIT_CHANGE', ...PASSWORD_CHECK],
    204,
    (w, { access }, more) =>
      w.post(
        '/account/password/change',
        { current_password: PASSWORD, new_password: NEW },
        { token: access, ...more },
      ),
  ],
  [
    'a withdrawal',
    {},
    ['LIMIT_CHANGE', ...PASSWORD_CHECK],
    204,
    (w, { access }, more) => w.delete('/account/me', { password: PASSWORD }, { token: access, ...more }),
  ],
];

const CHANGES: [string, number, Door][] = [
  ['exporting', 200, (w, { access }, more) => w.get('/account/export', { token: access, ...more })],
  [
    'changing /me',
    200,
    (w, { access }, more) => w.patch('/account/me', { name: 'Mina' }, { token: access, ...more }),
  ],
  [
    'ending a session',
    204,
    (w, { access }, more) =>
      w.delete(`/account/sessions/${claimsOf(access).sid}`, undefined, { token: access, ...more }),
  ],
  [
    'ending all',
    204,
    (w, { access }, more) => w.delete('/account/sessions', undefined, { token: access, ...more }),
  ],
];
for (const [name, status, door] of CHANGES) DOORS.push([name, {}, ['LIMIT_CHANGE'], status, door]);

const ANONYMOUS: [string, number, Door][] = [
  ['log-out', 204, (w, { refresh }, more) => w.post('/account/logout', { refresh }, more)],
  [
    'simplejwt’s blacklist',
    200,
    (w, { refresh }, more) => w.post('/api/token/blacklist/', { refresh }, more),
  ],
  ['verify', 200, (w, { access }, more) => w.post('/account/token/verify', { token: access }, more)],
  ['simplejwt’s verify', 200, (w, { access }, more) => w.post('/api/token/verify/', { token: access }, more)],
  ['taking an address back', 400, (w, _, more) => w.post('/account/email/take-back', { token: 'x' }, more)],
  ['disowning an account', 400, (w, _, more) => w.post('/account/email/disown', { token: 'x' }, more)],
  ['confirming an address', 400, (w, _, more) => w.post('/account/email/verify', { token: 'x' }, more)],
  [
    'confirming a reset',
    400,
    (w, _, more) => w.post('/account/password/reset/confirm', { token: 'x', new_password: NEW }, more),
  ],
];
for (const [name, status, door] of ANONYMOUS) DOORS.push([name, {}, ['LIMIT_ANONYMOUS'], status, door]);

describe('which counters each door asks', () => {
  it.each(DOORS)('%s (%j): %j', async (_, vars, bindings, status, door) => {
    const who = await world().signUp();
    const limit = limiter();
    const w = limited(limit, vars);
    expect((await door(w, who)).status).toBe(status);
    expect(limit.asked.map(({ binding }) => binding).sort()).toEqual([...bindings].sort());
  });

  it.each(DOORS)('%s (%j): by keys that are hashes', async (_, vars, __, status, door) => {
    const who = await world().signUp();
    const limit = limiter();
    const answer = await door(limited(limit, vars), who, { headers: { 'CF-Connecting-IP': '203.0.113.9' } });
    expect(answer.status).toBe(status);
    for (const { key } of limit.asked) expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(limit.asked.map(({ key }) => key)).size).toBe(limit.asked.length);
  });

  it.each<[string, Door]>([
    ['reading /me', (w, { access }) => w.me(access)],
    ['the list of sessions', (w, { access }) => w.get('/account/sessions', { token: access })],
    ['the keys', (w) => w.get('/.well-known/jwks.json')],
    ['the health', (w) => w.get('/healthz')],
  ])('%s: none', async (_, door) => {
    const who = await world().signUp();
    const limit = limiter();
    await door(limited(limit), who);
    expect(limit.asked).toEqual([]);
  });

  it.each<[string, Door]>([
    ['a body that is refused', (w) => w.post('/account/login', { email: 'x', password: '' })],
    ['no body', (w) => w.post('/account/password/reset')],
    ['no token', (w) => w.post('/account/email/verify/resend')],
    [
      'a token that is refused',
      (w, { refresh }) =>
        w.post(
          '/account/password/change',
          { current_password: PASSWORD, new_password: NEW },
          { token: refresh },
        ),
    ],
  ])('%s: none', async (_, door) => {
    const who = await world().signUp();
    const limit = limiter();
    expect((await door(limited(limit), who)).status).toBeGreaterThanOrEqual(400);
    expect(limit.asked).toEqual([]);
  });

  it('SIGN_UP=closed: none', async () => {
    const limit = limiter();
    await limited(limit, { SIGN_UP: 'closed' }).post('/account/sign-up', person());
    expect(limit.asked).toEqual([]);
  });
});

/** The first key of a call, by binding: of a log-in by the name. */
async function keysOf(call: (w: World) => Promise<Answer>, vars: Vars = {}) {
  const limit = limiter();
  await call(limited(limit, vars));
  return Object.fromEntries(limit.asked.reverse().map(({ binding, key }) => [binding, key])) as Partial<
    Record<LimitBinding, string>
  >;
}
const from = (ip: string | undefined, more: Record<string, string> = {}) => ({
  headers: { ...(ip !== undefined && { 'CF-Connecting-IP': ip }), ...more },
});
const logInBy = (body: object, more: object = from('203.0.113.9')) =>
  keysOf((w) => w.post('/account/login', { password: PASSWORD, ...body }, more));

describe('one account is counted as one, however it is spelled', () => {
  it.each<[string, string]>([
    ['in capitals', 'MINA@BÜCHER.EXAMPLE'],
    ['with a capital here and there', 'Mina@Bücher.example'],
    ['with white space around it', ' \tmina@bücher.example\n'],
    ['decomposed', 'mina@bücher.example'.normalize('NFD')],
    ['with its domain in ASCII', 'mina@xn--bcher-kva.example'],
    ['with its domain in ASCII and capitals', 'mina@XN--BCHER-KVA.EXAMPLE'],
    ['with the dot of another script in its domain', 'mina@bücher。example'],
    ['with its domain in wide letters', 'mina@ｂücher.example'],
  ])('an address %s', async (_, spelled) => {
    const keys = await logInBy({ email: 'mina@bücher.example' });
    expect(await logInBy({ email: spelled })).toEqual(keys);
    expect(await logInBy({ username: spelled })).toEqual(keys);
    expect(
      await keysOf((w) =>
        w.post('/api/token/', { username: spelled, password: PASSWORD }, from('203.0.113.9')),
      ),
    ).toEqual(keys);
    const reset = (email: string) =>
      keysOf((w) => w.post('/account/password/reset', { email }, from('203.0.113.9')));
    expect(await reset(spelled)).toEqual(await reset('mina@bücher.example'));
    const wish = (email: string) =>
      keysOf((w) => w.post('/account/sign-up', { email, password: PASSWORD }, from('203.0.113.9')), {
        SIGN_UP: 'verify',
      });
    expect(await wish(spelled)).toEqual(await wish('mina@bücher.example'));
  });

  it.each<[string, string]>([
    ['in capitals', 'MINA.KIM'],
    ['with white space around it', ' mina.kim '],
    ['in wide letters', 'ｍｉｎａ.kim'],
    ['with a full stop of another width', 'mina．kim'],
  ])('a username %s', async (_, spelled) => {
    expect(await logInBy({ username: spelled })).toEqual(await logInBy({ username: 'mina.kim' }));
  });

  it.each<[string, string]>([
    ['another address', 'mino@example.com'],
    ['one with a dot more', 'mi.na@example.com'],
    ['one with a tag', 'mina+shop@example.com'],
    ['one of another domain', 'mina@example.org'],
    ['one of a subdomain', 'mina@mail.example.com'],
    ['one with an accent', 'mína@example.com'],
  ])('while %s is another', async (_, other) => {
    const [one, two] = [await logInBy({ email: 'mina@example.com' }), await logInBy({ email: other })];
    expect(one.LIMIT_LOG_IN).not.toBe(two.LIMIT_LOG_IN);
    expect(one.LIMIT_LOG_IN_ACCOUNT).not.toBe(two.LIMIT_LOG_IN_ACCOUNT);
    expect(one.LIMIT_LOG_IN_CLIENT).toBe(two.LIMIT_LOG_IN_CLIENT);
  });

  it('whether it exists or not: unknown and known are counted alike', async () => {
    const { email } = await world().signUp();
    const limit = limiter();
    const w = limited(limit);
    const asked = async (name: object) =>
      (await limit.of(() => w.post('/account/login', { ...name, password: WRONG }))).map(
        ({ binding }) => binding,
      );
    const known = await asked({ email });
    expect(known).toHaveLength(LOG_IN.length);
    expect(await asked({ email: person('nobody').email })).toEqual(known);
    expect(await asked({ username: username() })).toEqual(known);
  });

  it.each<[string, Door]>([
    [
      'a change of password',
      (w, { access }) =>
        w.post(
          '/account/password/change',
          { current_password: WRONG, new_password: NEW },
          { token: access, ...from('203.0.113.9') },
        ),
    ],
    [
      'a withdrawal',
      (w, { access }) =>
        w.delete('/account/me', { password: WRONG }, { token: access, ...from('203.0.113.9') }),
    ],
    [
      'a change of address',
      (w, { access }) =>
        w.post(
          '/account/email/change',
          { new_email: 'elsewhere@example.com', password: WRONG },
          { token: access, ...from('203.0.113.9') },
        ),
    ],
  ])('the current password at %s is counted by the user, apart from log-ins', async (_, door) => {
    const who = await world().signUp();
    const keys = await keysOf((w) => door(w, who));
    const elsewhere = await keysOf((w) =>
      w.delete('/account/me', { password: WRONG }, { token: who.access, ...from('203.0.113.10') }),
    );
    expect(keys.LIMIT_LOG_IN_ACCOUNT).toBe(elsewhere.LIMIT_LOG_IN_ACCOUNT);
    expect(keys.LIMIT_LOG_IN).not.toBe(elsewhere.LIMIT_LOG_IN);
    const limit = limiter();
    await limited(limit).post('/account/login', { email: who.email, password: WRONG }, from('203.0.113.9'));
    const counted = limit.asked.map(({ key }) => key);
    for (const binding of PASSWORD_CHECK) expect(counted).not.toContain(keys[binding]);
  });

  it('the mails to one address are counted together, whatever they are', async () => {
    const who = await world().signUp();
    const reset = await keysOf((w) =>
      w.post('/account/password/reset', { email: who.email }, from('203.0.113.9')),
    );
    const resend = await keysOf((w) =>
      w.post('/account/email/verify/resend', undefined, { token: who.access, ...from('203.0.113.9') }),
    );
    expect(resend.LIMIT_MAIL).toBe(reset.LIMIT_MAIL);
    expect(resend.LIMIT_MAIL_ADDRESS).toBe(reset.LIMIT_MAIL_ADDRESS);
  });
});

describe('mails to one address', () => {
  it.each<[string, Vars, (w: World, email: string, more: object) => Promise<Answer>]>([
    ['resets', {}, (w, email, more) => w.post('/account/password/reset', { email }, more)],
    ['sign-ups', {}, (w, email, more) => w.post('/account/sign-up', { email, password: PASSWORD }, more)],
    [
      'wished sign-ups',
      { SIGN_UP: 'verify' },
      (w, email, more) => w.post('/account/sign-up', { email, password: PASSWORD }, more),
    ],
  ])('are counted together whoever asks: %s of two clients', async (_, vars, ask) => {
    const { email } = person();
    const [one, two] = [
      await keysOf((w) => ask(w, email, from('203.0.113.9')), vars),
      await keysOf((w) => ask(w, email, from('198.51.100.4')), vars),
    ];
    expect(one.LIMIT_MAIL).not.toBe(two.LIMIT_MAIL);
    expect(one.LIMIT_MAIL_ADDRESS).toMatch(/^[0-9a-f]{64}$/);
    expect(one.LIMIT_MAIL_ADDRESS).toBe(two.LIMIT_MAIL_ADDRESS);
  });
});

describe('one client is counted as one', () => {
  const doors: [string, LimitBinding[], (w: World, more: object) => Promise<Answer>][] = [
    [
      'a log-in',
      ['LIMIT_LOG_IN', 'LIMIT_LOG_IN_CLIENT'],
      (w, more) => w.post('/account/login', { email: 'mina@example.com', password: PASSWORD }, more),
    ],
    [
      'a sign-up',
      ['LIMIT_SIGN_UP'],
      (w, more) => w.post('/account/sign-up', { email: 'mina@example.com', password: PASSWORD }, more),
    ],
    [
      'a reset',
      ['LIMIT_MAIL', 'LIMIT_MAIL_CLIENT'],
      (w, more) => w.post('/account/password/reset', { email: 'mina@example.com' }, more),
    ],
    ['a refresh', ['LIMIT_REFRESH'], (w, more) => w.post('/account/token/refresh', { refresh: 'x' }, more)],
  ];

  it.each(doors)('at %s: another address of a client is another key in %j', async (_, bindings, door) => {
    const [one, two] = [
      await keysOf((w) => door(w, from('203.0.113.9'))),
      await keysOf((w) => door(w, from('203.0.113.10'))),
    ];
    for (const binding of bindings) {
      expect(one[binding]).toMatch(/^[0-9a-f]{64}$/);
      expect(one[binding]).not.toBe(two[binding]);
    }
    expect(one.LIMIT_LOG_IN_ACCOUNT).toBe(two.LIMIT_LOG_IN_ACCOUNT);
  });

  it.each(doors)(
    'at %s: without an address all share one bucket, whatever they write',
    async (_, __, door) => {
      const bare = await keysOf((w) => door(w, from(undefined)));
      expect(Object.keys(bare)).not.toEqual([]);
      for (const header of [
        'X-Forwarded-For',
        'X-Real-IP',
        'True-Client-IP',
        'X-Client-IP',
        'Forwarded',
        'CF-Connecting-IPv6',
        'CF-Pseudo-IPv4',
        'User-Agent',
      ]) {
        const written = await keysOf((w) => door(w, from(undefined, { [header]: '198.51.100.1' })));
        expect(written).toEqual(bare);
      }
    },
  );

  it.each(doors)('at %s: beside CF-Connecting-IP nothing else counts', async (_, __, door) => {
    const plain = await keysOf((w) => door(w, from('203.0.113.9')));
    const written = await keysOf((w) =>
      door(w, from('203.0.113.9', { 'X-Forwarded-For': '198.51.100.1', 'X-Real-IP': '198.51.100.2' })),
    );
    expect(written).toEqual(plain);
  });
});

describe('a counter that refuses', () => {
  const cases = DOORS.flatMap(([name, vars, bindings, , door]) =>
    [...new Set(bindings)].map((binding) => [name, binding, vars, door] as const),
  );

  it.each(cases)('%s, by %s: 429 with Retry-After', async (_, binding, vars, door) => {
    const who = await world().signUp();
    const answer = await door(
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

  it.each(cases)('%s, by %s: without a hash, and without a write', async (name, binding, vars, door) => {
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
    await door(w, who);
    // A change of address has checked the password before it comes to the mail.
    const checked = name === 'asking for a change of address' && binding.startsWith('LIMIT_MAIL');
    expect(derive).toHaveBeenCalledTimes(checked ? 1 : 0);
    const sql = watched.trips.flatMap(({ statements }) => statements.map((statement) => statement.sql));
    expect(sql.filter((text) => !/^select/i.test(text))).toEqual([]);
    expect(watched.trips.length).toBeLessThanOrEqual(1);
  });

  it.each<[string, LimitBinding, Vars, Door]>([
    ['a log-in', 'LIMIT_LOG_IN', {}, (w, { email }) => w.logIn({ email, password: PASSWORD })],
    ['a log-in', 'LIMIT_LOG_IN_ACCOUNT', {}, (w, { email }) => w.logIn({ email, password: PASSWORD })],
    ['a log-in', 'LIMIT_LOG_IN_CLIENT', {}, (w, { email }) => w.logIn({ email, password: PASSWORD })],
    ['a reset', 'LIMIT_MAIL', {}, (w, { email }) => w.post('/account/password/reset', { email })],
    ['a reset', 'LIMIT_MAIL_CLIENT', {}, (w, { email }) => w.post('/account/password/reset', { email })],
    [
      'a wished sign-up',
      'LIMIT_MAIL',
      { SIGN_UP: 'verify' },
      (w, { email }) => w.post('/account/sign-up', { email, password: PASSWORD }),
    ],
    ['a refresh', 'LIMIT_REFRESH', {}, (w, { refresh }) => w.refresh(refresh)],
  ])('%s, by %s: before D1 and any hash, for known and unknown alike', async (_, binding, vars, door) => {
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
    const known = await door(w, who);
    const unknown = await door(w, { ...who, email: person('nobody').email, refresh: 'x' });
    expect([known.status, known.text]).toEqual([unknown.status, unknown.text]);
    expect(watched.trips).toEqual([]);
    expect(derive).not.toHaveBeenCalled();
  });

  it('at a refresh leaves the token as it was', async () => {
    const who = await world().signUp();
    expect((await limited(limiter(() => false)).refresh(who.refresh)).status).toBe(429);
    expect(await world().revokedOf(who.refresh)).toEqual([]);
    expect((await world().refresh(who.refresh)).status).toBe(200);
  });

  it('at a reset sends no mail and voids none', async () => {
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

  it('keeps an attempt from the wider counters: one client cannot lock others out of an account', async () => {
    const limit = limiter((binding) => binding !== 'LIMIT_LOG_IN');
    expect((await limited(limit).logIn(person('nobody'))).status).toBe(429);
    expect(limit.asked.map(({ binding }) => binding)).toEqual(['LIMIT_LOG_IN']);
  });

  it('is told in the language of the request', async () => {
    const answer = await limited(limiter(() => false)).post('/account/login', person('nobody'), {
      headers: { 'Accept-Language': 'ko' },
    });
    expect(answer.body).toMatchObject({
      code: 'throttled',
      detail: '요청이 너무 많습니다. 잠시 뒤에 다시 시도하세요.',
    });
  });

  it('is told to other origins, with Retry-After to be read by them', async () => {
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
  const cases = DOORS.flatMap(([name, vars, bindings, status, door]) =>
    [...new Set(bindings)].map((binding) => {
      const isLogIn = (LOG_IN as readonly LimitBinding[]).includes(binding);
      return [name, binding, isLogIn ? 503 : status, vars, door, bindings] as const;
    }),
  );

  it.each(cases)('%s, where %s throws, is %i', async (_, binding, status, vars, door, bindings) => {
    const who = await world().signUp();
    const answer = await door(limited(failing([binding]), vars), who);
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

  it('holds a log-in with 503 unavailable and Retry-After, before D1 and any hash', async () => {
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

  it('holds every check of a current password, and changes nothing', async () => {
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
  it('asks nothing, at any door', async () => {
    for (const [, vars, , status, door] of DOORS) {
      const who = await world().signUp();
      const limit = limiter(() => false);
      const w = world({ vars: { ...vars, RATE_LIMITS: 'off' }, bindings: limit.bindings });
      expect((await door(w, who)).status).toBe(status);
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

  it('let nobody who guesses from outside keep a signed-in user from proving the password', async () => {
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

  it('refuse the 61st change of one user, from whatever addresses, and nobody else’s', async () => {
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
