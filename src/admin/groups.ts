/** The use cases for several users at once. No Hono, Drizzle or bindings. */
import { announce } from '../account/application/announce.ts';
import { inLanguageOf, sendMail } from '../account/application/mailing.ts';
import type { Caller } from '../account/application/session.ts';
import { cacheRevocation } from '../account/application/tokens.ts';
import type { AuditAction } from '../audit-log.ts';
import { sha256Hex } from '../encoding.ts';
import { invalidField } from '../errors.ts';
import type { EndedSession, RevocationReason, User } from '../model.ts';
import { type Call, seconds } from '../ports.ts';
import { type AdminServices, auditEntry, requireDone } from './acting.ts';
import type { GroupAct } from './ports.ts';

export const GROUP_MAX = 100;
/** A request may make at most 1,000 calls to KV. The other sessions have ended in D1 all the same. */
const CACHED_MAX = 900;

const ACTS = {
  activate: { action: 'user.activated', ends: null },
  deactivate: { action: 'user.deactivated', ends: 'deactivated' },
  'end-sessions': { action: 'user.all_sessions_ended', ends: 'ended' },
  delete: { action: 'user.deleted', ends: 'withdrawn' },
} as const satisfies Record<GroupAct, { action: AuditAction; ends: RevocationReason | null }>;

/** Why a user would be left out. */
export type LeftOut = 'own' | 'staff' | 'unverified' | 'nothing';

export interface Group {
  /** The users for whom it would happen. */
  members: User[];
  left: { user: User; why: LeftOut }[];
}

/** Unknown ids are ignored. 400 invalid for more than `GROUP_MAX`. */
export async function lookAtGroup(
  services: AdminServices,
  caller: Caller,
  act: GroupAct,
  ids: readonly string[],
): Promise<Group> {
  if (new Set(ids).size > GROUP_MAX) throw invalidField('user', 'max_length', { max: GROUP_MAX });
  const actor = { actorId: caller.user.id, now: seconds(services.clock) };
  const found = await services.admin.groups.look(act, actor, [...new Set(ids)]);
  const why = (user: User): LeftOut => {
    if (user.id === caller.user.id) return 'own';
    if (act === 'activate' && !user.isActive) return 'unverified';
    return user.isStaff && user.isActive && act !== 'activate' && act !== 'end-sessions'
      ? 'staff'
      : 'nothing';
  };
  return {
    members: found.filter(({ may }) => may),
    left: found.filter(({ may }) => !may).map((user) => ({ user, why: why(user) })),
  };
}

/**
 * Applies the action to those of them for whom it is allowed at that moment, and returns their number. Never to the caller
 * or the last staff member, and never makes somebody with an unverified address active staff. 403 permission_denied.
 */
export async function actOnGroup(
  services: AdminServices,
  caller: Caller,
  act: GroupAct,
  members: readonly User[],
  call: Call,
): Promise<number> {
  const { random, clock } = services;
  if (members.length === 0) return 0;
  const { action, ends } = ACTS[act];
  const { logId: _, ...entry } = auditEntry(services, caller, action);
  const rows = members.map(async ({ id, email }) => ({
    id,
    email,
    logId: random.uuid7(clock()),
    emailSubject: email === null ? null : await sha256Hex(email),
    pseudonym: random.uuid4(),
  }));
  const { outcome, done, ended } = await services.admin.groups.act(act, entry, await Promise.all(rows));
  requireDone(outcome);

  if (ends) call.waitUntil(cache(services, ended, ends, call));
  const isDone = new Set(done);
  for (const user of members.filter(({ id }) => isDone.has(id))) {
    const { id } = user;
    const count = ended.filter(({ userId }) => userId === id).length;
    const named = act === 'delete' ? undefined : id;
    call.report('info', 'admin_acted', { actor: entry.actorId, action, user: named, ended: count });
    if (act === 'delete') {
      announce(services, call, 'user.deleted', id, entry.now, {});
      await sendMail(services, inLanguageOf(user, call), 'account_deleted', user.email);
    } else if (act !== 'end-sessions') {
      announce(services, call, 'user.updated', id, entry.now, { changed: ['is_active'] });
    }
  }
  return done.length;
}

/** After the response, as hundreds of calls take seconds. */
async function cache(
  services: AdminServices,
  ended: readonly EndedSession[],
  reason: RevocationReason,
  { report }: Call,
): Promise<void> {
  await cacheRevocation(services, ended.slice(0, CACHED_MAX), reason, report);
  const lost = ended.length - CACHED_MAX;
  if (lost > 0) report('error', 'kv_unavailable', { call: 'blacklist.add', lost });
}
