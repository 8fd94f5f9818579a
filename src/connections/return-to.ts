/**
 * Where a sign-in may lead back to: an allowed origin, or an app's own scheme that ALLOWED_ORIGINS names. Pure. The one
 * place that decides it (RFC 9700 section 4.11: no open redirectors).
 */

const MAX_LENGTH = 2_048;
/** What the URL parser drops or reads as something else: white space, control characters, backslashes. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are meant
const DECEIVING = /[\u0000-\u0020\u007f-\u00a0\u2028\u2029\\]/;

/** Null: nothing is redirected there. `isAllowed`: of an origin, as browsers write it. */
export function returnUrl(text: string, isAllowed: (origin: string) => boolean): URL | null {
  if (text.length > MAX_LENGTH || !text.isWellFormed() || DECEIVING.test(text)) return null;
  // Absolute as it is written: `https:/host` and `https:host` become other addresses than they look like.
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  // What is behind a fragment is lost on the way (RFC 6749 section 3.1.2), and a name before @ deceives.
  if (text.includes('#') || url.username !== '' || url.password !== '') return null;
  if (authorityOf(text).includes('@')) return null;
  const isWeb = url.protocol === 'https:' || url.protocol === 'http:';
  const origin = isWeb ? url.origin : `${url.protocol}//${url.host}`;
  return isAllowed(origin) ? url : null;
}

const authorityOf = (text: string): string => text.split('://')[1]?.split(/[/?]/)[0] ?? '';

/** The address with what came of the sign-in. A parameter of that name that was there is replaced. */
export function withOutcome(url: URL, outcome: { code: string } | { error: string }): string {
  const to = new URL(url);
  to.searchParams.delete('code');
  to.searchParams.delete('error');
  for (const [name, value] of Object.entries(outcome)) to.searchParams.set(name, value);
  return to.href;
}
