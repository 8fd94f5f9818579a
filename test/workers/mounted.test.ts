/** The account app and the console in hosts of other people: wherever they are mounted, strict or not. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env as testEnv } from 'cloudflare:workers';
import { Hono } from 'hono';
import { inspectRoutes } from 'hono/dev';
import { describe, expect, it } from 'vitest';
import {
  createAccounts,
  createAdmin,
  createDevMail,
  createDiscovery,
  createHealth,
} from '../../src/index.ts';
import { capturedLog } from '../support/log.ts';
import { person, world } from '../support/world.ts';

capturedLog();

const ORIGIN = 'http://localhost';

type Host = Pick<Hono, 'fetch'>;
interface Ask {
  body?: unknown;
  headers?: Record<string, string>;
  vars?: Record<string, unknown>;
}

async function ask(host: Host, method: string, path: string, { body, headers = {}, vars = {} }: Ask = {}) {
  const context = createExecutionContext();
  const answer = await host.fetch(
    new Request(`${ORIGIN}${path}`, {
      method,
      redirect: 'manual',
      headers: { ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }),
    { ...testEnv, ...vars },
    context,
  );
  const text = await answer.text();
  await waitOnExecutionContext(context);
  return { status: answer.status, text, headers: answer.headers };
}

/** A host as Hono makes it: strict, where `/x/` is not `/x`. */
const strict = new Hono();
strict.route('/auth', createAccounts());
strict.route('/console', createAdmin());

const lenient = new Hono({ strict: false });
lenient.route('/auth', createAccounts());
lenient.route('/console', createAdmin());

/** What switches on the rooms that answer 404 without it. */
const EVERYTHING_ON = {
  ENCRYPTION_KEY: 'A'.repeat(43),
  SIGN_IN_BY_EMAIL: 'on',
  PROVIDERS: [{ id: 'acme', issuer: 'https://id.example', client_id: 'x', client_secret: 'y' }],
};

const ROUTES = [
  ...new Set(
    inspectRoutes(strict)
      .filter(({ isMiddleware, method }) => !isMiddleware && method !== 'ALL')
      .map(
        ({ method, path }) =>
          `${method} ${path
            .replace(':provider', 'acme')
            .replace('/client/:file', '/client/passkeys.js')
            .replace(/:\w+/g, '0191f7a2-0000-7000-8000-000000000000')}`,
      ),
  ),
].map((route) => route.split(' ') as [method: string, path: string]);

describe('a slash at the end of a path', () => {
  it('is tested for every route', () => {
    const paths = ROUTES.map(([method, path]) => `${method} ${path}`);
    expect(paths.length).toBeGreaterThan(45);
    expect(paths).toEqual(
      expect.arrayContaining(['POST /auth/sign-up', 'GET /console', 'GET /console/api/overview']),
    );
  });

  describe.each([
    ['strict', strict],
    ['lenient', lenient],
  ])('in a %s host', (_, host) => {
    const look = async (method: string, path: string) => {
      const answer = await ask(host, method, path, { vars: EVERYTHING_ON });
      const { status, headers } = answer;
      // Each is another.
      const text = answer.text.replace(/"challenge":"[\w-]+"/, '"challenge":""');
      return { status, text, allow: headers.get('Allow'), type: headers.get('Content-Type') };
    };

    it.each(ROUTES)('changes nothing of %s %s', async (method, path) => {
      const without = await look(method, path);
      expect([404, 405]).not.toContain(without.status);
      expect(await look(method, `${path}/`)).toEqual(without);
      expect((await look(method, `${path}//`)).status).toBe(404);
    });

    it.each([...new Set(ROUTES.map(([, path]) => path))])(
      'changes nothing of OPTIONS, HEAD and PUT %s',
      async (path) => {
        for (const method of ['OPTIONS', 'HEAD', 'PUT']) {
          const without = await look(method, path);
          expect(without.status).not.toBe(404);
          expect([method, await look(method, `${path}/`)]).toEqual([method, without]);
        }
      },
    );

    it.each(['/auth/nothing/', '/auth/me//', '/auth//', '/auth/', '/console/nothing/', '/console/api/'])(
      'does not make %s exist',
      async (path) => {
        expect((await look('GET', path)).status).toBe(404);
      },
    );
  });

  it('does not affect a sign-up, its cookie, its log and the headers of the host', async () => {
    const host = new Hono();
    host.use(async (c, next) => {
      c.header('X-Before', 'host');
      await next();
      c.header('X-After', 'host');
    });
    host.route('/auth', createAccounts());
    const vars = { REFRESH_TRANSPORT: 'cookie' };
    const headers = { Origin: ORIGIN };
    const answers = [];
    for (const path of ['/auth/sign-up', '/auth/sign-up/']) {
      answers.push(await ask(host, 'POST', path, { body: person(), headers, vars }));
    }
    for (const { status, headers } of answers) {
      expect(status).toBe(201);
      expect(headers.getSetCookie()).toEqual([expect.stringContaining('; Path=/auth;')]);
      expect(headers.get('X-Request-Id')).toMatch(/^[0-9a-f-]{36}$/);
      expect(headers.get('X-After')).toBe('host');
    }
    expect(answers.map(({ headers }) => headers.get('X-Before'))).toEqual(
      Array(2).fill(answers[0]?.headers.get('X-Before')),
    );
  });

  it.each(['/', '/v1/people'])(
    'does not affect a mount at %s, nor an app without an execution context',
    async (mount) => {
      const host = new Hono().route(mount, createAccounts());
      const path = `${mount.replace(/\/$/, '')}/me/`;
      expect((await host.request(path, {}, testEnv)).status).toBe(401);
    },
  );
});

