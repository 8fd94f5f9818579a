/** Signing in by a code or link sent by e-mail: who gets in, what is void afterwards, and what holds under fifty calls. */
import { describe, expect, it } from 'vitest';
import { counting } from '../support/counting.ts';
import { capturedLog } from '../support/log.ts';
import { ENCRYPTION_KEY, enrol, totp } from '../support/totp.ts';
import {
  type Answer,
  atOnce,
  claimsOf,
  codeOf,
  faultsOf,
  person,
  RACE,
  tally,
  type Vars,
  type World,
  world,
} from '../support/world.ts';

const log = capturedLog();

const VARS: Vars = { SIGN_IN_BY_EMAIL: 'on' };
const at = (vars: Vars = {}) => world({ vars: { ...VARS, ...vars } });

const mailsTo = async (
  w: World,
  email: string,
): Promise<{ subject: string; text: string; token: string }[]> =>
  (await w.get(`/dev/mail?to=${email}`, { headers: { Accept: 'application/json' } })).body.messages;

const request = (w: World, email: string) => w.post('/account/login/email', { email });
const confirm = (w: World, shown: object) => w.post('/account/login/email/confirm', shown);

/** What the newest mail to an address says. */
async function requested(w: World, email: string): Promise<{ code: string; token: string; text: string }> {
  const answer = await request(w, email);
  expect([answer.status, answer.body]).toEqual([202, {}]);
  const [mail] = await mailsTo(w, email);
  const code = /^\d{8}$/m.exec(mail?.text ?? '')?.[0] ?? '';
  expect(code).toMatch(/^\d{8}$/);
  return { code, token: mail?.token ?? '', text: mail?.text ?? '' };
}

/** Somebody whose address is verified. */
async function verified(w: World, more: { username?: string } = {}) {
  const who = await w.signUp({ ...person(), ...more });
  const [mail] = await mailsTo(w, who.email);
  expect((await w.post('/account/email/verify', { token: mail?.token })).status).toBe(204);
  return who;
}

const wrongCode = (code: string) => String((Number(code) + 50_000_001) % 100_000_000).padStart(8, '0');
const codesOf = (w: World) => w.rows("SELECT * FROM one_time_tokens WHERE purpose = 'email_sign_in'");

describe('without SIGN_IN_BY_EMAIL', () => {
  it.each([
    ['POST', '/account/login/email'],
    ['GET', '/account/login/email/confirm'],
    ['POST', '/account/login/email/confirm'],
  ])('%s %s is 404', async (method, path) => {
    const body = method === 'GET' ? {} : { body: {} };
    expect((await world().ask(method, path, body)).status).toBe(404);
  });
});

describe('a code by e-mail', () => {
  it.each(['code', 'token'] as const)('signs in with its %s, once', async (by) => {
    const w = at();
    const { email, user } = await verified(w);
    const { code, token } = await requested(w, email);
    const shown = by === 'code' ? { email, code } : { token };
    const answer = await confirm(w, shown);
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body)).toEqual(['access', 'refresh']);
    expect(claimsOf(answer.body.access)).toMatchObject({ sub: user.id, amr: ['mail'], email_verified: true });
    expect((await w.me(answer.body.access)).status).toBe(200);
    expect((await w.refresh(answer.body.refresh)).status).toBe(200);
    expect(await codeOrToken(w, { email, code, token })).toEqual([401, 400]);
  });

  it('for another spelling of the address, typed with a space, signs in', async () => {
    const w = at();
    const { email } = await verified(w);
    const { code } = await requested(w, ` ${email.toUpperCase()} `);
    const typed = `${code.slice(0, 4)} ${code.slice(4)}`;
    expect((await confirm(w, { email: email.toUpperCase(), code: typed })).status).toBe(200);
  });

  it('is in text and HTML, with a link that holds the token in its fragment', async () => {
    const w = at();
    const { email } = await verified(w);
    const { text, token } = await requested(w, email);
    expect(text).toContain(`http://localhost/account/login/email/confirm#token=${token}`);
    const ko = await w.post('/account/login/email', { email }, { headers: { 'Accept-Language': 'ko' } });
    expect(ko.status).toBe(202);
    expect((await mailsTo(w, email))[0]?.subject).toBe('로그인 코드');
  });

  it('is stored neither in plain text nor as a hash that can be searched', async () => {
    const w = at();
    const { email } = await verified(w);
    const { code, token } = await requested(w, email);
    const kept = JSON.stringify(await codesOf(w));
    expect(kept).not.toContain(code);
    expect(kept).not.toContain(token.split('.')[1]);
  });

  it.each([
    ['in body mode', {}, ['access', 'refresh']],
    ['in cookie mode', { REFRESH_TRANSPORT: 'cookie' }, ['access']],
  ])('returns tokens as they travel %s', async (_, vars, members) => {
    const w = at({ ...vars });
    const email = person().email;
    const headers = { Origin: 'http://localhost' };
    await w.post('/account/login/email', { email }, { headers });
    const [mail] = await mailsTo(w, email);
    const answer = await w.post('/account/login/email/confirm', { token: mail?.token }, { headers });
    expect(answer.status).toBe(201);
    expect(Object.keys(answer.body)).toEqual(['user', ...members]);
    const cookies = answer.headers.getSetCookie().filter((line) => line.startsWith('__Secure-refresh='));
    expect(cookies).toHaveLength(members.includes('refresh') ? 0 : 1);
  });

  it('in cookie mode is refused for a page of another origin', async () => {
    const w = at({ REFRESH_TRANSPORT: 'cookie' });
    const headers = { Origin: 'https://evil.example' };
    expect((await w.post('/account/login/email', person(), { headers })).status).toBe(403);
    expect((await w.post('/account/login/email/confirm', { token: 'x' }, { headers })).status).toBe(403);
  });
});

