/** A change of address, and taking the old one back. */
import { describe, expect, it } from 'vitest';
import { counting } from '../support/counting.ts';
import { capturedLog } from '../support/log.ts';
import {
  askChange,
  DEAD_TOKEN,
  type Mail,
  mailsTo,
  OTHER_PASSWORD,
  PASSWORD,
  subjectsTo,
  tokensOf,
  tokenTo,
  username,
  userOf,
  usersOf,
  verify,
  wanted,
} from '../support/mail.ts';
import { ENCRYPTION_KEY, enrol, totp } from '../support/totp.ts';
import { watchedD1 } from '../support/watched-d1.ts';
import { atOnce, codeOf, faultsOf, person, RACE, tally, type World, world } from '../support/world.ts';

const log = capturedLog();

const DAY = 86_400;

describe('a change of address', () => {
  it('is 202, and takes effect when the new address is confirmed', async () => {
    const w = world();
    const who = await w.signUp();
    const { email } = person('wanted');
    const answer = await askChange(w, who.access, email);
    expect([answer.status, answer.body]).toEqual([202, {}]);
    expect((await userOf(w, who.access)).email).toBe(who.email);
    expect((await w.logIn({ email, password: PASSWORD })).status).toBe(401);

    const confirmed = await verify(w, await tokenTo(w, email));
    expect([confirmed.status, confirmed.text]).toEqual([204, '']);
    expect(await userOf(w, who.access)).toMatchObject({ id: who.user.id, email, email_verified: true });
    expect((await w.logIn({ email, password: PASSWORD })).status).toBe(200);
    expect((await w.logIn(who)).status).toBe(401);
    expect((await w.refresh(who.refresh)).status).toBe(200);
    expect(log.of('email_changed')).toMatchObject([{ user: who.user.id }]);
  });

  it('notifies the old address twice, and neither email names the other address', async () => {
    const w = world();
    const who = await w.signUp();
    const { email, token } = await wanted(w, who.access);
    await verify(w, token);
    expect(await subjectsTo(w, who.email)).toEqual([
      'Your e-mail address was changed',
      'Your e-mail address is about to change',
      'Confirm your e-mail address',
    ]);
    expect(await subjectsTo(w, email)).toEqual(['Confirm your new e-mail address']);
    expect(JSON.stringify(await mailsTo(w, who.email))).not.toContain(email);
    expect(JSON.stringify(await mailsTo(w, email))).not.toContain(who.email);
    const [changed, asked] = await mailsTo(w, who.email);
    expect([changed?.token, asked?.token]).toEqual([expect.any(String), null]);
    expect(changed?.text).toContain(`http://localhost/account/email/take-back#token=${changed?.token}`);
    expect(changed?.text).toContain('72 hours');
  });

  it('stores the canonical form of what was typed', async () => {
    const w = world();
    const who = await w.signUp();
    const local = `wanted-${crypto.randomUUID().slice(0, 8)}`;
    const { token } = await wanted(w, who.access, `  ${local.toUpperCase()}@XN--BCHER-KVA.example `);
    expect((await mailsTo(w, `${local}@bücher.example`))[0]?.to).toBe(`${local}@bücher.example`);
    expect((await verify(w, token)).status).toBe(204);
    expect((await userOf(w, who.access)).email).toBe(`${local}@bücher.example`);
  });

  it('with a wrong password is 400 under password, and sends nothing', async () => {
    const w = world();
    const who = await w.signUp();
    const { email } = person('wanted');
    const answer = await askChange(w, who.access, email, OTHER_PASSWORD);
    expect([answer.status, faultsOf(answer)]).toEqual([400, { password: ['password_incorrect'] }]);
    expect(await subjectsTo(w, email)).toEqual([]);
    expect(await subjectsTo(w, who.email)).toHaveLength(1);
  });

  it('to a taken address is 202 all the same: its owner gets an email, the old address is notified', async () => {
    const w = world();
    const [who, owner] = [await w.signUp(), await w.signUp()];
    const answer = await askChange(w, who.access, owner.email.toUpperCase());
    const free = await askChange(w, who.access, person('wanted').email);
    expect([answer.status, answer.text]).toEqual([free.status, free.text]);
    const [mail] = await mailsTo(w, owner.email);
    expect(mail).toMatchObject({ subject: 'You already have an account', token: null });
    expect(mail?.text).not.toMatch(/token|https?:/);
    expect((await subjectsTo(w, who.email))[0]).toBe('Your e-mail address is about to change');
    expect((await userOf(w, who.access)).email).toBe(who.email);
    expect((await userOf(w, owner.access)).email).toBe(owner.email);
  });

  it('to a taken and to a free address is the same work', async () => {
    const counted = counting();
    const w = world({ bindings: { DB: counted.bindings.DB } });
    const [who, owner] = [await w.signUp(), await w.signUp()];
    const costOf = async (access: string, email: string) => {
      const { d1 } = await counted.of(() => askChange(w, access, email));
      return { roundTrips: d1.roundTrips, rowsWritten: d1.rowsWritten };
    };
    const costs = [await costOf(who.access, owner.email), await costOf(owner.access, person('wanted').email)];
    expect(costs).toEqual([1, 1].map((rowsWritten) => ({ roundTrips: 2, rowsWritten })));
  });

  it('to the same address changes nothing', async () => {
    const w = world();
    const who = await w.signUp();
    expect((await askChange(w, who.access, who.email)).status).toBe(202);
    expect(await userOf(w, who.access)).toMatchObject({ email: who.email, email_verified: false });
  });

  it('to an address that is taken in the meantime is 409, and changes nothing', async () => {
    const w = world();
    const who = await w.signUp();
    const { email, token } = await wanted(w, who.access);
    await w.signUp({ email, password: PASSWORD });
    const answer = await verify(w, token);
    expect([answer.status, codeOf(answer)]).toEqual([409, 'email_taken']);
    expect(await userOf(w, who.access)).toMatchObject({ email: who.email, email_verified: false });
  });

  it('requested by two at once goes to the one who confirms first', RACE, async () => {
    const w = world();
    const [one, two] = [await w.signUp(), await w.signUp()];
    const { email, token } = await wanted(w, one.access);
    const other = await wanted(w, two.access, email);
    const answers = await Promise.all([verify(w, token), verify(w, other.token)]);
    expect(tally(answers)).toEqual({ 204: 1, 409: 1 });
    expect(await usersOf(w, email)).toHaveLength(1);
  });

  it('confirmed fifty times at once is 204 once', RACE, async () => {
    const w = world();
    const who = await w.signUp();
    const { token } = await wanted(w, who.access);
    expect(tally(await atOnce(50, () => verify(w, token)))).toEqual({ 204: 1, 400: 49 });
  });

  it('frees the old address', async () => {
    const w = world();
    const who = await w.signUp();
    await verify(w, (await wanted(w, who.access)).token);
    expect((await w.signUp({ email: who.email, password: PASSWORD })).answer.status).toBe(201);
  });

  it('removes a username that is the old address, and no other', async () => {
    const w = world();
    const own = await w.signUp();
    await w.patch('/account/me', { username: own.email }, { token: own.access });
    expect((await userOf(w, own.access)).username).toBe(own.email);
    const plain = await w.signUp({ ...person(), username: username() });
    for (const who of [own, plain]) await verify(w, (await wanted(w, who.access)).token);
    expect((await userOf(w, own.access)).username).toBeNull();
    expect((await userOf(w, plain.access)).username).toMatch(/^u/);
    expect((await w.logIn({ username: own.email, password: PASSWORD })).status).toBe(401);
  });

  it('at the same time as a new username that is the old address: the address is free for its next owner, as username too', async () => {
    const plain = world();
    const who = await plain.signUp();
    const { email, token } = await wanted(plain, who.access);
    const { DB } = watchedD1({
      // Between the read of the user and the write.
      before: async ({ number }) => number === 2 && expect((await verify(plain, token)).status).toBe(204),
    });
    const w = world({ bindings: { DB } });
    const answer = await w.patch('/account/me', { username: who.email }, { token: who.access });
    expect([answer.status, faultsOf(answer)]).toEqual([400, { username: ['invalid'] }]);
    expect(await userOf(plain, who.access)).toMatchObject({ email, username: null });
    const next = await plain.signUp({ email: who.email, password: PASSWORD, username: who.email });
    expect(next.answer.status).toBe(201);
  });

  it('at the same time as another username keeps it: the change is retried with the new address', async () => {
    const plain = world();
    const who = await plain.signUp();
    const { email, token } = await wanted(plain, who.access);
    const { DB } = watchedD1({ before: async ({ number }) => number === 2 && (await verify(plain, token)) });
    const name = username();
    const answer = await world({ bindings: { DB } }).patch(
      '/account/me',
      { username: name },
      { token: who.access },
    );
    expect([answer.status, answer.body.username, answer.body.email]).toEqual([200, name, email]);
  });

  it('gives an address to a user who had none, and notifies none', async () => {
    const w = world();
    const who = await w.signUp({ ...person(), username: username() });
    await w.rows('UPDATE users SET email = NULL WHERE id = ?', who.user.id);
    const { email, token } = await wanted(w, who.access);
    expect((await verify(w, token)).status).toBe(204);
    expect(await userOf(w, who.access)).toMatchObject({ email, email_verified: true });
    expect(await subjectsTo(w, who.email)).toHaveLength(1);
    const { messages } = (await w.get('/dev/mail')).body as { messages: Mail[] };
    expect(messages.filter(({ to }) => !to)).toEqual([]);
  });

  it('requested again voids the older request', async () => {
    const w = world();
    const who = await w.signUp();
    const [older, newer] = [await wanted(w, who.access), await wanted(w, who.access)];
    expect(faultsOf(await verify(w, older.token))).toEqual(DEAD_TOKEN);
    expect((await verify(w, newer.token)).status).toBe(204);
  });

  it('requested again for a taken address voids the older request too', async () => {
    const w = world();
    const [who, owner] = [await w.signUp(), await w.signUp()];
    const older = await wanted(w, who.access);
    await askChange(w, who.access, owner.email);
    expect(faultsOf(await verify(w, older.token))).toEqual(DEAD_TOKEN);
  });

  it('refused for a wrong password leaves the older request valid', async () => {
    const w = world();
    const who = await w.signUp();
    const older = await wanted(w, who.access);
    await askChange(w, who.access, person('wanted').email, OTHER_PASSWORD);
    expect((await verify(w, older.token)).status).toBe(204);
  });

  it('voids every other emailed token: a verification, a reset', async () => {
    const w = world();
    const who = await w.signUp();
    const first = await tokenTo(w, who.email);
    await w.post('/account/password/reset', { email: who.email });
    const reset = await tokenTo(w, who.email);
    await verify(w, (await wanted(w, who.access)).token);
    expect((await tokensOf(w, who.user.id)).map(({ purpose }) => purpose)).toEqual(['email_take_back']);
    expect(faultsOf(await verify(w, first))).toEqual(DEAD_TOKEN);
    const confirmed = await w.post('/account/password/reset/confirm', {
      token: reset,
      new_password: OTHER_PASSWORD,
    });
    expect(faultsOf(confirmed)).toEqual(DEAD_TOKEN);
  });

  it.each<[number, number]>([
    [DAY - 1, 204],
    [DAY, 400],
  ])('confirmed %i seconds later is %i', async (after, status) => {
    const w = world();
    const { token } = await wanted(w, (await w.signUp()).access);
    w.clock.advance(after);
    expect((await verify(w, token)).status).toBe(status);
  });

  it('works after a log-out', async () => {
    const w = world();
    const who = await w.signUp();
    const { email, token } = await wanted(w, who.access);
    await w.logOut(who.refresh);
    expect((await verify(w, token)).status).toBe(204);
    expect((await w.logIn({ email, password: PASSWORD })).status).toBe(200);
  });

  it('of a user who is inactive by then is 400 like any invalid token', async () => {
    const w = world();
    const who = await w.signUp();
    const { token } = await wanted(w, who.access);
    await w.rows('UPDATE users SET is_active = 0 WHERE id = ?', who.user.id);
    expect(faultsOf(await verify(w, token))).toEqual(DEAD_TOKEN);
    expect(await usersOf(w, who.email)).toHaveLength(1);
  });

  it.each<[string, string, number, Record<string, string[]>]>([
    [
      'the session ended',
      "UPDATE sessions SET revoked_at = 1, revoked_reason = 'ended' WHERE user_id = ?",
      401,
      {},
    ],
    [
      'the password changed',
      'UPDATE users SET password_version = password_version + 1 WHERE id = ?',
      400,
      { password: ['password_incorrect'] },
    ],
    ['the user was deactivated', 'UPDATE users SET is_active = 0 WHERE id = ?', 401, {}],
  ])('is refused if %s just before it, and sends nothing', async (_, sql, status, faults) => {
    const plain = world();
    const who = await plain.signUp();
    const { email } = person('wanted');
    const { DB } = watchedD1({ before: ({ number }) => number === 2 && plain.rows(sql, who.user.id) });
    const answer = await askChange(world({ bindings: { DB } }), who.access, email);
    expect([answer.status, faultsOf(answer)]).toEqual([status, faults]);
    expect(await subjectsTo(plain, email)).toEqual([]);
    expect((await tokensOf(plain, who.user.id)).map(({ purpose }) => purpose)).toEqual(['email_verify']);
  });

  it.each<[string, unknown, Record<string, string[]>]>([
    ['nothing', {}, { new_email: ['required'], password: ['required'] }],
    ['no address', { new_email: 'x', password: PASSWORD }, { new_email: ['invalid'] }],
    ['null', { new_email: null, password: null }, { new_email: ['null'], password: ['null'] }],
    ['a line break in it', { new_email: 'a@x.example\r\nBcc: b', password: 'x' }, { new_email: ['invalid'] }],
  ])('with %s is 400', async (_, body, faults) => {
    const w = world();
    const who = await w.signUp();
    const answer = await w.post('/account/email/change', body, { token: who.access });
    expect([answer.status, faultsOf(answer)]).toEqual([400, faults]);
  });

  it('without a token is 401', async () => {
    const answer = await world().post('/account/email/change', { new_email: 'a@example.com', password: 'x' });
    expect([answer.status, codeOf(answer)]).toEqual([401, 'not_authenticated']);
  });
});

