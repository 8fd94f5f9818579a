/** REFRESH_TRANSPORT=cookie: the refresh token in a cookie that no script reads, and Origin on every unsafe method. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { accountRoutes } from '../../src/account/routes.ts';
import { createAccounts } from '../../src/app.ts';
import { capturedLog } from '../support/log.ts';
import { FORGERIES } from '../support/tokens.ts';
import { watchedD1 } from '../support/watched-d1.ts';
import {
  type Answer,
  atOnce,
  claimsOf,
  codeOf,
  person,
  RACE,
  tally,
  type Vars,
  type World,
  world,
} from '../support/world.ts';

const log = capturedLog();

const HOUR = 3_600;
const DAY = 86_400;
const OWN = 'http://localhost';
const ALLOWED = 'https://app.example.com';
const VARS: Vars = {
  REFRESH_TRANSPORT: 'cookie',
  ALLOWED_ORIGINS: `${ALLOWED},https://other.example.com:8443`,
};
const cookieWorld = (vars: Vars = {}, more: Parameters<typeof world>[0] = {}) =>
  world({ ...more, vars: { ...VARS, ...vars } });

interface Ask {
  cookie?: string | undefined;
  token?: string;
  /** Null: none is sent. */
  origin?: string | null;
  headers?: Record<string, string>;
}
function ask(w: World, method: string, path: string, body: unknown, more: Ask = {}): Promise<Answer> {
  const { cookie, token, origin = OWN, headers = {} } = more;
  return w.ask(method, path, {
    ...(body !== undefined && { body }),
    ...(token !== undefined && { token }),
    headers: {
      ...(origin !== null && { Origin: origin }),
      ...(cookie !== undefined && { Cookie: `__Secure-refresh=${cookie}` }),
      ...headers,
    },
  });
}
const post = (w: World, path: string, body?: unknown, more?: Ask) => ask(w, 'POST', path, body, more);
const refresh = (w: World, cookie?: string, more: Ask = {}) =>
  post(w, '/account/token/refresh', undefined, { cookie, ...more });
const logOut = (w: World, cookie?: string, more: Ask = {}) =>
  post(w, '/account/logout', undefined, { cookie, ...more });

/** The cookies that an answer sets, with their attributes in the order of the alphabet. */
const cookiesOf = ({ headers }: Answer) =>
  headers.getSetCookie().map((line) => {
    const [pair = '', ...attributes] = line.split('; ');
    return {
      name: pair.slice(0, pair.indexOf('=')),
      value: pair.slice(pair.indexOf('=') + 1),
      attributes: attributes.sort(),
    };
  });
const cookieOf = (answer: Answer) => cookiesOf(answer)[0]?.value ?? '';
const attributes = (maxAge: number, path = '/account') => [
  'HttpOnly',
  `Max-Age=${maxAge}`,
  `Path=${path}`,
  'SameSite=Strict',
  'Secure',
];
const CLEARED = [{ name: '__Secure-refresh', value: '', attributes: attributes(0) }];

async function signedUp(w: World) {
  const who = person();
  const answer = await post(w, '/account/sign-up', who);
  expect(answer.status).toBe(201);
  return { ...who, access: answer.body.access as string, cookie: cookieOf(answer), answer };
}

async function expectDead(w: World, { access, cookie }: { access: string; cookie: string }) {
  expect((await w.me(access)).status).toBe(401);
  expect((await refresh(w, cookie)).status).toBe(401);
}

