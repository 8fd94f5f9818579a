/** Answers for people in their language: every refusal and every validation message; what programs read never changes. */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { type FieldFaultName, REFUSALS, type RefusalName, refusalCode } from '../../src/errors.ts';
import { describeFault, describeRefusal } from '../../src/languages/describe.ts';
import { LANGUAGES, type Language } from '../../src/languages/index.ts';
import { authenticator } from '../support/authenticator.ts';
import { capturedLog } from '../support/log.ts';
import { resigned } from '../support/tokens.ts';
import { watchedD1 } from '../support/watched-d1.ts';
import { type Answer, type Ask, person, type Vars, type World, world } from '../support/world.ts';

capturedLog();

const PASSWORD = 'correct horse battery';
/** Of 43 times `v` in base64url, and of 43 times `s` in hex. */
const S256_OF_VERIFIER = '7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM';
const SHA256_OF_SECRET = 'd64b93c9f1b60eb338e5cb415d6a36bd920edd0e9b36f7ea5c730d0e10ff147f';
const username = () => `u${crypto.randomUUID().slice(0, 8)}`;
const KOREAN = /[가-힣]/;

type InLanguage = (method: string, path: string, more?: Ask) => Promise<Answer>;
/** `ask` of a world, in a language. */
const speaking =
  (w: World, language: Language): InLanguage =>
  (method, path, more = {}) =>
    w.ask(method, path, { ...more, headers: { 'Accept-Language': language, ...more.headers } });

const expectLanguage = (answer: Answer, language: Language) => {
  expect(answer.headers.get('Content-Language')).toBe(language);
  const vary = (answer.headers.get('Vary') ?? '').split(',').map((name) => name.trim());
  expect(vary).toContain('Accept-Language');
  expect(vary).toContain('Origin');
};

/** D1 away. */
const away = watchedD1({
  before: () => {
    throw new Error('D1_ERROR: away');
  },
});
/** KV that cannot be listed: a fault that nobody foresaw. */
const broken = new Proxy(env.BLACKLIST, {
  get: (target, name) =>
    name === 'list'
      ? () => Promise.reject(new Error('a message of nobody’s concern'))
      : (Reflect.get(target, name) as () => unknown).bind(target),
});
const refusing = { limit: async () => ({ success: false }) };

type Provoke = (ask: InLanguage, w: World) => Promise<Answer>;
type Case = [RefusalName, Provoke, Parameters<typeof world>[0]?];

const withUser =
  (sql: string, method: string, path: string): Provoke =>
  async (ask, w) => {
    const who = await w.signUp();
    await w.rows(sql, who.user.id);
    return ask(method, path, { token: who.access });
  };

async function withPasskey(w: World) {
  const who = await w.signUp();
  const device = authenticator();
  const options = await w.post('/account/passkeys/options', {}, { token: who.access });
  const credential = await device.create(options.body);
  const added = await w.post('/account/passkeys', { credential }, { token: who.access });
  return { ...who, device, added };
}

