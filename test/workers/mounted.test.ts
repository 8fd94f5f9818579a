/** The account app and the console in hosts of other people: wherever they are mounted, strict or not. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env as testEnv } from 'cloudflare:workers';
import { Hono } from 'hono';
import { inspectRoutes } from 'hono/dev';
import { describe, expect, it } from 'vitest';
import { createAccounts, createAdmin } from '../../src/index.ts';
import { capturedLog } from '../support/log.ts';
import { person } from '../support/world.ts';

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

const ROUTES = [
  ...new Set(
    inspectRoutes(strict)
      .filter(({ isMiddleware, method }) => !isMiddleware && method !== 'ALL')
      .map(
        ({ method, path }) => `${method} ${path.replace(/:\w+/g, '0191f7a2-0000-7000-8000-000000000000')}`,
      ),
  ),
].map((route) => route.split(' ') as [method: string, path: string]);

describe('a slash at the end of a path', () => {
  it('is asked of every route', () => {
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
      const { status, text, headers } = await ask(host, method, path);
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
      'makes nothing of %s, which is not there',
      async (path) => {
        expect((await look('GET', path)).status).toBe(404);
      },
    );
  });

  it('is no matter to a sign-up, its cookie, its log and the headers of the host', async () => {
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

  it.each(['/', '/v1/people'])('is no matter below %s, nor without an execution context', async (mount) => {
    const host = new Hono().route(mount, createAccounts());
    const path = `${mount.replace(/\/$/, '')}/me/`;
    expect((await host.request(path, {}, testEnv)).status).toBe(401);
  });
});
