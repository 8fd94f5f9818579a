/** What is there in development only, and not there in production. */
import { createExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { requireAccount } from '../../src/index.ts';
import { capturedLog } from '../support/log.ts';
import { codeOf, type Vars, world } from '../support/world.ts';

const log = capturedLog();
const PRODUCTION = { ENVIRONMENT: 'production', PASSWORD_ITERATIONS: undefined } as Vars;

describe('the start page', () => {
  const html = { headers: { Accept: 'text/html' } };

  it('lists the addresses of the service', async () => {
    const { status, headers, text } = await world().get('/', html);
    expect([status, headers.get('Content-Type')]).toEqual([200, 'text/html; charset=UTF-8']);
    for (const path of ['/docs', '/admin', '/dev/mail']) expect(text).toContain(`href="${path}"`);
    expect(text).toContain('npm run createsuperuser');
    expect(text).toContain('/account/sign-up');
  });

  it('is in Korean if the request asks for Korean', async () => {
    const { headers, text } = await world().get('/', {
      headers: { Accept: 'text/html', 'Accept-Language': 'ko' },
    });
    expect(headers.get('Content-Language')).toBe('ko');
    expect(headers.get('Vary')).toContain('Accept-Language');
    expect(text).toContain('<html lang="ko">');
    expect(text).toContain('서비스가 실행 중입니다.');
    expect(text).toContain('npm run createsuperuser');
  });

  it.each<[string, Vars]>([
    ['/docs', { DOCS: 'off' }],
    ['/dev/mail', { MAIL: 'off' }],
  ])('has no link to %s if it is switched off', async (path, vars) => {
    const { status, text } = await world({ vars }).get('/', html);
    expect(status).toBe(200);
    expect(text).not.toContain(path);
  });

  it.each(['GET', 'POST', 'OPTIONS', 'PUT'])('does not exist in production (%s)', async (method) => {
    const answer = await world({ vars: PRODUCTION }).ask(method, '/');
    expect([answer.status, codeOf(answer)]).toEqual([404, 'not_found']);
    expect(answer.headers.get('Content-Type')).toBe('application/problem+json');
  });

  it('has no other method', async () => {
    const answer = await world().ask('POST', '/');
    expect([answer.status, answer.headers.get('Allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
  });
});

describe('CORS', () => {
  const allowed = async (vars: Vars, Origin: string) =>
    (await world({ vars }).get(ME, { headers: { Origin } })).headers.get('Access-Control-Allow-Origin');
  const ME = '/account/me';

  it.each([
    'http://localhost:5173',
    'https://localhost',
    'https://localhost:3000',
    'http://127.0.0.1:8080',
    'http://[::1]:4321',
  ])('allows %s in development, and not in production', async (origin) => {
    expect(await allowed({}, origin)).toBe(origin);
    expect(await allowed(PRODUCTION, origin)).toBeNull();
  });

  it.each([
    // Its own origins need no CORS.
    'http://localhost',
    'http://127.0.0.1',
    'http://localhost.evil.example',
    'http://evil.localhost:5173',
    'http://evil-localhost:5173',
    'http://localhost:5173.evil.example',
    'http://localhost:5173/',
    'http://127.0.0.1.evil.example',
    'http://192.168.0.2:5173',
    'null',
  ])('allows no other (%s)', async (origin) => {
    expect(await allowed({}, origin)).toBeNull();
  });

  it('lets a preflight through', async () => {
    const answer = await world().ask('OPTIONS', '/account/login', {
      headers: { Origin: 'http://localhost:5173', 'Access-Control-Request-Method': 'POST' },
    });
    expect(answer.headers.get('Access-Control-Allow-Origin')).toBe('http://localhost:5173');
  });

  it('is logged once', async () => {
    const w = world();
    for (const port of [1, 2, 3]) await w.get(ME, { headers: { Origin: `http://localhost:${port}` } });
    expect(log.of('localhost_origins_allowed')).toHaveLength(1);
  });

  it('does not relax the origin check of requests with a cookie', async () => {
    const w = world({ vars: { REFRESH_TRANSPORT: 'cookie' } });
    const answer = await w.post('/account/login', {}, { headers: { Origin: 'http://localhost:5173' } });
    expect([answer.status, codeOf(answer)]).toEqual([403, 'origin_not_allowed']);
  });
});

describe('a guard with invalid settings', () => {
  const host = new Hono().get('/', requireAccount(), (c) => c.text('in'));
  const ask = async (ENVIRONMENT: string) => {
    const vars = { ...env, ENVIRONMENT, LEEWAY: 'zq7secret', BLACKLIST: undefined };
    const answer = await host.request('/', {}, vars, createExecutionContext());
    return { status: answer.status, body: (await answer.json()) as { code: string; problems?: string[] } };
  };

  it('logs what is wrong with each', async () => {
    expect(await ask('production')).toMatchObject({ status: 503, body: { code: 'misconfigured' } });
    const [line] = log.of('misconfigured');
    expect(line?.settings).toEqual(['LEEWAY', 'BLACKLIST']);
    expect(line?.problems).toEqual([expect.stringMatching(/^LEEWAY must /), 'BLACKLIST is not bound']);
    expect(JSON.stringify(log.lines)).not.toMatch(/zq7/);
  });

  it('includes it in its response too, in development only', async () => {
    expect((await ask('development')).body.problems).toHaveLength(2);
    expect((await ask('production')).body).not.toHaveProperty('problems');
  });
});
