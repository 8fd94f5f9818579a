/** The page in Chromium, with both Workers running: README.md says how. */
import { describe, expect, it } from 'vitest';
import { accounts, add, completeSignUp, notes, openNotes, press, says, signUp } from './browser.ts';

describe('the page', () => {
  it('sends a user to sign up, gets them back, keeps their notes, and lets them in again', async () => {
    const { page, close } = await openNotes();
    const email = await signUp(page);
    // The code is gone from the address, and works once.
    expect(page.url()).toBe(`${notes()}/`);

    await add(page, 'Buy milk\n<b>today</b>');
    await says(page, 'The note is added.');
    await page.reload();
    await page.getByText('<b>today</b>').waitFor();

    await page.getByRole('link', { name: 'Your account' }).click();
    await page.getByRole('link', { name: `Continue to ${new URL(notes()).hostname}` }).click();
    await page.getByText('Buy milk').waitFor();

    // Signed out here, and still signed in at the account service: one click, no password.
    await press(page, 'Sign out');
    await says(page, 'You are signed out.');
    expect(await page.getByText('Buy milk').count()).toBe(0);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('sign-in');
    await press(page, 'Sign in');
    await page.getByText(`You are signed in as ${email}`).waitFor();
    await press(page, 'Continue');
    await page.getByText('Buy milk').waitFor();
    await press(page, 'Delete: Buy milk <b>today</b>');
    await page.getByText('No notes yet.').waitFor();
    await says(page, 'The note is deleted.');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('heading');
    await close();
  });

  it('says that the account service is down, and tries again', async () => {
    const client = `${accounts()}/account/client.js`;
    const { page, close } = await openNotes('/', (page) => page.route(client, (route) => route.abort()));
    await says(page, 'The account service cannot be reached.');
    await page.unroute(client);
    await press(page, 'Try again');
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    await close();
  });

  it.each([
    ['/?error=access_denied', 'You cancelled the sign-in.'],
    ['/?error=expired', 'The sign-in took too long. Please try again.'],
    ['/?error=of_a_newer_version', 'The sign-in did not work. Please try again.'],
    ['/?code=of-another-tab', 'The sign-in did not work. Please try again.'],
  ])('says what happened to a user who comes back with %s', async (path, message) => {
    const { page, close } = await openNotes(path);
    await says(page, message);
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    expect(page.url()).toBe(`${notes()}/`);
    await close();
  });

  it('sends one request for two clicks, and keeps the text of a note that could not be added', async () => {
    const { page, close } = await openNotes();
    await signUp(page);
    const api = `${notes()}/api/notes`;
    let requests = 0;
    await page.route(api, (route) => {
      if (route.request().method() === 'POST') requests++;
      return route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' });
    });
    await page.getByLabel('New note').fill('Once');
    await page.getByRole('button', { name: 'Add' }).dblclick();
    await says(page, 'Something went wrong (502). Please try again.');
    expect(requests).toBe(1);
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Add');
    await page.unroute(api);

    await page.route(api, (route) => route.abort());
    await press(page, 'Add');
    await says(page, 'There is no connection. Please try again.');
    await page.unroute(api);

    await press(page, 'Add');
    await says(page, 'The note is added.');
    await page.getByRole('listitem').getByText('Once').waitFor();
    await close();
  });

  it('shows nothing of one user to the next, who signs in in another tab', async () => {
    const { page, close } = await openNotes();
    const other = await page.context().newPage();
    await other.goto('/');
    await press(other, 'Create an account');
    await other.getByRole('heading', { name: 'Create an account' }).waitFor();
    await signUp(page);
    await add(page, 'Secret');
    await page.getByRole('listitem').getByText('Secret').waitFor();
    await page.route(`${notes()}/api/notes`, (route) => route.abort());
    await completeSignUp(other);
    await says(page, 'There is no connection. Please try again.');
    expect(await page.getByText('Secret').count()).toBe(0);
    await close();
  });

  it('shows nothing more when the user signs out in another tab, or the session ends', async () => {
    const { page, close } = await openNotes();
    const email = await signUp(page);
    await add(page, 'Secret');
    await page.getByRole('listitem').getByText('Secret').waitFor();
    const other = await page.context().newPage();
    await other.goto('/');
    await press(other, 'Sign out');
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    expect(await page.getByText('Secret').count()).toBe(0);

    await press(page, 'Sign in');
    await page.getByText(`You are signed in as ${email}`).waitFor();
    await press(page, 'Continue');
    await page.getByRole('listitem').getByText('Secret').waitFor();
    const json = { status: 401, contentType: 'application/json', body: '{"code": "token_not_valid"}' };
    await page.route(`${notes()}/api/notes`, (route) => route.fulfill(json));
    await page.route(`${accounts()}/account/token/refresh`, (route) =>
      route.fulfill({ ...json, headers: { 'Access-Control-Allow-Origin': notes() } }),
    );
    await add(page, 'Too late');
    await says(page, 'Your session has ended. Please sign in again.');
    expect(await page.getByText('Secret').count()).toBe(0);
    await close();
  });
});
