/** Settings and keys as a client and an operator meet them: refusals, what each one changes, key rotation. */
import { describe, expect, it, vi } from 'vitest';
import { capturedLog } from '../support/log.ts';
import { expectGood, expectMisconfigured, expectRefused } from '../support/settings.ts';
import { resigned } from '../support/tokens.ts';
import { claimsOf, codeOf, person, type Vars, world } from '../support/world.ts';

const log = capturedLog();

const HOUR = 3_600;

const PEM =
  '-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\n-----END PRIVATE KEY-----';

describe('a platform that refuses what hashing needs', () => {
  it('stops the Worker at its first request, and not at a log-in', async () => {
    const refuse = vi.spyOn(crypto.subtle, 'deriveBits').mockRejectedValue(new Error('NotSupportedError'));
    const w = world();
    expectMisconfigured(await w.get('/readyz'));
    refuse.mockRestore();
    expect(log.of('misconfigured')).toMatchObject([
      {
        settings: ['PASSWORD_HASHER'],
        problems: ['PASSWORD_HASHER the platform refuses PBKDF2 calls of 1000 iterations'],
      },
    ]);
    expectMisconfigured(await w.logIn(person()));
    expect((await w.get('/healthz')).status).toBe(200);
  });
});

describe('a bad value stops the Worker', () => {
  it.each<[string, unknown]>([
    ['SIGNING_KEY', undefined],
    ['SIGNING_KEY', ''],
    ['SIGNING_KEY', '   '],
    ['SIGNING_KEY', 'k7Qz2w9XbV4m'],
    ['SIGNING_KEY', 'change-me-change-me-change-me-change-me'],
    ['SIGNING_KEY', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'],
    ['SIGNING_KEY', PEM],
    ['SIGNING_KEY', '{"kty":"EC"'],
    ['SIGNING_KEY', '{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}'],
    ['SIGNING_KEY', '{"kty":"oct","alg":"none","k":"a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2"}'],
    ['SIGNING_KEY', '{"kty":"oct","alg":"HS256","k":"c2hvcnQ"}'],
    ['VERIFYING_KEYS', 'not json'],
    ['VERIFYING_KEYS', '{"kty":"oct"}'],
    ['VERIFYING_KEYS', '[{"kty":"oct","alg":"HS256","k":"c2hvcnQ"}]'],
    ['VERIFYING_KEYS', '["a"]'],
    ['ENVIRONMENT', 'staging'],
    ['ACCESS_TOKEN_LIFETIME', '0s'],
    ['ACCESS_TOKEN_LIFETIME', '60'],
    ['REFRESH_TOKEN_LIFETIME', '1w'],
    ['ROTATE_REFRESH_TOKENS', 'yes'],
    ['BLACKLIST_AFTER_ROTATION', '1'],
    ['REFRESH_REUSE_GRACE', '10'],
    ['SESSION_MAX_LIFETIME', '0d'],
    ['MAX_SESSIONS_PER_USER', '0'],
    ['MAX_SESSIONS_PER_USER', '101'],
    ['UPDATE_LAST_LOGIN', 'no'],
    ['LEEWAY', '6m'],
    ['USER_ID_CLAIM', 'jti'],
    ['AUTH_HEADER_TYPES', 'Bearer JWT'],
    ['AUTH_TOKEN_CLASSES', 'refresh'],
    ['DEFAULT_PERMISSION_CLASSES', 'Everybody'],
    ['REFRESH_TRANSPORT', 'header'],
    ['SIGN_UP', 'invite'],
    ['PASSWORD_ITERATIONS', '999'],
    ['PASSWORD_ITERATIONS_UNSAFE', 'yes'],
    ['PASSWORD_MIN_LENGTH', '7'],
    ['PASSWORD_BREACH_CHECK', 'yes'],
    ['RATE_LIMITS', 'false'],
    ['ALLOWED_ORIGINS', '*'],
    ['ALLOWED_ORIGINS', 'https://app.example.com/'],
    ['MAIL', 'smtp'],
    ['MAIL_FROM', 'nobody'],
    ['PUBLIC_URL', 'accounts.example.com'],
    ['DOCS', 'yes'],
    ['DB', undefined],
    ['BLACKLIST', undefined],
    ['BLACKLIST', 'a string'],
  ])('%s=%j', async (setting, value) => {
    // With production's own number, which an unknown environment is held to.
    const w = world({ vars: { PASSWORD_ITERATIONS: undefined, [setting]: value } as Vars });
    expectMisconfigured(await w.post('/account/login', person()));
    const lines = log.of('misconfigured');
    expect(lines).toMatchObject([{ level: 'error' }]);
    expect(new Set(lines[0]?.settings as string[])).toEqual(new Set([setting]));
    expect(log.lines).toHaveLength(1);
  });

  const all = {
    SIGNING_KEY: 'zq7secret',
    VERIFYING_KEYS: 'zq7secret',
    ENVIRONMENT: 'zq7secret',
    ACCESS_TOKEN_LIFETIME: 'zq7secret',
    MAX_SESSIONS_PER_USER: 'zq7secret',
    LEEWAY: 'zq7secret',
    USER_ID_CLAIM: 'zq7 secret',
    ALLOWED_ORIGINS: 'zq7secret',
    PUBLIC_URL: 'zq7secret',
    PROVIDERS: '[{"id":"google","client_id":"zq7secret"}]',
    MAIL: 'zq7secret',
    DB: undefined,
  };

  it('and one line names all of them, and no value', async () => {
    const w = world({ vars: all });
    expectMisconfigured(await w.get('/account/me'));
    const [line] = log.of('misconfigured');
    for (const setting of Object.keys(all)) expect(line?.settings).toContain(setting);
    expect(JSON.stringify(log.lines)).not.toMatch(/zq7/);
  });

  it('and the answer names them too, in development only', async () => {
    const settings = ['LEEWAY', 'SIGN_UP'];
    const vars = { LEEWAY: 'zq7secret', SIGN_UP: 'zq7secret' };
    const { problems } = (await world({ vars }).get('/account/me')).body;
    expect(problems.map((problem: string) => problem.split(' ', 1)[0])).toEqual(settings);
    expect(JSON.stringify(problems)).not.toMatch(/zq7/);
    for (const ENVIRONMENT of ['production', 'staging', undefined]) {
      const answer = await world({ vars: { ...vars, ENVIRONMENT } as Vars }).get('/account/me');
      expect(answer.status).toBe(503);
      expect(answer.body).not.toHaveProperty('problems');
    }
  });

  it.each([
    ['GET', '/account/me'],
    ['POST', '/account/sign-up'],
    ['POST', '/account/token/refresh'],
    ['GET', '/readyz'],
    ['GET', '/.well-known/jwks.json'],
    ['GET', '/'],
    ['GET', '/no/such/path'],
    ['OPTIONS', '/account/login'],
    ['PUT', '/account/me'],
  ])('%s %s is 503 too', async (method, path) => {
    expectMisconfigured(await world({ vars: all }).ask(method, path));
  });

  it.each(['/healthz', '/healthz/'])('%s answers all the same', async (path) => {
    const answer = await world({ vars: all }).get(path);
    expect([answer.status, answer.body]).toEqual([200, { status: 'ok' }]);
    expect(log.lines).toEqual([]);
  });

  it('says it in Korean where the request asks for Korean', async () => {
    const answer = await world({ vars: all }).get('/account/me', { headers: { 'Accept-Language': 'ko' } });
    expect(answer.body.detail).toBe('서비스 설정이 잘못되었습니다.');
  });

  it('has no body on HEAD, and says when to try again', async () => {
    const answer = await world({ vars: all }).ask('HEAD', '/account/me');
    expect([answer.status, answer.text, answer.headers.get('Retry-After')]).toEqual([503, '', '60']);
  });
});

describe('production', () => {
  const vars: Vars = { ENVIRONMENT: 'production' };

  it('refuses to hash with fewer iterations than OWASP says', async () => {
    expectMisconfigured(await world({ vars }).get('/account/me'));
    expect(log.of('misconfigured')).toMatchObject([{ settings: ['PASSWORD_ITERATIONS'] }]);
  });

  it('does so with the switch that looks dangerous', async () => {
    const w = world({ vars: { ...vars, PASSWORD_ITERATIONS_UNSAFE: 'on' } });
    await expectGood(w, await w.signUp());
  });

  it('is the default, whatever a request claims', async () => {
    const w = world({ vars: { ENVIRONMENT: undefined } });
    const headers = { Host: 'localhost', 'X-Environment': 'development', 'X-Forwarded-Host': 'localhost' };
    expectMisconfigured(await w.get('/account/me', { headers }));
  });

  it('works by its defaults', async () => {
    const w = world({ vars: { ENVIRONMENT: undefined, PASSWORD_ITERATIONS: undefined } });
    await expectGood(w, await w.signUp());
  });
});

describe('values of wrangler.toml that are no text', () => {
  it('are read as what they are', async () => {
    const vars = { MAX_SESSIONS_PER_USER: 1, ROTATE_REFRESH_TOKENS: false, AUTH_HEADER_TYPES: ['JWT'] };
    const w = world({ vars: vars as unknown as Vars });
    const who = await w.signUp();
    const { body } = await w.logIn(who);
    expect(Object.keys((await w.refresh(body.refresh)).body)).toEqual(['access']);
    expect((await w.get('/account/me', { headers: { Authorization: `JWT ${body.access}` } })).status).toBe(
      200,
    );
    expect(codeOf(await w.refresh(who.refresh))).toBe('token_not_valid');
  });
});

describe.each<[string, string, unknown[]]>([
  [
    'ISSUER',
    'iss',
    [undefined, 'https://evil.example', 'https://a.example/', '', null, ['https://a.example'], 7],
  ],
  [
    'AUDIENCE',
    'aud',
    [undefined, 'https://evil.example', '', null, [], ['https://b.example'], ['https://a.example', 7], {}],
  ],
])('%s', (setting, claim, bad) => {
  const vars: Vars = { [setting]: 'https://a.example' };

  const ofRefresh = claim === 'aud' ? 'refresh' : 'https://a.example';

  it('is set in every token and required in every token', async () => {
    const w = world({ vars });
    const who = await w.signUp();
    expect(claimsOf(who.access)[claim]).toBe('https://a.example');
    expect(claimsOf(who.refresh)[claim]).toBe(ofRefresh);
    const next = await expectGood(w, who);
    expect(claimsOf(next.refresh)[claim]).toBe(ofRefresh);
  });

  it.each(bad.map((value) => [value]))('%j instead is refused', async (value) => {
    const w = world({ vars });
    const who = await w.signUp();
    await expectRefused(w, {
      access: await resigned(who.access, { [claim]: value }),
      refresh: await resigned(who.refresh, { [claim]: value }),
    });
    await expectGood(w, who);
  });

  it('unset, no token has it, and one that brings it is good', async () => {
    const w = world();
    const who = await w.signUp();
    expect(claimsOf(who.access)).not.toHaveProperty(claim);
    const access = await resigned(who.access, { [claim]: 'x' });
    const refresh = claim === 'aud' ? who.refresh : await resigned(who.refresh, { [claim]: 'x' });
    await expectGood(w, { access, refresh });
  });
});

describe.each(['openid-configuration', 'oauth-authorization-server'])('/.well-known/%s', (name) => {
  const get = (vars: Vars) => world({ vars }).get(`/.well-known/${name}`);
  const production = { ENVIRONMENT: 'production', PASSWORD_ITERATIONS: '600000', MAIL: 'off' };

  it.each<[string, Vars, string, string]>([
    [
      'PUBLIC_URL',
      { ISSUER: 'https://issuer.example', PUBLIC_URL: 'https://a.example/id' },
      'https://issuer.example',
      'https://a.example/id/.well-known/jwks.json',
    ],
    [
      'the origin of the request, in development',
      { ISSUER: 'my accounts' },
      'my accounts',
      'http://localhost/.well-known/jwks.json',
    ],
    [
      'the issuer, in production',
      { ...production, ISSUER: 'https://issuer.example/' },
      'https://issuer.example/',
      'https://issuer.example/.well-known/jwks.json',
    ],
  ])('names the keys under %s', async (_, vars, issuer, jwks_uri) => {
    const answer = await get(vars);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      issuer,
      jwks_uri,
      response_types_supported: [],
      grant_types_supported: [],
      subject_types_supported: ['public'],
    });
  });

  it.each<[string, Vars]>([
    ['without ISSUER', {}],
    ['where nothing says the address', { ...production, ISSUER: 'my accounts' }],
  ])('is not there %s', async (_, vars) => expect((await get(vars)).status).toBe(404));
});

