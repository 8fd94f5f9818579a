/** Answers: headers, problem details, languages, CORS and health. */
import { beforeAll, describe, expect, it } from 'vitest';
import { LIMIT_BINDINGS } from '../../src/limits.ts';
import { webCryptoRandom } from '../../src/random.ts';
import { allowed, allowOf, ROUTES } from '../support/http.ts';
import { capturedLog } from '../support/log.ts';
import { watchedD1 } from '../support/watched-d1.ts';
import { type Answer, codeOf, person, type World, world } from '../support/world.ts';

const log = capturedLog();

const PROBLEM = 'application/problem+json';
// With it the paths by which libraries find keys are there.
const w = world({ vars: { ISSUER: 'https://accounts.example' } });
let who: Awaited<ReturnType<World['signUp']>>;
beforeAll(async () => {
  who = await w.signUp();
});

/** One answer of every status, and which problem it is. */
const ANSWERS: [number, string, () => Promise<Answer>][] = [
  [200, '', () => w.me(who.access)],
  [200, '', () => w.get('/healthz')],
  [200, '', () => w.get('/.well-known/jwks.json')],
  [200, '', () => w.verify(who.refresh)],
  [201, '', () => w.post('/account/sign-up', person())],
  [202, '', () => w.post('/account/password/reset', { email: person().email })],
  [204, '', () => w.ask('OPTIONS', '/account/me')],
  [204, '', async () => w.logOut((await w.signUp()).refresh)],
  [400, 'invalid', () => w.post('/account/login', {})],
  [400, 'parse_error', () => w.post('/account/login', '{')],
  [401, 'not_authenticated', () => w.get('/account/me')],
  [401, 'bad_authorization_header', () => w.get('/account/me', { headers: { Authorization: 'Bearer' } })],
  [401, 'no_active_account', () => w.logIn(person())],
  [401, 'token_not_valid', () => w.me('x')],
  [401, 'token_not_valid', () => w.refresh('x')],
  [403, 'sign_up_closed', () => world({ vars: { SIGN_UP: 'closed' } }).post('/account/sign-up', person())],
  [
    403,
    'origin_not_allowed',
    () => world({ vars: { REFRESH_TRANSPORT: 'cookie' } }).post('/account/login', person()),
  ],
  [404, 'not_found', () => w.get('/nothing')],
  [405, 'method_not_allowed', () => w.ask('PUT', '/account/me')],
  [409, 'email_taken', () => w.post('/account/sign-up', { email: who.email, password: who.password })],
  [413, 'payload_too_large', () => w.post('/account/login', 'x'.repeat(16_385))],
  [
    415,
    'unsupported_media_type',
    () => w.post('/account/login', 'x', { headers: { 'Content-Type': 'text/plain' } }),
  ],
  [429, 'throttled', () => world(throttled).logIn(person())],
  [500, 'internal_error', () => broken.signUp().then(({ answer }) => answer)],
  [503, 'unavailable', () => world({ bindings: { DB: noD1 } }).me(who.access)],
  [503, 'misconfigured', () => world({ vars: { LEEWAY: 'x' } }).get('/account/me')],
];
const throttled = {
  vars: { RATE_LIMITS: 'on' },
  bindings: Object.fromEntries(
    LIMIT_BINDINGS.map((name) => [name, { limit: async () => ({ success: false }) }]),
  ),
};
const broken = world({
  parts: {
    random: {
      ...webCryptoRandom,
      uuid4: () => {
        throw new RangeError('secret-of-the-inside');
      },
    },
  },
});
const noD1 = {
  prepare: () => {
    throw new Error('D1_ERROR: secret-of-the-inside');
  },
} as unknown as D1Database;

const DETAILS: Record<string, [number, string, string]> = {
  invalid: [400, 'Bad Request', 'Invalid input.'],
  parse_error: [400, 'Bad Request', 'JSON parse error.'],
  not_authenticated: [401, 'Unauthorized', 'Authentication credentials were not provided.'],
  bad_authorization_header: [
    401,
    'Unauthorized',
    'Authorization header must contain two space-delimited values',
  ],
  no_active_account: [401, 'Unauthorized', 'No active account found with the given credentials'],
  sign_up_closed: [403, 'Forbidden', 'Sign-up is closed.'],
  origin_not_allowed: [403, 'Forbidden', 'Requests from this origin are not allowed.'],
  not_found: [404, 'Not Found', 'Not found.'],
  method_not_allowed: [405, 'Method Not Allowed', 'Method not allowed.'],
  email_taken: [409, 'Conflict', 'An account with this e-mail address already exists.'],
  payload_too_large: [413, 'Content Too Large', 'The body is larger than 16 KiB.'],
  unsupported_media_type: [415, 'Unsupported Media Type', 'The body must be application/json in UTF-8.'],
  throttled: [429, 'Too Many Requests', 'Request was throttled. Try again later.'],
  internal_error: [500, 'Internal Server Error', 'A server error occurred.'],
  unavailable: [503, 'Service Unavailable', 'Service temporarily unavailable, try again later.'],
  misconfigured: [503, 'Service Unavailable', 'The service is misconfigured.'],
};

