/** Settings and keys as a client and an operator meet them: refusals, what each one changes, key rotation. */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { capturedLog } from '../support/log.ts';
import { OTHER_SIGNING_KEY, resigned, TEST_SIGNING_KEY } from '../support/tokens.ts';
import { type Answer, claimsOf, codeOf, person, type Vars, type World, world } from '../support/world.ts';

const log = capturedLog();

const HOUR = 3_600;
const headerOf = (token: string) => {
  const [header = ''] = token.split('.');
  return JSON.parse(atob(header.replaceAll('-', '+').replaceAll('_', '/'))) as Record<string, unknown>;
};
const toBase64Url = (text: string) =>
  btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

/** Both tokens of a session are good at every door; answers the next pair. */
async function expectGood(w: World, pair: { access: string; refresh: string }) {
  expect((await w.me(pair.access)).status).toBe(200);
  expect((await w.verify(pair.access)).status).toBe(200);
  expect((await w.verify(pair.refresh)).status).toBe(200);
  const next = await w.refresh(pair.refresh);
  expect(next.status).toBe(200);
  return next.body as { access: string; refresh: string };
}

async function expectRefused(w: World, pair: { access: string; refresh: string }) {
  for (const answer of [
    await w.me(pair.access),
    await w.verify(pair.access),
    await w.verify(pair.refresh),
    await w.refresh(pair.refresh),
    await w.logOut(pair.refresh),
  ]) {
    expect([answer.status, codeOf(answer)]).toEqual([401, 'token_not_valid']);
  }
}

