/** Staff who log in to the console with a passkey, in Chromium with its virtual authenticator. STAFF_MFA is required. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Client } from '../../src/client/index.ts';
import type * as Entry from '../../src/client/passkeys.ts';
import { withAuthenticator } from './support/authenticator.ts';
import { launch, open } from './support/browser.ts';
import { PASSWORD } from './support/people.ts';
import { type Service, startService } from './support/service.ts';
import { totp } from './support/totp.ts';

let service: Service;
let browser: Browser;
let staff: Awaited<ReturnType<typeof withPasskey>>;
beforeAll(async () => {
  [service, browser] = await Promise.all([startService(['STAFF_MFA:required']), launch()]);
  const who = { email: 'staff@example.com', password: PASSWORD };
  await service.makeStaff(who.email, who.password);
  staff = await withPasskey(who);
});
beforeEach(() => staff.page.context().clearCookies());
afterEach(() => expect(staff.mishaps).toEqual([]));
afterAll(async () => {
  await browser?.close();
  await service?.stop();
});

interface Window {
  accounts: Client;
  passkeys: typeof Entry;
}
declare const window: Window;

const PAGE = `<!doctype html><title>App</title>
<script type="module">
  import { createClient } from '/account/client.js';
  import * as passkeys from '/account/client/passkeys.js';
  window.accounts = createClient({ url: '/account' });
  window.passkeys = passkeys;
</script>`;

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const heading = (page: Page) => page.getByRole('heading', { level: 1 }).textContent();

/** A user who has added a passkey at this device. */
async function withPasskey(who: { email: string; password: string }) {
  const watched = await open(browser, service.origin);
  const { page } = watched;
  const device = await withAuthenticator(page);
  const url = `${service.origin}/page`;
  await page.route(url, (route) => route.fulfill({ contentType: 'text/html', body: PAGE }));
  await page.goto(url);
  const access = await page.evaluate(async (who) => {
    await window.accounts.logIn(who);
    await window.passkeys.addPasskey(window.accounts, { name: 'Laptop' });
    return window.accounts.accessToken();
  }, who);
  return { ...watched, device, who, access };
}

async function enterPassword(page: Page, { email, password }: { email: string; password: string }) {
  await page.goto('/admin/login');
  await page.getByLabel('E-mail or username').fill(email);
  await page.getByLabel('Password').fill(password);
  await button(page, 'Log in').click();
}

describe('the log-in page of the console', () => {
  it('takes a passkey alone, and leads to the page that was asked for', async () => {
    const { page } = staff;
    await page.goto('/admin/users');
    await button(page, 'Log in with a passkey').click();
    await page.waitForURL('**/admin/users');
    expect(await heading(page)).toBe('Users');
  });

  it('refuses the passkey of a user who is not staff', async () => {
    const who = { email: 'user@example.com', password: PASSWORD };
    await service.call('POST', '/account/sign-up', who);
    const { page, mishaps, close } = await withPasskey(who);
    await page.goto('/admin/login');
    await button(page, 'Log in with a passkey').click();
    await page.getByText('This passkey could not be verified.').waitFor();
    expect(await heading(page)).toBe('Log in');
    expect(mishaps).toEqual([]);
    await close();
  });

  it('says so if no passkey was used, and tries again', async () => {
    const { page, device } = staff;
    await page.goto('/admin/login');
    await device.recognizes(false);
    await button(page, 'Log in with a passkey').click();
    const form = page.locator('[data-passkey]');
    await form.getByText('No passkey was used. Try again.').waitFor();
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Log in with a passkey');
    await device.recognizes(true);
    await button(page, 'Log in with a passkey').click();
    await page.waitForURL('**/admin');
  });

  it('says how long to wait if there were too many attempts', async () => {
    const { page } = staff;
    await page.goto('/admin/login');
    await page.route('**/admin/login/passkey/options', (route) =>
      route.fulfill({ status: 429, headers: { 'Retry-After': '60' } }),
    );
    await button(page, 'Log in with a passkey').click();
    await page.getByText('Too many attempts. Try again in 60 seconds.').waitFor();
    await page.unroute('**/admin/login/passkey/options');
    expect(await button(page, 'Log in with a passkey').isEnabled()).toBe(true);
  });

  it('has no such button without a script, and says why', async () => {
    const { page, close } = await open(browser, service.origin, { javaScriptEnabled: false });
    await page.goto('/admin/login');
    expect(await button(page, 'Log in with a passkey').count()).toBe(0);
    expect(await page.locator('noscript').textContent()).toContain('Passkeys need JavaScript.');
    await close();
  });
});

describe('after a log-in with a password', () => {
  it('a passkey is the second factor that staff must have', async () => {
    const { page, who } = staff;
    await enterPassword(page, who);
    await page.waitForURL('**/admin/second-factor');
    await button(page, 'Use your passkey').click();
    await page.waitForURL('**/admin');
    expect(await heading(page)).toBe('Overview');
  });

  it('a passkey takes the place of the code', async () => {
    const { page, who, access } = staff;
    const headers = { Authorization: `Bearer ${access}` };
    const { secret } = await service.call<{ secret: string }>('POST', '/account/factors/totp', {}, headers);
    await service.call('POST', '/account/factors/totp/confirm', { code: totp(secret) }, headers);
    await enterPassword(page, who);
    await page.getByLabel('Code from your authenticator app').waitFor();
    await button(page, 'Use a passkey instead').click();
    await page.waitForURL('**/admin');
    expect(await heading(page)).toBe('Overview');
  });
});
