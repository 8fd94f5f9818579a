/**
 * Passkeys in Chromium, with its virtual authenticator: the client's entry for them, the code of docs/passkeys.md, and
 * what a browser or an authenticator may do that is not right.
 */
import { readFileSync } from 'node:fs';
import type { Browser, Page, Route } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '../../src/client/index.ts';
import type * as Entry from '../../src/client/passkeys.ts';
import { withAuthenticator } from './support/authenticator.ts';
import { launch, open } from './support/browser.ts';
import { PASSWORD } from './support/people.ts';
import { type Service, startService } from './support/service.ts';
import { totp } from './support/totp.ts';

let service: Service;
let browser: Browser;
beforeAll(async () => {
  [service, browser] = await Promise.all([startService(), launch()]);
});
afterAll(async () => {
  await browser?.close();
  await service?.stop();
});

/** What the page puts on `window`. */
interface Window {
  accounts: Client;
  passkeys: typeof Entry;
  waiting?: Promise<string>;
}
declare const window: Window;

const PAGE = `<!doctype html><title>App</title>
<label>E-mail <input autocomplete="username webauthn"></label>
<script type="module">
  import { createClient, webStorage } from '/account/client.js';
  import * as passkeys from '/account/client/passkeys.js';
  window.accounts = createClient({ url: '/account', store: webStorage(localStorage) });
  window.passkeys = passkeys;
</script>`;

/** A page of the service's own origin. */
async function show(page: Page, html: string, url = `${service.origin}/page`) {
  await page.route(url, (route) => route.fulfill({ contentType: 'text/html', body: html }));
  await page.goto(url);
}

let people = 0;
/** Somebody who has just signed up, at a device that keeps passkeys. */
async function signedUp(html = PAGE) {
  const { page, mishaps, allow, close } = await open(browser, service.origin);
  const device = await withAuthenticator(page);
  await show(page, html);
  people += 1;
  const who = { email: `passkey${people}@example.com`, password: PASSWORD };
  const { access } = await service.call<{ access: string; refresh: string }>('POST', '/account/sign-up', who);
  return { page, device, mishaps, allow, close, access, ...who };
}
const logIn = (page: Page, { email, password }: { email: string; password: string }) =>
  page.evaluate(async (who) => void (await window.accounts.logIn(who)), { email, password });
const add = (page: Page, name = 'Laptop') =>
  page.evaluate((name) => window.passkeys.addPasskey(window.accounts, { name }), name);
/** The code or the name of what it is refused with. */
const refusalOf = (page: Page, ask: 'signInWithPasskey' | 'addPasskey' | 'reauthenticateWithPasskey') =>
  page.evaluate(
    (ask) =>
      window.passkeys[ask](window.accounts).then(
        () => 'ok',
        (error) => (window.passkeys.isCancelled(error) ? 'cancelled' : (error.code as string)),
      ),
    ask,
  );
const claimsIn = async (page: Page) =>
  JSON.parse(
    await page.evaluate(async () =>
      atob(
        ((await window.accounts.accessToken()) ?? '').split('.')[1]?.replace(/-/g, '+').replace(/_/g, '/') ??
          '',
      ),
    ),
  );

describe('in a page with the client', () => {
  it('a passkey is added, signs in, is renamed and removed', async () => {
    const { page, mishaps, close, ...who } = await signedUp();
    await logIn(page, who);
    expect(await page.evaluate(() => window.passkeys.hasPasskeys())).toBe(true);
    const added = await add(page);
    expect(added).toMatchObject({ name: 'Laptop', last_used_at: null });
    await page.evaluate(() => window.accounts.logOut());

    await page.evaluate(() => window.passkeys.signInWithPasskey(window.accounts));
    expect(await page.evaluate(() => window.accounts.me())).toMatchObject({ email: who.email });
    expect((await claimsIn(page)).amr).toContain('mfa');
    const renamed = await page.evaluate(
      ({ id }) => window.passkeys.renamePasskey(window.accounts, id, 'Phone'),
      added,
    );
    const list = () => page.evaluate(() => window.passkeys.listPasskeys(window.accounts));
    expect(await list()).toEqual([renamed]);
    expect(renamed).toMatchObject({ name: 'Phone', last_used_at: expect.any(String) });

    await page.evaluate(({ id }) => window.passkeys.removePasskey(window.accounts, id), added);
    expect(await list()).toEqual([]);
    expect(await refusalOf(page, 'signInWithPasskey')).toBe('passkey_not_valid');
    expect(mishaps).toEqual([]);
    await close();
  });

  it('is not added twice to one device', async () => {
    const { page, close, ...who } = await signedUp();
    await logIn(page, who);
    await add(page);
    const name = await page.evaluate(() =>
      window.passkeys.addPasskey(window.accounts).catch((error) => error.name as string),
    );
    expect(name).toBe('InvalidStateError');
    await close();
  });

  it('is a reauthentication with two factors', async () => {
    const { page, close, ...who } = await signedUp();
    await logIn(page, who);
    await add(page);
    expect((await claimsIn(page)).amr).toEqual(['pwd']);
    await page.evaluate(() => window.passkeys.reauthenticateWithPasskey(window.accounts));
    expect((await claimsIn(page)).amr).toContain('mfa');
    await close();
  });
});

