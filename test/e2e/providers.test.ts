/** A sign-in in Chromium with a real OpenID Connect provider: every redirect, there and back. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withAuthenticator } from './support/authenticator.ts';
import { launch, open as openPage } from './support/browser.ts';
import { CLIENT, type OidcServer, startOidc } from './support/oidc.ts';
import { focused, path, press } from './support/pages.ts';
import { PASSWORD } from './support/people.ts';
import { freePort, type Service, startService } from './support/service.ts';

let service: Service;
let provider: OidcServer;
let browser: Browser;
/** An application's own origin, with a script on each page. */
let app: { origin: string; scripts: Record<string, string>; server: Server };
/** That of docs/connections.md. */
let documented: { issuer: string; process: ChildProcess; folder: string };

/** The code of a page of docs/ that contains `part`. */
const codeOf = (file: string, part: string): string => {
  const blocks = [...readFileSync(`docs/${file}`, 'utf8').matchAll(/^ *```(?:js|ini)\n([\s\S]*?)^ *```/gm)];
  const [code = ''] = blocks.map((block) => block[1] as string).filter((text) => text.includes(part));
  return code;
};

/** `port`: of the service. */
async function startDocumented(port: number) {
  const own = await freePort();
  const withPorts = (text: string) => text.replaceAll('8787', String(port)).replaceAll('9000', String(own));
  mkdirSync('.wrangler', { recursive: true });
  const folder = mkdtempSync('.wrangler/provider-');
  const file = join(folder, 'provider.mjs');
  writeFileSync(file, withPorts(codeOf('connections.md', 'new Provider')));
  const child = spawn(process.execPath, [file], { stdio: 'ignore' });
  const [, setting = ''] =
    /^PROVIDERS='(.*)'$/m.exec(withPorts(codeOf('connections.md', 'PROVIDERS='))) ?? [];
  const [entry] = JSON.parse(setting) as { issuer: string }[];
  documented = { issuer: entry?.issuer ?? '', process: child, folder };
  return entry;
}

async function startApp() {
  const scripts: Record<string, string> = {};
  const server = createServer((request, response) => {
    const script = scripts[new URL(request.url ?? '', 'http://localhost').pathname] ?? '';
    response.setHeader('Content-Type', 'text/html');
    response.end(`<!doctype html><link rel="icon" href="data:,"><script type="module">${script}</script>`);
  });
  const port = await freePort();
  await new Promise<void>((done) => server.listen(port, 'localhost', done));
  app = { origin: `http://localhost:${port}`, scripts, server };
}

beforeAll(async () => {
  await startApp();
  const port = await freePort();
  const local = await startDocumented(port);
  provider = await startOidc(
    ...['acme', 'apple'].map((id) => `http://localhost:${port}/account/login/with/${id}/callback`),
  );
  const acme = { id: 'acme', name: 'Acme', issuer: provider.issuer, ...CLIENT };
  const apple = { id: 'apple', issuer: provider.issuer, ...CLIENT };
  const providers = JSON.stringify([acme, local, apple]);
  [service, browser] = await Promise.all([startService([`PROVIDERS:${providers}`], port), launch()]);
});
afterAll(async () => {
  await browser?.close();
  await service?.stop();
  await provider?.stop();
  app.server.close();
  documented.process.kill();
  rmSync(documented.folder, { recursive: true });
});

/** Requests to the provider are intended, and its pages ask for a font of somebody else. */
async function open() {
  const opened = await openPage(browser, service.origin);
  opened.allow(
    new RegExp(`^request to (?:${provider.issuer}|${documented.issuer}|${app.origin})/`),
    /fonts\.googleapis\.com|ERR_NAME_NOT_RESOLVED|ERR_INTERNET_DISCONNECTED/,
  );
  return opened;
}

const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');

const start = (id = 'acme') =>
  `${service.origin}/account/login/with/${id}?${new URLSearchParams({
    return_to: `${service.origin}/healthz`,
    code_challenge: CHALLENGE,
  })}`;
