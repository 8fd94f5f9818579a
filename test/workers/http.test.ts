/** HTTP below the use cases: bodies, methods, paths, headers, errors, languages, origins. */
import { beforeAll, describe, expect, it } from 'vitest';
import { LIMIT_BINDINGS } from '../../src/limits.ts';
import { webCryptoRandom } from '../../src/random.ts';
import { capturedLog } from '../support/log.ts';
import { watchedD1 } from '../support/watched-d1.ts';
import {
  type Answer,
  type Ask,
  claimsOf,
  codeOf,
  faultsOf,
  person,
  type World,
  world,
} from '../support/world.ts';

const log = capturedLog();

const PROBLEM = 'application/problem+json';
// With it the paths by which libraries find keys are there.
const w = world({ vars: { ISSUER: 'https://accounts.example' } });
let who: Awaited<ReturnType<World['signUp']>>;
beforeAll(async () => {
  who = await w.signUp();
});

/** Every route but pages, with the methods that have a handler. */
const ROUTES: [string, string[]][] = [
  ['/account/sign-up', ['POST']],
  ['/account/login', ['POST']],
  ['/account/logout', ['POST']],
  ['/account/token/refresh', ['POST']],
  ['/account/token/verify', ['POST']],
  ['/account/me', ['GET', 'PATCH', 'DELETE']],
  ['/account/export', ['GET']],
  ['/account/reauthenticate', ['POST']],
  ['/account/password/change', ['POST']],
  ['/account/password/reset', ['POST']],
  ['/account/password/reset/confirm', ['GET', 'POST']],
  ['/account/email/verify', ['GET', 'POST']],
  ['/account/email/verify/resend', ['POST']],
  ['/account/email/change', ['POST']],
  ['/account/email/disown', ['GET', 'POST']],
  ['/account/email/take-back', ['GET', 'POST']],
  ['/account/sessions', ['GET', 'DELETE']],
  ['/account/sessions/0191f7a2-0000-7000-8000-000000000000', ['DELETE']],
  ['/api/token', ['POST']],
  ['/api/token/refresh', ['POST']],
  ['/api/token/verify', ['POST']],
  ['/api/token/blacklist', ['POST']],
  ['/.well-known/jwks.json', ['GET']],
  ['/.well-known/openid-configuration', ['GET']],
  ['/.well-known/oauth-authorization-server', ['GET']],
  ['/healthz', ['GET']],
  ['/readyz', ['GET']],
];
/** What workerd lets through; anything else it refuses itself. */
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND', 'QUERY', 'PURGE'];

const allowed = (answer: Answer) => (answer.headers.get('Allow') ?? '').split(', ').sort();
const allowOf = (methods: readonly string[]) =>
  [...methods, 'OPTIONS', ...(methods.includes('GET') ? ['HEAD'] : [])].sort();
/** All that a client could tell two answers apart by, but for what differs every time. */
const look = ({ status, headers, body }: Answer) => ({
  status,
  body,
  headers: [...headers].filter(([name]) => !/^(x-request-id|content-length)$/.test(name)),
});

/** A request whose body is these bytes, with this content type or none. */
const send = (
  bytes: BodyInit | null,
  contentType?: string,
  headers: Record<string, string> = {},
  path = '/account/token/verify',
) =>
  w.fetch(
    new Request(`http://localhost${path}`, {
      method: 'POST',
      headers: { ...(contentType !== undefined && { 'Content-Type': contentType }), ...headers },
      body: bytes,
    }),
  );
const utf8 = (text: string) => new TextEncoder().encode(text);
const bytes = (...parts: (string | number[])[]) =>
  new Uint8Array(parts.flatMap((part) => [...(typeof part === 'string' ? utf8(part) : part)]));