describe('as a second factor', () => {
  it('a passkey finishes a log-in by password', async () => {
    const { page, mishaps, close, access, ...who } = await signedUp();
    await logIn(page, who);
    await add(page);
    const headers = { Authorization: `Bearer ${access}` };
    const { secret } = await service.call<{ secret: string }>('POST', '/account/factors/totp', {}, headers);
    await service.call('POST', '/account/factors/totp/confirm', { code: totp(secret) }, headers);
    await page.evaluate(() => window.accounts.logOut());
    const { email, password } = who;
    const methods = await page.evaluate(
      async (who) => {
        const refused = await window.accounts.logIn(who).catch((error) => error.problem);
        await window.passkeys.answerWithPasskey(window.accounts, refused);
        return refused.methods;
      },
      { email, password },
    );
    expect(methods).toEqual(['totp', 'recovery_code', 'passkey']);
    expect((await claimsIn(page)).amr).toEqual(['pwd', expect.stringMatching(/^[sh]wk$/), 'mfa']);
    expect(mishaps).toEqual([]);
    await close();
  });

  it('it does so on the sign-in page', async () => {
    const { page, device, mishaps, close, access, ...who } = await signedUp();
    await logIn(page, who);
    await add(page);
    const headers = { Authorization: `Bearer ${access}` };
    const { secret } = await service.call<{ secret: string }>('POST', '/account/factors/totp', {}, headers);
    await service.call('POST', '/account/factors/totp/confirm', { code: totp(secret) }, headers);
    await page.evaluate(() => window.accounts.logOut());
    const [credential] = await device.credentials();
    if (!credential) throw new Error('no passkey was made');
    // It would sign in by itself, from the field of the name.
    await device.remove();
    await page.goto('/account/sign-in');
    await page.getByLabel('E-mail or username').fill(who.email);
    await page.getByLabel('Password', { exact: true }).fill(who.password);
    await page.keyboard.press('Enter');
    const button = page.getByRole('button', { name: 'Use a passkey' });
    await button.waitFor();
    await (await withAuthenticator(page)).add(credential);
    await button.click();
    await page.locator('[data-content]').waitFor();
    expect(mishaps).toEqual([]);
    await close();
  });
});

/** Waits in the page, as nobody chooses. */
const wait = (page: Page) =>
  page.evaluate(() => {
    window.waiting = window.passkeys.autofill(window.accounts).then(
      (tokens) => (tokens ? 'signed in' : 'ended'),
      (error) => String(error),
    );
  });
const waited = (page: Page) => page.evaluate(() => window.waiting);

describe('in a form field with autofill', () => {
  const autofill = (page: Page) =>
    page.evaluate(() => window.passkeys.autofill(window.accounts).then((tokens) => tokens !== null));
  const asked = (page: Page) => {
    const paths: string[] = [];
    page.on('response', (response) => paths.push(new URL(response.url()).pathname));
    return () => paths.filter((path) => path === '/account/login/passkey/options').length;
  };

  it('a passkey signs in once it is chosen', async () => {
    const { page, mishaps, close, ...who } = await signedUp();
    await logIn(page, who);
    await add(page);
    await page.evaluate(() => window.accounts.logOut());
    // This authenticator chooses by itself.
    expect(await autofill(page)).toBe(true);
    expect(await page.evaluate(() => window.accounts.me())).toMatchObject({ email: who.email });
    expect(mishaps).toEqual([]);
    await close();
  });

  it('the wait ends at another passkey request, and by a signal', async () => {
    const { page, device, close, ...who } = await signedUp();
    await logIn(page, who);
    await add(page);
    const questions = asked(page);
    await device.answers(false);
    await wait(page);
    await expect.poll(questions).toBe(1);
    await device.answers(true);
    expect(await refusalOf(page, 'reauthenticateWithPasskey')).toBe('ok');
    expect(await waited(page)).toBe('ended');
    const aborted = await page.evaluate(() =>
      window.passkeys.autofill(window.accounts, { signal: AbortSignal.abort() }),
    );
    expect(aborted).toBeNull();
    await close();
  });

  it('a new challenge comes before the old one expires', async () => {
    const { page, device, close, ...who } = await signedUp();
    await page.clock.install();
    await page.reload();
    await logIn(page, who);
    await add(page);
    await page.evaluate(() => window.accounts.logOut());
    const questions = asked(page);
    await device.answers(false);
    await wait(page);
    await expect.poll(questions).toBe(1);
    await page.clock.runFor(4 * 60_000);
    await expect.poll(questions).toBe(2);
    await device.answers(true);
    await page.clock.runFor(4 * 60_000);
    expect(await waited(page)).toBe('signed in');
    expect(questions()).toBe(3);
    await close();
  });
});