describe('mail', () => {
  const w = world();
  const JSON_TYPE = { Accept: 'application/json' };
  /** The newest mail to an address that has a link. */
  const linkTo = async (email: string): Promise<string> => {
    const { body } = await w.get(`/dev/mail?to=${encodeURIComponent(email)}`, { headers: JSON_TYPE });
    const links = body.messages.map(({ text }: { text: string }) => /https?:\/\/\S+/.exec(text)?.[0]);
    return links.find(Boolean);
  };
  const tokenOf = (link: string) => link.split('#token=')[1] ?? '';

  const MOUNTS: [mount: string, base: string][] = [
    ['/auth', '/auth'],
    ['/auth/', '/auth'],
    ['/api/v1/people', '/api/v1/people'],
    ['/account', '/account'],
    ['/', ''],
  ];
  const at = (mount: string) => new Hono().route(mount, createAccounts());

  describe.each(MOUNTS)('of an account app at %s', (mount, base) => {
    const host = at(mount);
    const signUp = async (vars = {}) => {
      const who = person();
      const { text } = await ask(host, 'POST', `${base}/sign-up`, { body: who, vars });
      return { ...who, access: (JSON.parse(text) as { access: string }).access };
    };

    it.each<[string, string, () => Promise<string>]>([
      ['a sign-up', '/email/verify', async () => (await signUp()).email],
      ['a pending sign-up', '/email/verify', async () => (await signUp({ SIGN_UP: 'verify' })).email],
      [
        'a reset',
        '/password/reset/confirm',
        async () => {
          const { email } = await signUp();
          await ask(host, 'POST', `${base}/password/reset/`, { body: { email } });
          return email;
        },
      ],
      [
        'a change of address',
        '/email/verify',
        async () => {
          const { access, password } = await signUp();
          const { email } = person('new');
          const headers = { Authorization: `Bearer ${access}` };
          await ask(host, 'POST', `${base}/email/change`, { body: { new_email: email, password }, headers });
          return email;
        },
      ],
    ])('leads, after %s, to an existing page', async (_, path, send) => {
      const link = await linkTo(await send());
      expect(link).toBe(`${ORIGIN}${base}${path}#token=${tokenOf(link)}`);
      const page = await ask(host, 'GET', `${base}${path}`);
      expect(page.status).toBe(200);
      expect(page.headers.get('Content-Security-Policy')).toContain("script-src 'self'; style-src 'self'");
      expect(page.text).toContain(`<a href="${base}/sign-in">`);
      const files = [...page.text.matchAll(/<(?:link|script)\b[^>]*(?:src|href)="(?!data:)([^"]+)"/g)].map(
        (match) => match[1] ?? '',
      );
      expect(files).toEqual(
        [
          'static/theme.css',
          'static/page.css',
          'static/pages-shared.js',
          'static/../client.js',
          'static/mail-link.js',
        ].map((file) => `${base}/${file}`),
      );
      for (const file of files) {
        const answer = await ask(host, 'GET', file);
        expect([answer.status, answer.headers.get('Content-Type')]).toEqual([
          200,
          expect.stringMatching(file.endsWith('.css') ? /^text\/css/ : /^(text|application)\/javascript/),
        ]);
        expect(answer.headers.get('X-Content-Type-Options')).toBe('nosniff');
      }
    });

    it('has PUBLIC_URL before the mount', async () => {
      const { email } = await signUp({ PUBLIC_URL: 'https://accounts.example.org/id' });
      const link = await linkTo(email);
      expect(link).toBe(`https://accounts.example.org/id${base}/email/verify#token=${tokenOf(link)}`);
    });
  });

  it.each(['/auth', '/deep/down', '/'])('serves the client for pages at its mount: %s', async (mount) => {
    const host = new Hono().route(mount, createAccounts());
    const base = mount === '/' ? '' : mount;
    const script = await ask(host, 'GET', `${base}/client.js`);
    expect(script.status).toBe(200);
    expect(script.headers.get('Content-Type')).toMatch(/^(text|application)\/javascript/);
    expect(script.text).toMatch(/^\/\*! hono-accounts\/client \d+\.\d+\.\d+ /);
    expect(script.text).toMatch(/sourceMappingURL=client\.js\.map\n$/);
    const map = await ask(host, 'GET', `${base}/client.js.map`);
    expect(JSON.parse(map.text)).toMatchObject({ version: 3, sourcesContent: expect.any(Array) });
  });

  it('serves no other file of the host below its mount', async () => {
    const host = at('/auth');
    for (const file of [
      'docs/index.html',
      'static/nothing.css',
      'static/..%2fdocs%2findex.html',
      'client/nothing.js',
      'client/..%2fpage.css',
      'client/..%2f..%2fdocs%2findex.html',
      'static/',
    ]) {
      expect([file, (await ask(host, 'GET', `/auth/${file}`)).status]).toEqual([file, 404]);
    }
  });

  describe('from the console', () => {
    const reset = async (host: Host, mount: string) => {
      const boss = await w.signUp();
      await w.rows('UPDATE users SET is_staff = 1 WHERE id = ?', boss.user.id);
      const { email, user } = await w.signUp();
      const headers = { Authorization: `Bearer ${boss.access}` };
      const answer = await ask(host, 'POST', `${mount}/api/users/${user.id}/password-reset`, { headers });
      expect(answer.status).toBe(202);
      return (await linkTo(email)).split('#')[0];
    };

    it.each<[string, Parameters<typeof createAdmin>[0], string]>([
      ['/account', {}, '/account'],
      ['where the account app is said to be', { accountsAt: '/auth' }, '/auth'],
      ['the root, where it is there', { accountsAt: '/' }, ''],
      ['a mount as `.route()` takes it', { accountsAt: '/v1/people/' }, '/v1/people'],
    ])('leads to %s', async (_, parts, base) => {
      const host = new Hono().route('/console', createAdmin(parts));
      expect(await reset(host, '/console')).toBe(`${ORIGIN}${base}/password/reset/confirm`);
    });

    it.each(['', 'auth', 'https://example.com/auth', '//example.com', '/auth//', '/auth?', '/auth#x'])(
      'refuses %j with a TypeError',
      (accountsAt) => {
        expect(() => createAdmin({ accountsAt })).toThrow(TypeError);
      },
    );
  });
});

