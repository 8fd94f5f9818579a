/** The document compared with the Worker: its routes, its settings, and that a differing answer is detected. */

import { env as testEnv } from 'cloudflare:workers';
import { Validator } from '@cfworker/json-schema';
import { inspectRoutes } from 'hono/dev';
import { describe, expect, it } from 'vitest';
import { createApp } from '../../src/app.ts';
import { conform } from '../support/conform.ts';
import { DEPLOYMENTS, textOf } from '../support/deployments.ts';
import { claimsOf, codeOf, person, type Vars, world } from '../support/world.ts';

// biome-ignore lint/suspicious/noExplicitAny: what is in it is the thing under test
type Document = any;
const documentWith = async (vars: Vars = {}): Promise<Document> =>
  (await world({ vars }).get('/openapi.json')).body;

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
type Operation = [id: string, path: string, method: string, operation: Document];
const operationsOf = (document: Document): Operation[] =>
  Object.entries<Document>(document.paths).flatMap(([path, operations]) =>
    METHODS.filter((method) => operations[method]).map(
      (method): Operation => [`${method.toUpperCase()} ${path}`, path, method, operations[method]],
    ),
  );

/** What people open, and files: no program calls them. */
const PAGES = /^\w+ (?:\/account)?\/(static|docs)\/|^\w+ \/dev\/mail\/|^\w+ \/admin(?!\/api\/)/;

const LIBRARIES = { COMPAT: 'simplejwt,djoser,dj-rest-auth' };

it('has every route of the Worker except pages and files, and no other', async () => {
  const routes = inspectRoutes(createApp())
    .filter(({ isMiddleware, method }) => !isMiddleware && method !== 'ALL')
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}').replace(/(.)\/$/, '$1')}`)
    .filter((route) => !PAGES.test(route));
  const everything = { ENCRYPTION_KEY: 'A'.repeat(43), SIGN_IN_BY_EMAIL: 'on', ...LIBRARIES };
  const operations = operationsOf(await documentWith(everything)).map(([id]) => id);
  expect(operations.sort()).toEqual([...new Set(routes)].sort());
});

it('requires a token exactly where the Worker does', async () => {
  const document = await documentWith(LIBRARIES);
  const w = world({ vars: LIBRARIES });
  for (const [id, path, method, { security, requestBody }] of operationsOf(document)) {
    const bare = await w.ask(method.toUpperCase(), path.replace(/\{\w+\}/g, crypto.randomUUID()), {
      ...(requestBody && { body: {} }),
    });
    expect([id, codeOf(bare) === 'not_authenticated']).toEqual([id, security.length > 0]);
  }
});

it('has an example of every request body that the Worker accepts', async () => {
  const document = await documentWith(LIBRARIES);
  const w = world({ vars: LIBRARIES });
  for (const [id, path, method, { security, requestBody }] of operationsOf(document)) {
    if (!requestBody || security.length > 0) continue;
    // A form comes from a provider.
    if (!requestBody.content['application/json']) continue;
    const { example, examples } = requestBody.content['application/json'];
    for (const body of examples ? Object.values<Document>(examples).map(({ value }) => value) : [example]) {
      const { errors = {} } = (await w.ask(method.toUpperCase(), path, { body })).body ?? {};
      const faults = Object.values<Document>(errors).flat();
      expect([id, faults.filter(({ code }) => !/^(token_not_valid|unique)$/.test(code))]).toEqual([id, []]);
    }
  }
});

it('has examples of answers that match their schemas', async () => {
  for (const document of Object.values(DEPLOYMENTS).map((vars): Document => JSON.parse(textOf(vars)))) {
    const { schemas, responses } = document.components;
    const all = operationsOf(document).flatMap(([, , , operation]) => Object.values(operation.responses));
    for (const response of [...Object.values<Document>(responses), ...all] as Document[]) {
      for (const { schema, example, examples = {} } of Object.values<Document>(response.content ?? {})) {
        const validator = new Validator({ ...schema, components: { schemas } }, '2020-12', false);
        const given = [example, ...Object.values<Document>(examples).map(({ value }) => value)];
        for (const value of given.filter((value) => value !== undefined)) {
          expect(validator.validate(value).errors).toEqual([]);
        }
      }
    }
  }
});

