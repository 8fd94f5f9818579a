/** Responds with the page of one user, with the faults of a form if there are any. */
import type { User } from '../model.ts';
import { seconds } from '../ports.ts';
import { activityOf } from './activity.ts';
import { seenSessions } from './devices.ts';
import type { AdminContext } from './env.ts';
import { factorsOf } from './factors.ts';
import type { Shown } from './forms.ts';
import { canReset } from './links.ts';
import { UserPage } from './pages/user.tsx';
import { show } from './show.tsx';

const SESSIONS_SHOWN = 10;
const ACTIVITY_SHOWN = 20;

export async function showUser(
  c: AdminContext,
  user: User,
  { status, ...again }: Partial<Shown & { typed: Record<string, string> }> = {},
) {
  const { services, caller } = c.var;
  const { store } = services.admin;
  const [factors, methods, sessions, history] = await Promise.all([
    factorsOf(services, user),
    store.signInMethods(user.id),
    store.sessions(user.id, { id: null, after: null, limit: SESSIONS_SHOWN }),
    store.history({ subjectId: user.id, actorId: null, action: null, after: null, limit: ACTIVITY_SHOWN }),
  ]);
  const seen = await seenSessions(sessions.items, c.var.language);
  const parts = {
    sessions: seen,
    methods,
    factorSince: factors.totp?.createdAt ?? null,
    history: history.items,
  };
  return show(
    c,
    UserPage,
    {
      user,
      factors,
      methods,
      providers: services.connections.providers,
      sessions: seen,
      activity: activityOf(user, parts, ACTIVITY_SHOWN),
      own: caller.sessionId,
      now: seconds(services.clock),
      canReset: canReset(services, user),
      canSetUpFactor: services.factors !== null && user.id === caller.user.id,
      ...again,
    },
    status,
  );
}
