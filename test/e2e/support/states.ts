/** A form of the pages while the server refuses, is away, is slow, or has had enough. */
import type { Page, Route } from 'playwright-core';
import { expect } from 'vitest';
import { seriousFaults } from './axe.ts';
import { focused } from './pages.ts';

const problem = (status: number, code: string, headers: Record<string, string> = {}) => ({
  status,
  headers: { 'Content-Type': 'application/problem+json', ...headers },
  body: JSON.stringify({ status, code, detail: `The detail of ${code}` }),
});

const REFUSALS: [answer: ReturnType<typeof problem>, text: string][] = [
  [problem(500, 'internal_error'), 'The detail of internal_error'],
  [problem(503, 'unavailable', { 'Retry-After': '2' }), 'The service is not responding. Wait 2 seconds'],
  [
    { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<h1>Pay for the WiFi</h1>' },
    'The server could not be reached.',
  ],
];

export interface Sent {
  /** The id of the form. */
  form: string;
  method: string;
  to: string;
  /** What was typed, by field: it stays in every state. */
  values: readonly (readonly [field: string, value: string])[];
}

/** Sends the form in every state but the good one. Afterwards it can be sent. */
export async function throughEveryState(page: Page, { form, method, to, values }: Sent): Promise<void> {
  const button = page.locator(`#${form} [type=submit]`);
  const fault = page.locator(`#${form} [data-fault]`);
  const label = await button.textContent();
  const expectKept = async () => {
    for (const [field, value] of values) {
      expect(await page.locator(`#${form}-${field}`).inputValue()).toBe(value);
    }
    expect(await seriousFaults(page)).toEqual([]);
  };
  // `GET` of a page may have the path of what it sends.
  const answering = (answer: (route: Route) => Promise<void>) =>
    page.route(`**${to}`, (route) =>
      route.request().method() === method ? answer(route) : route.continue(),
    );
  const stop = () => page.unroute(`**${to}`);

  // Refused, in every way: each says what to do, and has the focus.
  for (const [answer, text] of REFUSALS) {
    await answering((route) => route.fulfill(answer));
    await button.click();
    await fault.filter({ hasText: text }).waitFor();
    expect(await focused(page)).toContain(text);
    await expectKept();
    await stop();
    await expect.poll(() => button.isEnabled(), { timeout: 10_000 }).toBe(true);
  }
  await answering((route) => route.abort());
  await button.click();
  await fault.filter({ hasText: 'The server could not be reached.' }).waitFor();
  await expect.poll(() => focused(page)).toContain('The server could not be reached.');
  await stop();

  // Offline: a line on top, until the network is back.
  await page.context().setOffline(true);
  await page.locator('[data-offline]').waitFor();
  await button.click();
  await expect.poll(() => focused(page)).toContain('You are offline.');
  await expectKept();
  await page.context().setOffline(false);
  await page.locator('[data-offline]').waitFor({ state: 'hidden' });

  // On its way: the form is busy, and a second press sends nothing.
  let sent = 0;
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await answering(async (route) => {
    sent += 1;
    await held;
    await route.fulfill(problem(429, 'throttled', { 'Retry-After': '30' }));
  });
  await button.click();
  await page.locator(`#${form}[aria-busy=true]`).waitFor();
  expect(await button.isDisabled()).toBe(true);
  const [field] = await page.locator(`#${form} input:visible`).all();
  await field?.press('Enter');
  await page.clock.install();
  release();

  // Throttled: the button counts down.
  await page.getByText('Too many attempts. Wait 30 seconds').waitFor();
  expect([sent, await button.textContent()]).toEqual([1, `${label} (30)`]);
  await expectKept();
  await page.clock.runFor(31_000);
  await expect.poll(() => button.textContent()).toBe(label);
  await stop();
}
