/** The pages for people in Chromium: sign-in, sign-up, forgotten password, settings. By keyboard where a person types. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withAuthenticator } from './support/authenticator.ts';
import { overflowAt, seriousFaults } from './support/axe.ts';
import { AWAY, launch, open } from './support/browser.ts';
import { focused, path, press, signedIn as signIn, tabTo, type } from './support/pages.ts';
import { PASSWORD } from './support/people.ts';
import { type Service, startService } from './support/service.ts';
import { totp } from './support/totp.ts';

/** Nobody goes there: what is tested here is the page. */
const PROVIDERS = JSON.stringify([{ id: 'google', client_id: 'id', client_secret: 'secret' }]);

let service: Service;
let browser: Browser;

beforeAll(async () => {
  [service, browser] = await Promise.all([
    startService(['SITE_NAME:Hana Notes', 'SIGN_IN_BY_EMAIL:on', `PROVIDERS:${PROVIDERS}`]),
    launch(),
  ]);
});
afterAll(async () => {
  await browser?.close();
  await service?.stop();
});

let count = 0;
const newEmail = () => `page${++count}@example.com`;
async function newUser(name = 'Mina Park'): Promise<{ email: string; access: string }> {
  const email = newEmail();
  const { access } = await service.call<{ access: string }>('POST', '/account/sign-up', {
    email,
    password: PASSWORD,
    name,
  });
  return { email, access };
}

const signedIn = (email: string, options?: BrowserContextOptions) =>
  signIn(browser, service.origin, email, options);

/** UPDATE_SCREENSHOTS=1 npx vitest run --config vitest.e2e.config.ts test/e2e/pages.test.ts -t screenshots */
describe.runIf(process.env.UPDATE_SCREENSHOTS === '1')('the screenshots of the pages', () => {
  it('need fonts with Hangul: apt-get install fonts-noto-cjk', () => {
    expect(execFileSync('fc-list', [':lang=ko', 'family'], { encoding: 'utf8' })).not.toBe('');
  });

  it.each([
    ['sign-in-light', 'light', 720, 'en-US'],
    ['settings-dark', 'dark', 720, 'en-US'],
    ['settings-phone', 'light', 375, 'en-US'],
    ['sign-in-ko', 'dark', 720, 'ko-KR'],
    ['settings-ko', 'light', 720, 'ko-KR'],
  ] as const)('%s', async (file, colorScheme, width, locale) => {
    const { email } = await newUser(locale === 'ko-KR' ? '박민아' : undefined);
    const { page, close } = await signedIn(email, { colorScheme, locale, viewport: { width, height: 720 } });
    if (file.startsWith('sign-in')) {
      await page.locator('[data-sign-out]').click();
      await page.locator('#password-username').waitFor();
      await page.reload();
    }
    // Of the settings, the dark picture shows what protects the account.
    if (file === 'settings-dark') {
      await page
        .locator('[data-factors]')
        .evaluate((section) => scrollTo(0, section.getBoundingClientRect().top - 16));
    }
    await page.screenshot({ path: `docs/img/pages-${file}.png` });
    await close();
  });
});