/** What a used or dead code is answered, by itself and by its token. */
async function codeOrToken(w: World, shown: { email: string; code: string; token: string }) {
  const { email, code, token } = shown;
  const byCode = await confirm(w, { email, code });
  const byToken = await confirm(w, { token });
  expect(codeOf(byCode)).toBe('code_not_valid');
  expect(faultsOf(byToken)).toEqual({ token: ['token_not_valid'] });
  return [byCode.status, byToken.status];
}

describe('a code is void', () => {
  type Voids = (w: World, who: Awaited<ReturnType<typeof verified>>, code: string) => Promise<unknown>;
  const expectDone = async (work: Promise<{ status: number }>) =>
    expect((await work).status).toBeLessThan(300);
  it.each<[string, Voids]>([
    ['by a newer one', (w, { email }) => expectDone(request(w, email))],
    [
      'after 15 minutes',
      async (w) => {
        w.clock.advance(15 * 60);
      },
    ],
    [
      'after five wrong tries',
      async (w, { email }, code) => {
        const tries = await atOnce(5, () => confirm(w, { email, code: wrongCode(code) }));
        expect(tally(tries)).toEqual({ 401: 5 });
      },
    ],
    [
      'after a change of the password',
      (w, { access, password }) =>
        expectDone(
          w.post(
            '/account/password/change',
            { current_password: password, new_password: 'staple another battery' },
            { token: access },
          ),
        ),
    ],
    [
      'after a withdrawal',
      (w, { access, password }) => expectDone(w.delete('/account/me', { password }, { token: access })),
    ],
    [
      'where the user is inactive',
      (w, { user }) => w.rows('UPDATE users SET is_active = 0 WHERE id = ?', user.id),
    ],
  ])('%s', async (_, work) => {
    const w = at();
    const who = await verified(w);
    const old = await requested(w, who.email);
    await work(w, who, old.code);
    expect(await codeOrToken(w, { ...old, email: who.email })).toEqual([401, 400]);
  });

  it('is not void after four wrong tries; what is not text is no try', async () => {
    const w = at();
    const { email } = await verified(w);
    const { code } = await requested(w, email);
    for (const shown of [12345678, null, ['x'], { a: 1 }, true]) {
      expect((await confirm(w, { email, code: shown })).status).toBe(400);
    }
    await atOnce(4, () => confirm(w, { email, code: wrongCode(code) }));
    expect((await confirm(w, { email, code })).status).toBe(200);
  });
});