describe('taking an address back', () => {
  const takeBack = (w: World, token: unknown) => w.post('/account/email/take-back', { token });
  const reset = (w: World, token: unknown, password = OTHER_PASSWORD) =>
    w.post('/account/password/reset/confirm', { token, new_password: password });
  /** Changes the address, and what the mail to the old one carries. */
  async function changed(w: World, who: { access: string; email: string }, to = person('thief').email) {
    await verify(w, (await wanted(w, who.access, to)).token);
    return { to, token: await tokenTo(w, who.email) };
  }

  it('restores it, ends every session, and requires a new password', async () => {
    const w = world();
    const who = await w.signUp();
    await verify(w, await tokenTo(w, who.email));
    const { to, token } = await changed(w, who);
    const thief = (await w.logIn({ email: to, password: PASSWORD })).body;
    const answer = await takeBack(w, token);
    expect([answer.status, Object.keys(answer.body)]).toEqual([200, ['reset_token']]);
    for (const pair of [who, thief]) {
      expect((await w.me(pair.access)).status).toBe(401);
      expect((await w.refresh(pair.refresh)).status).toBe(401);
      expect(await w.kvOf(pair.access)).toBe('password_reset');
    }
    for (const email of [to, who.email]) {
      expect((await w.logIn({ email, password: PASSWORD })).status).toBe(401);
    }
    expect((await reset(w, answer.body.reset_token)).status).toBe(204);
    const { access } = (await w.logIn({ email: who.email, password: OTHER_PASSWORD })).body;
    expect(await userOf(w, access)).toMatchObject({
      id: who.user.id,
      email: who.email,
      email_verified: true,
    });
    expect(log.of('email_taken_back')).toMatchObject([{ user: who.user.id, ended: 2 }]);
  });

  it.each([
    ['switches a second factor off that is younger than the change', true],
    ['leaves one that was on before', false],
  ])('%s', async (_, younger) => {
    const w = world({ vars: { ENCRYPTION_KEY } });
    const who = await w.signUp();
    const turnOn = () => enrol(w, who.access);
    const before = younger ? null : await turnOn();
    const { token } = await changed(w, who);
    const factor = before ?? (await turnOn());
    const { reset_token } = (await takeBack(w, token)).body;
    expect((await reset(w, reset_token)).status).toBe(204);
    const answer = await w.logIn({ email: who.email, password: OTHER_PASSWORD });
    expect([answer.status, codeOf(answer)]).toEqual(younger ? [200, undefined] : [401, 'mfa_required']);
    expect(log.of('second_factor_off')).toHaveLength(younger ? 1 : 0);
    const codes = await w.rows('SELECT hash FROM recovery_codes WHERE user_id = ?', who.user.id);
    expect(codes).toHaveLength(younger ? 0 : 10);
    const { mfa_token = 'none' } = answer.body;
    const second = await w.post('/account/login/second-factor', { mfa_token, code: totp(w, factor.secret) });
    expect(second.status).toBe(younger ? 401 : 200);
  });

  it('voids what is pending: another change, a reset of the new address', async () => {
    const w = world();
    const who = await w.signUp();
    const { to, token } = await changed(w, who);
    const next = await wanted(w, who.access);
    await w.post('/account/password/reset', { email: to });
    const resetting = await tokenTo(w, to);
    const { reset_token } = (await takeBack(w, token)).body;
    expect((await tokensOf(w, who.user.id)).map(({ purpose }) => purpose)).toEqual(['password_reset']);
    expect(faultsOf(await verify(w, next.token))).toEqual(DEAD_TOKEN);
    expect(faultsOf(await reset(w, resetting))).toEqual(DEAD_TOKEN);
    expect((await reset(w, reset_token)).status).toBe(204);
  });

  it.each<[string, (w: World, who: { access: string }, to: string) => Promise<unknown>]>([
    [
      'the password changed',
      (w, { access }) =>
        w.post(
          '/account/password/change',
          { current_password: PASSWORD, new_password: OTHER_PASSWORD },
          { token: access },
        ),
    ],
    [
      'the password was reset from the new address',
      async (w, _, to) => {
        await w.post('/account/password/reset', { email: to });
        await reset(w, await tokenTo(w, to));
      },
    ],
    [
      'everybody was logged out',
      (w, { access }) => w.delete('/account/sessions', undefined, { token: access }),
    ],
    ['the address changed once more', (w, who, to) => changed(w, { ...who, email: to })],
    [
      'the address changed once more, and that was taken back',
      async (w, who, to) => takeBack(w, (await changed(w, { ...who, email: to })).token),
    ],
    [
      'somebody signed up with it, and has not shown the mailbox',
      (w) => w.signUp({ email: OLD_ADDRESS.email, password: OTHER_PASSWORD }),
    ],
  ])('works even if %s meanwhile', async (_, deed) => {
    const w = world();
    OLD_ADDRESS.email = person('owner').email;
    const who = await w.signUp({ email: OLD_ADDRESS.email, password: PASSWORD });
    const { to, token } = await changed(w, who);
    await deed(w, who, to);
    const answer = await takeBack(w, token);
    expect(answer.status).toBe(200);
    expect((await reset(w, answer.body.reset_token, 'a third horse battery')).status).toBe(204);
    const { access } = (await w.logIn({ email: who.email, password: 'a third horse battery' })).body;
    expect((await userOf(w, access)).id).toBe(who.user.id);
    expect(await usersOf(w, to)).toEqual([]);
  });
  const OLD_ADDRESS = { email: '' };

  it('voids the newer ones', async () => {
    const w = world();
    const who = await w.signUp();
    const first = await changed(w, who);
    const second = await changed(w, { access: who.access, email: first.to });
    expect((await takeBack(w, first.token)).status).toBe(200);
    expect(faultsOf(await takeBack(w, second.token))).toEqual(DEAD_TOKEN);
  });

  it('is 409 if the present owner of the address has verified it, and changes nothing', async () => {
    const w = world();
    const who = await w.signUp();
    const { to, token } = await changed(w, who);
    const next = await w.signUp({ email: who.email, password: OTHER_PASSWORD });
    await verify(w, await tokenTo(w, who.email));
    const answer = await takeBack(w, token);
    expect([answer.status, codeOf(answer)]).toEqual([409, 'email_taken']);
    expect((await userOf(w, who.access)).email).toBe(to);
    expect((await userOf(w, next.access)).email).toBe(who.email);
  });

  it('works once, and fifty times at once is once', RACE, async () => {
    const w = world();
    const who = await w.signUp();
    const { token } = await changed(w, who);
    expect(tally(await atOnce(50, () => takeBack(w, token)))).toEqual({ 200: 1, 400: 49 });
    expect((await tokensOf(w, who.user.id)).map(({ purpose }) => purpose)).toEqual(['password_reset']);
  });

  it.each<[number, number]>([
    [3 * DAY - 1, 200],
    [3 * DAY, 400],
  ])('%i seconds later is %i', async (after, status) => {
    const w = world();
    const { token } = await changed(w, await w.signUp());
    w.clock.advance(after);
    expect((await takeBack(w, token)).status).toBe(status);
  });

  it('removes a username that is the other address', async () => {
    const w = world();
    const who = await w.signUp();
    const { to, token } = await changed(w, who);
    await w.patch('/account/me', { username: to }, { token: who.access });
    expect((await takeBack(w, token)).status).toBe(200);
    expect(await usersOf(w, who.email)).toMatchObject([{ username: null, username_key: null }]);
  });

  it('with tokens of other kinds is 400', async () => {
    const w = world();
    const who = await w.signUp();
    await w.post('/account/password/reset', { email: who.email });
    const other = await tokenTo(w, who.email);
    const { token: change } = await wanted(w, who.access);
    for (const token of [other, change, who.access, 'x']) {
      expect(faultsOf(await takeBack(w, token))).toEqual(DEAD_TOKEN);
    }
  });

  it('leaves no address after a withdrawal, not even in pending sign-ups for the old one', async () => {
    const w = world();
    const who = await w.signUp();
    const { to } = await changed(w, who);
    const waiting = world({ vars: { SIGN_UP: 'verify' } });
    for (const email of [who.email, to])
      await waiting.post('/account/sign-up', { email, password: PASSWORD });
    await wanted(w, who.access);
    expect((await w.delete('/account/me', { password: PASSWORD }, { token: who.access })).status).toBe(204);
    const left = JSON.stringify(await w.rows('SELECT * FROM one_time_tokens'));
    for (const text of [who.email, to, who.user.id]) expect(left).not.toContain(text);
  });
});

describe('a user’s change of their own account', () => {
  it('is confirmed by email: a new username, and a withdrawal; another name is not', async () => {
    const w = world();
    const who = await w.signUp();
    await w.patch('/account/me', { username: username() }, { token: who.access });
    await w.patch('/account/me', { name: 'Mina' }, { token: who.access });
    await w.delete('/account/me', { password: PASSWORD }, { token: who.access });
    expect(await subjectsTo(w, who.email)).toEqual([
      'Your account was deleted',
      'Your username was changed',
      'Confirm your e-mail address',
    ]);
  });
});
