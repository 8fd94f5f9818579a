/**
 * What all actions of staff share: who acts, on whom, whether it happened, and who is notified. No Hono, Drizzle or
 * bindings.
 */
import { inLanguageOf } from '../account/application/mailing.ts';
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

export interface Acted {
  entry: AuditEntry;
  outcome: Outcome;
  /** The sessions that it ended. */
  ended?: { sessions: readonly EndedSession[]; reason: RevocationReason } | undefined;
  /** The user afterwards, if that is read. */
  user?: User | null;
  /** Events and e-mails, after it happened. `theirs`: the call in the user's language. */
  notify: (theirs: Call) => Promise<void>;
}

/**
 * Acts on a user as they are now, and returns them. An action that lost against a concurrent change of the same user is
 * tried again. `act` returns null if there is nothing to do. 403 permission_denied; 404 not_found; what `requireDone` throws.
 */
export async function actOnUser(
  services: AdminServices,
  id: string,
  call: Call,
  act: (user: User) => Promise<Acted | null>,
): Promise<User> {
  for (let left = ATTEMPTS; ; left--) {
    const user = await findUser(services, id);
    const acted = await act(user);
    if (acted === null) return user;
    const { entry, outcome, ended, notify } = acted;
    if (outcome === 'changed' && left > 1) continue;
    requireDone(outcome);
    await tell(services, call, entry, entry.action === 'user.deleted' ? undefined : id, ended);
    await notify(inLanguageOf(user, call));
    return acted.user ?? user;
  }
}
