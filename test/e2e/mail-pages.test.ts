import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seriousFaults } from './support/axe.ts';
import { launch, open } from './support/browser.ts';
import { focused } from './support/pages.ts';
import { PASSWORD } from './support/people.ts';
import { type Service, startService } from './support/service.ts';
import { totp } from './support/totp.ts';

let service: Service;
let browser: Browser;

beforeAll(async () => {
  [service, browser] = await Promise.all([startService(['SIGN_IN_BY_EMAIL:on']), launch()]);
});
afterAll(async () => {
  await browser?.close();
  await service?.stop();
});

const logIn = (email: string, password: string) =>
  service.call<{ access: string }>('POST', '/account/login', { email, password });
const me = async (access: string) =>
  service.call<{ email_verified: boolean }>('GET', '/account/me', undefined, {
    Authorization: `Bearer ${access}`,
  });

describe('the page of a sign-in mail', () => {
  it('signs in on a click, not before, and keeps the tokens for pages of this origin', async () => {
    const email = 'by-link@example.com';
    await service.call('POST', '/account/login/email', { email });
    const { page, close } = await open(browser, service.origin);
    await page.goto(`/dev/mail?to=${email}`);
    await page.getByRole('article').first().getByRole('link').click();
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Sign in');
    await expect.poll(() => new URL(page.url()).hash).toBe('');
    expect(await seriousFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('You are signed in.').waitFor();
    const kept = await page.evaluate(() => JSON.parse(localStorage.getItem('hono-accounts') ?? 'null'));
    expect((await me(kept.access)).email_verified).toBe(true);
    await close();
  });

  it('asks for the address and the code if it was opened without a token', async () => {
    const email = 'by-code@example.com';
    await service.call('POST', '/account/login/email', { email });
    const { page, close } = await open(browser, service.origin, { locale: 'ko-KR' });
    const { messages } = await service.call<{ messages: { text: string }[] }>(
      'GET',
      `/dev/mail?to=${email}`,
      undefined,
      { Accept: 'application/json' },
    );
    const code = /^\d{8}$/m.exec(messages[0]?.text ?? '')?.[0] ?? '';
    await page.goto('/account/login/email/confirm');
    await page.getByLabel('이메일 주소').fill(email);
    await page.getByLabel('메일에 있는 코드').fill(code);
    expect(await seriousFaults(page)).toEqual([]);
    await page.getByRole('button').click();
    await page.getByText('로그인되었습니다').waitFor();
    await close();
  });
});

describe('the page of a sign-in mail for a user with a second factor', () => {
  /** A user with an authenticator app, whose recovery codes are returned. */
  async function withFactor(email: string): Promise<string[]> {
    const as = (access: string) => ({ Authorization: `Bearer ${access}` });
    const { access } = await service.call<{ access: string }>('POST', '/account/sign-up', {
      email,
      password: PASSWORD,
    });
    await service.call('POST', '/account/email/verify', { token: (await newest(email)).token });
    const app = '/account/factors/totp';
    const { secret } = await service.call<{ secret: string }>('POST', app, {}, as(access));
    const confirmed = await service.call<{ recovery_codes: string[] }>(
      'POST',
      `${app}/confirm`,
      { code: totp(secret) },
      as(access),
    );
    return confirmed.recovery_codes;
  }
  const newest = async (email: string) => {
    const Accept = 'application/json';
    const { messages } = await service.call<{ messages: { token: string; text: string }[] }>(
      'GET',
      `/dev/mail?to=${email}`,
      undefined,
      { Accept },
    );
    const [{ token, text } = { token: '', text: '' }] = messages;
    return { token, code: /^\d{8}$/m.exec(text)?.[0] ?? '' };
  };

  it('asks for its code too, and starts again with a newer mail', async () => {
    const email = 'two-steps@example.com';
    const [recoveryCode = ''] = await withFactor(email);
    const send = async () => {
      await service.call('POST', '/account/login/email', { email });
      return newest(email);
    };
    const { page, close } = await open(browser, service.origin);
    await page.goto(`/account/login/email/confirm#token=${(await send()).token}`);
    expect(await page.getByRole('button', { name: 'Start again' }).isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Sign in' }).click();
    const factor = page.getByLabel('Code from your authenticator app');
    await factor.fill('000000');
    expect(await seriousFaults(page)).toEqual([]);
    await factor.press('Enter');
    await page.getByText('start again with a newer e-mail').waitFor();

    await page.getByRole('button', { name: 'Start again' }).click();
    expect(await page.getByText('start again with a newer e-mail').isVisible()).toBe(false);
    expect(await focused(page)).toBe('E-mail address');
    await page.getByLabel('E-mail address').fill(email);
    await page.getByLabel('Code from the e-mail').fill((await send()).code);
    await page.keyboard.press('Enter');
    await factor.fill(recoveryCode);
    await factor.press('Enter');
    await page.getByText('You are signed in.').waitFor();
    await close();
  });
});

describe('the pages that links in mail open', () => {
  it('verify an address on a click, not before, in the language of the browser', async () => {
    const email = 'verify@example.com';
    await service.call('POST', '/account/sign-up', { email, password: PASSWORD });
    const { access } = await logIn(email, PASSWORD);
    const { page, close } = await open(browser, service.origin, { locale: 'ko-KR' });
    await page.goto(`/dev/mail?to=${email}`);
    await page.getByRole('article').getByRole('link').first().click();
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('이메일 주소 확인');
    await expect.poll(() => new URL(page.url()).hash).toBe('');
    expect((await me(access)).email_verified).toBe(false);
    expect(await seriousFaults(page)).toEqual([]);

    await page.getByRole('button').click();
    await page.getByText('확인되었습니다').waitFor();
    expect((await me(access)).email_verified).toBe(true);
    await close();
  });

  it.each(['light', 'dark'] as const)(
    'set a new password, and say what is wrong with a bad one (%s)',
    async (colorScheme) => {
      const email = `reset-${colorScheme}@example.com`;
      await service.call('POST', '/account/sign-up', { email, password: PASSWORD });
      await service.call('POST', '/account/password/reset', { email });
      const { page, close } = await open(browser, service.origin, { colorScheme });
      await page.goto(`/dev/mail?to=${email}`);
      expect(await seriousFaults(page)).toEqual([]);
      await page.getByRole('article').first().getByRole('link').click();
      const username = page.locator('input[name="username"]');
      await expect.poll(() => username.inputValue()).toBe(email);
      expect(await username.getAttribute('autocomplete')).toBe('username');
      expect(await username.isVisible()).toBe(false);
      await page.getByLabel('New password').fill('password1');
      await page.getByRole('button').click();
      await page.getByText('This password is too common.').waitFor();
      expect(await seriousFaults(page)).toEqual([]);
      await page.getByLabel('New password').fill('a much better one');
      await page.getByRole('button').click();
      await page.getByText('Your password is set.').waitFor();
      await expect(logIn(email, PASSWORD)).rejects.toThrow('401');
      expect((await logIn(email, 'a much better one')).access).toBeTruthy();
      await close();
    },
  );

  it('ask for the code if the link has none, read it from the query, and keep it for a reload', async () => {
    const { page, close } = await open(browser, service.origin);
    const tokenOf = async (email: string) => {
      await service.call('POST', '/account/sign-up', { email, password: PASSWORD });
      const { messages } = await service.call<{ messages: { token: string }[] }>(
        'GET',
        `/dev/mail?to=${email}`,
      );
      return messages[0]?.token ?? '';
    };
    const [pasted, queried] = [await tokenOf('pasted@example.com'), await tokenOf('queried@example.com')];
    await page.goto('/account/email/verify');
    await page.getByLabel('Code from the e-mail').fill(pasted);
    expect(await seriousFaults(page)).toEqual([]);
    await page.getByRole('button').click();
    await page.getByText('Confirmed.').waitFor();

    await page.goto(`/account/email/verify?token=${queried}`);
    await expect.poll(() => page.url()).toBe(`${service.origin}/account/email/verify`);
    await page.reload();
    expect(await page.getByLabel('Code from the e-mail').isVisible()).toBe(false);
    await page.getByRole('button').click();
    await page.getByText('Confirmed.').waitFor();
    for (const email of ['pasted@example.com', 'queried@example.com']) {
      expect((await me((await logIn(email, PASSWORD)).access)).email_verified).toBe(true);
    }
    await close();
  });

  it('delete an account that somebody else created', async () => {
    const email = 'disowned@example.com';
    await service.call('POST', '/account/sign-up', { email, password: PASSWORD });
    const { page, close } = await open(browser, service.origin);
    await page.goto(`/dev/mail?to=${email}`);
    await page.getByRole('article').getByRole('link').last().click();
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('This wasn’t me');
    expect(await seriousFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Delete the account' }).click();
    await page.getByText('The account was deleted.').waitFor();
    await expect(logIn(email, PASSWORD)).rejects.toThrow('401');
    await close();
  });

  it('say that a link is invalid, and send a new one', async () => {
    const email = 'dead@example.com';
    const dead = `${'0'.repeat(36)}.${'a'.repeat(43)}`;
    const sentence = 'This link was already used or has expired. Ask for a new one.';
    await service.call('POST', '/account/sign-up', { email, password: PASSWORD });
    const { page, close } = await open(browser, service.origin);
    await page.goto(`/account/email/verify#token=${dead}`);
    await page.getByRole('button').click();
    await page.getByText(sentence).waitFor();
    expect(await focused(page)).toBe(sentence);
    await page.getByLabel('Code from the e-mail').waitFor();
    expect(await seriousFaults(page)).toEqual([]);
    await page.getByLabel('E-mail address').fill(email);
    await page.getByRole('button', { name: 'Send a new link' }).click();
    await page.getByText('a new link is on its way').waitFor();
    await page.goto(`/dev/mail?to=${email}`);
    await page.getByRole('article').first().getByRole('link').first().click();
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByText('Confirmed.').waitFor();

    await page.goto(`/account/password/reset/confirm#token=${dead}`);
    await page.getByText(sentence).waitFor();
    expect(await focused(page)).toBe(sentence);
    const password = page.getByLabel('New password');
    await password.fill('a much better one');
    await page.getByLabel('Show password').check();
    expect(await password.getAttribute('type')).toBe('text');
    await page.getByLabel('E-mail address').fill(email);
    await page.getByRole('button', { name: 'Send a new link' }).click();
    await page.getByText('a new link is on its way').waitFor();
    await page.goto(`/dev/mail?to=${email}`);
    expect(await page.getByRole('heading', { level: 2 }).first().textContent()).toBe('Reset your password');
    await close();
  });
});

/** The RFC 6238 code of now, as `oathtool --totp --base32 SECRET` prints it. */
const OATHTOOL = `#!${process.execPath}
const [totp, base32, secret] = process.argv.slice(2);
if (totp !== '--totp' || base32 !== '--base32') process.exit(1);
const bits = [...secret].map((one) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(one).toString(2).padStart(5, '0')).join('');
const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
const step = Buffer.alloc(8);
step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
const mac = require('node:crypto').createHmac('sha1', key).update(step).digest();
const at = mac[19] & 15;
console.log(String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0'));
`;

describe('the commands of the README and of docs/', () => {
  const blocks = (file: string) =>
    [...readFileSync(file, 'utf8').matchAll(/^```sh\n([\s\S]*?)^```/gm)].map((match) => match[1] as string);
  const paste = (script: string, path = '') =>
    spawnSync('bash', ['-eu', '-o', 'pipefail'], {
      input: script.replaceAll('http://localhost:8787', service.origin),
      encoding: 'utf8',
      env: { ...process.env, PATH: `${path}:${process.env.PATH}` },
    });

  it.each(['README.md', 'README.ko.md'])('is, in %s, a short session that leaves no account', (file) => {
    const [session = ''] = blocks(file);
    const { status, stdout, stderr } = paste(session);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toContain('"email":"mina@example.com"');
    expect(stdout.match(/^204$/gm)).toHaveLength(1);
    expect(stdout.match(/"title":"Unauthorized"/g)).toHaveLength(1);
  });

  it('is a session from sign-up to withdrawal', () => {
    const [session = ''] = blocks('docs/start.md');
    const { status, stdout, stderr } = paste(session);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout.match(/^204$/gm)).toHaveLength(2);
    expect(stdout.match(/"title":"Unauthorized"/g)).toHaveLength(2);
    expect(stdout).toContain('"name":"Mina"');
  });

  it('continues with mail, passwords and sessions', () => {
    const { status, stdout, stderr } = paste(blocks('docs/using.md').join('\n'));
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout.match(/^204$/gm)).toHaveLength(5);
    expect(stdout).toContain('the.one@example.com');
    expect(stdout).toContain('인증');
  });

  it('sets up a second factor and logs in with it', () => {
    const tools = mkdtempSync(join(tmpdir(), 'oathtool-'));
    writeFileSync(join(tools, 'oathtool'), OATHTOOL, { mode: 0o755 });
    const session = blocks('docs/second-factor.md').filter((block) => block.includes('curl'));
    const { status, stdout, stderr } = paste(session.join('\n'), tools);
    rmSync(tools, { recursive: true });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^\{"recovery_codes":\[("[0-9a-z]{5}-[0-9a-z]{5}",?){10}\]\}$/m);
    expect(stdout).toContain('"code":"mfa_required"');
    expect(stdout).toMatch(/^\{"access":"[^"]+","refresh":"[^"]+"\}$/m);
  });

  it('signs in with a code by e-mail, and asks for the options of a passkey', () => {
    const files = ['docs/email-sign-in.md', 'docs/passkeys.md'];
    const session = files.flatMap(blocks).filter((block) => block.includes('curl'));
    const { status, stdout, stderr } = paste(session.join('\n'));
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^\{"user":\{.*"email":"trin@example.com".*"refresh":/m);
    expect(stdout).toMatch(/^\{"challenge":.*"rpId":"localhost"/m);
    expect(stdout).toMatch(/^\{"origins":\[/m);
  });
});
