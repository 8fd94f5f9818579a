/** Whether what somebody typed is what a user is called. Pure. */
import { canonicalEmail, usernameKey } from '../identity.ts';
import type { User } from '../model.ts';

/** As pages call the user: by the address, or by the username where there is none. */
export const isNameOf = ({ email, username }: Pick<User, 'email' | 'username'>, typed: string): boolean =>
  email === null ? usernameKey(typed) === usernameKey(username ?? '') : canonicalEmail(typed) === email;
