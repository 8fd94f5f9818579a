/** Rules for passwords: breaches, length, and the version in tokens. */
import { describe, expect, it } from 'vitest';
import { capturedLog } from '../support/log.ts';
import { change, confirm, resetToken, verified } from '../support/passwords.ts';
import { codeOf, faultsOf, person, tally, type Vars, world } from '../support/world.ts';

const log = capturedLog();

const OLD = 'correct horse battery';
const NEW = 'staple of another colour';

/** A fake of Have I Been Pwned's range API: records requests and returns the given answer. */
function range(answer: (suffix: string) => string | Response | Promise<Response>, secret = OLD) {
  const requests: Request[] = [];
  const fake = (async (input: RequestInfo, init?: RequestInit) => {
    requests.push(new Request(input, init));
    const digest = new Uint8Array(
      await crypto.subtle.digest('SHA-1', new TextEncoder().encode(secret.normalize('NFKC'))),
    );
    const hash = [...digest]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('')
      .toUpperCase();
    const body = await answer(hash.slice(5));
    return typeof body === 'string' ? new Response(body) : body;
  }) as typeof fetch;
  return { fake, requests };
}
const breachWorld = (fake: typeof fetch, vars: Vars = {}) =>
  world({ vars: { PASSWORD_BREACH_CHECK: 'on', ...vars }, parts: { fetch: fake } });
const BREACHED = {
  password: [{ code: 'password_breached', message: 'This password has appeared in a data breach.' }],
};
const OTHER_LINE = '0018A45C4D1DEF81644B54AB7F969B88D65:3';

describe('PASSWORD_BREACH_CHECK=on', () => {
  it('refuses a breached password, and creates no account', async () => {
    const { fake } = range((suffix) => `${OTHER_LINE}\r\n${suffix}:42\r\n${OTHER_LINE}`);
    const w = breachWorld(fake);
    const who = person();
    const answer = await w.post('/account/sign-up', who);
    expect([answer.status, codeOf(answer), answer.body.errors]).toEqual([400, 'invalid', BREACHED]);
    expect(await w.rows('SELECT 1 FROM users WHERE email = ?', who.email)).toEqual([]);
  });

  it.each<[string, (suffix: string) => string]>([
    ['on the first line', (suffix) => `${suffix}:1\r\n${OTHER_LINE}`],
    ['on the last line', (suffix) => `${OTHER_LINE}\r\n${suffix}:1`],
    ['on the last line, which is ended', (suffix) => `${OTHER_LINE}\r\n${suffix}:1\r\n`],
    ['on the only line', (suffix) => `${suffix}:9999999`],
    ['on a line of another end', (suffix) => `${OTHER_LINE}\n${suffix}:1\n${OTHER_LINE}`],
  ])('finds it %s', async (_, answer) => {
    const { fake } = range(answer);
    expect((await breachWorld(fake).post('/account/sign-up', person())).status).toBe(400);
  });

  it.each<[string, (suffix: string) => string]>([
    ['others alone', () => `${OTHER_LINE}\r\n${OTHER_LINE}`],
    ['nothing', () => ''],
    ['it as padding, with a count of 0', (suffix) => `${OTHER_LINE}\r\n${suffix}:0`],
    ['a longer line that holds it', (suffix) => `A${suffix}:7\r\n${suffix}A:7`],
    ['it without a count', (suffix) => suffix],
    ['a page of HTML', () => '<!doctype html><p>maintenance'],
  ])('accepts one if the answer has %s', async (_, answer) => {
    const { fake, requests } = range(answer);
    expect((await breachWorld(fake).post('/account/sign-up', person())).status).toBe(201);
    expect(requests).toHaveLength(1);
    expect(log.of('breach_check_failed')).toEqual([]);
  });

  it.each<[string, () => Response | Promise<Response>]>([
    ['answers 500', () => new Response('', { status: 500 })],
    ['answers 429', () => new Response('', { status: 429, headers: { 'Retry-After': '2' } })],
    ['answers 404', () => new Response('', { status: 404 })],
    ['cannot be reached', () => Promise.reject(new TypeError('network'))],
    [
      'breaks off',
      () => new Response(new ReadableStream({ pull: (stream) => stream.error(new Error('broken')) })),
    ],
  ])('fails open if the service %s, with a line in the log', async (_, answer) => {
    const { fake } = range(answer);
    expect((await breachWorld(fake).post('/account/sign-up', person())).status).toBe(201);
    expect(log.of('breach_check_failed')).toEqual([
      { level: 'error', event: 'breach_check_failed', request_id: expect.any(String) },
    ]);
  });

  it('fails open if the service does not answer, or stops half-way, after a second and a half', async () => {
    const started = Date.now();
    const worlds = [
      range(() => new Promise<Response>(() => {})),
      range(() => new Response(new ReadableStream({ pull: () => new Promise(() => {}) }))),
    ].map(({ fake }) => breachWorld(fake));
    const answers = await Promise.all(worlds.map((w) => w.post('/account/sign-up', person())));
    expect(tally(answers)).toEqual({ 201: 2 });
    expect(log.of('breach_check_failed')).toHaveLength(2);
    expect(Date.now() - started).toBeGreaterThan(1_400);
    expect(Date.now() - started).toBeLessThan(4_000);
  });

  it('sends nothing but the first five characters of the SHA-1', async () => {
    const { fake, requests } = range(() => '');
    const who = { ...person(), username: `u${crypto.randomUUID().slice(0, 8)}`, name: 'Wilhelmina' };
    await breachWorld(fake).post('/account/sign-up', who, {
      headers: { 'CF-Connecting-IP': '203.0.113.9', 'User-Agent': 'somebody', Cookie: 'a=b' },
    });
    expect(requests).toHaveLength(1);
    const request = requests[0] as Request;
    // `printf 'correct horse battery' | sha1sum`: 98decc62ece399a2…
    expect(request.url).toBe('https://api.pwnedpasswords.com/range/98DEC');
    expect(request.method).toBe('GET');
    expect(request.body).toBeNull();
    expect(Object.fromEntries(request.headers)).toEqual({
      'add-padding': 'true',
      'user-agent': 'hono-accounts',
    });
  });

  it('checks the NFKC form', async () => {
    const typed = 'ﬁne ｈｏｒｓｅ battery';
    const { fake, requests } = range((suffix) => `${suffix}:1`, typed);
    const w = breachWorld(fake);
    expect((await w.post('/account/sign-up', { ...person(), password: typed })).status).toBe(400);
    expect((await w.post('/account/sign-up', { ...person(), password: 'fine horse battery' })).status).toBe(
      400,
    );
    expect(new Set(requests.map(({ url }) => url)).size).toBe(1);
  });

  it('applies to a change and a reset, under their own fields, and the token of a reset stays valid', async () => {
    const w = world();
    const who = await w.signUp();
    const token = await resetToken(w, who.email);
    const hit = range((suffix) => `${suffix}:1`, NEW);
    const strict = breachWorld(hit.fake);
    expect(faultsOf(await change(strict, who.access))).toEqual({ new_password: ['password_breached'] });
    expect(faultsOf(await confirm(strict, token))).toEqual({ new_password: ['password_breached'] });
    expect(hit.requests).toHaveLength(2);
    const miss = range(() => OTHER_LINE);
    expect((await confirm(breachWorld(miss.fake), token)).status).toBe(204);
  });

  it('applies to a pending sign-up too', async () => {
    const { fake } = range((suffix) => `${suffix}:1`);
    const answer = await breachWorld(fake, { SIGN_UP: 'verify' }).post('/account/sign-up', person());
    expect([answer.status, answer.body.errors]).toEqual([400, BREACHED]);
  });

  it('does not apply to a log-in: an accepted password stays valid', async () => {
    const who = await world().signUp();
    const { fake, requests } = range((suffix) => `${suffix}:1`);
    expect((await breachWorld(fake).logIn(who)).status).toBe(200);
    expect(requests).toEqual([]);
  });

  it('does not check one that is refused anyway, nor the current one', async () => {
    const { fake, requests } = range(() => '');
    const w = breachWorld(fake);
    await w.post('/account/sign-up', { ...person(), password: 'short' });
    expect(requests).toEqual([]);
    const who = await w.signUp();
    await change(w, who.access, NEW, 'wrong horse battery');
    expect(requests).toHaveLength(1);
  });

  it('off calls no service', async () => {
    const { fake, requests } = range((suffix) => `${suffix}:1`);
    const w = world({ parts: { fetch: fake } });
    expect((await w.post('/account/sign-up', person())).status).toBe(201);
    expect(requests).toEqual([]);
  });
});

