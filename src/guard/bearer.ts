/** The token in an Authorization header (RFC 6750 section 2.1; schemes are case-insensitive, RFC 9110 section 11.1). */
import { Refusal } from '../errors.ts';

/**
 * Null without a header, with an empty one or another scheme. 401 bad_authorization_header for the scheme alone or more
 * than two parts.
 */
export function bearerToken(header: string | undefined, schemes: readonly string[]): string | null {
  const [scheme = '', ...parts] = (header ?? '').split(/[ \t]+/).filter((part) => part !== '');
  if (!schemes.some((known) => known.toLowerCase() === scheme.toLowerCase())) return null;
  const [token] = parts;
  if (token === undefined || parts.length > 1) throw new Refusal('bad_authorization_header');
  return token;
}
