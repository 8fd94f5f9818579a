/**
 * The service behind something else: a gateway that takes a path off, a service binding, a custom domain in development.
 * What clients see follows PUBLIC_URL, whatever address the Worker itself is asked at.
 */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { createApp } from '../../src/app.ts';
import type { Bindings } from '../../src/http/context.ts';
import { capturedLog } from '../support/log.ts';
import { codeOf, person, type Vars, world } from '../support/world.ts';

capturedLog();

const PRODUCTION: Vars = { ENVIRONMENT: 'production', PASSWORD_ITERATIONS_UNSAFE: 'on', MAIL: 'off' };

/** The accounts Worker as another Worker has it by a service binding, at an address that no client knows. */
const bound = (vars: Vars) => {
  const app = createApp();
  const bindings = { ...env, ...vars } as unknown as Bindings;
  return {
    fetch: async (request: Request): Promise<Response> => {
      const context = createExecutionContext();
      const answer = await app.fetch(request, bindings, context);
      await waitOnExecutionContext(context);
      return answer;
    },
  };
};

/** Maps `https://example.com/id/*` to it. */
const gateway = (vars: Vars = {}) => {
  const accounts = bound({ PUBLIC_URL: 'https://example.com/id', ...vars });
  return new Hono().all('/id/*', (c) => {
    const { pathname, search } = new URL(c.req.url);
    return accounts.fetch(
      new Request(`http://accounts.internal${pathname.slice('/id'.length)}${search}`, c.req.raw),
    );
  });
};

const browser = (at: { fetch: (request: Request) => Response | Promise<Response> }, origin: string) => {
  const jar = new Map<string, { value: string; path: string }>();
  return {
    jar,
    ask: async (
      path: string,
      {
        method = 'GET',
        body,
        headers = {},
      }: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> } = {},
    ) => {
      const cookies = [...jar].filter(([, cookie]) => path.startsWith(cookie.path));
      const answer = await at.fetch(
        new Request(`${origin}${path}`, {
          method,
          redirect: 'manual',
          headers: {
            ...(method !== 'GET' && { Origin: origin }),
            Cookie: cookies.map(([name, { value }]) => `${name}=${value}`).join('; '),
            ...headers,
          },
          ...(body != null && { body }),
        }),
      );
      for (const line of answer.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        jar.set(name, { value, path: /Path=([^;]*)/.exec(line)?.[1] ?? '/' });
      }
      return answer;
    },
  };
};
const json = (body: unknown) => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { 'Content-Type': 'application/json' },
});

describe('behind a gateway that strips a path', () => {
  const cookieMode: Vars = { REFRESH_TRANSPORT: 'cookie' };

  it('cookie mode works: own origin, path of the cookie', async () => {
    const page = browser(gateway(cookieMode), 'https://example.com');
    expect((await page.ask('/id/account/sign-up', json(person()))).status).toBe(201);
    expect(page.jar.get('__Secure-refresh')?.path).toBe('/id/account');
    expect((await page.ask('/id/account/token/refresh', { method: 'POST' })).status).toBe(200);
    expect((await page.ask('/id/account/logout', { method: 'POST' })).status).toBe(204);
    expect(page.jar.get('__Secure-refresh')?.value).toBe('');
  });

  it.each(['http://accounts.internal', 'https://evil.example', 'https://example.com/id'])(
    '%s is not its own origin',
    async (Origin) => {
      const answer = await bound({ PUBLIC_URL: 'https://example.com/id', ...cookieMode }).fetch(
        new Request('http://accounts.internal/account/login', { method: 'POST', headers: { Origin } }),
      );
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
        403,
        'origin_not_allowed',
      ]);
    },
  );

  it('clears foreign cookies at the domains that its users see', async () => {
    const answer = await gateway(cookieMode).request('https://www.example.com/id/account/token/refresh', {
      method: 'POST',
      headers: { Origin: 'https://example.com', Cookie: '__Secure-refresh=a; __Secure-refresh=b' },
    });
    expect(answer.status).toBe(401);
    const cleared = answer.headers.getSetCookie().join('\n');
    expect(cleared).toContain('Path=/id/account');
    expect(cleared).toContain('Domain=example.com');
    expect(cleared).not.toContain('internal');
  });

  it.each(['/id/account/password/reset/confirm', '/id/account/email/verify', '/id/docs', '/id/admin/login'])(
    '%s finds its files',
    async (path) => {
      const at = gateway();
      const page = await at.request(`https://example.com${path}`);
      expect(page.status).toBe(200);
      const html = await page.text();
      const files = [...html.matchAll(/<(?:link|script)[^>]* (?:href|src)="(\/[^"]*)"/g)].map(
        ([, file]) => file,
      );
      expect(files).not.toEqual([]);
      for (const file of files) {
        expect(file).toMatch(/^\/id\//);
        expect((await at.request(`https://example.com${file}`)).status).toBe(200);
      }
      for (const [, link] of html.matchAll(/(?:action|href|data-to|data-next)="(\/[^"]*)"/g)) {
        expect(link).toMatch(/^\/id\//);
      }
    },
  );

  it.each(['/id/', '/id/dev/mail'])('%s, in development, links to existing paths', async (path) => {
    const page = await gateway().request(`https://example.com${path}`, { headers: { Accept: 'text/html' } });
    const links = [...(await page.text()).matchAll(/(?:href|src)="(\/[^"]*)"/g)].map(([, link]) => link);
    expect(links).not.toEqual([]);
    expect(links.filter((link) => !link?.startsWith('/id/'))).toEqual([]);
  });

  it('the document of the API has its address, and no other', async () => {
    const answer = await gateway().request('https://example.com/id/openapi.json');
    const document = (await answer.json()) as { servers: unknown };
    expect(document.servers).toEqual([{ url: 'https://example.com/id' }]);
  });

  it('links in e-mails lead through it', async () => {
    const at = gateway();
    const who = person();
    await at.request('https://example.com/id/account/sign-up', json(who));
    const inbox = await at.request(`https://example.com/id/dev/mail?to=${encodeURIComponent(who.email)}`);
    const { messages } = (await inbox.json()) as { messages: { text: string }[] };
    expect(messages[0]?.text).toContain('https://example.com/id/account/email/verify#token=');
    expect(messages[0]?.text).not.toContain('internal');
  });

  it('the console logs in, navigates, and acts', async () => {
    const at = gateway();
    const who = person();
    await at.request('https://example.com/id/account/sign-up', json(who));
    await env.DB.prepare('UPDATE users SET is_staff = 1, email_verified_at = 1 WHERE email = ?')
      .bind(who.email)
      .run();
    const page = browser(at, 'https://example.com');
    const away = await page.ask('/id/admin/users?search=x');
    expect(away.headers.get('Location')).toBe('/id/admin/login?next=%2Fusers%3Fsearch%3Dx');
    const form = (fields: Record<string, string>) => ({
      method: 'POST',
      body: new URLSearchParams(fields).toString(),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    });
    const inside = await page.ask(
      '/id/admin/login',
      form({ username: who.email, password: who.password, next: '/users?search=x' }),
    );
    expect([inside.status, inside.headers.get('Location')]).toEqual([303, '/id/admin/users?search=x']);
    const list = await page.ask('/id/admin/users');
    expect(list.status).toBe(200);
    for (const [, link] of (await list.text()).matchAll(/(?:action|href)="(\/[^"]*)"/g)) {
      expect(link).toMatch(/^\/id\/admin/);
    }
    const out = await page.ask('/id/admin/logout', form({}));
    expect([out.status, out.headers.get('Location')]).toEqual([303, '/id/admin/login?done=log-out']);
  });
});

