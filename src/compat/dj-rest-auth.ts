/**
 * The endpoints of dj-rest-auth 7.1.1 below `/dj-rest-auth`, in JWT mode without cookies: paths, bodies and statuses.
 * Changing the password requires the old one (its OLD_PASSWORD_FIELD_ENABLED), as everywhere in this service.
 */
import { Hono } from 'hono';
import { confirmEmail, resendVerificationTo } from '../account/application/email.ts';
import { changePassword, confirmReset, requestPasswordReset } from '../account/application/password.ts';
import { updateMe } from '../account/application/profile.ts';
import { refresh, verify } from '../account/application/session.ts';
import { blacklistToken, signUp } from '../account/application/sign.ts';
import { apiPolicy, signInByPassword } from '../account/application/sign-in.ts';
import { bearerOf, mintFirstPair } from '../account/application/tokens.ts';
import type { AccountContext, AccountEnv } from '../account/env.ts';
import { withMail } from '../account/mail-routes.tsx';
import { passwordFaultsToo } from '../account/new-password.ts';
import { requestResetBody, verifyBody } from '../account/schemas.ts';
import { signedIn, signedInToChange } from '../account/signed-in.ts';
import { timestamp } from '../encoding.ts';
import { invalidField, Refusal, STATUS_TITLES } from '../errors.ts';
import { body } from '../http/body.ts';
import { callOf } from '../http/call.ts';
import { lengthOf, NAME_MAX_LENGTH } from '../identity.ts';
import { restAuthWords } from '../languages/index.ts';
import type { User } from '../model.ts';
import { invalidThere } from './faults.ts';
import { inWords, mailToken, requireSame, type Words, whereListed } from './library.ts';
import {
  restChangeBody,
  restConfirmBody,
  restLogInBody,
  restLogOutBody,
  restPutUserBody,
  restRefreshBody,
  restRegisterBody,
  restUserBody,
  restVerifyEmailBody,
} from './schemas.ts';

const LOG_IN: Words = { refusals: { no_active_account: ['non_field_errors', 'credentials'] } };
const TAKEN: Words = {
  refusals: { email_taken: ['email', 'email_registered'], username_taken: ['username', 'username_unique'] },
};
/** Django's form reports faults of a new password under the second field. */
const CHANGE: Words = {
  alone: 'current_password',
  fields: { current_password: 'old_password', new_password: 'new_password2' },
  faults: { password_incorrect: 'old_password_incorrect' },
};
const LINK_FAULTS = { uid: 'invalid_value', token: 'invalid_value' } as const;
const RESET: Words = {
  fields: { new_password: 'new_password2' },
  faults: { token_not_valid: 'invalid_value' },
};

/** Django has two names where this service has one: the last word becomes `last_name`. */
function namesOf(name: string | null): { first_name: string; last_name: string } {
  const [, first = '', last = ''] = /^(.*?)(?: +(\S+))?$/u.exec(name ?? '') ?? [];
  return { first_name: first, last_name: last };
}
const userOf = ({ id, email, username, name }: User) => ({
  pk: id,
  username: username ?? '',
  email: email ?? '',
  ...namesOf(name),
});

const say = (c: AccountContext, what: keyof (typeof restAuthWords)['en']) => ({
  detail: restAuthWords[c.var.language][what],
});

interface SentNames {
  first_name?: string | null | undefined;
  last_name?: string | null | undefined;
}

/** One name of two, of which an omitted one stays. 400 max_length under the one that is too long beside the other. */
function wholeName(current: string | null, { first_name, last_name }: SentNames): string | null {
  const before = namesOf(current);
  const first = first_name === undefined ? before.first_name : (first_name ?? '');
  const last = last_name === undefined ? before.last_name : (last_name ?? '');
  const name = `${first} ${last}`.trim();
  if (lengthOf(name) > NAME_MAX_LENGTH) {
    const [field, other] = last_name === undefined ? ['first_name', last] : ['last_name', first];
    const room = NAME_MAX_LENGTH - lengthOf(`${other} `);
    throw invalidField(field, 'max_length', { max: Math.max(0, room) });
  }
  return name || null;
}

async function update(
  c: AccountContext,
  { username, ...names }: SentNames & { username?: { username: string; key: string } | null | undefined },
) {
  const changesName = names.first_name !== undefined || names.last_name !== undefined;
  const changes = {
    ...(username !== undefined && { username }),
    ...(changesName && { name: wholeName(c.var.caller.user.name, names) }),
  };
  return c.json(userOf(await inWords(c, TAKEN, updateMe(c.var.services, c.var.caller, changes, callOf(c)))));
}