describe('a user without a valid code cannot sign in with any of', () => {
  type Attack = (its: { email: string; code: string; token: string; other: string }) => object;
  it.each<[string, number, Attack]>([
    ['another address', 401, ({ other, code }) => ({ email: other, code })],
    ['an address that nobody asked for', 401, ({ code }) => ({ email: person().email, code })],
    ['a code of six digits', 401, ({ email, code }) => ({ email, code: code.slice(0, 6) })],
    ['a code and one more digit', 401, ({ email, code }) => ({ email, code: `${code}0` })],
    ['the digits of a hash', 401, ({ email }) => ({ email, code: '0'.repeat(64) })],
    ['a very long code', 401, ({ email }) => ({ email, code: '1'.repeat(5_000) })],
    ['a wildcard', 401, ({ email }) => ({ email, code: '%' })],
    ['a blank code', 401, ({ email }) => ({ email, code: ' ' })],
    ['no code', 400, ({ email }) => ({ email })],
    ['no address', 400, ({ code }) => ({ code })],
    ['nothing', 400, () => ({})],
    ['the code as a token', 400, ({ code }) => ({ token: code })],
    ['the secret half of the token alone', 400, ({ token }) => ({ token: token.split('.')[1] })],
    [
      'the token with another user’s id',
      400,
      ({ token }) => ({ token: `${crypto.randomUUID()}.${token.split('.')[1]}` }),
    ],
    [
      'the id with another secret',
      400,
      ({ token }) => ({ token: `${token.split('.')[0]}.${'A'.repeat(43)}` }),
    ],
    ['a token in upper case', 400, ({ token }) => ({ token: token.toUpperCase() })],
    ['a wrong token beside a right code', 400, ({ email, code }) => ({ email, code, token: 'x.y' })],
    ['an array as the address', 400, ({ email, code }) => ({ email: [email], code })],
    ['two addresses in one', 400, ({ email, other, code }) => ({ email: `${email},${other}`, code })],
  ])('%s', async (_, status, attack) => {
    const w = at();
    const { email, user } = await verified(w);
    const other = await verified(w);
    await requested(w, other.email);
    const its = await requested(w, email);
    const before = await w.rows('SELECT id FROM sessions WHERE user_id IN (?, ?)', user.id, other.user.id);
    expect((await confirm(w, attack({ ...its, email, other: other.email }))).status).toBe(status);
    expect(await w.rows('SELECT id FROM sessions WHERE user_id IN (?, ?)', user.id, other.user.id)).toEqual(
      before,
    );
    // The attempt voided nothing.
    expect((await confirm(w, { email, code: its.code })).status).toBe(200);
  });

  it.each<[string, string, (w: World, email: string) => Promise<unknown>]>([
    [
      'a reset',
      '/account/password/reset/confirm',
      (w, email) => w.post('/account/password/reset', { email }),
    ],
  ])('its token does not work as one of %s, nor the other way round', async (_, path, ask) => {
    const w = at();
    const { email } = await verified(w);
    await ask(w, email);
    const [reset] = await mailsTo(w, email);
    const { token } = await requested(w, email);
    expect((await w.post(path, { token, new_password: 'staple another battery' })).status).toBe(400);
    expect((await confirm(w, { token: reset?.token })).status).toBe(400);
  });
});

describe('an unknown address', () => {
  it.each(['open', 'verify'])(
    'gets an account with SIGN_UP=%s, verified and without a password',
    async (SIGN_UP) => {
      const w = at({ SIGN_UP });
      const { email, password } = person();
      const { code } = await requested(w, email);
      const answer = await confirm(w, { email, code });
      expect(answer.status).toBe(201);
      expect(answer.body.user).toMatchObject({ email, email_verified: true, username: null, name: null });
      expect(claimsOf(answer.body.access)).toMatchObject({ sub: answer.body.user.id, amr: ['mail'] });
      expect((await w.me(answer.body.access)).body).toEqual(answer.body.user);
      for (const typed of ['', password]) {
        expect((await w.post('/account/login', { email, password: typed })).status).not.toBe(200);
      }
      const again = await requested(w, email);
      expect((await confirm(w, { token: again.token })).status).toBe(200);
    },
  );

  it('gets no account and no email with SIGN_UP=closed', async () => {
    const w = at({ SIGN_UP: 'closed' });
    const { email } = person();
    expect((await request(w, email)).status).toBe(202);
    expect(await mailsTo(w, email)).toEqual([]);
    expect(await w.rows('SELECT id FROM users WHERE email = ?', email)).toEqual([]);
  });

  it('gets no account with a code from before SIGN_UP was closed', async () => {
    const w = at();
    const { email } = person();
    const { code } = await requested(w, email);
    const closed = at({ SIGN_UP: 'closed' });
    expect((await confirm(closed, { email, code })).status).toBe(401);
    expect(await w.rows('SELECT id FROM users WHERE email = ?', email)).toEqual([]);
  });

  it('does not take over an account created in the meantime with its link', async () => {
    const w = at();
    const who = person();
    const { token, code } = await requested(w, who.email);
    const { user } = await w.signUp(who);
    expect(await codeOrToken(w, { email: who.email, code, token })).toEqual([401, 400]);
    expect(await w.rows('SELECT id FROM users WHERE email = ?', who.email)).toEqual([{ id: user.id }]);
  });

  it('voids pending sign-ups for it', async () => {
    const w = at({ SIGN_UP: 'verify' });
    const who = person();
    await w.post('/account/sign-up', who);
    const [pending] = await mailsTo(w, who.email);
    const { code } = await requested(w, who.email);
    expect((await confirm(w, { email: who.email, code })).status).toBe(201);
    const late = await w.post('/account/email/verify', { token: pending?.token, password: who.password });
    expect(late.status).toBe(400);
  });
});

