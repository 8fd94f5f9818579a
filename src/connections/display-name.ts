/** The display name that a provider tells: data of others, so only what is allowed as a name here. Pure. */
import { isPlainText, lengthOf, NAME_MAX_LENGTH } from '../identity.ts';

/** Null for a name that is not allowed here. */
export function displayName(name: unknown): string | null {
  const trimmed = typeof name === 'string' ? name.trim() : '';
  const isName = trimmed !== '' && lengthOf(trimmed) <= NAME_MAX_LENGTH && isPlainText(trimmed);
  return isName ? trimmed : null;
}

/**
 * Apple's ID tokens have no name. The field `user` of its form has it, at the first sign-in only, as JSON:
 * `{"name": {"firstName", "lastName"}, "email"}`. Unsigned, so nothing else of it is used.
 * https://developer.apple.com/documentation/signinwithapple/request-an-authorization-to-the-sign-in-with-apple-server.
 */
export function nameInAppleForm(user: unknown): string | null {
  try {
    const { firstName, lastName } = JSON.parse(String(user)).name;
    return displayName([firstName, lastName].filter((part) => typeof part === 'string').join(' '));
  } catch {
    return null;
  }
}