/** The expiry of a token that this service minted, as an RFC 3339 timestamp. */
const expiration = (token: string): string =>
  timestamp(
    (
      JSON.parse(atob((token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/'))) as {
        exp: number;
      }
    ).exp,
  );

export const djRestAuthRoutes = () =>
  new Hono<AccountEnv>({ strict: false })
    .use(whereListed('dj-rest-auth'))
    .post('/login', body(restLogInBody), async (c) => {
      const { services } = c.var;
      const { username, email, password } = c.req.valid('json');
      const name = email?.trim() || username?.trim();
      if (!name) throw invalidThere('non_field_errors', 'name_missing');
      const call = callOf(c);
      const work = signInByPassword(services, { username: name, password }, apiPolicy(services), call);
      const { user, session, now } = await inWords(c, LOG_IN, work);
      const pair = await mintFirstPair(services, bearerOf(user, session), now, call);
      return c.json({ ...pair, user: userOf(user) });
    })
    .post('/logout', body(restLogOutBody), async (c) => {
      const token = c.req.valid('json').refresh?.trim();
      if (token === undefined) return refuse(c, 'refresh_not_sent');
      await blacklistToken(c.var.services, token, callOf(c));
      return c.json(say(c, 'logged_out'));
    })
    .get('/user', signedIn, (c) => c.json(userOf(c.var.caller.user)))
    .put('/user', signedInToChange, body(restPutUserBody), (c) => update(c, c.req.valid('json')))
    .patch('/user', signedInToChange, body(restUserBody), (c) => update(c, c.req.valid('json')))
    .post('/password/change', signedInToChange, body(restChangeBody), async (c) => {
      const { old_password, new_password1, new_password2 } = c.req.valid('json');
      requireSame(new_password1, new_password2, 'new_password2', 'django_mismatch');
      const input = { current_password: old_password, new_password: new_password1 };
      await inWords(c, CHANGE, changePassword(c.var.services, c.var.caller, input, callOf(c)));
      return c.json(say(c, 'password_saved'));
    })
    .post('/password/reset', withMail, body(requestResetBody), async (c) => {
      await requestPasswordReset(c.var.services, c.req.valid('json').email, callOf(c));
      return c.json(say(c, 'reset_sent'));
    })
    .post('/password/reset/confirm', withMail, body(restConfirmBody), async (c) => {
      const { new_password1, new_password2, ...link } = c.req.valid('json');
      const token = mailToken(link, LINK_FAULTS);
      requireSame(new_password1, new_password2, 'new_password2', 'django_mismatch');
      const work = confirmReset(c.var.services, { token, new_password: new_password1 }, callOf(c));
      await inWords(c, RESET, work);
      return c.json(say(c, 'password_reset'));
    })
    .post('/registration', body(restRegisterBody, passwordFaultsToo('password1')), async (c) => {
      const { password1, password2, ...names } = c.req.valid('json');
      requireSame(password1, password2, 'non_field_errors');
      const words: Words = { ...TAKEN, fields: { password: 'password1' } };
      const made = await inWords(
        c,
        words,
        signUp(c.var.services, { ...names, password: password1 }, callOf(c)),
      );
      // The client sends the claim back when it confirms the address (pending-sign-up.ts).
      if ('claim' in made) return c.json({ ...say(c, 'verification_sent'), claim: made.claim }, 201);
      const { user, access, refresh: token } = made;
      return c.json({ access, refresh: token, user: userOf(user) }, 201);
    })
    .post('/registration/verify-email', withMail, body(restVerifyEmailBody), async (c) => {
      const { key, ...proof } = c.req.valid('json');
      const work = confirmEmail(c.var.services, { token: key, ...proof }, callOf(c));
      await inWords(c, TAKEN, work.catch(asNotFound));
      return c.json(say(c, 'ok'));
    })
    .post('/registration/resend-email', withMail, body(requestResetBody), async (c) => {
      await resendVerificationTo(c.var.services, c.req.valid('json').email, callOf(c));
      return c.json(say(c, 'ok'));
    })
    .post('/token/refresh', body(restRefreshBody), async (c) => {
      const token = c.req.valid('json').refresh;
      if (token === undefined) return refuse(c, 'refresh_not_found');
      const pair = await refresh(c.var.services, token, callOf(c));
      return c.json({
        ...pair,
        access_expiration: expiration(pair.access),
        ...(pair.refresh !== undefined && { refresh_expiration: expiration(pair.refresh) }),
      });
    })
    .post('/token/verify', body(verifyBody), async (c) => {
      await verify(c.var.services, c.req.valid('json').token, callOf(c));
      return c.json({});
    });

/** dj-rest-auth has its own messages for a missing token. */
function refuse(c: AccountContext, what: 'refresh_not_sent' | 'refresh_not_found') {
  c.header('WWW-Authenticate', `${c.var.services.settings.AUTH_HEADER_TYPES[0]} realm="api"`);
  c.header('Content-Language', c.var.language);
  c.header('Vary', 'Accept-Language', { append: true });
  const problem = { type: 'about:blank', title: STATUS_TITLES[401], status: 401, code: 'token_not_valid' };
  return c.json({ ...problem, ...say(c, what) }, 401);
}

/** dj-rest-auth answers 404 for an invalid key. */
function asNotFound(error: unknown): never {
  if (error instanceof Refusal && error.faults?.token?.[0]?.fault === 'token_not_valid') {
    throw new Refusal('not_found');
  }
  throw error;
}
