/**
 * Signs claims into a JWT (RFC 7519) and verifies JWTs, with the keys of key-set.ts and the rules of claims.ts. The only
 * file that uses hono/jwt; checks here what that library does not. Reads no store: a valid token may still be revoked.
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

/** In characters. Longer tokens are refused without being parsed. */
export const MAX_TOKEN_LENGTH = 4096;

/** Why a token is refused, for the log only. */
export type TokenFault =
  | ClaimFault
  | 'too_long'
  /** Not three parts of canonical base64url, or header or payload are not JSON in UTF-8. */
  | 'malformed'
  /** The header has an unsupported parameter: another `typ`, `crit`, or a key. */
  | 'header'
  /** No key with this `kid` is configured. */
  | 'key'
  /** `alg` is not the key's. */
  | 'algorithm'
  | 'signature';

export type Verdict<T extends TokenType> =
  | { ok: true; claims: ClaimsOf<T> }
  /** Valid, except that the token has expired. */
  | { ok: false; fault: 'expired'; claims: ClaimsOf<T> }
  | { ok: false; fault: Exclude<TokenFault, 'expired'>; claims?: undefined };

export interface Codec {
  /** Returns a signed token. Rejects with a TypeError if the key set has no signing key. */
  sign(claims: Claims): Promise<string>;
  /** Accepts tokens of the given types only. Never rejects. `now` in epoch seconds. */
  verify<T extends TokenType>(token: string, types: T | readonly T[], now: number): Promise<Verdict<T>>;
}

/** Parameters that contain or locate a key (RFC 7515 §4.1.2 to §4.1.6), and extensions (§4.1.11), none of which is supported. */
const REFUSED_HEADERS = ['crit', 'jku', 'jwk', 'x5u', 'x5c'];

/** Does not skip a byte order mark, which is not valid JSON (RFC 8259 §8.1). */
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The JSON value of a part; undefined if it is not valid JSON. */
function readPart(part: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(part));
  } catch {
    return undefined;
  }
}

/** The decoded payload and signature. */
interface SignedParts {
  payload: Uint8Array;
  signature: Uint8Array<ArrayBuffer>;
}

/**
 * The checks before the signature (RFC 7515 §5.2, steps 1 to 7; RFC 8725 §3.1): the form of the three parts and the header.
 * `kid` selects one of the configured keys, and `alg` must be that key's. If the header has a name twice, the last counts
 * (RFC 7515 §4), as in hono.
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

  // Only an absent `kid` matches the key without one, as JSON has no undefined. A `kid` that is not a string matches none.
  const key = keys.verifying.get(header.get('kid') as string | undefined);
  if (key === undefined) return { ok: false, fault: 'key' };
  return header.get('alg') === key.alg
    ? { ok: true, key, parts: { payload, signature } }
    : { ok: false, fault: 'algorithm' };
}

/**
 * A codec for one key set and one set of rules.
 *
 * @throws TypeError for rules that would disable the checks of times or of the user's id.
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
