/**
 * The canonical forms of e-mail addresses and usernames, so that different spellings compare equal. Pure.
 */
/// <reference path="./node.d.ts" />
import { domainToUnicode } from 'node:url';

export const EMAIL_MAX_LENGTH = 254;
export const USERNAME_MAX_LENGTH = 150;
export const NAME_MAX_LENGTH = 150;
/** RFC 5321 section 4.5.3.1.1, in octets. */
const LOCAL_PART_MAX_OCTETS = 64;

/** Length in code points. */
export const lengthOf = (text: string): number => [...text].length;

/** No lone surrogates and no control characters. */
export const isPlainText = (text: string): boolean => text.isWellFormed() && !/\p{Cc}/u.test(text);

/** Invisible characters, with which two names would look the same (Unicode, DerivedCoreProperties). */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u;

/** RFC 5321/6531 dot-atom, without space, control and special characters. */
const LOCAL_PART = /^[^\p{C}\p{Z}"(),.:;<>@[\\\]]+(?:\.[^\p{C}\p{Z}"(),.:;<>@[\\\]]+)*$/u;
/**
 * Letters, digits, marks, hyphens, the characters that RFC 5892 (appendix A) allows within labels, and the dots of IDNA
 * (UTS 46). The URL parser decides whether they form a domain. Written as escapes: a single character beyond Latin-1 makes
 * V8 store the whole bundle as UTF-16.
 */
const DOMAIN = /^[\p{L}\p{M}\p{N}\-\u00b7\u0375\u05f3\u05f4\u30fb.\u3002\uff0e\uff61]+$/u;
const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;

/**
 * Trimmed, lower-cased, NFC, with the domain in its Unicode form; null if it is not an address. Two addresses are the
 * same if and only if their canonical forms are equal.
 */
export function canonicalEmail(typed: string): string | null {
  if (!typed.isWellFormed()) return null;
  const text = typed.trim().normalize('NFC').toLowerCase().normalize('NFC');
  const at = text.lastIndexOf('@');
  const local = text.slice(0, at);
  const domain = at > 0 ? canonicalDomain(text.slice(at + 1)) : null;
  if (domain === null || !LOCAL_PART.test(local) || INVISIBLE.test(local)) return null;
  if (new TextEncoder().encode(local).length > LOCAL_PART_MAX_OCTETS) return null;
  const email = `${local}@${domain}`;
  return lengthOf(email) <= EMAIL_MAX_LENGTH ? email : null;
}

function canonicalDomain(text: string): string | null {
  if (!DOMAIN.test(text) || !URL.canParse(`http://${text}`)) return null;
  const ascii = new URL(`http://${text}`).hostname;
  const labels = ascii.split('.');
  const top = labels.at(-1) ?? '';
  if (labels.length < 2 || ascii.length > 253 || !labels.every((label) => LABEL.test(label))) return null;
  // The URL parser reads a numeric last label as part of an IPv4 address; no top-level domain is numeric.
  if (/^\d+$/.test(top)) return null;
  const unicode = domainToUnicode(ascii);
  // Some characters are mapped to ones that are not allowed as input (¼ → 1⁄4), but the canonical form must be accepted.
  return DOMAIN.test(unicode) ? unicode : null;
}

/** Letters and digits of any script and `@ . + - _`, as in Django, after NFKC. */
const USERNAME = /^(?!\p{M})[\p{L}\p{M}\p{Nd}@.+\-_]+$/u;

/** The username as stored, and the key by which it is unique and looked up; null if it is invalid. */
export function canonicalUsername(typed: string): { username: string; key: string } | null {
  if (!typed.isWellFormed()) return null;
  const username = typed.trim().normalize('NFKC');
  if (!USERNAME.test(username) || INVISIBLE.test(username)) return null;
  return { username, key: usernameKey(username) };
}

export const usernameKey = (username: string): string =>
  username.trim().normalize('NFKC').toLowerCase().normalize('NFKC');

/** A username with `@` must be the user's own address, as at log-in such a name is looked up as an address. */
export const isOwnName = (username: string, email: string | null): boolean =>
  !username.includes('@') || (email !== null && canonicalEmail(username) === email);