describe('an account whose address was unverified', () => {
  it('passes to the owner of the mailbox: nothing of whoever signed up is left', async () => {
    const w = at();
    const attacker = await w.signUp({
      ...person(),
      username: `u${crypto.randomUUID().slice(0, 12)}`,
      name: 'Eve',
    });
    const [mail] = await mailsTo(w, attacker.email);
    await w.post('/account/password/reset', { email: attacker.email });
    const [reset] = await mailsTo(w, attacker.email);
    const { code } = await requested(w, attacker.email);
    const answer = await confirm(w, { email: attacker.email, code });
    expect(answer.status).toBe(200);

    const { body: me } = await w.me(answer.body.access);
    expect(me).toMatchObject({ email: attacker.email, email_verified: true, username: null, name: null });
    expect(me.id).not.toBe(attacker.user.id);
    expect((await w.me(attacker.access)).status).toBe(401);
    expect((await w.refresh(attacker.refresh)).status).toBe(401);
    expect((await w.logIn(attacker)).status).toBe(401);
    expect(await w.kvOf(attacker.access)).toBe('withdrawn');
    for (const token of [mail?.token, reset?.token]) {
      const body = { token, new_password: 'staple another battery' };
      expect((await w.post('/account/password/reset/confirm', body)).status).toBe(400);
      expect((await w.post('/account/email/verify', { token })).status).toBe(400);
      expect((await w.post('/account/email/disown', { token })).status).toBe(400);
    }
    expect(await w.rows('SELECT * FROM one_time_tokens WHERE subject = ?', attacker.user.id)).toEqual([]);
  });

  it('that was imported keeps its id, and loses password, sessions and links', async () => {
    const w = at();
    const who = await w.signUp();
    // As an import leaves a user: nobody signed up.
    await w.rows("DELETE FROM one_time_tokens WHERE subject = ? AND purpose = 'email_verify'", who.user.id);
    await w.post('/account/password/reset', { email: who.email });
    const [reset] = await mailsTo(w, who.email);
    const { code } = await requested(w, who.email);
    const answer = await confirm(w, { email: who.email, code });
    expect(answer.status).toBe(200);
    expect((await w.me(answer.body.access)).body).toMatchObject({ id: who.user.id, email_verified: true });
    expect((await w.me(who.access)).status).toBe(401);
    expect((await w.logIn(who)).status).toBe(401);
    const body = { token: reset?.token, new_password: 'staple another battery' };
    expect((await w.post('/account/password/reset/confirm', body)).status).toBe(400);
  });

  it('that was already verified keeps what it has', async () => {
    const w = at();
    const who = await verified(w);
    const { code } = await requested(w, who.email);
    expect((await confirm(w, { email: who.email, code })).status).toBe(200);
    expect((await w.me(who.access)).status).toBe(200);
    expect((await w.logIn(who)).status).toBe(200);
  });
});