describe('what is served at the root of a host', () => {
  const host = new Hono()
    .get('/before', (c) => c.text('host'))
    .route('/', createHealth())
    .route('/', createDiscovery())
    .route('/', createDevMail())
    .get('/after/', (c) => c.text('host'))
    .get('/static/own.css', (c) => c.text('host'));

  it.each(['/before', '/after/', '/static/own.css'])(
    'leaves every other path to the host: %s',
    async (path) => {
      const { status, text, headers } = await ask(host, 'GET', path, { vars: { SIGNING_KEY: '' } });
      expect([status, text]).toEqual([200, 'host']);
      expect(headers.get('X-Request-Id')).toBeNull();
    },
  );

  it('is health, the public keys and the development inbox', async () => {
    expect(JSON.parse((await ask(host, 'GET', '/healthz')).text)).toEqual({ status: 'ok' });
    expect(JSON.parse((await ask(host, 'GET', '/readyz')).text)).toMatchObject({ d1: 'ok', kv: 'ok' });
    expect(JSON.parse((await ask(host, 'GET', '/.well-known/jwks.json')).text)).toEqual({ keys: [] });
    const inbox = await ask(host, 'GET', '/dev/mail', { headers: { Accept: 'text/html' } });
    expect([inbox.status, inbox.headers.get('X-Content-Type-Options')]).toEqual([200, 'nosniff']);
    const css = /href="([^"]+\.css)"/.exec(inbox.text)?.[1] ?? '';
    expect((await ask(host, 'GET', css)).headers.get('Content-Type')).toMatch(/^text\/css/);
  });

  it('of a misconfigured Worker answers that it is alive, and nothing more', async () => {
    const vars = { SIGNING_KEY: '' };
    const statuses = ['/healthz', '/readyz', '/.well-known/jwks.json'].map(
      async (path) => (await ask(host, 'GET', path, { vars })).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 503, 503]);
  });

  it('has no inbox in production, and answers other methods with 405', async () => {
    const production = { ENVIRONMENT: 'production', PASSWORD_ITERATIONS: '600000' };
    for (const path of ['/dev/mail', '/dev/mail/page.css']) {
      expect([path, (await ask(host, 'GET', path, { vars: production })).status]).toEqual([path, 404]);
    }
    const answer = await ask(host, 'POST', '/.well-known/jwks.json');
    expect([answer.status, answer.headers.get('Allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
  });
});
