/**
 * The details of log lines: the user, how many sessions ended, and the reason that the client does not learn. logs.test.ts
 * checks that no line contains a secret.
 */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { capturedLog } from '../support/log.ts';
import { OTHER_SIGNING_KEY, signed } from '../support/tokens.ts';
import { watchedD1 } from '../support/watched-d1.ts';
import { type Answer, claimsOf, person, type Vars, type World, world } from '../support/world.ts';

const log = capturedLog();
const NEW_PASSWORD = 'staple another battery';
const sent: { to: string; text: string }[] = [];
const MAILING: Vars = {
  MAIL: 'cloudflare',
  MAIL_FROM: 'accounts@example.org',
  PUBLIC_URL: 'https://accounts.example.org',
};
const mailing = (vars: Vars = {}) =>
  world({
    vars: { ...MAILING, ...vars },
    bindings: {
      EMAIL: { send: async (mail: { to: string; text: string }) => void sent.push(mail) },
    } as never,
  });
const tokenTo = (to: string) =>
  /#token=([\w.-]+)/.exec(sent.findLast((mail) => mail.to === to)?.text ?? '')?.[1] ?? 'none';

const w = world();
type Who = Awaited<ReturnType<World['signUp']>>;
const sidOf = (who: { refresh: string }) => String(claimsOf(who.refresh).sid);
const forged = (token: string) => signed(claimsOf(token), OTHER_SIGNING_KEY);
const forgetInKv = (who: { refresh: string }) => env.BLACKLIST.delete(`revoked:${sidOf(who)}`);
const end = (id: string) =>
  env.DB.prepare("UPDATE sessions SET revoked_at = 1, revoked_reason = 'ended' WHERE user_id = ?")
    .bind(id)
    .run();
const deactivate = (id: string) =>
  env.DB.prepare('UPDATE users SET is_active = 0 WHERE id = ?').bind(id).run();
/** A world in which `act` happens between the read and the write of an endpoint. */
const between = (act: () => Promise<unknown>) =>
  world({
    bindings: { DB: watchedD1({ after: ({ number }) => (number === 1 ? act() : undefined) }).DB },
  });
const remove = (path: string, who: Who, body?: unknown, at = w) =>
  at.delete(path, body, { token: who.access });
const withdraw = (who: Who) => remove('/account/me', who, { password: who.password });
const change = (at: World, { password, access }: Who) =>
  at.post(
    '/account/password/change',
    { current_password: password, new_password: NEW_PASSWORD },
    { token: access },
  );

type Told = Record<string, unknown>;
type Case = [title: string, run: (who: Who) => Promise<Answer>, told: (who: Who) => Told];

const DONE: readonly Case[] = [
  [
    'log-in',
    (who) => w.logIn(who),
    ({ user }) => ({ event: 'logged_in', user: user.id, session: expect.any(String), evicted: 0 }),
  ],
  [
    'log-in that ends another session',
    (who) => world({ vars: { MAX_SESSIONS_PER_USER: '1' } }).logIn(who),
    ({ user }) => ({ event: 'logged_in', user: user.id, evicted: 1 }),
  ],
  [
    'log-out',
    (who) => w.logOut(who.refresh),
    (who) => ({ event: 'logged_out', user: who.user.id, session: sidOf(who) }),
  ],
  [
    'withdrawal',
    async (who) => {
      await w.logIn(who);
      return withdraw(who);
    },
    () => ({ event: 'withdrawn', sessions: 2 }),
  ],
  [
    'the end of a session',
    (who) => remove(`/account/sessions/${sidOf(who)}`, who),
    (who) => ({ event: 'session_ended', user: who.user.id, session: sidOf(who) }),
  ],
  [
    'the end of all sessions',
    async (who) => {
      await w.logIn(who);
      return remove('/account/sessions', who);
    },
    ({ user }) => ({ event: 'sessions_ended', user: user.id, ended: 2 }),
  ],
  [
    'a change of password',
    async (who) => {
      await w.logIn(who);
      return change(w, who);
    },
    ({ user }) => ({ event: 'password_changed', user: user.id, ended: 1 }),
  ],
  [
    'asking for a reset',
    ({ email }) => mailing().post('/account/password/reset', { email }),
    ({ user }) => ({ event: 'password_reset_asked', user: user.id }),
  ],
  [
    'asking for a reset of an address that nobody has',
    () => mailing().post('/account/password/reset', { email: person('nobody').email }),
    () => ({ event: 'password_reset_asked', user: null }),
  ],
  [
    'a reset',
    async ({ email }) => {
      await mailing().post('/account/password/reset', { email });
      return mailing().post('/account/password/reset/confirm', {
        token: tokenTo(email),
        new_password: NEW_PASSWORD,
      });
    },
    ({ user }) => ({ event: 'account_passed', user: expect.any(String), from: user.id, ended: 1 }),
  ],
  [
    'the proof of an address',
    async ({ access, email }) => {
      await mailing().post('/account/email/verify/resend', undefined, { token: access });
      return mailing().post('/account/email/verify', { token: tokenTo(email) });
    },
    ({ user }) => ({ event: 'email_verified', user: user.id }),
  ],
  [
    '“This wasn’t me”',
    async ({ access, email }) => {
      await mailing().post('/account/email/verify/resend', undefined, { token: access });
      return mailing().post('/account/email/disown', { token: tokenTo(email) });
    },
    () => ({ event: 'disowned', sessions: 1 }),
  ],
  [
    'asking for another address',
    ({ access, password }) =>
      mailing().post(
        '/account/email/change',
        { new_email: person('next').email, password },
        { token: access },
      ),
    ({ user }) => ({ event: 'email_change_asked', user: user.id }),
  ],
  [
    'the proof of another address',
    async ({ access, password }) => {
      const { email } = person('next');
      await mailing().post('/account/email/change', { new_email: email, password }, { token: access });
      return mailing().post('/account/email/verify', { token: tokenTo(email) });
    },
    ({ user }) => ({ event: 'email_changed', user: user.id }),
  ],
  [
    'a pending sign-up that is confirmed',
    async () => {
      const at = mailing({ SIGN_UP: 'verify' });
      const pending = person('pending');
      await at.post('/account/sign-up', pending);
      return at.post('/account/email/verify', { token: tokenTo(pending.email), password: pending.password });
    },
    () => ({ event: 'signed_up', user: expect.stringMatching(/^[0-9a-f-]{36}$/) }),
  ],
];

