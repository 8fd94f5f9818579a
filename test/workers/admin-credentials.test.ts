/** Staff set a user's address and password. */
import { describe, expect, it } from 'vitest';
import {
  actionsOn,
  atConsole,
  beside,
  browser,
  everything,
  historyOf,
  location,
  makeStaff,
  makeUser,
  path,
  rowOf,
  unique,
  w,
} from '../support/console.ts';
import { capturedLog } from '../support/log.ts';
import { mailsTo, subjectsTo, tokensOf, tokenTo, verify, wanted } from '../support/mail.ts';
import { atOnce, codeOf, person, RACE } from '../support/world.ts';

const log = capturedLog();
const NEW_PASSWORD = 'staple of another colour';
const verified = (id: string) => w.rows('UPDATE users SET email_verified_at = 5 WHERE id = ?', id);
const leaveStaff = (id: string) => w.rows('UPDATE users SET is_staff = 0 WHERE id <> ?', id);

describe('a new address', () => {
  it('is the user’s at once, is asked to confirm, and ends no session', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    const email = person('new').email;
    expect((await admin.get(path(target.id, '/email'))).text).toContain(`value="${target.email}"`);
    const answer = await admin.post(path(target.id, '/email'), { email: ` ${email.toUpperCase()} ` });
    expect(location(answer)).toBe(path(target.id, '?done=email'));
    expect(await rowOf(target.id)).toMatchObject({ email, email_verified_at: null });
    expect((await w.me(target.access)).body).toMatchObject({ email, email_verified: false });
    expect((await w.logIn({ email, password: target.password })).status).toBe(200);
    expect((await w.logIn(target)).status).toBe(401);
    expect(await historyOf(target.id)).toMatchObject([
      {
        actor_id: admin.id,
        action: 'user.email_changed',
        detail: JSON.stringify({ email: [target.email, email] }),
      },
    ]);
    expect((await subjectsTo(w, email))[0]).toBe('Confirm your e-mail address');
    expect((await verify(w, await tokenTo(w, email))).status).toBe(204);
    expect((await rowOf(target.id))?.email_verified_at).toBe(w.clock.now);
    expect(log.of('admin_acted')).toMatchObject([{ action: 'user.email_changed', user: target.id }]);
    expect((await admin.get(path(target.id))).text).toContain(
      `E-mail: <bdi>${target.email}</bdi> → <bdi>${email}</bdi>`,
    );
  });

  it('counts as verified where staff say so', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    const email = person('new').email;
    await admin.post(path(target.id, '/email'), { email, verified: 'true' });
    expect(await rowOf(target.id)).toMatchObject({ email, email_verified_at: w.clock.now });
    expect(await subjectsTo(w, email)).toEqual(['Your e-mail address is confirmed']);
    expect(await tokensOf(w, target.id)).toEqual([]);
    expect(JSON.parse(String((await historyOf(target.id))[0]?.detail))).toEqual({
      email: [target.email, email],
      email_verified: [false, true],
    });
  });

  it('can be taken back by the mail to an old one that was verified', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    await verified(target.id);
    await admin.post(path(target.id, '/email'), { email: person('new').email, verified: 'true' });
    expect((await subjectsTo(w, target.email))[0]).toBe('Your e-mail address was changed');
    const token = await tokenTo(w, target.email);
    expect((await w.post('/account/email/take-back', { token })).status).toBe(200);
    expect((await rowOf(target.id))?.email).toBe(target.email);
  });

  it('is told to an old one that nobody verified, without a link into the account', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    await admin.post(path(target.id, '/email'), { email: person('new').email });
    const [mail] = await mailsTo(w, target.email);
    expect([mail?.subject, mail?.token]).toEqual(['Your e-mail address was changed', null]);
    expect((await tokensOf(w, target.id)).map(({ purpose }) => purpose)).toEqual(['email_verify']);
  });

  it('leaves an unproven sign-up unproven: it passes to whoever shows the mailbox', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    const email = person('owner').email;
    await admin.post(path(target.id, '/email'), { email });
    await w.post('/account/password/reset', { email });
    const token = await tokenTo(w, email);
    const reset = { token, new_password: NEW_PASSWORD };
    expect((await w.post('/account/password/reset/confirm', reset)).status).toBe(204);
    expect(await rowOf(target.id)).toBeUndefined();
    expect((await w.logIn({ email, password: NEW_PASSWORD })).status).toBe(200);
  });

  it('voids every link that was mailed before', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    const verification = await tokenTo(w, target.email);
    const change = await wanted(w, target.access);
    await w.post('/account/password/reset', { email: target.email });
    const reset = await tokenTo(w, target.email);
    await admin.post(path(target.id, '/email'), { email: person('new').email });
    for (const answer of [
      await verify(w, verification),
      await w.post('/account/email/disown', { token: verification }),
      await verify(w, change.token),
      await w.post('/account/password/reset/confirm', { token: reset, new_password: NEW_PASSWORD }),
    ]) {
      expect(answer.body.errors.token[0].code).toBe('token_not_valid');
    }
  });

  it('takes a username that was the old one along', async () => {
    const admin = await makeStaff();
    const boss = await atConsole();
    const target = await makeUser();
    await w.patch(`/admin/api/users/${target.id}`, { username: target.email }, { token: admin.access });
    const email = person('new').email;
    await boss.post(path(target.id, '/email'), { email });
    expect(await rowOf(target.id)).toMatchObject({ email, username: null, username_key: null });
    expect((await w.logIn({ username: target.email, password: target.password })).status).toBe(401);
  });

  it('makes an imported user without one reachable', async () => {
    const admin = await atConsole();
    const target = await makeUser({ username: unique() });
    await w.rows("DELETE FROM logins WHERE kind = 'email' AND user_id = ?", target.id);
    await w.rows("UPDATE users SET email = NULL, password_hash = '' WHERE id = ?", target.id);
    const email = person('found').email;
    expect((await admin.post(path(target.id, '/email'), { email, verified: 'true' })).status).toBe(303);
    await w.post('/account/password/reset', { email });
    const reset = { token: await tokenTo(w, email), new_password: NEW_PASSWORD };
    expect((await w.post('/account/password/reset/confirm', reset)).status).toBe(204);
    expect((await w.logIn({ email, password: NEW_PASSWORD })).status).toBe(200);
  });

  it.each<[string, () => Promise<string>, number, string]>([
    ['nonsense', async () => 'nonsense', 400, 'Enter a valid email address.'],
    ['nothing', async () => '', 400, 'This field may not be blank.'],
    [
      'another’s',
      async () => (await makeUser()).email,
      409,
      'An account with this e-mail address already exists.',
    ],
  ])('that is %s is refused beside the field, with what was typed', async (_, make, status, sentence) => {
    const admin = await atConsole();
    const target = await makeUser();
    const email = await make();
    const answer = await admin.post(path(target.id, '/email'), { email, verified: 'true' });
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(sentence);
    expect(answer.text).toContain(`value="${email}"`);
    expect(answer.text).toMatch(/<input id="verified"[^>]* checked/);
    expect(await rowOf(target.id)).toMatchObject({ email: target.email });
    expect(await historyOf(target.id)).toEqual([]);
  });

  it('that is the old one changes nothing', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    const before = await everything();
    expect((await admin.post(path(target.id, '/email'), { email: target.email })).status).toBe(303);
    expect(await everything()).toEqual(before);
  });

  it('is given to one of many who are to have it at once', RACE, async () => {
    const admin = await atConsole();
    const targets = await atOnce(6, () => makeUser());
    const email = person('one').email;
    const answers = await atOnce(6, (i) => admin.post(path(targets[i]?.id ?? '', '/email'), { email }));
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 409, 409, 409, 409, 409]);
    expect(await w.rows('SELECT 1 FROM users WHERE email = ?', email)).toHaveLength(1);
    expect(await w.rows("SELECT 1 FROM logins WHERE kind = 'email' AND key = ?", email)).toHaveLength(1);
  });

  it('is set where mail is off, and nobody is told', async () => {
    const off = beside({ vars: { MAIL: 'off' } });
    const admin = await atConsole(off);
    const target = await makeUser();
    await w.rows('DELETE FROM one_time_tokens WHERE subject = ?', target.id);
    const email = person('new').email;
    expect((await admin.post(path(target.id, '/email'), { email })).status).toBe(303);
    expect(await rowOf(target.id)).toMatchObject({ email });
    expect(await tokensOf(w, target.id)).toEqual([]);
  });
});