const CASES: Case[] = [
  ['parse_error', (ask) => ask('POST', '/account/login', { body: '{' })],
  ['invalid', (ask) => ask('POST', '/account/login', { body: {} })],
  ['not_authenticated', (ask) => ask('GET', '/account/me')],
  ['bad_authorization_header', (ask) => ask('GET', '/account/me', { headers: { Authorization: 'Bearer' } })],
  ['no_active_account', (ask) => ask('POST', '/account/login', { body: person('nobody') })],
  ['access_token_not_valid', (ask) => ask('GET', '/account/me', { token: 'x' })],
  [
    'access_token_expired',
    async (ask, w) => {
      const { access } = await w.signUp();
      return ask('GET', '/account/me', { token: await resigned(access, { exp: w.clock.now }) });
    },
  ],
  [
    'refresh_token_expired',
    async (ask, w) => {
      const { refresh } = await w.signUp();
      const expired = await resigned(refresh, { exp: w.clock.now });
      return ask('POST', '/account/token/refresh', { body: { refresh: expired } });
    },
  ],
  ['refresh_token_not_valid', (ask) => ask('POST', '/account/token/refresh', { body: { refresh: 'x' } })],
  [
    'token_blacklisted',
    async (ask, w) => {
      const { refresh } = await w.signUp();
      await w.logOut(refresh);
      return ask('POST', '/account/token/refresh', { body: { refresh } });
    },
  ],
  ['user_not_found', withUser('DELETE FROM users WHERE id = ?', 'GET', '/account/me')],
  ['user_inactive', withUser('UPDATE users SET is_active = 0 WHERE id = ?', 'GET', '/account/me')],
  [
    'reauthentication_required',
    async (ask, w) => {
      const who = await w.signUp();
      await w.rows("UPDATE users SET password_hash = '' WHERE id = ?", who.user.id);
      w.clock.advance(601);
      return ask('DELETE', '/account/me', { body: {}, token: who.access });
    },
  ],
  [
    'mfa_required',
    async (ask, w) => {
      const who = await w.signUp();
      await w.rows('UPDATE users SET has_second_factor = 1 WHERE id = ?', who.user.id);
      return ask('POST', '/account/login', { body: { email: who.email, password: who.password } });
    },
    { vars: { ENCRYPTION_KEY: 'A'.repeat(43) } },
  ],
  [
    'code_not_valid',
    async (ask, w) => {
      const { access } = await w.signUp();
      return ask('POST', '/account/reauthenticate', { body: { code: '123456' }, token: access });
    },
  ],
  [
    'connection_taken',
    async (ask, w) => {
      const [who, owner] = [await w.signUp(), await w.signUp()];
      const now = w.clock.now;
      const payload = {
        ...{ challenge: S256_OF_VERIFIER, passwordVersion: 1, isStaff: false, amr: ['fed'], made: false },
        adds: {
          id: 'x',
          provider: 'acme',
          issuer: 'https://id.example',
          subject: who.user.id,
          createdAt: now,
        },
      };
      await w.rows(
        `INSERT INTO one_time_tokens VALUES (?, 'exchange', ?, ?, ?, ?)`,
        ...[who.user.id, SHA256_OF_SECRET, JSON.stringify(payload), now, now + 60],
      );
      await w.rows(
        `INSERT INTO logins VALUES ('oidc:https://id.example', ?, ?)`,
        ...[who.user.id, owner.user.id],
      );
      const body = { code: `${who.user.id}.${'s'.repeat(43)}`, code_verifier: 'v'.repeat(43) };
      return ask('POST', '/account/login/exchange', { body });
    },
  ],
  [
    'last_sign_in_method',
    async (ask, w) => {
      const who = await w.signUp();
      await w.rows("UPDATE users SET password_hash = '' WHERE id = ?", who.user.id);
      await w.rows(
        `INSERT INTO connections VALUES (?, 'only', 'acme', 'https://id.example', ?, NULL, 1, NULL)`,
        ...[who.user.id, who.user.id],
      );
      return ask('DELETE', '/account/connections/only', { body: {}, token: who.access });
    },
  ],
  ['passkey_not_valid', (ask) => ask('POST', '/account/login/passkey', { body: { credential: {} } })],
  ['permission_denied', withUser('SELECT ?', 'GET', '/admin/api/users')],
  [
    'last_staff',
    async (ask, w) => {
      const who = await w.signUp();
      await w.rows('UPDATE users SET is_staff = (id = ?)', who.user.id);
      const answer = await ask('DELETE', '/account/me', { body: { password: PASSWORD }, token: who.access });
      await w.rows('UPDATE users SET is_staff = 0');
      return answer;
    },
  ],
  [
    'sign_up_closed',
    (ask) => ask('POST', '/account/sign-up', { body: person() }),
    { vars: { SIGN_UP: 'closed' } },
  ],
  [
    'origin_not_allowed',
    (ask) => ask('POST', '/account/login', { body: {} }),
    { vars: { REFRESH_TRANSPORT: 'cookie' } },
  ],
  ['not_found', (ask) => ask('GET', '/nowhere')],
  ['method_not_allowed', (ask) => ask('GET', '/account/login')],
  [
    'email_taken',
    async (ask, w) => {
      const { email } = await w.signUp();
      return ask('POST', '/account/sign-up', { body: { email, password: PASSWORD } });
    },
  ],
  [
    'username_taken',
    async (ask, w) => {
      const name = username();
      await w.signUp({ ...person(), username: name });
      return ask('POST', '/account/sign-up', { body: { ...person(), username: name } });
    },
  ],
  ['payload_too_large', (ask) => ask('POST', '/account/login', { body: { email: 'x'.repeat(20_000) } })],
  [
    'unsupported_media_type',
    (ask) => ask('POST', '/account/login', { body: 'a=b', headers: { 'Content-Type': 'text/plain' } }),
  ],
  [
    'throttled',
    (ask) => ask('POST', '/account/token/refresh', { body: { refresh: 'x' } }),
    { vars: { RATE_LIMITS: 'on' }, bindings: { LIMIT_REFRESH: refusing } },
  ],
  ['internal_error', (ask) => ask('GET', '/dev/mail'), { bindings: { BLACKLIST: broken } }],
  [
    'unavailable',
    (ask) => ask('POST', '/account/login', { body: person('nobody') }),
    { bindings: { DB: away.DB } },
  ],
  ['misconfigured', (ask) => ask('GET', '/account/me'), { vars: { SIGN_UP: 'perhaps' } }],
];

