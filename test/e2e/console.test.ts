import { createRequire } from 'node:module';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch, open } from './support/browser.ts';
import { ADMIN, HOSTILE, PASSWORD, populate } from './support/people.ts';
import { type Service, startService } from './support/service.ts';

let service: Service;
let browser: Browser;

beforeAll(async () => {
  [service, browser] = await Promise.all([startService(), launch()]);
  await service.makeStaff(ADMIN, PASSWORD);
  await populate(service);
});
afterAll(async () => {
  await browser?.close();
  await service?.stop();
});

async function logIn(page: Page, password = PASSWORD) {
  await page.goto('/admin/login');
  await page.getByLabel('E-mail or username').fill(ADMIN);
  await page.getByLabel('Password').fill(password);
  await press(page, 'Log in');
}

/** A click waits until the next page has begun; what is counted on it has to be there. */
async function clickAndLoad(page: Page, what: Locator) {
  await what.click();
  await page.waitForLoadState();
}
const press = (page: Page, name: string) =>
  clickAndLoad(page, page.getByRole('button', { name, exact: true }));
const follow = (page: Page, name: string) =>
  clickAndLoad(page, page.getByRole('link', { name, exact: true }).first());
const heading = (page: Page) => page.getByRole('heading', { level: 1 }).textContent();
const said = (page: Page) => page.getByRole('status').textContent();
/** The role of what has the focus. */
const focused = (page: Page) => page.evaluate(() => document.activeElement?.getAttribute('role'));
const inMain = (page: Page) => page.getByRole('navigation', { name: 'Main' });

async function openUser(page: Page, search: string) {
  await clickAndLoad(page, inMain(page).getByRole('link', { name: 'Users' }));
  await page.getByLabel('E-mail, username or name begins with').fill(search);
  await press(page, 'Search');
  await page.getByRole('rowheader').getByRole('link').first().click();
  await page.waitForURL(/\/users\/[0-9a-f-]{36}$/);
}

it.runIf(process.env.UPDATE_SCREENSHOTS === '1')('saves screenshots', async () => {
  const { page, close } = await open(browser, service.origin, {
    viewport: { width: 1280, height: 960 },
    deviceScaleFactor: 2,
    storageState: await loggedIn(),
  });
  await page.goto('/admin');
  await PAGES['a user']?.(page);
  await page.screenshot({ path: 'docs/img/console.png' });
  await close();
});