describe('the cookie', () => {
  const doors: [string, string[], (w: World) => Promise<Answer>][] = [
    ['a sign-up', ['access', 'user'], async (w) => (await signedUp(w)).answer],
    ['a log-in', ['access'], async (w) => post(w, '/account/login', await signedUp(w))],
    ['a refresh', ['access'], async (w) => refresh(w, (await signedUp(w)).cookie)],
  ];

  it.each<[string, string]>([
    ['a refresh', '/account/token/refresh'],
    ['a log-out', '/account/logout'],
  ])('sent twice is none at %s: 401, both are cleared, and no session ends', async (_, path) => {
    const w = cookieWorld();
    const [victim, attacker] = [await signedUp(w), await signedUp(w)];
    for (const pair of [
      [victim.cookie, attacker.cookie],
      [attacker.cookie, victim.cookie],
    ]) {
      const answer = await post(w, path, undefined, {
        headers: { Cookie: pair.map((cookie) => `__Secure-refresh=${cookie}`).join('; ') },
      });
      expect([answer.status, codeOf(answer)]).toEqual([401, 'not_authenticated']);
      expect(cookiesOf(answer)).toContainEqual(CLEARED[0]);
      expect(cookiesOf(answer)).toContainEqual({ ...CLEARED[0], attributes: attributes(0, '/') });
    }
    expect((await refresh(w, victim.cookie)).status).toBe(200);
    expect((await refresh(w, attacker.cookie)).status).toBe(200);
  });

  it('planted for a parent domain is cleared there too', async () => {
    const answer = await cookieWorld().fetch(
      new Request('https://accounts.example.com/account/token/refresh', {
        method: 'POST',
        headers: { Origin: 'https://accounts.example.com', Cookie: '__Secure-refresh=a; __Secure-refresh=b' },
      }),
    );
    expect(answer.status).toBe(401);
    const domains = cookiesOf(answer).map(({ value, attributes: all }) => {
      expect(value).toBe('');
      return all.find((one) => one.startsWith('Domain='))?.slice('Domain='.length);
    });
    expect(new Set(domains)).toEqual(new Set([undefined, 'accounts.example.com', 'example.com']));
  });

  it.each(doors)('of %s has exactly these attributes, and the body holds only %j', async (_, keys, door) => {
    const answer = await door(cookieWorld());
    expect(Object.keys(answer.body).sort()).toEqual(keys);
    expect(cookiesOf(answer)).toEqual([
      { name: '__Secure-refresh', value: expect.any(String), attributes: attributes(DAY) },
    ]);
    expect(claimsOf(cookieOf(answer)).token_type).toBe('refresh');
    expect(answer.text).not.toContain(cookieOf(answer));
    expect(answer.headers.get('Cache-Control')).toBe('no-store');
  });

  it.each<[string, number]>([
    ['1h', HOUR],
    ['90s', 90],
    ['400d', 400 * DAY],
    ['500d', 400 * DAY],
  ])('with REFRESH_TOKEN_LIFETIME=%s lasts %i seconds', async (lifetime, maxAge) => {
    const { answer } = await signedUp(cookieWorld({ REFRESH_TOKEN_LIFETIME: lifetime }));
    expect(cookiesOf(answer)[0]?.attributes).toEqual(attributes(maxAge));
  });

  it.each(['/id', '/v1/account', '/'])('has the path of the mount: %s', async (mount) => {
    const host = new Hono();
    host.route(mount, createAccounts());
    const context = createExecutionContext();
    const answer = await host.fetch(
      new Request(`${OWN}${mount.replace(/\/$/, '')}/sign-up`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Origin: OWN },
        body: JSON.stringify(person()),
      }),
      { ...env, ...VARS },
      context,
    );
    await waitOnExecutionContext(context);
    expect(answer.status).toBe(201);
    expect(cookiesOf(answer as unknown as Answer)[0]?.attributes).toEqual(attributes(DAY, mount));
  });

  it('is not set by a log-in that fails, nor cleared', async () => {
    const w = cookieWorld();
    const who = await signedUp(w);
    const answer = await post(w, '/account/login', { ...who, password: 'wrong horse battery' });
    expect([answer.status, cookiesOf(answer)]).toEqual([401, []]);
  });

  it('is not set by a sign-up that waits for its mail', async () => {
    const answer = await post(cookieWorld({ SIGN_UP: 'verify' }), '/account/sign-up', person());
    expect([answer.status, answer.body, cookiesOf(answer)]).toEqual([202, { claim: expect.any(String) }, []]);
  });

  it('is not there in body mode, whatever the client sends', async () => {
    const w = world();
    const who = await w.signUp();
    const answer = await w.ask('POST', '/account/token/refresh', {
      headers: { Cookie: `__Secure-refresh=${who.refresh}` },
    });
    expect([answer.status, cookiesOf(answer), who.answer.headers.getSetCookie()]).toEqual([400, [], []]);
  });
});