/** No path of the Worker itself asks for it: guard.test.ts has both languages. */
const BY_GUARDS_ALONE: RefusalName[] = ['email_not_verified'];

describe('every refusal', () => {
  it('is in the table of this test', () => {
    const here = [...CASES.map(([kind]) => kind), ...BY_GUARDS_ALONE];
    expect(here.sort()).toEqual(Object.keys(REFUSALS).sort());
  });

  it.each(CASES)('%s: the detail in each language, the code in none', async (kind, provoke, options) => {
    const answers: Answer[] = [];
    for (const language of LANGUAGES) {
      const w = world(options);
      const answer = await provoke(speaking(w, language), w);
      expect(answer.body.detail).toBe(describeRefusal(kind, language));
      expectLanguage(answer, language);
      answers.push(answer);
    }
    for (const { status, body, headers } of answers) {
      expect(headers.get('Content-Type')).toBe('application/problem+json');
      expect(status).toBe(REFUSALS[kind].status);
      expect(body).toMatchObject({ type: 'about:blank', status, code: refusalCode(kind) });
      expect(body.title).toMatch(/^[A-Z][A-Za-z ]+$/);
      expect(body.code).toMatch(/^[a-z_]+$/);
    }
    const [english, korean] = answers;
    expect(english?.body.title).toBe(korean?.body.title);
    expect(english?.body.detail).not.toMatch(KOREAN);
    expect(korean?.body.detail).toMatch(KOREAN);
  });

  it('at log-in, of a known and an unknown user, is the same in each language', async () => {
    const w = world();
    const who = await w.signUp();
    for (const language of LANGUAGES) {
      const ask = speaking(w, language);
      const known = await ask('POST', '/account/login', {
        body: { ...who, password: 'wrong horse battery' },
      });
      const unknown = await ask('POST', '/account/login', { body: person('nobody') });
      expect(known.text).toBe(unknown.text);
    }
  });

  it.each([
    '/nowhere',
    '/account',
    '/account/nowhere',
    '/account/sessions/x/y',
    '/api/token/nowhere',
    '/dev',
    '/static/nowhere.js',
    '/.well-known/nowhere',
  ])('404 of %s is in Korean too', async (path) => {
    const answer = await speaking(world(), 'ko')('GET', path);
    expect([answer.status, answer.body.detail]).toEqual([404, describeRefusal('not_found', 'ko')]);
    expectLanguage(answer, 'ko');
  });
});