const refused = (event: string, reason: string) => () => ({ level: 'warn', event, reason });

const REFUSED: readonly Case[] = [
  ['log-in of nobody', () => w.logIn(person('nobody')), refused('no_active_account', 'unknown_user')],
  [
    'log-in with a wrong password',
    (who) => w.logIn({ ...who, password: NEW_PASSWORD }),
    refused('no_active_account', 'wrong_password'),
  ],
  [
    'log-in of somebody inactive',
    async (who) => {
      await deactivate(who.user.id);
      return w.logIn(who);
    },
    refused('no_active_account', 'inactive_user'),
  ],
  [
    'log-in to the console of somebody who is not staff',
    ({ email, password }) =>
      w.ask('POST', '/admin/login', {
        headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: 'http://localhost' },
        body: new URLSearchParams({ username: email, password }).toString(),
      }),
    refused('no_active_account', 'not_staff'),
  ],
  [
    'log-in beside a change of the password',
    (who) =>
      between(() =>
        env.DB.prepare('UPDATE users SET password_version = 9 WHERE id = ?').bind(who.user.id).run(),
      ).logIn(who),
    refused('no_active_account', 'changed_meanwhile'),
  ],
  [
    'refresh with a forged token',
    async (who) => w.refresh(await forged(who.refresh)),
    refused('refresh_token_not_valid', 'signature'),
  ],
  [
    'refresh with an access token',
    (who) => w.refresh(who.access),
    refused('refresh_token_not_valid', 'token_type'),
  ],
  [
    'refresh of a session that KV knows to have ended',
    async (who) => {
      await w.logOut(who.refresh);
      return w.refresh(who.refresh);
    },
    refused('token_blacklisted', 'logged_out'),
  ],
  [
    'refresh of a session that D1 knows to have ended',
    async (who) => {
      await end(who.user.id);
      return w.refresh(who.refresh);
    },
    refused('token_blacklisted', 'ended'),
  ],
  [
    'refresh with a replayed token',
    async (who) => {
      await w.refresh(who.refresh);
      const late = world();
      late.clock.advance(w.clock.now - late.clock.now + 62);
      return late.refresh(who.refresh);
    },
    refused('token_blacklisted', 'replayed'),
  ],
  [
    'refresh of somebody inactive',
    async (who) => {
      await deactivate(who.user.id);
      return w.refresh(who.refresh);
    },
    refused('user_inactive', 'deactivated'),
  ],
  [
    'refresh of somebody who has withdrawn',
    async (who) => {
      await withdraw(who);
      await forgetInKv(who);
      return w.refresh(who.refresh);
    },
    refused('user_not_found', 'withdrawn'),
  ],
  [
    'verify of a forged token',
    async (who) => w.verify(await forged(who.access)),
    refused('refresh_token_not_valid', 'signature'),
  ],
  [
    'verify of a session that KV knows to have ended',
    async (who) => {
      await w.logOut(who.refresh);
      return w.verify(who.access);
    },
    refused('token_blacklisted', 'logged_out'),
  ],
  [
    'verify of a session that D1 knows to have ended',
    async (who) => {
      await end(who.user.id);
      return w.verify(who.refresh);
    },
    refused('token_blacklisted', 'ended'),
  ],
  [
    'verify of a consumed token',
    async (who) => {
      await w.refresh(who.refresh);
      return world({ vars: { REFRESH_REUSE_GRACE: '0s' } }).verify(who.refresh);
    },
    refused('token_blacklisted', 'consumed'),
  ],
  [
    'log-out with a forged token',
    async (who) => w.logOut(await forged(who.refresh)),
    refused('refresh_token_not_valid', 'signature'),
  ],
  [
    'log-out with an access token',
    (who) => w.logOut(who.access),
    refused('refresh_token_not_valid', 'token_type'),
  ],
  [
    'simplejwt’s blacklist with a forged token',
    async (who) => w.post('/api/token/blacklist/', { refresh: await forged(who.refresh) }),
    refused('refresh_token_not_valid', 'signature'),
  ],
  [
    'simplejwt’s blacklist with an access token',
    (who) => w.post('/api/token/blacklist/', { refresh: who.access }),
    refused('refresh_token_not_valid', 'token_type'),
  ],
  [
    'simplejwt’s blacklist a second time',
    async (who) => {
      await w.post('/api/token/blacklist/', { refresh: who.refresh });
      return w.post('/api/token/blacklist/', { refresh: who.refresh });
    },
    refused('token_blacklisted', 'already_revoked'),
  ],
  [
    'me with a forged token',
    async (who) => w.me(await forged(who.access)),
    refused('access_token_not_valid', 'signature'),
  ],
  ['me with a refresh token', (who) => w.me(who.refresh), refused('access_token_not_valid', 'token_type')],
  [
    'me of an ended session',
    async (who) => {
      await end(who.user.id);
      return w.me(who.access);
    },
    refused('access_token_not_valid', 'ended'),
  ],
  [
    'me of somebody who is gone',
    async (who) => {
      await withdraw(who);
      return w.me(who.access);
    },
    refused('user_not_found', 'withdrawn'),
  ],
  [
    'the end of a session beside the end of one’s own',
    (who) =>
      remove(
        `/account/sessions/${sidOf(who)}`,
        who,
        undefined,
        between(() => end(who.user.id)),
      ),
    refused('access_token_not_valid', 'session_ended_meanwhile'),
  ],
  [
    'the end of all sessions beside the end of one’s own',
    (who) =>
      remove(
        '/account/sessions',
        who,
        undefined,
        between(() => end(who.user.id)),
      ),
    refused('access_token_not_valid', 'session_ended_meanwhile'),
  ],
  [
    'a change of name beside the end of the session',
    (who) => between(() => end(who.user.id)).patch('/account/me', { name: 'Mina' }, { token: who.access }),
    refused('access_token_not_valid', 'lost_to_another_write'),
  ],
  [
    'a change of password beside the end of the session',
    (who) =>
      change(
        between(() => end(who.user.id)),
        who,
      ),
    refused('access_token_not_valid', 'lost_to_another_write'),
  ],
];