describe('a custom domain of wrangler.toml in development', () => {
  /** As `npm run dev` starts it: wrangler gives requests the route's address. */
  const asked = 'https://accounts.example.com';
  const vars: Vars = { PUBLIC_URL: 'http://localhost:8787', REFRESH_TRANSPORT: 'cookie' };

  it('has no link to another machine', async () => {
    const w = world({ vars });
    const who = person();
    await w.fetch(
      new Request(`${asked}/account/sign-up`, {
        ...json(who),
        headers: { 'Content-Type': 'application/json', Origin: 'http://localhost:8787' },
      }),
    );
    const [{ text }] = (await w.get(`/dev/mail?to=${encodeURIComponent(who.email)}`)).body.messages;
    expect(text).toContain('http://localhost:8787/account/email/verify#token=');
    expect(text).not.toContain('accounts.example.com');
  });

  it.each<[string, number]>([
    ['http://localhost:8787', 204],
    ['http://127.0.0.1:8787', 204],
    [asked, 403],
  ])('checks %s against PUBLIC_URL: %i', async (Origin, status) => {
    const answer = await world({ vars }).fetch(
      new Request(`${asked}/account/logout`, { method: 'POST', headers: { Origin } }),
    );
    expect(answer.status).toBe(status);
  });

  it.each<[string, number]>([
    ['http://localhost:8787', 401],
    ['http://127.0.0.1:8787', 401],
    ['http://127.0.0.1:8788', 403],
    [asked, 403],
  ])('opens the console at %s: %i', async (Origin, status) => {
    const answer = await world({ vars }).ask('POST', '/admin/login', {
      body: new URLSearchParams({ username: 'nobody@example.com', password: 'x' }).toString(),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin },
    });
    expect(answer.status).toBe(status);
  });
});

describe('without PUBLIC_URL in production', () => {
  it('the own origin is the request’s', async () => {
    const w = world({ vars: { ...PRODUCTION, REFRESH_TRANSPORT: 'cookie' } });
    const from = async (Origin: string) =>
      w.fetch(
        new Request('https://accounts.example.com/account/logout', { method: 'POST', headers: { Origin } }),
      );
    expect((await from('https://accounts.example.com')).status).toBe(204);
    expect(codeOf(await from('https://example.com'))).toBe('origin_not_allowed');
  });

  it('mail is misconfigured, since its links have no address', async () => {
    const answer = await world({
      vars: { ...PRODUCTION, MAIL: 'cloudflare', MAIL_FROM: 'a@example.com' },
      bindings: { EMAIL: {} },
    }).get('/account/me');
    expect([answer.status, codeOf(answer)]).toEqual([503, 'misconfigured']);
  });
});
