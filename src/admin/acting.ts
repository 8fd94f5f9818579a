/** What all actions of staff share: who acts, whom it is about, whether it happened, and who hears of it. No Hono, Drizzle or bindings. */
import type { Caller } from '../account/application/session.ts';
import { cacheRevocation, type Services } from '../account/application/tokens.ts';
import type { AuditAction } from '../audit-log.ts';
import type { WithConnections } from '../connections/services.ts';
import { unavailable } from '../deadlines.ts';
import type { WithEmailSignIn } from '../email-sign-in/services.ts';
import { Refusal } from '../errors.ts';
import type { EndedSession, RevocationReason, User } from '../model.ts';
import type { WithPasskeys } from '../passkeys/services.ts';
import { type Call, seconds } from '../ports.ts';
import type { WithFactors } from '../second-factor/services.ts';
import type { AdminStores, AuditEntry, Outcome } from './ports.ts';

export interface AdminServices extends WithFactors, WithEmailSignIn, WithConnections, WithPasskeys {
  admin: AdminStores;
}

const ATTEMPTS = 3;

/** `action`: its name in the history and the log. */
export const auditEntry = ({ clock, random }: Services, caller: Caller, action: AuditAction): AuditEntry => ({
  actorId: caller.user.id,
  sessionId: caller.sessionId,
  now: seconds(clock),
  action,
  logId: random.uuid7(clock()),
});

/** 403 permission_denied, last_staff; 404 not_found; 409 email_taken, username_taken; 503. */
export function requireDone(outcome: Outcome): void {
  if (outcome === 'ok') return;
  if (outcome === 'denied') throw new Refusal('permission_denied', { reason: 'no_longer_staff' });
  if (outcome === 'gone') throw new Refusal('not_found');
  if (outcome === 'changed') throw unavailable('contended');
  throw new Refusal(outcome);
}

/** An action that lost against a concurrent change of the same user is retried with the current user. */
export async function settled<T>(attempt: () => Promise<{ outcome: Outcome; result: T }>): Promise<T> {
  for (let left = ATTEMPTS; ; left--) {
    const { outcome, result } = await attempt();
    if (outcome === 'changed' && left > 1) continue;
    requireDone(outcome);
    return result;
  }
}

/** Writes ended sessions to KV and the action to the log, where a deleted user has no name. */
export async function tell(
  services: Services,
  { report }: Call,
  { actorId: actor, action }: AuditEntry,
  user: string | undefined,
  ended?: { sessions: readonly EndedSession[]; reason: RevocationReason },
): Promise<void> {
  if (ended) await cacheRevocation(services, ended.sessions, ended.reason, report);
  report('info', 'admin_acted', { actor, action, user, ended: ended?.sessions.length ?? 0 });
}

/** 404 not_found. */
export async function findUser({ admin }: AdminServices, id: string): Promise<User> {
  const user = await admin.store.user(id);
  if (!user) throw new Refusal('not_found');
  return user;
}
