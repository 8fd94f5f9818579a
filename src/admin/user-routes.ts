/** `/admin/users/…`: the pages of one user, the page that adds one, and what is done to them. */
import { Hono } from 'hono';
import type { Caller } from '../account/application/session.ts';
import { callOf } from '../http/call.ts';
import type { User } from '../model.ts';
import { type Call, seconds } from '../ports.ts';
import {
  type AdminServices,
  addUser,
  canReset,
  changeUser,
  deleteUser,
  endSessions,
  findUser,
  type RequestedChange,
  requestReset,
} from './application.ts';
import { ownOrigin, requireStaffSession } from './cookie.ts';
import type { AdminContext, AdminEnv } from './env.ts';
import { factorsOf, removeFactor } from './factors.ts';
import { type Form, formErrors, readForm, validated } from './forms.ts';
import { pageQuery, writeCursor } from './listing.ts';
import { type ConsoleWords, userPath } from './pages/parts.tsx';
import { UserSessionsPage } from './pages/sessions.tsx';
import { ConfirmPage } from './pages/sign.tsx';
import { AddUserPage, UserPage } from './pages/user.tsx';
import { addUserBody, changeUserBody } from './schemas.ts';
import { show } from './show.tsx';

const SESSIONS_SHOWN = 10;
const HISTORY_SHOWN = 10;

type Deed = (services: AdminServices, caller: Caller, id: string, call: Call, form: Form) => Promise<unknown>;

const change =
  (change: RequestedChange): Deed =>
  (services, caller, id, call) =>
    changeUser(services, caller, id, change, call);

/** By the last part of the path, which is also the code of the sentence after it. */
const DEEDS = {
  activate: (services, caller, id, call, { unverified }) =>
    changeUser(services, caller, id, { is_active: true, unverified: unverified === 'true' }, call),
  promote: (services, caller, id, call, { unverified }) =>
    changeUser(services, caller, id, { is_staff: true, unverified: unverified === 'true' }, call),
  'password-reset': requestReset,
  deactivate: change({ is_active: false }),
  demote: change({ is_staff: false }),
  'remove-factor': removeFactor,
  'end-sessions': (services, caller, userId, call) =>
    endSessions(services, caller, { userId, sessionId: null }, call),
  delete: deleteUser,
} as const satisfies Partial<Record<keyof ConsoleWords['done'], Deed>>;

/** Of those, what ends sessions, cannot be undone, or has to be said of staff whose address nobody has verified. */
const ASKED = [
  'activate',
  'promote',
  'deactivate',
  'demote',
  'end-sessions',
  'remove-factor',
  'delete',
] as const satisfies (keyof ConsoleWords['questions'] & keyof typeof DEEDS)[];

async function showUser(
  c: AdminContext,
  user: User,
  { status, ...again }: Partial<ReturnType<typeof formErrors> & { typed: Record<string, string> }> = {},
) {
  const { services, caller } = c.var;
  const { store } = services.admin;
  const [factors, methods, sessions, history] = await Promise.all([
    factorsOf(services, user),
    store.signInMethods(user.id),
    store.sessions(user.id, { id: null, after: null, limit: SESSIONS_SHOWN }),
    store.history({ subjectId: user.id, after: null, limit: HISTORY_SHOWN }),
  ]);
  return show(
    c,
    UserPage,
    {
      user,
      factors,
      methods,
      providers: services.connections.providers,
      sessions: sessions.items,
      history: history.items,
      own: caller.sessionId,
      now: seconds(services.clock),
      canReset: canReset(services, user),
      ...again,
    },
    status,
  );
}

export function userRoutes(): Hono<AdminEnv> {
  const routes = new Hono<AdminEnv>({ strict: false })
    .get('/add', requireStaffSession, (c) => show(c, AddUserPage, { typed: {} }))
    .post('/add', ownOrigin, requireStaffSession, async (c) => {
      const { services, caller, mount } = c.var;
      const typed = await readForm(c);
      try {
        const change = validated(addUserBody, {
          ...typed,
          is_staff: typed.is_staff === 'true',
          unverified: typed.unverified === 'true',
        });
        const user = await addUser(services, caller, change, callOf(c));
        return c.redirect(`${userPath(mount, user.id)}?done=added`, 303);
      } catch (error) {
        const { status, errors } = formErrors(error, c);
        return show(c, AddUserPage, { typed, errors }, status);
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
      const page = await services.admin.store.sessions(user.id, {
        ...pageQuery(query, 'string'),
        id: query.id?.trim() || null,
      });
      return show(c, UserSessionsPage, {
        user,
        sessions: page.items,
        own: caller.sessionId,
        now: seconds(services.clock),
        query,
        next: writeCursor(page.next),
      });
    })
    .post('/:id/sessions/:sid/end', ownOrigin, requireStaffSession, async (c) => {
      const { id, sid } = c.req.param();
      await endSessions(c.var.services, c.var.caller, { userId: id, sessionId: sid }, callOf(c));
      return c.redirect(`${userPath(c.var.mount, id)}?done=end`, 303);
    });

  for (const [act, deed] of Object.entries<Deed>(DEEDS)) {
    routes.post(`/:id/${act}`, ownOrigin, requireStaffSession, async (c) => {
      const { services, caller, mount } = c.var;
      const id = c.req.param('id') ?? '';
      try {
        await deed(services, caller, id, callOf(c), await readForm(c));
      } catch (error) {
        if (act !== 'promote' && act !== 'activate') throw error;
        const { status, errors } = formErrors(error, c);
        return show(c, ConfirmPage, { user: await findUser(services, id), act, errors }, status);
      }
      return c.redirect(`${deed === deleteUser ? `${mount}/users` : userPath(mount, id)}?done=${act}`, 303);
    });
  }
  for (const act of ASKED) {
    routes.get(`/:id/${act}`, requireStaffSession, async (c) => {
      const user = await findUser(c.var.services, c.req.param('id') ?? '');
      return show(c, ConfirmPage, { user, act });
    });
  }
  return routes;
}