/** A body for an endpoint, its faulty fields, and the message for each. */
type FaultCase = [
  FieldFaultName,
  string,
  Provoke,
  Parameters<typeof world>[0]?,
  Record<string, string | number>?,
];
const signUpWith = (change: object): Provoke => {
  const body = { ...person(), ...change };
  return (ask) => ask('POST', '/account/sign-up', { body });
};
const breach = async (input: RequestInfo) => {
  const prefix = new Request(input).url.slice(-5);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-1', new TextEncoder().encode(PASSWORD)));
  const hash = [...digest]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();
  return new Response(hash.startsWith(prefix) ? `${hash.slice(5)}:1` : '');
};
const breachVars: Vars = { PASSWORD_BREACH_CHECK: 'on' };

const FAULTS: FaultCase[] = [
  ['required', 'email', (ask) => ask('POST', '/account/sign-up', { body: {} })],
  ['null', 'email', signUpWith({ email: null })],
  ['blank', 'password', signUpWith({ password: '' })],
  ['not_a_string', 'name', signUpWith({ name: 7 })],
  ['not_an_object', 'non_field_errors', (ask) => ask('POST', '/account/sign-up', { body: '[]' })],
  ['email', 'email', signUpWith({ email: 'x' })],
  ['username', 'username', signUpWith({ username: 'a b' })],
  ['characters', 'name', signUpWith({ name: 'a\u0007b' })],
  ['max_length', 'name', signUpWith({ name: 'x'.repeat(151) }), {}, { max: 150 }],
  ['token_not_valid', 'token', (ask) => ask('POST', '/account/email/verify', { body: { token: 'x' } })],
  [
    'password_incorrect',
    'password',
    async (ask, w) => {
      const { access } = await w.signUp();
      return ask('DELETE', '/account/me', { body: { password: 'wrong horse battery' }, token: access });
    },
  ],
  [
    'passkey_not_valid',
    'credential',
    async (ask, w) => {
      const { access } = await w.signUp();
      return ask('POST', '/account/passkeys', { body: { credential: {} }, token: access });
    },
  ],
  [
    'passkey_taken',
    'credential',
    async (ask, w) => {
      const { access, device } = await withPasskey(w);
      const options = await w.post('/account/passkeys/options', {}, { token: access });
      const credential = await device.create(options.body, { credentialId: () => device.bytesOfId });
      return ask('POST', '/account/passkeys', { body: { credential }, token: access });
    },
  ],
  [
    'too_many_passkeys',
    'credential',
    async (ask, w) => {
      const { access, user } = await withPasskey(w);
      await w.rows(
        `WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 49)
          INSERT INTO passkeys SELECT user_id, id || i, 'c' || i, public_key, 0, 0, 0, '[]', 'x', 0, NULL
          FROM passkeys, n WHERE user_id = ?`,
        user.id,
      );
      return ask('POST', '/account/passkeys/options', { body: {}, token: access });
    },
    {},
    { max: 50 },
  ],
  ['password_too_short', 'password', signUpWith({ password: 'horse7x' }), {}, { min: 8 }],
  [
    'password_too_short',
    'password',
    signUpWith({ password: 'horsebatter' }),
    { vars: { PASSWORD_MIN_LENGTH: '12' } },
    { min: 12 },
  ],
  ['password_too_long', 'password', signUpWith({ password: 'ab'.repeat(129) }), {}, { max: 256 }],
  ['password_too_common', 'password', signUpWith({ password: 'Password123' })],
  ['password_entirely_numeric', 'password', signUpWith({ password: '8302847261' })],
  [
    'password_too_similar',
    'password',
    signUpWith({ name: 'Wilhelmina', password: 'wilhelmina' }),
    {},
    { attribute: 'name' },
  ],
  [
    'password_breached',
    'password',
    signUpWith({}),
    { vars: breachVars, parts: { fetch: breach as typeof fetch } },
  ],
];