describe('a refresh by cookie', () => {
  it('needs no body, and rotates the cookie', async () => {
    const w = cookieWorld();
    const who = await signedUp(w);
    const answer = await refresh(w, who.cookie);
    expect(answer.status).toBe(200);
    expect((await w.me(answer.body.access)).status).toBe(200);
    const next = cookieOf(answer);
    expect(claimsOf(next).sid).toBe(claimsOf(who.cookie).sid);
    expect(claimsOf(next).jti).not.toBe(claimsOf(who.cookie).jti);
    expect((await refresh(w, next)).status).toBe(200);
  });

  it.each<[string, unknown]>([
    ['an empty object', {}],
    ['another refresh token', 'OTHER'],
    ['what is no token', { refresh: 'x' }],
    ['null', { refresh: null }],
    ['a number', { refresh: 7 }],
  ])('ignores a body that holds %s: the cookie alone counts', async (_, body) => {
    const w = cookieWorld();
    const [who, other] = [await signedUp(w), await signedUp(w)];
    const answer = await post(
      w,
      '/account/token/refresh',
      body === 'OTHER' ? { refresh: other.cookie } : body,
      { cookie: who.cookie },
    );
    expect(answer.status).toBe(200);
    expect(claimsOf(cookieOf(answer)).sid).toBe(claimsOf(who.cookie).sid);
    expect(await w.revokedOf(other.cookie)).toEqual([]);
  });

  it('is 401 without a cookie, though the body holds a good token, which is not consumed', async () => {
    const w = cookieWorld();
    const who = await signedUp(w);
    for (const body of [undefined, {}, { refresh: who.cookie }]) {
      const answer = await post(w, '/account/token/refresh', body);
      expect([answer.status, codeOf(answer)]).toEqual([401, 'not_authenticated']);
    }
    expect(await w.revokedOf(who.cookie)).toEqual([]);
    expect((await refresh(w, who.cookie)).status).toBe(200);
  });

  it('finds its cookie among others, and takes no other name for it', async () => {
    const w = cookieWorld();
    const { cookie } = await signedUp(w);
    const withCookies = (text: string) => refresh(w, undefined, { headers: { Cookie: text } });
    expect((await withCookies(`a=b; __Secure-refresh=${cookie}; c=d`)).status).toBe(200);
    for (const name of ['refresh', '__Host-refresh', '__secure-refresh', '__Secure-refresh2']) {
      expect(codeOf(await withCookies(`${name}=${cookie}`))).toBe('not_authenticated');
    }
  });

  it('takes no refresh token from the Authorization header', async () => {
    const w = cookieWorld();
    const { cookie } = await signedUp(w);
    expect(codeOf(await refresh(w, undefined, { token: cookie }))).toBe('not_authenticated');
  });

  it.each([
    ['a form', 'application/x-www-form-urlencoded', 'refresh=x', 415],
    ['text', 'text/plain', '{}', 415],
    ['a list', 'application/json', '[]', 400],
    ['what does not parse', 'application/json', '{', 400],
  ])(
    'with a body that is %s is refused as anywhere, and the cookie is kept',
    async (_, type, body, status) => {
      const w = cookieWorld();
      const { cookie } = await signedUp(w);
      const answer = await post(w, '/account/token/refresh', body, {
        cookie,
        headers: { 'Content-Type': type },
      });
      expect([answer.status, cookiesOf(answer)]).toEqual([status, []]);
      expect((await refresh(w, cookie)).status).toBe(200);
    },
  );

  it.each<[string, (w: World, who: { access: string; cookie: string }) => string | Promise<string>]>([
    ['an access token', (_, who) => who.access],
    ['empty', () => ''],
    [
      'one that has expired',
      (w, who) => {
        w.clock.advance(DAY);
        return who.cookie;
      },
    ],
    [
      'one of a session that was logged out',
      async (w, who) => {
        await logOut(w, who.cookie);
        return who.cookie;
      },
    ],
    [
      'one of an inactive user',
      async (w, who) => {
        await w.rows('UPDATE users SET is_active = 0 WHERE id = ?', claimsOf(who.cookie).sub);
        return who.cookie;
      },
    ],
    [
      'one of a user who is gone',
      async (w, who) => {
        await w.rows('DELETE FROM users WHERE id = ?', claimsOf(who.cookie).sub);
        return who.cookie;
      },
    ],
    ...FORGERIES.filter(([name]) => !name.includes('white space')).map(
      ([name, forge]) =>
        [name, (_: World, who: { cookie: string }) => forge(who.cookie)] as [
          string,
          (w: World, who: { access: string; cookie: string }) => string | Promise<string>,
        ],
    ),
  ])('with a cookie that is %s is 401, and the answer clears it', async (_, make) => {
    const w = cookieWorld();
    const answer = await refresh(w, await make(w, await signedUp(w)));
    expect(answer.status).toBe(401);
    expect(cookiesOf(answer)).toEqual(CLEARED);
    expect(answer.headers.get('Content-Type')).toBe('application/problem+json');
  });

  it('keeps the cookie where D1 is away, and goes on once it is back', async () => {
    const who = await signedUp(cookieWorld());
    const { DB } = watchedD1({
      before: () => {
        throw new Error('D1_ERROR: away');
      },
    });
    const away = await refresh(cookieWorld({}, { bindings: { DB } }), who.cookie);
    expect([away.status, cookiesOf(away)]).toEqual([503, []]);
    expect((await refresh(cookieWorld(), who.cookie)).status).toBe(200);
  });

  it('within the grace gives the same cookie again', async () => {
    const w = cookieWorld();
    const { cookie } = await signedUp(w);
    const first = cookieOf(await refresh(w, cookie));
    w.clock.advance(60);
    const second = cookieOf(await refresh(w, cookie));
    expect(claimsOf(second)).toEqual(claimsOf(first));
  });

  it('fifty times at once gives all the same cookie', RACE, async () => {
    const w = cookieWorld();
    const { cookie } = await signedUp(w);
    const answers = await atOnce(50, () => refresh(w, cookie));
    expect(tally(answers)).toEqual({ 200: 50 });
    expect(new Set(answers.map((answer) => claimsOf(cookieOf(answer)).jti)).size).toBe(1);
  });

  it('after the grace is a replay: 401, the cookie cleared, the session dead, one event in the log', async () => {
    const w = cookieWorld();
    const who = await signedUp(w);
    const next = await refresh(w, who.cookie);
    w.clock.advance(61);
    const replay = await refresh(w, who.cookie);
    expect([replay.status, replay.body.detail]).toEqual([401, 'Token is blacklisted']);
    expect(cookiesOf(replay)).toEqual(CLEARED);
    await expectDead(w, { access: next.body.access, cookie: cookieOf(next) });
    expect(await w.sessionOf(who.cookie)).toMatchObject({ revoked_reason: 'replayed' });
    expect(log.of('refresh_token_replayed')).toHaveLength(1);
  });

  it('without rotation answers access alone, and sets no cookie', async () => {
    const w = cookieWorld({ ROTATE_REFRESH_TOKENS: 'false' });
    const answer = await refresh(w, (await signedUp(w)).cookie);
    expect([answer.status, Object.keys(answer.body), cookiesOf(answer)]).toEqual([200, ['access'], []]);
  });
});

