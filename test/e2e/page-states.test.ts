/** The pages for people while something is on its way, missing, refused or away; and the settings by keyboard alone. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withAuthenticator } from './support/authenticator.ts';
import { seriousFaults } from './support/axe.ts';
import { AWAY, launch, open } from './support/browser.ts';
import { focused, path, press, pressByKey, signedIn, type } from './support/pages.ts';
import { PASSWORD } from './support/people.ts';
import { type Service, startService } from './support/service.ts';
import { throughEveryState } from './support/states.ts';

let service: Service;
let cookieMode: Service;
let browser: Browser;

beforeAll(async () => {
  [service, cookieMode, browser] = await Promise.all([
    startService(['SIGN_IN_BY_EMAIL:on']),
    startService(['REFRESH_TRANSPORT:cookie']),
    launch(),
  ]);
});
afterAll(async () => {
  await browser?.close();
  await Promise.all([service?.stop(), cookieMode?.stop()]);
});

let count = 0;
const newEmail = () => `state${++count}@example.com`;
async function newUser(at = service): Promise<string> {
  const email = newEmail();
  const body = { email, password: PASSWORD, name: 'Mina Park' };
  await at.call('POST', '/account/sign-up', body, { Origin: at.origin });
  return email;
}

/** Holds back requests until `release` is called. */
function held() {
  let release = () => {};
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { until, release };
}

/** Of each page the form that is sent, to where, and what shows that it was. */
const PAGES: {
  page: string;
  form: string;
  method: string;
  to: string;
  typed: Record<string, () => string>;
  done: string;
}[] = [
  {
    page: 'sign-in',
    form: 'password',
    method: 'POST',
    to: '/account/login',
    typed: { username: () => `state${count}@example.com`, password: () => PASSWORD },
    done: '[data-content]:visible',
  },
  {
    page: 'sign-up',
    form: 'sign-up',
    method: 'POST',
    to: '/account/sign-up',
    typed: { email: () => `new${count}@example.com`, password: () => PASSWORD },
    done: '[data-content]:visible',
  },
  {
    page: 'forgot',
    form: 'forgot',
    method: 'POST',
    to: '/account/password/reset',
    typed: { email: () => `state${count}@example.com` },
    done: 'text=a link is on its way',
  },
  {
    page: 'settings',
    form: 'profile',
    method: 'PATCH',
    to: '/account/me',
    typed: { name: () => 'Joon Kim' },
    done: 'text=Saved.',
  },
];

describe.each(PAGES)('$page', ({ page: name, form, method, to, typed, done }) => {
  it('says what is going on in every state, keeps what was typed, and goes on', async () => {
    const email = await newUser();
    const { page, allow, close } =
      name === 'settings'
        ? await signedIn(browser, service.origin, email)
        : await open(browser, service.origin);
    allow(AWAY);
    if (name !== 'settings') await page.goto(`/account/${name}`);
    const values = Object.entries(typed).map(([field, value]) => [field, value()] as const);
    for (const [field, value] of values) await page.locator(`#${form}-${field}`).fill(value);
    await throughEveryState(page, { form, method, to, values });
    await page.locator(`#${form} [type=submit]`).click();
    await page.locator(done).first().waitFor();
    await close();
  });
});

