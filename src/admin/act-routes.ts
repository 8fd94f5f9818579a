/** `/admin/users/:id/…`: the actions on one user behind a button, with a confirmation page for those that take something away. */
import { Hono } from 'hono';
import type { Caller } from '../account/application/session.ts';
import { callOf } from '../http/call.ts';
import { consoleWords } from '../languages/index.ts';
import type { User } from '../model.ts';
import { type Call, seconds } from '../ports.ts';
import { type AdminServices, findUser } from './acting.ts';
import { changeUser, deleteUser, endSessions, type RequestedChange } from './application.ts';
import { clearCookie, ownOrigin, requireStaffSession } from './cookie.ts';
import { removePassword, verifyEmail } from './credentials.ts';
import type { AdminContext, AdminEnv } from './env.ts';
import { removeFactor } from './factors.ts';
import { type Form, formErrors, readForm, type Shown } from './forms.ts';
import { invite, requestReset } from './links.ts';
import { leaveNotice } from './notice.ts';
import { ConfirmPage, type Consequence } from './pages/confirm.tsx';
import { type ConsoleWords, nameOf, userPath } from './pages/parts.tsx';
import { show } from './show.tsx';
import { showUser } from './show-user.ts';
import { isNameOf } from './typed-name.ts';

type Deed = (services: AdminServices, caller: Caller, id: string, call: Call, form: Form) => Promise<unknown>;

const change =
  (change: RequestedChange): Deed =>
  (services, caller, id, call) =>
    changeUser(services, caller, id, change, call);

/** Keyed by the last part of the path, which is also the code of the message that follows. */
const DEEDS = {
  activate: (services, caller, id, call, { unverified }) =>
    changeUser(services, caller, id, { is_active: true, unverified: unverified === 'true' }, call),
  promote: (services, caller, id, call, { unverified }) =>
    changeUser(services, caller, id, { is_staff: true, unverified: unverified === 'true' }, call),
  'password-reset': requestReset,
  invite,
  deactivate: change({ is_active: false }),
  demote: change({ is_staff: false }),
  'remove-factor': removeFactor,
  'verify-email': verifyEmail,
  'remove-password': removePassword,
  'end-sessions': (services, caller, userId, call) =>
    endSessions(services, caller, { userId, sessionId: null }, call),
  delete: deleteUser,
} as const satisfies Partial<Record<keyof ConsoleWords['done'], Deed>>;
type Act = keyof typeof DEEDS;

/** Actions that end the user's sessions, even the caller's own. */
const ENDS_SESSIONS = [
  'deactivate',
  'demote',
  'remove-password',
  'end-sessions',
  'delete',
] as const satisfies Act[];

/** Actions with a confirmation page: they end sessions, cannot be undone, or need a word about an unverified address. */
const ASKED = [
  'activate',
  'promote',
  'remove-factor',
  'verify-email',
  ...ENDS_SESSIONS,
] as const satisfies (keyof ConsoleWords['questions'] & Act)[];

const isOneOf = <T extends string>(list: readonly T[], act: string): act is T => list.includes(act as T);

/** Side effects that the confirmation page shows. `ends`: the action ends all sessions. */
export async function consequenceOf(c: AdminContext, user: User, ends: boolean): Promise<Consequence> {
  const { services, caller } = c.var;
  const sessions = ends ? await services.admin.groups.liveSessions([user.id], seconds(services.clock)) : null;
  return { sessions, isOwn: user.id === caller.user.id };
}

/** After an action that ended the caller's own session: the log-in page, with a message about it. */
export function afterOwn(c: AdminContext, act: (typeof ENDS_SESSIONS)[number] | 'password' | 'end') {
  clearCookie(c);
  return c.redirect(`${c.var.mount}/login?done=${`own-${act}` satisfies keyof ConsoleWords['done']}`, 303);
}

async function ask(c: AdminContext, user: User, act: (typeof ASKED)[number], fault: Partial<Shown> = {}) {
  const { status, ...again } = fault;
  const ends = act === 'promote' || isOneOf(ENDS_SESSIONS, act);
  return show(c, ConfirmPage, { user, act, ...(await consequenceOf(c, user, ends)), ...again }, status);
}

/** Mounted at `/admin/users`. */
export function actRoutes(): Hono<AdminEnv> {
  const routes = new Hono<AdminEnv>({ strict: false });
  for (const [act, deed] of Object.entries<Deed>(DEEDS)) {
    routes.post(`/:id/${act}`, ownOrigin, requireStaffSession, async (c) => {
      const { services, caller, mount } = c.var;
      const id = c.req.param('id') ?? '';
      const form = await readForm(c);
      const deleted = act === 'delete' ? await findUser(services, id) : null;
      if (deleted && !isNameOf(deleted, form.confirm ?? '')) {
        const { mismatch } = consoleWords[c.var.language].confirm;
        return ask(c, deleted, 'delete', { status: 400, errors: { confirm: [mismatch] } });
      }
      try {
        await deed(services, caller, id, callOf(c), form);
      } catch (error) {
        const fault = formErrors(error, c);
        const user = await findUser(services, id);
        return isOneOf(ASKED, act) ? ask(c, user, act, fault) : showUser(c, user, fault);
      }
      if (id === caller.user.id && isOneOf(ENDS_SESSIONS, act)) return afterOwn(c, act);
      if (deleted) leaveNotice(c, { name: nameOf(deleted) });
      return c.redirect(`${deleted ? `${mount}/users` : userPath(mount, id)}?done=${act}`, 303);
    });
  }
  for (const act of ASKED) {
    routes.get(`/:id/${act}`, requireStaffSession, async (c) =>
      ask(c, await findUser(c.var.services, c.req.param('id') ?? ''), act),
    );
  }
  return routes;
}