/** Logs in at the provider and agrees. */
async function agreeAs(page: Page, name: string) {
  await page.fill('input[name=login]', name);
  await page.fill('input[name=password]', 'anything does there');
  await page.click('button[type=submit]');
  await page.click('button:has-text("Continue")');
}
const cameBack = async (page: Page) => {
  await page.waitForURL((url) => url.origin === service.origin);
  return new URL(page.url()).searchParams;
};
interface Exchanged {
  access: string;
  user?: { id: string; email: string; email_verified: boolean; name: string };
}
const exchange = (code: string | null) =>
  service.call<Exchanged>('POST', '/account/login/exchange', { code, code_verifier: VERIFIER });

it('creates an account at the first sign-in and finds it at the next, in another browser too', async () => {
  const name = `mina-${randomUUID().slice(0, 8)}`;
  const { page, close } = await open();
  await page.goto(start());
  await agreeAs(page, name);
  const first = await exchange((await cameBack(page)).get('code'));
  expect(first.user).toMatchObject({
    email: `${name}@example.com`,
    email_verified: true,
    name: 'Mina Kim',
  });
  // The provider knows this browser by now and asks nothing.
  await page.goto(start());
  const again = await exchange((await cameBack(page)).get('code'));
  expect(again.user).toBeUndefined();
  await close();

  const other = await open();
  await other.page.goto(start());
  await agreeAs(other.page, name);
  const third = await exchange((await cameBack(other.page)).get('code'));
  const me = await service.call<{ id: string }>('GET', '/account/me', undefined, {
    Authorization: `Bearer ${third.access}`,
  });
  expect(me.id).toBe(first.user?.id);
  await other.close();
});

it('comes back with access_denied if the user refuses', async () => {
  const { page, close } = await open();
  await page.goto(start());
  await page.click('a:has-text("Cancel")');
  expect([...(await cameBack(page))]).toEqual([['error', 'access_denied']]);
  await close();
});

it('comes back with a form that the provider posts from its own site, as Apple does', async () => {
  const { page, close } = await open();
  const posted: (string | undefined)[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().startsWith(service.origin))
      posted.push(request.headers().origin);
  });
  await page.goto(start('apple'));
  await agreeAs(page, 'mina');
  const code = (await cameBack(page)).get('code');
  // Another site, to which the cookie of the sign-in is not sent.
  expect(posted).toEqual([provider.issuer]);
  expect((await exchange(code)).access).toEqual(expect.any(String));
  await close();
});

it('does not work in a browser that is given the callback URL of another', async () => {
  const [{ page, close }, other] = await Promise.all([open(), open()]);
  let callback = '';
  page.on('response', (response) => {
    const { location = '' } = response.headers();
    if (location.includes('/login/with/acme/callback?')) callback = location;
  });
  await page.goto(start());
  await agreeAs(page, 'somebody');
  expect((await cameBack(page)).get('code')).not.toBeNull();
  const answer = await other.page.goto(callback);
  expect(answer?.status()).toBe(400);
  expect(new URL(other.page.url()).pathname).toBe('/account/login/with/acme/callback');
  await Promise.all([close(), other.close()]);
});

it('lets a signed-in user connect an account', async () => {
  const email = `own-${randomUUID().slice(0, 8)}@example.com`;
  const { access } = await service.call<{ access: string }>('POST', '/account/sign-up', {
    email,
    password: 'correct horse battery',
  });
  const signedIn = { Authorization: `Bearer ${access}` };
  const { url } = await service.call<{ url: string }>(
    'POST',
    '/account/connections/acme',
    { return_to: `${service.origin}/healthz`, code_challenge: CHALLENGE },
    signedIn,
  );
  const { page, close } = await open();
  await page.goto(url);
  const name = `work-${randomUUID().slice(0, 8)}`;
  await agreeAs(page, name);
  await exchange((await cameBack(page)).get('code'));
  const { connections } = await service.call<{ connections: object[] }>(
    'GET',
    '/account/connections',
    undefined,
    signedIn,
  );
  expect(connections).toMatchObject([{ provider: 'acme', email: `${name}@example.com` }]);
  await close();
});