describe('the settings', () => {
  it('say that they are loading, and show nothing before all is there', async () => {
    const { page, close } = await signedIn(browser, service.origin, await newUser());
    const { until, release } = held();
    await page.route('**/account/sessions', async (route) => {
      await until;
      await route.continue();
    });
    await page.reload();
    await page.getByText('One moment…').waitFor();
    expect(await page.locator('[data-content]').isVisible()).toBe(false);
    expect(await seriousFaults(page)).toEqual([]);
    release();
    await page.locator('[data-content]').waitFor();
    expect(await page.getByText('One moment…').isVisible()).toBe(false);
    await page.getByText('No passkeys yet.').waitFor();
    await close();
  });

  it('lead to the sign-in when the session ends under somebody’s hands, and back with what they came with', async () => {
    const email = await newUser();
    const { page, close } = await signedIn(browser, service.origin, email);
    const settings = `/account/settings?return_to=${encodeURIComponent('http://localhost:9/app')}`;
    await page.goto(settings);
    await page.locator('[data-content]').waitFor();
    const { access } = await service.call<{ access: string }>('POST', '/account/login', {
      email,
      password: PASSWORD,
    });
    await service.call('DELETE', '/account/sessions', undefined, { Authorization: `Bearer ${access}` });
    await press(page, 'Save');
    await page.getByText('Your session has ended. Please sign in again.').waitFor();
    expect(path(page)).toBe('/account/sign-in');
    await page.locator('#password-username').fill(email);
    await page.locator('#password-password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Continue to localhost:9' }).waitFor();
    expect(page.url()).toBe(`${service.origin}${settings}`);
    await close();
  });

  it('are done with the keyboard alone', async () => {
    const email = await newUser();
    await service.call(
      'POST',
      '/account/login',
      { email, password: PASSWORD },
      { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0' },
    );
    const { page, close } = await signedIn(browser, service.origin, email);
    await withAuthenticator(page);
    await type(page, 'Name', 'Joon Kim');
    await page.keyboard.press('Enter');
    await page.getByText('Saved.').waitFor();

    const to = newEmail();
    await type(page, 'New e-mail address', to);
    await type(page, 'Current password', PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByText(`Open the link in the e-mail to ${to}.`).waitFor();

    await type(page, 'Current password', PASSWORD);
    await type(page, 'New password', 'a much better one');
    await pressByKey(page, 'Change the password');
    await page.getByText('Your password is changed.').waitFor();
    await service.call('POST', '/account/login', { email, password: 'a much better one' });
    await page.reload();
    await page.locator('[data-content]').waitFor();

    await pressByKey(page, 'Remove the password');
    await page.getByRole('heading', { name: 'Confirm that it is you' }).waitFor();
    expect(await seriousFaults(page)).toEqual([]);
    expect(await focused(page)).toBe('Password');
    await page.keyboard.type('a much better one');
    await page.keyboard.press('Enter');
    await expect.poll(() => focused(page)).toContain('This is your only way to sign in');

    await pressByKey(page, 'Set up an authenticator app');
    await page.getByRole('img', { name: 'QR code' }).waitFor();
    expect(await focused(page)).toBe('Code from the app');
    await pressByKey(page, 'Add a passkey');
    await page.getByText('The passkey was added.').waitFor();
    await page.reload();
    await page.locator('[data-content]').waitFor();

    await pressByKey(page, 'Sign out: node');
    await page.getByText('The session was signed out.').waitFor();
    expect(await focused(page)).toBe('Where you are signed in');

    await pressByKey(page, 'Remove the password');
    await page.getByText('Your password is removed.').waitFor();
    expect(await focused(page)).toBe('Password');
    await type(page, `To confirm, type ${email}`, email);
    await page.keyboard.press('Enter');
    await page.getByText('Your account was deleted.').waitFor();
    await close();
  });

  it('take Escape for an answer where they ask for a proof, and a passkey for one', async () => {
    const email = await newUser();
    const { page, close } = await signedIn(browser, service.origin, email);
    await withAuthenticator(page);
    await press(page, 'Add a passkey');
    await page.getByText('The passkey was added.').waitFor();

    await pressByKey(page, 'Remove the password');
    await page.getByRole('heading', { name: 'Confirm that it is you' }).waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => focused(page)).toBe('Remove the password');
    expect(await page.locator('#password-remove [data-fault]').textContent()).toBe('');

    await page.keyboard.press('Enter');
    await pressByKey(page, 'Use a passkey');
    await page.getByText('Your password is removed.').waitFor();
    await page.getByText('You have no password.').waitFor();
    expect(await page.locator('#email-password').isVisible()).toBe(false);

    // It is the only way in now.
    await page.getByRole('button', { name: /^Remove the passkey/ }).click();
    await page.getByText('This is your only way to sign in').waitFor();
    expect(await page.locator('[data-done=passkeys]').textContent()).toBe('');
    await page.getByLabel('New password').fill('a much better one');
    await press(page, 'Set a password');
    await page.getByText('Your password is set.').waitFor();
    await page.locator('#email-password').waitFor();
    await close();
  });
});

