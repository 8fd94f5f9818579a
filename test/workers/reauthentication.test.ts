/** How a session was authenticated: the claims, `reauthenticate`, and the changes that ask for fresh proof (RFC 9470). */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { counting } from '../support/counting.ts';
import { capturedLog } from '../support/log.ts';
import { ENCRYPTION_KEY, enrol, totp } from '../support/totp.ts';
import { watchedD1 } from '../support/watched-d1.ts';
import { type Answer, claimsOf, codeOf, faultsOf, person, type World, world } from '../support/world.ts';

capturedLog();

const PASSWORD = 'correct horse battery';
const WINDOW = 600;
type Who = Awaited<ReturnType<World['signUp']>>;

const reauthenticate = (w: World, who: { access: string }, body: object = { password: PASSWORD }) =>
  w.post('/account/reauthenticate', body, { token: who.access });
const proofOf = (token: string) => {
  const { auth_time, amr } = claimsOf(token);
  return { auth_time, amr };
};
/** As a user has none who came by a connected account or an import without a hash. */
const withoutPassword = (w: World, who: Who) =>
  w.rows("UPDATE users SET password_hash = '' WHERE id = ?", who.user.id);

/** Every change that asks for the password, with what else its body needs. */
const CHANGES: [name: string, field: string, send: (w: World, who: Who, more: object) => Promise<Answer>][] =
  [
    [
      'a change of password',
      'current_password',
      (w, who, more) =>
        w.post(
          '/account/password/change',
          { new_password: 'staple battery horse', ...more },
          { token: who.access },
        ),
    ],
    [
      'a change of e-mail address',
      'password',
      (w, who, more) =>
        w.post('/account/email/change', { new_email: person().email, ...more }, { token: who.access }),
    ],
    ['a withdrawal', 'password', (w, who, more) => w.delete('/account/me', more, { token: who.access })],
  ];
const DONE = [202, 204];

describe('an access token has the time and methods of authentication', () => {
  it('at sign-up, at a log-in and after every refresh', async () => {
    const w = world();
    const who = await w.signUp();
    const signedUpAt = w.clock.now;
    expect(proofOf(who.access)).toEqual({ auth_time: signedUpAt, amr: ['pwd'] });
    w.clock.advance(60);
    const next = await w.refresh(who.refresh);
    expect(proofOf(next.body.access)).toEqual({ auth_time: signedUpAt, amr: ['pwd'] });
    expect(proofOf((await w.logIn(who)).body.access)).toEqual({ auth_time: w.clock.now, amr: ['pwd'] });
    expect(claimsOf(next.body.refresh)).not.toHaveProperty('auth_time');
  });

  it('also for a session from before the columns existed', async () => {
    const w = world();
    const who = await w.signUp();
    await w.rows('DELETE FROM sessions WHERE user_id = ?', who.user.id);
    await w.rows(
      `INSERT INTO sessions (user_id, id, created_at, last_used_at, expires_at, absolute_end_at)
        VALUES (?, ?, 7, 7, ?, ?)`,
      who.user.id,
      claimsOf(who.access).sid,
      w.clock.now + 86_400,
      w.clock.now + 86_400,
    );
    const next = await w.refresh(who.refresh);
    expect(proofOf(next.body.access)).toEqual({ auth_time: 7, amr: ['pwd'] });
  });
});