describe('PASSWORD_MIN_LENGTH=12', () => {
  const vars: Vars = { PASSWORD_MIN_LENGTH: '12' };
  const TOO_SHORT = {
    code: 'password_too_short',
    message: 'This password is too short. It must contain at least 12 characters.',
  };

  it.each<[string, string, 201 | 400]>([
    ['eleven letters', 'horsebatter', 400],
    ['twelve letters', 'horsebattery', 201],
    ['eleven characters beyond the BMP', '😀😁😂🤣😃😄😅😆😉😊😋', 400],
    ['twelve characters beyond the BMP', '😀😁😂🤣😃😄😅😆😉😊😋😎', 201],
    ['twelve in a form that NFKC makes eleven', 'horsebatteŕ'.normalize('NFD'), 400],
    ['eleven in a form that NFKC makes twelve', 'ﬁnehorsebat', 201],
  ])('%s: %s is %i', async (_, password, status) => {
    const answer = await world({ vars }).post('/account/sign-up', { ...person(), password });
    expect(answer.status).toBe(status);
    expect(answer.body.errors).toEqual(status === 400 ? { password: [TOO_SHORT] } : undefined);
  });

  it('applies to a change and a reset too', async () => {
    const w = world({ vars });
    const who = await w.signUp();
    expect((await change(w, who.access, 'horsebatter')).body.errors).toEqual({ new_password: [TOO_SHORT] });
    const token = await resetToken(w, who.email);
    expect((await confirm(w, token, 'horsebatter')).body.errors).toEqual({ new_password: [TOO_SHORT] });
  });

  it('does not invalidate shorter passwords from before', async () => {
    const who = await world().signUp({ ...person(), password: 'horse77x' });
    const w = world({ vars });
    expect((await w.logIn(who)).status).toBe(200);
    expect((await change(w, who.access, NEW, 'horse77x')).status).toBe(204);
  });
});

describe('the version of the password', () => {
  it('is increased by a change and by a reset, and by nothing else', async () => {
    const w = world();
    const who = await verified(w);
    const version = async () =>
      (await w.rows<{ v: number }>('SELECT password_version AS v FROM users WHERE id = ?', who.user.id)).map(
        ({ v }) => v,
      );
    await w.logIn(who);
    await change(w, who.access, NEW, 'wrong horse battery');
    const token = await resetToken(w, who.email);
    expect(await version()).toEqual([1]);
    await change(w, who.access);
    expect(await version()).toEqual([2]);
    await confirm(w, token);
    expect(await version()).toEqual([2]);
    await confirm(w, await resetToken(w, who.email), OLD);
    expect(await version()).toEqual([3]);
  });
});