describe('the sign-in page', () => {
  it('takes another address after one that was mistyped', async () => {
    const { page, close } = await open(browser, service.origin);
    await page.goto('/account/sign-in');
    await page.locator('[data-ways] [data-use=email]').click();
    await page.locator('#email-email').fill('typo@example.com');
    await page.locator('#email [type=submit]').click();
    await page.locator('#email-code-code').waitFor();
    await page.locator('[data-step=email] [data-use=start]').click();
    await page.locator('[data-ways] [data-use=email]').click();
    await page.locator('#email-email').waitFor();
    await close();
  });

  it('does not blame the network for a browser that refuses its passkeys, and says nothing unasked', async () => {
    // An IP address has no passkeys.
    const { page, close } = await open(browser, service.origin.replace('localhost', '127.0.0.1'));
    await withAuthenticator(page);
    const asked = page.waitForResponse('**/account/login/passkey/options');
    await page.goto('/account/sign-in');
    await (await asked).finished();
    await page.locator('#password-username').fill('somebody');
    const fault = page.locator('[data-fault=ways]');
    expect(await fault.textContent()).toBe('');
    await page.locator('[data-passkey]').click();
    await fault.getByText('The passkey was not used.').waitFor();
    await close();
  });

  it('stays with a user who is typing when it learns late that somebody is signed in', async () => {
    const { page, close } = await signedIn(browser, service.origin, await newUser());
    const { until, release } = held();
    await page.route('**/account/me', async (route) => {
      await until;
      await route.continue();
    });
    await page.goto('/account/sign-in');
    await page.locator('#password-username').fill('other@example.com');
    const answered = page.waitForResponse('**/account/me');
    release();
    await (await answered).finished();
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)));
    expect(await page.locator('#password-username').isVisible()).toBe(true);
    expect(await page.locator('[data-step=signed-in]').isVisible()).toBe(false);
    await close();
  });

  it('signs in once, however slowly the next page comes', async () => {
    const email = await newUser();
    const { page, close } = await open(browser, service.origin);
    const { until, release } = held();
    let signIns = 0;
    page.on('request', (request) => {
      if (request.url().endsWith('/account/login')) signIns += 1;
    });
    await page.route('**/account/settings', async (route) => {
      await until;
      await route.continue();
    });
    await page.goto('/account/sign-in');
    await page.locator('#password-username').fill(email);
    await page.locator('#password-password').fill(PASSWORD);
    const asked = page.waitForRequest('**/account/settings');
    await page.keyboard.press('Enter');
    await asked;
    await page.keyboard.press('Enter');
    release();
    await page.locator('[data-content]').waitFor();
    expect(signIns).toBe(1);
    await close();
  });

  it('names no number of seconds if a gateway sends a date', async () => {
    const { page, allow, close } = await open(browser, service.origin);
    allow(AWAY);
    await page.route('**/account/login', (route) =>
      route.fulfill({
        status: 503,
        headers: { 'Content-Type': 'text/html', 'Retry-After': 'Fri, 31 Dec 2027 23:59:59 GMT' },
        body: 'Away.',
      }),
    );
    await page.goto('/account/sign-in');
    await page.locator('#password-username').fill('mina@example.com');
    await page.locator('#password-password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    const fault = page.locator('#password [data-fault]').first();
    await expect.poll(() => fault.textContent()).not.toBe('');
    expect(await fault.textContent()).not.toContain('NaN');
    await close();
  });
});

describe('a form', () => {
  it('tells what is wrong with an address or a username beside it, taken ones too', async () => {
    const email = await newUser();
    const { page, close } = await open(browser, service.origin);
    await page.goto('/account/sign-up');
    await page.locator('#sign-up-email').fill(email);
    // Pasted: it is not cut.
    await page.locator('#sign-up-password').fill('long '.repeat(60));
    await press(page, 'Create the account');
    await page.locator('#sign-up-password-fault:not(:empty)').waitFor();
    expect(await page.locator('#sign-up-password').inputValue()).toHaveLength(300);
    await page.locator('#sign-up-password').fill(PASSWORD);
    await press(page, 'Create the account');
    await page.locator('#sign-up-email-fault', { hasText: 'already exists' }).waitFor();
    expect(await focused(page)).toBe('E-mail address');
    await close();
  });

  it('keeps the focus on its button, and hides a password again once it is changed', async () => {
    const email = await newUser();
    const { page, close } = await signedIn(browser, service.origin, email);
    const shown = () => page.locator('#password input:not(.unseen)[type=text]').count();
    await page.locator('#password [data-show]').check();
    await page.locator('#password-current_password').fill(PASSWORD);
    await page.locator('#password-new_password').fill('a much better one');
    expect(await shown()).toBe(2);
    await page.locator('#password [type=submit]').press('Enter');
    await page.getByText('Your password is changed.').waitFor();
    await expect.poll(() => focused(page)).toBe('Change the password');
    expect(await shown()).toBe(0);
    // For password managers: whose passwords these are.
    for (const form of ['email', 'password', 'delete', 'step-up']) {
      expect(await page.locator(`#${form} .unseen`).inputValue()).toBe(email);
    }
    // Screen readers know the places of what is done before there is a text.
    const places = page.locator('[data-done]');
    expect(await places.evaluateAll((all) => all.filter((one) => !one.checkVisibility()).length)).toBe(0);
    await close();
  });
});