describe('every answer', () => {
  it.each(ANSWERS)('%i %s has the security headers, an id and Vary: Origin', async (status, _, ask) => {
    const { headers, ...answer } = await ask();
    expect(answer.status).toBe(status);
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'strict-transport-security': 'max-age=31536000; includeSubDomains',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-frame-options': 'DENY',
      'x-request-id': expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    });
    const vary = (headers.get('Vary') ?? '').split(', ');
    expect(vary).toContain('Origin');
    expect(vary).toEqual([...new Set(vary)]);
    expect(headers.get('Server')).toBeNull();
    expect(headers.get('X-Powered-By')).toBeNull();
  });

  it.each(ANSWERS)('%i %s must not be stored', async (_, __, ask) => {
    const { headers, body } = await ask();
    expect(headers.get('Cache-Control')).toBe(body?.keys ? 'public, max-age=300' : 'no-store');
  });

  it('has an id of its own, whatever the client sent', async () => {
    const mine = { 'X-Request-Id': 'mine' };
    const ids = await Promise.all(
      [1, 2, 3].map(async () => (await w.get('/healthz', { headers: mine })).headers.get('X-Request-Id')),
    );
    expect(new Set([...ids, 'mine']).size).toBe(4);
  });
});

describe('every error', () => {
  const errors = ANSWERS.filter(([, code]) => code !== '' && code !== 'token_not_valid');

  it.each(errors)('%i %s is problem details, exactly', async (status, code, ask) => {
    const { headers, body } = await ask();
    const [, title, detail] = DETAILS[code] ?? [];
    const { errors: _, request_id: __, problems: ___, ...rest } = body;
    expect(rest).toStrictEqual({ type: 'about:blank', title, status, detail, code });
    expect(headers.get('Content-Type')).toBe(PROBLEM);
    expect(headers.get('Content-Language')).toBe('en');
    expect(headers.get('Vary')).toContain('Accept-Language');
  });

  it.each(errors)(
    '%i %s is in Korean if the request asks for Korean, with the same code',
    async (status, code) => {
      const ko = await koreanAnswers();
      const answer = ko.find(({ body }) => body.code === code);
      expect(answer?.status).toBe(status);
      expect(answer?.headers.get('Content-Language')).toBe('ko');
      expect(answer?.body.detail).toMatch(/[가-힣]/);
      expect(answer?.body.title).toBe(DETAILS[code]?.[1]);
    },
  );

  it.each(ANSWERS.filter(([status]) => status === 401))('%i %s challenges', async (_, code, ask) => {
    const challenge = (await ask()).headers.get('WWW-Authenticate');
    expect(challenge).toBe(
      code === 'token_not_valid' ? 'Bearer realm="api", error="invalid_token"' : 'Bearer realm="api"',
    );
  });

  it.each(ANSWERS.filter(([status]) => status !== 401))('%i %s does not challenge', async (_, __, ask) => {
    expect((await ask()).headers.get('WWW-Authenticate')).toBeNull();
  });

  it.each(ANSWERS.filter(([status]) => status === 429 || status === 503))(
    '%i %s says when to try again',
    async (_, __, ask) => {
      const wait = Number((await ask()).headers.get('Retry-After'));
      expect(wait).toBeGreaterThanOrEqual(1);
      expect(wait).toBeLessThanOrEqual(60);
    },
  );

  it('of ours shows the request’s id but not its cause; the log has both', async () => {
    const { answer } = await broken.signUp();
    expect(answer.body).toStrictEqual({
      type: 'about:blank',
      title: 'Internal Server Error',
      status: 500,
      detail: 'A server error occurred.',
      code: 'internal_error',
      request_id: answer.headers.get('X-Request-Id'),
    });
    expect(log.of('internal_error')).toMatchObject([
      { level: 'error', error: 'RangeError', request_id: answer.headers.get('X-Request-Id') },
    ]);
    expect(JSON.stringify(log.lines)).not.toContain('secret-of-the-inside');
  });

  it('of D1 does not show its cause', async () => {
    const answer = await world({ bindings: { DB: noD1 } }).me(who.access);
    expect([answer.status, answer.headers.get('Retry-After')]).toEqual([503, '1']);
    expect(answer.text).not.toContain('secret-of-the-inside');
  });

  it.each([
    ['/api/token', { password: 'x' }, { username: ['This field is required.'] }],
    ['/api/token', {}, { password: ['This field is required.'], username: ['This field is required.'] }],
    ['/api/token/refresh', { refresh: '' }, { refresh: ['This field may not be blank.'] }],
    ['/api/token/verify', { token: 5 }, { token: ['Not a valid string.'] }],
    ['/api/token/blacklist', { refresh: null }, { refresh: ['This field may not be null.'] }],
  ])('of a field at %s with %j is at the top level too', async (path, body, flat) => {
    const answer = await w.post(path, body);
    expect(answer.body).toMatchObject({ ...flat, status: 400, code: 'invalid' });
    expect(Object.keys(answer.body.errors)).toEqual(Object.keys(flat));
  });

  it('of a field elsewhere is not', async () => {
    const { body } = await w.post('/account/login', {});
    expect(Object.keys(body).sort()).toEqual(['code', 'detail', 'errors', 'status', 'title', 'type']);
  });
});

