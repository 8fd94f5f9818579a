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

  it('does not exist in a host without assets', async () => {
    for (const vars of [{}, { SITE_COLOR: '#7a1fbf' }]) {
      const without = world({ vars, bindings: { ASSETS: undefined as never } });
      expect((await without.get('/account/static/theme.css')).status).toBe(404);
    }
  });

  it('is sent in full with a color, also to a browser that has cached the plain one', async () => {
    const ETag = (await w.get('/static/theme.css')).headers.get('ETag') ?? '';
    const colored = world({ vars: { SITE_COLOR: '#7a1fbf' } });
    const answer = await colored.ask('GET', '/static/theme.css', { headers: { 'If-None-Match': ETag } });
    expect([answer.status, answer.text.includes('#7a1fbf')]).toEqual([200, true]);
  });
});

describe('the name and the logo of a site', () => {
  const vars: Vars = { SITE_NAME: 'Notes & more', SITE_LOGO: 'https://cdn.example.com/logo.svg' };

  it.each(['/account/email/verify', '/admin/login'])('are on %s', async (path) => {
    const { status, text, csp } = await pageOf(vars, path);
    expect(status).toBe(200);
    expect(text).toContain('<img src="https://cdn.example.com/logo.svg" alt=""');
    expect(csp).toContain("img-src 'self' data: https://cdn.example.com;");
  });

  it('are the hostname and no logo by default', async () => {
    const { text, csp } = await pageOf({ PUBLIC_URL: 'https://id.example.com' }, '/account/email/verify');
    expect(text).toContain('<span>id.example.com</span>');
    expect(text).not.toContain('<img');
    expect(csp).toContain("img-src 'self' data:;");
  });

  it('are escaped', async () => {
    const { text } = await pageOf({ SITE_NAME: '<img src=x onerror=alert(1)>' }, '/account/email/verify');
    expect(text).toContain('<span>&lt;img src=x onerror=alert(1)&gt;</span>');
  });
});

it('pages that are done link to RETURN_URL', async () => {
  const { text } = await pageOf({ RETURN_URL: 'https://www.example.com/home' }, '/account/email/verify');
  expect(text).toContain('<a href="https://www.example.com/home">');
});

const PAGES = ['sign-in', 'sign-up', 'forgot', 'settings'];
const at = (page: string) => `/account/${page}`;

describe('a page', () => {
  const TITLES: [page: string, en: string, ko: string][] = [
    ['sign-in', 'Sign in', '로그인'],
    ['sign-up', 'Create an account', '계정 만들기'],
    ['forgot', 'Reset your password', '비밀번호 재설정'],
    ['settings', 'Your account', '내 계정'],
  ];

  it.each(TITLES)('has its own CSP, and the requested language: %s', async (page, en, ko) => {
    for (const [language, title] of [
      ['en', en],
      ['ko', ko],
    ] as const) {
      const { status, headers, text } = await w.ask('GET', at(page), {
        headers: { 'Accept-Language': language },
      });
      expect(status).toBe(200);
      expect(headers.get('Content-Type')).toMatch(/^text\/html/);
      expect(headers.get('Content-Language')).toBe(language);
      expect(headers.get('Vary')).toContain('Accept-Language');
      expect(headers.get('Cache-Control')).toBe('no-store');
      expect(headers.get('Content-Security-Policy')).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
      );
      expect(text).toContain(`<title>${title} · localhost</title>`);
      expect(text).toContain(`<html lang="${language}">`);
      expect(text.match(/<h1/g)).toHaveLength(1);
      // Nothing inline: the policy would stop it.
      expect(text).not.toMatch(/<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=/);
    }
  });

  it.each(PAGES)('has its files: %s', async (page) => {
    const { text } = await w.get(at(page));
    const files = [...text.matchAll(/(?:stylesheet"|module") (?:href|src)="([^"]+)"/g)].map(
      ([, file]) => file ?? '',
    );
    expect(files).toHaveLength(3);
    for (const file of files) expect([file, (await w.get(file)).status]).toEqual([file, 200]);
  });

  it.each(PAGES)('links only to existing paths: %s', async (page) => {
    const hrefs = (text: string) => [...text.matchAll(/<a href="(\/[^"]+)"/g)].map(([, href]) => href ?? '');
    for (const vars of [
      {},
      { MAIL: 'off' },
      { SIGN_UP: 'closed' },
      { PAGES: 'sign-in,sign-up,settings' },
      { PAGES: page },
    ] as Vars[]) {
      const there = world({ vars });
      const { status, text } = await there.get(at(page));
      if (status === 404) continue;
      for (const href of hrefs(text))
        expect([vars, href, (await there.get(href)).status]).toEqual([vars, href, 200]);
    }
    expect(hrefs((await w.get(at('sign-in'))).text)).toEqual(['/account/forgot', '/account/sign-up']);
  });
});