describe('AUDIENCE', () => {
  it('may be one of several in a token', async () => {
    const w = world({ vars: { AUDIENCE: 'https://a.example' } });
    const who = await w.signUp();
    const aud = ['https://b.example', 'https://a.example'];
    await expectGood(w, { access: await resigned(who.access, { aud }), refresh: who.refresh });
  });

  it.each([[{}], [{ AUDIENCE: 'https://a.example' }]])(
    'with %j: a refresh token is for refresh alone, and nobody takes one without that audience',
    async (vars) => {
      const w = world({ vars });
      const who = await w.signUp();
      expect(claimsOf(who.refresh).aud).toBe('refresh');
      for (const aud of [undefined, 'https://a.example', ['https://a.example']]) {
        const odd = await resigned(who.refresh, { aud });
        expect((await w.refresh(odd)).body.detail).toBe('Token is invalid');
        expect((await w.verify(odd)).status).toBe(401);
        expect((await w.logOut(odd)).status).toBe(401);
      }
      await expectGood(w, who);
    },
  );
});

describe('LEEWAY', () => {
  it.each<[string, number, 200 | 401]>([
    ['0s', HOUR - 1, 200],
    ['0s', HOUR, 401],
    ['30s', HOUR + 29, 200],
    ['30s', HOUR + 30, 401],
    ['5m', HOUR + 299, 200],
    ['5m', HOUR + 300, 401],
  ])('of %s, %i s after it was made, an access token of an hour is %i', async (leeway, later, status) => {
    const w = world({ vars: { LEEWAY: leeway } });
    const who = await w.signUp();
    w.clock.advance(later);
    expect((await w.me(who.access)).status).toBe(status);
    expect((await w.verify(who.access)).status).toBe(status);
  });

  it.each<[string, string, number, 200 | 401]>([
    ['0s', 'iat', 5, 200],
    ['0s', 'iat', 6, 401],
    ['0s', 'nbf', 5, 200],
    ['0s', 'nbf', 6, 401],
    ['30s', 'iat', 30, 200],
    ['30s', 'iat', 31, 401],
    ['30s', 'nbf', 30, 200],
    ['30s', 'nbf', 31, 401],
    ['2s', 'iat', 5, 200],
    ['2s', 'iat', 6, 401],
  ])('of %s, a token whose %s is %i s ahead is %i', async (leeway, claim, ahead, status) => {
    const w = world({ vars: { LEEWAY: leeway } });
    const who = await w.signUp();
    const change = { [claim]: w.clock.now + ahead };
    expect((await w.me(await resigned(who.access, change))).status).toBe(status);
    expect((await w.refresh(await resigned(who.refresh, change))).status).toBe(status);
  });

  it('holds for a refresh token too, which then gets a successor of its own lifetime', async () => {
    const w = world({ vars: { LEEWAY: '1m' } });
    const who = await w.signUp();
    w.clock.advance(86_400 + 59);
    const { refresh } = (await w.refresh(who.refresh)).body;
    expect(claimsOf(refresh).exp).toBe(w.clock.now + 86_400);
  });
});

