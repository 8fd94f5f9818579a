/** Checks that a secret is long enough and not a placeholder from an example or template. */

/** RFC 7518 §3.2: the key must be at least as long as the hash. */
const MIN_SECRET_BYTES = 32;

/** Found in examples and templates. Compared in lower case, letters and digits only. */
const PLACEHOLDER =
  /change(me|this|it)|djangoinsecure|your(own|jwt|signing|256bit|super)*(secret|key)|replace(me|this|with)|insert(your|secret|key)|secretsecret|passwordpassword|placeholder|donotuse|atleast(32|256)/;
/** PEM, OpenSSH, and their content in Base64: the object identifiers of RSA, EC and Ed25519, and an RSA exponent. */
const KEY_FILE = /-----BEGIN|PUBLIC|PRIVATE|^(ssh|ecdsa)-|BgkqhkiG9w0|YHKoZIzj0|BQYDK2V|KCAQEA/;

/**
 * Whether a secret is a known placeholder or cannot be random: fewer than 8 different characters, a repetition, or a
 * sequence such as abcdef. Matches random text of 32 hexadecimal digits less than once in 10⁷.
 */
function isGuessable(secret: string): boolean {
  if (new Set(secret).size < 8) return true;
  if (PLACEHOLDER.test(secret.toLowerCase().replace(/[^a-z0-9]/g, ''))) return true;
  for (let period = 1; period <= secret.length / 2; period++) {
    if (secret.startsWith(secret.slice(period))) return true;
  }
  let neighbours = 0;
  for (let i = 1; i < secret.length; i++) {
    if (Math.abs(secret.charCodeAt(i) - secret.charCodeAt(i - 1)) <= 1) neighbours++;
  }
  return neighbours > (secret.length * 3) / 4;
}

/** What is wrong with a secret; empty if nothing is. */
export function secretProblems(bytes: Uint8Array, text: string): string[] {
  if (bytes.length < MIN_SECRET_BYTES) return [`is shorter than ${MIN_SECRET_BYTES} bytes`];
  return isGuessable(text)
    ? ['is a placeholder or easy to guess; `openssl rand -base64 32` makes a good one']
    : [];
}

/** Whether the text is a key file, pasted by mistake. */
export const looksLikeKeyFile = (text: string): boolean => KEY_FILE.test(text);