describe('a log-out by cookie', () => {
  it('is 204 without a body, clears the cookie and ends the session', async () => {
    const w = cookieWorld();
    const who = await signedUp(w);
    const answer = await logOut(w, who.cookie);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(cookiesOf(answer)).toEqual(CLEARED);
    await expectDead(w, who);
  });

  it('without a cookie is 204: what the caller wants is so', async () => {
    const w = cookieWorld();
    const who = await signedUp(w);
    for (const body of [undefined, {}, { refresh: who.cookie }]) {
      expect((await post(w, '/account/logout', body)).status).toBe(204);
    }
    expect((await w.me(who.access)).status).toBe(200);
  });

  it('with a cookie whose session has ended, and one that has expired, is 204', async () => {
    const w = cookieWorld();
    const [one, two] = [await signedUp(w), await signedUp(w)];
    await logOut(w, one.cookie);
    expect((await logOut(w, one.cookie)).status).toBe(204);
    w.clock.advance(2 * DAY);
    expect((await logOut(w, two.cookie)).status).toBe(204);
  });

  it.each(['x', 'a.b.c'])('with a cookie that is `%s` is 401, and clears it', async (cookie) => {
    const answer = await logOut(cookieWorld(), cookie);
    expect([answer.status, codeOf(answer), cookiesOf(answer)]).toEqual([401, 'token_not_valid', CLEARED]);
  });

  it('keeps the cookie where D1 is away, so that the next try ends the session', async () => {
    const w = cookieWorld();
    const who = await signedUp(w);
    const { DB } = watchedD1({
      before: () => {
        throw new Error('D1_ERROR: away');
      },
    });
    const away = await logOut(cookieWorld({}, { bindings: { DB } }), who.cookie);
    expect([away.status, cookiesOf(away)]).toEqual([503, []]);
    expect((await logOut(w, who.cookie)).status).toBe(204);
    await expectDead(w, who);
  });
});