describe('an address that staff mark as verified', () => {
  it('counts as proven, and its older links are void', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    const token = await tokenTo(w, target.email);
    expect((await admin.get(path(target.id))).text).toContain(path(target.id, '/verify-email'));
    const answer = await admin.post(path(target.id, '/verify-email'));
    expect(location(answer)).toBe(path(target.id, '?done=verify-email'));
    expect((await rowOf(target.id))?.email_verified_at).toBe(w.clock.now);
    expect((await subjectsTo(w, target.email))[0]).toBe('Your e-mail address is confirmed');
    expect((await w.post('/account/email/disown', { token })).status).toBe(400);
    expect(await historyOf(target.id)).toMatchObject([
      { action: 'user.email_verified', detail: '{"email_verified":[false,true]}' },
    ]);
    w.clock.advance(1);
    await admin.post(path(target.id, '/verify-email'));
    expect(await actionsOn(target.id)).toEqual(['user.email_verified']);
    expect((await admin.get(path(target.id))).text).not.toContain(path(target.id, '/verify-email'));
  });
});

describe('a password that staff set', () => {
  it('replaces the old one, ends every session in D1 and KV, and is not mailed', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    const second = (await w.logIn(target)).body as { access: string; refresh: string };
    await w.post('/account/password/reset', { email: target.email });
    const reset = await tokenTo(w, target.email);
    const answer = await admin.post(path(target.id, '/password'), { password: NEW_PASSWORD });
    expect(location(answer)).toBe(path(target.id, '?done=password'));
    for (const token of [target.access, second.access]) {
      expect(await w.sessionOf(token)).toMatchObject({ revoked_reason: 'password_reset' });
      expect(await w.kvOf(token)).toBe('password_reset');
    }
    expect((await w.refresh(second.refresh)).status).toBe(401);
    expect((await w.logIn(target)).status).toBe(401);
    expect((await w.logIn({ email: target.email, password: NEW_PASSWORD })).status).toBe(200);
    const again = { token: reset, new_password: 'yet another of them' };
    expect((await w.post('/account/password/reset/confirm', again)).status).toBe(400);
    const [mail] = await mailsTo(w, target.email);
    expect(mail?.subject).toBe('Your password was changed');
    expect(JSON.stringify(mail)).not.toContain(NEW_PASSWORD);
    expect(await rowOf(target.id)).toMatchObject({ email_verified_at: null });
    expect(await historyOf(target.id)).toMatchObject([{ action: 'user.password_set', detail: null }]);
  });

  it.each([
    ['short', 'This password is too short.'],
    ['0123456789', 'entirely numeric'],
    ['', 'This field may not be blank.'],
  ])('is refused as at sign-up: %j', async (password, sentence) => {
    const admin = await atConsole();
    const target = await makeUser();
    const answer = await admin.post(path(target.id, '/password'), { password });
    expect([answer.status, answer.text.includes(sentence)]).toEqual([400, true]);
    expect(answer.text).not.toContain('value="short"');
    expect((await w.me(target.access)).status).toBe(200);
    expect(await historyOf(target.id)).toEqual([]);
  });

  it('of oneself ends in the log-in page', async () => {
    const admin = await atConsole();
    const answer = await admin.post(path(admin.id, '/password'), { password: NEW_PASSWORD });
    expect(answer.status).toBe(303);
    expect((await admin.get('/admin')).status).toBe(303);
    expect((await w.logIn({ email: admin.email, password: NEW_PASSWORD })).status).toBe(200);
  });
});

