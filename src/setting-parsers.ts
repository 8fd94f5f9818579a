/** Parsers for the text of settings. The Problem that a parser throws says what is wrong, never the value. */

import { isOriginPattern } from './origins.ts';
import { readFirebaseHashConfig } from './password/foreign/firebase-config.ts';
import { parseEncryptionKey } from './secret-box.ts';
import { OWN_AUDIENCES, RESERVED_CLAIMS } from './token/claims.ts';

/** What is wrong with a value. */
export class Problem extends Error {}

const SECONDS_PER_UNIT = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;
const MAX_DURATION_SECONDS = 3_650 * SECONDS_PER_UNIT.d;

/** `1h` → 3600. Bounds are in seconds. */
export const duration =
  ({ min = 1, max = MAX_DURATION_SECONDS } = {}) =>
  (text: string | null): number => {
    const match = /^(\d{1,9}(?:\.\d{1,3})?)([smhd])$/.exec(text ?? '');
    if (!match) throw new Problem('must be a number with s, m, h or d, as in 1h');
    // In thousandths, as 0.55 * 3600 is not a whole number in floating point.
    const thousandths = Math.round(Number(match[1]) * 1_000);
    const seconds = (thousandths * SECONDS_PER_UNIT[match[2] as keyof typeof SECONDS_PER_UNIT]) / 1_000;
    if (!Number.isInteger(seconds)) throw new Problem('must come to whole seconds');
    if (seconds < min || seconds > max) throw new Problem(`must be between ${min} and ${max} seconds`);
    return seconds;
  };

/** `10m` → 600; null if the text is not a duration. */
export function durationSeconds(text: string): number | null {
  try {
    return duration({ min: 0 })(text);
  } catch {
    return null;
  }
}

export const integer =
  (min: number, max: number) =>
  (text: string | null): number => {
    if (!/^\d{1,12}$/.test(text ?? '')) throw new Problem('must be a whole number');
    const value = Number(text);
    if (value < min || value > max) throw new Problem(`must be between ${min} and ${max}`);
    return value;
  };

export const oneOf =
  <const V extends readonly string[]>(...values: V) =>
  (text: string | null): V[number] => {
    if (text === null || !values.includes(text)) throw new Problem(`must be one of ${values.join(', ')}`);
    return text;
  };

export const flag = (yes: string, no: string) => (text: string | null) => oneOf(yes, no)(text) === yes;

export const optionalFlag = (text: string | null) => (text === null ? undefined : flag('on', 'off')(text));

/** Empty means unset. */
export const optionalText = (text: string | null): string | undefined => {
  if (text === null || text === '') return undefined;
  if (text.length > 2_048 || !text.isWellFormed())
    throw new Problem('must be text of at most 2048 characters');
  return text;
};

/** Without a length limit, as an RSA key as a JWK has some 3,000 characters. Checked by token/key-set.ts. */
export const optionalSecret = (text: string | null): string | undefined => text || undefined;

/** A comma-separated list. */
export const list = (text: string | null): string[] =>
  (text ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

export const origins = (text: string | null): string[] => {
  const all = list(text);
  if (!all.every(isOriginPattern)) {
    throw new Problem(
      'must be origins separated by commas: https://app.example.com, https://*.example.com or an app’s own scheme',
    );
  }
  return all;
};

export const audience = (text: string | null): string | undefined => {
  const value = optionalText(text);
  if (value !== undefined && OWN_AUDIENCES.has(value)) {
    throw new Problem(`must not be ${[...OWN_AUDIENCES].join(' or ')}: other tokens have these audiences`);
  }
  return value;
};

export const headerTypes = (text: string | null): string[] => {
  const all = list(text);
  if (all.length === 0 || !all.every((type) => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(type))) {
    throw new Problem('must be one or more authentication schemes, separated by commas');
  }
  return all;
};

export const claimName = (text: string | null): string => {
  if (text === null || !/^[A-Za-z_][A-Za-z0-9_.:/-]{0,63}$/.test(text) || text === '__proto__') {
    throw new Problem('must be the name of a claim');
  }
  if (RESERVED_CLAIMS.has(text)) throw new Problem('must not be the name of another claim');
  return text;
};

export const publicUrl = (text: string | null): string | undefined => {
  if (text === null || text === '') return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash || url.username || url.password) {
    throw new Problem('must be an address such as https://accounts.example.com');
  }
  // It is used as a cookie's path and at the beginning of redirects.
  if (/[;,]|\/\/./.test(url.pathname)) throw new Problem('must have a plain path');
  return url.href.replace(/\/+$/, '');
};

/** An http or https URL. loadSettings requires https in production. */
export const pageUrl = (text: string | null): string | undefined => {
  if (text === null || text === '') return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:\/\//i.test(text) || url.username || url.password || /\s/.test(text)) {
    throw new Problem('must be an address such as https://app.example.com/welcome');
  }
  return text;
};

/** Placeholders for the token and, as in djoser, the user's id. */
const PLACEHOLDERS = /\{(?:token|uid)\}/g;