describe('sign-in and sign-up', () => {
  it('work with the keyboard alone, also after a mistake', async () => {
    const { page, close } = await open(browser, service.origin);
    const email = newEmail();
    await page.goto('/account/sign-in');
    await tabTo(page, 'Create an account');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Create an account' }).waitFor();
    // A form does nothing before its script is there.
    await page.waitForLoadState();
    await type(page, 'Name (optional)', 'Joon Kim');
    await type(page, 'E-mail address', email);
    await type(page, 'Password', 'password1');
    await page.keyboard.press('Enter');
    await page.getByText('This password is too common.').waitFor();
    expect(await focused(page)).toBe('Password');
    await page.getByRole('alert').first().waitFor();
    expect(await page.getByLabel('E-mail address').inputValue()).toBe(email);
    await page.keyboard.press('Control+A');
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Your account' }).waitFor();
    await page.locator('[data-content]').waitFor();
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('Joon Kim');

    await tabTo(page, 'Sign out');
    await page.keyboard.press('Enter');
    await page.getByText('You are signed out.').waitFor();
    expect(path(page)).toBe('/account/sign-in');
    await type(page, 'E-mail or username', email);
    await type(page, 'Password', 'not the password');
    await page.keyboard.press('Enter');
    await page.getByText('The e-mail, username or password is wrong.').waitFor();
    expect(await focused(page)).toBe('The e-mail, username or password is wrong.');
    expect(await page.getByLabel('E-mail or username').inputValue()).toBe(email);
    await tabTo(page, 'E-mail or username');
    await tabTo(page, 'Password');
    await page.keyboard.press('Control+A');
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    await page.locator('[data-content]').waitFor();

    // Who is signed in is greeted.
    await page.goto('/account/sign-in');
    await page.getByText(`You are signed in as ${email}`).waitFor();
    await press(page, 'Use another account');
    await page.getByLabel('E-mail or username').waitFor();
    await close();
  });

  it('send a link to users who forgot their password, and to nobody else', async () => {
    const { email } = await newUser();
    const { page, close } = await open(browser, service.origin);
    await page.goto('/account/sign-in');
    await tabTo(page, 'Forgot your password?');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Reset your password' }).waitFor();
    await page.waitForLoadState();
    await type(page, 'E-mail address', email);
    await page.keyboard.press('Enter');
    await page.getByText('a link is on its way').waitFor();
    const { messages } = await service.call<{ messages: { subject: string }[] }>(
      'GET',
      `/dev/mail?to=${email}`,
    );
    expect(messages[0]?.subject).toBe('Reset your password');
    await close();
  });

  it('keep what was typed if the network fails, and say so', async () => {
    const { email } = await newUser();
    const { page, allow, close } = await open(browser, service.origin);
    allow(AWAY);
    await page.goto('/account/sign-in');
    await page.getByLabel('E-mail or username').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.context().setOffline(true);
    await page.getByText('You are offline.').first().waitFor();
    await press(page, 'Sign in');
    await expect.poll(() => focused(page)).toContain('You are offline.');
    await page.context().setOffline(false);
    await page.locator('[data-offline]').waitFor({ state: 'hidden' });
    await press(page, 'Sign in');
    await page.locator('[data-content]').waitFor();
    await close();
  });

  it('count down after too many tries, and keep the form', async () => {
    const { email } = await newUser();
    const { page, close } = await open(browser, service.origin);
    await page.clock.install();
    await page.route('**/account/login', (route) =>
      route.fulfill({
        status: 429,
        headers: { 'Content-Type': 'application/problem+json', 'Retry-After': '30' },
        body: JSON.stringify({ status: 429, code: 'throttled', detail: 'Request was throttled.' }),
      }),
    );
    await page.goto('/account/sign-in');
    await page.getByLabel('E-mail or username').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await press(page, 'Sign in');
    await page.getByText('Too many attempts. Wait 30 seconds').waitFor();
    const button = page.locator('#password [type=submit]');
    expect(await button.textContent()).toBe('Sign in (30)');
    expect(await button.isDisabled()).toBe(true);
    await page.clock.runFor(12_000);
    await expect.poll(() => button.textContent()).toBe('Sign in (18)');
    await page.clock.runFor(19_000);
    await expect.poll(() => button.textContent()).toBe('Sign in');
    await page.unroute('**/account/login');
    await press(page, 'Sign in');
    await page.locator('[data-content]').waitFor();
    await close();
  });
});