describe('reauthenticate', () => {
  it('returns only an access token of this session, with a new auth_time that every refresh keeps', async () => {
    const w = world();
    const who = await w.signUp();
    w.clock.advance(1_000);
    const at = w.clock.now;
    const answer = await reauthenticate(w, who);
    expect([answer.status, Object.keys(answer.body)]).toEqual([200, ['access']]);
    expect(claimsOf(answer.body.access).sid).toBe(claimsOf(who.access).sid);
    expect(proofOf(answer.body.access)).toEqual({ auth_time: at, amr: ['pwd'] });
    expect((await w.me(answer.body.access)).status).toBe(200);
    w.clock.advance(60);
    const next = await w.refresh(who.refresh);
    expect(proofOf(next.body.access)).toEqual({ auth_time: at, amr: ['pwd'] });
  });

  it('keeps the session until its new access token expires, so that a revocation lasts as long', async () => {
    const w = world({ vars: { ACCESS_TOKEN_LIFETIME: '2h', REFRESH_TOKEN_LIFETIME: '2h' } });
    const who = await w.signUp();
    w.clock.advance(3_600);
    const { access } = (await reauthenticate(w, who)).body;
    const session = await w.sessionOf(access);
    expect(session?.expires_at).toBeGreaterThanOrEqual(Number(claimsOf(access).exp));
  });

  it('costs one read and one written row', async () => {
    const counted = counting();
    const w = world({ bindings: counted.bindings, vars: { MAIL: 'off' } });
    const who = await w.signUp();
    const cost = await counted.of(() => reauthenticate(w, who));
    expect(cost.d1).toMatchObject({ roundTrips: 2, rowsWritten: 1 });
    expect(cost.kv).toEqual({ gets: 0, puts: 0 });
  });

  it.each<[string, object, number, object]>([
    ['a wrong password', { password: 'wrong' }, 400, { password: ['password_incorrect'] }],
    ['no password', {}, 400, { password: ['required'] }],
    ['an empty one', { password: '' }, 400, { password: ['blank'] }],
    ['a number', { password: 1 }, 400, { password: ['invalid'] }],
    ['two proofs', { password: PASSWORD, code: '123456' }, 400, { password: ['required'] }],
    ['a code of a user who has no second factor', { code: '123456' }, 401, {}],
    ['a passkey that is none', { passkey: {} }, 401, {}],
  ])('with %s changes nothing', async (_, body, status, faults) => {
    const w = world();
    const who = await w.signUp();
    const answer = await reauthenticate(w, who, body);
    expect([answer.status, faultsOf(answer)]).toEqual([status, faults]);
    expect((await w.sessionOf(who.access)) as object).toMatchObject({ authenticated_at: null });
  });

  it('needs an access token', async () => {
    const w = world();
    const who = await w.signUp();
    expect((await w.post('/account/reauthenticate', { password: PASSWORD })).status).toBe(401);
    expect((await reauthenticate(w, { access: who.refresh })).status).toBe(401);
  });

  it.each([
    ['the password changed', 'UPDATE users SET password_version = password_version + 1 WHERE id = ?', 400],
    ['the session ended', 'UPDATE sessions SET revoked_at = 1 WHERE user_id = ?', 401],
    ['the user became inactive', 'UPDATE users SET is_active = 0 WHERE id = ?', 401],
  ])('does not succeed if %s between the read and the write', async (_, sql, status) => {
    const who = await world().signUp();
    const { DB } = watchedD1({
      after: ({ number }) => number === 1 && env.DB.prepare(sql).bind(who.user.id).run(),
    });
    const w = world({ bindings: { DB } });
    expect((await reauthenticate(w, who)).status).toBe(status);
    expect((await w.sessionOf(who.access)) as object).toMatchObject({ authenticated_at: null });
  });
});

describe.each(CHANGES)('%s', (_, field, send) => {
  it('requires the password, and a log-in alone is not enough', async () => {
    const w = world();
    const who = await w.signUp();
    const answer = await send(w, who, {});
    expect([answer.status, faultsOf(answer)]).toEqual([400, { [field]: ['required'] }]);
    expect((await w.me(who.access)).status).toBe(200);
  });

  it('does not require it within REAUTH_WINDOW of a reauthentication, to the second', async () => {
    const w = world();
    const who = await w.signUp();
    await reauthenticate(w, who);
    w.clock.advance(WINDOW + 1);
    expect(faultsOf(await send(w, who, {}))).toEqual({ [field]: ['required'] });
    await reauthenticate(w, who);
    w.clock.advance(WINDOW);
    expect(DONE).toContain((await send(w, who, {})).status);
  });

  it('accepts only a reauthentication of this session', async () => {
    const w = world();
    const who = await w.signUp();
    const other = (await w.logIn(who)).body;
    await reauthenticate(w, other);
    expect(faultsOf(await send(w, who, {}))).toEqual({ [field]: ['required'] });
  });

  it('checks a password that is sent all the same', async () => {
    const w = world();
    const who = await w.signUp();
    await reauthenticate(w, who);
    expect(faultsOf(await send(w, who, { [field]: 'wrong' }))).toEqual({ [field]: ['password_incorrect'] });
    expect(faultsOf(await send(w, who, { [field]: '' }))).toEqual({ [field]: ['blank'] });
  });

  it('of a user without a password requires a log-in within the window, with the challenge of RFC 9470', async () => {
    const w = world();
    const who = await w.signUp();
    await withoutPassword(w, who);
    w.clock.advance(WINDOW + 1);
    const late = await send(w, who, {});
    expect([late.status, codeOf(late)]).toEqual([401, 'reauthentication_required']);
    expect(late.headers.get('WWW-Authenticate')).toBe(
      'Bearer realm="api", error="insufficient_user_authentication", max_age="600"',
    );
    await w.rows('UPDATE sessions SET created_at = ? WHERE user_id = ?', w.clock.now - WINDOW, who.user.id);
    expect(DONE).toContain((await send(w, who, {})).status);
  });
});

