/**
 * What happened to an account, as far as its own rows tell: when it was made, from where its user signed in, why
 * sessions ended, what was set up. Beside it stands what staff did. Nothing is kept for it. Pure.
 */
import type { AuditAction, Changes } from '../audit-log.ts';
import type { RevocationReason, User } from '../model.ts';
import type { SeenSession } from './devices.ts';
import type { HistoryRow, Person } from './list-ports.ts';
import type { SignInMethods } from './ports.ts';

/** What the user did, or what was done on their account. */
export type OwnEvent =
  | { kind: 'joined' | 'email_verified' | 'factor_on' }
  | { kind: 'signed_in'; session: SeenSession }
  | { kind: 'sessions_ended'; reason: RevocationReason; count: number }
  | { kind: 'passkey_added'; name: string }
  | { kind: 'connection_added'; provider: string };

type Own = { at: number; by: 'user'; event: OwnEvent };
export type Activity = Own | { at: number; by: 'staff'; actor: Person; action: string; changes: Changes };

/** What the history of staff tells already. */
const BY_STAFF: readonly RevocationReason[] = ['deactivated', 'promoted', 'demoted'];

/** Actions of staff that leave the same trace in the account as the user's own. */
const SAME_TRACE: Partial<Record<OwnEvent['kind'], readonly AuditAction[]>> = {
  joined: ['user.added', 'user.added_as_staff'],
  email_verified: ['user.email_verified', 'user.email_changed'],
  sessions_ended: [
    'user.session_ended',
    'user.all_sessions_ended',
    'user.password_set',
    'user.password_removed',
  ],
};

/** Sessions that ended together are one event. */
function ends(sessions: readonly SeenSession[]): Own[] {
  const found = new Map<string, { at: number; reason: RevocationReason; count: number }>();
  for (const { revokedAt, revokedReason } of sessions) {
    if (revokedAt === null || revokedReason === null || BY_STAFF.includes(revokedReason)) continue;
    const key = `${revokedAt} ${revokedReason}`;
    const count = (found.get(key)?.count ?? 0) + 1;
    found.set(key, { at: revokedAt, reason: revokedReason, count });
  }
  return [...found.values()].map(({ at, reason, count }) => ({
    at,
    by: 'user',
    event: { kind: 'sessions_ended', reason, count },
  }));
}

/** Newest first, `limit` at most. `history` has as many rows, unless there are fewer. */
export function activityOf(
  user: User,
  parts: {
    sessions: readonly SeenSession[];
    methods: SignInMethods;
    factorSince: number | null;
    history: readonly HistoryRow[];
  },
  limit: number,
): Activity[] {
  const own = (at: number | null, event: OwnEvent): Own[] => (at === null ? [] : [{ at, by: 'user', event }]);
  const isOfStaff = ({ at, event }: Own) =>
    parts.history.some(
      (row) => row.at === at && SAME_TRACE[event.kind]?.some((action) => action === row.action),
    );
  const ofUser = [
    ...ends(parts.sessions),
    ...parts.sessions.flatMap((session) => own(session.createdAt, { kind: 'signed_in', session })),
    ...parts.methods.passkeys.flatMap(({ createdAt, name }) =>
      own(createdAt, { kind: 'passkey_added', name }),
    ),
    ...parts.methods.connections.flatMap(({ createdAt, provider }) =>
      own(createdAt, { kind: 'connection_added', provider }),
    ),
    ...own(parts.factorSince, { kind: 'factor_on' }),
    ...own(user.emailVerifiedAt, { kind: 'email_verified' }),
    ...own(user.dateJoined, { kind: 'joined' }),
  ].filter((one) => !isOfStaff(one));
  const ofStaff = parts.history.map(
    ({ at, actor, action, changes }): Activity => ({ at, by: 'staff', actor, action, changes }),
  );
  return [...ofStaff, ...ofUser].sort((a, b) => b.at - a.at).slice(0, limit);
}