function expectMisconfigured(answer: Answer) {
  expect(answer.status).toBe(503);
  expect(answer.headers.get('Content-Type')).toBe('application/problem+json');
  expect(answer.headers.get('Retry-After')).toMatch(/^[1-9]\d*$/);
  expect(answer.headers.get('X-Request-Id')).toMatch(/^[0-9a-f-]{36}$/);
  expect(answer.headers.get('X-Content-Type-Options')).toBe('nosniff');
  const { problems: _, ...body } = answer.body;
  expect(body).toStrictEqual({
    type: 'about:blank',
    title: 'Service Unavailable',
    status: 503,
    detail: 'The service is misconfigured.',
    code: 'misconfigured',
  });
}

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

  it('says it in Korean to whom reads Korean', async () => {
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

  it('is what stands where nothing says otherwise, whatever a request claims', async () => {
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

  it('is set in every token and demanded of every token', async () => {
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

  it('is not content with a sub beside an odd user_id', async () => {
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

type Alg = 'ES256' | 'EdDSA' | 'RS256';
const GENERATE: Record<Alg, object> = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  EdDSA: { name: 'Ed25519' },
  RS256: {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2_048,
    publicExponent: new Uint8Array([1, 0, 1]),
  },
};
const VERIFY: Record<Alg, object> = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  EdDSA: { name: 'Ed25519' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
};

interface Pair {
  /** For SIGNING_KEY. */
  secret: string;
  /** For VERIFYING_KEYS. */
  public: Record<string, unknown>;
}

async function generate(alg: Alg, kid: string, more: object = {}): Promise<Pair> {
  const pair = (await crypto.subtle.generateKey({ ...GENERATE[alg], ...more } as never, true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair;
  const jwk = async (key: CryptoKey) => {
    const { key_ops: _, ext: __, ...members } = (await crypto.subtle.exportKey('jwk', key)) as JsonWebKey;
    return { ...members, alg, kid };
  };
  // workerd exports members that are undefined; JSON drops them.
  const secret = JSON.stringify(await jwk(pair.privateKey));
  return { secret, public: JSON.parse(JSON.stringify(await jwk(pair.publicKey))) };
}

const SYMMETRIC = {
  kty: 'oct',
  alg: 'HS256',
  kid: 'h1',
  k: toBase64Url('a random-looking secret of 40 bytes, 7Q!'),
};

describe.each<[string, Alg, object]>([
  ['ES256', 'ES256', {}],
  ['EdDSA', 'EdDSA', {}],
  ['RS256 of 2048 bits', 'RS256', {}],
  ['RS256 of 3072 bits, whose JWK is longer than 2,048 characters', 'RS256', { modulusLength: 3_072 }],
])('a JWK of %s as SIGNING_KEY', (_, alg, more) => {
  let key: Pair;
  let w: World;
  beforeAll(async () => {
    key = await generate(alg, 'key-1', more);
    w = world({ vars: { SIGNING_KEY: key.secret } });
  });

  it('signs tokens that name alg and kid, and are good at every door', async () => {
    const who = await w.signUp();
    for (const token of [who.access, who.refresh]) {
      expect(headerOf(token)).toEqual({ alg, typ: 'JWT', kid: 'key-1' });
    }
    await expectGood(w, who);
    expect((await w.logOut(who.refresh)).status).toBe(204);
  });

  it('shows the public half alone in jwks.json, by which anybody can check a token', async () => {
    const { access } = await w.signUp();
    const answer = await w.get('/.well-known/jwks.json');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('Cache-Control')).toBe('public, max-age=300');
    const [jwk, ...others] = answer.body.keys;
    expect(others).toEqual([]);
    expect(jwk).toStrictEqual({ ...key.public, use: 'sig' });
    const [header, payload, signature = ''] = access.split('.');
    const imported = await crypto.subtle.importKey('jwk', jwk, VERIFY[alg] as never, false, ['verify']);
    const bytes = Uint8Array.from(atob(signature.replaceAll('-', '+').replaceAll('_', '/')), (c) =>
      c.charCodeAt(0),
    );
    const signed = new TextEncoder().encode(`${header}.${payload}`);
    expect(await crypto.subtle.verify(VERIFY[alg] as never, imported, bytes, signed)).toBe(true);
  });

  it('refuses tokens of another key of the same kid, of no kid, and those of a shared secret', async () => {
    const other = await generate(alg, 'key-1', more);
    await expectRefused(w, await world({ vars: { SIGNING_KEY: other.secret } }).signUp());
    await expectRefused(w, await world().signUp());
    const who = await w.signUp();
    // The public key as an HMAC secret: RFC 8725 section 2.1.
    const secret = JSON.stringify(key.public);
    await expectRefused(w, {
      access: await resigned(who.access, {}, secret),
      refresh: await resigned(who.refresh, {}, secret),
    });
  });
});

describe('a JWK of a shared secret as SIGNING_KEY', () => {
  it('signs with its kid and is never shown', async () => {
    const w = world({ vars: { SIGNING_KEY: JSON.stringify(SYMMETRIC) } });
    const who = await w.signUp();
    expect(headerOf(who.access)).toEqual({ alg: 'HS256', typ: 'JWT', kid: 'h1' });
    await expectGood(w, who);
    expect((await w.get('/.well-known/jwks.json')).body).toEqual({ keys: [] });
  });

  it('may be bound as a JSON value', async () => {
    const w = world({ vars: { SIGNING_KEY: SYMMETRIC } as unknown as Vars });
    await expectGood(w, await w.signUp());
  });
});

describe('a plain SIGNING_KEY', () => {
  it('signs without kid and shows no key', async () => {
    const w = world();
    const who = await w.signUp();
    expect(headerOf(who.access)).toEqual({ alg: 'HS256', typ: 'JWT' });
    expect((await w.get('/.well-known/jwks.json')).body).toEqual({ keys: [] });
  });

  it('is taken as its UTF-8 bytes, white space included', async () => {
    const spaced = ` ${TEST_SIGNING_KEY}`;
    const w = world({ vars: { SIGNING_KEY: spaced } });
    const who = await w.signUp();
    await expectGood(w, who);
    await expectRefused(world(), who);
    const hangul = '비밀 열쇠는 서른두 바이트보다 길다';
    const ko = world({ vars: { SIGNING_KEY: hangul } });
    const mina = await ko.signUp();
    await expectGood(ko, { ...mina, access: await resigned(mina.access, { extra: 1 }, hangul) });
  });

  it('refuses tokens with a kid', async () => {
    const who = await world({ vars: { SIGNING_KEY: JSON.stringify(SYMMETRIC) } }).signUp();
    await expectRefused(world(), who);
  });
});

describe('key rotation logs nobody out', () => {
  const plain = (secret: string) => ({ kty: 'oct', alg: 'HS256', k: toBase64Url(secret) });
  let first: Pair;
  let second: Pair;
  beforeAll(async () => {
    [first, second] = [await generate('ES256', 'first'), await generate('EdDSA', 'second')];
  });

  /** A change of keys: how the Worker was set, during the rotation, and after it. */
  const rotations: [string, () => { before: Vars; during: Vars; after: Vars; shown: string[] }][] = [
    [
      'from a plain secret to a key pair',
      () => ({
        before: {},
        during: { SIGNING_KEY: first.secret, VERIFYING_KEYS: JSON.stringify([plain(TEST_SIGNING_KEY)]) },
        after: { SIGNING_KEY: first.secret },
        shown: ['first'],
      }),
    ],
    [
      'from a plain secret to another one with a kid',
      () => ({
        before: {},
        during: {
          SIGNING_KEY: JSON.stringify(SYMMETRIC),
          VERIFYING_KEYS: JSON.stringify([plain(TEST_SIGNING_KEY)]),
        },
        after: { SIGNING_KEY: JSON.stringify(SYMMETRIC) },
        shown: [],
      }),
    ],
    [
      'from one key pair to another, by its public half',
      () => ({
        before: { SIGNING_KEY: first.secret },
        during: { SIGNING_KEY: second.secret, VERIFYING_KEYS: JSON.stringify([first.public]) },
        after: { SIGNING_KEY: second.secret },
        shown: ['second', 'first'],
      }),
    ],
    [
      'from one key pair to another, by its private half, which is never shown',
      () => ({
        before: { SIGNING_KEY: first.secret },
        during: { SIGNING_KEY: second.secret, VERIFYING_KEYS: `[${first.secret}]` },
        after: { SIGNING_KEY: second.secret },
        shown: ['second', 'first'],
      }),
    ],
    [
      'from a secret with a kid to a key pair',
      () => ({
        before: { SIGNING_KEY: JSON.stringify(SYMMETRIC) },
        during: { SIGNING_KEY: second.secret, VERIFYING_KEYS: JSON.stringify([SYMMETRIC]) },
        after: { SIGNING_KEY: second.secret },
        shown: ['second'],
      }),
    ],
  ];

  it.each(rotations)('%s', async (_, keys) => {
    const { before, during, after, shown } = keys();
    const started = await world({ vars: before }).signUp();
    // Both keys are known before the new one signs; only then it does, one secret after the other.
    const oldKey = before.SIGNING_KEY ?? JSON.stringify(plain(TEST_SIGNING_KEY));
    const ahead = world({ vars: { ...before, VERIFYING_KEYS: `[${oldKey},${during.SIGNING_KEY}]` } });
    const who = await expectGood(ahead, started);
    expect(headerOf(who.refresh)).toEqual(headerOf(started.refresh));
    await expectGood(world({ vars: { ...during, VERIFYING_KEYS: `[${oldKey},${during.SIGNING_KEY}]` } }), {
      ...who,
      refresh: (await world({ vars: before }).signUp()).refresh,
    });
    const now = world({ vars: during });
    const next = await expectGood(now, who);
    expect(headerOf(next.refresh)).not.toEqual(headerOf(who.refresh));
    const { keys: jwks } = (await now.get('/.well-known/jwks.json')).body as {
      keys: Record<string, string>[];
    };
    expect(jwks.map(({ kid }) => kid)).toEqual(shown);
    expect(jwks.filter((jwk) => 'd' in jwk || 'k' in jwk)).toEqual([]);

    const later = world({ vars: after });
    await expectRefused(later, who);
    await expectGood(later, next);
  });

  it('without the old key among VERIFYING_KEYS, its tokens are dead and the sessions live', async () => {
    const who = await world().signUp();
    const w = world({ vars: { SIGNING_KEY: OTHER_SIGNING_KEY } });
    await expectRefused(w, who);
    expect((await w.sessionOf(who.refresh))?.revoked_at).toBeNull();
    await expectGood(world(), who);
  });

  it.each<[string, () => Vars]>([
    [
      'of two keys',
      () => ({
        SIGNING_KEY: first.secret,
        VERIFYING_KEYS: JSON.stringify([{ ...second.public, kid: 'first' }]),
      }),
    ],
    ['of none of two', () => ({ VERIFYING_KEYS: JSON.stringify([plain(OTHER_SIGNING_KEY)]) })],
  ])('one kid %s is misconfigured', async (_, vars) => {
    expectMisconfigured(await world({ vars: vars() }).get('/account/me'));
    expect(log.of('misconfigured')).toMatchObject([{ settings: ['VERIFYING_KEYS'] }]);
  });
});
