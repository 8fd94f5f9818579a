/** Chromium by Playwright, and everything in it that must not happen. */
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterEach, expect } from 'vitest';

export const launch = (args: string[] = []): Promise<Browser> =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args });

export interface Watched {
  page: Page;
  /** Dialogs, reports of the policy, errors of scripts and of the console. */
  mishaps: string[];
  /** What this test causes on purpose. */
  allow: (...patterns: RegExp[]) => void;
  close: () => Promise<void>;
}

interface Opened {
  mishaps: string[];
  allowed: RegExp[];
  isClosed: boolean;
}
const opened = new Set<Opened>();

/** In every file that opens a page: a mishap that the test does not cause on purpose fails it. */
afterEach(() => {
  const found = [...opened].flatMap((one) => {
    if (one.isClosed) opened.delete(one);
    return one.mishaps.splice(0).filter((mishap) => !one.allowed.some((pattern) => pattern.test(mishap)));
  });
  expect(found).toEqual([]);
});

export async function open(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = {},
): Promise<Watched> {
  const context = await browser.newContext({ baseURL: origin, ...options });
  const mishaps: string[] = [];
  const allowed: RegExp[] = [];
  const one: Opened = { mishaps, allowed, isClosed: false };
  opened.add(one);
  const page = await context.newPage();
  page.on('dialog', (dialog) => {
    mishaps.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('pageerror', (error) => mishaps.push(`error: ${error.message}`));
  page.on('console', (message) => {
    // A page with a status of 400 or above is reported as an error, although it is intended.
    if (message.type() === 'error' && !/the server responded with a status of 4\d\d/.test(message.text())) {
      mishaps.push(`console: ${message.text()}`);
    }
  });
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText;
    // The page was left before it had everything.
    if (reason !== 'net::ERR_ABORTED') mishaps.push(`failed: ${request.url()} ${reason}`);
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(origin) && !request.url().startsWith('data:')) {
      mishaps.push(`request to ${request.url()}`);
    }
  });
  const close = async () => {
    one.isClosed = true;
    await context.close();
  };
  return { page, mishaps, allow: (...patterns) => void allowed.push(...patterns), close };
}

/** What the browser reports if the network is away, or if the server fails. */
export const AWAY = /ERR_INTERNET_DISCONNECTED|ERR_FAILED|status of 50[03]/;