describe('the settings', () => {
  it('change the profile, the address and the password', async () => {
    const { email } = await newUser();
    const { page, close } = await signedIn(email);
    await page.getByLabel('Name', { exact: true }).fill('Mina Kim');
    await page.getByLabel('Username').fill(`mina${count}`);
    await press(page, 'Save');
    await page.getByText('Saved.').waitFor();

    await page.getByText('Not confirmed').waitFor();
    await press(page, 'Send the confirmation again');
    await page.getByText('The e-mail is on its way.').waitFor();
    const to = newEmail();
    await page.getByLabel('New e-mail address').fill(to);
    await page.locator('#email-password').fill('wrong');
    await press(page, 'Change the address');
    await page.getByText('Your password was entered incorrectly.').waitFor();
    await page.locator('#email-password').fill(PASSWORD);
    await press(page, 'Change the address');
    await page.getByText(`Open the link in the e-mail to ${to}.`).waitFor();

    await page.locator('#password-current_password').fill(PASSWORD);
    await page.getByLabel('New password').fill('a much better one');
    await press(page, 'Change the password');
    await page.getByText('Your password is changed.').waitFor();
    await page.reload();
    await page.locator('[data-content]').waitFor();
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('Mina Kim');
    await close();
  });

  it('switch a second factor on and off again, and sign in with it', async () => {
    const { email } = await newUser();
    const { page, close } = await signedIn(email);
    await press(page, 'Set up an authenticator app');
    const picture = page.getByRole('img', { name: 'QR code' });
    await picture.waitFor();
    expect(await picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(20);
    await press(page, 'Cancel');
    expect(await focused(page)).toBe('Set up an authenticator app');
    await page.keyboard.press('Enter');
    await page.locator('#totp-confirm-code').waitFor();
    const secret = (await page.locator('[data-secret]').textContent()) ?? '';
    await page.locator('#totp-confirm-code').fill('000000');
    await press(page, 'Switch on');
    await page.getByText('This code is not valid.').waitFor();
    await page.locator('#totp-confirm-code').fill(totp(secret));
    await press(page, 'Switch on');
    await page.getByText('Two-step sign-in is on.').waitFor();
    const codes = await page.locator('.codes li').allTextContents();
    expect(codes).toHaveLength(10);
    await press(page, 'I have saved them');
    await page.getByText('Recovery codes left: 10.').waitFor();

    await press(page, 'Sign out');
    await page.getByText('You are signed out.').waitFor();
    await page.getByLabel('E-mail or username').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByText('Enter the 6-digit code').waitFor();
    expect(await focused(page)).toBe('Code');
    expect(await page.getByText('You are signed out.').isVisible()).toBe(false);
    await press(page, 'Use a recovery code');
    await press(page, 'Start again');
    await page.locator('#password-password').press('Enter');
    await page.getByText('Enter the 6-digit code').waitFor();
    expect(await focused(page)).toBe('Code');
    await page.keyboard.type('123456');
    await page.keyboard.press('Enter');
    await page.getByText('After five wrong codes, or after five minutes, start again.').waitFor();
    await press(page, 'Start again');
    await page.locator('#password-password').press('Enter');
    await page.locator('#code-code').waitFor();
    expect([
      await page.locator('#code-code').inputValue(),
      await page.locator('#code [data-fault]').textContent(),
    ]).toEqual(['', '']);
    await press(page, 'Use a recovery code');
    await page.keyboard.type(codes[0] ?? '');
    await page.keyboard.press('Enter');
    await page.locator('[data-content]').waitFor();
    await page.getByText('Recovery codes left: 9.').waitFor();

    await press(page, 'Switch off');
    await page.getByText('Two-step sign-in is off.').waitFor();
    await close();
  });

  it('list the sessions, and end others', async () => {
    const { email } = await newUser();
    await service.call(
      'POST',
      '/account/login',
      { email, password: PASSWORD },
      {
        'User-Agent':
          'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
      },
    );
    const { page, close } = await signedIn(email);
    const rows = page.locator('[data-sessions] li');
    await expect.poll(() => rows.count()).toBe(3);
    await page.getByText('Safari on iPhone').waitFor();
    await page.getByText('last used just now').first().waitFor();
    await press(page, 'Sign out: Safari on iPhone');
    await page.getByText('The session was signed out.').waitFor();
    expect(await rows.count()).toBe(2);

    // In another tab, which notices.
    const other = await page.context().newPage();
    await other.goto('/account/settings');
    await other.locator('[data-content]').waitFor();
    await press(page, 'Sign out everywhere');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await other.getByRole('heading', { name: 'Sign in' }).waitFor();
    await close();
  });

  it('export the user’s data, and delete the account', async () => {
    const { email } = await newUser();
    const { page, close } = await signedIn(email);
    const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'Download')]);
    expect(download.suggestedFilename()).toBe('account.json');

    await page.getByLabel(`To confirm, type ${email}`).fill('somebody@example.com');
    await page.locator('#delete-password').fill(PASSWORD);
    await press(page, 'Delete my account');
    await page.getByText('This does not match.').waitFor();
    expect(await focused(page)).toBe(`To confirm, type ${email}`);
    await page.getByLabel(`To confirm, type ${email}`).fill(email);
    await press(page, 'Delete my account');
    await page.getByText('Your account was deleted.').waitFor();
    await expect(service.call('POST', '/account/login', { email, password: PASSWORD })).rejects.toThrow(
      '401',
    );
    await close();
  });

  it('send a user who is not signed in, or no longer, to the sign-in page', async () => {
    const { email } = await newUser();
    const stranger = await open(browser, service.origin);
    await stranger.page.goto('/account/settings');
    await stranger.page.getByText('Sign in to see your account.').waitFor();
    expect(path(stranger.page)).toBe('/account/sign-in');
    await stranger.close();

    const { page, close } = await signedIn(email);
    const { access } = await service.call<{ access: string }>('POST', '/account/login', {
      email,
      password: PASSWORD,
    });
    await service.call('DELETE', '/account/sessions', undefined, { Authorization: `Bearer ${access}` });
    await page.reload();
    await page.getByText('Your session has ended.').waitFor();
    await close();
  });

  it('say if the server does not answer, and try again', async () => {
    const { email } = await newUser();
    const { page, allow, close } = await signedIn(email);
    allow(AWAY);
    await page.route('**/account/me', (route) => route.abort());
    await page.reload();
    await page.getByText('The server could not be reached.').waitFor();
    await page.unroute('**/account/me');
    await press(page, 'Try again');
    await page.locator('[data-content]').waitFor();
    await close();
  });
});

