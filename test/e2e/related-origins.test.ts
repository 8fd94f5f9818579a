/** One RP ID for two domains: Chromium asks `/.well-known/webauthn` of the service, over https, whose passkeys they are. */
import { request } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Client } from '../../src/client/index.ts';
import type * as Entry from '../../src/client/passkeys.ts';
import { withAuthenticator } from './support/authenticator.ts';
import { launch, open } from './support/browser.ts';
import { type Certificate, certificate } from './support/certificate.ts';
import { PASSWORD } from './support/people.ts';
import { type Service, startService } from './support/service.ts';

const ID = 'https://id.example';
const LISTED = 'https://shop.test';
/** CORS allows it, but it is not in PASSKEY_ORIGINS. */
const UNLISTED = 'https://other.test';

const PAGE = `<!doctype html><title>Shop</title>
<script type="module">
  import { createClient } from '/account/client.js';
  import * as passkeys from '/account/client/passkeys.js';
  window.accounts = createClient({ url: '${ID}/account' });
  window.passkeys = passkeys;
</script>`;

interface Window {
  accounts: Client;
  passkeys: typeof Entry;
}
declare const window: Window;

let service: Service;
let server: Server;
let browser: Browser;
beforeAll(async () => {
  service = await startService([
    `PUBLIC_URL:${ID}`,
    `ALLOWED_ORIGINS:${LISTED},${UNLISTED}`,
    `PASSKEY_ORIGINS:${ID},${LISTED}`,
  ]);
  const pair = certificate();
  server = overHttps(pair, service.origin);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  browser = await launch([
    // For every host and port, as browsers ask for the list at port 443.
    `--host-resolver-rules=MAP * 127.0.0.1:${(server.address() as AddressInfo).port}`,
    `--ignore-certificate-errors-spki-list=${pair.spkiHash}`,
  ]);
});
afterAll(async () => {
  await browser?.close();
  server?.close();
  await service?.stop();
});

/** The service for every host, and `/page` of any. */
const overHttps = ({ key, cert }: Certificate, target: string) =>
  createServer({ key, cert }, (incoming, outgoing) => {
    if (incoming.url === '/page') {
      outgoing.setHeader('Content-Type', 'text/html').end(PAGE);
      return;
    }
    const { method, headers, url = '/' } = incoming;
    const passed = request(new URL(url, target), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    incoming.pipe(passed);
  });

/** Somebody who has just logged in on a page of `origin`, at a device that keeps passkeys. */
async function visit(origin: string, email: string) {
  const watched = await open(browser, origin);
  watched.allow(/^request to https:\/\/id\.example\//);
  const { page } = watched;
  await withAuthenticator(page);
  await page.goto(`${origin}/page`);
  await service.call('POST', '/account/sign-up', { email, password: PASSWORD });
  await page.evaluate((who) => window.accounts.logIn(who), { email, password: PASSWORD });
  return watched;
}
const add = (page: Page) =>
  page.evaluate(() =>
    window.passkeys.addPasskey(window.accounts, { name: 'Phone' }).then(
      () => 'added',
      (error) => error.name as string,
    ),
  );

it('a page of a listed domain adds a passkey of the RP ID, and signs in with it', async () => {
  const email = 'shop@example.com';
  const { page, close } = await visit(LISTED, email);
  expect(await add(page)).toBe('added');
  await page.evaluate(() => window.accounts.logOut());
  await page.evaluate(() => window.passkeys.signInWithPasskey(window.accounts));
  expect(await page.evaluate(() => window.accounts.me())).toMatchObject({ email });
  await close();
});

it('a page of the RP ID itself signs in with it', async () => {
  const email = 'both@example.com';
  const { page, close } = await visit(LISTED, email);
  expect(await add(page)).toBe('added');
  await page.goto(`${ID}/page`);
  await page.evaluate(() => window.passkeys.signInWithPasskey(window.accounts));
  expect(await page.evaluate(() => window.accounts.me())).toMatchObject({ email });
  await close();
});

it('the browser refuses a page of any other domain', async () => {
  const { page, close } = await visit(UNLISTED, 'other@example.com');
  expect(await add(page)).toBe('SecurityError');
  await close();
});
