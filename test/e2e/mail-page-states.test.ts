/** The pages behind links in e-mails while something is on its way, refused or away. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, it } from 'vitest';
import { AWAY, launch, open } from './support/browser.ts';
import { PASSWORD } from './support/people.ts';
import { type Service, startService } from './support/service.ts';
import { throughEveryState } from './support/states.ts';

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

it.each(PAGES)('$page says what is going on in every state, and goes on', async (row) => {
  const { send, link, to, typed, done } = row;
  const email = `${row.page.replace(' ', '-')}@example.com`;
  await send(email);
  const { page, allow, close } = await open(browser, service.origin);
  allow(AWAY);
  await page.goto(`/dev/mail?to=${email}`);
  await page.getByRole('article').first().getByRole('link')[link]().click();
  const values = typed === undefined ? [] : ([['new_password', typed]] as const);
  for (const [field, value] of values) await page.locator(`#act-${field}`).fill(value);
  await throughEveryState(page, { form: 'act', method: 'POST', to, values });
  await page.locator('#act [type=submit]').click();
  await page.getByText(done).first().waitFor();
  await close();
});