describe('every page', () => {
  const PAGES = [
    'sign-in',
    'sign-up',
    'forgot',
    'settings',
    // Behind links in e-mails.
    'login/email/confirm',
    'email/verify',
    'email/disown',
    'email/take-back',
    'password/reset/confirm',
  ];
  const WIDTHS = [320, 360, 375, 480, 640, 768, 960, 1_024, 1_280, 1_600, 1_920];
  /** What comes after a page, in this order. `from`: the page, unless the step before is on it. */
  const STEPS: Record<
    string,
    { from?: string; reach: (page: Page, email: string) => Promise<unknown>; shows: string }
  > = {
    'not allowed': { from: 'sign-in?return_to=https://evil.example', reach: async () => {}, shows: 'h1' },
    'signed in already': { from: 'sign-in', reach: async () => {}, shows: '[data-who]:not(:empty)' },
    'signed out': {
      from: 'settings',
      reach: (page) => page.locator('[data-sign-out]').click(),
      shows: '[data-notice]:not(:empty)',
    },
    'second step': {
      reach: async (page, email) => {
        await page.route('**/account/login', (route) =>
          route.fulfill({
            status: 401,
            headers: { 'Content-Type': 'application/problem+json' },
            body: JSON.stringify({ status: 401, code: 'mfa_required', mfa_token: 'it', methods: ['totp'] }),
          }),
        );
        await page.locator('#password-username').fill(email);
        await page.locator('#password-password').fill(PASSWORD);
        await page.keyboard.press('Enter');
      },
      shows: '#code-code',
    },
    'recovery code': { reach: (page) => page.locator('[data-use=recovery]').click(), shows: '#recovery' },
    'by e-mail': {
      from: 'sign-in',
      reach: (page) => page.locator('[data-ways] [data-use=email]').click(),
      shows: '#email-email',
    },
    'code by e-mail': {
      reach: async (page, email) => {
        await page.locator('#email-email').fill(email);
        await page.keyboard.press('Enter');
      },
      shows: '#email-code-code',
    },
    'link sent': {
      from: 'forgot',
      reach: async (page, email) => {
        await page.locator('#forgot-email').fill(email);
        await page.keyboard.press('Enter');
      },
      shows: '[data-step=sent]',
    },
    'a dead link': {
      from: `password/reset/confirm#token=${'0'.repeat(36)}.${'a'.repeat(43)}`,
      reach: async () => {},
      shows: '#act-token',
    },
  };

  it.each([
    ['light', 'en-US', 'Your account'],
    ['dark', 'en-US', 'Your account'],
    ['light', 'ko-KR', '내 계정'],
    ['dark', 'ko-KR', '내 계정'],
  ] as const)('is accessible and fits its window (%s, %s)', async (colorScheme, locale, title) => {
    const { email } = await newUser('W'.repeat(60));
    const { page, close } = await signedIn(email, { colorScheme, locale });
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(title);
    const look = async (name: string) => {
      for (const width of [320, 1_280]) {
        await page.setViewportSize({ width, height: 800 });
        expect([name, width, await seriousFaults(page)]).toEqual([name, width, []]);
      }
      expect([name, await overflowAt(page, WIDTHS)]).toEqual([name, []]);
      expect(await page.evaluate(() => document.documentElement.lang)).toBe(locale.slice(0, 2));
    };
    for (const name of PAGES) {
      await page.goto(`/account/${name}`);
      await page.locator(name === 'settings' ? '[data-content]' : 'h1').waitFor();
      await look(name);
    }
    for (const [name, { from, reach, shows }] of Object.entries(STEPS)) {
      if (from !== undefined) await page.goto(`/account/${from}`);
      await reach(page, email);
      await page.locator(shows).waitFor();
      await look(name);
    }
    await close();
  });
});

