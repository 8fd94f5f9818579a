/** `/docs` in a browser, as a reader uses it: sign up through "Try it out", authorize, ask who one is. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launch, open } from './support/browser.ts';
import { type Service, startService } from './support/service.ts';

let service: Service;
let browser: Browser;

beforeAll(async () => {
  [service, browser] = await Promise.all([startService(), launch()]);
});
afterAll(async () => {
  await browser?.close();
  await service?.stop();
});

const operation = (page: Page, id: string) => page.locator(`#operations-${id}`);

/** Fills in a body where one is asked for, executes, and waits until the page shows the answer. */
async function tryOut(page: Page, id: string, path: string, body?: unknown) {
  const block = operation(page, id);
  await block.locator('.opblock-summary').click();
  await block.locator('.try-out__btn').click();
  if (body !== undefined) await block.locator('textarea.body-param__text').fill(JSON.stringify(body));
  const [answer] = await Promise.all([
    page.waitForResponse((response) => new URL(response.url()).pathname === path),
    block.locator('.execute').click(),
  ]);
  const shown = block.locator('.live-responses-table .response-col_status').last();
  return { answer, shown: await shown.textContent() };
}

it('shows the API and sends a request, and loads nothing from other origins', async () => {
  const { page, mishaps, close } = await open(browser, service.origin);
  await page.goto('/docs');

  const person = { email: `${crypto.randomUUID()}@example.com`, password: 'correct horse battery' };
  const signUp = await tryOut(page, 'Account-signUp', '/account/sign-up', person);
  expect(signUp.shown).toContain('201');
  const { access } = (await signUp.answer.json()) as { access: string };

  // One click: with the token of the answer.
  await page.getByRole('button', { name: 'Authorize with it' }).click();
  expect(await page.getByRole('status').textContent()).toContain('Authorized');

  const me = await tryOut(page, 'Account-getMe', '/account/me');
  expect(me.shown).toContain('200');
  expect(await me.answer.json()).toMatchObject({ email: person.email });

  // The tab forgets nothing when the page is loaded again, and the dialog shows it.
  // The fragment names the operation that is open: without it all are closed.
  await page.goto('about:blank');
  await page.goto('/docs');
  await page.locator('.scheme-container .authorize.locked').waitFor();
  const again = await tryOut(page, 'Account-getMe', '/account/me');
  expect(await again.answer.json()).toMatchObject({ email: person.email });
  expect(await page.evaluate(() => Object.values(sessionStorage))).toEqual([access]);

  await page.locator('.scheme-container .authorize').click();
  await page.locator('.modal-ux .auth-btn-wrapper button', { hasText: 'Logout' }).click();
  await page.locator('.modal-ux .btn-done').click();

  // Reports of the Content-Security-Policy are among them: Chromium tells them as errors of the console.
  expect(mishaps).toEqual([]);
  // Whoever logs out leaves nothing, and no other tab ever has it.
  expect(await page.evaluate(() => ({ ...localStorage, ...sessionStorage }))).toEqual({});
  await close();
});

it('reports a violation of the policy', async () => {
  const { page, mishaps, allow, close } = await open(browser, service.origin);
  allow(/Content Security Policy/);
  await page.goto('/docs');
  await page.evaluate(() => document.body.insertAdjacentHTML('beforeend', '<i style="color: red"></i>'));
  await expect.poll(() => mishaps.join()).toContain('Content Security Policy');
  await close();
});
