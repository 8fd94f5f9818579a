/**
 * The claims of the kinds of token (RFC 7519 §4): how they are written, and what is demanded of them when
 * they are read back. Pure rules: the clock is handed in. What is signed and by whom is codec.ts's matter,
 * whether a session is revoked the stores'.
 */

export interface AccessClaims {
  token_type: 'access';
  jti: string;
  /** The user's id, whatever `userIdClaim` names it on the wire. */
  sub: string;
  /** The session's id, the same through all refreshes. */
  sid: string;
  /** Epoch seconds, as `exp`. */
  iat: number;
  exp: number;
  staff?: true;
}

export interface RefreshClaims {
  token_type: 'refresh';
  jti: string;
  sub: string;
  sid: string;
  iat: number;
  exp: number;
}

/** What the console's cookie holds. */
export interface ConsoleClaims {
  token_type: 'console';
  jti: string;
  sub: string;
  sid: string;
  iat: number;
  exp: number;
}

export type Claims = AccessClaims | RefreshClaims | ConsoleClaims;
export type TokenType = Claims['token_type'];
/** What the doors of the API read; none of them takes the console's. */
const API_TOKEN_TYPES: readonly TokenType[] = ['access', 'refresh'];

export interface ClaimRules {
  issuer?: string | undefined;
  audience?: string | undefined;
  /** For `exp`, `iat` and `nbf`; a non-negative integer. */
  leewaySeconds: number;
  userIdClaim: string;
  /** The kinds that are read; API_TOKEN_TYPES where nothing is said. */
  tokenTypes?: readonly TokenType[] | undefined;
}

/** Why claims are refused: for the log, never for the client. `claims` is one absent, of a wrong type, or odd. */
export type ClaimFault = 'claims' | 'token_type' | 'issuer' | 'audience' | 'not_yet' | 'expired';

export type ClaimVerdict =
  | { ok: true; claims: Claims }
  /** `claims` are there only where the one fault is that the token has expired. */
  | { ok: false; fault: ClaimFault; claims?: Claims };

/** `iat` and `nbf` may be this far ahead of `now` even without leeway: the clocks of two places differ. */
const CLOCK_SKEW_SECONDS = 5;

/** A session's id becomes part of a KV key, and those end at 512 bytes. */
const MAX_TEXT_BYTES = 255;

/** Names that `userIdClaim` cannot take, since they mean something else. */
export const RESERVED_CLAIMS: ReadonlySet<string> = new Set([
  'token_type',
  'jti',
  'sid',
  'iat',
  'exp',
  'nbf',
  'iss',
  'aud',
  'staff',
]);

const encoder = new TextEncoder();

/**
 * The own members of a parsed JSON object, `__proto__` being a name like any other; undefined for every other
 * JSON value. What a prototype holds is never seen.
 */
export function members(value: unknown): ReadonlyMap<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? new Map(Object.entries(value))
    : undefined;
}

/** A non-empty, well-formed string of at most 255 bytes in UTF-8: what an id, or a `kid`, has to be. */
export function isId(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= MAX_TEXT_BYTES &&
    value.isWellFormed() &&
    encoder.encode(value).length <= MAX_TEXT_BYTES
  );
}

/** RFC 7519 §2 allows a NumericDate to be fractional; ours never are. */
function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function hasAudience(aud: unknown, wanted: string): boolean {
  if (!Array.isArray(aud)) return aud === wanted;
  return aud.every((one) => typeof one === 'string') && aud.includes(wanted);
}

/** The claims as the payload of a JWT: `sub` under the name that `userIdClaim` says, `iss` and `aud` where set. */
export function toWire(claims: Claims, rules: ClaimRules): Record<string, unknown> {
  return {
    token_type: claims.token_type,
    jti: claims.jti,
    [rules.userIdClaim]: claims.sub,
    sid: claims.sid,
    iat: claims.iat,
    exp: claims.exp,
    ...(claims.token_type === 'access' && claims.staff === true && { staff: true }),
    ...(rules.issuer !== undefined && { iss: rules.issuer }),
    ...(rules.audience !== undefined && { aud: rules.audience }),
  };
}

/**
 * The claims in the payload of a token whose signature is good, or the first fault found. Never throws, whatever
 * the payload. Claims that are not ours are ignored (RFC 7519 §4).
 *
 * @param now epoch seconds. `exp` = now is expired (RFC 7519 §4.1.4: "on or after"); `iat` or `nbf` ahead of now by
 *   more than the larger of the leeway and CLOCK_SKEW_SECONDS is `not_yet`.
 */
export function fromWire(payload: unknown, rules: ClaimRules, now: number): ClaimVerdict {
  const wire = members(payload);
  if (wire === undefined) return { ok: false, fault: 'claims' };

  const tokenType = wire.get('token_type');
  const jti = wire.get('jti');
  const sub = wire.get(rules.userIdClaim);
  const sid = wire.get('sid');
  const iat = wire.get('iat');
  const exp = wire.get('exp');
  const nbf = wire.has('nbf') ? wire.get('nbf') : 0;
  if (typeof tokenType !== 'string' || !isId(jti) || !isId(sub) || !isId(sid)) {
    return { ok: false, fault: 'claims' };
  }
  if (!isTime(iat) || !isTime(exp) || !isTime(nbf)) return { ok: false, fault: 'claims' };
  const tokenTypes: readonly string[] = rules.tokenTypes ?? API_TOKEN_TYPES;
  if (!tokenTypes.includes(tokenType)) return { ok: false, fault: 'token_type' };
  const staff = wire.has('staff');
  if (staff && (tokenType !== 'access' || wire.get('staff') !== true)) return { ok: false, fault: 'claims' };

  if (rules.issuer !== undefined && wire.get('iss') !== rules.issuer) return { ok: false, fault: 'issuer' };
  if (rules.audience !== undefined && !hasAudience(wire.get('aud'), rules.audience)) {
    return { ok: false, fault: 'audience' };
  }

  // A `now` that is not a number compares false with everything: each condition is what lets a token pass.
  const latest = now + Math.max(rules.leewaySeconds, CLOCK_SKEW_SECONDS);
  if (!(iat <= latest && nbf <= latest)) return { ok: false, fault: 'not_yet' };
  const claims = { token_type: tokenType, jti, sub, sid, iat, exp, ...(staff && { staff }) } as Claims;
  if (!(exp + rules.leewaySeconds > now)) return { ok: false, fault: 'expired', claims };
  return { ok: true, claims };
}