describe('in the pages', () => {
  const loaded = (page: Page) => page.locator('[data-content]').waitFor();
  const rows = (page: Page, list: string) => page.locator(`[data-${list}] li`).count();

  it('a whole life: signed up with a provider, a passkey, no password, gone', async () => {
    const name = `life-${randomUUID().slice(0, 8)}`;
    const email = `${name}@example.com`;
    const { page, close } = await open();
    await withAuthenticator(page);
    await page.goto('/account/sign-up');
    await press(page, 'Continue with Acme');
    await agreeAs(page, name);
    await loaded(page);
    expect(page.url()).toBe(`${service.origin}/account/settings`);
    expect(await page.locator('[data-email]').textContent()).toBe(email);
    await page.getByText('Confirmed', { exact: true }).waitFor();
    await page.getByText('You have no password.').waitFor();
    expect(await page.locator('#delete-password').isVisible()).toBe(false);
    expect(await rows(page, 'list=connections')).toBe(1);

    await press(page, 'Add a passkey');
    await page.getByText('The passkey was added.').waitFor();

    await page.getByLabel('New password').fill(PASSWORD);
    await press(page, 'Set a password');
    await page.getByText('Your password is set.').waitFor();
    await press(page, 'Remove the password');
    await press(page, 'Use a passkey');
    await page.getByText('Your password is removed.').waitFor();
    await expect(service.call('POST', '/account/login', { email, password: PASSWORD })).rejects.toThrow(
      '401',
    );

    await press(page, 'Disconnect Acme');
    await page.getByText('The account is disconnected.').waitFor();
    await press(page, 'Sign out');
    await page.getByText('You are signed out.').waitFor();
    // The passkey alone is left, and this device answers by itself.
    await loaded(page);
    expect(await page.locator('[data-email]').textContent()).toBe(email);

    await page.getByLabel(`To confirm, type ${email}`).fill(email);
    await press(page, 'Delete my account');
    await page.getByText('Your account was deleted.').waitFor();
    await close();
  });

  it('a life the other way round: signed up with a password, confirmed, connected, and never locked out', async () => {
    const name = `other-${randomUUID().slice(0, 8)}`;
    const email = `mina-${name}@example.com`;
    const { page, close } = await open();
    await withAuthenticator(page);
    await page.goto('/account/sign-up');
    await page.getByLabel('E-mail address').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await press(page, 'Create the account');
    await loaded(page);
    await page.getByText('Not confirmed').waitFor();
    await page.goto(`/dev/mail?to=${email}`);
    await page.getByRole('article').getByRole('link').first().click();
    await press(page, 'Confirm');
    await page.getByText('Confirmed. You can close this page.').waitFor();
    await page.goto('/account/settings');
    await page.getByText('Confirmed', { exact: true }).waitFor();

    await press(page, 'Connect Acme');
    await agreeAs(page, name);
    await page.getByText('The account is connected.').waitFor();
    await press(page, 'Remove the password');
    await page.locator('#step-up-password').fill(PASSWORD);
    await press(page, 'Confirm');
    await page.getByText('Your password is removed.').waitFor();

    await press(page, 'Disconnect Acme');
    await page.getByText('This is your only way to sign in').waitFor();
    expect(await rows(page, 'list=connections')).toBe(1);
    await press(page, 'Add a passkey');
    await page.getByText('The passkey was added.').waitFor();
    await press(page, 'Disconnect Acme');
    await page.getByText('The account is disconnected.').waitFor();
    await page.getByText('No connected accounts.').waitFor();
    await page.getByRole('button', { name: /^Remove the passkey/ }).click();
    await page.getByText('This is your only way to sign in').waitFor();

    await page.getByLabel(`To confirm, type ${email}`).fill(email);
    await press(page, 'Delete my account');
    await page.getByText('Your account was deleted.').waitFor();
    expect(path(page)).toBe('/account/sign-in');
    await close();
  });

  it('an account connected later leaves the browser one session, and signs in again where a proof is asked for', async () => {
    const email = `later-${randomUUID().slice(0, 8)}@example.com`;
    const name = `work-${randomUUID().slice(0, 8)}`;
    await service.call('POST', '/account/sign-up', { email, password: PASSWORD });
    const { page, close } = await open();
    await page.goto('/account/sign-in');
    await page.locator('#password-username').fill(email);
    await page.locator('#password-password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await loaded(page);
    expect(await rows(page, 'sessions')).toBe(2);
    await press(page, 'Connect Acme');
    await agreeAs(page, name);
    await page.getByText('The account is connected.').waitFor();
    await loaded(page);
    await expect.poll(() => focused(page)).toBe('Connected accounts');
    expect(await rows(page, 'list=connections')).toBe(1);
    // That of the sign-up, and this browser's.
    expect(await rows(page, 'sessions')).toBe(2);
    await press(page, 'Remove the password');
    await page.locator('#step-up-password').fill(PASSWORD);
    await press(page, 'Confirm');
    await page.getByText('Your password is removed.').waitFor();

    // As it is when the sign-in was long ago.
    let asked = 0;
    await page.route('**/account/password/change', (route) => {
      asked += 1;
      return asked > 1
        ? route.continue()
        : route.fulfill({
            status: 401,
            headers: { 'Content-Type': 'application/problem+json' },
            body: JSON.stringify({ status: 401, code: 'reauthentication_required', detail: 'Prove it.' }),
          });
    });
    await page.getByLabel('New password').fill('a much better one');
    await press(page, 'Set a password');
    await page.getByText('To go on, sign in again.').waitFor();
    await press(page, 'Sign in again');
    await page.getByText('Sign in again, then go on in your settings.').waitFor();
    expect(path(page)).toBe('/account/sign-in');
    // The provider knows this browser, and asks nothing.
    await press(page, 'Continue with Acme');
    await loaded(page);
    await page.getByLabel('New password').fill('a much better one');
    await press(page, 'Set a password');
    await page.getByText('Your password is set.').waitFor();
    await close();
  });

  it.each([
    ['access_denied', 'You cancelled the sign-in.'],
    ['account_exists', 'An account with this e-mail address already exists.'],
  ])('?error=%s is told on the sign-in page', async (error, text) => {
    const { page, close } = await open();
    await page.goto(`/account/sign-in?error=${error}`);
    await page.getByText(text).waitFor();
    expect(await focused(page)).toContain(text);
    expect(page.url()).toBe(`${service.origin}/account/sign-in`);
    await close();
  });
});

describe('the code of docs/', () => {
  /** A few redirects and requests. */
  const WAITS = { timeout: 30_000 };
  const scriptOf = (file: string, part: string) =>
    codeOf(file, part)
      .replaceAll('https://accounts.example.com', service.origin)
      .replaceAll('https://notes.example.com', app.origin);

  it('signs in with the provider of docs/connections.md and exchanges the code', async () => {
    const name = `doc-${randomUUID().slice(0, 8)}`;
    const { page, close } = await open();
    Object.assign(app.scripts, {
      '/': `${scriptOf('connections.md', 'signInWith')}\nsignInWith('local');`,
      '/signed-in': `${scriptOf('connections.md', '/login/exchange')}
        document.title = answer.status + ' ' + (await answer.json()).user.email;`,
    });
    await page.goto(`${app.origin}/`);
    await agreeAs(page, name);
    await expect.poll(() => page.title(), WAITS).toBe(`201 ${name}@example.com`);
    await close();
  });

  it('sends a user to the pages and back, as docs/pages.md says', async () => {
    const email = `doc-${randomUUID().slice(0, 8)}@example.com`;
    await service.call('POST', '/account/sign-up', { email, password: PASSWORD });
    const { page, close } = await open();
    Object.assign(app.scripts, {
      '/start': scriptOf('pages.md', 'location.assign'),
      '/': `import { createClient, webStorage } from '${service.origin}/account/client.js';
        const client = createClient({ url: '${service.origin}/account', store: webStorage(localStorage) });
        const code = new URLSearchParams(location.search).get('code');
        ${scriptOf('pages.md', 'client.signIn')}
        document.title = (await client.me()).email;`,
    });
    await page.goto(`${app.origin}/start`);
    await page.locator('#password-username').fill(email);
    await page.locator('#password-password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await expect.poll(() => page.title(), WAITS).toBe(email);
    await close();
  });
});