/** conform() looks at every answer: what is left to see is that each operation was there to be looked at. */
it('describes every answer to staff', async () => {
  const w = world();
  const boss = await w.signUp();
  await testEnv.DB.prepare('UPDATE users SET is_staff = 1 WHERE id = ?').bind(boss.user.id).run();
  const someone = await w.signUp();
  await w.refresh(someone.refresh);
  const added = await w.post('/admin/api/users', { ...person(), is_staff: false }, { token: boss.access });
  const user = `/admin/api/users/${added.body.id}`;
  const asked = [
    'GET /admin/api/overview',
    'GET /admin/api/users?search=a&limit=1',
    `GET ${user}`,
    `PATCH ${user}`,
    `POST ${user}/password-reset`,
    `POST ${user}/invitation`,
    `GET ${user}/factors`,
    `DELETE ${user}/factors`,
    `GET ${user}/passkeys`,
    `DELETE ${user}/passkeys/${crypto.randomUUID()}`,
    `GET ${user}/connections`,
    `DELETE ${user}/connections/${crypto.randomUUID()}`,
    `GET /admin/api/users/${someone.user.id}/sessions`,
    `DELETE /admin/api/users/${someone.user.id}/sessions/${claimsOf(someone.access).sid}`,
    `DELETE /admin/api/users/${someone.user.id}/sessions`,
    'GET /admin/api/revoked-tokens',
    'GET /admin/api/dead-letters',
    `POST /admin/api/dead-letters/${someone.user.id}/1/retry`,
    `DELETE ${user}`,
    'GET /admin/api/history',
  ];
  const statuses = [added.status];
  for (const [method = '', path = ''] of asked.map((each) => each.split(' '))) {
    const body = method === 'PATCH' ? { name: 'Mina', is_active: true } : undefined;
    statuses.push((await w.ask(method, path, { token: boss.access, body })).status);
  }
  expect(statuses).toEqual([
    201, 200, 200, 200, 200, 202, 202, 200, 404, 200, 404, 200, 404, 200, 204, 204, 200, 200, 404, 204, 200,
  ]);
  const operations = operationsOf(await documentWith()).filter(([, path]) => path.startsWith('/admin/api/'));
  expect(operations).toHaveLength(statuses.length);
});

describe('/openapi.json', () => {
  it('is the resolved document, cacheable for five minutes', async () => {
    const answer = await world().get('/openapi.json');
    expect(answer.headers.get('Content-Type')).toBe('application/json');
    expect(answer.headers.get('Cache-Control')).toBe('public, max-age=300');
    const { info, servers, ...rest } = answer.body;
    const { info: built, servers: _, ...settled } = JSON.parse(textOf({ ENVIRONMENT: 'development' }));
    expect(rest).toEqual(settled);
    expect(info).toEqual({ ...built, title: 'Accounts at localhost' });
  });

  it('is resolved once, at the first request', async () => {
    let fetched = 0;
    const assets = testEnv.ASSETS as Fetcher;
    const w = world({
      bindings: {
        ASSETS: {
          fetch: (...given: Parameters<Fetcher['fetch']>) => {
            fetched += 1;
            return assets.fetch(...given);
          },
        } as Fetcher,
      },
    });
    await w.get('/healthz');
    expect(fetched).toBe(0);
    const [first, second] = [await w.get('/openapi.json'), await w.get('/openapi.json')];
    expect(second.text).toBe(first.text);
    expect(fetched).toBe(1);
  });

  it('names the server of the request', async () => {
    const answer = await world().fetch(new Request('https://elsewhere.example:8443/openapi.json'));
    expect(answer.body.servers).toEqual([{ url: 'https://elsewhere.example:8443' }]);
    expect(answer.body.info.title).toBe('Accounts at elsewhere.example:8443');
  });

  it('names only PUBLIC_URL if it is set', async () => {
    const { info, servers } = await documentWith({ PUBLIC_URL: 'https://accounts.example.com/id' });
    expect(servers).toEqual([{ url: 'https://accounts.example.com/id' }]);
    expect(info.title).toBe('Accounts at accounts.example.com');
  });

  it('names the other local hostname too if requested by it in development', async () => {
    const { servers } = await documentWith({ PUBLIC_URL: 'http://127.0.0.1' });
    expect(servers).toEqual([{ url: 'http://127.0.0.1' }, { url: 'http://localhost' }]);
  });

  it('has no email paths with MAIL=off, and no inbox outside development', async () => {
    const mail = /reset|email|dev\/mail/;
    expect(
      Object.keys((await documentWith({ MAIL: 'off' })).paths).filter((path) => mail.test(path)),
    ).toEqual([]);
    const sent = JSON.parse(textOf(DEPLOYMENTS['with mail'] ?? {}));
    expect(sent.paths).toHaveProperty(['/account/email/verify']);
    expect(sent.paths).not.toHaveProperty(['/dev/mail']);
  });

  it('has a refresh without a body, and no /api/token, in cookie mode', async () => {
    const { paths, components } = await documentWith({ REFRESH_TRANSPORT: 'cookie' });
    expect(Object.keys(paths).filter((path) => path.startsWith('/api/token'))).toEqual([]);
    const { post } = paths['/account/token/refresh'];
    expect(post).not.toHaveProperty('requestBody');
    expect(post.security).toEqual([{ refreshCookie: [] }]);
    expect(components.securitySchemes.refreshCookie).toMatchObject({
      in: 'cookie',
      name: '__Secure-refresh',
    });
    expect((await documentWith()).components.securitySchemes).not.toHaveProperty('refreshCookie');
  });

  it.each([
    ['open', ['201', '409']],
    ['verify', ['202']],
    ['closed', ['403']],
  ])('has the answers of SIGN_UP=%s', async (mode, own) => {
    const { responses } = (await documentWith({ SIGN_UP: mode })).paths['/account/sign-up'].post;
    expect(Object.keys(responses)).toEqual([...own, '400', '413', '415', '429', '500', '503'].sort());
  });

  it('has only an access token in the refresh without rotation', async () => {
    const { responses } = (await documentWith({ ROTATE_REFRESH_TOKENS: 'false' })).paths[
      '/account/token/refresh'
    ].post;
    expect(responses[200].content['application/json'].schema.$ref).toMatch(/AccessToken$/);
  });
});