describe.each([
  ['with JavaScript', true],
  ['without JavaScript', false],
])('the console %s', (_, javaScriptEnabled) => {
  const suffix = javaScriptEnabled ? 'js' : 'plain';

  it('works from log-in to log-out', async () => {
    const { page, mishaps, close } = await open(browser, service.origin, { javaScriptEnabled });

    // In: a page that was asked for comes after the log-in.
    await page.goto('/admin/history');
    expect(await heading(page)).toBe('Log in');
    await page.getByLabel('E-mail or username').fill(ADMIN);
    await page.getByLabel('Password').fill('not the password');
    await press(page, 'Log in');
    expect(await page.getByRole('alert').textContent()).toBe(
      'No active account found with the given credentials',
    );
    await page.getByLabel('Password').fill(PASSWORD);
    await press(page, 'Log in');
    expect(await heading(page)).toBe('History');
    expect(page.url()).toBe(`${service.origin}/admin/history`);
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({
      name: '__Host-accounts_admin',
      httpOnly: true,
      secure: true,
      sameSite: 'Strict',
      path: '/',
    });

    // Overview.
    await follow(page, 'Accounts');
    expect(await heading(page)).toBe('Overview');
    expect(await page.locator('dl.tiles dt').allTextContents()).toEqual([
      'Users',
      'New this week',
      'Live sessions',
      'With a second factor',
      'With a passkey',
      'With a connected account',
      'Revoked tokens',
    ]);

    // Users: pages, order, filter, search.
    await follow(page, 'Users');
    expect(await page.getByRole('row').count()).toBe(51);
    await follow(page, 'E-mail');
    const first = await page.getByRole('rowheader').first().textContent();
    await follow(page, 'Next');
    expect(await page.getByRole('rowheader').first().textContent()).not.toBe(first);
    await follow(page, 'Previous');
    expect(await page.getByRole('rowheader').first().textContent()).toBe(first);
    await follow(page, 'Staff: Yes');
    await expect.poll(() => page.getByRole('rowheader').allTextContents()).toEqual([ADMIN]);
    await follow(page, 'Clear');

    // A user who is added, with a mistake first.
    const email = `new-${suffix}@example.com`;
    await follow(page, 'Add user');
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Name (optional)', { exact: true }).fill('New Person');
    await page.getByLabel('Password').fill('password');
    await press(page, 'Add user');
    expect(await page.getByRole('alert').textContent()).toContain('correct what is marked');
    expect(await page.locator('#password-error').textContent()).toBe('This password is too common.');
    await expect.poll(() => focused(page)).toBe('alert');
    await page.getByRole('link', { name: 'Password: This password is too common.' }).click();
    expect(await page.evaluate(() => location.hash)).toBe('#password');
    expect(await page.getByLabel('E-mail').inputValue()).toBe(email);
    await page.getByLabel('Password').fill(PASSWORD);
    await press(page, 'Add user');
    expect(await said(page)).toBe('The user was added.');
    expect(await heading(page)).toBe(email);

    // Who logs in, is renamed, gets a mail.
    for (let i = 0; i < 3; i++) await service.call('POST', '/account/login', { email, password: PASSWORD });
    await page.getByLabel('Username').fill(`person-${suffix}`);
    await page.getByLabel('Name', { exact: true }).fill('Renamed Person');
    await press(page, 'Save');
    expect(await said(page)).toBe('The changes were saved.');
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('Renamed Person');
    await press(page, 'Send a password reset');
    expect(await said(page)).toContain('on its way');
    const { messages } = await service.call<{ messages: { subject: string }[] }>(
      'GET',
      `/dev/mail?to=${email}`,
      undefined,
      { Accept: 'application/json' },
    );
    expect(messages[0]?.subject).toBe('Reset your password');

    // Sessions: one, then all, with a question that can be declined.
    const live = page.getByText('live', { exact: true });
    expect(await live.count()).toBe(3);
    await page
      .getByRole('button', { name: /^End the session/ })
      .first()
      .click();
    expect(await said(page)).toBe('The session has ended.');
    expect(await live.count()).toBe(2);
    await follow(page, 'End all sessions…');
    expect(await heading(page)).toBe('End all sessions of this user?');
    await page.getByText('Ends 2 sessions.').waitFor();
    await follow(page, 'Cancel');
    expect(await live.count()).toBe(2);
    await follow(page, 'End all sessions…');
    await press(page, 'End all sessions');
    expect(await said(page)).toBe('All sessions of the user have ended.');
    expect(await live.count()).toBe(0);

    // Flags.
    await follow(page, 'Make staff…');
    await press(page, 'Make staff');
    expect(await page.getByRole('alert').textContent()).toContain('marked below');
    await page.getByLabel('The address is not verified').check();
    await press(page, 'Make staff');
    expect(await said(page)).toBe('The user is staff now.');
    await follow(page, 'Remove from staff…');
    await press(page, 'Remove from staff');
    expect(await said(page)).toContain('no longer staff');
    await follow(page, 'Deactivate…');
    await press(page, 'Deactivate');
    expect(await said(page)).toContain('The user is inactive');
    await expect(service.call('POST', '/account/login', { email, password: PASSWORD })).rejects.toThrow(
      'no_active_account',
    );
    await press(page, 'Activate');
    expect(await said(page)).toContain('active again');

    // Another address and another password, by whoever knows whose they are.
    const moved = `moved-${suffix}@example.com`;
    await follow(page, 'Change the e-mail address…');
    await page.getByLabel('E-mail').fill('nonsense');
    await press(page, 'Change the address');
    await expect.poll(() => focused(page)).toBe('alert');
    await page.getByLabel('E-mail').fill(moved);
    await page.getByLabel('I know that this address is theirs').check();
    await press(page, 'Change the address');
    expect(await said(page)).toBe('The e-mail address was changed.');
    expect(await heading(page)).toBe(moved);
    await follow(page, 'Set a password…');
    await page.getByLabel('New password').fill('staple of another colour');
    await press(page, 'Set the password');
    expect(await said(page)).toContain('The user has a new password');
    await follow(page, 'Remove the password…');
    await press(page, 'Remove the password');
    expect(await said(page)).toContain('The user has no password');
    await press(page, 'Send an invitation');
    expect(await said(page)).toContain('It works for 72 hours.');
    await follow(page, 'Change the e-mail address…');
    await page.getByLabel('E-mail').fill(email);
    await press(page, 'Change the address');
    await follow(page, 'Mark the address as verified…');
    await press(page, 'Mark as verified');
    expect(await said(page)).toBe('The e-mail address counts as verified.');

    // The other lists.
    await follow(page, 'All sessions of this user');
    expect(await page.getByRole('row').count()).toBe(4);
    const second = page.getByRole('rowheader').nth(1);
    await second.getByText('Details').click();
    const sid = (await second.locator('code').last().textContent()) ?? '';
    await page.getByLabel('Session ID').fill(sid);
    await press(page, 'Look up');
    expect(await page.getByRole('rowheader').locator('code').allTextContents()).toContain(sid);
    expect(await page.getByRole('rowheader').count()).toBe(1);
    await follow(page, 'Revoked tokens');
    expect(await page.getByRole('row').count()).toBeGreaterThan(5);
    const token = page.getByRole('row').nth(3);
    await token.getByText('Details').click();
    const jti = (await token.locator('code').first().textContent()) ?? '';
    await page.getByLabel('Token ID').fill(jti);
    await press(page, 'Look up');
    expect(await page.getByRole('row').count()).toBe(2);
    expect(await page.locator('code').first().textContent()).toBe(jti);
    await follow(page, 'History');
    await page.getByRole('cell', { name: 'activated', exact: true }).first().waitFor();

    // Gone, and a pseudonym in the history.
    await openUser(page, email);
    await follow(page, 'Delete…');
    expect(await heading(page)).toBe('Delete this user?');
    await page.getByLabel('Type the e-mail address to confirm').fill('somebody else');
    await press(page, 'Delete for good');
    expect(await page.getByRole('alert').textContent()).toContain('This does not match.');
    await page.getByLabel('Type the e-mail address to confirm').fill(email);
    await press(page, 'Delete for good');
    expect(await said(page)).toBe(`${email} was deleted.`);
    await follow(page, 'History');
    expect(await page.getByText(email).count()).toBe(0);
    expect(await page.getByText(/former user/).count()).toBeGreaterThan(5);

    // The last of the staff stays.
    await openUser(page, ADMIN);
    await follow(page, 'Deactivate…');
    await press(page, 'Deactivate');
    await page.getByText('This is your own account').waitFor();
    expect(await page.getByRole('alert').textContent()).toContain('The last active staff member cannot');
    await expect.poll(() => focused(page)).toBe('alert');

    // Out, and nothing is left to go back to.
    await press(page, 'Log out');
    expect(await said(page)).toBe('You are logged out.');
    await page.goto('/admin/users');
    expect(await heading(page)).toBe('Log in');
    expect(await page.context().cookies()).toEqual([]);

    expect(mishaps).toEqual([]);
    await close();
  });

  it('shows hostile names as text', async () => {
    const { page, mishaps, close } = await open(browser, service.origin, { javaScriptEnabled });
    await logIn(page);
    for (const [i, name] of HOSTILE.entries()) {
      await openUser(page, `hostile${i}`);
      expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe(name);
      expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1);
      await page.getByText('Details').first().click();
      expect(await page.locator('code', { hasText: "<script>alert('agent')</script>" }).count()).toBe(1);
      expect(await page.locator('main img, main script').count()).toBe(0);
    }
    await page.goto('/admin/users?search=hostile');
    const shown = await page.getByRole('table').textContent();
    for (const name of HOSTILE) expect(shown).toContain(name);
    for (const query of HOSTILE) {
      await page.goto(`/admin/users?search=${encodeURIComponent(query)}`);
      expect(await page.getByLabel('E-mail, username or name begins with').inputValue()).toBe(query);
      await page.goto(`/admin/revoked-tokens?jti=${encodeURIComponent(query)}`);
      await page.goto(`/admin/login?next=${encodeURIComponent(query)}`);
    }
    expect(mishaps).toEqual([]);
    await close();
  });
});

