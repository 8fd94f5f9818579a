/** Which account a sign-in with a provider opens, and what its owner does with connections. */
import { describe, expect, it } from 'vitest';
import {
  APP,
  browser,
  callback,
  challengeOf,
  dance,
  exchange,
  type FakeIssuer,
  issuer,
  outcomeOf,
  signInWith,
  VERIFIER,
  verified,
  worldWith,
} from '../support/issuer.ts';
import { capturedLog } from '../support/log.ts';
import {
  atOnce,
  claimsOf,
  codeOf,
  faultsOf,
  person,
  RACE,
  tally,
  type Vars,
  type World,
} from '../support/world.ts';

const log = capturedLog();

const set = async (vars: Vars = {}) => {
  const op = await issuer();
  const w = worldWith(op, vars);
  op.set({ now: () => w.clock.now });
  return { op, w };
};

const inbox = async (w: World, email: string) =>
  (await w.get(`/dev/mail?to=${encodeURIComponent(email)}`, { headers: { Accept: 'application/json' } })).body
    .messages as { subject: string; token: string | null }[];
const subjects = async (w: World, email: string) => (await inbox(w, email)).map(({ subject }) => subject);

/** Signed up here, the address verified. */
async function proven(w: World) {
  const who = await w.signUp();
  const [mail] = await inbox(w, who.email);
  expect((await w.post('/account/email/verify', { token: mail?.token })).status).toBe(204);
  return who;
}

const listed = async (w: World, token: string) =>
  (await w.get('/account/connections', { token })).body.connections as { id: string; provider: string }[];

/** The URL that adds a connection. */
async function linkUrl(w: World, token: string, more: object = {}) {
  const body = { return_to: APP, code_challenge: await challengeOf(VERIFIER), ...more };
  return w.post('/account/connections/acme', body, { token });
}
const pathOf = (url: string) => new URL(url).pathname + new URL(url).search;

/** To the provider and back: the code that the app has to exchange. */
async function offered(w: World, op: FakeIssuer, token: string) {
  const { body } = await linkUrl(w, token);
  const b = browser(w);
  const started = await b.get(pathOf(body.url));
  return outcomeOf(await callback(b, op.browse(started.headers.get('Location') ?? '')));
}

/** A connection added the whole way; what the exchange answered. */
async function connect(w: World, op: FakeIssuer, token: string) {
  const { code, error } = await offered(w, op, token);
  return code === null ? { error } : { answer: await exchange(w, code) };
}

const rowsOf = async (w: World, userId: string) => {
  const count = async (sql: string) => (await w.rows<{ n: number }>(sql, userId))[0]?.n;
  return {
    connections: await count('SELECT count(*) AS n FROM connections WHERE user_id = ?'),
    logins: await count("SELECT count(*) AS n FROM logins WHERE user_id = ? AND kind LIKE 'oidc:%'"),
  };
};

