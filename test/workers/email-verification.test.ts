/** The verification of an address, and disowning an account that somebody else made. */
import { describe, expect, it } from 'vitest';
import { counting } from '../support/counting.ts';
import { capturedLog } from '../support/log.ts';
import {
  DEAD_TOKEN,
  mailsTo,
  OTHER_PASSWORD,
  PASSWORD,
  resend,
  subjectsTo,
  tokensOf,
  tokenTo,
  username,
  userOf,
  usersOf,
  verify,
  wanted,
} from '../support/mail.ts';
import { watchedD1 } from '../support/watched-d1.ts';
import { atOnce, codeOf, faultsOf, person, RACE, tally, type World, world } from '../support/world.ts';

const log = capturedLog();

const DAY = 86_400;

describe('verification of an address', () => {
  it('starts with an email at sign-up, and ends with its token: 204 without a body', async () => {
    const w = world();
    const who = await w.signUp();
    expect(who.answer.body.user.email_verified).toBe(false);
    expect(await subjectsTo(w, who.email)).toEqual(['Confirm your e-mail address']);
    const answer = await verify(w, await tokenTo(w, who.email));
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect((await userOf(w, who.access)).email_verified).toBe(true);
    expect(await tokensOf(w, who.user.id)).toEqual([]);
    expect(log.of('email_verified')).toMatchObject([{ user: who.user.id }]);
  });

  it('works once', async () => {
    const w = world();
    const who = await w.signUp();
    const token = await tokenTo(w, who.email);
    await verify(w, token);
    const again = await verify(w, token);
    expect([again.status, faultsOf(again)]).toEqual([400, DEAD_TOKEN]);
  });

  it.each<[number, number]>([
    [0, 204],
    [DAY - 1, 204],
    [DAY, 400],
    [DAY + 1, 400],
    [30 * DAY, 400],
  ])('%i seconds after the mail is %i', async (after, status) => {
    const w = world();
    const who = await w.signUp();
    const token = await tokenTo(w, who.email);
    w.clock.advance(after);
    const answer = await verify(w, token);
    expect([answer.status, faultsOf(answer)]).toEqual([status, status === 400 ? DEAD_TOKEN : {}]);
  });

  it('fifty times at once is 204 once', RACE, async () => {
    const w = world();
    const who = await w.signUp();
    const token = await tokenTo(w, who.email);
    expect(tally(await atOnce(50, () => verify(w, token)))).toEqual({ 204: 1, 400: 49 });
    expect((await userOf(w, who.access)).email_verified).toBe(true);
  });

  it('leaves nothing that disowns the account, also if the password was changed before', async () => {
    const w = world();
    const who = await w.signUp();
    const body = { current_password: PASSWORD, new_password: OTHER_PASSWORD };
    await w.post('/account/password/change', body, { token: who.access });
    await resend(w, who.access);
    expect((await verify(w, await tokenTo(w, who.email))).status).toBe(204);
    expect(await tokensOf(w, who.user.id)).toEqual([]);
  });

  it('does not affect sessions, password and a pending reset', async () => {
    const w = world();
    const who = await w.signUp();
    const token = await tokenTo(w, who.email);
    await w.post('/account/password/reset', { email: who.email });
    const reset = await tokenTo(w, who.email);
    await verify(w, token);
    expect((await w.refresh(who.refresh)).status).toBe(200);
    const confirmed = await w.post('/account/password/reset/confirm', {
      token: reset,
      new_password: OTHER_PASSWORD,
    });
    expect(confirmed.status).toBe(204);
  });

  it('of an inactive user, and of a deleted one, is 400 like any invalid token', async () => {
    const w = world();
    const [inactive, gone] = [await w.signUp(), await w.signUp()];
    const tokens = [await tokenTo(w, inactive.email), await tokenTo(w, gone.email)];
    await w.rows('UPDATE users SET is_active = 0 WHERE id = ?', inactive.user.id);
    await w.delete('/account/me', { password: PASSWORD }, { token: gone.access });
    for (const token of tokens) expect(faultsOf(await verify(w, token))).toEqual(DEAD_TOKEN);
  });

  it('white space around the token is ignored', async () => {
    const w = world();
    const who = await w.signUp();
    expect((await verify(w, `\n ${await tokenTo(w, who.email)} `)).status).toBe(204);
  });

  it.each<[string, (token: string) => string]>([
    ['the user’s half alone', (token) => token.split('.')[0] ?? ''],
    ['the secret half alone', (token) => token.split('.')[1] ?? ''],
    ['with another secret', (token) => `${token.split('.')[0]}.${'A'.repeat(43)}`],
    ['of another user', (token) => `${crypto.randomUUID()}.${token.split('.')[1]}`],
    ['of a pending sign-up that never was', (token) => `${'a'.repeat(64)}.${token.split('.')[1]}`],
    ['without its last character', (token) => token.slice(0, -1)],
    ['with a character too many', (token) => `${token}A`],
    ['in capitals', (token) => token.toUpperCase()],
    ['with white space inside', (token) => token.replace('.', ' .')],
    ['a word', () => 'x'],
    ['a NUL', () => '\u0000'],
    ['half a surrogate pair', () => '\ud800'],
    ['a name of objects', () => 'constructor'],
    ['a link', (token) => `http://localhost/account/email/verify#token=${token}`],
    ['10,000 characters', () => 'x'.repeat(10_000)],
  ])('with a token that is %s is 400, and the real one still works', async (_, forge) => {
    const w = world();
    const who = await w.signUp();
    const token = await tokenTo(w, who.email);
    const answer = await verify(w, forge(token));
    expect([answer.status, faultsOf(answer)]).toEqual([400, DEAD_TOKEN]);
    expect((await verify(w, token)).status).toBe(204);
  });

  it.each<[string, unknown, string]>([
    ['absent', undefined, 'required'],
    ['null', null, 'null'],
    ['blank', ' ', 'blank'],
    ['a number', 1, 'invalid'],
    ['a list', ['x'], 'invalid'],
  ])('with a token that is %s is 400', async (_, token, code) => {
    expect(faultsOf(await verify(world(), token))).toEqual({ token: [code] });
  });
});