/** The errors above, asked for in Korean; made once. */
let koreans: Promise<Answer[]> | undefined;
function koreanAnswers(): Promise<Answer[]> {
  const headers = { 'Accept-Language': 'ko' };
  const closed = world({ vars: { SIGN_UP: 'closed' } });
  const cookies = world({ vars: { REFRESH_TRANSPORT: 'cookie' } });
  koreans ??= Promise.all([
    w.post('/account/login', {}, { headers }),
    w.post('/account/login', '{', { headers }),
    w.get('/account/me', { headers }),
    w.get('/account/me', { headers: { ...headers, Authorization: 'Bearer' } }),
    w.post('/account/login', person(), { headers }),
    closed.post('/account/sign-up', person(), { headers }),
    cookies.post('/account/login', person(), { headers }),
    w.get('/nothing', { headers }),
    w.ask('PUT', '/account/me', { headers }),
    w.post('/account/sign-up', { email: who.email, password: who.password }, { headers }),
    w.post('/account/login', 'x'.repeat(16_385), { headers }),
    w.post('/account/login', 'x', { headers: { ...headers, 'Content-Type': 'text/plain' } }),
    world(throttled).post('/account/login', person(), { headers }),
    broken.post('/account/sign-up', person(), { headers }),
    world({ bindings: { DB: noD1 } }).get('/account/me', { headers, token: who.access }),
    world({ vars: { LEEWAY: 'x' } }).get('/account/me', { headers }),
  ]);
  return koreans;
}

describe('Accept-Language', () => {
  it.each([
    [undefined, 'en'],
    ['', 'en'],
    ['en', 'en'],
    ['ko', 'ko'],
    ['KO', 'ko'],
    ['ko-KR', 'ko'],
    ['ko-Kore-KR', 'ko'],
    ['en-US,en;q=0.9,ko;q=0.8', 'en'],
    ['ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7', 'ko'],
    ['en;q=0.5, ko;q=0.8', 'ko'],
    ['ko;q=0.5, en;q=0.5', 'ko'],
    ['de, ko;q=0.1', 'ko'],
    ['de, fr;q=0.9', 'en'],
    ['ko;q=0', 'en'],
    ['ko;q=0, en;q=0', 'en'],
    ['*', 'en'],
    ['*, ko', 'en'],
    ['ko, *;q=0.5', 'ko'],
    ['kok', 'en'],
    ['korean', 'en'],
    [',,;;=,', 'en'],
    ['ko'.repeat(2_000), 'en'],
  ])('%.40j is answered in %s', async (header, language) => {
    const answer = await w.get('/account/me', {
      headers: header === undefined ? {} : { 'Accept-Language': header },
    });
    expect(answer.headers.get('Content-Language')).toBe(language);
    expect(answer.body.detail).toBe(
      language === 'ko'
        ? '인증 정보가 제공되지 않았습니다.'
        : 'Authentication credentials were not provided.',
    );
  });
});

