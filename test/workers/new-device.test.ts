/** NEW_DEVICE_MAIL: which sign-ins users are notified of, and what happens if the known devices cannot be read. */
import { describe, expect, it } from 'vitest';
import { counting } from '../support/counting.ts';
import { capturedLog } from '../support/log.ts';
import { watchedD1 } from '../support/watched-d1.ts';
import { atOnce, type Person, RACE, tally, type Vars, type World, world } from '../support/world.ts';

const log = capturedLog();

const VARS: Vars = { NEW_DEVICE_MAIL: 'on' };
const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36';
const NEWER_CHROME = CHROME.replace('120', '131');
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';

/** A request as Cloudflare hands it on. */
function ask(w: World, path: string, body: object, { agent, country }: { agent?: string; country?: string }) {
  const request = new Request(`http://localhost${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...(agent !== undefined && { 'User-Agent': agent }) },
    body: JSON.stringify(body),
  });
  Object.defineProperty(request, 'cf', { value: { country } });
  return w.fetch(request);
}
async function signedUp(w: World, from: { agent?: string; country?: string }) {
  const who = { email: `user-${crypto.randomUUID()}@example.com`, password: 'correct horse battery' };
  expect((await ask(w, '/account/sign-up', who, from)).status).toBe(201);
  return who;
}
async function logIn(w: World, who: Person, from: { agent?: string; country?: string }) {
  // Sessions are told apart by age.
  w.clock.advance(1);
  expect((await ask(w, '/account/login', who, from)).status).toBe(200);
}
const mailsAbout = async (w: World, { email }: Person): Promise<{ text: string }[]> =>
  (await w.get(`/dev/mail?to=${email}`)).body.messages.filter(
    ({ subject }: { subject: string }) => subject === 'Signed in from a new device',
  );

describe('a sign-in', () => {
  it.each<[string, { agent?: string; country?: string }, number]>([
    ['from the same browser and country', { agent: CHROME, country: 'KR' }, 0],
    ['from a newer version of it', { agent: NEWER_CHROME, country: 'KR' }, 0],
    ['from another browser', { agent: FIREFOX, country: 'KR' }, 1],
    ['from another country', { agent: CHROME, country: 'DE' }, 1],
    ['from a program', { agent: 'curl/8.5.0', country: 'KR' }, 1],
    ['without a user agent', { country: 'KR' }, 1],
  ])('%s: %j', async (_, from, mails) => {
    const w = world({ vars: VARS });
    const who = await signedUp(w, { agent: CHROME, country: 'KR' });
    await logIn(w, who, from);
    expect(await mailsAbout(w, who)).toHaveLength(mails);
    await logIn(w, who, from);
    expect(await mailsAbout(w, who)).toHaveLength(mails);
  });

  it('is notified with the device, the place and the time', async () => {
    const w = world({ vars: VARS });
    const who = await signedUp(w, { agent: CHROME, country: 'KR' });
    await logIn(w, who, { agent: FIREFOX, country: 'DE' });
    const [mail] = await mailsAbout(w, who);
    expect(mail?.text).toContain('Firefox, Linux');
    expect(mail?.text).toContain('Germany');
    expect(mail?.text).toMatch(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/);
    expect(log.of('new_device')).toHaveLength(1);
  });

  it('is the first of a user, so it is not notified', async () => {
    const w = world({ vars: VARS });
    const who = await signedUp(w, { agent: CHROME, country: 'KR' });
    expect(await mailsAbout(w, who)).toEqual([]);
  });

  it('is notified once, of fifty at once', RACE, async () => {
    const w = world({ vars: VARS });
    const who = await signedUp(w, { agent: CHROME, country: 'KR' });
    w.clock.advance(1);
    const answers = await atOnce(50, () => ask(w, '/account/login', who, { agent: FIREFOX, country: 'KR' }));
    expect(tally(answers)).toEqual({ 200: 50 });
    expect(await mailsAbout(w, who)).toHaveLength(1);
  });

  it('succeeds even if D1 cannot read the known devices', async () => {
    const fails = watchedD1({
      before: ({ statements }) => {
        if (statements.some(({ sql }) => /"known_devices"/.test(sql))) throw new Error('D1_ERROR: away');
      },
    });
    const w = world({ vars: VARS, bindings: { DB: fails.DB } });
    const who = await signedUp(world({ vars: VARS }), { agent: CHROME, country: 'KR' });
    await logIn(w, who, { agent: FIREFOX, country: 'KR' });
    expect(await mailsAbout(w, who)).toEqual([]);
    expect(log.of('new_device_failed')).toMatchObject([{ level: 'error' }]);
  });

  it('from a known device is not notified, and from a new one is, after the sessions have been swept', async () => {
    const w = world({ vars: VARS });
    const who = await signedUp(w, { agent: CHROME, country: 'KR' });
    const sweepAll = () => w.rows('DELETE FROM sessions');
    await sweepAll();
    await logIn(w, who, { agent: FIREFOX, country: 'KR' });
    expect(await mailsAbout(w, who)).toHaveLength(1);
    await sweepAll();
    for (const agent of [CHROME, FIREFOX]) await logIn(w, who, { agent, country: 'KR' });
    expect(await mailsAbout(w, who)).toHaveLength(1);
  });

  it.each([
    ['a device of a stored session', [FIREFOX, CHROME, FIREFOX], 0],
    ['another device', ['curl/8.5.0', FIREFOX, CHROME], 1],
  ])('from %s, after the setting has been turned on', async (_, agents, mails) => {
    const off = world();
    const who = await signedUp(off, { agent: CHROME, country: 'KR' });
    await logIn(off, who, { agent: FIREFOX, country: 'KR' });
    const on = world({ vars: VARS, now: off.clock.now * 1_000 });
    for (const agent of agents) await logIn(on, who, { agent, country: 'KR' });
    expect(await mailsAbout(on, who)).toHaveLength(mails);
  });

  it('costs nothing more if it is off', async () => {
    const counted = counting();
    const off = world({ bindings: counted.bindings });
    const who = await off.signUp();
    const cost = await counted.of(() => off.logIn(who));
    expect(cost.d1.roundTrips).toBe(2);
  });
});

describe('the known devices', () => {
  const rowsOf = (w: World, { email }: Person) =>
    w.rows<{ hash: string }>(
      'SELECT hash FROM known_devices WHERE user_id = (SELECT id FROM users WHERE email = ?)',
      email,
    );

  it('are hashes that differ between users', async () => {
    const w = world({ vars: VARS });
    const from = { agent: CHROME, country: 'KR' };
    const [one] = await rowsOf(w, await signedUp(w, from));
    const [other] = await rowsOf(w, await signedUp(w, from));
    expect(one?.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(other?.hash).not.toBe(one?.hash);
  });

  it('are at most fifty for each user, the newest', async () => {
    const w = world({ vars: VARS });
    const who = await signedUp(w, { agent: 'app-0', country: 'KR' });
    for (let n = 1; n <= 51; n++) await logIn(w, who, { agent: `app-${n}`, country: 'KR' });
    expect(await rowsOf(w, who)).toHaveLength(50);
    expect(await mailsAbout(w, who)).toHaveLength(51);
    await logIn(w, who, { agent: 'app-2', country: 'KR' });
    expect(await mailsAbout(w, who)).toHaveLength(51);
    await logIn(w, who, { agent: 'app-1', country: 'KR' });
    expect(await mailsAbout(w, who)).toHaveLength(52);
  });

  it('are deleted with the user', async () => {
    const w = world({ vars: VARS });
    const who = await w.signUp();
    const rows = () => w.rows('SELECT hash FROM known_devices WHERE user_id = ?', who.user.id);
    expect(await rows()).toHaveLength(1);
    await w.delete('/account/me', { password: who.password }, { token: who.access });
    expect(await rows()).toEqual([]);
  });
});