describe('a second factor', () => {
  async function enrolled(w: World) {
    const who = await verified(w);
    return { ...who, ...(await enrol(w, who.access)) };
  }

  it('is asked for after the code, which is used up', async () => {
    const w = at({ ENCRYPTION_KEY });
    const { email, secret } = await enrolled(w);
    const its = await requested(w, email);
    const waits = await confirm(w, { email, code: its.code });
    expect([waits.status, codeOf(waits)]).toEqual([401, 'mfa_required']);
    expect(await codeOrToken(w, { ...its, email })).toEqual([401, 400]);
    const body = { mfa_token: waits.body.mfa_token, code: totp(w, secret) };
    const opened = await w.post('/account/login/second-factor', body);
    expect(opened.status).toBe(200);
    expect(claimsOf(opened.body.access).amr).toEqual(['mail', 'otp', 'mfa']);
  });

  it.each(['code', 'token'] as const)(
    'is asked for once for a %s, of fifty calls at once',
    RACE,
    async (by) => {
      const w = at({ ENCRYPTION_KEY });
      const { email } = await enrolled(w);
      const { code, token } = await requested(w, email);
      const answers = await atOnce(50, () => confirm(w, by === 'code' ? { email, code } : { token }));
      expect(answers.filter((answer) => codeOf(answer) === 'mfa_required')).toHaveLength(1);
    },
  );

  it('that cannot be checked refuses the sign-in', async () => {
    const w = at({ ENCRYPTION_KEY });
    const { email } = await enrolled(w);
    const without = at();
    const { code } = await requested(without, email);
    expect((await confirm(without, { email, code })).status).toBe(503);
    // The code is unused.
    expect(codeOf(await confirm(w, { email, code }))).toBe('mfa_required');
  });

  it('is deleted with an account whose address was never verified', async () => {
    const w = at({ ENCRYPTION_KEY });
    const who = await w.signUp();
    await enrol(w, who.access);
    const its = await requested(w, who.email);
    const answer = await confirm(w, { token: its.token });
    expect(answer.status).toBe(200);
    const factors = await w.get('/account/factors', { token: answer.body.access });
    expect(factors.body.totp).toBe(null);
    expect(await w.rows('SELECT * FROM totp_secrets WHERE user_id = ?', who.user.id)).toEqual([]);
  });
});

describe('a user without a password', () => {
  type Change = (w: World, token: string) => Promise<Answer>;
  const CHANGES: [string, number, Change][] = [
    ['a withdrawal', 204, (w, token) => w.delete('/account/me', {}, { token })],
    [
      'a first password',
      204,
      (w, token) => w.post('/account/password/change', { new_password: 'staple another battery' }, { token }),
    ],
    [
      'a change of address',
      202,
      (w, token) => w.post('/account/email/change', { new_email: person('next').email }, { token }),
    ],
    ['a second factor', 201, (w, token) => w.post('/account/factors/totp', {}, { token })],
  ];
  async function byCode(w: World, email: string): Promise<string> {
    const { token } = await requested(w, email);
    const answer = await confirm(w, { token });
    expect(answer.status).toBeLessThan(300);
    return answer.body.access;
  }

  it.each(CHANGES)('%s needs only the recent sign-in', async (_, status, change) => {
    const w = at({ ENCRYPTION_KEY });
    expect((await change(w, await byCode(w, person().email))).status).toBe(status);
  });

  it.each(CHANGES)('%s needs another sign-in once that is long ago', async (_, status, change) => {
    const w = at({ ENCRYPTION_KEY });
    const { email } = person();
    const access = await byCode(w, email);
    w.clock.advance(601);
    const refused = await change(w, access);
    expect([refused.status, codeOf(refused)]).toEqual([401, 'reauthentication_required']);
    expect(refused.headers.get('WWW-Authenticate')).toContain(
      'error="insufficient_user_authentication", max_age="600"',
    );
    expect((await change(w, await byCode(w, email))).status).toBe(status);
  });
});

