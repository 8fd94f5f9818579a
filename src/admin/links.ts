/** The links for a new password that staff send: a reset, and an invitation. No Hono, Drizzle or bindings. */
import { INVITATION_SECONDS, newOneTimeToken, sendMail } from '../account/application/mailing.ts';
import type { Caller } from '../account/application/session.ts';
import type { Services } from '../account/application/tokens.ts';
import { invalidField, Refusal } from '../errors.ts';
import type { User } from '../model.ts';
import type { Call } from '../ports.ts';
import { type AdminServices, actOnUser, auditEntry } from './acting.ts';
import { invitationTo } from './application.ts';

/** Whether a link can be sent to this user: it needs e-mail, an address, and an active user. */
export const canReset = ({ mailer }: Services, user: User): boolean =>
  mailer !== null && user.email !== null && user.isActive;

const LINKS = {
  password_reset: { action: 'user.password_reset_sent', lifetimeSeconds: undefined },
  invitation: { action: 'user.invited', lifetimeSeconds: INVITATION_SECONDS },
} as const;

const send =
  (mail: keyof typeof LINKS) =>
  async (services: AdminServices, caller: Caller, id: string, call: Call): Promise<void> => {
    if (!services.mailer) throw new Refusal('not_found');
    const { action, lifetimeSeconds: lifetime } = LINKS[mail];
    await actOnUser(services, id, call, async (user) => {
      if (user.email === null) throw invalidField('email', 'identity');
      if (!user.isActive) throw invalidField('is_active', 'inactive');
      await services.limits.check({ action: 'mail', address: user.email }, call);
      const entry = auditEntry(services, caller, action);
      const token = await newOneTimeToken(services, 'password_reset', entry.now, null, lifetime);
      const outcome = await services.admin.store.leaveReset(entry, user, { ...token.row, subject: id });
      const { secret } = token;
      const carried = { subject: id, purpose: 'password_reset', secret } as const;
      const contents = mail === 'invitation' ? invitationTo(id, secret) : carried;
      const notify = (theirs: Call) => sendMail(services, theirs, mail, user.email, contents);
      return { entry, outcome, notify };
    });
  };

/** 403 permission_denied; 404 not_found, also without e-mail; 400 invalid if `canReset` is false. */
export const requestReset = send('password_reset');
/** A link that is valid for longer, for a user without a password. Refused like a reset. */
export const invite = send('invitation');
