/** The pages for people: what each deployment's look like, which are there, and where they may send people. */
import { describe, expect, it } from 'vitest';
import { capturedLog } from '../support/log.ts';
import { type Vars, world } from '../support/world.ts';

capturedLog();

const w = world();
const pageOf = async (vars: Vars, path: string) => {
  const { status, headers, text } = await world({ vars }).ask('GET', path, {
    headers: { Accept: 'text/html' },
  });
  return { status, text, csp: headers.get('Content-Security-Policy') ?? '' };
};

describe('the theme', () => {
  const PLACES = ['/account/static', '/static', '/dev/mail', '/admin'];

  it.each(PLACES)('is below %s, and has the color of the site', async (at) => {
    const plain = await w.get(`${at}/theme.css`);
    expect([plain.status, plain.headers.get('Content-Type')]).toEqual([
      200,
      expect.stringMatching(/^text\/css/),
    ]);
    expect(plain.text).toContain('--accent: light-dark(#1f5fbf, #8ab4f8)');
    const colored = await world({ vars: { SITE_COLOR: '#7A1FBF' } }).get(`${at}/theme.css`);
    expect(colored.headers.get('Content-Type')).toMatch(/^text\/css/);
    expect(colored.text.startsWith(plain.text)).toBe(true);
    expect(colored.text).toContain('--accent: light-dark(#7a1fbf, ');
  });

  it('is not there in a host without assets', async () => {
    for (const vars of [{}, { SITE_COLOR: '#7a1fbf' }]) {
      const without = world({ vars, bindings: { ASSETS: undefined as never } });
      expect((await without.get('/account/static/theme.css')).status).toBe(404);
    }
  });

  it('comes whole with a color, also to a browser that has a copy of the plain one', async () => {
    const ETag = (await w.get('/static/theme.css')).headers.get('ETag') ?? '';
    const colored = world({ vars: { SITE_COLOR: '#7a1fbf' } });
    const answer = await colored.ask('GET', '/static/theme.css', { headers: { 'If-None-Match': ETag } });
    expect([answer.status, answer.text.includes('#7a1fbf')]).toEqual([200, true]);
  });
});

describe('the name and the logo of a site', () => {
  const vars: Vars = { SITE_NAME: 'Notes & more', SITE_LOGO: 'https://cdn.example.com/logo.svg' };

  it.each(['/account/email/verify', '/admin/login'])('stand on %s', async (path) => {
    const { status, text, csp } = await pageOf(vars, path);
    expect(status).toBe(200);
    expect(text).toContain('<img src="https://cdn.example.com/logo.svg" alt=""');
    expect(csp).toContain("img-src 'self' data: https://cdn.example.com;");
  });

  it('are the host, and none, where nothing is set', async () => {
    const { text, csp } = await pageOf({ PUBLIC_URL: 'https://id.example.com' }, '/account/email/verify');
    expect(text).toContain('<span>id.example.com</span>');
    expect(text).not.toContain('<img');
    expect(csp).toContain("img-src 'self' data:;");
  });

  it('are text, whatever they are', async () => {
    const { text } = await pageOf({ SITE_NAME: '<img src=x onerror=alert(1)>' }, '/account/email/verify');
    expect(text).toContain('<span>&lt;img src=x onerror=alert(1)&gt;</span>');
  });
});

it('RETURN_URL is where a page leads to that is done', async () => {
  const { text } = await pageOf({ RETURN_URL: 'https://www.example.com/home' }, '/account/email/verify');
  expect(text).toContain('<a href="https://www.example.com/home">');
});