describe('under fifty calls at once', RACE, () => {
  it.each(['code', 'token'] as const)('a %s opens one session', async (by) => {
    const w = at();
    const { email, user } = await verified(w);
    const before = (await w.rows('SELECT id FROM sessions WHERE user_id = ?', user.id)).length;
    const { code, token } = await requested(w, email);
    const answers = await atOnce(50, () => confirm(w, by === 'code' ? { email, code } : { token }));
    expect(tally(answers)).toEqual(by === 'code' ? { 200: 1, 401: 49 } : { 200: 1, 400: 49 });
    expect(await w.rows('SELECT id FROM sessions WHERE user_id = ?', user.id)).toHaveLength(before + 1);
  });

  it('a code makes one account', async () => {
    const w = at();
    const { email } = person();
    const { token } = await requested(w, email);
    const answers = await atOnce(50, () => confirm(w, { token }));
    expect(tally(answers)).toEqual({ 201: 1, 400: 49 });
    const made = await w.rows<{ id: string }>('SELECT id FROM users WHERE email = ?', email);
    expect(made).toHaveLength(1);
    expect(await w.rows('SELECT id FROM sessions WHERE user_id = ?', made[0]?.id)).toHaveLength(1);
  });

  it('an unverified account passes once', async () => {
    const w = at();
    const { email } = await w.signUp();
    const { token } = await requested(w, email);
    const answers = await atOnce(50, () => confirm(w, { token }));
    expect(tally(answers)).toEqual({ 200: 1, 400: 49 });
    const made = await w.rows<{ id: string }>('SELECT id FROM users WHERE email = ?', email);
    expect(await w.rows('SELECT id FROM sessions WHERE user_id = ?', made[0]?.id)).toHaveLength(1);
  });

  it('five wrong codes are checked, and the right one after them is not', async () => {
    const w = at();
    const { email } = await verified(w);
    const { code } = await requested(w, email);
    await atOnce(50, () => confirm(w, { email, code: wrongCode(code) }));
    const [row] = await w.rows<{ payload: string }>(
      "SELECT payload FROM one_time_tokens WHERE purpose = 'email_sign_in' AND payload LIKE ?",
      `%${email}%`,
    );
    expect(JSON.parse(row?.payload ?? '{}').tries).toBe(5);
    expect((await confirm(w, { email, code })).status).toBe(401);
  });

  it('a sign-up and a code of one address make one account', async () => {
    const w = at();
    const who = person();
    const { token } = await requested(w, who.email);
    await Promise.all([
      ...Array.from({ length: 25 }, () => confirm(w, { token })),
      ...Array.from({ length: 25 }, () => w.post('/account/sign-up', who)),
    ]);
    expect(await w.rows('SELECT id FROM users WHERE email = ?', who.email)).toHaveLength(1);
  });
});

describe('a known and an unknown address', () => {
  const counted = counting();
  const w = world({ vars: { ...VARS, SIGN_UP: 'closed' }, bindings: counted.bindings });
  const open = at();

  const people = {
    known: async () => (await verified(open)).email,
    unknown: async () => person().email,
    inactive: async () => {
      const { email, user } = await verified(open);
      await open.rows('UPDATE users SET is_active = 0 WHERE id = ?', user.id);
      return email;
    },
  };
  const all = async () => Promise.all(Object.values(people).map((one) => one()));

  it('get the same answer and write the same rows, for a request and for a wrong code', async () => {
    for (const email of await all()) {
      for (const _ of ['the first', 'the next']) {
        const cost = await counted.of(async () => expect((await request(w, email)).status).toBe(202));
        expect(cost.d1.roundTrips).toBe(1);
        expect(cost.d1.rowsWritten).toBe(1);
      }
      const cost = await counted.of(async () =>
        expect(codeOf(await confirm(w, { email, code: '00000000' }))).toBe('code_not_valid'),
      );
      expect(cost.d1.roundTrips).toBe(1);
      expect(cost.d1.rowsWritten).toBe(1);
    }
  });

  it('get an email only for an active user if sign-up is closed', async () => {
    const [known = '', unknown = '', inactive = ''] = await all();
    for (const email of [known, unknown, inactive]) await request(w, email);
    const subjects = async (email: string) => (await mailsTo(w, email)).map(({ subject }) => subject);
    expect(await subjects(known)).toContain('Your sign-in code');
    expect(await subjects(unknown)).toEqual([]);
    expect(await subjects(inactive)).not.toContain('Your sign-in code');
  });

  it('leave the same lines in the log, except for the user', async () => {
    for (const email of await all()) {
      const before = log.lines.length;
      await request(w, email);
      expect(log.lines.slice(before).map(({ event }) => event)).toEqual(['sign_in_code_requested']);
    }
  });
});

describe('the page of the link', () => {
  it('is in the language of the browser, under a strict CSP, and changes nothing', async () => {
    const w = at();
    const { email } = await verified(w);
    const { token } = await requested(w, email);
    const before = await codesOf(w);
    const page = await w.get(`/account/login/email/confirm?token=${token}`, {
      headers: { 'Accept-Language': 'ko' },
    });
    expect(page.status).toBe(200);
    expect(page.headers.get('Content-Security-Policy')).toContain("default-src 'none'");
    expect(page.text).toContain('<html lang="ko">');
    expect(page.text).not.toContain(token);
    expect(await codesOf(w)).toEqual(before);
  });
});