describe('“This wasn’t me”', () => {
  const disown = (w: World, token: unknown) => w.post('/account/email/disown', { token });
  /** From a place that the mail is to name. */
  const PLACE = { headers: { 'CF-Connecting-IP': '203.0.113.7' } };

  it('is the second link of the verification email, which says when and where the account was created', async () => {
    const w = world({ now: Date.UTC(2026, 10, 23, 9, 5) });
    const who = person();
    await w.post('/account/sign-up', who, PLACE);
    const [mail] = await mailsTo(w, who.email);
    expect(mail?.text).toContain('2026-11-23 09:05 UTC from 203.0.113.7');
    expect(mail?.text.split('\n\n')).toContain(`http://localhost/account/email/disown#token=${mail?.token}`);
  });

  it('deletes the account: 204 without a body, every token invalid, nothing left, and an email that says so', async () => {
    const w = world();
    const who = await w.signUp();
    const again = (await w.logIn(who)).body;
    const token = await tokenTo(w, who.email);
    await w.post('/account/password/reset', { email: who.email });
    const reset = await tokenTo(w, who.email);
    const answer = await disown(w, token);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(await usersOf(w, who.email)).toEqual([]);
    expect(await tokensOf(w, who.user.id)).toEqual([]);
    for (const pair of [who, again]) {
      expect((await w.me(pair.access)).status).toBe(401);
      expect((await w.refresh(pair.refresh)).status).toBe(401);
      expect(await w.kvOf(pair.access)).toBe('withdrawn');
    }
    const body = { token: reset, new_password: OTHER_PASSWORD };
    expect(faultsOf(await w.post('/account/password/reset/confirm', body))).toEqual(DEAD_TOKEN);
    expect((await subjectsTo(w, who.email))[0]).toBe('Your account was deleted');
    expect(log.of('disowned')).toMatchObject([{ sessions: 2 }]);
    expect((await w.signUp({ email: who.email, password: OTHER_PASSWORD })).answer.status).toBe(201);
  });

  it('works once', async () => {
    const w = world();
    const token = await tokenTo(w, (await w.signUp()).email);
    expect((await disown(w, token)).status).toBe(204);
    expect(faultsOf(await disown(w, token))).toEqual(DEAD_TOKEN);
  });

  it('fifty times at once is 204 once', RACE, async () => {
    const w = world();
    const token = await tokenTo(w, (await w.signUp()).email);
    expect(tally(await atOnce(50, () => disown(w, token)))).toEqual({ 204: 1, 400: 49 });
  });

  it('at the same time as a verification: one of the two wins', RACE, async () => {
    const w = world();
    const who = await w.signUp();
    const token = await tokenTo(w, who.email);
    const answers = await Promise.all([disown(w, token), verify(w, token)]);
    expect(tally(answers)).toEqual({ 204: 1, 400: 1 });
    expect(await usersOf(w, who.email)).toHaveLength(answers[0]?.status === 204 ? 0 : 1);
  });

  it.each([DAY, 30 * DAY, 365 * DAY])(
    'works %i seconds later too, as long as the address is unverified',
    async (after) => {
      const w = world();
      const token = await tokenTo(w, (await w.signUp()).email);
      w.clock.advance(after);
      expect(faultsOf(await verify(w, token))).toEqual(DEAD_TOKEN);
      expect((await disown(w, token)).status).toBe(204);
    },
  );

  it.each<[string, (w: World, who: { email: string; access: string; user: { id: string } }) => unknown]>([
    ['the mail was confirmed', async (w, who) => verify(w, await tokenTo(w, who.email))],
    [
      'the password was reset by mail',
      async (w, who) => {
        await w.post('/account/password/reset', { email: who.email });
        const token = await tokenTo(w, who.email);
        await w.post('/account/password/reset/confirm', { token, new_password: OTHER_PASSWORD });
      },
    ],
    ['another address was confirmed', async (w, who) => verify(w, (await wanted(w, who.access)).token)],
    [
      'it counts as verified',
      (w, who) => w.rows('UPDATE users SET email_verified_at = 1 WHERE id = ?', who.user.id),
    ],
    [
      'the user was deactivated',
      (w, who) => w.rows('UPDATE users SET is_active = 0 WHERE id = ?', who.user.id),
    ],
  ])('is 400 like any invalid token once %s, and the account stays', async (_, deed) => {
    const w = world();
    const who = await w.signUp();
    const token = await tokenTo(w, who.email);
    const before = await w.rows('SELECT count(*) AS n FROM users');
    await deed(w, who);
    const answer = await disown(w, token);
    expect([answer.status, faultsOf(answer)]).toEqual([400, DEAD_TOKEN]);
    expect(await w.rows('SELECT count(*) AS n FROM users')).toEqual(before);
  });

  it('is not voided by whoever created the account: it survives a new password', async () => {
    const w = world();
    const who = await w.signUp();
    const token = await tokenTo(w, who.email);
    const body = { current_password: PASSWORD, new_password: OTHER_PASSWORD };
    expect((await w.post('/account/password/change', body, { token: who.access })).status).toBe(204);
    expect(faultsOf(await verify(w, token))).toEqual(DEAD_TOKEN);
    expect((await disown(w, token)).status).toBe(204);
  });

  it('sent again still says when and where the account was created', async () => {
    const w = world({ now: Date.UTC(2026, 10, 23, 9, 5) });
    const who = person();
    const { access } = (await w.post('/account/sign-up', who, PLACE)).body;
    for (let i = 0; i < 2; i++) {
      w.clock.advance(600);
      await w.post('/account/email/verify/resend', undefined, { token: access });
      expect((await mailsTo(w, who.email))[0]?.text).toContain('2026-11-23 09:05 UTC from 203.0.113.7');
      const body = { current_password: who.password, new_password: `${OTHER_PASSWORD} ${i}` };
      await w.post('/account/password/change', body, { token: access });
      who.password = body.new_password;
    }
  });

  it('does not delete the last active staff member: 403', async () => {
    const w = world();
    await w.rows('UPDATE users SET is_staff = 0');
    const who = await w.signUp();
    const token = await tokenTo(w, who.email);
    await w.rows('UPDATE users SET is_staff = 1 WHERE id = ?', who.user.id);
    const answer = await disown(w, token);
    expect([answer.status, codeOf(answer)]).toEqual([403, 'permission_denied']);
    await w.rows('UPDATE users SET is_staff = 0 WHERE id = ?', who.user.id);
    expect((await disown(w, token)).status).toBe(204);
  });

  it('with tokens of other kinds is 400', async () => {
    const w = world();
    const who = await w.signUp();
    await w.post('/account/password/reset', { email: who.email });
    const reset = await tokenTo(w, who.email);
    const { token: change } = await wanted(w, who.access);
    for (const token of [reset, change, who.access, who.refresh, 'x']) {
      expect(faultsOf(await disown(w, token))).toEqual(DEAD_TOKEN);
    }
    expect(await usersOf(w, who.email)).toHaveLength(1);
  });
});