describe('USER_ID_CLAIM=user_id', () => {
  const vars: Vars = { USER_ID_CLAIM: 'user_id' };

  it('names the user in every token, and there is no sub', async () => {
    const w = world({ vars });
    const who = await w.signUp();
    const next = await expectGood(w, who);
    for (const token of [who.access, who.refresh, next.access, next.refresh]) {
      expect(claimsOf(token)).toMatchObject({ user_id: who.user.id });
      expect(claimsOf(token)).not.toHaveProperty('sub');
    }
  });

  it('refuses a token that names the user by sub', async () => {
    const who = await world().signUp();
    await expectRefused(world({ vars }), who);
  });

  it('does not accept a sub in place of an odd user_id', async () => {
    const w = world({ vars });
    const who = await w.signUp();
    const change = { sub: who.user.id, user_id: 7 };
    await expectRefused(w, {
      access: await resigned(who.access, change),
      refresh: await resigned(who.refresh, change),
    });
  });
});

describe('AUTH_HEADER_TYPES=JWT,Bearer', () => {
  const vars: Vars = { AUTH_HEADER_TYPES: 'JWT,Bearer' };

  it.each<[string, 200 | 401]>([
    ['JWT', 200],
    ['jwt', 200],
    ['Jwt', 200],
    ['Bearer', 200],
    ['bearer', 200],
    ['BEARER', 200],
    ['Token', 401],
    ['JWTBearer', 401],
  ])('takes %s: %i', async (scheme, status) => {
    const w = world({ vars });
    const who = await w.signUp();
    const answer = await w.get('/account/me', { headers: { Authorization: `${scheme} ${who.access}` } });
    expect(answer.status).toBe(status);
  });

  it('challenges with the first of them', async () => {
    const answer = await world({ vars }).get('/account/me');
    expect(answer.headers.get('WWW-Authenticate')).toBe('JWT realm="api"');
  });

  it('left at its default, JWT is another scheme', async () => {
    const w = world();
    const who = await w.signUp();
    const answer = await w.get('/account/me', { headers: { Authorization: `JWT ${who.access}` } });
    expect([answer.status, codeOf(answer)]).toEqual([401, 'not_authenticated']);
  });
});