describe('PAGES', () => {
  it.each(['sign-in', 'forgot', 'settings'])('off: %s does not exist for any method', async (page) => {
    const off = world({ vars: { PAGES: 'off' } });
    for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS']) {
      expect([method, (await off.ask(method, at(page))).status]).toEqual([method, 404]);
    }
  });

  it('off: a sign-up is a POST and nothing else', async () => {
    const off = world({ vars: { PAGES: 'off' } });
    const { status, headers } = await off.get('/account/sign-up');
    expect([status, headers.get('Allow')]).toEqual([405, 'POST, OPTIONS']);
    expect((await off.ask('OPTIONS', '/account/sign-up')).headers.get('Allow')).toBe('POST, OPTIONS');
    expect((await off.ask('DELETE', '/account/sign-up')).headers.get('Allow')).toBe('POST, OPTIONS');
    expect((await off.signUp()).user).toBeTruthy();
  });

  it('lists those that exist, one by one', async () => {
    for (const there of PAGES) {
      const one = world({ vars: { PAGES: there } });
      const found = await Promise.all(PAGES.map(async (page) => (await one.get(at(page))).status === 200));
      expect(PAGES.filter((_, i) => found[i])).toEqual([there]);
    }
  });

  it('has no page for a forgotten password without e-mail', async () => {
    const { status } = await world({ vars: { MAIL: 'off' } }).get('/account/forgot');
    expect(status).toBe(404);
  });
});

const PROVIDERS: Vars = {
  PROVIDERS: JSON.stringify([{ id: 'google', client_id: 'id', client_secret: 'secret' }]),
};

describe('what is not switched on is not shown', () => {
  const shows = async (vars: Vars, page: string, part: string) =>
    (await world({ vars }).get(at(page))).text.includes(part);

  it.each<[string, string, string, Vars, Vars]>([
    ['a passkey at sign-in', 'sign-in', 'data-passkey', { PASSKEYS: 'on' }, { PASSKEYS: 'off' }],
    ['passkeys in the settings', 'settings', 'data-passkeys', { PASSKEYS: 'on' }, { PASSKEYS: 'off' }],
    ['a code by e-mail', 'sign-in', 'data-use="email"', { SIGN_IN_BY_EMAIL: 'on' }, {}],
    ['a provider', 'sign-in', 'data-provider="google"', PROVIDERS, {}],
    ['connected accounts', 'settings', 'data-connect="google"', PROVIDERS, {}],
    [
      'a second factor at sign-in',
      'sign-in',
      'data-step="second-factor"',
      { ENCRYPTION_KEY: 'A'.repeat(43) },
      { ENCRYPTION_KEY: '' },
    ],
    [
      'a second factor in the settings',
      'settings',
      'data-factors',
      { ENCRYPTION_KEY: 'A'.repeat(43) },
      { ENCRYPTION_KEY: '' },
    ],
    ['a change of address', 'settings', 'id="email"', {}, { MAIL: 'off' }],
    ['the form of a sign-up', 'sign-up', 'id="sign-up"', {}, { SIGN_UP: 'closed' }],
    ['the cookie', 'sign-in', 'data-cookie', { REFRESH_TRANSPORT: 'cookie' }, {}],
  ])('%s', async (_, page, part, on, off) => {
    expect([await shows(on, page, part), await shows(off, page, part)]).toEqual([true, false]);
  });
});