describe('CORS', () => {
  const app = 'https://app.example.com';
  const dev = 'http://localhost:5173';
  const cors = world({ vars: { ALLOWED_ORIGINS: `${app},${dev}`, SIGN_IN_BY_EMAIL: 'on' } });
  const corsOf = ({ headers }: Answer) =>
    Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')));
  const EXPOSED = 'X-Request-Id,Retry-After,WWW-Authenticate,Content-Language';

  it.each([app, dev])('an allowed origin (%s) may read every answer', async (origin) => {
    for (const answer of [
      await cors.get('/account/me', { token: who.access, headers: { Origin: origin } }),
      await cors.get('/account/me', { headers: { Origin: origin } }),
      await cors.post('/account/login', {}, { headers: { Origin: origin } }),
      await cors.get('/nothing', { headers: { Origin: origin } }),
      await cors.ask('PUT', '/account/me', { headers: { Origin: origin } }),
      await cors.get('/.well-known/jwks.json', { headers: { Origin: origin } }),
    ]) {
      expect(corsOf(answer)).toEqual({
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': EXPOSED,
      });
      expect((answer.headers.get('Vary') ?? '').split(', ').filter((name) => name === 'Origin')).toHaveLength(
        1,
      );
    }
  });

  it.each([
    ['https://evil.example'],
    ['https://app.example.com.evil.example'],
    ['https://evil-app.example.com'],
    ['https://sub.app.example.com'],
    ['http://app.example.com'],
    ['https://app.example.com:8443'],
    ['https://app.example.com/'],
    ['https://APP.example.com'],
    [`${app},${dev}`],
    [`${app} ${dev}`],
    ['null'],
    ['*'],
    [''],
    ['https://app.example.com%00'],
  ])('%j gets no CORS headers', async (origin) => {
    const headers = { Origin: origin };
    const asked = await cors.get('/account/me', { token: who.access, headers });
    expect([asked.status, corsOf(asked)]).toEqual([200, {}]);
    expect(asked.headers.get('Vary')).toContain('Origin');
    const preflight = await cors.ask('OPTIONS', '/account/login', {
      headers: { ...headers, 'Access-Control-Request-Method': 'POST' },
    });
    expect([preflight.status, corsOf(preflight)]).toEqual([204, {}]);
  });

  it('without an Origin there is only Vary', async () => {
    const answer = await cors.get('/account/me', { token: who.access });
    expect([corsOf(answer), answer.headers.get('Vary')]).toEqual([{}, 'Origin']);
  });

  // All but the one that needs no settings, and so knows no origins.
  const isOutside = (path: string) => path === '/healthz' || /^\/admin(?!\/api)/.test(path);
  it.each(ROUTES.filter(([path]) => !isOutside(path)))(
    'a preflight of %s is answered: exact origin, methods of the path, headers as asked',
    async (path, methods) => {
      const answer = await cors.ask('OPTIONS', path, {
        headers: {
          Origin: app,
          'Access-Control-Request-Method': 'POST',
          'Access-Control-Request-Headers': 'authorization, baggage,sentry-trace,traceparent,x-csrftoken',
        },
      });
      expect([answer.status, answer.text]).toEqual([204, '']);
      expect(answer.headers.get('Access-Control-Allow-Methods')?.split(',').sort()).toEqual(allowOf(methods));
      expect(corsOf(answer)).toEqual({
        'access-control-allow-origin': app,
        'access-control-allow-credentials': 'true',
        'access-control-allow-methods': expect.any(String),
        'access-control-allow-headers': 'authorization,baggage,sentry-trace,traceparent,x-csrftoken',
        'access-control-expose-headers': EXPOSED,
        'access-control-max-age': '600',
      });
      expect(answer.headers.get('Vary')).toContain('Origin');
      expect(answer.headers.get('X-Content-Type-Options')).toBe('nosniff');
    },
  );

  it.each(ROUTES.filter(([path]) => isOutside(path)).map(([path]) => path))(
    '%s is outside CORS, preflights included',
    async (path) => {
      const preflight = { Origin: app, 'Access-Control-Request-Method': 'POST' };
      const answers = [
        await cors.ask('OPTIONS', path, { headers: preflight }),
        await cors.get(path, { headers: { Origin: app } }),
        await cors.ask('POST', path, { headers: { Origin: app } }),
      ];
      expect(answers.map(corsOf)).toEqual([{}, {}, {}]);
      expect(answers[0]?.status).toBe(204);
    },
  );

  it('a preflight of an unknown path succeeds, so that the 404 can be read', async () => {
    const answer = await cors.ask('OPTIONS', '/nothing', {
      headers: { Origin: app, 'Access-Control-Request-Method': 'PUT' },
    });
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(answer.headers.get('Content-Type')).toBeNull();
    expect(answer.headers.get('Access-Control-Allow-Methods')).toContain('PUT');
  });

  it.each([
    ['https://preview-7.myapp.pages.dev', true],
    ['capacitor://localhost', true],
    ['https://a.preview-7.myapp.pages.dev', false],
    ['https://myapp.pages.dev', false],
    ['ionic://localhost', false],
  ])('patterns and app schemes decide about %s: %s', async (origin, may) => {
    const patterns = world({ vars: { ALLOWED_ORIGINS: 'https://*.myapp.pages.dev, capacitor://localhost' } });
    const answer = await patterns.get('/account/me', { headers: { Origin: origin } });
    expect(answer.headers.get('Access-Control-Allow-Origin')).toBe(may ? origin : null);
  });

  it('a host’s own function replaces the setting, and allows only with true', async () => {
    const allowedOf = async (allowedOrigins: (origin: string) => boolean, origin: string) => {
      const host = world({ vars: { ALLOWED_ORIGINS: app }, parts: { allowedOrigins } });
      const answer = await host.get('/account/me', { headers: { Origin: origin } });
      return answer.headers.get('Access-Control-Allow-Origin');
    };
    const tenants = (origin: string) => origin.endsWith('.tenant.example');
    expect(await allowedOf(tenants, 'https://a.tenant.example')).toBe('https://a.tenant.example');
    expect(await allowedOf(tenants, app)).toBeNull();
    expect(await allowedOf((async () => false) as never, app)).toBeNull();
  });

  it('a plain OPTIONS of an allowed origin still returns Allow', async () => {
    const answer = await cors.ask('OPTIONS', '/account/me', { headers: { Origin: app } });
    expect([answer.status, allowed(answer)]).toEqual([204, allowOf(['GET', 'PATCH', 'DELETE'])]);
    expect(answer.headers.get('Access-Control-Allow-Origin')).toBe(app);
  });

  it('no origin is allowed by default', async () => {
    const answer = await w.get('/account/me', { token: who.access, headers: { Origin: app } });
    expect([corsOf(answer), answer.headers.get('Vary')]).toEqual([{}, 'Origin']);
  });

  it('never sends a wildcard', async () => {
    for (const [, , ask] of ANSWERS) {
      expect((await ask()).headers.get('Access-Control-Allow-Origin')).toBeNull();
    }
  });
});

