/** What people do on the pages: type, press, find their way by Tab, hold a device to it. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { open, type Watched } from './browser.ts';
import { PASSWORD } from './people.ts';

export const path = (page: Page) => new URL(page.url()).pathname;
export const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

/** What has the focus, as a screen reader says it. */
export const focused = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement as HTMLInputElement | null;
    const label = element?.getAttribute('aria-label') ?? element?.labels?.[0]?.textContent;
    return label ?? element?.textContent ?? '';
  });

/** Presses Tab until `name` has the focus, as somebody without a mouse does. */
export async function tabTo(page: Page, name: string) {
  const seen: string[] = [];
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press('Tab');
    const here = (await focused(page)).trim();
    if (here === name) return;
    seen.push(here);
  }
  throw new Error(`Tab does not come to ${name}, but to ${seen.join(', ')}`);
}
export async function type(page: Page, label: string, text: string) {
  await tabTo(page, label);
  await page.keyboard.press('Control+A');
  await page.keyboard.type(text);
}
export async function pressByKey(page: Page, name: string) {
  await tabTo(page, name);
  await page.keyboard.press('Enter');
}

/** A page of somebody who has signed in: their settings. */
export async function signedIn(
  browser: Browser,
  origin: string,
  email: string,
  options: BrowserContextOptions = {},
): Promise<Watched> {
  const opened = await open(browser, origin, options);
  await opened.page.goto('/account/sign-in');
  await opened.page.locator('#password-username').fill(email);
  await opened.page.locator('#password-password').fill(PASSWORD);
  await opened.page.keyboard.press('Enter');
  await opened.page.locator('[data-content]').waitFor();
  return opened;
}