describe('the checks of these tests', () => {
  it('report a dialog, a script, an image from another origin', async () => {
    const { page, mishaps, allow, close } = await open(browser, service.origin);
    allow(/Content Security Policy/, /^dialog: /, /elsewhere\.example/);
    await page.goto('/admin/login');
    await page.evaluate(() => {
      const main = document.querySelector('main') as HTMLElement;
      main.insertAdjacentHTML('beforeend', '<img src="https://elsewhere.example/x.png" onerror="alert(1)">');
      main.append(Object.assign(document.createElement('script'), { textContent: 'alert(2)' }));
    });
    await expect.poll(() => mishaps.join('\n')).toContain('img-src');
    await expect.poll(() => mishaps.join('\n')).toContain('script-src');
    await page.evaluate(() => alert('seen'));
    expect(mishaps).toContain('dialog: seen');
    await close();
  });
});

describe('the console by keyboard', () => {
  it('can skip to the content, and shows the focus', async () => {
    const { page, close } = await open(browser, service.origin);
    await logIn(page);
    await page.goto('/admin/users');
    await page.keyboard.press('Tab');
    const skip = page.getByRole('link', { name: 'Skip to content' });
    expect(await skip.evaluate((link) => link === link.ownerDocument.activeElement)).toBe(true);
    expect((await skip.boundingBox())?.y).toBeGreaterThanOrEqual(0);
    expect(await skip.evaluate((link) => getComputedStyle(link).outlineStyle)).toBe('solid');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('search');
    await close();
  });
});

