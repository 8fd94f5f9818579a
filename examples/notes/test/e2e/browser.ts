/** Chromium, the page in it, and what a user does there. */
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';

const PASSWORD = 'correct horse battery';
export const notes = () => process.env.NOTES_URL ?? 'http://localhost:8788';
export const accounts = () => process.env.ACCOUNTS_URL ?? 'http://localhost:8787';

let browser: Browser;
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium' });
});
afterAll(() => browser?.close());

/** Errors of scripts, and what the Content-Security-Policy has stopped, in any page of the test. */
const faults: string[] = [];
afterEach(() => expect(faults.splice(0)).toEqual([]));

export async function openNotes(path = '/', prepare: (page: Page) => Promise<unknown> = async () => {}) {
  const page = await (await browser.newContext({ baseURL: notes() })).newPage();
  page.on('pageerror', ({ message }) => faults.push(message));
  page.on('console', (line) => {
    if (/Content Security Policy/.test(line.text())) faults.push(line.text());
  });
  await prepare(page);
  await page.goto(path);
  return { page, close: () => page.context().close() };
}

export const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
export const says = (page: Page, text: string) =>
  page.getByRole('status').getByText(text, { exact: true }).waitFor();

export async function signUp(page: Page): Promise<string> {
  await press(page, 'Create an account');
  await page.getByRole('heading', { name: 'Create an account' }).waitFor();
  return completeSignUp(page);
}

/** On the page of the account service. */
export async function completeSignUp(page: Page): Promise<string> {
  const email = `${crypto.randomUUID()}@example.com`;
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await press(page, 'Create the account');
  await page.getByText('No notes yet.').waitFor();
  return email;
}

export async function add(page: Page, text: string): Promise<void> {
  await page.getByLabel('New note').fill(text);
  await press(page, 'Add');
}