describe('while another tab signs in as somebody else', () => {
  it.each([
    ['', () => service],
    [' in cookie mode', () => cookieMode],
  ])('the settings become theirs, and nobody continues unseen%s', async (_, at) => {
    const [email, other] = [await newUser(at()), await newUser(at())];
    const { page, close } = await signedIn(browser, at().origin, email);
    const [greeting, form] = [await page.context().newPage(), await page.context().newPage()];
    await greeting.goto('/account/sign-in');
    await greeting.getByText(email).waitFor();
    await form.goto('/account/sign-in');
    await form.getByText(email).waitFor();
    // As if this tab had been open before the first user signed in.
    await form.evaluate(() => {
      for (const step of document.querySelectorAll<HTMLElement>('[data-step]')) {
        step.hidden = step.dataset.step !== 'start';
      }
    });
    await form.locator('#password-username').fill(other);
    await form.locator('#password-password').fill(PASSWORD);
    await form.keyboard.press('Enter');
    await form.locator('[data-content]').waitFor();
    await page.locator('[data-email]', { hasText: other }).waitFor();
    await press(greeting, 'Continue');
    await greeting.getByText(other).waitFor();
    expect(path(greeting)).toBe('/account/sign-in');
    await press(greeting, 'Continue');
    await greeting.locator('[data-content]').waitFor();
    await close();
  });
});

describe('the settings while requests fail or wait', () => {
  it('take "Saved." away when the next change is refused', async () => {
    const { page, close } = await signedIn(browser, service.origin, await newUser());
    await page.locator('#profile [type=submit]').click();
    await page.getByText('Saved.').waitFor();
    await page.locator('#profile-username').fill('two words');
    await page.locator('#profile [type=submit]').click();
    await page.locator('#profile [aria-invalid=true]').waitFor();
    expect(await page.locator('[data-done=profile]').textContent()).toBe('');
    await close();
  });

  it('ask once for two requests that need a proof at once, and both end', async () => {
    const { page, close } = await signedIn(browser, service.origin, await newUser());
    await withAuthenticator(page);
    const { until, release } = held();
    const asked: string[] = [];
    for (const endpoint of ['factors/totp', 'passkeys/options']) {
      // As an older session is answered.
      await page.route(`**/account/${endpoint}`, async (route) => {
        asked.push(endpoint);
        await until;
        await route.fulfill({
          status: 401,
          headers: { 'Content-Type': 'application/problem+json' },
          body: JSON.stringify({ status: 401, code: 'reauthentication_required', detail: 'Prove it.' }),
        });
      });
    }
    const buttons = [page.locator('#totp [type=submit]'), page.locator('[data-add-passkey]')];
    for (const button of buttons) await button.click();
    await expect.poll(() => asked.length).toBe(2);
    release();
    await page.locator('[data-cancel]').click();
    for (const button of buttons) await expect.poll(() => button.isEnabled()).toBe(true);
    await close();
  });

  it('in cookie mode say that a sign-out failed, as the session continues, and sign out at the next try', async () => {
    const { page, allow, close } = await signedIn(browser, cookieMode.origin, await newUser(cookieMode));
    allow(AWAY);
    await page.route('**/account/logout', (route) => route.abort('failed'));
    await press(page, 'Sign out');
    await page.locator('[data-fault=page]').filter({ hasText: 'could not be reached' }).waitFor();
    expect(path(page)).toBe('/account/settings');
    await page.unroute('**/account/logout');
    await press(page, 'Sign out');
    await page.getByText('You are signed out.').waitFor();
    await close();
  });

  it('without a sign-in page show nothing of a user who has signed out', async () => {
    const { page, close } = await signedIn(browser, service.origin, await newUser());
    // As with PAGES=settings.
    await page.route('**/account/settings', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: (await response.text()).replace(/ data-sign-in="[^"]*"/, '') });
    });
    await page.reload();
    await page.locator('[data-content]').waitFor();
    await press(page, 'Sign out');
    await page.locator('[data-content]').waitFor({ state: 'hidden' });
    await page.locator('[data-fault=page]').filter({ hasText: /./ }).waitFor();
    expect(path(page)).toBe('/account/settings');
    await close();
  });
});
