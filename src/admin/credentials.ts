/**
 * The use cases with which staff set a user's address, its verification or a password. Each is in the history and notified
 * to the user by e-mail. No Hono, Drizzle or bindings.
 */
import { announce } from '../account/application/announce.ts';
import { newOneTimeToken, sendMail } from '../account/application/mailing.ts';
import type { Caller } from '../account/application/session.ts';
import { requireGoodPassword } from '../account/application/tokens.ts';
import { sha256Hex } from '../encoding.ts';
import { invalidField } from '../errors.ts';
import type { User } from '../model.ts';
import type { Call } from '../ports.ts';
import { type Acted, type AdminServices, actOnUser, auditEntry, findUser } from './acting.ts';
import type { AuditEntry } from './ports.ts';

/** The two tokens of a change of address, each null if it is not to be sent. */
async function addressTokens(services: AdminServices, { id, email, emailVerifiedAt }: User, now: number) {
  const old = email === null ? null : JSON.stringify({ email, subject: await sha256Hex(email) });
  return {
    // The mailbox of an unverified address may belong to a stranger.
    takeBack: emailVerifiedAt === null ? null : await newOneTimeToken(services, 'email_take_back', now, old),
    confirmation: services.mailer ? await newOneTimeToken(services, 'email_verify', now) : null,
    ofUser: <T extends object>(row: T) => ({ ...row, subject: id }),
  };
}

/**
 * Takes effect at once, without the user's confirmation. `verified`: staff know that the address is the user's; otherwise
 * it gets a verification e-mail. A verified old address gets a link that restores it. No session ends; older links are void.
 * 403 permission_denied; 404 not_found; 409 email_taken.
 */
export async function changeEmail(
  services: AdminServices,
  caller: Caller,
  id: string,
  { email: to, verified }: { email: string; verified: boolean },
  call: Call,
): Promise<void> {
  if (services.mailer) await services.limits.check({ action: 'mail', address: to }, call);
  await actOnUser(services, id, call, async (user) => {
    if (user.email === to) return null;
    const entry = auditEntry(services, caller, 'user.email_changed');
    const { takeBack, confirmation, ofUser } = await addressTokens(services, user, entry.now);
    const outcome = await services.admin.credentials.changeEmail(entry, user, {
      to,
      toSubject: await sha256Hex(to),
      verified,
      takeBack: takeBack && ofUser(takeBack.row),
      confirmation: verified ? null : confirmation && ofUser(confirmation.row),
    });
    const notify = async (theirs: Call) => {
      call.report('info', 'email_changed', { user: id });
      announce(services, call, 'email.changed', id, entry.now, {});
      if (takeBack) {
        const carried = { subject: id, purpose: 'email_take_back', secret: takeBack.secret } as const;
        await sendMail(services, theirs, 'email_changed', user.email, carried);
      } else await sendMail(services, theirs, 'email_replaced', user.email);
      if (confirmation && !verified) {
        const carried = { subject: id, purpose: 'email_verify', secret: confirmation.secret } as const;
        await sendMail(services, theirs, 'address_set', to, carried);
      } else await sendMail(services, theirs, 'address_confirmed', to);
    };
    return { entry, outcome, notify };
  });
}

/** Does nothing if it is already verified. 400 invalid without an address; 403 permission_denied; 404 not_found. */
export async function verifyEmail(
  services: AdminServices,
  caller: Caller,
  id: string,
  call: Call,
): Promise<void> {
  await actOnUser(services, id, call, async (user) => {
    if (user.email === null) throw invalidField('email', 'identity');
    if (user.emailVerifiedAt !== null) return null;
    const entry = auditEntry(services, caller, 'user.email_verified');
    const outcome = await services.admin.credentials.verifyEmail(entry, user);
    const notify = async (theirs: Call) => {
      call.report('info', 'email_verified', { user: id });
      announce(services, call, 'email.verified', id, entry.now, {});
      await sendMail(services, theirs, 'address_confirmed', user.email);
    };
    return { entry, outcome, notify };
  });
}

/** Ends all sessions. 400 invalid with every fault of the password; 403 permission_denied; 404 not_found. */
export async function setPassword(
  services: AdminServices,
  caller: Caller,
  id: string,
  password: string,
  call: Call,
): Promise<void> {
  await requireGoodPassword(services, 'password', password, await findUser(services, id), call);
  const passwordHash = await services.hasher.hash(password);
  await actOnUser(services, id, call, (user) => {
    const entry = auditEntry(services, caller, 'user.password_set');
    return replacePassword(services, entry, user, { passwordHash, mail: 'password_set' }, call);
  });
}

/**
 * Removes the password and ends all sessions; does nothing if there is none. It may be the user's only way to sign in,
 * except for the last staff member who can. 403 permission_denied, last_staff; 404 not_found.
 */
export async function removePassword(
  services: AdminServices,
  caller: Caller,
  id: string,
  call: Call,
): Promise<void> {
  await actOnUser(services, id, call, async (user) => {
    if (user.passwordHash === '') return null;
    const entry = auditEntry(services, caller, 'user.password_removed');
    return replacePassword(services, entry, user, { passwordHash: '', mail: 'password_removed' }, call);
  });
}

async function replacePassword(
  services: AdminServices,
  entry: AuditEntry,
  user: User,
  { passwordHash, mail }: { passwordHash: string; mail: 'password_set' | 'password_removed' },
  call: Call,
): Promise<Acted> {
  const { outcome, ended } = await services.admin.credentials.setPassword(entry, user, passwordHash);
  return {
    entry,
    outcome,
    ended: { sessions: ended, reason: 'password_reset' },
    notify: async (theirs) => {
      call.report('info', 'password_changed', { user: user.id, ended: ended.length });
      announce(services, call, 'password.changed', user.id, entry.now, { by: 'staff' });
      await sendMail(services, theirs, mail, user.email);
    },
  };
}
