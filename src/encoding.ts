/** Hex, Base64, base64url, typed digits, timestamps and SHA-256. */

const UTF8 = new TextEncoder();

export const utf8 = (text: string): Uint8Array<ArrayBuffer> => UTF8.encode(text) as Uint8Array<ArrayBuffer>;

/** Digits as people type them: ignores white space and hyphens, and accepts full-width ones. */
export const typedDigits = (code: string): string => code.normalize('NFKC').replace(/[\s-]/g, '');

/** Lower case. */
export const toHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Lower or upper case, of even length. */
export const fromHex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** Without padding, as in PHC strings. */
export const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes)).replace(/=+$/, '');

/** With or without padding. Throws if the text is not Base64. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  // Every token passes here: an iterator with a callback takes ten times as long.
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

/** Base64 or base64url, with or without padding. Null if it is neither. */
export function anyBase64(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return null;
  try {
    return fromBase64(text.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, ''));
  } catch {
    return null;
  }
}

export const toBase64Url = (bytes: Uint8Array): string =>
  toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_');

/**
 * Whether the text is canonical base64url (RFC 4648 §3.5, §5; RFC 7515 §2): no padding, no other characters, unused
 * bits zero. That is exactly what encoding the decoded bytes would give. The empty text is canonical.
 */
export function isBase64Url(text: string): boolean {
  return /^(?:[\w-]{4})*(?:[\w-][AQgw]|[\w-]{2}[AEIMQUYcgkosw048])?$/.test(text);
}

/** The bytes of a canonical base64url text; undefined for anything else. */
export const fromBase64Url = (text: unknown): Uint8Array<ArrayBuffer> | undefined =>
  typeof text === 'string' && isBase64Url(text)
    ? fromBase64(text.replaceAll('-', '+').replaceAll('_', '/'))
    : undefined;

/** Epoch seconds → RFC 3339 UTC with `Z`. */
export const timestamp = (seconds: number): string =>
  new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z');

/** SHA-256 of the text's UTF-8. */
export const sha256 = async (text: string): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(text)));

/** SHA-256 of the text's UTF-8, in lower-case hex. */
export const sha256Hex = async (text: string): Promise<string> => toHex(await sha256(text));