describe('what else ends the caller’s session clears the cookie', () => {
  it('a withdrawal, and not one that fails', async () => {
    const w = cookieWorld();
    const who = await signedUp(w);
    const failed = await ask(w, 'DELETE', '/account/me', { password: 'wrong' }, { token: who.access });
    expect([failed.status, cookiesOf(failed)]).toEqual([400, []]);
    const done = await ask(w, 'DELETE', '/account/me', { password: who.password }, { token: who.access });
    expect([done.status, cookiesOf(done)]).toEqual([204, CLEARED]);
  });

  it('a log-out everywhere', async () => {
    const w = cookieWorld();
    const who = await signedUp(w);
    const done = await ask(w, 'DELETE', '/account/sessions', undefined, { token: who.access });
    expect([done.status, cookiesOf(done)]).toEqual([204, CLEARED]);
    await expectDead(w, who);
  });

  it('but not the end of another session, nor a change of password', async () => {
    const w = cookieWorld();
    const who = await signedUp(w);
    const other = await post(w, '/account/login', who);
    const ended = await ask(w, 'DELETE', `/account/sessions/${claimsOf(cookieOf(other)).sid}`, undefined, {
      token: who.access,
    });
    const changed = await post(
      w,
      '/account/password/change',
      { current_password: who.password, new_password: 'staple of another colour' },
      { token: who.access },
    );
    expect([ended.status, changed.status]).toEqual([204, 204]);
    expect([cookiesOf(ended), cookiesOf(changed)]).toEqual([[], []]);
    expect((await refresh(w, who.cookie)).status).toBe(200);
  });
});