/** Every request that needs a recent sign-in, and its status once that is proven. */
const STEP_UPS: [
  name: string,
  done: number,
  send: (w: World, token: string, body: object) => Promise<Answer>,
][] = [
  ['setting up an app', 201, (w, token, body) => w.post('/account/factors/totp', body, { token })],
  ['removing an app', 404, (w, token, body) => w.delete('/account/factors/totp', body, { token })],
  ['new recovery codes', 404, (w, token, body) => w.post('/account/factors/recovery-codes', body, { token })],
  [
    'options for a new passkey',
    200,
    (w, token, body) => w.post('/account/passkeys/options', body, { token }),
  ],
  [
    'removing a passkey',
    404,
    (w, token, body) => w.delete(`/account/passkeys/${crypto.randomUUID()}`, body, { token }),
  ],
  [
    'adding a connection',
    200,
    (w, token, body) =>
      w.post(
        '/account/connections/github',
        { return_to: 'http://localhost/', code_challenge: 'A'.repeat(43), ...body },
        { token },
      ),
  ],
  [
    'removing a connection',
    404,
    (w, token, body) => w.delete(`/account/connections/${crypto.randomUUID()}`, body, { token }),
  ],
];

describe.each(STEP_UPS)('%s', (name, done, send) => {
  const at = () =>
    world({
      vars: {
        ENCRYPTION_KEY,
        PROVIDERS: JSON.stringify([{ id: 'github', client_id: 'its id', client_secret: 'its secret' }]),
      },
    });
  const challenge = (more = '') =>
    `Bearer realm="api", error="insufficient_user_authentication", max_age="600"${more}`;
  const refusal = (answer: Answer) => [answer.status, codeOf(answer), answer.headers.get('WWW-Authenticate')];

  it('requires a log-in within the window, a reauthentication or the password', async () => {
    const w = at();
    const who = await w.signUp();
    w.clock.advance(WINDOW);
    expect((await send(w, who.access, {})).status).toBe(done);
    w.clock.advance(1);
    expect(refusal(await send(w, who.access, {}))).toEqual([401, 'reauthentication_required', challenge()]);
    expect(faultsOf(await send(w, who.access, { password: 'wrong horse battery' }))).toEqual({
      password: ['password_incorrect'],
    });
    expect((await send(w, who.access, { password: PASSWORD })).status).toBe(done);
    await reauthenticate(w, who);
    expect((await send(w, who.access, {})).status).toBe(done);
  });

  it('of a user with a second factor requires that factor', async () => {
    const w = at();
    const who = await w.signUp();
    const { secret } = await enrol(w, who.access);
    const refused = [401, 'reauthentication_required', challenge(', acr_values="mfa"')];
    expect(refusal(await send(w, who.access, {}))).toEqual(refused);
    await reauthenticate(w, who);
    expect(refusal(await send(w, who.access, {}))).toEqual(refused);
    await reauthenticate(w, who, { code: totp(w, secret) });
    // Only now there is something to remove or renew.
    const on = { 'removing an app': 204, 'new recovery codes': 200 }[name] ?? done;
    expect((await send(w, who.access, {})).status).toBe(on);
  });
});

it('REAUTH_WINDOW sets how long an authentication counts', async () => {
  const w = world({ vars: { REAUTH_WINDOW: '5s' } });
  const who = await w.signUp();
  await reauthenticate(w, who);
  w.clock.advance(6);
  expect(faultsOf(await w.delete('/account/me', {}, { token: who.access }))).toEqual({
    password: ['required'],
  });
  await reauthenticate(w, who);
  w.clock.advance(5);
  expect((await w.delete('/account/me', {}, { token: who.access })).status).toBe(204);
});
