/**
 * Origins as `ALLOWED_ORIGINS` names them: exact ones, `https://*.example.com` (one DNS label at the left), and those of
 * apps, whose schemes are their own (`capacitor://localhost`, `chrome-extension://<id>`). Pure.
 */

export type IsAllowedOrigin = (origin: string) => boolean;

const WILDCARD = /^(https?:\/\/)\*((?:\.[^.*:]+){2,}(?::\d+)?)$/;
/** Without a dot in its host, so that a slip such as `htps://app.example.com` is none. */
const APP_ORIGIN =
  /^(?!(?:https?|wss?|ftp|file|data|blob|about|javascript):)[a-z][a-z0-9+.-]*:\/\/[\w-]+(?::\d{1,5})?$/;
const LABEL = /^[a-z0-9_-]{1,63}$/;
/** Secure contexts even over http (https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy). */
const LOCALHOST = /^http:\/\/(?:(?:[\w-]+\.)*localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/;

function isWebOrigin(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // The URL parser lets an asterisk pass; no browser sends one.
  return url?.origin === text && /^https?:$/.test(url.protocol) && !text.includes('*');
}

export function isOriginPattern(text: string): boolean {
  const [, scheme, rest] = WILDCARD.exec(text) ?? [];
  return scheme === undefined ? isWebOrigin(text) || APP_ORIGIN.test(text) : isWebOrigin(`${scheme}x${rest}`);
}

/** Whoever is on the network can be a page of this origin. */
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

/** In the sense of SameSite, as far as it shows without a list of public suffixes: the last two labels. */
export function isSameSite(origin: string, own: string): boolean {
  const siteOf = (text: string) => {
    const { protocol, hostname } = new URL(text);
    return `${protocol}//${/^[\d.]+$|^\[/.test(hostname) ? hostname : hostname.split('.').slice(-2).join('.')}`;
  };
  return URL.canParse(origin) && siteOf(origin) === siteOf(own);
}
