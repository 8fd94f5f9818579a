/**
 * The origins in `ALLOWED_ORIGINS`: exact ones, `https://*.example.com` (exactly one leftmost DNS label), and app schemes
 * (`capacitor://localhost`, `chrome-extension://<id>`). Pure.
 */

export type IsAllowedOrigin = (origin: string) => boolean;

const WILDCARD = /^(https?:\/\/)\*((?:\.[^.*:]+){2,}(?::\d+)?)$/;
/** The host must have no dot, so that a typo such as `htps://app.example.com` is refused. */
const APP_ORIGIN =
  /^(?!(?:https?|wss?|ftp|file|data|blob|about|javascript):)[a-z][a-z0-9+.-]*:\/\/[\w-]+(?::\d{1,5})?$/;
const LABEL = /^[a-z0-9_-]{1,63}$/;
/** Secure contexts even over http (https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy). */
const LOCALHOST = /^http:\/\/(?:(?:[\w-]+\.)*localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/;

function isWebOrigin(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // The URL parser accepts an asterisk, but no browser sends one.
  return url?.origin === text && /^https?:$/.test(url.protocol) && !text.includes('*');
}

export function isOriginPattern(text: string): boolean {
  const [, scheme, rest] = WILDCARD.exec(text) ?? [];
  return scheme === undefined ? isWebOrigin(text) || APP_ORIGIN.test(text) : isWebOrigin(`${scheme}x${rest}`);
}

/** An origin that anybody on the network can impersonate. */
export const isInsecureOrigin = (pattern: string): boolean =>
  pattern.startsWith('http:') && !LOCALHOST.test(pattern);

export function originMatcher(patterns: readonly string[]): IsAllowedOrigin {
  const exact = new Set(patterns.filter((pattern) => !pattern.includes('*')));
  const wildcards = patterns
    .filter((pattern) => pattern.includes('*'))
    .map((pattern) => pattern.split('*') as [before: string, after: string]);
  return (origin) =>
    exact.has(origin) ||
    wildcards.some(
      ([before, after]) =>
        origin.startsWith(before) &&
        origin.endsWith(after) &&
        LABEL.test(origin.slice(before.length, -after.length)),
    );
}

/** Approximates "same site" of SameSite cookies by the last two labels, without a list of public suffixes. */
export function isSameSite(origin: string, own: string): boolean {
  const siteOf = (text: string) => {
    const { protocol, hostname } = new URL(text);
    return `${protocol}//${/^[\d.]+$|^\[/.test(hostname) ? hostname : hostname.split('.').slice(-2).join('.')}`;
  };
  return URL.canParse(origin) && siteOf(origin) === siteOf(own);
}