describe('an account is found', () => {
  it('by the identity: two accounts with one address at a provider are two identities', async () => {
    const { op, w } = await set();
    const { email } = op.as(verified());
    const first = await signInWith(w, op);
    op.as(verified(email as string));
    const second = await signInWith(w, op);
    expect(claimsOf(second.body.access).sub).toBe(first.body.user.id);
    expect(await listed(w, second.body.access)).toHaveLength(2);
    expect(await subjects(w, email as string)).toContain('An account was connected');
  });

  it('by the whole identity: another case of its letters is somebody else', async () => {
    const { op, w } = await set();
    op.as({ ...verified(), sub: 'Mina' });
    const first = await signInWith(w, op);
    op.as({ ...verified(), sub: 'mina' });
    const second = await signInWith(w, op);
    expect([second.status, second.body.user.id === first.body.user.id]).toEqual([201, false]);
  });

  it('without an address, and the connection keeps the newest that was told', async () => {
    const { op, w } = await set();
    const { sub } = op.as(verified());
    await signInWith(w, op);
    const { email } = op.as({ sub, ...verified() });
    await signInWith(w, op);
    op.as({ sub });
    const { status, body } = await signInWith(w, op);
    expect([status, await listed(w, body.access)]).toEqual([200, [expect.objectContaining({ email })]]);
  });

  it('by the address that the provider vouches for, if the account has verified it', async () => {
    const { op, w } = await set();
    const who = await proven(w);
    op.as(verified(who.email.toUpperCase()));
    const answer = await signInWith(w, op);
    expect(answer.status).toBe(200);
    expect(claimsOf(answer.body.access).sub).toBe(who.user.id);
    expect((await w.logIn(who)).status).toBe(200);
    expect((await w.me(who.access)).status).toBe(200);
    expect(await subjects(w, who.email)).toContain('An account was connected');
    expect(log.of('connection_added')).toEqual([
      expect.objectContaining({ user: who.user.id, provider: 'acme' }),
    ]);
  });

  it.each<[string, object]>([
    ['false', { email_verified: false }],
    ['absent', {}],
    ['1', { email_verified: 1 }],
    ['"yes"', { email_verified: 'yes' }],
    ['"True"', { email_verified: 'True' }],
    ['null', { email_verified: null }],
  ])('is not found by an address whose email_verified is %s', async (_, claims) => {
    const { op, w } = await set();
    const who = await proven(w);
    op.as({ email: who.email, ...claims });
    expect(await dance(w, op)).toEqual({ code: null, error: 'account_exists' });
    expect(await rowsOf(w, who.user.id)).toEqual({ connections: 0, logins: 0 });
  });

  it('if email_verified is the text "true", as Apple sends it', async () => {
    const { op, w } = await set();
    op.as({ email: person().email, email_verified: 'true' });
    expect((await signInWith(w, op)).body.user.email_verified).toBe(true);
  });

  it('is not found if the user is inactive, by identity or address', async () => {
    const { op, w } = await set();
    const who = await proven(w);
    await w.rows('UPDATE users SET is_active = 0 WHERE id = ?', who.user.id);
    op.as(verified(who.email));
    expect((await dance(w, op)).error).toBe('user_inactive');
    const other = await set();
    other.op.as(verified());
    const made = await signInWith(other.w, other.op);
    await other.w.rows('UPDATE users SET is_active = 0 WHERE id = ?', made.body.user.id);
    expect((await dance(other.w, other.op)).error).toBe('user_inactive');
  });

  it('is not found if it is staff with an unverified address', async () => {
    const { op, w } = await set();
    const who = await w.signUp();
    await w.rows('UPDATE users SET is_staff = 1 WHERE id = ?', who.user.id);
    op.as(verified(who.email));
    expect((await dance(w, op)).error).toBe('account_exists');
  });
});

describe('a new account', () => {
  it('has an unverified address, and gets an email, if the provider does not vouch for it', async () => {
    const { op, w } = await set();
    const { email } = op.as({ email: person().email, email_verified: false });
    const answer = await signInWith(w, op);
    expect([answer.status, answer.body.user.email_verified]).toEqual([201, false]);
    const [mail] = await inbox(w, email as string);
    expect(mail?.subject).toBe('Confirm your e-mail address');
    expect((await w.post('/account/email/verify', { token: mail?.token })).status).toBe(204);
  });

  it.each<[string, Record<string, unknown>]>([
    ['no address', {}],
    ['an address that is none', { email: 'not an address', email_verified: true }],
    ['an address that is a list', { email: ['a@example.com'], email_verified: true }],
  ])('needs an address: %s is email_missing', async (_, claims) => {
    const { op, w } = await set();
    op.as(claims);
    expect((await dance(w, op)).error).toBe('email_missing');
  });

  it('is not created if sign-up is closed; existing users sign in', async () => {
    const { op, w } = await set({ SIGN_UP: 'closed' });
    op.as(verified());
    expect((await dance(w, op)).error).toBe('sign_up_closed');
    const open = worldWith(op);
    await signInWith(open, op);
    expect((await signInWith(w, op)).status).toBe(200);
  });

  it('needs an address that the provider vouches for with SIGN_UP=verify', async () => {
    const { op, w } = await set({ SIGN_UP: 'verify' });
    op.as({ email: person().email });
    expect((await dance(w, op)).error).toBe('email_not_verified');
    op.as(verified());
    expect((await signInWith(w, op)).status).toBe(201);
  });

  it('has no password; one can be chosen soon after a sign-in', async () => {
    const { op, w } = await set();
    const { email } = op.as(verified());
    const { body } = await signInWith(w, op);
    expect((await w.logIn({ email: email as string, password: '' })).status).toBe(400);
    const password = 'another horse battery';
    const chosen = await w.post(
      '/account/password/change',
      { new_password: password },
      { token: body.access },
    );
    expect(chosen.status).toBe(204);
    expect((await w.logIn({ email: email as string, password })).status).toBe(200);
  });

  it.each<[string, unknown]>([
    ['of 151 characters', 'x'.repeat(151)],
    ['with a control character', 'a\u0007b'],
    ['that is blank', '  '],
    ['that is a number', 5],
  ])('does not copy a name %s', async (_, name) => {
    const { op, w } = await set();
    op.as({ ...verified(), name });
    expect((await signInWith(w, op)).body.user.name).toBeNull();
  });
});