describe('Origin is checked on every unsafe method of every account path', () => {
  const SOME_ID = crypto.randomUUID();
  /** From the routes themselves, so that a new one is checked too. */
  const unsafe = [
    ...new Set(
      accountRoutes()
        .routes.filter(({ method }) => !['GET', 'HEAD', 'OPTIONS', 'ALL'].includes(method))
        .map(({ method, path }) => `${method} /account${path.replace(':id', SOME_ID)}`),
    ),
  ].map((route) => route.split(' ') as [string, string]);

  const REFUSED: (string | null)[] = [
    null,
    'null',
    '',
    '*',
    'https://evil.example',
    'http://localhost.evil',
    'http://localhost.evil.example',
    'http://evillocalhost',
    'http://sub.localhost',
    'http://localhost:8787',
    'http://localhost:80',
    'https://localhost',
    'http://localhost/',
    'http://localhost/account',
    'HTTP://LOCALHOST',
    'localhost',
    '//localhost',
    'http://user@localhost',
    'http://localhost@evil.example',
    'http://localhost#evil.example',
    'http://localhost http://localhost',
    'http://localhost, https://evil.example',
    'http://app.example.com',
    'https://app.example.com:443',
    'https://app.example.com:8443',
    'https://app.example.com/',
    'https://APP.example.com',
    'https://app.example.com.',
    'https://app.example.com.evil.example',
    'https://evilapp.example.com',
    'https://example.com',
    'https://sub.app.example.com',
    'https://other.example.com',
    'https://app.example.com,https://other.example.com:8443',
    'file://',
    'chrome-extension://abcdefgh',
  ];
  const w = cookieWorld();

  it('of which there are these', () => {
    expect(unsafe.map(([method, path]) => `${method} ${path.replace(SOME_ID, ':id')}`).sort()).toEqual([
      'DELETE /account/me',
      'DELETE /account/sessions',
      'DELETE /account/sessions/:id',
      'PATCH /account/me',
      'POST /account/email/change',
      'POST /account/email/disown',
      'POST /account/email/take-back',
      'POST /account/email/verify',
      'POST /account/email/verify/resend',
      'POST /account/login',
      'POST /account/logout',
      'POST /account/password/change',
      'POST /account/password/reset',
      'POST /account/password/reset/confirm',
      'POST /account/reauthenticate',
      'POST /account/sign-up',
      'POST /account/token/refresh',
      'POST /account/token/verify',
    ]);
  });

  it.each(unsafe)('%s %s is 403 from any other origin, and from none', async (method, path) => {
    const answers = await Promise.all(
      REFUSED.flatMap((origin) =>
        [path, `${path}/`].map(async (spelled) => {
          const answer = await ask(w, method, spelled, undefined, { origin });
          return [origin, answer.status, codeOf(answer), cookiesOf(answer)];
        }),
      ),
    );
    expect(answers.filter(([, status, code]) => status !== 403 || code !== 'origin_not_allowed')).toEqual([]);
    expect(answers.flatMap(([, , , cookies]) => cookies)).toEqual([]);
  });

  it.each(unsafe)(
    '%s %s is not refused for its origin from our own and the allowed ones',
    async (...route) => {
      const [method, path] = route;
      for (const origin of [OWN, ALLOWED, 'https://other.example.com:8443']) {
        const answer = await ask(w, method, path, undefined, { origin });
        expect(answer.status).not.toBe(403);
      }
    },
  );

  it('before anything is done: no session is opened, ended or refreshed', async () => {
    const who = await signedUp(w);
    const watched = watchedD1();
    const guarded = cookieWorld({}, { bindings: { DB: watched.DB } });
    const more: Ask = { cookie: who.cookie, token: who.access, origin: 'https://evil.example' };
    await post(guarded, '/account/login', who, more);
    await post(guarded, '/account/logout', undefined, more);
    await post(guarded, '/account/token/refresh', undefined, more);
    await ask(guarded, 'DELETE', '/account/me', { password: who.password }, more);
    expect(watched.trips).toEqual([]);
    expect((await refresh(w, who.cookie)).status).toBe(200);
  });

  it('and nothing else stands in for it', async () => {
    const who = await signedUp(w);
    const answer = await refresh(w, who.cookie, {
      origin: null,
      headers: { Referer: `${OWN}/`, 'Sec-Fetch-Site': 'same-origin', 'X-Requested-With': 'XMLHttpRequest' },
    });
    expect(codeOf(answer)).toBe('origin_not_allowed');
  });

  it('our own is that of the request’s address, scheme and port included', async () => {
    const at = async (url: string, origin: string) =>
      (await w.fetch(new Request(`${url}/account/logout`, { method: 'POST', headers: { Origin: origin } })))
        .status;
    expect(await at('https://accounts.example.org', 'https://accounts.example.org')).toBe(204);
    expect(await at('https://accounts.example.org', 'http://accounts.example.org')).toBe(403);
    expect(await at('https://accounts.example.org', OWN)).toBe(403);
    expect(await at('http://localhost:8787', 'http://localhost:8787')).toBe(204);
    expect(await at('http://localhost:8787', OWN)).toBe(403);
  });

  it('127.0.0.1 is our own beside localhost on the same port, in development', async () => {
    const from = async (vars: Vars, url: string, origin: string) =>
      (
        await cookieWorld(vars).fetch(
          new Request(`${url}/account/logout`, { method: 'POST', headers: { Origin: origin } }),
        )
      ).status;
    const asIfStarted: Vars = { PUBLIC_URL: 'http://localhost:8787' };
    const PRODUCTION: Vars = { ENVIRONMENT: 'production', PASSWORD_ITERATIONS_UNSAFE: 'on', MAIL: 'off' };
    expect(await from(asIfStarted, 'http://127.0.0.1:8787', 'http://127.0.0.1:8787')).toBe(204);
    expect(await from(asIfStarted, 'http://127.0.0.1:8787', 'http://localhost:8787')).toBe(204);
    expect(await from({}, 'http://127.0.0.1:8787', 'http://localhost:8787')).toBe(204);
    expect(await from(asIfStarted, 'http://127.0.0.1:8787', 'http://127.0.0.1:8788')).toBe(403);
    expect(await from(asIfStarted, 'http://127.0.0.1:8787', 'https://127.0.0.1:8787')).toBe(403);
    expect(await from(PRODUCTION, 'http://127.0.0.1:8787', 'http://localhost:8787')).toBe(403);
  });

  it.each<[string, string, Record<string, string>, number]>([
    ['another site', 'https://app.other.example', {}, 1],
    ['an app', 'capacitor://localhost', {}, 1],
    ['what the browser calls another site', 'https://app.example.com', { 'Sec-Fetch-Site': 'cross-site' }, 1],
    ['this site', 'https://app.example.com', {}, 0],
    ['what the browser calls this site', 'https://app.other.example', { 'Sec-Fetch-Site': 'same-site' }, 0],
    ['our own pages', 'https://accounts.example.com', {}, 0],
  ])('of %s is warned of in the log, once', async (_, origin, headers, lines) => {
    const here = cookieWorld({
      PUBLIC_URL: 'https://accounts.example.com',
      ALLOWED_ORIGINS: 'https://app.other.example,capacitor://localhost,https://app.example.com',
    });
    for (const path of ['/account/login', '/account/login', '/account/logout']) {
      await post(here, path, {}, { origin, headers });
    }
    expect(log.of('cookie_of_another_site').map((line) => [line.level, line.origin])).toEqual(
      Array.from({ length: lines }, () => ['warn', origin]),
    );
  });

  it.each(['GET', 'HEAD'])('%s asks for none', async (method) => {
    const who = await signedUp(w);
    for (const origin of [null, 'https://evil.example']) {
      expect((await ask(w, method, '/account/me', undefined, { token: who.access, origin })).status).toBe(
        200,
      );
      expect(
        (await ask(w, method, '/account/sessions', undefined, { token: who.access, origin })).status,
      ).toBe(200);
      expect((await ask(w, method, '/account/email/verify', undefined, { origin })).status).toBe(200);
    }
  });

  it('in body mode nobody asks for one: no cookie is sent that another site could use', async () => {
    const plain = world();
    const who = await plain.signUp();
    for (const origin of [null, 'null', 'https://evil.example']) {
      const answer = await ask(plain, 'POST', '/account/login', who, { origin });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('Access-Control-Allow-Origin')).toBeNull();
    }
  });
});

