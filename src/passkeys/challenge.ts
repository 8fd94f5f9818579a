/**
 * Challenges of WebAuthn ceremonies. They are signed, so that issuing one writes nothing, and bound to their purpose. A
 * challenge works once: the store keeps used ones until they expire. Pure except for Web Crypto; `now` is a parameter, in
 * epoch seconds.
 *
 * base64url of: expiry (4 bytes, big-endian) | random (32 bytes) | HMAC-SHA-256 (32 bytes) over both and the purpose.
 */
import { deriveKey, HMAC_KEY } from '../derived-key.ts';
import { fromBase64Url, toBase64Url, utf8 } from '../encoding.ts';

/** Registrations and reauthentications are bound to their user; the user of a sign-in is not known yet. */
export type Purpose = { for: 'sign_in' } | { for: 'registration' | 'reauthentication'; userId: string };

export const CHALLENGE_SECONDS = 5 * 60;
const EXPIRY_BYTES = 4;
/** Twice what the standard requires (https://www.w3.org/TR/webauthn-3/#sctn-cryptographic-challenges). */
const RANDOM_BYTES = 32;
const MAC_BYTES = 32;
const SIGNED_BYTES = EXPIRY_BYTES + RANDOM_BYTES;

/** Identifies a used challenge in the store. */
export interface Challenge {
  nonce: string;
  expiresAt: number;
}

export interface Challenges {
  /** base64url, as in the options for the browser. */
  issue: (purpose: Purpose, now: number) => Promise<string>;
  read: (challenge: string, purpose: Purpose, now: number) => Promise<Challenge | 'forged' | 'expired'>;
}

const contextOf = (purpose: Purpose): string =>
  `${purpose.for}\n${purpose.for === 'sign_in' ? '' : purpose.userId}\n`;

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** `secret`: known only to this service. The signing key is derived from it on first use. */
export function signedChallenges(secret: string): Challenges {
  let imported: Promise<CryptoKey> | undefined;
  const key = () => {
    imported ??= deriveKey(utf8(secret), 'hono-accounts passkey challenge', HMAC_KEY, ['sign', 'verify']);
    return imported;
  };
  return {
    issue: async (purpose, now) => {
      const signed = new Uint8Array(SIGNED_BYTES);
      new DataView(signed.buffer).setUint32(0, now + CHALLENGE_SECONDS);
      crypto.getRandomValues(signed.subarray(EXPIRY_BYTES));
      const mac = await crypto.subtle.sign('HMAC', await key(), joined(utf8(contextOf(purpose)), signed));
      return toBase64Url(joined(signed, new Uint8Array(mac)));
    },

    read: async (challenge, purpose, now) => {
      const bytes = fromBase64Url(challenge);
      if (bytes?.length !== SIGNED_BYTES + MAC_BYTES) return 'forged';
      const signed = bytes.subarray(0, SIGNED_BYTES);
      const mac = bytes.subarray(SIGNED_BYTES);
      const ours = await crypto.subtle.verify(
        'HMAC',
        await key(),
        mac,
        joined(utf8(contextOf(purpose)), signed),
      );
      if (!ours) return 'forged';
      const expiresAt = new DataView(bytes.buffer).getUint32(0);
      if (expiresAt <= now) return 'expired';
      return { nonce: toBase64Url(signed.subarray(EXPIRY_BYTES)), expiresAt };
    },
  };
}
