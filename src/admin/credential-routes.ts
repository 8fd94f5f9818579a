/** `/admin/users/:id/email` and `…/password`: the forms with which staff set a user's address or password. */
import { Hono } from 'hono';
import { callOf } from '../http/call.ts';
import { afterOwn, consequenceOf } from './act-routes.ts';
import { findUser } from './acting.ts';
import { ownOrigin, requireStaffSession } from './cookie.ts';
import { changeEmail, setPassword } from './credentials.ts';
import type { AdminEnv } from './env.ts';
import { formErrors, readForm, validated } from './forms.ts';
import { EmailPage, PasswordPage } from './pages/credentials.tsx';
import { userPath } from './pages/parts.tsx';
import { newEmailForm, newPasswordForm } from './schemas.ts';
import { show } from './show.tsx';

/** Mounted at `/admin/users`. */
export const credentialRoutes = (): Hono<AdminEnv> =>
  new Hono<AdminEnv>({ strict: false })
    .get('/:id/email', requireStaffSession, async (c) => {
      const user = await findUser(c.var.services, c.req.param('id'));
      const form = { email: user.email ?? '', verified: false };
      return show(c, EmailPage, { user, ...form, ...(await consequenceOf(c, user, false)) });
    })
    .post('/:id/email', ownOrigin, requireStaffSession, async (c) => {
      const { services, caller, mount } = c.var;
      const id = c.req.param('id');
      const form = await readForm(c);
      const verified = form.verified === 'true';
      try {
        const { email } = validated(newEmailForm, form);
        await changeEmail(services, caller, id, { email, verified }, callOf(c));
        return c.redirect(`${userPath(mount, id)}?done=email`, 303);
      } catch (error) {
        const { status, errors } = formErrors(error, c);
        const user = await findUser(services, id);
        const consequence = await consequenceOf(c, user, false);
        const { email = '' } = form;
        return show(c, EmailPage, { user, email, verified, errors, ...consequence }, status);
      }
    })
    .get('/:id/password', requireStaffSession, async (c) => {
      const user = await findUser(c.var.services, c.req.param('id'));
      return show(c, PasswordPage, { user, ...(await consequenceOf(c, user, true)) });
    })
    .post('/:id/password', ownOrigin, requireStaffSession, async (c) => {
      const { services, caller, mount } = c.var;
      const id = c.req.param('id');
      try {
        const { password } = validated(newPasswordForm, await readForm(c));
        await setPassword(services, caller, id, password, callOf(c));
        if (id === caller.user.id) return afterOwn(c, 'password');
        return c.redirect(`${userPath(mount, id)}?done=password`, 303);
      } catch (error) {
        const { status, errors } = formErrors(error, c);
        const user = await findUser(services, id);
        return show(c, PasswordPage, { user, errors, ...(await consequenceOf(c, user, true)) }, status);
      }
    });