describe('every route', () => {
  const wrong = ROUTES.flatMap(([path, methods]) =>
    METHODS.filter((method) => !methods.includes(method)).map((method): [string, string, string[]] => [
      method,
      path,
      methods,
    ]),
  );

  it.each(wrong)(
    '%s %s is 405 with Allow, to a caller without a token too',
    async (method, path, methods) => {
      const answer = await w.ask(method, path);
      expect(answer.headers.get('Content-Type')).toBe(
        path.startsWith('/api/token') ? 'application/json' : PROBLEM,
      );
      expect([answer.status, codeOf(answer), allowed(answer)]).toEqual([
        405,
        'method_not_allowed',
        allowOf(methods),
      ]);
    },
  );

  it.each(ROUTES)('OPTIONS %s is 204 with Allow: %j', async (path, methods) => {
    const answer = await w.ask('OPTIONS', path);
    expect([answer.status, answer.text, allowed(answer)]).toEqual([204, '', allowOf(methods)]);
    expect(answer.headers.get('Access-Control-Allow-Origin')).toBeNull();
  });

  it.each(ROUTES.filter(([, methods]) => !methods.includes('GET')))(
    'HEAD %s is 405 without a body',
    async (path, methods) => {
      const answer = await w.ask('HEAD', path);
      expect([answer.status, answer.text, allowed(answer)]).toEqual([405, '', allowOf(methods)]);
    },
  );

  it.each(ROUTES.filter(([, methods]) => methods.includes('GET')))(
    'HEAD %s is as GET without the body',
    async (path) => {
      const [head, get] = [await w.ask('HEAD', path), await w.get(path)];
      expect(head.text).toBe('');
      expect(look({ ...head, body: get.body })).toEqual(look(get));
      const mine = [
        await w.ask('HEAD', path, { token: who.access }),
        await w.get(path, { token: who.access }),
      ];
      expect(mine[0]?.status).toBe(mine[1]?.status);
    },
  );

  it.each(
    ROUTES.flatMap(([path, methods]) => [...methods, 'PUT', 'OPTIONS'].map((method) => [method, path])),
  )('%s %s/ is as without the slash', async (method, path) => {
    const [without, withSlash] = [await w.ask(method, path), await w.ask(method, `${path}/`)];
    expect(look(withSlash)).toEqual(look(without));
    expect(without.status).not.toBe(404);
  });

  it('with two slashes at its end is another path, whatever the method', async () => {
    for (const [path, methods] of ROUTES) {
      for (const method of [...methods, 'PUT', 'OPTIONS']) {
        const answer = await w.ask(method, `${path}//`);
        expect([method, path, answer.status]).toEqual([method, path, 404]);
      }
    }
  });
});

describe('an unknown path is 404, whatever the method', () => {
  const paths = [
    '/account',
    '/account/',
    '/account/nothing',
    '/account/login/x',
    '/account/token',
    '/account/sessions/x/y',
    '/api',
    '/api/token/x',
    '/nothing',
    '/favicon.ico',
    '/robots.txt',
    '/.env',
    '/.git/config',
    '/.well-known/nothing',
    '/%00',
    '/account/me%00',
    '/account/me%20',
    '/account/me%0a',
    '/account/me%2f',
    '/account%2Fme',
    '/account/%252e%252e/healthz',
    '/account/me;x=1',
    '/account/me:80',
    '/account/ME',
    '/Account/me',
    '/account//me',
    '//account/me',
    '/account/%zz',
    '/account/%',
    '/account/%ff%fe',
    '/account/%c0%ae%c0%ae/healthz',
    '/account/mе',
    '/account/me/me',
    '/account/*',
    '/*',
    '/account/:id',
    '/account/sessions/:id/x',
    '/account/__proto__',
    '/constructor',
    `/account/${'x'.repeat(8_000)}`,
    `/${'x/'.repeat(2_000)}`,
    `/${'%61'.repeat(2_000)}`,
  ];

  it.each(paths.flatMap((path) => ['GET', 'POST', 'OPTIONS', 'PUT'].map((method) => [method, path])))(
    '%s %.60s',
    async (method, path) => {
      const answer = await w.ask(method, path);
      expect(answer.body).toStrictEqual({
        type: 'about:blank',
        title: 'Not Found',
        status: 404,
        detail: 'Not found.',
        code: 'not_found',
      });
      // Clients of simplejwt compare the type exactly.
      const type = path.startsWith('/api/token/') ? 'application/json' : PROBLEM;
      expect(answer.headers.get('Content-Type')).toBe(type);
    },
  );

  it('which the answer does not repeat', async () => {
    const answer = await w.get('/account/<script>alert(1)</script>');
    expect(answer.status).toBe(404);
    expect(answer.text).not.toMatch(/script/);
  });

  it.each([
    ['/account/./me', 401],
    ['/account/x/../me', 401],
    ['/account/%2e%2e/account/me', 401],
    ['/account/%6de', 401],
    ['/account/%6D%65/', 401],
    ['/account/me?x=/../y', 401],
    ['/account/me?', 401],
    ['/account/me#x', 401],
    ['/account/../healthz', 200],
    ['/account/../../../healthz', 200],
    ['/%68ealthz', 200],
  ])('but %s is another spelling of a known one: %i', async (path, status) => {
    expect((await w.get(path)).status).toBe(status);
  });
});