describe('asking for the verification mail again', () => {
  it('is 202 with an empty object, and the newer mail voids the older', async () => {
    const w = world();
    const who = await w.signUp();
    const older = await tokenTo(w, who.email);
    const answer = await resend(w, who.access);
    expect([answer.status, answer.body]).toEqual([202, {}]);
    const newer = await tokenTo(w, who.email);
    expect(newer).not.toBe(older);
    expect((await mailsTo(w, who.email))[0]?.text).toContain(`/account/email/verify#token=${newer}`);
    expect(faultsOf(await verify(w, older))).toEqual(DEAD_TOKEN);
    expect((await verify(w, newer)).status).toBe(204);
  });

  it('while the address is replaced sends nothing that verifies the new one', async () => {
    let replace: (() => unknown) | undefined;
    const { DB } = watchedD1({
      before: async ({ statements }) => {
        if (!statements.some(({ sql }) => sql.includes('email_verified_at IS NULL'))) return;
        const now = replace;
        replace = undefined;
        await now?.();
      },
    });
    const w = world({ bindings: { DB } });
    const who = await w.signUp();
    const other = person('other').email;
    const replaced = () => w.rows('UPDATE users SET email = ? WHERE id = ?', other, who.user.id);
    for (const ask of [
      () => resend(w, who.access),
      () => w.post('/account/email/verify/resend', { email: who.email }),
    ]) {
      await w.rows('UPDATE users SET email = ? WHERE id = ?', who.email, who.user.id);
      replace = replaced;
      expect((await ask()).status).toBe(202);
      expect(replace).toBeUndefined();
      expect(await mailsTo(w, who.email)).toHaveLength(1);
    }
  });

  it('ten times leaves one token', async () => {
    const w = world();
    const who = await w.signUp();
    for (let i = 0; i < 10; i++) await resend(w, who.access);
    expect(await tokensOf(w, who.user.id)).toHaveLength(1);
    expect((await verify(w, await tokenTo(w, who.email))).status).toBe(204);
  });

  it('after every of ten changes of the password leaves the token and four that only disown the account', async () => {
    const w = world();
    const who = await w.signUp();
    for (let i = 0; i < 10; i++) {
      const body = { current_password: who.password, new_password: `${OTHER_PASSWORD} ${i}` };
      await w.post('/account/password/change', body, { token: who.access });
      who.password = body.new_password;
      w.clock.advance(60);
      await resend(w, who.access);
    }
    const purposes = (await tokensOf(w, who.user.id)).map(({ purpose }) => purpose).sort();
    expect(purposes).toEqual([...Array(4).fill('email_disown'), 'email_verify']);
    expect((await verify(w, await tokenTo(w, who.email))).status).toBe(204);
  });

  it('for a verified address is the same answer, without an email', async () => {
    const w = world();
    const who = await w.signUp();
    await verify(w, await tokenTo(w, who.email));
    const answer = await resend(w, who.access);
    expect([answer.status, answer.body]).toEqual([202, {}]);
    expect(await subjectsTo(w, who.email)).toHaveLength(1);
    expect(await tokensOf(w, who.user.id)).toEqual([]);
  });

  it('without an address is the same answer', async () => {
    const w = world();
    const who = await w.signUp({ ...person(), username: username() });
    await w.rows('UPDATE users SET email = NULL WHERE id = ?', who.user.id);
    const answer = await resend(w, who.access);
    expect([answer.status, answer.body]).toEqual([202, {}]);
    expect(await subjectsTo(w, who.email)).toHaveLength(1);
  });

  it.each([
    ['verified', 'UPDATE users SET email_verified_at = 1 WHERE id = ?'],
    ['not verified', 'UPDATE users SET email_verified_at = NULL WHERE id = ?'],
  ])('is two round trips to D1 if the address is %s', async (_, sql) => {
    const counted = counting();
    const w = world({ bindings: { DB: counted.bindings.DB } });
    const who = await w.signUp();
    await w.rows(sql, who.user.id);
    expect((await counted.of(() => resend(w, who.access))).d1.roundTrips).toBe(2);
  });

  it('without a token is 401', async () => {
    const answer = await world().post('/account/email/verify/resend');
    expect([answer.status, codeOf(answer)]).toEqual([401, 'not_authenticated']);
  });

  describe('without a token, for an address', () => {
    const resendTo = (w: World, email: unknown) => w.post('/account/email/verify/resend', { email });

    it('sends a link where it is not verified, says the same and costs the same where it is or nobody has it', async () => {
      const counted = counting();
      const w = world({ bindings: { DB: counted.bindings.DB } });
      const [waiting, verified, nobody] = [await w.signUp(), await w.signUp(), person()];
      await verify(w, await tokenTo(w, verified.email));
      for (const [{ email }, mails] of [
        [waiting, 2],
        [verified, 1],
        [nobody, 0],
      ] as const) {
        const cost = await counted.of(() => resendTo(w, email.toUpperCase()));
        expect(cost.d1.roundTrips).toBe(2);
        expect(await mailsTo(w, email)).toHaveLength(mails);
      }
      expect((await resendTo(w, nobody.email)).body).toEqual({});
      expect((await verify(w, await tokenTo(w, waiting.email))).status).toBe(204);
    });

    it('a bad one is 400', async () => {
      expect(faultsOf(await resendTo(world(), 'x'))).toEqual({ email: ['invalid'] });
    });

    it('goes to the caller where there is a token', async () => {
      const w = world();
      const [who, other] = [await w.signUp(), await w.signUp()];
      await w.post('/account/email/verify/resend', { email: other.email }, { token: who.access });
      expect([await mailsTo(w, who.email), await mailsTo(w, other.email)].map((all) => all.length)).toEqual([
        2, 1,
      ]);
    });
  });
});