describe('autofill, while the service cannot be reached', () => {
  const OPTIONS = '**/account/login/passkey/options';
  const ANSWERS: [name: string, answer: Parameters<Route['fulfill']>[0] | null][] = [
    ['no network', null],
    ['503', { status: 503, contentType: 'application/problem+json', body: '{"code":"unavailable"}' }],
    ['429', { status: 429, contentType: 'application/problem+json', body: '{"code":"throttled"}' }],
    ['a captive portal', { contentType: 'text/html', body: '<title>Hotel</title>' }],
  ];

  it.each(ANSWERS)('says nothing and asks again later: %s', async (_, answer) => {
    const { page, allow, close, ...who } = await signedUp();
    allow(/ERR_FAILED|status of 503/);
    await page.clock.install();
    await page.reload();
    await logIn(page, who);
    await add(page);
    await page.evaluate(() => window.accounts.logOut());
    let tries = 0;
    await page.route(OPTIONS, (route) => {
      tries += 1;
      return answer ? route.fulfill(answer) : route.abort();
    });
    await wait(page);
    await expect.poll(() => tries).toBe(1);
    await page.clock.runFor(4 * 60_000);
    await expect.poll(() => tries).toBe(2);
    await page.unroute(OPTIONS);
    await page.clock.runFor(4 * 60_000);
    expect(await waited(page)).toBe('signed in');
    await close();
  });

  it('ends where passkeys are off', async () => {
    const { page, close } = await signedUp();
    await page.route(OPTIONS, (route) =>
      route.fulfill({ status: 404, contentType: 'application/problem+json', body: '{"code":"not_found"}' }),
    );
    await wait(page);
    expect(await waited(page)).toContain('AccountsError');
    await close();
  });
});

describe('a refusal', () => {
  it('a user whom the device does not recognize, by the browser', async () => {
    const { page, device, close, ...who } = await signedUp();
    await logIn(page, who);
    await add(page);
    await device.recognizes(false);
    for (const ask of ['signInWithPasskey', 'reauthenticateWithPasskey'] as const) {
      expect([ask, await refusalOf(page, ask)]).toEqual([ask, 'cancelled']);
    }
    await close();
  });

  it('a user whom the device did not ask, by the service', async () => {
    const { page, device, close, ...who } = await signedUp();
    await logIn(page, who);
    await add(page);
    await device.recognizes(false);
    const code = await page.evaluate(async () => {
      const post = (path: string, body: object) =>
        fetch(path, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(body),
        }).then((answer) => answer.json());
      const options = await post('/account/login/passkey/options', {});
      const credential = await navigator.credentials.get({
        publicKey: PublicKeyCredential.parseRequestOptionsFromJSON({
          ...options,
          userVerification: 'discouraged',
        }),
      });
      return (await post('/account/login/passkey', { credential })).code;
    });
    expect(code).toBe('passkey_not_valid');
    await expect.poll(() => service.output()).toContain('passkey_user_verification');
    await close();
  });

  /** `navigator.credentials.create` with the options of the service, changed. */
  const createdFor = async (page: Page, access: string, rpId: string) => {
    const options = await service.call<{ rp: object }>(
      'POST',
      '/account/passkeys/options',
      {},
      { Authorization: `Bearer ${access}` },
    );
    return page.evaluate(
      async ({ options, rpId }) => {
        const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON({
          ...(options as unknown as PublicKeyCredentialCreationOptionsJSON),
          rp: { name: 'x', id: rpId },
        });
        return navigator.credentials.create({ publicKey }).then(
          (credential) => JSON.stringify(credential),
          (error) => error.name as string,
        );
      },
      { options, rpId },
    );
  };

  it('another RP ID than that of the page, by the browser', async () => {
    const { page, access, close } = await signedUp();
    expect(await createdFor(page, access, 'example.com')).toBe('SecurityError');
    await close();
  });

  it('a passkey of another RP ID, by the service', async () => {
    const { page, allow, access, close } = await signedUp();
    allow(/^request to http:\/\/app\.localhost:/);
    const url = `${service.origin.replace('localhost', 'app.localhost')}/page`;
    await show(page, '<!doctype html><title>Another app</title>', url);
    const credential = JSON.parse(await createdFor(page, access, 'app.localhost'));
    const added = service.call(
      'POST',
      '/account/passkeys',
      { credential },
      { Authorization: `Bearer ${access}` },
    );
    await expect(added).rejects.toThrow('passkey_not_valid');
    await expect.poll(() => service.output()).toContain('passkey_rp_id');
    await close();
  });

  it('a copy of an authenticator whose counter went back', async () => {
    const { page, device, close, ...who } = await signedUp();
    await logIn(page, who);
    await add(page);
    const [before] = await device.credentials();
    expect(await refusalOf(page, 'signInWithPasskey')).toBe('ok');
    const [after] = await device.credentials();
    if (!before || !after) throw new Error('no passkey was made');
    expect(after.signCount).toBeGreaterThan(before.signCount);
    await device.remove();
    const copy = await withAuthenticator(page);
    await copy.add(before);
    expect(await refusalOf(page, 'signInWithPasskey')).toBe('passkey_not_valid');
    await expect.poll(() => service.output()).toContain('passkey_counter_went_back');
    await close();
  });
});

