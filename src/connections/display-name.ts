/** The display name that a provider tells: data of others, so only what is allowed as a name here. Pure. */

const MAX_LENGTH = 150;

/** Null for a name that is not allowed here. */
export function displayName(name: unknown): string | null {
  const trimmed = typeof name === 'string' && name.isWellFormed() ? name.trim() : '';
  return trimmed === '' || [...trimmed].length > MAX_LENGTH || /\p{Cc}/u.test(trimmed) ? null : trimmed;
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