it('acts on ticked users after one question', async () => {
  const { page, mishaps, close } = await open(browser, service.origin);
  for (const name of ['ticked-1', 'ticked-2']) {
    await service.call('POST', '/account/sign-up', { email: `${name}@example.com`, password: PASSWORD });
  }
  await logIn(page);
  await page.goto('/admin/users?search=ticked');
  await page.getByRole('checkbox', { name: 'ticked-1@example.com' }).check();
  await page.getByRole('checkbox', { name: 'ticked-2@example.com' }).focus();
  await page.keyboard.press('Space');
  await press(page, 'Delete…');
  expect(await heading(page)).toBe('Delete these users?');
  await page.getByText('Ends 2 sessions.').waitFor();
  await press(page, 'Delete them for good');
  await page.getByLabel('Type 2 to confirm').fill('2');
  await press(page, 'Delete them for good');
  expect(await said(page)).toBe('Deleted: 2. Left out: 0.');
  await page.goto('/admin/users?search=ticked');
  expect(await page.getByRole('row').count()).toBe(0);
  expect(mishaps).toEqual([]);
  await close();
});

it('selects all users of a page with JavaScript', async () => {
  const emails = [1, 2, 3].map((i) => `all-of-a-page-${i}@example.com`);
  for (const email of emails) await service.call('POST', '/account/sign-up', { email, password: PASSWORD });
  const list = '/admin/users?search=all-of-a-page';
  const { page, mishaps, close } = await open(browser, service.origin, { storageState: await loggedIn() });
  await page.goto(list);
  const all = page.getByLabel('Select all on this page');
  const boxes = page.getByRole('rowheader').getByRole('checkbox');
  const state = async () => [
    await boxes.evaluateAll((found) => found.filter((box) => (box as HTMLInputElement).checked).length),
    await all.evaluate((box) => (box as HTMLInputElement).checked),
    await all.evaluate((box) => (box as HTMLInputElement).indeterminate),
  ];
  expect(await state()).toEqual([0, false, false]);
  await all.check();
  expect(await state()).toEqual([3, true, false]);
  await boxes.first().uncheck();
  expect(await state()).toEqual([2, false, true]);
  await all.check();
  await press(page, 'Deactivate…');
  expect(await heading(page)).toBe('Deactivate these users?');
  expect(await page.locator('ul.names a').allTextContents()).toEqual(expect.arrayContaining(emails));
  await page.goBack();
  await expect.poll(state).toEqual([3, true, false]);
  await all.uncheck();
  expect(await state()).toEqual([0, false, false]);
  expect(mishaps).toEqual([]);
  await close();

  const plain = await open(browser, service.origin, {
    javaScriptEnabled: false,
    storageState: await loggedIn(),
  });
  await plain.page.goto(list);
  expect(await plain.page.getByLabel('Select all on this page').isVisible()).toBe(false);
  expect(await plain.page.getByRole('checkbox').count()).toBe(3);
  await plain.close();
});

