/**
 * `/admin/login` and `/admin/logout`. A log-in is a password, then a code or a passkey if the user has a second factor; or
 * a passkey alone.
 */
import { Hono } from 'hono';
import { Refusal } from '../errors.ts';
import { callOf } from '../http/call.ts';
import { signInOptions } from '../passkeys/sign-in.ts';
import {
  type ConsoleToken,
  finishConsoleLogIn,
  logInToConsole,
  logInToConsoleByPasskey,
  logOutOfConsole,
} from './console-session.ts';
import { afterLogIn, clearCookie, ownOrigin, readCookie, writeCookie } from './cookie.ts';
import type { AdminContext, AdminEnv } from './env.ts';
import { challenge, type Form, formErrors, readForm, validated } from './forms.ts';
import { LogInPage, SecondFactorPage } from './pages/sign.tsx';
import { passkeysOf, withPasskeys } from './passkeys.ts';
import { logInForm, passkeyForm, secondFactorForm, secondPasskeyForm } from './schemas.ts';
import { show } from './show.tsx';

function enter(c: AdminContext, { next = '' }: Form, { token, lifetimeSeconds }: ConsoleToken): Response {
  writeCookie(c, token, lifetimeSeconds);
  return c.redirect(afterLogIn(c, next), 303);
}

function showLogIn(c: AdminContext, { next = '', username: name = '' }: Form, error?: unknown): Response {
  const props = { next, name, byPasskey: c.var.services.passkeys !== null };
  if (error === undefined) return show(c, LogInPage, props);
  const { status, ...faults } = formErrors(error, c);
  return show(c, LogInPage, { ...props, ...faults }, status);
}

export const logInRoutes = () =>
  new Hono<AdminEnv>({ strict: false })
    .get('/login', (c) => showLogIn(c, { next: c.req.query('next') ?? '' }))
    .post('/login', ownOrigin, async (c) => {
      const form = await readForm(c);
      try {
        const input = validated(logInForm, form);
        return enter(c, form, await logInToConsole(c.var.services, input, callOf(c)));
      } catch (error) {
        if (!(error instanceof Refusal) || error.kind !== 'mfa_required') return showLogIn(c, form, error);
        challenge(c);
        const { mfa_token, methods } = error.members;
        const byPasskey = Array.isArray(methods) && methods.includes('passkey');
        const props = { next: form.next ?? '', mfaToken: String(mfa_token), byPasskey };
        return show(c, SecondFactorPage, props, 401);
      }
    })
    .post('/login/second-factor', ownOrigin, async (c) => {
      const form = await readForm(c);
      const { mfa_token: mfaToken = '', next = '', has_passkey: hasPasskey } = form;
      try {
        const input = validated(form.credential === undefined ? secondFactorForm : secondPasskeyForm, form);
        return enter(c, form, await finishConsoleLogIn(c.var.services, input, callOf(c)));
      } catch (error) {
        const { status, ...faults } = formErrors(error, c);
        const props = { next, mfaToken, byPasskey: hasPasskey !== undefined };
        return show(c, SecondFactorPage, { ...props, ...faults }, status);
      }
    })
    .post('/login/passkey/options', withPasskeys, ownOrigin, async (c) =>
      c.json(await signInOptions(c.var.services, passkeysOf(c), callOf(c))),
    )
    .post('/login/passkey', withPasskeys, ownOrigin, async (c) => {
      const form = await readForm(c);
      try {
        const { credential } = validated(passkeyForm, form);
        const { services } = c.var;
        return enter(c, form, await logInToConsoleByPasskey(services, passkeysOf(c), credential, callOf(c)));
      } catch (error) {
        return showLogIn(c, form, error);
      }
    })
    .post('/logout', ownOrigin, async (c) => {
      const token = readCookie(c);
      if (token !== null) await logOutOfConsole(c.var.services, token, callOf(c));
      clearCookie(c);
      return c.redirect(`${c.var.mount}/login?done=log-out`, 303);
    });