describe('every validation message', () => {
  it.each(FAULTS)('%s under %s: in each language, the code in none', async (...c) => {
    const [name, field, provoke, options, params] = c;
    const told = await Promise.all(
      LANGUAGES.map(async (language) => {
        const w = world(options);
        const answer = await provoke(speaking(w, language), w);
        expect([answer.status, answer.body.code]).toEqual([400, 'invalid']);
        expect(answer.body.detail).toBe(describeRefusal('invalid', language));
        expectLanguage(answer, language);
        const [first] = answer.body.errors[field] as { message: string; code: string }[];
        expect(first?.message).toBe(
          describeFault({ fault: name, ...(params && { params }) }, language).message,
        );
        return first;
      }),
    );
    expect(new Set(told.map((fault) => fault?.code)).size).toBe(1);
    expect(told[0]?.code).toMatch(/^[a-z_]+$/);
    expect(told[0]?.message).not.toMatch(KOREAN);
    expect(told[1]?.message).toMatch(KOREAN);
    expect(told[1]?.message).not.toMatch(/\{\w+\}/);
  });

  it('of several fields and several faults are all in one language', async () => {
    const w = world();
    const answer = await speaking(w, 'ko')('POST', '/account/sign-up', {
      body: { email: 'x', username: 'a b', name: 7 },
    });
    const weak = await speaking(w, 'ko')('POST', '/account/sign-up', {
      body: { ...person(), password: '1234567' },
    });
    const faults = [answer, weak].flatMap(({ body }) =>
      Object.values(body.errors as Record<string, { message: string }[]>).flat(),
    );
    expect(faults).toHaveLength(4 + 2);
    for (const { message } of faults) expect(message).toMatch(KOREAN);
  });
});

describe('the language is the one that Accept-Language prefers', () => {
  it.each<[string | undefined, Language]>([
    [undefined, 'en'],
    ['', 'en'],
    ['en', 'en'],
    ['ko', 'ko'],
    ['KO', 'ko'],
    ['ko-KR', 'ko'],
    ['ko-Kore-KR', 'ko'],
    ['en-GB', 'en'],
    ['ko, en', 'ko'],
    ['en, ko', 'en'],
    ['ko;q=0.5, en;q=0.8', 'en'],
    ['en;q=0.5, ko;q=0.8', 'ko'],
    ['fr, ko;q=0.1', 'ko'],
    ['fr, de', 'en'],
    ['ko;q=0', 'en'],
    ['ko;q=0, en;q=0', 'en'],
    ['*', 'en'],
    ['*;q=0.1, ko;q=0.5', 'ko'],
    ['kok', 'en'],
    ['kor', 'en'],
    ['ko_KR', 'en'],
    [';;;,,,q=', 'en'],
    ['ko;q=abc', 'ko'],
    ['x'.repeat(8_000), 'en'],
    ['__proto__', 'en'],
  ])('%s → %s', async (header, language) => {
    const answer = await world().get(
      '/nowhere',
      header === undefined ? {} : { headers: { 'Accept-Language': header } },
    );
    expectLanguage(answer, language);
    expect(answer.body.detail).toBe(describeRefusal('not_found', language));
  });

  it('nothing else in the request decides it', async () => {
    const answer = await world().get('/nowhere?lang=ko&locale=ko', {
      headers: { 'Content-Language': 'ko', Cookie: 'lang=ko; django_language=ko' },
    });
    expectLanguage(answer, 'en');
  });

  it('what users wrote themselves is not translated', async () => {
    const w = world();
    const who = await w.signUp({ ...person(), name: '미나' });
    const answer = await w.get('/account/me', { token: who.access, headers: { 'Accept-Language': 'en' } });
    expect(answer.body.name).toBe('미나');
  });
});
