/**
 * The use cases of staff, behind both the console's pages and its JSON. No Hono, Drizzle or bindings. Every write checks
 * again that the caller may act.
 */

import { announce } from '../account/application/announce.ts';
import { INVITATION_SECONDS, newOneTimeToken, sendMail } from '../account/application/mailing.ts';
import type { Caller } from '../account/application/session.ts';
import { newPasswordFaults, requireGoodPassword } from '../account/application/tokens.ts';
import { changedFields } from '../account/event.ts';
import { newUser } from '../account/new-user.ts';
import { mayBecomeStaff } from '../account/staff.ts';
import type { AuditAction, Changes } from '../audit-log.ts';
import { sha256Hex } from '../encoding.ts';
import { type FieldFaults, invalid, invalidField } from '../errors.ts';
import { isOwnName } from '../identity.ts';
import type { User } from '../model.ts';
import { type Call, seconds } from '../ports.ts';
import { uuid7 } from '../random.ts';
import { type AdminServices, actOnUser, auditEntry, requireDone, tell } from './acting.ts';
import type { Counts, HistoryRow } from './list-ports.ts';
import type { UserChange } from './ports.ts';

const WEEK_SECONDS = 7 * 86_400;
const LATEST_ROWS = 10;

export async function overview(services: AdminServices): Promise<{ counts: Counts; latest: HistoryRow[] }> {
  const { clock, admin } = services;
  const now = seconds(clock);
  // The time without random bits is less than every UUIDv7 of that millisecond.
  const weekAgoId = uuid7((now - WEEK_SECONDS) * 1_000).slice(0, 13);
  const [counts, latest] = await Promise.all([
    admin.store.counts(now, weekAgoId),
    admin.store.history({ subjectId: null, actorId: null, action: null, after: null, limit: LATEST_ROWS }),
  ]);
  return { counts, latest: latest.items };
}

/** The contents of an invitation e-mail. */
export const invitationTo = (subject: string, secret: string) =>
  ({ subject, purpose: 'password_reset', secret, lifetimeSeconds: INVITATION_SECONDS }) as const;

export interface UserInput {
  /** Canonical. */
  email: string;
  /** Omitted only for an invited user. */
  password?: string | undefined;
  name?: string | null | undefined;
  username?: { username: string; key: string } | null | undefined;
  is_staff?: boolean | undefined;
  /** Required to create staff, as the address is not verified yet. */
  unverified?: boolean | undefined;
  /** Sends a link to choose a password. Needs e-mail. */
  invite?: boolean | undefined;
}

/** 400 invalid; 403 permission_denied; 409 email_taken, username_taken; 429. */
export async function addUser(
  services: AdminServices,
  caller: Caller,
  input: UserInput,
  call: Call,
): Promise<User> {
  const { clock, random, hasher, admin } = services;
  const person = { email: input.email, username: input.username?.username ?? null, name: input.name ?? null };
  const { password, is_staff: isStaff = false } = input;
  const faults: FieldFaults = {
    ...(person.username !== null &&
      !isOwnName(person.username, person.email) && { username: [{ fault: 'username_address' }] }),
    ...(isStaff &&
      !mayBecomeStaff({ emailVerifiedAt: null }, input.unverified) && {
        is_staff: [{ fault: 'unverified' }],
      }),
  };
  if (Object.keys(faults).length > 0) {
    const ofPassword = password !== undefined && newPasswordFaults(services, 'password', password, person);
    throw invalid({ ...faults, ...ofPassword });
  }
  const invited = input.invite === true && services.mailer !== null;
  if (password !== undefined) {
    await requireGoodPassword(services, 'password', password, person, call);
  } else if (!invited) throw invalidField('password', 'required');
  if (invited) await services.limits.check({ action: 'mail', address: input.email }, call);
  const passwordHash = password === undefined ? '' : await hasher.hash(password);
  const entry = auditEntry(services, caller, isStaff ? 'user.added_as_staff' : 'user.added');
  const id = random.uuid7(clock());
  const usernameKey = input.username?.key ?? null;
  const user = newUser({ ...person, usernameKey, id, passwordHash }, entry.now, { isStaff });
  const invitation = invited
    ? await newOneTimeToken(services, 'password_reset', entry.now, null, INVITATION_SECONDS)
    : null;
  requireDone(await admin.store.add(entry, user, invitation && { ...invitation.row, subject: id }));
  await tell(services, call, entry, id);
  announce(services, call, 'user.created', id, entry.now, { email_verified: false });
  if (invitation) {
    await sendMail(services, call, 'invitation', user.email, invitationTo(id, invitation.secret));
  }
  return user;
}

export interface RequestedChange {
  name?: string | null | undefined;
  username?: { username: string; key: string } | null | undefined;
  is_active?: boolean | undefined;
  is_staff?: boolean | undefined;
  /** Required if somebody with an unverified address becomes staff, or active staff again. */
  unverified?: boolean | undefined;
}

