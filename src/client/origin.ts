/** The origin of a URL, which decides whether it receives the access token. An ambiguous URL has none. */

/** The origin of relative URLs outside a page. No such name can exist (RFC 6761 section 6.4). */
const NOWHERE = 'https://relative.invalid';

const page = globalThis as { document?: { baseURI: string }; location?: { href: string } };

const baseOf = () => page.document?.baseURI ?? page.location?.href;

/**
 * The origin of plain http and https URLs without `URL`, whose `origin` React Native does not implement. The host is
 * only letters, digits, dots and hyphens, so that nothing after it can change it.
 */
function plainOrigin(url: string): string | undefined {
  return /^(https?:\/\/[a-z\d.-]+(?::\d+)?)(?:[/?#]|$)/i
    .exec(url)?.[1]
    ?.toLowerCase()
    .replace(/^(http:.+):80$|^(https:.+):443$/, '$1$2');
}

/** The origin that `fetch` would send this URL to; relative URLs are resolved against the page. Undefined if unclear. */
export function originOf(url: string): string | undefined {
  const base = baseOf();
  try {
    const origin = plainOrigin(url) ?? new URL(url, base).origin;
    // All files and pages of app schemes share the origin `null`.
    return origin === 'null' ? undefined : origin;
  } catch {
    // Outside a page: accept only a relative path without characters that a parser might drop or turn into a slash.
    return !base && /^\/?(?:[\w?#][^\s\\:]*)?$/.test(url) ? NOWHERE : undefined;
  }
}

/** The absolute URL. Only for URLs whose origin is known. */
export const resolve = (url: string): string => new URL(url, baseOf() ?? NOWHERE).href;

/** The page's own origin, ignoring its <base>. */
export const ownOrigin = (): string | undefined => originOf(page.location?.href ?? NOWHERE);

/** Throws a TypeError for a URL without a scheme, which would otherwise be read as a relative one. */
export function absoluteOrigin(url: string): string {
  return plainOrigin(url) ?? new URL(url).origin;
}