describe('return_to', () => {
  const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
  const vars: Vars = {
    ENVIRONMENT: 'production',
    PASSWORD_ITERATIONS_UNSAFE: 'on',
    MAIL: 'off',
    PUBLIC_URL: 'https://accounts.example.com',
    ALLOWED_ORIGINS: 'https://notes.example.com,https://*.preview.example.com,myapp://open',
  };
  const there = world({ vars });
  const ask = (page: string, query: Record<string, string> | string, Accept = 'text/html') =>
    there.ask('GET', `${at(page)}?${new URLSearchParams(query)}`, { headers: { Accept } });

  it.each([
    'https://notes.example.com/',
    'https://notes.example.com/a/b?x=1&y=%2F',
    'https://pr-7.preview.example.com/',
    'myapp://open/signed-in',
    'https://accounts.example.com/elsewhere',
  ])('%s is passed on from page to page', async (return_to) => {
    const { status, text } = await ask('sign-in', { return_to, code_challenge: CHALLENGE });
    expect(status).toBe(200);
    expect(text).toContain(`data-challenge="${CHALLENGE}"`);
    const query = new URLSearchParams({ return_to, code_challenge: CHALLENGE })
      .toString()
      .replaceAll('&', '&amp;');
    expect(text).toContain(`href="/account/sign-up?${query}"`);
  });

  it.each([
    'https://evil.example/',
    'https://notes.example.com.evil.example/',
    'https://evil.example/?https://notes.example.com',
    'https://notes.example.com@evil.example/',
    'https://user@notes.example.com/',
    'http://notes.example.com/',
    'https://notes.example.com:8443/',
    'https://a.b.preview.example.com/',
    'https://preview.example.com/',
    'https://notes.example.com/#fragment',
    'https://notes.example.com\\\\@evil.example/',
    'https:/notes.example.com/',
    '//notes.example.com/',
    '/account/settings',
    'javascript:alert(1)//https://notes.example.com',
    'data:text/html,x',
    'other://open',
    'https://notes.example.com/\\u0000',
    ' https://notes.example.com/',
    '',
    `https://notes.example.com/${'x'.repeat(2_048)}`,
  ])('%j is a 400 page that leads nowhere', async (return_to) => {
    for (const page of ['sign-in', 'sign-up', 'settings']) {
      const { status, headers, text } = await ask(page, { return_to, code_challenge: CHALLENGE });
      expect([page, status]).toEqual([page, 400]);
      expect(headers.get('Location')).toBeNull();
      expect(text).toContain('This link does not work');
      expect(text).not.toContain('evil.example');
      expect(text).not.toContain('data-return-to');
    }
  });

  it('is JSON for other clients', async () => {
    const { status, body } = await ask('sign-in', { return_to: 'https://evil.example/' }, 'application/json');
    expect([status, body.code, body.errors.return_to[0].code]).toEqual([400, 'invalid', 'invalid']);
  });

  it.each([
    ['no challenge', {}, 'required'],
    ['a plain challenge', { code_challenge: 'verifier' }, 'invalid'],
    ['a challenge of another length', { code_challenge: `${CHALLENGE}A` }, 'invalid'],
  ])('of another origin with %s is refused if a session is handed out', async (_, more, code) => {
    const query = { return_to: 'https://notes.example.com/', ...more };
    const { status, body } = await ask('sign-in', query as Record<string, string>, 'application/json');
    expect([status, body.errors.code_challenge[0].code]).toEqual([400, code]);
  });

  it('of our own origin needs no challenge, nor does a link back from the settings', async () => {
    const own = await ask('sign-in', { return_to: 'https://accounts.example.com/notes' });
    expect([own.status, own.text.includes('data-challenge')]).toEqual([200, false]);
    const settings = await ask('settings', { return_to: 'https://notes.example.com/' });
    expect(settings.text).toContain('<a href="https://notes.example.com/">Continue to notes.example.com</a>');
  });

  it('given twice is refused', async () => {
    const twice = `return_to=${encodeURIComponent('https://notes.example.com/')}`;
    expect((await ask('settings', `${twice}&${twice}`)).status).toBe(400);
  });
});
