/**
 * The endpoints of djoser 2.3.4 below `/auth`, with its default settings: paths, bodies and statuses. Where djoser
 * leaves a choice, this service's own behavior applies: addresses are confirmed by e-mail, and a new one takes effect
 * once it is confirmed.
 */
import { Hono } from 'hono';
import { confirmEmail, resendVerificationTo, startEmailChange } from '../account/application/email.ts';
import { changePassword, confirmReset, requestPasswordReset } from '../account/application/password.ts';
import { requireRecentAuthentication } from '../account/application/reauthentication.ts';
import { register, withdraw } from '../account/application/sign.ts';
import type { AccountContext, AccountEnv } from '../account/env.ts';
import { withMail } from '../account/mail-routes.tsx';
import { requestResetBody } from '../account/schemas.ts';
import { signedIn, signedInToChange } from '../account/signed-in.ts';
import { Refusal } from '../errors.ts';
import { body } from '../http/body.ts';
import { callOf } from '../http/call.ts';
import type { User } from '../model.ts';
import { inWords, mailToken, requireSame, type Words, whereListed } from './library.ts';
import {
  djoserActivationBody,
  djoserConfirmBody,
  djoserCreateBody,
  djoserDeleteBody,
  djoserPatchBody,
  djoserPutBody,
  djoserSetPasswordBody,
} from './schemas.ts';
import { tokenRoutes } from './simplejwt.ts';

const PASSWORD: Words = {
  alone: 'current_password',
  fields: { password: 'current_password' },
  faults: { password_incorrect: 'djoser_password' },
};
const LINK: Words = { faults: { token_not_valid: 'djoser_token' } };
const LINK_FAULTS = { uid: 'djoser_uid', token: 'djoser_token' } as const;
const TAKEN: Words = {
  refusals: { email_taken: ['email', 'email_unique'], username_taken: ['username', 'username_unique'] },
};

const userOf = ({ id, email, username }: Pick<User, 'id' | 'email' | 'username'>) => ({
  email: email ?? '',
  id,
  username: username ?? '',
});

/**
 * PUT and PATCH: the response has the old address, which stays until the new one is confirmed. 404 not_found for a new
 * address if MAIL=off, as nothing could confirm it.
 */
async function update(
  c: AccountContext,
  input: { email?: string | undefined; current_password?: string | undefined },
) {
  const { services, caller } = c.var;
  if (input.email !== undefined && input.email !== caller.user.email) {
    if (!services.mailer) throw new Refusal('not_found');
    const work = requireRecentAuthentication(services, caller, input.current_password, callOf(c));
    await inWords(c, PASSWORD, work);
    await startEmailChange(services, caller, input.email, callOf(c));
  }
  return c.json(userOf(caller.user));
}

export const djoserRoutes = () =>
  new Hono<AccountEnv>({ strict: false })
    .use(whereListed('djoser'))
    .post('/users', body(djoserCreateBody), async (c) => {
      const { re_password, ...input } = c.req.valid('json');
      requireSame(input.password, re_password, 'non_field_errors');
      const made = await inWords(c, TAKEN, register(c.var.services, input, null, callOf(c)));
      if ('user' in made) return c.json(userOf(made.user), 201);
      // The account is created once the address is confirmed; the client sends the claim back then.
      const { email, username } = input;
      return c.json({ email, id: null, username: username?.username ?? '', claim: made.claim }, 201);
    })
    .get('/users/me', signedIn, (c) => c.json(userOf(c.var.caller.user)))
    .put('/users/me', signedInToChange, body(djoserPutBody), (c) => update(c, c.req.valid('json')))
    .patch('/users/me', signedInToChange, body(djoserPatchBody), (c) => update(c, c.req.valid('json')))
    .delete('/users/me', signedInToChange, body(djoserDeleteBody), async (c) => {
      const { services, caller } = c.var;
      await inWords(c, PASSWORD, withdraw(services, caller, c.req.valid('json').current_password, callOf(c)));
      return c.body(null, 204);
    })
    .post('/users/set_password', signedInToChange, body(djoserSetPasswordBody), async (c) => {
      const { re_new_password, ...input } = c.req.valid('json');
      requireSame(input.new_password, re_new_password, 'non_field_errors');
      await inWords(c, PASSWORD, changePassword(c.var.services, c.var.caller, input, callOf(c)));
      return c.body(null, 204);
    })
    .post('/users/reset_password', withMail, body(requestResetBody), async (c) => {
      await requestPasswordReset(c.var.services, c.req.valid('json').email, callOf(c));
      return c.body(null, 204);
    })
    .post('/users/reset_password_confirm', withMail, body(djoserConfirmBody), async (c) => {
      const { new_password, re_new_password, ...link } = c.req.valid('json');
      requireSame(new_password, re_new_password, 'non_field_errors');
      const token = mailToken(link, LINK_FAULTS);
      await inWords(c, LINK, confirmReset(c.var.services, { token, new_password }, callOf(c)));
      return c.body(null, 204);
    })
    .post('/users/activation', withMail, body(djoserActivationBody), async (c) => {
      const { uid, token, ...proof } = c.req.valid('json');
      const whole = mailToken({ uid, token }, LINK_FAULTS);
      const work = confirmEmail(c.var.services, { token: whole, ...proof }, callOf(c));
      await inWords(c, { ...LINK, ...TAKEN }, work);
      return c.body(null, 204);
    })
    .post('/users/resend_activation', withMail, body(requestResetBody), async (c) => {
      await resendVerificationTo(c.var.services, c.req.valid('json').email, callOf(c));
      return c.body(null, 204);
    })
    .route('/', tokenRoutes('/jwt/create', '/jwt/refresh', '/jwt/verify'));
