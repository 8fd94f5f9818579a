/** The refresh token in a cookie. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { createAccounts } from '../../src/app.ts';
import {
  ask,
  attributes,
  cookieOf,
  cookiesOf,
  cookieWorld,
  logOut,
  post,
  refresh,
  signedUp,
  VARS,
} from '../support/cookies.ts';
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
  type World,
  world,
} from '../support/world.ts';

const log = capturedLog();

const HOUR = 3_600;
const DAY = 86_400;
const OWN = 'http://localhost';
const CLEARED = [{ name: '__Secure-refresh', value: '', attributes: attributes(0) }];

async function expectDead(w: World, { access, cookie }: { access: string; cookie: string }) {
  expect((await w.me(access)).status).toBe(401);
  expect((await refresh(w, cookie)).status).toBe(401);
}

describe('the cookie', () => {
  const endpoints: [string, string[], (w: World) => Promise<Answer>][] = [
    ['a sign-up', ['access', 'user'], async (w) => (await signedUp(w)).answer],
    ['a log-in', ['access'], async (w) => post(w, '/account/login', await signedUp(w))],
    ['a refresh', ['access'], async (w) => refresh(w, (await signedUp(w)).cookie)],
  ];

  it.each<[string, string]>([
    ['a refresh', '/account/token/refresh'],
    ['a log-out', '/account/logout'],
  ])('sent twice is 401 at %s: both are cleared, and no session ends', async (_, path) => {
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

  it('set for a parent domain by somebody else is cleared there too', async () => {
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

  it.each(endpoints)(
    'of %s has exactly these attributes, and the body has only %j',
    async (_, keys, endpoint) => {
      const answer = await endpoint(cookieWorld());
      expect(Object.keys(answer.body).sort()).toEqual(keys);
      expect(cookiesOf(answer)).toEqual([
        { name: '__Secure-refresh', value: expect.any(String), attributes: attributes(DAY) },
      ]);
      expect(claimsOf(cookieOf(answer)).token_type).toBe('refresh');
      expect(answer.text).not.toContain(cookieOf(answer));
      expect(answer.headers.get('Cache-Control')).toBe('no-store');
    },
  );

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

  it('is not set in body mode, whatever the client sends', async () => {
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
  ])('ignores a body with %s: only the cookie counts', async (_, body) => {
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

  it('is 401 without a cookie, although the body has a valid token, which is not consumed', async () => {
    const w = cookieWorld();
    const who = await signedUp(w);
    for (const body of [undefined, {}, { refresh: who.cookie }]) {
      const answer = await post(w, '/account/token/refresh', body);
      expect([answer.status, codeOf(answer)]).toEqual([401, 'not_authenticated']);
    }
    expect(await w.revokedOf(who.cookie)).toEqual([]);
    expect((await refresh(w, who.cookie)).status).toBe(200);
  });

  it('finds its cookie among others, and accepts no other name', async () => {
    const w = cookieWorld();
    const { cookie } = await signedUp(w);
    const withCookies = (text: string) => refresh(w, undefined, { headers: { Cookie: text } });
    expect((await withCookies(`a=b; __Secure-refresh=${cookie}; c=d`)).status).toBe(200);
    for (const name of ['refresh', '__Host-refresh', '__secure-refresh', '__Secure-refresh2']) {
      expect(codeOf(await withCookies(`${name}=${cookie}`))).toBe('not_authenticated');
    }
  });

  it('accepts no refresh token from the Authorization header', async () => {
    const w = cookieWorld();
    const { cookie } = await signedUp(w);
    expect(codeOf(await refresh(w, undefined, { token: cookie }))).toBe('not_authenticated');
  });

  it.each([
    ['a form', 'application/x-www-form-urlencoded', 'refresh=x', 415],
    ['text', 'text/plain', '{}', 415],
    ['a list', 'application/json', '[]', 400],
    ['what does not parse', 'application/json', '{', 400],
  ])('with a body that is %s is refused as usual, and the cookie is kept', async (_, type, body, status) => {
    const w = cookieWorld();
    const { cookie } = await signedUp(w);
    const answer = await post(w, '/account/token/refresh', body, {
      cookie,
      headers: { 'Content-Type': type },
    });
    expect([answer.status, cookiesOf(answer)]).toEqual([status, []]);
    expect((await refresh(w, cookie)).status).toBe(200);
  });

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

  it('keeps the cookie while D1 is unavailable, and works afterwards', async () => {
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

  it('within the grace period sets the same cookie again', async () => {
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

  it('after the grace period is a replay: 401, the cookie cleared, the session ended, one event in the log', async () => {
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

  it('without rotation returns only an access token, and sets no cookie', async () => {
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

  it('without a cookie is 204', async () => {
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

  it('keeps the cookie while D1 is unavailable, so that the next try ends the session', async () => {
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

describe('any other end of the caller’s session clears the cookie', () => {
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

describe('simplejwt’s paths do not exist in cookie mode', () => {
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
  it('verify accepts it there as always', async () => {
    const w = cookieWorld();
    const who = await signedUp(w);
    for (const token of [who.access, who.cookie]) {
      expect((await post(w, '/account/token/verify', { token })).status).toBe(200);
    }
    expect((await post(w, '/account/token/verify', {}, { cookie: who.cookie })).status).toBe(400);
  });
});
