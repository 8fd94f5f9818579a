/** Changes to a user's own name and username. */
import { invalidField, Refusal } from '../../errors.ts';
import { isOwnName } from '../../identity.ts';
import type { User } from '../../model.ts';
import { type Call, seconds } from '../../ports.ts';
import { accessFault, statusFault } from '../../token/rotation.ts';
import { changedFields } from '../event.ts';
import { announce } from './announce.ts';
import { sendMail } from './mailing.ts';
import type { Caller } from './session.ts';
import type { Services } from './tokens.ts';

export interface ProfileChange {
  name?: string | null | undefined;
  username?: { username: string; key: string } | null | undefined;
}

/** Omitted fields keep their value; null removes it. 400 invalid; 409 username_taken. */
export async function updateMe(
  services: Services,
  caller: Caller,
  change: ProfileChange,
  call: Call,
): Promise<User> {
  const { user, sessionId } = caller;
  const { name, username } = change;
  if (name === undefined && username === undefined) return user;
  if (username && !isOwnName(username.username, user.email))
    throw invalidField('username', 'username_address');
  // Without an e-mail address the username is the only name to log in with.
  if (username === null && user.email === null) throw invalidField('username', 'null');
  const at = seconds(services.clock);
  const result = await services.users.update(user, sessionId, at, {
    ...(name !== undefined && { name }),
    ...(username !== undefined && {
      username: username?.username ?? null,
      usernameKey: username?.key ?? null,
    }),
  });
  if (result.outcome === 'ok') {
    const changed = changedFields(user, result.user);
    if (changed.length > 0) announce(services, call, 'user.updated', user.id, at, { changed });
    if (result.user.username !== user.username) {
      await sendMail(services, call, 'username_changed', result.user.email);
    }
    return result.user;
  }
  if (result.outcome === 'username_taken') throw new Refusal('username_taken');
  // The address changed meanwhile, and a username may equal the address: retry with the current user.
  if (result.outcome === 'changed') {
    const found = await services.users.findWithSession(user.id, sessionId);
    if (found && found.user.email !== user.email) {
      return updateMe(services, { ...caller, user: found.user }, change, call);
    }
  }
  const now = seconds(services.clock);
  const fault = statusFault(await services.sessions.tokenStatus(user.id, sessionId), now);
  throw new Refusal(accessFault(fault ?? 'token_blacklisted'), { reason: 'lost_to_another_write' });
}