describe('the removal of a password', () => {
  it('leaves none that works, ends every session, and is mailed', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    expect((await admin.get(path(target.id))).text).toContain(path(target.id, '/remove-password'));
    const answer = await admin.post(path(target.id, '/remove-password'));
    expect(location(answer)).toBe(path(target.id, '?done=remove-password'));
    expect((await rowOf(target.id))?.password_hash).toBe('');
    expect(await w.kvOf(target.access)).toBe('password_reset');
    expect((await w.logIn(target)).status).toBe(401);
    expect((await subjectsTo(w, target.email))[0]).toBe('Your password was removed');
    expect((await admin.get(path(target.id))).text).not.toContain(path(target.id, '/remove-password'));
    w.clock.advance(1);
    const second = await w.rows('SELECT 1 FROM sessions WHERE user_id = ?', target.id);
    await admin.post(path(target.id, '/remove-password'));
    expect(await actionsOn(target.id)).toEqual(['user.password_removed']);
    expect(second).toHaveLength(1);
  });

  it('spares the last staff member who can sign in', async () => {
    const admin = await atConsole();
    await leaveStaff(admin.id);
    const answer = await admin.post(path(admin.id, '/remove-password'));
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('The last active staff member cannot be removed');
    expect((await admin.get('/admin')).status).toBe(200);
    await w.rows('UPDATE users SET passkey_count = 1 WHERE id = ?', admin.id);
    expect((await admin.post(path(admin.id, '/remove-password'))).status).toBe(303);
  });

  it('leaves one of two staff members, whoever removes whose at once', RACE, async () => {
    const [one, two] = [await atConsole(), await atConsole()];
    await w.rows('UPDATE users SET is_staff = 0 WHERE id NOT IN (?, ?)', one.id, two.id);
    await atOnce(10, (i) =>
      i % 2 === 0 ? one.post(path(two.id, '/remove-password')) : two.post(path(one.id, '/remove-password')),
    );
    const left = await w.rows(
      "SELECT 1 FROM users WHERE id IN (?, ?) AND password_hash <> ''",
      one.id,
      two.id,
    );
    expect(left).toHaveLength(1);
  });
});

