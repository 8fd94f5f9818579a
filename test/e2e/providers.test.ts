/** A sign-in with a provider in Chromium, beside a real OpenID Connect provider: every redirect, there and back. */
import { createHash, randomUUID } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launch, open } from './support/browser.ts';
import { CLIENT, type OidcServer, startOidc } from './support/oidc.ts';
import { freePort, type Service, startService } from './support/service.ts';

let service: Service;
let provider: OidcServer;
let browser: Browser;

beforeAll(async () => {
  const port = await freePort();
  provider = await startOidc(`http://localhost:${port}/account/login/with/acme/callback`);
  const providers = JSON.stringify([{ id: 'acme', name: 'Acme', issuer: provider.issuer, ...CLIENT }]);
  [service, browser] = await Promise.all([startService([`PROVIDERS:${providers}`], port), launch()]);
});
afterAll(async () => {
  await browser?.close();
  await service?.stop();
  await provider?.stop();
});

const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');

const start = () =>
  `${service.origin}/account/login/with/acme?${new URLSearchParams({
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
  const { page, close } = await open(browser, service.origin);
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

  const other = await open(browser, service.origin);
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
  const { page, close } = await open(browser, service.origin);
  await page.goto(start());
  await page.click('a:has-text("Cancel")');
  expect([...(await cameBack(page))]).toEqual([['error', 'access_denied']]);
  await close();
});

it('does not work in a browser that is given the callback URL of another', async () => {
  const [{ page, close }, other] = await Promise.all([
    open(browser, service.origin),
    open(browser, service.origin),
  ]);
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
  const { page, close } = await open(browser, service.origin);
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
