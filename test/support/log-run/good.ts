/** Requests that go well, and what each writes to the log. */
import { env } from 'cloudflare:workers';
import { expect } from 'vitest';
import { leave, retryPath } from '../events.ts';
import { claimsOf, person } from '../world.ts';
import {
  at,
  form,
  known,
  lastToken,
  MAILING,
  mails,
  NEW_PASSWORD,
  type Step,
  somebody,
  staff,
} from './run.ts';

export const GOOD: readonly Step[] = [
  ['sign-up', ['signed_up'], 201, async () => (await somebody()).answer],
  ['log-in', ['logged_in'], 200, async () => at().logIn(await somebody())],
  ['refresh', [], 200, async () => at().refresh((await somebody()).refresh)],
  ['log-out', ['logged_out'], 204, async () => at().logOut((await somebody()).refresh)],
  ['verify', [], 200, async () => at().verify((await somebody()).access)],
  ['me', [], 200, async () => at().me((await somebody()).access)],
  [
    'a change of name',
    [],
    200,
    async () => at().patch('/account/me', { name: 'Mina Kim' }, { token: (await somebody()).access }),
  ],
  [
    'a password change',
    ['password_changed'],
    204,
    async () => {
      const { password, access } = await somebody();
      const change = { current_password: password, new_password: NEW_PASSWORD };
      return at().post('/account/password/change', change, { token: access });
    },
  ],
  [
    'a removal of the password',
    ['password_removed'],
    204,
    async () => {
      const { password, access, user } = await somebody();
      await env.DB.prepare('UPDATE users SET passkey_count = 1 WHERE id = ?').bind(user.id).run();
      return at().delete('/account/password', { password }, { token: access });
    },
  ],
  [
    'asking for a reset',
    ['password_reset_asked'],
    202,
    async () => at().post('/account/password/reset', { email: (await somebody()).email }),
  ],
  [
    'a reset of an account that nobody has proved',
    ['account_passed'],
    204,
    async () => {
      await at().post('/account/password/reset', { email: (await somebody()).email });
      const confirm = { token: lastToken(), new_password: NEW_PASSWORD };
      return at().post('/account/password/reset/confirm', confirm);
    },
  ],
  [
    'a reset',
    ['password_reset'],
    204,
    async () => {
      const { email } = await somebody();
      await at().post('/account/email/verify', { token: lastToken() });
      await at().post('/account/password/reset', { email });
      return at().post('/account/password/reset/confirm', { token: lastToken(), new_password: NEW_PASSWORD });
    },
  ],
  [
    'the proof of an address',
    ['email_verified'],
    204,
    async () => {
      await somebody();
      return at().post('/account/email/verify', { token: lastToken() });
    },
  ],
  [
    '“This wasn’t me”',
    ['disowned'],
    204,
    async () => {
      await somebody();
      return at().post('/account/email/disown', { token: lastToken() });
    },
  ],
  [
    'asking once more for the mail',
    [],
    202,
    async () => at().post('/account/email/verify/resend', undefined, { token: (await somebody()).access }),
  ],
  [
    'asking for another address',
    ['email_change_asked'],
    202,
    async () => {
      const { password, access } = await somebody();
      const change = { new_email: known(person('next').email), password };
      return at().post('/account/email/change', change, { token: access });
    },
  ],
  [
    'the proof of another address',
    ['email_changed'],
    204,
    async () => {
      const { password, access } = await somebody();
      const next = known(person('next').email);
      await at().post('/account/email/change', { new_email: next, password }, { token: access });
      mails.push(mails.find(({ to }) => to === next) as (typeof mails)[number]);
      return at().post('/account/email/verify', { token: lastToken() });
    },
  ],
  [
    'taking an address back',
    ['email_taken_back'],
    200,
    async () => {
      const { password, access, email } = await somebody();
      const next = known(person('next').email);
      await at().post('/account/email/change', { new_email: next, password }, { token: access });
      mails.push(mails.find(({ to }) => to === next) as (typeof mails)[number]);
      await at().post('/account/email/verify', { token: lastToken() });
      mails.push(mails.findLast(({ to }) => to === email) as (typeof mails)[number]);
      return at().post('/account/email/take-back', { token: lastToken() });
    },
  ],
  [
    'a pending sign-up and its confirmation',
    ['signed_up'],
    204,
    async () => {
      const who = person();
      known(who.email);
      await at({ SIGN_UP: 'verify' }).post('/account/sign-up', who);
      const proof = { token: lastToken(), password: who.password };
      return at({ SIGN_UP: 'verify' }).post('/account/email/verify', proof);
    },
  ],
  [
    'the export of one’s own data',
    [],
    200,
    async () => at().get('/account/export', { token: (await somebody()).access }),
  ],
  [
    'the list of sessions',
    [],
    200,
    async () => at().get('/account/sessions', { token: (await somebody()).access }),
  ],
  [
    'the end of a session',
    ['session_ended'],
    204,
    async () => {
      const { access } = await somebody();
      return at().delete(`/account/sessions/${claimsOf(access).sid}`, undefined, { token: access });
    },
  ],
  [
    'the end of all sessions',
    ['sessions_ended'],
    204,
    async () => at().delete('/account/sessions', undefined, { token: (await somebody()).access }),
  ],
  [
    'withdrawal',
    ['withdrawn'],
    204,
    async () => {
      const { password, access } = await somebody();
      return at().delete('/account/me', { password }, { token: access });
    },
  ],
  [
    'simplejwt’s log-in',
    ['logged_in'],
    200,
    async () => {
      const { email, password } = await somebody();
      return at().post('/api/token/', { username: email, password });
    },
  ],
  [
    'simplejwt’s blacklist',
    ['logged_out'],
    200,
    async () => at().post('/api/token/blacklist/', { refresh: (await somebody()).refresh }),
  ],
  [
    'log-in in cookie mode',
    ['logged_in'],
    200,
    async () => {
      const { email, password } = await somebody();
      const Origin = MAILING.PUBLIC_URL;
      return at({ REFRESH_TRANSPORT: 'cookie' }).post(
        '/account/login',
        { email, password },
        { headers: { Origin } },
      );
    },
  ],
  [
    'a page of localhost, in development',
    ['localhost_origins_allowed'],
    200,
    () => at().get('/.well-known/jwks.json', { headers: { Origin: 'http://localhost:5173' } }),
  ],
  [
    'the console’s log-in',
    ['logged_in'],
    303,
    async () => {
      const { email, password } = await staff();
      return at().ask('POST', '/admin/login', form({ username: email, password }));
    },
  ],
  [
    'somebody deactivated by the console’s JSON',
    ['admin_acted'],
    200,
    async () => {
      const { access } = await staff();
      const { user } = await somebody();
      return at().patch(`/admin/api/users/${user.id}`, { is_active: false }, { token: access });
    },
  ],
  [
    'somebody looked for in the console’s JSON',
    [],
    200,
    async () => {
      const { access } = await staff();
      const { email, user } = await somebody();
      const answer = await at().get(`/admin/api/users?search=${encodeURIComponent(email)}`, {
        token: access,
      });
      expect(answer.body.users).toMatchObject([{ id: user.id }]);
      return answer;
    },
  ],
  [
    'an event that staff send again',
    ['admin_acted'],
    202,
    async () => {
      const { access } = await staff();
      const { user } = await somebody();
      const w = at({}, { EVENTS: { send: async () => undefined } });
      const letter = await leave(w, user.id, 9, w.clock.now);
      return w.post(retryPath('/admin/api/dead-letters', letter), undefined, { token: access });
    },
  ],
  ['readyz', [], 200, () => at().get('/readyz')],
];
