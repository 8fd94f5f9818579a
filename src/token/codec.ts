/**
 * Tokens as text: signing claims into a JWT (RFC 7519) and reading them back, with the keys of keys.ts and the rules
 * of claims.ts. The only file that touches hono/jwt, and what that is lax about is demanded here before it is
 * called. It asks no store: a token that it finds good may still be revoked.
 */

import { verifying } from 'hono/utils/jwt/jws';
import { sign } from 'hono/utils/jwt/jwt';
import { fromBase64Url } from '../encoding.ts';
import {
  type ClaimFault,
  type ClaimRules,
  type Claims,
  type ClaimsOf,
  fromWire,
  members,
  RESERVED_CLAIMS,
  type TokenType,
  toWire,
} from './claims.ts';
import type { KeySet, VerifyingKey } from './key-set.ts';

/** In characters; a longer token is refused unread. */
export const MAX_TOKEN_LENGTH = 4096;

/** Why a token is refused: for the log, never for the client. */
export type TokenFault =
  | ClaimFault
  | 'too_long'
  /** Not three parts of canonical base64url, the outer two JSON in UTF-8. */
  | 'malformed'
  /** The header says what is not supported: another `typ`, `crit`, a key of its own. */
  | 'header'
  /** No key of that `kid` is configured. */
  | 'key'
  /** `alg` is not that of the key. */
  | 'algorithm'
  | 'signature';

export type Verdict<T extends TokenType> =
  | { ok: true; claims: ClaimsOf<T> }
  /** A rightly signed, whole token whose one fault is that it has expired. */
  | { ok: false; fault: 'expired'; claims: ClaimsOf<T> }
  | { ok: false; fault: Exclude<TokenFault, 'expired'>; claims?: undefined };

export interface Codec {
  /** A signed token; rejects with a TypeError where the key set has no signing key. */
  sign(claims: Claims): Promise<string>;
  /** A token of this type, or of one of these types. Never rejects. `now` in epoch seconds. */
  verify<T extends TokenType>(token: string, types: T | readonly T[], now: number): Promise<Verdict<T>>;
}

/** RFC 7515 §4.1.2 to §4.1.6 bring a key, or where to fetch one; §4.1.11 names extensions, and none is known here. */
const REFUSED_HEADERS = ['crit', 'jku', 'jwk', 'x5u', 'x5c'];

/** A byte order mark is not JSON (RFC 8259 §8.1), so it is not skipped. */
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The JSON value of a part; undefined, which JSON has not, where there is none. */
function readPart(part: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(part));
  } catch {
    return undefined;
  }
}

/** What the signature is over, and is; the bytes of each. */
interface SignedParts {
  payload: Uint8Array;
  signature: Uint8Array<ArrayBuffer>;
}

/**
 * All that is checked before the signature (RFC 7515 §5.2, steps 1 to 7; RFC 8725 §3.1): the form of the three
 * parts, and the header, whose `kid` is looked up among the configured keys and whose `alg` has to be that key's.
 * Of a name that the header holds twice the last counts (RFC 7515 §4), for hono as here.
 */
export function selectKey(
  keys: KeySet,
  token: string,
):
  | { ok: true; key: VerifyingKey; parts: SignedParts }
  | { ok: false; fault: Exclude<TokenFault, 'expired'> } {
  if (typeof token !== 'string') return { ok: false, fault: 'malformed' };
  if (token.length > MAX_TOKEN_LENGTH) return { ok: false, fault: 'too_long' };
  const parts = token.split('.');
  const [first, payload, signature] = parts.map(fromBase64Url);
  if (parts.length !== 3 || !first?.length || !payload?.length || !signature?.length) {
    return { ok: false, fault: 'malformed' };
  }

  const header = members(readPart(first));
  if (header === undefined) return { ok: false, fault: 'malformed' };
  if (REFUSED_HEADERS.some((name) => header.has(name))) return { ok: false, fault: 'header' };
  const typ = header.get('typ');
  if (header.has('typ') && (typeof typ !== 'string' || typ.toLowerCase() !== 'jwt')) {
    return { ok: false, fault: 'header' };
  }

  // JSON has no undefined: only an absent kid finds the key without one, and what is no string finds none.
  const key = keys.verifying.get(header.get('kid') as string | undefined);
  if (key === undefined) return { ok: false, fault: 'key' };
  return header.get('alg') === key.alg
    ? { ok: true, key, parts: { payload, signature } }
    : { ok: false, fault: 'algorithm' };
}

/**
 * Signs and verifies with one key set under one set of rules.
 *
 * @throws TypeError for rules under which every check of a time, or of the user's id, would be void.
 */
export function createCodec(keys: KeySet, rules: ClaimRules): Codec {
  if (!Number.isSafeInteger(rules.leewaySeconds) || rules.leewaySeconds < 0) {
    throw new TypeError('leewaySeconds has to be a non-negative integer');
  }
  if (rules.userIdClaim === '' || RESERVED_CLAIMS.has(rules.userIdClaim)) {
    throw new TypeError('userIdClaim has to be a name that no other claim has');
  }

  return {
    async sign(claims) {
      if (keys.signing === undefined) throw new TypeError('the key set has no key to sign with');
      return sign(toWire(claims, rules), keys.signing.key, keys.signing.alg);
    },

    async verify<T extends TokenType>(token: string, types: T | readonly T[], now: number) {
      const selected = selectKey(keys, token);
      if (!selected.ok) return selected;
      const { key, alg } = selected.key;
      const signed = encoder.encode(token.slice(0, token.lastIndexOf('.')));
      const good = await verifying(key, alg, selected.parts.signature, signed).catch(() => false);
      if (!good) return { ok: false, fault: 'signature' };
      const payload = readPart(selected.parts.payload);
      return payload === undefined
        ? { ok: false, fault: 'malformed' }
        : fromWire(payload, typeof types === 'string' ? [types] : types, rules, now);
    },
  };
}