describe('a log-in that has to wait', () => {
  it('counts down without a script', async () => {
    const { page, close } = await open(browser, service.origin);
    await page.goto('/admin/login');
    const shown = await page.evaluate(() => {
      const main = document.querySelector('main') as HTMLElement;
      main.insertAdjacentHTML('beforeend', '<p class="countdown"></p><p class="countdown-over"></p>');
      const [left, over] = ['.countdown', '.countdown-over'].map((name) =>
        main.querySelector(name),
      ) as Element[];
      return [0, 15_000, 59_900, 60_000].map((time) => {
        for (const animation of document.getAnimations()) animation.currentTime = time;
        const [a, b] = [getComputedStyle(left as Element), getComputedStyle(over as Element)];
        return [a.getPropertyValue('--seconds'), a.visibility, b.visibility];
      });
    });
    expect(shown).toEqual([
      ['60', 'visible', 'hidden'],
      ['45', 'visible', 'hidden'],
      ['0', 'visible', 'hidden'],
      ['0', 'hidden', 'visible'],
    ]);
    await close();
  });
});

const PAGES: Record<string, (page: Page) => Promise<unknown>> = {
  'log-in': async (page) => {
    await page.context().clearCookies();
    await page.goto('/admin/login');
    await page.getByLabel('E-mail or username').fill('somebody');
    await page.getByLabel('Password').fill('something');
    await press(page, 'Log in');
  },
  overview: (page) => page.goto('/admin'),
  users: (page) => page.goto('/admin/users'),
  'users, found': (page) => page.goto('/admin/users?search=mina&is_active=true&ordering=email'),
  'users, by name': (page) => page.goto('/admin/users?search=park'),
  'users, none': (page) => page.goto('/admin/users?search=nobody&is_active=false'),
  'a user': (page) => openUser(page, 'mina'),
  'a hostile user': (page) => openUser(page, 'hostile1'),
  'a user, refused': async (page) => {
    await openUser(page, 'mina');
    await page.getByLabel('Username').fill('two words');
    await press(page, 'Save');
  },
  'a question': async (page) => {
    await openUser(page, 'mina');
    await follow(page, 'Delete…');
  },
  'several users': async (page) => {
    await page.goto('/admin/users?search=mina');
    await page.getByRole('checkbox').first().check();
    await press(page, 'Delete…');
    await page.getByRole('heading', { name: 'Delete these users?' }).waitFor();
  },
  'a question, refused': async (page) => {
    await openUser(page, 'mina');
    await follow(page, 'Delete…');
    await page.getByLabel('to confirm').fill('x');
    await press(page, 'Delete for good');
  },
  'an address, refused': async (page) => {
    await openUser(page, 'mina');
    await follow(page, 'Change the e-mail address…');
    await page.getByLabel('E-mail').fill('x');
    await press(page, 'Change the address');
  },
  'a password to set': async (page) => {
    await openUser(page, 'mina');
    await follow(page, 'Set a password…');
  },
  'add a user': (page) => page.goto('/admin/users/add'),
  'add a user, refused': async (page) => {
    await page.goto('/admin/users/add');
    await page.getByLabel('E-mail').fill('x');
    await page.getByLabel('Password').fill('password');
    await press(page, 'Add user');
  },
  'sessions of a user': async (page) => {
    await openUser(page, ADMIN);
    await follow(page, 'All sessions of this user');
  },
  'live sessions': (page) => page.goto('/admin/sessions'),
  'history, filtered': (page) => page.goto(`/admin/history?staff=${ADMIN}&action=user.changed`),
  'revoked tokens': (page) => page.goto('/admin/revoked-tokens'),
  'a revoked token': (page) => page.goto('/admin/revoked-tokens?jti=none'),
  'dead letters': (page) => page.goto('/admin/dead-letters'),
  history: (page) => page.goto('/admin/history'),
  'what was done': (page) => page.goto('/admin/users?done=delete'),
  'not found': (page) => page.goto('/admin/nothing'),
};

