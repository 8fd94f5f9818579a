/** The Origin of requests that carry the cookie, and CORS. */
import { describe, expect, it } from 'vitest';
import { accountRoutes } from '../../src/account/routes.ts';
import { roomRoutes } from '../../src/room-routes.ts';
import {
  type Ask,
  ask,
  attributes,
  cookiesOf,
  cookieWorld,
  logOut,
  post,
  refresh,
  signedUp,
} from '../support/cookies.ts';
import { capturedLog } from '../support/log.ts';
import { watchedD1 } from '../support/watched-d1.ts';
import { type Answer, codeOf, type Vars, type World, world } from '../support/world.ts';

const log = capturedLog();
const DAY = 86_400;
const OWN = 'http://localhost';
const ALLOWED = 'https://app.example.com';

describe('Origin is checked on every unsafe method of every account path, those of rooms included', () => {
  const SOME_ID = crypto.randomUUID();
  /** A form that a provider's page sends. It is bound to the browser by a cookie of its own. */
  const FROM_A_PROVIDER = 'POST /account/login/with/acme/callback';
  /** From the routes themselves, so that a new one is checked too. */
  const unsafe = [
    ...new Set(
      [accountRoutes(), ...roomRoutes()]
        .flatMap(({ routes }) => routes.map(({ method, path }) => ({ method, path })))
        .filter(({ method }) => !['GET', 'HEAD', 'OPTIONS', 'ALL'].includes(method))
        .map(
          ({ method, path }) =>
            `${method} /account${path.replace(':id', SOME_ID).replace(':provider', 'acme')}`,
        )
        .filter((route) => route !== FROM_A_PROVIDER),
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
  const w = cookieWorld({
    ENCRYPTION_KEY: 'A'.repeat(43),
    SIGN_IN_BY_EMAIL: 'on',
    PROVIDERS: '[{"id": "acme", "issuer": "https://id.example", "client_id": "x", "client_secret": "y"}]',
  });

  it('which are these', () => {
    expect(unsafe.map(([method, path]) => `${method} ${path.replace(SOME_ID, ':id')}`).sort()).toEqual([
      'DELETE /account/connections/:id',
      'DELETE /account/factors/totp',
      'DELETE /account/me',
      'DELETE /account/passkeys/:id',
      'DELETE /account/password',
      'DELETE /account/sessions',
      'DELETE /account/sessions/:id',
      'PATCH /account/me',
      'PATCH /account/passkeys/:id',
      'POST /account/connections/:id',
      'POST /account/email/change',
      'POST /account/email/disown',
      'POST /account/email/take-back',
      'POST /account/email/verify',
      'POST /account/email/verify/resend',
      'POST /account/factors/recovery-codes',
      'POST /account/factors/totp',
      'POST /account/factors/totp/confirm',
      'POST /account/login',
      'POST /account/login/email',
      'POST /account/login/email/confirm',
      'POST /account/login/exchange',
      'POST /account/login/passkey',
      'POST /account/login/passkey/options',
      'POST /account/login/return',
      'POST /account/login/second-factor',
      'POST /account/logout',
      'POST /account/passkeys',
      'POST /account/passkeys/options',
      'POST /account/password/change',
      'POST /account/password/reset',
      'POST /account/password/reset/check',
      'POST /account/password/reset/confirm',
      'POST /account/reauthenticate',
      'POST /account/reauthenticate/options',
      'POST /account/sign-up',
      'POST /account/token/refresh',
      'POST /account/token/verify',
    ]);
  });

  it.each(unsafe)('%s %s is 403 from any other origin, and without one', async (method, path) => {
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

  it('no other header replaces it', async () => {
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

  it('127.0.0.1 is our own like localhost on the same port, in development', async () => {
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
  ])('of %s is a warning in the log, once', async (_, origin, headers, lines) => {
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

  it.each(['GET', 'HEAD'])('%s needs none', async (method) => {
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

  it('in body mode none is needed: there is no cookie that another site could use', async () => {
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
  ])('allows nothing for %s, and has Vary all the same', async (origin) => {
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
