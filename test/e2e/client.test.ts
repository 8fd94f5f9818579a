/** The client in pages of a real browser: from one script tag, in two tabs, and with React. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildClient } from '../../scripts/build-client.ts';
import type { AccountChange, Client } from '../../src/client/index.ts';
import { launch } from './support/browser.ts';
import { PASSWORD } from './support/people.ts';
import { type Service, startService } from './support/service.ts';

let service: Service;
let browser: Browser;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'accounts-client-e2e-'));
  [service, browser] = await Promise.all([startService(), launch(), buildClient(folder)]);
});
afterAll(async () => {
  await browser?.close();
  await service?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A page of the service's own origin whose one script is `script`, and what went wrong in it. */
async function pageWith(context: BrowserContext, script: string) {
  const faults: string[] = [];
  const page = await context.newPage();
  page.on('pageerror', (error) => faults.push(error.message));
  await page.route(`${service.origin}/page`, (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<!doctype html><title>App</title><div id="app"></div><script type="module">${script}</script>`,
    }),
  );
  await page.goto(`${service.origin}/page`);
  return { page, faults };
}

/** What the script of a page puts on `window`. */
interface Window {
  accounts: Client;
  changes: AccountChange[];
  refreshTimeout?: number;
}
declare const window: Window;

const SCRIPT = `
import { createClient, webStorage } from '/account/client.js';
window.accounts = createClient({ url: '/account', store: webStorage(localStorage), refreshTimeout: 4_000 });
window.changes = [];
accounts.onChange((change) => changes.push(change));
`;

let people = 0;
const someone = () => {
  people += 1;
  return { email: `client${people}@example.com`, password: PASSWORD };
};

describe('in a page with one script tag', () => {
  it('signs up, sends Requests, resumes after a reload, and logs out', async () => {
    const context = await browser.newContext();
    const { page, faults } = await pageWith(context, SCRIPT);
    const who = someone();
    await page.evaluate((who) => window.accounts.signUp(who), who);
    const renamed = await page.evaluate(async () => {
      const init = {
        method: 'PATCH',
        body: '{"name":"Neo"}',
        headers: { 'Content-Type': 'application/json' },
      };
      return (await window.accounts.fetch(new Request('/account/me', init))).json();
    });
    expect(renamed).toMatchObject({ email: who.email, name: 'Neo' });
    await page.reload();
    expect(await page.evaluate(() => window.accounts.me())).toMatchObject({ name: 'Neo' });
    await page.evaluate(() => window.accounts.logOut());
    expect(await page.evaluate(() => localStorage.length)).toBe(0);
    expect(faults).toEqual([]);
    await context.close();
  });
});

describe('in two tabs', () => {
  async function tabs() {
    const context = await browser.newContext();
    const [a, b] = await Promise.all([pageWith(context, SCRIPT), pageWith(context, SCRIPT)]);
    const who = someone();
    await a.page.evaluate((who) => window.accounts.signUp(who), who);
    return { a: a.page, b: b.page, who, close: () => context.close() };
  }
  const changesOf = (page: Page) => page.evaluate(() => window.changes);
  /** As a device whose tokens came an hour ago. */
  const age = (page: Page) =>
    page.evaluate(() => {
      const kept = JSON.parse(localStorage.getItem('hono-accounts') ?? '');
      localStorage.setItem('hono-accounts', JSON.stringify({ ...kept, receivedAt: 0 }));
    });

  it('notifies each tab of what the other does', async () => {
    const { a, b, close } = await tabs();
    await age(a);
    await a.evaluate(() => window.accounts.me());
    // Storage and messages reach the other tab a little later.
    await b.waitForFunction(() => window.changes.length === 2);
    await b.evaluate(() => window.accounts.logOut());
    await a.waitForFunction(() => window.changes.length === 3);
    expect(await changesOf(a)).toEqual([
      { type: 'signedIn', elsewhere: false },
      { type: 'refreshed', elsewhere: false },
      { type: 'signedOut', reason: 'logOut', elsewhere: true },
    ]);
    expect((await changesOf(b)).map(({ elsewhere }) => elsewhere)).toEqual([true, true, false]);
    expect(await a.evaluate(() => window.accounts.isSignedIn)).toBe(false);
    await close();
  });

  it('refreshes once for all calls of one tab, and both tabs get the same token', async () => {
    const { a, b, who, close } = await tabs();
    const refreshes = [0, 0];
    for (const [i, page] of [a, b].entries()) {
      page.on('request', (request) => {
        if (request.url().endsWith('/token/refresh')) refreshes[i] = (refreshes[i] ?? 0) + 1;
      });
    }
    await age(a);
    const threeCalls = (page: Page) =>
      page.evaluate(() => Promise.all([1, 2, 3].map(async () => (await window.accounts.me()).email)));
    expect(await Promise.all([threeCalls(a), threeCalls(b)])).toEqual(
      [1, 2].map(() => Array(3).fill(who.email)),
    );
    // What one tab writes to localStorage comes to the other a little later: it may refresh too, to the same successor.
    expect(Math.max(...refreshes)).toBe(1);
    await close();
  });

  it('does not block one tab while a refresh of the other gets no answer', async () => {
    const { a, b, who, close } = await tabs();
    await a.route('**/account/token/refresh', () => {});
    await age(a);
    const asked = a.waitForRequest('**/account/token/refresh');
    const stalled = a.evaluate(() => window.accounts.me());
    await asked;
    expect(await b.evaluate(() => window.accounts.me())).toMatchObject({ email: who.email });
    // With the tokens of the other.
    expect(await stalled).toMatchObject({ email: who.email });
    await close();
  });

  it('logs out in one tab at once while a refresh of the other gets no answer', async () => {
    const { a, b, close } = await tabs();
    await a.route('**/account/token/refresh', () => {});
    await age(a);
    const asked = a.waitForRequest('**/account/token/refresh');
    const stalled = a.evaluate(() => window.accounts.me().catch(() => 'refused'));
    await asked;
    const kept = await b.evaluate(() => {
      const done = window.accounts.logOut();
      const kept = localStorage.length;
      return done.then(() => kept);
    });
    expect(kept).toBe(0);
    expect(await stalled).toBe('refused');
    await close();
  });
});

describe('in React', () => {
  const APP = `
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createClient, webStorage } from 'hono-accounts-client';
import { AccountProvider, useAccount } from 'hono-accounts-client/react';

const accounts = createClient({ url: '/account', store: webStorage(localStorage) });

window.accounts = accounts;

function Profile() {
  const { status, user, client, reload } = useAccount();
  if (status === 'loading') return <p>Loading</p>;
  if (status === 'error') return <button onClick={reload}>Try again</button>;
  if (status === 'signedOut') return <p>Nobody</p>;
  return (
    <>
      <p>{user.name ?? user.email}</p>
      <button onClick={() => client.updateMe({ name: 'Neo' }).then(reload)}>Rename</button>
      <button onClick={() => client.logOut()}>Log out</button>
    </>
  );
}

function Again() {
  return <output>{useAccount(accounts).status}</output>;
}

createRoot(document.getElementById('app')).render(
  <StrictMode><AccountProvider client={accounts}><Profile /><Again /></AccountProvider></StrictMode>,
);
`;

  async function bundled(): Promise<string> {
    writeFileSync(join(folder, 'app.jsx'), APP);
    const { outputFiles } = await build({
      entryPoints: [join(folder, 'app.jsx')],
      bundle: true,
      write: false,
      format: 'esm',
      jsx: 'automatic',
      define: { 'process.env.NODE_ENV': '"development"' },
      nodePaths: ['node_modules'],
      alias: {
        'hono-accounts-client': join(folder, 'client.js'),
        'hono-accounts-client/react': join(folder, 'react.js'),
      },
      logLevel: 'error',
    });
    return (outputFiles[0]?.text ?? '').replaceAll('</script', '<\\/script');
  }

  it('shows who is signed in, in every component and tab', async () => {
    const context = await browser.newContext();
    const script = await bundled();
    const [{ page, faults }, other] = await Promise.all([
      pageWith(context, script),
      pageWith(context, script),
    ]);
    const who = someone();
    await page.getByText('Nobody').waitFor();
    await page.evaluate((who) => window.accounts.signUp(who), who);
    await page.getByText(who.email).waitFor();
    expect(await page.getByRole('status').textContent()).toBe('signedIn');
    await other.page.getByText(who.email).waitFor();

    await page.getByRole('button', { name: 'Rename' }).click();
    await page.getByText('Neo').waitFor();
    await other.page.getByRole('button', { name: 'Log out' }).click();
    await page.getByText('Nobody').waitFor();
    expect(await page.getByRole('status').textContent()).toBe('signedOut');
    expect([...faults, ...other.faults]).toEqual([]);
    await context.close();
  });

  it('reports when the server cannot be reached, and tries again', async () => {
    const context = await browser.newContext();
    const { page } = await pageWith(context, SCRIPT);
    const who = someone();
    await page.evaluate((who) => window.accounts.signUp(who), who);
    await context.route('**/account/me', (route) => route.abort());
    const { page: app } = await pageWith(context, await bundled());
    await app.getByRole('button', { name: 'Try again' }).waitFor();
    await context.unroute('**/account/me');
    await app.getByRole('button', { name: 'Try again' }).click();
    await app.getByText(who.email).waitFor();
    await context.close();
  });
});