describe('the code of docs/passkeys.md', () => {
  const FILES = new Map(
    [
      ...readFileSync('docs/passkeys.md', 'utf8').matchAll(
        /^```(?:html|js)\n(?:\/\/|<!--) ([\w.-]+)(?: -->)?\n([\s\S]*?)^```/gm,
      ),
    ].map(([, name = '', text = '']) => [name, text]),
  );
  const code = (name: string) => FILES.get(name) ?? '';

  it('has each of its files', () => {
    expect([...FILES.keys()]).toEqual(['add.html', 'add.js', 'sign-in.html', 'sign-in.js', 'prove.js']);
  });

  it('adds a passkey and signs in, with the client', async () => {
    const { page, mishaps, close, ...who } = await signedUp();
    await logIn(page, who);
    await show(page, code('add.html'), `${service.origin}/add`);
    await page.getByRole('button').click();
    await page.getByText('You can now sign in with My laptop.').waitFor();
    await page.evaluate(() => localStorage.clear());
    await show(page, code('sign-in.html'), `${service.origin}/in`);
    await page.getByText(`Signed in as ${who.email}`).waitFor();
    expect(mishaps).toEqual([]);
    await close();
  });

  it('signs in with the button after autofill was ignored', async () => {
    const { page, device, close, ...who } = await signedUp();
    await logIn(page, who);
    await add(page);
    const [credential] = await device.credentials();
    if (!credential) throw new Error('no passkey was made');
    await page.evaluate(() => localStorage.clear());
    await device.remove();
    const empty = await withAuthenticator(page);
    const asked = page.waitForResponse('**/account/login/passkey/options');
    await show(page, code('sign-in.html'), `${service.origin}/in`);
    await asked;
    await empty.add(credential);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.getByText(`Signed in as ${who.email}`).waitFor();
    await close();
  });

  it('adds a passkey, signs in and reauthenticates, without the client and with it', async () => {
    const { page, mishaps, close, access, email } = await signedUp();
    const run = (script: string) =>
      page.evaluate(`(async () => { const access = ${JSON.stringify(access)};\n${script}\n})()`);
    await run(code('add.js'));
    const signedIn = await run(`{ ${code('sign-in.js')} return { access, refresh }; }`);
    expect(signedIn).toMatchObject({ access: expect.any(String), refresh: expect.any(String) });
    await page.evaluate(() => window.passkeys.signInWithPasskey(window.accounts));
    expect(await page.evaluate(() => window.accounts.me())).toMatchObject({ email });
    await run(
      `const accounts = window.accounts;\n${code('prove.js').replace(/^import .*$/m, 'const { reauthenticateWithPasskey } = window.passkeys;')}`,
    );
    expect(mishaps).toEqual([]);
    await close();
  });
});
