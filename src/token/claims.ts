/**
 * The claims of the kinds of token (RFC 7519 §4): how they are written, and what is demanded of them when
 * they are read back. Pure rules: the clock is handed in. What is signed and by whom is codec.ts's matter,
 * whether a session is revoked the stores'.
 */

interface CommonClaims {
  jti: string;
  /** The user's id, whatever `userIdClaim` names it on the wire. */
  sub: string;
  /** The session's id, the same through all refreshes. */
  sid: string;
  /** Epoch seconds, as `exp`. */
  iat: number;
  exp: number;
}

export interface AccessClaims extends CommonClaims {
  token_type: 'access';
  is_staff?: true;
  email_verified: boolean;
  /** When the user last proved who they are, in epoch seconds; and how (RFC 8176). */
  auth_time: number;
  amr: readonly string[];
  /** Those of the host's own (extra-claims.ts). */
  extra?: Readonly<Record<string, unknown>>;
}

export interface RefreshClaims extends CommonClaims {
  token_type: 'refresh';
}

/** What the console's cookie holds. */
export interface ConsoleClaims extends CommonClaims {
  token_type: 'console';
}

export type Claims = AccessClaims | RefreshClaims | ConsoleClaims;
export type TokenType = Claims['token_type'];
export type ClaimsOf<T extends TokenType> = Extract<Claims, { token_type: T }>;

/**
 * The audience of the tokens that only this service reads. A verifier that knows nothing of `token_type` would
 * otherwise take one for an access token (RFC 8725 section 3.12).
 */
const OWN_AUDIENCE: Readonly<Partial<Record<TokenType, string>>> = {
  refresh: 'refresh',
  console: 'console',
};
export const OWN_AUDIENCES: ReadonlySet<string> = new Set(Object.values(OWN_AUDIENCE));

export interface ClaimRules {
  issuer?: string | undefined;
  /** Of access tokens. */
  audience?: string | undefined;
  /** For `exp`, `iat` and `nbf`; a non-negative integer. */
  leewaySeconds: number;
  userIdClaim: string;
}

/** Why claims are refused: for the log, never for the client. `claims` is one absent, of a wrong type, or odd. */
export type ClaimFault = 'claims' | 'token_type' | 'issuer' | 'audience' | 'not_yet' | 'expired';

export type ClaimVerdict<T extends TokenType> =
  | { ok: true; claims: ClaimsOf<T> }
  /** The one fault is that the token has expired. */
  | { ok: false; fault: 'expired'; claims: ClaimsOf<T> }
  | { ok: false; fault: Exclude<ClaimFault, 'expired'>; claims?: undefined };

/** `iat` and `nbf` may be this far ahead of `now` even without leeway: the clocks of two places differ. */
const CLOCK_SKEW_SECONDS = 5;

/** A session's id becomes part of a KV key, and those end at 512 bytes. */
const MAX_TEXT_BYTES = 255;

/** No setting of LEEWAY is larger. */
export const LEEWAY_MAX_SECONDS = 300;

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
  'is_staff',
  'email_verified',
  'auth_time',
  'amr',
]);

/** A name that says something of ours, and that no host gives a claim of its own. */
export const isReservedClaim = (name: string, userIdClaim: string): boolean =>
  RESERVED_CLAIMS.has(name) || name === 'sub' || name === userIdClaim || name === '__proto__';

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
  const audience = OWN_AUDIENCE[claims.token_type] ?? rules.audience;
  return {
    ...(claims.token_type === 'access' && claims.extra),
    token_type: claims.token_type,
    jti: claims.jti,
    [rules.userIdClaim]: claims.sub,
    sid: claims.sid,
    iat: claims.iat,
    exp: claims.exp,
    ...(claims.token_type === 'access' && {
      ...(claims.is_staff === true && { is_staff: true }),
      email_verified: claims.email_verified,
      auth_time: claims.auth_time,
      amr: claims.amr,
    }),
    ...(rules.issuer !== undefined && { iss: rules.issuer }),
    ...(audience !== undefined && { aud: audience }),
  };
}

/** What only access tokens say; null where it is odd. A token from before a claim was introduced lacks it. */
function accessClaims(
  wire: ReadonlyMap<string, unknown>,
  userIdClaim: string,
): Omit<AccessClaims, 'token_type' | keyof CommonClaims> | null {
  const isStaff = wire.get('is_staff');
  const emailVerified = wire.has('email_verified') ? wire.get('email_verified') : false;
  if (wire.has('is_staff') && isStaff !== true) return null;
  const authTime = wire.has('auth_time') ? wire.get('auth_time') : 0;
  const amr = wire.has('amr') ? wire.get('amr') : [];
  if (typeof emailVerified !== 'boolean' || !isTime(authTime)) return null;
  if (!Array.isArray(amr) || !amr.every((one) => typeof one === 'string')) return null;
  const extra = [...wire].filter(([name]) => !isReservedClaim(name, userIdClaim));
  return {
    ...(isStaff === true && { is_staff: true as const }),
    email_verified: emailVerified,
    auth_time: authTime,
    amr,
    ...(extra.length > 0 && { extra: Object.fromEntries(extra) }),
  };
}

/**
 * The claims in the payload of a token whose signature is good and that is of one of `types`, or the first fault found.
 * Never throws, whatever the payload. Claims that are not ours decide nothing (RFC 7519 §4); an access token's are `extra`.
 *
 * @param now epoch seconds. `exp` = now is expired (RFC 7519 §4.1.4: "on or after"); `iat` or `nbf` ahead of now by
 *   more than the larger of the leeway and CLOCK_SKEW_SECONDS is `not_yet`.
 */
export function fromWire<T extends TokenType>(
  payload: unknown,
  types: readonly T[],
  rules: ClaimRules,
  now: number,
): ClaimVerdict<T> {
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
  const type = types.find((one) => one === tokenType);
  if (type === undefined) return { ok: false, fault: 'token_type' };
  const own = type === 'access' ? accessClaims(wire, rules.userIdClaim) : wire.has('is_staff') ? null : {};
  if (own === null) return { ok: false, fault: 'claims' };

  if (rules.issuer !== undefined && wire.get('iss') !== rules.issuer) return { ok: false, fault: 'issuer' };
  const audience = OWN_AUDIENCE[type] ?? rules.audience;
  if (audience !== undefined && !hasAudience(wire.get('aud'), audience)) {
    return { ok: false, fault: 'audience' };
  }

  // A `now` that is not a number compares false with everything: each condition is what lets a token pass.
  const latest = now + Math.max(rules.leewaySeconds, CLOCK_SKEW_SECONDS);
  if (!(iat <= latest && nbf <= latest)) return { ok: false, fault: 'not_yet' };
  const claims = { token_type: tokenType, jti, sub, sid, iat, exp, ...own } as ClaimsOf<T>;
  if (!(exp + rules.leewaySeconds > now)) return { ok: false, fault: 'expired', claims };
  return { ok: true, claims };
}
