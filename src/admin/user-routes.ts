/** `/admin/users/…`: the pages of one user, and the page that adds one. The actions are in act-routes.ts. */
import { Hono } from 'hono';
import { passwordFaultsOf } from '../account/new-password.ts';
import { callOf } from '../http/call.ts';
import { seconds } from '../ports.ts';
import { afterOwn } from './act-routes.ts';
import { findUser } from './acting.ts';
import { addUser, changeUser, endSessions } from './application.ts';
import { ownOrigin, requireStaffSession } from './cookie.ts';
import { seenSessions } from './devices.ts';
import type { AdminEnv } from './env.ts';
import { formErrors, readForm, validated } from './forms.ts';
import { pageQuery, writeCursor } from './listing.ts';
import { ConfirmPage } from './pages/confirm.tsx';
import { sessionEndPath, userPath } from './pages/parts.tsx';
import { UserSessionsPage } from './pages/sessions.tsx';
import { AddUserPage } from './pages/user.tsx';
import { addUserBody, changeUserBody } from './schemas.ts';
import { show } from './show.tsx';
import { showUser } from './show-user.ts';

export const userRoutes = (): Hono<AdminEnv> =>
  new Hono<AdminEnv>({ strict: false })
    .get('/add', requireStaffSession, (c) =>
      show(c, AddUserPage, { typed: {}, canInvite: c.var.services.mailer !== null }),
    )
    .post('/add', ownOrigin, requireStaffSession, async (c) => {
      const { services, caller, mount } = c.var;
      const typed = await readForm(c);
      try {
        const invite = typed.invite === 'true';
        const { password, ...rest } = typed;
        const input = {
          ...rest,
          invite,
          ...(!(invite && password === '') && { password }),
          is_staff: typed.is_staff === 'true',
          unverified: typed.unverified === 'true',
        };
        const person = validated(addUserBody, input, () => passwordFaultsOf(services, input));
        const user = await addUser(services, caller, person, callOf(c));
        return c.redirect(`${userPath(mount, user.id)}?done=${invite ? 'invited' : 'added'}`, 303);
      } catch (error) {
        const { status, errors } = formErrors(error, c);
        const canInvite = services.mailer !== null;
        return show(c, AddUserPage, { typed, canInvite, errors }, status);
      }
    })
    .get('/:id', requireStaffSession, async (c) =>
      showUser(c, await findUser(c.var.services, c.req.param('id'))),
    )
    .post('/:id', ownOrigin, requireStaffSession, async (c) => {
      const { services, caller, mount } = c.var;
      const id = c.req.param('id');
      const { name = '', username = '' } = await readForm(c);
      const typed = { name, username };
      try {
        await changeUser(services, caller, id, validated(changeUserBody, typed), callOf(c));
        return c.redirect(`${userPath(mount, id)}?done=changed`, 303);
      } catch (error) {
        const again = formErrors(error, c);
        return showUser(c, await findUser(services, id), { typed, ...again });
      }
    })
    .get('/:id/sessions', requireStaffSession, async (c) => {
      const { services, caller } = c.var;
      const query = c.req.query();
      const user = await findUser(services, c.req.param('id'));
      const { store, totals } = services.admin;
      const id = query.id?.trim() || null;
      const [page, total] = await Promise.all([
        store.sessions(user.id, { ...pageQuery(query, 'string'), id }),
        id === null ? totals.sessions(user.id) : null,
      ]);
      return show(c, UserSessionsPage, {
        user,
        sessions: await seenSessions(page.items, c.var.language),
        own: caller.sessionId,
        now: seconds(services.clock),
        query,
        total,
        next: writeCursor(page.next),
      });
    })
    .get('/:id/sessions/:sid/end', requireStaffSession, async (c) => {
      const { id, sid } = c.req.param();
      const user = await findUser(c.var.services, id);
      return show(c, ConfirmPage, {
        user,
        act: 'end',
        at: sessionEndPath(sid),
        sessions: { count: 1, more: false },
        isOwn: sid === c.var.caller.sessionId,
      });
    })
    .post('/:id/sessions/:sid/end', ownOrigin, requireStaffSession, async (c) => {
      const { id, sid } = c.req.param();
      await endSessions(c.var.services, c.var.caller, { userId: id, sessionId: sid }, callOf(c));
      if (sid === c.var.caller.sessionId) return afterOwn(c, 'end');
      return c.redirect(`${userPath(c.var.mount, id)}?done=end`, 303);
    });