describe('the content type of a body', () => {
  const good = JSON.stringify({ token: 'x' });

  it.each([
    ['application/json'],
    ['application/json; charset=utf-8'],
    ['application/json;charset=UTF-8'],
    ['application/json; charset="utf-8"'],
    ['application/json; charset=utf8'],
    ['application/json ; charset=utf-8'],
    ['application/json; profile="x"'],
    ['application/json;'],
    ['APPLICATION/JSON'],
    ['Application/Json; Charset=Utf-8'],
    ['\tapplication/json '],
  ])('may be %j', async (contentType) => {
    const answer = await send(utf8(good), contentType);
    expect([answer.status, codeOf(answer)]).toEqual([401, 'token_not_valid']);
  });

  it.each([
    [undefined],
    ['text/plain'],
    ['text/plain;charset=UTF-8'],
    ['text/json'],
    ['text/html'],
    ['application/x-www-form-urlencoded'],
    ['multipart/form-data; boundary=x'],
    ['multipart/form-data'],
    ['application/problem+json'],
    ['application/vnd.api+json'],
    ['application/jsonp'],
    ['application/json5'],
    ['application/xml'],
    ['application/octet-stream'],
    ['application/*'],
    ['*/*'],
    ['json'],
    ['application'],
    ['/'],
    [';charset=utf-8'],
    ['application/json, application/json'],
    ['application/json; charset=utf-16'],
    ['application/json; charset=utf-16le'],
    ['application/json; charset=iso-8859-1'],
    ['application/json; charset=us-ascii'],
    ['application/json; charset=euc-kr'],
    ['application/json; charset="shift_jis"'],
    ['application/json; charset=utf-7'],
    ['application/json; charset=utf-80'],
    ['application/json; charset=utf-8x'],
    ['application/json; x=y; charset=latin1'],
    ['application/json; charset = latin1'],
    ['application/json; charset=utf-8; charset=latin1'],
  ])('may not be %j', async (contentType) => {
    const answer = await send(utf8(good), contentType);
    expect([answer.status, codeOf(answer)]).toEqual([415, 'unsupported_media_type']);
  });

  it.each<[string, string]>([
    ['POST', '/account/email/verify/resend'],
    ['DELETE', '/account/sessions/:id'],
    ['DELETE', '/account/sessions'],
  ])('is looked at where nothing is asked for: %s %s', async (method, path) => {
    const { access, refresh } = await w.signUp();
    const at = path.replace(':id', String(claimsOf(refresh).sid));
    const ask = async (body: string | undefined, contentType = 'application/json') => {
      const headers = {
        Authorization: `Bearer ${access}`,
        ...(body !== undefined && { 'Content-Type': contentType }),
      };
      return w.fetch(new Request(`http://localhost${at}`, { method, headers, body: body ?? null }));
    };
    const told = [
      await ask('{'),
      await ask('[]'),
      await ask('a=b', 'text/plain'),
      await ask(JSON.stringify({ long: 'x'.repeat(16_384) })),
    ];
    expect(told.map((answer) => [answer.status, codeOf(answer)])).toEqual([
      [400, 'parse_error'],
      [400, 'invalid'],
      [415, 'unsupported_media_type'],
      [413, 'payload_too_large'],
    ]);
    expect([202, 204]).toContain((await ask(undefined)).status);
  });

  it.each([
    ['/account/sign-up', 'email=a@example.com&password=correct horse battery'],
    ['/account/login', 'email=a@example.com&password=x'],
    ['/account/logout', 'refresh=x'],
    ['/account/token/refresh', 'refresh=x'],
  ])('may not be a form at %s', async (path, form) => {
    const urlencoded = await send(form, 'application/x-www-form-urlencoded', {}, path);
    expect([urlencoded.status, codeOf(urlencoded)]).toEqual([415, 'unsupported_media_type']);
    const data = new FormData();
    for (const [name, value] of new URLSearchParams(form)) data.append(name, value);
    const multipart = await w.fetch(new Request(`http://localhost${path}`, { method: 'POST', body: data }));
    expect([multipart.status, codeOf(multipart)]).toEqual([415, 'unsupported_media_type']);
  });
});