describe('with a second factor', () => {
  it('the exchange asks for it, and opens no session', async () => {
    const { op, w } = await set({ ENCRYPTION_KEY: btoa('0123456789abcdef0123456789abcdef') });
    op.as(verified());
    const { body } = await signInWith(w, op);
    await w.rows('UPDATE users SET has_second_factor = 1 WHERE id = ?', body.user.id);
    const before = await w.rows('SELECT id FROM sessions WHERE user_id = ?', body.user.id);
    const { code } = await dance(w, op);
    const answer = await exchange(w, code);
    expect([answer.status, codeOf(answer)]).toEqual([401, 'mfa_required']);
    expect(answer.body).toMatchObject({ mfa_token: expect.any(String), methods: ['totp', 'recovery_code'] });
    expect(await w.rows('SELECT id FROM sessions WHERE user_id = ?', body.user.id)).toEqual(before);
    expect(codeOf(await exchange(w, code))).toBe('code_not_valid');
  });
});

describe('adding a connection', () => {
  it('takes the user to the provider and back, and lists it', async () => {
    const { op, w } = await set();
    const who = await proven(w);
    const { email } = op.as(verified());
    const started = await linkUrl(w, who.access);
    expect(started.status).toBe(200);
    expect(started.body.url).toMatch(
      new RegExp(`^http://localhost/account/login/with/acme\\?ticket=${who.user.id}\\.[\\w-]{43}$`),
    );
    const b = browser(w);
    const there = await b.get(pathOf(started.body.url));
    const { code } = outcomeOf(await callback(b, op.browse(there.headers.get('Location') ?? '')));
    const expected = {
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      provider: 'acme',
      email,
      created_at: expect.stringMatching(/Z$/),
      last_used_at: expect.stringMatching(/Z$/),
    };
    expect(await listed(w, who.access)).toEqual([{ ...expected, email: null }]);
    const answer = await exchange(w, code);
    expect([answer.status, claimsOf(answer.body.access).sub]).toEqual([200, who.user.id]);
    expect(await listed(w, who.access)).toEqual([expected]);
    expect(await rowsOf(w, who.user.id)).toEqual({ connections: 1, logins: 1 });
    expect(await subjects(w, who.email)).toContain('An account was connected');
    expect(claimsOf((await signInWith(w, op)).body.access).sub).toBe(who.user.id);
  });

  it('has no effect until the app exchanges the code: somebody else who opens the URL does not connect their account', async () => {
    const { op, w } = await set();
    const attacker = await proven(w);
    const victim = op.as(verified());
    const { body } = await linkUrl(w, attacker.access);
    const b = browser(w);
    const there = await b.get(pathOf(body.url));
    outcomeOf(await callback(b, op.browse(there.headers.get('Location') ?? '')));
    const answer = await signInWith(w, op);
    expect([answer.status, answer.body.user.email]).toEqual([201, victim.email]);
    expect(JSON.stringify(await listed(w, attacker.access))).not.toContain(victim.email);
    w.clock.advance(60);
    expect(await listed(w, attacker.access)).toEqual([]);
  });

  it('is withdrawn if it is removed before the app exchanges the code', async () => {
    const { op, w } = await set();
    const [who, other] = [await proven(w), await proven(w)];
    op.as(verified());
    const { code } = await offered(w, op, who.access);
    const [connection] = await listed(w, who.access);
    const path = `/account/connections/${connection?.id}`;
    expect((await w.delete(path, {}, { token: other.access })).status).toBe(404);
    expect((await w.delete(path, {}, { token: who.access })).status).toBe(204);
    expect(await listed(w, who.access)).toEqual([]);
    expect((await w.delete(path, {}, { token: who.access })).status).toBe(404);
    expect(codeOf(await exchange(w, code))).toBe('code_not_valid');
    expect(await rowsOf(w, who.user.id)).toEqual({ connections: 0, logins: 0 });
    expect(await subjects(w, who.email)).not.toContain('A connected account was removed');
  });

  it.each<[string, object, Record<string, string[]>]>([
    [
      'nothing',
      { return_to: undefined, code_challenge: undefined },
      { return_to: ['required'], code_challenge: ['required'] },
    ],
    ['a return_to that is not allowed', { return_to: 'https://evil.example/' }, { return_to: ['invalid'] }],
    ['a bad challenge', { code_challenge: 'x' }, { code_challenge: ['invalid'] }],
    ['a wrong password', { password: 'not the password' }, { password: ['password_incorrect'] }],
  ])('refuses %s', async (_, more, faults) => {
    const { w } = await set();
    const who = await w.signUp();
    const answer = await linkUrl(w, who.access, more);
    expect([answer.status, faultsOf(answer)]).toEqual([400, faults]);
  });

  it('asks for a reauthentication within REAUTH_WINDOW, or the password', async () => {
    const { w } = await set();
    const who = await w.signUp();
    w.clock.advance(601);
    const answer = await linkUrl(w, who.access);
    expect([answer.status, codeOf(answer)]).toEqual([401, 'reauthentication_required']);
    expect((await linkUrl(w, who.access, { password: who.password })).status).toBe(200);
  });

  it('is for signed-in users and configured providers', async () => {
    const { w } = await set();
    const who = await w.signUp();
    expect((await w.post('/account/connections/acme', {})).status).toBe(401);
    const body = { return_to: APP, code_challenge: await challengeOf(VERIFIER) };
    expect((await w.post('/account/connections/other', body, { token: who.access })).status).toBe(404);
  });

  it('works once, in the browser that opens the URL first', async () => {
    const { op, w } = await set();
    const who = await w.signUp();
    op.as(verified());
    const { body } = await linkUrl(w, who.access);
    const [first, second] = [browser(w), browser(w)];
    const there = await first.get(pathOf(body.url));
    expect(there.status).toBe(302);
    const late = await second.get(pathOf(body.url));
    expect([late.status, faultsOf(late)]).toEqual([400, { ticket: ['token_not_valid'] }]);
    expect((await first.get(pathOf(body.url))).status).toBe(400);
    const parameters = op.browse(there.headers.get('Location') ?? '');
    expect((await callback(second, parameters)).status).toBe(400);
    expect(outcomeOf(await callback(first, parameters)).code).not.toBeNull();
  });

  it.each<[string, (url: string) => string]>([
    ['another user', (url) => url.replace(/ticket=.{36}/, `ticket=${crypto.randomUUID()}`)],
    ['another secret', (url) => url.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'))],
    ['something made up', (url) => url.replace(/ticket=.*/, 'ticket=made-up')],
    ['nothing', (url) => url.replace(/ticket=.*/, 'ticket=')],
  ])('refuses a ticket of %s', async (_, change) => {
    const { w } = await set();
    const who = await w.signUp();
    const { body } = await linkUrl(w, who.access);
    const answer = await w.get(pathOf(change(body.url)));
    expect([answer.status, faultsOf(answer)]).toEqual([400, { ticket: ['token_not_valid'] }]);
  });

  it('ends after ten minutes, and with the session that asked', async () => {
    const { op, w } = await set();
    const who = await w.signUp();
    op.as(verified());
    const { body } = await linkUrl(w, who.access);
    const b = browser(w);
    const there = await b.get(pathOf(body.url));
    await w.logOut(who.refresh);
    expect(outcomeOf(await callback(b, op.browse(there.headers.get('Location') ?? '')))).toEqual({
      code: null,
      error: 'expired',
    });
    const other = await w.signUp();
    const late = await linkUrl(w, other.access);
    w.clock.advance(600);
    expect((await w.get(pathOf(late.body.url))).status).toBe(400);
  });

  it('of another user’s identity is connection_taken', async () => {
    const { op, w } = await set();
    op.as(verified());
    const owner = await signInWith(w, op);
    const who = await w.signUp();
    expect(await connect(w, op, who.access)).toEqual({ error: 'connection_taken' });
    expect(await listed(w, owner.body.access)).toHaveLength(1);
  });

  it('of an identity that another user connects before the exchange is 409', async () => {
    const { op, w } = await set();
    const who = await w.signUp();
    op.as(verified());
    const { code } = await offered(w, op, who.access);
    await signInWith(w, op);
    const answer = await exchange(w, code);
    expect([answer.status, codeOf(answer)]).toEqual([409, 'connection_taken']);
    expect(await rowsOf(w, who.user.id)).toEqual({ connections: 0, logins: 0 });
  });

  it('of a user who becomes staff before the exchange is refused, and adds nothing', async () => {
    const { op, w } = await set();
    const who = await w.signUp();
    op.as(verified());
    const { code } = await offered(w, op, who.access);
    await w.rows('UPDATE users SET is_staff = 1 WHERE id = ?', who.user.id);
    const answer = await exchange(w, code);
    expect([answer.status, codeOf(answer)]).toEqual([401, 'no_active_account']);
    expect(await rowsOf(w, who.user.id)).toEqual({ connections: 0, logins: 0 });
    expect(log.of('connection_added')).toEqual([]);
  });

  it('of one’s own identity again changes nothing', async () => {
    const { op, w } = await set();
    const who = await w.signUp();
    op.as(verified());
    await connect(w, op, who.access);
    const { answer } = await connect(w, op, who.access);
    expect(answer?.status).toBe(200);
    expect(await listed(w, who.access)).toHaveLength(1);
    expect(log.of('connection_added')).toHaveLength(1);
    const told = (await subjects(w, who.email)).filter((subject) => subject === 'An account was connected');
    expect(told).toHaveLength(1);
  });

  it('once for fifty exchanges at once', RACE, async () => {
    const { op, w } = await set();
    const who = await w.signUp();
    op.as(verified());
    const { body } = await linkUrl(w, who.access);
    const b = browser(w);
    const there = await b.get(pathOf(body.url));
    const { code } = outcomeOf(await callback(b, op.browse(there.headers.get('Location') ?? '')));
    expect(tally(await atOnce(50, () => exchange(w, code)))).toEqual({ 200: 1, 401: 49 });
    expect(await rowsOf(w, who.user.id)).toEqual({ connections: 1, logins: 1 });
  });

  it('one browser takes the URL, of fifty at once', RACE, async () => {
    const { w } = await set();
    const who = await w.signUp();
    const { body } = await linkUrl(w, who.access);
    expect(tally(await atOnce(50, () => w.get(pathOf(body.url))))).toEqual({ 302: 1, 400: 49 });
  });
});

describe('removing a connection', () => {
  const remove = (w: World, token: string, id: string, body: object = {}) =>
    w.delete(`/account/connections/${id}`, body, { token });

  it('ends sign-ins with it, and is notified by email', async () => {
    const { op, w } = await set();
    const who = await proven(w);
    op.as(verified());
    await connect(w, op, who.access);
    const [connection] = await listed(w, who.access);
    expect((await remove(w, who.access, connection?.id ?? '')).status).toBe(204);
    expect(await listed(w, who.access)).toEqual([]);
    expect(await rowsOf(w, who.user.id)).toEqual({ connections: 0, logins: 0 });
    expect(await subjects(w, who.email)).toContain('A connected account was removed');
    expect(log.of('connection_removed')).toHaveLength(1);
    // Now somebody else may have the identity.
    expect((await signInWith(w, op)).status).toBe(201);
  });

  it('voids the codes of sign-ins that are not exchanged yet, unless it is refused', async () => {
    const { op, w } = await set();
    op.as(verified());
    const { body } = await signInWith(w, op);
    const [connection] = await listed(w, body.access);
    const { code: kept } = await dance(w, op);
    expect((await remove(w, body.access, connection?.id ?? '')).status).toBe(409);
    expect((await exchange(w, kept)).status).toBe(200);
    const { code } = await dance(w, op);
    await w.post(
      '/account/password/change',
      { new_password: 'another horse battery' },
      { token: body.access },
    );
    const { code: newer } = await dance(w, op);
    expect((await remove(w, body.access, connection?.id ?? '')).status).toBe(204);
    for (const one of [code, newer]) expect(codeOf(await exchange(w, one))).toBe('code_not_valid');
  });

  it('of another user’s, and of an unknown one, is 404', async () => {
    const { op, w } = await set();
    op.as(verified());
    const owner = await signInWith(w, op);
    const [connection] = await listed(w, owner.body.access);
    const who = await w.signUp();
    for (const id of [connection?.id ?? '', crypto.randomUUID(), 'acme']) {
      expect((await remove(w, who.access, id)).status).toBe(404);
    }
    expect(await listed(w, owner.body.access)).toHaveLength(1);
  });

  it('asks for a reauthentication within REAUTH_WINDOW, or the password', async () => {
    const { op, w } = await set();
    const who = await proven(w);
    op.as(verified());
    await connect(w, op, who.access);
    const [connection] = await listed(w, who.access);
    w.clock.advance(601);
    expect(codeOf(await remove(w, who.access, connection?.id ?? ''))).toBe('reauthentication_required');
    expect((await remove(w, who.access, connection?.id ?? '', { password: who.password })).status).toBe(204);
  });

  it('is refused for the last way to sign in', async () => {
    const { op, w } = await set();
    op.as(verified());
    const { body } = await signInWith(w, op);
    const [connection] = await listed(w, body.access);
    const answer = await remove(w, body.access, connection?.id ?? '');
    expect([answer.status, codeOf(answer)]).toEqual([409, 'last_sign_in_method']);
    expect(await listed(w, body.access)).toHaveLength(1);
    await w.post(
      '/account/password/change',
      { new_password: 'another horse battery' },
      { token: body.access },
    );
    expect((await remove(w, body.access, connection?.id ?? '')).status).toBe(204);
  });

  it('leaves one of two, removed at once', RACE, async () => {
    const { op, w } = await set();
    const { email } = op.as(verified());
    await signInWith(w, op);
    op.as(verified(email as string));
    const { body } = await signInWith(w, op);
    const both = await listed(w, body.access);
    expect(both).toHaveLength(2);
    const answers = await Promise.all(both.map(({ id }) => remove(w, body.access, id)));
    expect(tally(answers)).toEqual({ 204: 1, 409: 1 });
  });
});

describe('when the account is deleted', () => {
  it('withdrawal deletes its connections, and the identity can sign up again', async () => {
    const { op, w } = await set();
    op.as(verified());
    const { body } = await signInWith(w, op);
    expect((await w.delete('/account/me', {}, { token: body.access })).status).toBe(204);
    expect(await rowsOf(w, body.user.id)).toEqual({ connections: 0, logins: 0 });
    const again = await signInWith(w, op);
    expect(again.status).toBe(201);
    expect(again.body.user.id).not.toBe(body.user.id);
  });

  it('an exchange for a deleted account opens no session', async () => {
    const { op, w } = await set();
    op.as(verified());
    const { body } = await signInWith(w, op);
    const { code } = await dance(w, op);
    await w.delete('/account/me', {}, { token: body.access });
    expect((await exchange(w, code)).status).toBe(401);
  });
});
