/**
 * Where a sign-in may redirect to: an allowed origin, or an app scheme in ALLOWED_ORIGINS. Pure. The only place that
 * decides this (RFC 9700 section 4.11: no open redirectors).
 */

const MAX_LENGTH = 2_048;
/** Characters that URL parsers drop or reinterpret: white space, control characters, backslashes. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it matches
const DECEPTIVE = /[\u0000-\u0020\u007f-\u00a0\u2028\u2029\\]/;

/** Null if redirecting there is not allowed. `isAllowed` receives the origin as browsers write it. */
export function returnUrl(text: string, isAllowed: (origin: string) => boolean): URL | null {
  if (text.length > MAX_LENGTH || !text.isWellFormed() || DECEPTIVE.test(text)) return null;
  // Must look absolute: `https:/host` and `https:host` parse to something else than they look like.
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  // Other characters than ASCII are longer in a URL, and in the cookie that keeps it.
  if (url.href.length > MAX_LENGTH) return null;
  // A fragment would be lost (RFC 6749 section 3.1.2), and user info before @ is deceptive.
  if (text.includes('#') || url.username !== '' || url.password !== '') return null;
  if (authorityOf(text).includes('@')) return null;
  const isWeb = url.protocol === 'https:' || url.protocol === 'http:';
  const origin = isWeb ? url.origin : `${url.protocol}//${url.host}`;
  return isAllowed(origin) ? url : null;
}

const authorityOf = (text: string): string => text.split('://')[1]?.split(/[/?]/)[0] ?? '';

/** Adds `code` or `error` to the URL, replacing existing parameters of these names. */
export function withOutcome(url: URL, outcome: { code: string } | { error: string }): string {
  const to = new URL(url);
  to.searchParams.delete('code');
  to.searchParams.delete('error');
  for (const [name, value] of Object.entries(outcome)) to.searchParams.set(name, value);
  return to.href;
}