describe('a body', () => {
  const json = 'application/json';
  const deep = (open: string, close: string, levels: number) => open.repeat(levels) + close.repeat(levels);

  it.each<[string, BodyInit]>([
    ['that is cut off', '{"token":"x"'],
    ['of white space', '  \n'],
    ['with a comma too many', '{"token":"x",}'],
    ['with single quotes', "{'token':'x'}"],
    ['without quotes', '{token:"x"}'],
    ['with a comment', '{"token":"x"/* */}'],
    ['with something after it', '{"token":"x"}{}'],
    ['with NaN', '{"token":NaN}'],
    ['with a raw line end in a string', '{"token":"a\nb"}'],
    ['with a bad escape', '{"token":"\\x41"}'],
    ['that is a form', 'token=x'],
    ['that is HTML', '<!doctype html>'],
    ['that is undefined', 'undefined'],
    ['with a byte that is not UTF-8', bytes('{"token":"', [0xff], '"}')],
    ['with a character cut off', bytes('{"token":"', [0xed, 0x95], '"}')],
    ['with an overlong encoding', bytes('{"token":"', [0xc0, 0xaf], '"}')],
    ['with a surrogate in UTF-8', bytes('{"token":"', [0xed, 0xa0, 0x80], '"}')],
    ['with a code point past the last', bytes('{"token":"', [0xf4, 0x90, 0x80, 0x80], '"}')],
    ['in UTF-16', bytes([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00])],
    ['in Latin-1', bytes('{"token":"', [0xe9], '"}')],
    ['with two byte order marks', bytes([0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf], '{}')],
    ['with a byte order mark inside', bytes('{', [0xef, 0xbb, 0xbf], '}')],
    ['that opens 16,000 lists', '['.repeat(16_000)],
    ['that opens 3,000 objects', '{"a":'.repeat(3_000)],
    ['of one NUL', bytes([0])],
  ])('%s is 400 parse_error', async (_, body) => {
    const answer = await send(body, json);
    expect([answer.status, codeOf(answer), answer.body.errors]).toEqual([400, 'parse_error', undefined]);
  });

  it.each<[string, BodyInit]>([
    ['a list', '[]'],
    ['a list of an object', '[{"token":"x"}]'],
    ['text', '"token"'],
    ['empty text', '""'],
    ['a number', '5'],
    ['zero', '0'],
    ['true', 'true'],
    ['false', 'false'],
    ['null', 'null'],
    ['8,000 lists in each other', deep('[', ']', 8_000)],
  ])('that is %s is 400 invalid, of the whole body', async (_, body) => {
    const answer = await send(body, json);
    expect([answer.status, codeOf(answer)]).toEqual([400, 'invalid']);
    expect(answer.body.errors).toStrictEqual({
      non_field_errors: [{ message: 'Invalid data. Expected a dictionary.', code: 'invalid' }],
    });
  });

  it.each<[string, BodyInit | null, Record<string, string[]>]>([
    ['that is empty', utf8(''), { token: ['required'] }],
    ['that is none', null, { token: ['required'] }],
    ['that is an empty object', '{}', { token: ['required'] }],
    ['of other fields', '{"tok":"x","Token":"x"," token":"x"}', { token: ['required'] }],
    ['whose prototype has the field', '{"__proto__":{"token":"x"}}', { token: ['required'] }],
    ['whose constructor has it', '{"constructor":{"prototype":{"token":"x"}}}', { token: ['required'] }],
    [
      'whose field is 2,000 objects deep',
      `{"token":${deep('{"a":', '}', 2_000).replace('}', '1}')}}`,
      { token: ['invalid'] },
    ],
    ['whose field is 8,000 lists deep', `{"token":${deep('[', ']', 8_000)}}`, { token: ['invalid'] }],
    ['that has a field twice, the last of them bad', '{"token":"x","token":5}', { token: ['invalid'] }],
    ['that has a field twice, the last of them null', '{"token":"x","token":null}', { token: ['null'] }],
    ['with an empty field', '{"token":""}', { token: ['blank'] }],
    ['with a field of white space', '{"token":" \\n "}', { token: ['blank'] }],
    ['with a number too large for one', '{"token":1e999}', { token: ['invalid'] }],
  ])('%s is 400 invalid, by field', async (_, body, faults) => {
    const answer = await send(body, json);
    expect([answer.status, codeOf(answer), faultsOf(answer)]).toEqual([400, 'invalid', faults]);
  });

  it('that is none, of no type, counts as an empty object', async () => {
    const answer = await send(null);
    expect([answer.status, faultsOf(answer)]).toEqual([400, { token: ['required'] }]);
  });

  it.each<[string, BodyInit]>([
    ['with a byte order mark before it', bytes([0xef, 0xbb, 0xbf], '{"token":"x"}')],
    ['with white space around it', ' \r\n\t{"token":"x"}\n\n'],
    ['that has a field twice, the last of them good', '{"token":5,"token":"x"}'],
    ['that has __proto__ too', '{"token":"x","__proto__":{"token":5}}'],
    ['that has __proto__ of null', '{"token":"x","__proto__":null}'],
    ['that has toString and hasOwnProperty', '{"token":"x","toString":1,"hasOwnProperty":1,"then":1}'],
    ['with fields nobody knows, deep ones too', `{"token":"x","more":${deep('[', ']', 4_000)}}`],
    ['with an escaped name', '{"\\u0074oken":"x"}'],
    ['with white space around its value', '{"token":"  x \\n"}'],
  ])('%s is read', async (_, body) => {
    const answer = await send(body, json);
    expect([answer.status, codeOf(answer)]).toEqual([401, 'token_not_valid']);
  });

  it('pollutes nothing', async () => {
    await send('{"token":"x","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}', json);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('16,384 bytes', () => {
  const json = 'application/json';
  /** JSON of exactly so many bytes. */
  const ofSize = (size: number, filler = 'x') => {
    const frame = '{"token":"x","pad":""}';
    const pad = filler.repeat(Math.floor((size - frame.length) / utf8(filler).length));
    const body = utf8(`{"token":"x","pad":"${pad}"}`);
    return new Uint8Array([...body, ...Array(size - body.length).fill(0x20)]);
  };
  const chunked = (body: Uint8Array, chunk: number) =>
    new ReadableStream({
      start(controller) {
        for (let at = 0; at < body.length; at += chunk) controller.enqueue(body.slice(at, at + chunk));
        controller.close();
      },
    });

  it.each<[string, BodyInit, Record<string, string>]>([
    ['with their length said', ofSize(16_384), { 'Content-Length': '16384' }],
    ['with no length said', ofSize(16_384), {}],
    ['of three-byte characters', ofSize(16_384, '한'), {}],
    ['in one chunk', chunked(ofSize(16_384), 16_384), {}],
    ['in chunks of one byte', chunked(ofSize(16_384), 1), {}],
    ['in chunks of 1,000', chunked(ofSize(16_384), 1_000), {}],
    ['with a length that is too small', ofSize(16_384), { 'Content-Length': '5' }],
    ['with a length that is no number', ofSize(16_384), { 'Content-Length': 'x' }],
    ['with a negative length', ofSize(16_384), { 'Content-Length': '-1' }],
  ])('%s are read', async (_, body, headers) => {
    const answer = await send(body, json, headers);
    expect([answer.status, codeOf(answer)]).toEqual([401, 'token_not_valid']);
  });

  it.each<[string, BodyInit, Record<string, string>]>([
    ['with their length said', ofSize(16_385), { 'Content-Length': '16385' }],
    ['with no length said', ofSize(16_385), {}],
    ['of three-byte characters', ofSize(16_385, '한'), {}],
    ['in one chunk', chunked(ofSize(16_385), 16_385), {}],
    ['in chunks of one byte', chunked(ofSize(16_385), 1), {}],
    ['with a length that is too small', ofSize(16_385), { 'Content-Length': '5' }],
    ['chunked with a length that is too small', chunked(ofSize(16_385), 100), { 'Content-Length': '100' }],
    ['with a length that is no number', ofSize(16_385), { 'Content-Length': 'x' }],
    ['with a negative length', ofSize(16_385), { 'Content-Length': '-1' }],
    ['of white space at the end', bytes('{"token":"x"}', Array(16_372).fill(0x20)), {}],
    ['that are no JSON', utf8('x'.repeat(16_385)), {}],
  ])('and one more, %s, are 413', async (_, body, headers) => {
    const answer = await send(body, json, headers);
    expect([answer.status, codeOf(answer)]).toEqual([413, 'payload_too_large']);
  });

  it('less, said to be more, are 413', async () => {
    const answer = await send('{"token":"x"}', json, { 'Content-Length': '16385' });
    expect(answer.status).toBe(413);
  });

  it.each(['/account/sign-up', '/account/login', '/account/logout', '/account/token/refresh', '/api/token'])(
    'and one more are 413 at %s too',
    async (path) => {
      expect((await send(ofSize(16_385), json, {}, path)).status).toBe(413);
    },
  );

  it('are the last that is read of a body without end', async () => {
    let pulled = 0;
    let cancelled = false;
    const endless = new ReadableStream({
      pull(controller) {
        pulled += 1_024;
        controller.enqueue(new Uint8Array(1_024).fill(0x20));
      },
      cancel() {
        cancelled = true;
      },
    });
    expect((await send(endless, json)).status).toBe(413);
    expect(cancelled).toBe(true);
    expect(pulled).toBeLessThan(64 * 1_024);
  });
});

describe('what comes first', () => {
  it.each<[string, () => Promise<Answer>, number, string]>([
    ['405 before 401', () => w.ask('PUT', '/account/me'), 405, 'method_not_allowed'],
    [
      '405 before 413',
      () => w.ask('PUT', '/account/login', { body: 'x'.repeat(20_000) }),
      405,
      'method_not_allowed',
    ],
    [
      '404 before 415',
      () => w.post('/nothing', 'x', { headers: { 'Content-Type': 'text/plain' } }),
      404,
      'not_found',
    ],
    ['401 before 400', () => w.patch('/account/me', '{'), 401, 'not_authenticated'],
    ['401 before 413', () => w.patch('/account/me', 'x'.repeat(20_000)), 401, 'not_authenticated'],
    [
      '401 before 415',
      () => w.patch('/account/me', 'x', { headers: { 'Content-Type': 'text/plain' } }),
      401,
      'not_authenticated',
    ],
    [
      '413 before 415',
      () => w.post('/account/login', 'x'.repeat(20_000), { headers: { 'Content-Type': 'text/plain' } }),
      413,
      'payload_too_large',
    ],
    [
      '415 before 400',
      () => w.post('/account/login', '{', { headers: { 'Content-Type': 'text/plain' } }),
      415,
      'unsupported_media_type',
    ],
  ])('%s', async (_, ask, status, code) => {
    const answer = await ask();
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
  });
});

describe('the Authorization header', () => {
  const NONE = [401, 'not_authenticated', 'Bearer realm="api"'];
  const ODD = [401, 'bad_authorization_header', 'Bearer realm="api"'];
  const BAD = [401, 'token_not_valid', 'Bearer realm="api", error="invalid_token"'];
  const GOOD = [200, undefined, null];

  it.each<[string, (token: string) => string | undefined, unknown[]]>([
    ['is missing', () => undefined, NONE],
    ['is empty', () => '', NONE],
    ['is white space', () => ' \t ', NONE],
    ['is the token alone', (token) => token, NONE],
    ['has another scheme', (token) => `Token ${token}`, NONE],
    ['has another scheme alone', () => 'Basic', NONE],
    ['has Basic credentials', () => 'Basic bWluYTpwdw==', NONE],
    ['has another scheme with many parts', () => 'Digest username="a", realm="b"', NONE],
    ['has a scheme that begins like ours', (token) => `BearerX ${token}`, NONE],
    ['has the scheme and the token in one', (token) => `Bearer${token}`, NONE],
    ['has a colon', (token) => `Bearer: ${token}`, NONE],
    ['has a comma', (token) => `Bearer,${token}`, NONE],
    ['is the scheme alone', () => 'Bearer', ODD],
    ['is the scheme and white space', () => 'Bearer  \t ', ODD],
    ['is the scheme alone in lower case', () => 'bearer', ODD],
    ['has two tokens', (token) => `Bearer ${token} ${token}`, ODD],
    ['has the scheme twice', (token) => `Bearer Bearer ${token}`, ODD],
    ['was sent twice', (token) => `Bearer ${token}, Bearer ${token}`, ODD],
    ['has a tab and a third part', (token) => `Bearer\t${token}\tx`, ODD],
    ['has no token but a word', () => 'Bearer x', BAD],
    ['has the token in quotes', (token) => `Bearer "${token}"`, BAD],
    ['has the token and a comma', (token) => `Bearer ${token},`, BAD],
    ['has the token in brackets', (token) => `Bearer <${token}>`, BAD],
    ['has the token and padding', (token) => `Bearer ${token}=`, BAD],
    ['has the token in percent-encoding', (token) => `Bearer ${token.replaceAll('.', '%2E')}`, BAD],
    ['has the token in lower case', (token) => `Bearer ${token.toLowerCase()}`, BAD],
    ['has null', () => 'Bearer null', BAD],
    ['has two dots', () => 'Bearer ..', BAD],
    ['has a token of 5 KiB', () => `Bearer ${'x'.repeat(5_120)}`, BAD],
    [
      'has a token of 5 KiB with two dots',
      () => `Bearer ${'x'.repeat(2_000)}.${'x'.repeat(2_000)}.${'x'.repeat(1_120)}`,
      BAD,
    ],
    ['has Latin-1', () => 'Bearer é', BAD],
    ['is right', (token) => `Bearer ${token}`, GOOD],
    ['is right in lower case', (token) => `bearer ${token}`, GOOD],
    ['is right in capitals', (token) => `BEARER ${token}`, GOOD],
    ['is right with two spaces', (token) => `Bearer  ${token}`, GOOD],
    ['is right with a tab', (token) => `Bearer\t${token}`, GOOD],
    ['is right with white space around', (token) => `  Bearer ${token}\t`, GOOD],
  ])('that %s', async (_, make, expected) => {
    const header = make(who.access);
    const answer = await w.get('/account/me', {
      headers: header === undefined ? {} : { Authorization: header },
    });
    expect([answer.status, codeOf(answer), answer.headers.get('WWW-Authenticate')]).toEqual(expected);
  });

  it.each<[string, (token: string) => Ask & { path?: string }]>([
    ['the query', (token) => ({ path: `/account/me?access_token=${token}&token=${token}` })],
    [
      'a cookie',
      (token) => ({ headers: { Cookie: `access=${token}; token=${token}; Authorization=Bearer ${token}` } }),
    ],
    [
      'another header',
      (token) => ({
        headers: { 'X-Authorization': `Bearer ${token}`, 'Proxy-Authorization': `Bearer ${token}` },
      }),
    ],
  ])('is not looked for in %s', async (_, make) => {
    const { path = '/account/me', ...ask } = make(who.access);
    expect(codeOf(await w.get(path, ask))).toBe('not_authenticated');
  });
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

  it.each(ANSWERS)('%i %s is not stored by anybody', async (_, __, ask) => {
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

  it.each(errors)('%i %s is told in Korean to whom reads it, by the same code', async (status, code) => {
    const ko = await koreanAnswers();
    const answer = ko.find(({ body }) => body.code === code);
    expect(answer?.status).toBe(status);
    expect(answer?.headers.get('Content-Language')).toBe('ko');
    expect(answer?.body.detail).toMatch(/[가-힣]/);
    expect(answer?.body.title).toBe(DETAILS[code]?.[1]);
  });

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

  it('of ours shows the request’s id and nothing of its cause; the log has both', async () => {
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

  it('of D1 shows nothing of its cause', async () => {
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
  ])('of a field at %s with %j stands at the top level too', async (path, body, flat) => {
    const answer = await w.post(path, body);
    expect(answer.body).toMatchObject({ ...flat, status: 400, code: 'invalid' });
    expect(Object.keys(answer.body.errors)).toEqual(Object.keys(flat));
  });

  it('of a field elsewhere does not', async () => {
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
  const cors = world({ vars: { ALLOWED_ORIGINS: `${app},${dev}` } });
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
  ])('%j gets nothing', async (origin) => {
    const headers = { Origin: origin };
    const asked = await cors.get('/account/me', { token: who.access, headers });
    expect([asked.status, corsOf(asked)]).toEqual([200, {}]);
    expect(asked.headers.get('Vary')).toContain('Origin');
    const preflight = await cors.ask('OPTIONS', '/account/login', {
      headers: { ...headers, 'Access-Control-Request-Method': 'POST' },
    });
    expect([preflight.status, corsOf(preflight)]).toEqual([204, {}]);
  });

  it('without an Origin nothing is said but Vary', async () => {
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

  it('a preflight of a path that is not there succeeds, so that the 404 can be read', async () => {
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

  it('a host’s own function decides in place of the setting, by true alone', async () => {
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

  it('a plain OPTIONS of an allowed origin still tells what the path allows', async () => {
    const answer = await cors.ask('OPTIONS', '/account/me', { headers: { Origin: app } });
    expect([answer.status, allowed(answer)]).toEqual([204, allowOf(['GET', 'PATCH', 'DELETE'])]);
    expect(answer.headers.get('Access-Control-Allow-Origin')).toBe(app);
  });

  it('left at its default nobody is allowed', async () => {
    const answer = await w.get('/account/me', { token: who.access, headers: { Origin: app } });
    expect([corsOf(answer), answer.headers.get('Vary')]).toEqual([{}, 'Origin']);
  });

  it('says nothing of a wildcard, ever', async () => {
    for (const [, , ask] of ANSWERS) {
      expect((await ask()).headers.get('Access-Control-Allow-Origin')).toBeNull();
    }
  });
});

describe('health', () => {
  it('/healthz asks nobody, /readyz asks D1 and KV', async () => {
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

  it('/readyz is 503 where KV is away', async () => {
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