describe('health', () => {
  it('/healthz calls no store, /readyz calls D1 and KV', async () => {
    expect((await w.get('/healthz')).body).toEqual({ status: 'ok' });
    expect((await w.get('/readyz')).body).toEqual({ status: 'ok', d1: 'ok', kv: 'ok' });
    const away = world({ bindings: { DB: noD1 } });
    expect((await away.get('/healthz')).status).toBe(200);
    expect(codeOf(await away.get('/readyz'))).toBe('unavailable');
  });

  it('/readyz answers from memory for five seconds, and never remembers a failure', async () => {
    const watched = watchedD1();
    const fresh = world({ bindings: { DB: watched.DB } });
    for (let n = 0; n < 50; n++) expect((await fresh.get('/readyz')).status).toBe(200);
    expect(watched.trips).toHaveLength(1);
    fresh.clock.advance(4);
    await fresh.get('/readyz');
    expect(watched.trips).toHaveLength(1);
    fresh.clock.advance(1);
    await fresh.get('/readyz');
    expect(watched.trips).toHaveLength(2);
    let away = true;
    const flaky = world({
      bindings: {
        DB: watchedD1({
          before: () => {
            if (away) throw new Error('D1_ERROR: away');
          },
        }).DB,
      },
    });
    expect((await flaky.get('/readyz')).status).toBe(503);
    away = false;
    expect((await flaky.get('/readyz')).status).toBe(200);
  });

  it('/readyz is 503 if KV is unavailable', async () => {
    const noKv = {
      get: async () => {
        throw new Error('KV GET failed: 500');
      },
    } as unknown as KVNamespace;
    const answer = await world({ bindings: { BLACKLIST: noKv } }).get('/readyz');
    expect([answer.status, codeOf(answer), answer.headers.get('Retry-After')]).toEqual([
      503,
      'unavailable',
      '1',
    ]);
  });
});