describe('CORS in cookie mode', () => {
  const corsOf = ({ headers }: Answer) =>
    Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')));

  it.each<[string, (w: World, more: Ask) => Promise<Answer>, number]>([
    ['a 400', (w, more) => post(w, '/account/login', { email: 'x' }, more), 400],
    ['a 401', (w, more) => refresh(w, 'x', more), 401],
    ['a 404', (w, more) => ask(w, 'GET', '/account/nowhere', undefined, more), 404],
    ['a 405', (w, more) => ask(w, 'GET', '/account/login', undefined, more), 405],
    ['a 204', (w, more) => logOut(w, undefined, more), 204],
  ])('lets an allowed origin read %s, with credentials', async (_, call, status) => {
    const answer = await call(cookieWorld(), { origin: ALLOWED });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('Access-Control-Allow-Origin')).toBe(ALLOWED);
    expect(answer.headers.get('Access-Control-Allow-Credentials')).toBe('true');
    expect(answer.headers.get('Vary')).toContain('Origin');
  });

  it('sets its cookie for an allowed origin too', async () => {
    const w = cookieWorld();
    const who = await signedUp(w);
    const answer = await post(w, '/account/login', who, { origin: ALLOWED });
    expect(cookiesOf(answer)[0]?.attributes).toEqual(attributes(DAY));
    expect(answer.headers.get('Access-Control-Allow-Origin')).toBe(ALLOWED);
  });

  it.each([
    'https://evil.example',
    'null',
    'https://app.example.com.evil.example',
    'http://app.example.com',
    OWN,
  ])('says nothing to %s, and varies all the same', async (origin) => {
    const w = cookieWorld();
    for (const answer of [
      await refresh(w, undefined, { origin }),
      await ask(w, 'GET', '/account/me', undefined, { origin }),
      await ask(w, 'OPTIONS', '/account/login', undefined, {
        origin,
        headers: { 'Access-Control-Request-Method': 'POST' },
      }),
    ]) {
      expect(corsOf(answer)).toEqual({});
      expect(answer.headers.get('Vary')).toContain('Origin');
    }
  });

  it('answers a preflight of an allowed origin: methods, headers, credentials', async () => {
    const answer = await ask(cookieWorld(), 'OPTIONS', '/account/token/refresh', undefined, {
      origin: ALLOWED,
      headers: {
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'content-type,authorization',
      },
    });
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(corsOf(answer)).toMatchObject({
      'access-control-allow-origin': ALLOWED,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'POST,OPTIONS',
      'access-control-allow-headers': 'content-type,authorization',
      'access-control-max-age': '600',
    });
  });

  it('in body mode allows credentials too: some clients always send them', async () => {
    const w = world({ vars: { ALLOWED_ORIGINS: ALLOWED } });
    for (const answer of [
      await post(w, '/account/login', {}, { origin: ALLOWED }),
      await ask(w, 'OPTIONS', '/account/login', undefined, {
        origin: ALLOWED,
        headers: { 'Access-Control-Request-Method': 'POST' },
      }),
    ]) {
      expect(answer.headers.get('Access-Control-Allow-Origin')).toBe(ALLOWED);
      expect(answer.headers.get('Access-Control-Allow-Credentials')).toBe('true');
    }
  });
});

describe('simplejwt’s paths are not there in cookie mode', () => {
  it.each(
    ['', '/refresh', '/verify', '/blacklist'].flatMap((path) =>
      ['POST', 'GET', 'PUT', 'OPTIONS'].map((method) => [method, `/api/token${path}`] as const),
    ),
  )('%s %s is 404, with and without a slash', async (method, path) => {
    const w = cookieWorld();
    const who = await signedUp(w);
    for (const spelled of [path, `${path}/`]) {
      const answer = await ask(
        w,
        method,
        spelled,
        method === 'POST'
          ? { username: who.email, password: who.password, refresh: who.cookie, token: who.access }
          : undefined,
        { cookie: who.cookie },
      );
      expect([answer.status, codeOf(answer)]).toEqual([404, 'not_found']);
      expect(answer.headers.get('Allow')).toBeNull();
    }
  });
});

describe('the paths that take a token in the body', () => {
  it('verify takes it there as ever', async () => {
    const w = cookieWorld();
    const who = await signedUp(w);
    for (const token of [who.access, who.cookie]) {
      expect((await post(w, '/account/token/verify', { token })).status).toBe(200);
    }
    expect((await post(w, '/account/token/verify', {}, { cookie: who.cookie })).status).toBe(400);
  });
});
