/** The pages behind links in e-mails while something is on its way, refused or away. */
import type { Browser, Route } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seriousFaults } from './support/axe.ts';
import { AWAY, launch, open } from './support/browser.ts';
import { focused } from './support/pages.ts';
import { PASSWORD } from './support/people.ts';
import { type Service, startService } from './support/service.ts';

let service: Service;
let browser: Browser;

beforeAll(async () => {
  [service, browser] = await Promise.all([startService(['SIGN_IN_BY_EMAIL:on']), launch()]);
});
afterAll(async () => {
  await browser?.close();
  await service?.stop();
});

const signUp = (email: string) => service.call('POST', '/account/sign-up', { email, password: PASSWORD });
const lastToken = async (email: string) => {
  const { messages } = await service.call<{ messages: { token: string }[] }>('GET', `/dev/mail?to=${email}`);
  return messages[0]?.token ?? '';
};

/** Of each page: what sends its e-mail, which link of that e-mail leads to it, what is typed, what shows that it is done. */
const PAGES: {
  page: string;
  send: (email: string) => Promise<unknown>;
  link: 'first' | 'last';
  to: string;
  typed?: string;
  done: string;
}[] = [
  { page: 'verify', send: signUp, link: 'first', to: '/account/email/verify', done: 'Confirmed.' },
  {
    page: 'disown',
    send: signUp,
    link: 'last',
    to: '/account/email/disown',
    done: 'The account was deleted.',
  },
  {
    page: 'reset',
    send: async (email) => {
      await signUp(email);
      await service.call('POST', '/account/password/reset', { email });
    },
    link: 'first',
    to: '/account/password/reset/confirm',
    typed: 'a much better one',
    done: 'Your password is set.',
  },
  {
    page: 'take back',
    send: async (email) => {
      await signUp(email);
      await service.call('POST', '/account/email/verify', { token: await lastToken(email) });
      const { access } = await service.call<{ access: string }>('POST', '/account/login', {
        email,
        password: PASSWORD,
      });
      const change = { new_email: `new-${email}`, password: PASSWORD };
      await service.call('POST', '/account/email/change', change, { Authorization: `Bearer ${access}` });
      await service.call('POST', '/account/email/verify', { token: await lastToken(change.new_email) });
    },
    link: 'first',
    to: '/account/email/take-back',
    done: 'Choose a new password',
  },
  {
    page: 'sign in',
    send: (email) => service.call('POST', '/account/login/email', { email }),
    link: 'first',
    to: '/account/login/email/confirm',
    done: 'You are signed in.',
  },
];

const problem = (status: number, code: string, headers: Record<string, string> = {}) => ({
  status,
  headers: { 'Content-Type': 'application/problem+json', ...headers },
  body: JSON.stringify({ status, code, detail: `The detail of ${code}` }),
});

it.each(PAGES)('$page says what is going on in every state, and goes on', async (row) => {
  const { send, link, to, typed, done } = row;
  const email = `${row.page.replace(' ', '-')}@example.com`;
  await send(email);
  const { page, allow, close } = await open(browser, service.origin);
  allow(AWAY);
  await page.goto(`/dev/mail?to=${email}`);
  await page.getByRole('article').first().getByRole('link')[link]().click();
  const button = page.locator('#act [type=submit]');
  const label = await button.textContent();
  const fault = page.locator('#act [data-fault]');
  if (typed !== undefined) await page.getByLabel('New password').fill(typed);
  const answering = (answer: (route: Route) => Promise<void>) =>
    page.route(`**${to}`, (route) =>
      route.request().method() === 'POST' ? answer(route) : route.continue(),
    );
  const stop = () => page.unroute(`**${to}`);

  // Refused: it says what to do, and the sentence has the focus.
  const refusals: [ReturnType<typeof problem>, string][] = [
    [problem(500, 'internal_error'), 'The detail of internal_error'],
    [problem(503, 'unavailable', { 'Retry-After': '2' }), 'The service is not responding. Wait 2 seconds'],
    [
      { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<h1>Pay for the WiFi</h1>' },
      'The server could not be reached.',
    ],
  ];
  for (const [answer, text] of refusals) {
    await answering((route) => route.fulfill(answer));
    await button.click();
    await fault.filter({ hasText: text }).waitFor();
    expect(await focused(page)).toContain(text);
    await stop();
    await expect.poll(() => button.isEnabled(), { timeout: 10_000 }).toBe(true);
  }
  await answering((route) => route.abort());
  await button.click();
  await fault.filter({ hasText: 'The server could not be reached.' }).waitFor();
  await stop();

  // Offline: a line on top, until the network is back.
  await page.context().setOffline(true);
  await page.locator('[data-offline]').waitFor();
  await button.click();
  await expect.poll(() => focused(page)).toContain('You are offline.');
  expect(await seriousFaults(page)).toEqual([]);
  await page.context().setOffline(false);
  await page.locator('[data-offline]').waitFor({ state: 'hidden' });

  // On its way: the form is busy. Then throttled: the button counts down.
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await answering(async (route) => {
    await held;
    await route.fulfill(problem(429, 'throttled', { 'Retry-After': '30' }));
  });
  await button.click();
  await page.locator('#act[aria-busy=true]').waitFor();
  expect(await button.isDisabled()).toBe(true);
  await page.clock.install();
  release();
  await page.getByText('Too many attempts. Wait 30 seconds').waitFor();
  expect(await button.textContent()).toBe(`${label} (30)`);
  await page.clock.runFor(31_000);
  await expect.poll(() => button.textContent()).toBe(label);
  await stop();

  if (typed !== undefined) expect(await page.getByLabel('New password').inputValue()).toBe(typed);
  await button.click();
  await page.getByText(done).first().waitFor();
  await close();
});
