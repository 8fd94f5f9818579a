/** `npm run example`: the notes, whose users go to the pages of the accounts and come back. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { add, openNotes, signUp } from '../../examples/notes/test/e2e/browser.ts';
// The example's own tests, of the two Workers that are started here.
import '../../examples/notes/test/e2e/page.test.ts';
import { overflowAt, seriousFaults } from './support/axe.ts';
import { freePort } from './support/service.ts';

const STARTS_WITHIN_MS = 150_000;

let stop: () => Promise<void>;

const isUp = (url: string) =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'accounts-example-'));
  const [accountsPort, notesPort] = [await freePort(), await freePort()];
  const notes = `http://localhost:${notesPort}`;
  process.env.ACCOUNTS_URL = `http://localhost:${accountsPort}`;
  process.env.NOTES_URL = notes;
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
  const deadline = Date.now() + STARTS_WITHIN_MS;
  while (!(await isUp(`${notes}/settings.json`))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`it did not start:\n${output}`);
    await sleep(250);
  }
});
afterAll(() => stop?.());

describe('the example', () => {
  it('can be used by everybody, on every screen, light and dark', async () => {
    const { page, close } = await openNotes();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    const faults = [await seriousFaults(page), await overflowAt(page, [320, 1_280])];
    await signUp(page);
    await add(page, 'x'.repeat(300));
    await page.getByRole('listitem').waitFor();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      faults.push(await seriousFaults(page), await overflowAt(page, [320, 1_280]));
    }
    expect(faults.flat()).toEqual([]);
    await close();
  });
});
