/** Requests: routes, methods, bodies to the byte, and the Authorization header. */
import { beforeAll, describe, expect, it } from 'vitest';
import { allowed, allowOf, ROUTES } from '../support/http.ts';
import { capturedLog } from '../support/log.ts';
import { type Answer, type Ask, claimsOf, codeOf, faultsOf, type World, world } from '../support/world.ts';

capturedLog();

const PROBLEM = 'application/problem+json';
// With it the paths by which libraries find keys are there.
const w = world({ vars: { ISSUER: 'https://accounts.example', SIGN_IN_BY_EMAIL: 'on' } });
let who: Awaited<ReturnType<World['signUp']>>;
beforeAll(async () => {
  who = await w.signUp();
});
/** Headers that workerd passes on; it refuses any other itself. */
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND', 'QUERY', 'PURGE'];
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
    'HEAD %s is like GET without the body',
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
  )('%s %s/ is the same as without the slash', async (method, path) => {
    const [without, withSlash] = [await w.ask(method, path), await w.ask(method, `${path}/`)];
    expect(look(withSlash)).toEqual(look(without));
    expect(without.status).not.toBe(404);
  });

  it('with two trailing slashes is another path, whatever the method', async () => {
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

  it('which the answer does not quote', async () => {
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
  ])('is checked even if no body is needed: %s %s', async (method, path) => {
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

  it('that is empty, without a type, counts as an empty object', async () => {
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

  it('fewer, declared as more, are 413', async () => {
    const answer = await send('{"token":"x"}', json, { 'Content-Length': '16385' });
    expect(answer.status).toBe(413);
  });

  it.each(['/account/sign-up', '/account/login', '/account/logout', '/account/token/refresh', '/api/token'])(
    'and one more are 413 at %s too',
    async (path) => {
      expect((await send(ofSize(16_385), json, {}, path)).status).toBe(413);
    },
  );

  it('are the last that are read of an endless body', async () => {
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

describe('the order of checks', () => {
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
