/** Rate limits: what is counted, and by which key. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { LimitBinding } from '../../src/limits.ts';
import { ENDPOINTS, type Endpoint, from, LOG_IN, limited, limiter, username } from '../support/limits.ts';
import { capturedLog } from '../support/log.ts';
import { type Answer, person, type Vars, type World, world } from '../support/world.ts';

capturedLog();
afterEach(() => vi.restoreAllMocks());

const PASSWORD = 'correct horse battery';
const WRONG = 'wrong horse battery';
const NEW = 'staple of another colour';
const PASSWORD_CHECK = ['LIMIT_LOG_IN', 'LIMIT_LOG_IN_ACCOUNT'] as const;

describe('the counters of each endpoint', () => {
  it('a code that creates an account: those of a sign-up, after the one of the endpoint', async () => {
    const limit = limiter();
    const w = limited(limit, { SIGN_IN_BY_EMAIL: 'on' });
    const { email } = person();
    await w.post('/account/login/email', { email });
    const { messages } = (await w.get(`/dev/mail?to=${email}`)).body;
    const asked = await limit.of(() => w.post('/account/login/email/confirm', { token: messages[0].token }));
    expect(asked.map(({ binding }) => binding)).toEqual(['LIMIT_ANONYMOUS', 'LIMIT_SIGN_UP']);
  });

  it.each(ENDPOINTS)('%s (%j): %j', async (_, vars, bindings, status, endpoint) => {
    const who = await world().signUp();
    const limit = limiter();
    const w = limited(limit, vars);
    expect((await endpoint(w, who)).status).toBe(status);
    expect(limit.asked.map(({ binding }) => binding).sort()).toEqual([...bindings].sort());
  });

  it.each(ENDPOINTS)('%s (%j): by keys that are hashes', async (_, vars, __, status, endpoint) => {
    const who = await world().signUp();
    const limit = limiter();
    const answer = await endpoint(limited(limit, vars), who, {
      headers: { 'CF-Connecting-IP': '203.0.113.9' },
    });
    expect(answer.status).toBe(status);
    for (const { key } of limit.asked) expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(limit.asked.map(({ key }) => key)).size).toBe(limit.asked.length);
  });

  it.each<[string, Endpoint]>([
    ['reading /me', (w, { access }) => w.me(access)],
    ['the list of sessions', (w, { access }) => w.get('/account/sessions', { token: access })],
    ['the keys', (w) => w.get('/.well-known/jwks.json')],
    ['the health', (w) => w.get('/healthz')],
  ])('%s: none', async (_, endpoint) => {
    const who = await world().signUp();
    const limit = limiter();
    await endpoint(limited(limit), who);
    expect(limit.asked).toEqual([]);
  });

  it.each<[string, Endpoint]>([
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
  ])('%s: none', async (_, endpoint) => {
    const who = await world().signUp();
    const limit = limiter();
    expect((await endpoint(limited(limit), who)).status).toBeGreaterThanOrEqual(400);
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
    const signUp = (email: string) =>
      keysOf((w) => w.post('/account/sign-up', { email, password: PASSWORD }, from('203.0.113.9')), {
        SIGN_UP: 'verify',
      });
    expect(await signUp(spelled)).toEqual(await signUp('mina@bücher.example'));
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

  it('counted alike whether it exists or not', async () => {
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

  it.each<[string, Endpoint]>([
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
  ])('the current password at %s is counted by the user, apart from log-ins', async (_, endpoint) => {
    const who = await world().signUp();
    const keys = await keysOf((w) => endpoint(w, who));
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

  it('the emails to one address are counted together, whatever their kind', async () => {
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
      'pending sign-ups',
      { SIGN_UP: 'verify' },
      (w, email, more) => w.post('/account/sign-up', { email, password: PASSWORD }, more),
    ],
  ])('are counted together whoever requests them: %s of two clients', async (_, vars, ask) => {
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
  const endpoints: [string, LimitBinding[], (w: World, more: object) => Promise<Answer>][] = [
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

  it.each(endpoints)(
    'at %s: another address of a client is another key in %j',
    async (_, bindings, endpoint) => {
      const [one, two] = [
        await keysOf((w) => endpoint(w, from('203.0.113.9'))),
        await keysOf((w) => endpoint(w, from('203.0.113.10'))),
      ];
      for (const binding of bindings) {
        expect(one[binding]).toMatch(/^[0-9a-f]{64}$/);
        expect(one[binding]).not.toBe(two[binding]);
      }
      expect(one.LIMIT_LOG_IN_ACCOUNT).toBe(two.LIMIT_LOG_IN_ACCOUNT);
    },
  );

  it.each(endpoints)(
    'at %s: without an address all share one bucket, whatever they write',
    async (_, __, endpoint) => {
      const bare = await keysOf((w) => endpoint(w, from(undefined)));
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
        const written = await keysOf((w) => endpoint(w, from(undefined, { [header]: '198.51.100.1' })));
        expect(written).toEqual(bare);
      }
    },
  );

  it.each(endpoints)('at %s: nothing but CF-Connecting-IP counts', async (_, __, endpoint) => {
    const plain = await keysOf((w) => endpoint(w, from('203.0.113.9')));
    const written = await keysOf((w) =>
      endpoint(w, from('203.0.113.9', { 'X-Forwarded-For': '198.51.100.1', 'X-Real-IP': '198.51.100.2' })),
    );
    expect(written).toEqual(plain);
  });
});
