/** Whether the typed text is the user's name, as a confirmation. Pure. */
import { canonicalEmail, usernameKey } from '../identity.ts';
import type { User } from '../model.ts';

/** The name that pages show: the address, or the username without one. */
export const isNameOf = ({ email, username }: Pick<User, 'email' | 'username'>, typed: string): boolean =>
  email === null ? usernameKey(typed) === usernameKey(username ?? '') : canonicalEmail(typed) === email;