describe('/docs', () => {
  const w = world();

  it('is a page that may load nothing from other origins, and no inline script', async () => {
    const page = await w.get('/docs');
    expect(page.status).toBe(200);
    expect(page.headers.get('Content-Type')).toMatch(/^text\/html/);
    expect(page.headers.get('Content-Security-Policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    );
    expect(page.text).not.toMatch(/https?:|<script>|style=|\son\w+=/);
    expect((await w.get('/docs/')).text).toBe(page.text);
  });

  it.each([
    ['/docs/init.js', 'javascript'],
    ['/docs/page.css', 'css'],
    ['/docs/swagger-ui/swagger-ui-bundle.js', 'javascript'],
    ['/docs/swagger-ui/swagger-ui.css', 'css'],
    ['/docs/swagger-ui/LICENSE', ''],
  ])('serves %s with the headers of every answer', async (path, type) => {
    const answer = await w.get(path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('Content-Type') ?? '').toContain(type);
    expect(answer.headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(answer.headers.get('Content-Security-Policy')).toBe("default-src 'none'; frame-ancestors 'none'");
    expect(answer.headers.get('Cache-Control')).toMatch(/^public, max-age=/);
  });

  it('loads existing files', async () => {
    const { text } = await w.get('/docs');
    for (const [, path = ''] of text.matchAll(/(?:src|href)="(\/docs\/[^"]+)"/g)) {
      expect([path, (await w.get(path)).status]).toEqual([path, 200]);
    }
  });

  it.each(['/docs/openapi/template.json', '/docs/nothing.js', '/docs/swagger-ui/nothing.js'])(
    'has no %s',
    async (path) => {
      expect(codeOf(await w.get(path))).toBe('not_found');
    },
  );
});

it.each(['/docs', '/docs/', '/docs/init.js', '/docs/swagger-ui/swagger-ui.css', '/openapi.json'])(
  'with DOCS=off %s is 404',
  async (path) => {
    const answer = await world({ vars: { DOCS: 'off' } }).get(path);
    expect([answer.status, codeOf(answer)]).toEqual([404, 'not_found']);
  },
);

describe('the check of answers', () => {
  const user = {
    id: crypto.randomUUID(),
    email: null,
    username: 'mina',
    name: null,
    is_active: true,
    is_staff: false,
    email_verified: false,
    date_joined: '2026-11-23T09:30:00Z',
    last_login: null,
  };
  const floor = { 'X-Request-Id': crypto.randomUUID(), 'Cache-Control': 'no-store' };
  const json = { ...floor, 'Content-Type': 'application/json; charset=UTF-8' };
  const problem = { ...floor, 'Content-Type': 'application/problem+json', 'Content-Language': 'en' };
  const refused = {
    type: 'about:blank',
    title: 'Unauthorized',
    status: 401,
    detail: 'No.',
    code: 'user_inactive',
  };
  const challenge = { ...problem, 'WWW-Authenticate': 'Bearer realm="api", error="invalid_token"' };

  type Asked = [
    what: string,
    request: string,
    status: number,
    headers: Record<string, string>,
    body: unknown,
  ];
  const RIGHT: Asked[] = [
    ['an answer', 'GET /account/me', 200, json, user],
    ['the same behind a slash', 'GET /account/me/', 200, json, user],
    ['the same in another spelling', 'GET /account/%6de', 200, json, user],
    ['the head of it', 'HEAD /account/me', 200, json, ''],
    ['a refusal', 'GET /account/me', 401, challenge, refused],
    ['a parameter in the path', 'DELETE /account/sessions/x', 204, floor, ''],
    ['what CORS asks', 'OPTIONS /account/me', 204, {}, ''],
    [
      'the 404 of an unknown path',
      'GET /nowhere',
      404,
      problem,
      { ...refused, status: 404, code: 'not_found' },
    ],
    [
      '405 of an unknown method',
      'PUT /account/me',
      405,
      { ...problem, Allow: 'GET' },
      { ...refused, status: 405, code: 'method_not_allowed' },
    ],
  ];
  const WRONG: [...Asked, told: RegExp][] = [
    ['a status', 'GET /account/me', 202, json, user, /alone/],
    ['a method', 'PUT /account/me', 200, json, user, /alone/],
    ['a path', 'GET /account/you', 200, json, user, /alone/],
    ['an operation that MAIL=off has not', 'POST /account/password/reset', 202, json, {}, /alone/],
    [
      'a content type',
      'GET /account/me',
      200,
      { ...json, 'Content-Type': 'text/html' },
      user,
      /content type/,
    ],
    ['no content type', 'GET /account/me', 200, floor, user, /content type/],
    ['a body where there is none', 'DELETE /account/sessions', 204, floor, {}, /there is a body/],
    ['a body to HEAD', 'HEAD /account/me', 200, json, user, /there is a body/],
    ['a header that is missing', 'GET /account/me', 401, problem, refused, /WWW-Authenticate is missing/],
    [
      'a header of another form',
      'GET /account/me',
      401,
      { ...challenge, 'WWW-Authenticate': 'Bearer' },
      refused,
      /WWW-Authenticate: /,
    ],
    [
      'a number that is too large in a header',
      'POST /account/login',
      429,
      { ...problem, 'Retry-After': '901' },
      { ...refused, status: 429, code: 'throttled' },
      /Retry-After: /,
    ],
    [
      'a header that is not listed',
      'GET /account/me',
      200,
      { ...json, 'Set-Cookie': 'a=b' },
      user,
      /Set-Cookie is not/,
    ],
    [
      'an answer that may be kept',
      'GET /account/me',
      200,
      { ...json, 'Cache-Control': 'public' },
      user,
      /Cache/,
    ],
    [
      'a code of another operation',
      'GET /account/me',
      401,
      challenge,
      { ...refused, code: 'throttled' },
      /not match any/,
    ],
    ['a property that is missing', 'GET /account/me', 200, json, { ...user, id: undefined }, /required/],
    ['a property of another type', 'GET /account/me', 200, json, { ...user, is_staff: 1 }, /type/],
    [
      'a time that is not in UTC',
      'GET /account/me',
      200,
      json,
      { ...user, date_joined: '2026-11-23T09:30:00+09:00' },
      /pattern/,
    ],
    ['a property too many', 'GET /account/me', 200, json, { ...user, password_hash: '' }, /password_hash/],
    [
      'a property too many in an object inside',
      'GET /account/sessions',
      200,
      json,
      { sessions: [{ secret: 1 }] },
      /secret/,
    ],
  ];

  const check = (request: string, status: number, headers: Record<string, string>, body: unknown) => {
    const [method = '', path] = request.split(' ');
    const text = body === '' ? '' : JSON.stringify(body);
    const answer = { status, headers: new Headers(headers), text };
    conform(new Request(`http://localhost${path}`, { method }), { MAIL: 'off' }, answer);
  };
  it.each(RIGHT)('lets %s pass', (_, ...asked) => {
    expect(() => check(...asked)).not.toThrow();
  });
  it.each(WRONG)('tells %s', (_, request, status, headers, body, told) => {
    expect(() => check(request, status, headers, body)).toThrow(told);
  });
});
