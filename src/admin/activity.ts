/**
 * What happened to an account, as far as its own rows tell: when it was made, from where its user signed in, why
 * sessions ended, what was set up. Beside it stands what staff did. Nothing is kept for it. Pure.
 */
import type { Changes } from '../audit-log.ts';
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

export type Activity = { at: number } & (
  | { by: 'user'; event: OwnEvent }
  | { by: 'staff'; actor: Person; action: string; changes: Changes }
);

/** What the history of staff tells already. */
const BY_STAFF: readonly RevocationReason[] = ['deactivated', 'promoted', 'demoted'];

/** Sessions that ended together are one event. */
function ends(sessions: readonly SeenSession[]): Activity[] {
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

/** Newest first, so many at most. */
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
  const own = (at: number | null, event: OwnEvent): Activity[] =>
    at === null ? [] : [{ at, by: 'user', event }];
  return [
    ...parts.history.map(
      ({ at, actor, action, changes }): Activity => ({
        at,
        by: 'staff',
        actor,
        action,
        changes,
      }),
    ),
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
  ]
    .sort((a, b) => b.at - a.at)
    .slice(0, limit);
}
