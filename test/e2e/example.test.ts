/** `npm run example`: the notes, whose users go to the pages of the accounts and come back. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { overflowAt, seriousFaults } from './support/axe.ts';
import { launch, open } from './support/browser.ts';
import { freePort } from './support/service.ts';

const STARTS_WITHIN_MS = 150_000;
const PASSWORD = 'correct horse battery';

let browser: Browser;
let notes: string;
let accounts: string;
let stop: () => Promise<void>;

const isUp = (url: string) =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'accounts-example-'));
  const [accountsPort, notesPort] = [await freePort(), await freePort()];
  accounts = `http://localhost:${accountsPort}`;
  notes = `http://localhost:${notesPort}`;
  const ports = ['--accounts-port', String(accountsPort), '--notes-port', String(notesPort)];
  const child = spawn(process.execPath, [
    '--no-warnings',
    'scripts/example.ts',
    ...ports,
    '--persist-to',
    folder,
  ]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: unknown) => {
      output += String(chunk);
    });
  }
  const ended = once(child, 'exit');
  stop = async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  browser = await launch();
  const deadline = Date.now() + STARTS_WITHIN_MS;
  while (!((await isUp(`${accounts}/readyz`)) && (await isUp(`${notes}/settings.json`)))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`it did not start:\n${output}`);
    await sleep(250);
  }
});
afterAll(async () => {
  await browser?.close();
  await stop?.();
});

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
describe('the notes', () => {
  it('send a user to sign up, get them back, keep their notes, and let them in again', async () => {
    const { page, allow, close } = await open(browser, notes);
    allow(new RegExp(`^request to ${accounts}/`));
    const email = 'mina@example.com';
    await page.goto('/');
    await press(page, 'Create an account');
    await page.getByRole('heading', { name: 'Create an account' }).waitFor();
    expect(page.url()).toMatch(`${accounts}/account/sign-up?return_to=`);
    await page.getByLabel('E-mail address').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await press(page, 'Create the account');
    await page.getByText('No notes yet.').waitFor();
    // The code is gone from the address, and works once.
    expect(page.url()).toBe(`${notes}/`);

    await page.getByLabel('New note').fill('Buy milk <b>today</b>');
    await press(page, 'Add');
    await page.getByText('Buy milk <b>today</b>').waitFor();
    await page.reload();
    await page.getByText('Buy milk <b>today</b>').waitFor();
    expect(await seriousFaults(page)).toEqual([]);
    expect(await overflowAt(page, [320, 768, 1_280])).toEqual([]);

    await page.getByRole('link', { name: 'Your account' }).click();
    await page.locator('[data-content]').waitFor();
    expect(await page.locator('[data-sessions] li').count()).toBe(2);
    await page.getByRole('link', { name: `Continue to localhost` }).click();
    await page.getByText('Buy milk').waitFor();

    // Signed out here, and still signed in at the pages: one click, no password.
    await press(page, 'Sign out');
    await press(page, 'Sign in');
    await page.getByText(`You are signed in as ${email}`).waitFor();
    await press(page, 'Continue');
    await page.getByText('Buy milk').waitFor();
    await press(page, 'Delete: Buy milk <b>today</b>');
    await page.getByText('No notes yet.').waitFor();
    await close();
  });

  it('are closed to strangers and to other signed-in users', async () => {
    expect((await fetch(`${notes}/api/notes`)).status).toBe(401);
    const user = async (email: string) => {
      const answer = await fetch(`${accounts}/account/sign-up`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ email, password: PASSWORD }),
      });
      const { access } = (await answer.json()) as { access: string };
      return (method: string, path = '', body?: object) =>
        fetch(`${notes}/api/notes${path}`, {
          method,
          headers: { Authorization: `Bearer ${access}`, 'Content-Type': 'application/json' },
          ...(body && { body: JSON.stringify(body) }),
        });
    };
    const [one, other] = [await user('one@example.com'), await user('other@example.com')];
    const { id } = (await (await one('POST', '', { text: 'Mine' })).json()) as { id: string };
    expect(await (await other('GET')).json()).toEqual({ notes: [] });
    expect((await other('DELETE', `/${id}`)).status).toBe(404);
    expect((await one('POST', '', { text: ' ' })).status).toBe(400);
    expect((await one('DELETE', `/${id}`)).status).toBe(204);
  });
});
