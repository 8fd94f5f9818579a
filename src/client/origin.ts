/** Which origin a URL belongs to. It decides where the access token goes: a URL that is in doubt belongs to none. */

/** The origin of relative URLs outside a page. No such name can exist (RFC 6761 section 6.4). */
const NOWHERE = 'https://relative.invalid';

const page = globalThis as { document?: { baseURI: string }; location?: { href: string } };

const baseOf = () => page.document?.baseURI ?? page.location?.href;

/**
 * Of plain http and https URLs, without `URL`, whose `origin` React Native does not have. Nothing after the host can
 * change what the host is, and nothing but letters, digits, dots and hyphens is in it.
 */
function plainOrigin(url: string): string | undefined {
  return /^(https?:\/\/[a-z\d.-]+(?::\d+)?)(?:[/?#]|$)/i
    .exec(url)?.[1]
    ?.toLowerCase()
    .replace(/^(http:.+):80$|^(https:.+):443$/, '$1$2');
}

/** Where `fetch` would send this: what is relative, is so to the page. Undefined: nowhere that could be told. */
export function originOf(url: string): string | undefined {
  const base = baseOf();
  try {
    const origin = plainOrigin(url) ?? new URL(url, base).origin;
    // `null` is the origin of every file, and of every page of an app scheme.
    return origin === 'null' ? undefined : origin;
  } catch {
    // Outside a page: no scheme, no host, and nothing that a parser might drop or turn into a slash.
    return !base && /^\/?(?:[\w?#][^\s\\:]*)?$/.test(url) ? NOWHERE : undefined;
  }
}

/** In full. Only for URLs whose origin is known. */
export const resolve = (url: string): string => new URL(url, baseOf() ?? NOWHERE).href;

/** The page's own, whatever its <base> says. */
export const ownOrigin = (): string | undefined => originOf(page.location?.href ?? NOWHERE);

/** Throws a TypeError for a URL without a scheme, which would otherwise be taken for a relative one. */
export function absoluteOrigin(url: string): string {
  return plainOrigin(url) ?? new URL(url).origin;
}