const LOOKS = [
  ['light', 'light', 1280],
  ['dark', 'dark', 1280],
  ['light on a phone', 'light', 375],
  ['dark on a phone', 'dark', 375],
] as const;

interface AxeResults {
  violations: { id: string; impact: string; nodes: { target: string[]; failureSummary: string }[] }[];
}
/** A script in pages that allow none: only the contexts that it is for pass the policy by. */
const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

async function violationsOf(page: Page): Promise<string[]> {
  const { violations } = (await page.evaluate(
    'axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })',
  )) as AxeResults;
  return violations.flatMap(({ id, impact, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${impact} ${id}: ${target.join(' ')} ${failureSummary}`),
  );
}

const WIDTHS = [320, 375, 480, 639, 640, 768, 960, 1280, 1920];
const SOME_WIDTHS = [320, 640, 1280];
/** DejaVu's letters are the widest; the others are as wide as so much of them, where they are not installed. */
const FONTS = [
  ['DejaVu', "local('DejaVu Sans')", 100, WIDTHS],
  ['Noto', "local('Noto Sans'), local('DejaVu Sans')", 94, SOME_WIDTHS],
  ['Segoe', "local('Segoe UI'), local('DejaVu Sans')", 91, SOME_WIDTHS],
] as const;

const useFont = (page: Page, [, source, percent]: (typeof FONTS)[number]) =>
  page.evaluate(
    async ([source, percent]) => {
      const face = new FontFace('measured', source, { sizeAdjust: `${percent}%` } as FontFaceDescriptors);
      document.fonts.clear();
      document.fonts.add(await face.load());
      document.documentElement.style.setProperty('--font', 'measured');
    },
    [source, percent] as const,
  );

/** What stands out of the window, or has more in it than fits. Fields scroll by themselves. */
const clippedIn = (page: Page) =>
  page.evaluate(() => {
    const narrow = window.innerWidth < 640;
    const apart = `.hidden, .skip, input, select, option${narrow ? ', thead, thead *' : ''}`;
    const faults = new Set<string>();
    if (document.documentElement.scrollWidth > window.innerWidth) faults.add('the page');
    for (const element of document.querySelectorAll('body *:not(details:not([open]) > :not(summary) *)')) {
      if (element.matches(apart)) continue;
      const { left, right, width } = element.getBoundingClientRect();
      const out = width > 0 && (left < -0.5 || right > window.innerWidth + 0.5);
      if (out || element.scrollWidth > element.clientWidth + 1) {
        if (out || getComputedStyle(element).display !== 'inline') {
          faults.add(`${element.localName}.${element.className} ${element.textContent?.slice(0, 40)}`);
        }
      }
    }
    return [...faults];
  });

describe('the console in light and dark, on a desktop and on a phone', () => {
  it.each(Object.keys(PAGES))('%s: axe finds nothing, and nothing overflows the window', async (name) => {
    const { page, close } = await open(browser, service.origin, {
      bypassCSP: true,
      storageState: await loggedIn(),
    });
    await page.goto('/admin');
    await PAGES[name]?.(page);
    await page.addScriptTag({ path: axePath });
    for (const [look, colorScheme, width] of LOOKS) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 812 });
      expect([look, await violationsOf(page)]).toEqual([look, []]);
    }
    await page.evaluate(() => {
      for (const details of document.querySelectorAll('details')) details.open = true;
    });
    for (const font of FONTS) {
      await useFont(page, font);
      for (const width of font[3]) {
        await page.setViewportSize({ width, height: 812 });
        expect([font[0], width, await clippedIn(page)]).toEqual([font[0], width, []]);
      }
    }
    await close();
  });
});

let state: Awaited<ReturnType<BrowserContext['storageState']>> | undefined;
/** One log-in for many pages. */
async function loggedIn() {
  if (state) return state;
  const { page, close } = await open(browser, service.origin);
  await logIn(page);
  state = await page.context().storageState();
  await close();
  return state;
}