describe('each of these', () => {
  const ACTS: [string, Record<string, string>?][] = [
    ['/email', { email: 'somebody-new@example.com' }],
    ['/verify-email'],
    ['/password', { password: NEW_PASSWORD }],
    ['/remove-password'],
  ];
  /** D1 in which something happens to every batch. */
  const withBatch = (batch: (real: D1Database, statements: D1PreparedStatement[]) => Promise<D1Result[]>) =>
    new Proxy(w.env.DB, {
      get(binding, name) {
        if (name === 'batch') return (statements: D1PreparedStatement[]) => batch(binding, statements);
        const value = Reflect.get(binding, name) as unknown;
        return typeof value === 'function' ? value.bind(binding) : value;
      },
    });

  it('is one batch with its history: neither is there where the batch fails', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    const before = await everything();
    const DB = withBatch((real, statements) =>
      real.batch([...statements, real.prepare('INSERT INTO admin_log (id) VALUES (NULL)')]),
    );
    const failing = browser(admin.cookie, beside({ bindings: { DB } }));
    for (const [act, form] of ACTS) {
      expect([act, (await failing.post(path(target.id, act), form)).status]).toEqual([act, 503]);
    }
    expect(await everything()).toEqual(before);
  });

  it('does not happen where the staff member loses the right between the check and the act', async () => {
    const admin = await atConsole();
    const target = await makeUser();
    const before = await rowOf(target.id);
    const DB = withBatch(async (real, statements) => {
      await w.rows('UPDATE users SET is_staff = 0 WHERE id = ?', admin.id);
      return real.batch(statements);
    });
    const late = browser(admin.cookie, beside({ bindings: { DB } }));
    for (const [act, form] of ACTS) {
      await w.rows('UPDATE users SET is_staff = 1 WHERE id = ?', admin.id);
      expect([act, (await late.post(path(target.id, act), form)).status]).toEqual([act, 403]);
    }
    expect(await rowOf(target.id)).toEqual(before);
    expect(await historyOf(target.id)).toEqual([]);
    expect((await w.me(target.access)).status).toBe(200);
  });

  it('of a user who is gone is a 404', async () => {
    const admin = await atConsole();
    for (const [act, form] of ACTS) {
      const answer = await admin.post(path(crypto.randomUUID(), act), form);
      expect([act, answer.status, codeOf(answer)]).toEqual([act, 404, undefined]);
    }
  });
});
