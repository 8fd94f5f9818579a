/**
 * A user's passkeys and connections in the console. Staff can remove the last one too, as the user can reset the password
 * by e-mail; but somebody who can use the console must remain. No Hono, Drizzle or bindings.
 */
import { sendMail } from '../account/application/mailing.ts';
import type { Caller } from '../account/application/session.ts';
import type { Call } from '../ports.ts';
import { type AdminServices, actOnUser, auditEntry, findUser } from './acting.ts';
import type { SignInMethods } from './ports.ts';

/** 404 not_found. */
export async function signInMethodsOf(services: AdminServices, id: string): Promise<SignInMethods> {
  const user = await findUser(services, id);
  return services.admin.store.signInMethods(user.id);
}

/** The one to remove, and its user. */
export interface Target {
  userId: string;
  id: string;
}

/** Tells the user. 403 permission_denied, last_staff; 404 not_found. */
export async function removePasskey(
  services: AdminServices,
  caller: Caller,
  { userId, id }: Target,
  call: Call,
): Promise<void> {
  await actOnUser(services, userId, call, async (user) => {
    const entry = auditEntry(services, caller, 'user.passkey_removed');
    const outcome = await services.admin.store.removePasskey(entry, userId, id);
    const notify = async (theirs: Call) => {
      call.report('info', 'passkey_removed', { user: userId, passkey: id });
      await sendMail(services, theirs, 'passkey_removed', user.email);
    };
    return { entry, outcome, notify };
  });
}

/** Tells the user. 403 permission_denied, last_staff; 404 not_found. */
export async function removeConnection(
  services: AdminServices,
  caller: Caller,
  { userId, id }: Target,
  call: Call,
): Promise<void> {
  await actOnUser(services, userId, call, async (user) => {
    const entry = auditEntry(services, caller, 'user.connection_removed');
    const { outcome, provider } = await services.admin.store.removeConnection(entry, userId, id);
    const notify = async (theirs: Call) => {
      call.report('info', 'connection_removed', { user: userId, provider });
      await sendMail(services, theirs, 'connection_removed', user.email);
    };
    return { entry, outcome, notify };
  });
}