describe('what a page preloads', () => {
  it.each(['sign-in', 'settings', 'email/verify', 'login/email/confirm'])(
    'is what the script of %s imports',
    async (name) => {
      const { page, close } = await open(browser, service.origin);
      // Without a script: the settings would leave for the sign-in page.
      const html = await (await page.request.get(`/account/${name}`)).text();
      const base = `${service.origin}/account/`;
      const urls = (pattern: RegExp, text: string, at: string) =>
        [...text.matchAll(pattern)].map(([, path = '']) => new URL(path, at).href);
      const [script = ''] = urls(/<script type="module" src="([^"]+)"/g, html, base);
      const loaded = new Set<string>();
      const load = async (url: string): Promise<void> => {
        const text = await (await page.request.get(url)).text();
        for (const one of urls(/(?:from|import)\s*["'](\.[^"']+)["']/g, text, url)) {
          if (loaded.has(one)) continue;
          loaded.add(one);
          await load(one);
        }
      };
      await load(script);
      expect(urls(/rel="modulepreload" href="([^"]+)"/g, html, base).sort()).toEqual([...loaded].sort());
      await close();
    },
  );
});

describe('an app that sends its users to the pages', () => {
  const challengeOf = (verifier: string) => createHash('sha256').update(verifier).digest('base64url');
  const verifier = 'a-verifier-of-43-characters-or-more-and-no-less';
  const query = (to: string, more: Record<string, string> = {}) =>
    new URLSearchParams({ return_to: to, code_challenge: challengeOf(verifier), ...more });

  it('gets them back with a code, after a mistake and a sign-up, and their own session for it', async () => {
    const to = 'http://localhost:9/app?from=pages';
    const { page, allow, close } = await open(browser, service.origin);
    allow(/^request to http:\/\/localhost:9\//);
    // Nobody listens there: what counts is the address that the browser goes to.
    await page.route('http://localhost:9/**', (route) => route.fulfill({ body: 'The app' }));
    await page.goto(`/account/sign-in?${query(to)}`);
    await page.getByRole('link', { name: 'Create an account' }).click();
    await page.getByLabel('E-mail address').fill(newEmail());
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await press(page, 'Create the account');
    await page.getByText('The app').waitFor();
    const url = new URL(page.url());
    expect(url.searchParams.get('from')).toBe('pages');
    const code = url.searchParams.get('code');
    const pair = await service.call<{ access: string; refresh: string }>('POST', '/account/login/exchange', {
      code,
      code_verifier: verifier,
    });
    expect(pair.refresh).toBeTruthy();
    await expect(
      service.call('POST', '/account/login/exchange', { code, code_verifier: verifier }),
    ).rejects.toThrow('401');
    await close();
  });

  it('gets nothing if the service does not know it', async () => {
    const { page, close } = await open(browser, service.origin);
    await page.goto(`/account/sign-in?${query('https://evil.example/')}`);
    await page.getByRole('heading', { name: 'This link does not work' }).waitFor();
    expect(await seriousFaults(page)).toEqual([]);
    await page.getByRole('link', { name: 'Sign in without it' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(page.url()).toBe(`${service.origin}/account/sign-in`);
    await close();
  });
});

describe('other ways to sign in', () => {
  it('include a passkey, added and removed in the settings', async () => {
    const { email } = await newUser();
    const { page, close } = await signedIn(email);
    await withAuthenticator(page);
    await page.getByText('No passkeys yet.').waitFor();
    await press(page, 'Add a passkey');
    await page.getByText('The passkey was added.').waitFor();
    const row = page.locator('[data-list=passkeys] li');
    expect(await row.count()).toBe(1);
    expect(await seriousFaults(page)).toEqual([]);
    expect(await row.textContent()).not.toContain('last used');

    await press(page, 'Add a passkey');
    await page.getByText('This device already has a passkey for your account.').waitFor();

    await page.getByRole('button', { name: 'Rename the passkey Passkey' }).click();
    const name = page.getByLabel('Name of the passkey');
    expect(await name.inputValue()).toBe('Passkey');
    expect(await seriousFaults(page)).toEqual([]);
    await name.fill(' ');
    await page.keyboard.press('Enter');
    await page.locator('#passkey [data-fault-of=name]:not(:empty)').waitFor();
    await press(page, 'Cancel');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Rename');
    await page.keyboard.press('Enter');
    expect(await page.locator('#passkey [data-fault-of=name]').textContent()).toBe('');
    await name.fill('<b>Phone</b>');
    await page.keyboard.press('Enter');
    await row.getByText('<b>Phone</b>', { exact: true }).waitFor();
    await page.locator('[data-done=passkeys]').getByText('Saved.').waitFor();
    expect(await name.isVisible()).toBe(false);

    // In the name field: this authenticator answers by itself, before anyone could read the page.
    const signedOut = page.waitForEvent('framenavigated', (frame) =>
      frame.url().endsWith('/account/sign-in'),
    );
    await press(page, 'Sign out');
    await signedOut;
    await page.waitForURL('**/account/settings*');
    await page.locator('[data-content]').waitFor();
    expect(await page.locator('[data-email]').textContent()).toBe(email);
    expect(await row.textContent()).toMatch(/Added on .* · last used just now/);
    // As an older session is answered.
    await page.route('**/account/passkeys/*', (route) =>
      route.fulfill({
        status: 401,
        headers: { 'Content-Type': 'application/problem+json' },
        body: JSON.stringify({ status: 401, code: 'reauthentication_required', detail: 'Prove it.' }),
      }),
    );
    const remove = page.getByRole('button', { name: /^Remove the passkey/ });
    await remove.click();
    await press(page, 'Cancel');
    await remove.click();
    expect(await seriousFaults(page)).toEqual([]);
    await page.unroute('**/account/passkeys/*');
    await press(page, 'Use a passkey');
    await page.getByText('The passkey was removed.').waitFor();
    expect(await page.locator('[data-list=passkeys] li').count()).toBe(0);
    await close();
  });

  it('include a code by e-mail', async () => {
    const { email } = await newUser();
    const { page, close } = await open(browser, service.origin);
    await page.goto('/account/sign-in');
    await press(page, 'E-mail me a code');
    await page.locator('#email-email').fill(email);
    await press(page, 'Send the code');
    await page.getByText(`a code is on its way to ${email}`).waitFor();
    await page.getByLabel('Code from the e-mail').fill('00000000');
    await page.locator('#email-code [type=submit]').click();
    await page.getByText('After five wrong codes, or after 15 minutes, send a new code.').waitFor();
    expect(await seriousFaults(page)).toEqual([]);
    await press(page, 'Send a new code');
    expect(await page.locator('#email-email').inputValue()).toBe(email);
    await press(page, 'Send the code');
    await page.locator('#email-code-code').waitFor();
    expect(await page.locator('#email-code-code').inputValue()).toBe('');
    const { messages } = await service.call<{ messages: { text: string }[] }>('GET', `/dev/mail?to=${email}`);
    const [code = ''] = messages[0]?.text.match(/\b\d{4} ?\d{4}\b/) ?? [];
    await page.getByLabel('Code from the e-mail').fill(code);
    await page.locator('#email-code [type=submit]').click();
    await page.locator('[data-content]').waitFor();
    await close();
  });

  it('include a provider, which gets a PKCE challenge and may refuse', async () => {
    const { page, close } = await open(browser, service.origin);
    const asked: URL[] = [];
    await page.route('**/account/login/with/google?*', (route) => {
      const url = new URL(route.request().url());
      asked.push(url);
      const back = new URL(url.searchParams.get('return_to') ?? '');
      back.searchParams.set('error', 'access_denied');
      return route.fulfill({ status: 302, headers: { Location: back.href } });
    });
    await page.goto('/account/sign-in');
    await press(page, 'Continue with Google');
    await page.getByText('You cancelled the sign-in.').waitFor();
    expect(page.url()).toBe(`${service.origin}/account/sign-in`);
    expect(asked[0]?.searchParams.get('return_to')).toBe(`${service.origin}/account/sign-in`);
    expect(asked[0]?.searchParams.get('code_challenge')).toMatch(/^[\w-]{43}$/);
    await close();
  });
});