/** The site's own page for a link in an e-mail, such as `https://app.example.com/reset#token={token}`. */
export const linkUrl = (text: string | null): string | undefined => {
  if (text === null || text === '') return undefined;
  if (!text.includes('{token}')) throw new Problem('must contain {token}');
  pageUrl(text.replaceAll(PLACEHOLDERS, 'x'));
  // A token in the hostname would leak to DNS.
  if (/^https?:\/\/[^/?#]*[{}]/i.test(text)) throw new Problem('must have {token} after its host');
  return text;
};

export interface MailSender {
  email: string;
  /** Shown by mail clients instead of the address. */
  name: string | null;
}

/** `no-reply@example.com` or `Example <no-reply@example.com>`, with or without quotes around the name. */
export const mailFrom = (text: string | null): MailSender | undefined => {
  if (text === null || text === '') return undefined;
  const [, quoted, plain, inBrackets, alone] =
    /^(?:(?:"([^"\\<>]*)"|([^"\\<>]*?))\s*<([^<>]+)>|([^<>]+))$/.exec(text.trim()) ?? [];
  const email = inBrackets ?? alone ?? '';
  const name = (quoted ?? plain ?? '').trim();
  if (!/^[^@\s<>"]+@[^@\s<>"]+\.[^@\s<>"]+$/.test(email) || !isPlainText(name)) {
    throw new Problem('must be an e-mail address, or Name <address>');
  }
  return { email, name: name || null };
};

const NAME_MAX_LENGTH = 64;
/** Without control characters, which must not reach headers or titles. */
const isPlainText = (text: string): boolean =>
  text.isWellFormed() && text.length <= NAME_MAX_LENGTH && !/\p{Cc}/u.test(text);

export const siteName = (text: string | null): string | undefined => {
  const name = text?.trim() ?? '';
  if (!isPlainText(name)) throw new Problem(`must be text of at most ${NAME_MAX_LENGTH} characters`);
  return name || undefined;
};

export const firebaseHashConfig = (text: string | null) => {
  if (text === null || text === '') return null;
  const config = readFirebaseHashConfig(text);
  if (config === null) throw new Problem('must be the password hash parameters of a Firebase project');
  return config;
};

/** Each is 24 to 64 bytes in base64, as in Standard Webhooks. */
export const webhookSecrets = (text: string | null): string[] => {
  const all = list(text);
  for (const secret of all) {
    const [, base64 = ''] = /^(?:whsec_)?([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
    const bytes = Math.floor((base64.replace(/=+$/, '').length * 3) / 4);
    if (base64.length % 4 !== 0 || bytes < 24 || bytes > 64) {
      throw new Problem('must be whsec_ and 24 to 64 bytes in base64');
    }
  }
  return all;
};

export const encryptionKeys = (text: string | null): Uint8Array<ArrayBuffer>[] =>
  list(text).map((item) => {
    const key = parseEncryptionKey(item);
    if (key === null) throw new Problem('must be 32 bytes in base64');
    return key;
  });

export const encryptionKey = (text: string | null): Uint8Array<ArrayBuffer> | undefined => {
  const keys = encryptionKeys(text);
  if (keys.length > 1) throw new Problem('must be one key');
  return keys[0];
};

/** The URL of an image, or a path such as `/logo.svg`. */
export const siteLogo = (text: string | null): string | undefined => {
  if (text === null || text === '') return undefined;
  if (/^\/(?![/\\])[\w./~-]*$/.test(text)) return text;
  const url = new URL(pageUrl(text) ?? '');
  // Its origin becomes part of the pages' Content-Security-Policy, where these characters are separators.
  if (/[;,]/.test(url.href)) throw new Problem('must be the address or the path of a picture');
  return url.href;
};

export const siteColor = (text: string | null): string | undefined => {
  if (text === null || text === '') return undefined;
  if (!/^#[0-9a-f]{6}$/i.test(text)) throw new Problem('must be a color such as #1f5fbf');
  return text.toLowerCase();
};

/** The account pages, by the last part of their path. */
const PAGE_NAMES = ['sign-in', 'sign-up', 'forgot', 'settings'] as const;
export type PageName = (typeof PAGE_NAMES)[number];

export const pages = (text: string | null): readonly PageName[] => {
  if (text === 'on') return PAGE_NAMES;
  if (text === 'off') return [];
  const named = list(text);
  if (named.length === 0) throw new Problem(`must be on, off, or some of ${PAGE_NAMES.join(', ')}`);
  return named.map(oneOf(...PAGE_NAMES));
};

/** A domain that can be a WebAuthn RP ID: ASCII labels, not an IP address. */
export const rpId = (text: string | null): string | undefined => {
  if (text === null || text === '') return undefined;
  const isDomain = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(
    text,
  );
  if (!isDomain || text.length > 253) throw new Problem('must be a domain such as example.com');
  return text;
};

/** The origin of an Android app, with the hash of its signing certificate. */
const ANDROID_APP = /^android:apk-key-hash:[\w-]{43}$/;

export const passkeyOrigins = (text: string | null): string[] | undefined => {
  const all = list(text);
  if (all.length === 0) return undefined;
  if (!all.every((origin) => isOriginPattern(origin) || ANDROID_APP.test(origin))) {
    throw new Problem(
      'must be origins separated by commas: https://app.example.com or android:apk-key-hash:…',
    );
  }
  return all;
};

/** Why passkeys have no RP ID, or null if they have. An IP address cannot be one. */
export function whyNoRpId(
  { PUBLIC_URL, PASSKEY_RP_ID }: { PUBLIC_URL: string | undefined; PASSKEY_RP_ID: string | undefined },
  production: boolean,
): string | null {
  if (!production) return null;
  if (PUBLIC_URL === undefined) return 'needs PUBLIC_URL in production';
  const isAddress = /^[\d.]+$|^\[/.test(new URL(PUBLIC_URL).hostname);
  return isAddress && PASSKEY_RP_ID === undefined ? 'needs a domain in PUBLIC_URL, or PASSKEY_RP_ID' : null;
}