/** The name of several changes at once is that of the gravest; `changes` of the entry has them all. */
function actionOf({ isActive, isStaff }: UserChange['set']): AuditAction {
  if (isActive === false) return 'user.deactivated';
  if (isStaff === false) return 'user.demoted';
  if (isStaff) return 'user.promoted';
  return isActive ? 'user.activated' : 'user.changed';
}

/** The part of the requested change that differs from the user, and its name; null: nothing differs. */
function difference(
  user: User,
  { name, username, is_active, is_staff }: RequestedChange,
): { change: UserChange; action: AuditAction } | null {
  const set: UserChange['set'] = {};
  const changes: Record<string, Changes[string]> = {};
  const put = <K extends keyof typeof set & keyof User>(
    key: K,
    value: User[K] | undefined,
    field: string,
  ) => {
    if (value === undefined || value === user[key]) return;
    Object.assign(set, { [key]: value });
    changes[field] = [user[key], value];
  };
  put('name', name, 'name');
  put('username', username === null ? null : username?.username, 'username');
  if ('username' in set) set.usernameKey = username?.key ?? null;
  put('isActive', is_active, 'is_active');
  put('isStaff', is_staff, 'is_staff');
  if (Object.keys(changes).length === 0) return null;
  const flagged = set.isStaff === undefined ? null : set.isStaff ? 'promoted' : 'demoted';
  const ends = set.isActive === false ? 'deactivated' : flagged;
  return { change: { set, changes, ends }, action: actionOf(set) };
}

/**
 * Omitted fields are kept; null removes one. Losing `is_active`, and getting or losing `is_staff`, ends all sessions;
 * undoing it revives none. 400 invalid; 403 permission_denied, last_staff; 404 not_found; 409 username_taken.
 */
export async function changeUser(
  services: AdminServices,
  caller: Caller,
  id: string,
  input: RequestedChange,
  call: Call,
): Promise<User> {
  const { username } = input;
  const requirePowers = (user: User, { isActive, isStaff = user.isStaff }: UserChange['set']) => {
    const gains = isStaff && (isActive === true || !user.isStaff);
    if (gains && !mayBecomeStaff(user, input.unverified)) throw invalidField('is_staff', 'unverified');
  };
  return actOnUser(services, id, call, async (user) => {
    if (username && !isOwnName(username.username, user.email))
      throw invalidField('username', 'username_address');
    // Without an e-mail address the username is the only name to log in with.
    if (username === null && user.email === null) throw invalidField('username', 'null');
    const found = difference(user, input);
    if (!found) return null;
    const { change, action } = found;
    const { set, ends } = change;
    requirePowers(user, set);
    const entry = auditEntry(services, caller, action);
    const { ended, ...changed } = await services.admin.store.change(entry, user, change);
    return {
      ...changed,
      entry,
      ended: ends ? { sessions: ended, reason: ends } : undefined,
      notify: async (theirs) => {
        const email = changed.user?.email ?? null;
        const fields = changedFields(user, { ...user, ...set });
        announce(services, call, 'user.updated', id, entry.now, { changed: fields });
        if (set.isStaff) await sendMail(services, theirs, 'became_staff', email);
        if ('username' in set) await sendMail(services, theirs, 'username_changed', email);
      },
    };
  });
}

/**
 * Deletes the user with everything that belongs to it, invalidates every token, and replaces the user by a pseudonym in
 * the history. 403 permission_denied, last_staff; 404 not_found.
 */
export async function deleteUser(
  services: AdminServices,
  caller: Caller,
  id: string,
  call: Call,
): Promise<void> {
  await actOnUser(services, id, call, async (user) => {
    const entry = auditEntry(services, caller, 'user.deleted');
    const { outcome, ended } = await services.admin.store.remove(entry, user, {
      emailSubject: user.email === null ? null : await sha256Hex(user.email),
      pseudonym: services.random.uuid4(),
    });
    return {
      entry,
      outcome,
      ended: { sessions: ended, reason: 'withdrawn' },
      notify: async (theirs) => {
        announce(services, call, 'user.deleted', id, entry.now, {});
        await sendMail(services, theirs, 'account_deleted', user.email);
      },
    };
  });
}

/**
 * Ends one session, or all if `sessionId` is null, with pending changes of address; ended ones are ignored.
 * 403 permission_denied; 404 not_found.
 */
export async function endSessions(
  services: AdminServices,
  caller: Caller,
  target: { userId: string; sessionId: string | null },
  call: Call,
): Promise<void> {
  const { userId, sessionId } = target;
  const entry = auditEntry(
    services,
    caller,
    sessionId === null ? 'user.all_sessions_ended' : 'user.session_ended',
  );
  const { outcome, ended } = await services.admin.store.endSessions(entry, userId, sessionId);
  requireDone(outcome);
  if (ended.length === 0) return;
  await tell(services, call, entry, userId, { sessions: ended, reason: 'ended' });
}