describe.each([
  ['done', DONE],
  ['refused', REFUSED],
] as const)('a request that is %s', (_, cases) => {
  it.each(cases)('%s', async (__, run, told) => {
    const who = await w.signUp();
    const answer = await run(who);
    const id = answer.headers.get('X-Request-Id');
    const line = log.lines.findLast(({ request_id }) => request_id === id);
    const { level = 'info', ...fields } = told(who) as { level?: string };
    expect(line).toMatchObject({ level, ...fields });
  });
});

describe('details of the log lines', () => {
  it('sign-up: the user and the new session', async () => {
    const who = await w.signUp();
    expect(log.of('signed_up').at(-1)).toMatchObject({ user: who.user.id, session: sidOf(who) });
  });

  it('withdrawal: no user, as none is left', async () => {
    await withdraw(await w.signUp());
    expect(Object.keys(log.of('withdrawn').at(-1) ?? {}).sort()).toEqual([
      'event',
      'level',
      'request_id',
      'sessions',
    ]);
  });

  it('a wrong password with a token: the user of the token', async () => {
    const who = await w.signUp();
    await remove('/account/me', who, { password: NEW_PASSWORD });
    expect(log.of('password_incorrect').at(-1)).toMatchObject({ level: 'warn', user: who.user.id });
  });

  it('a replay: user and session, once', async () => {
    const who = await w.signUp();
    const strict = world({ vars: { REFRESH_REUSE_GRACE: '0s' } });
    await strict.refresh(who.refresh);
    for (let i = 0; i < 2; i++) await strict.refresh(who.refresh);
    const lines = log.of('refresh_token_replayed').filter(({ user }) => user === who.user.id);
    expect(lines).toMatchObject([{ level: 'warn', session: sidOf(who) }]);
  });
});
