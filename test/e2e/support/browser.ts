/** Chromium by Playwright, and everything in it that must not happen. */
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

export const launch = (): Promise<Browser> =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium' });

export interface Watched {
  page: Page;
  /** Dialogs, reports of the policy, errors of scripts and of the console. */
  mishaps: string[];
  close: () => Promise<void>;
}

export async function open(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = {},
): Promise<Watched> {
  const context = await browser.newContext({ baseURL: origin, ...options });
  const mishaps: string[] = [];
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
  return { page, mishaps, close: () => context.close() };
}

/** Without what a network that is away, or a refusal that is meant, makes the browser report. */
export const unmeant = (mishaps: readonly string[]) =>
  mishaps.filter((one) => !/ERR_INTERNET_DISCONNECTED|ERR_FAILED|status of 50[03]/.test(one));
