/**
 * The claims of each token type (RFC 7519 §4): writing them, and validating them when read. Pure; `now` is a parameter.
 * codec.ts checks signatures, and the stores whether a session is revoked.
 */

interface CommonClaims {
  jti: string;
  /** The user's id, under the name `userIdClaim` in the token. */
  sub: string;
  /** The session's id, which stays the same across refreshes. */
  sid: string;
  /** Epoch seconds, as `exp`. */
  iat: number;
  exp: number;
}

export interface AccessClaims extends CommonClaims {
  token_type: 'access';
  is_staff?: true;
  email_verified: boolean;
  /** When (epoch seconds) and how (RFC 8176) the user last authenticated. */
  auth_time: number;
  amr: readonly string[];
  /** The host's own claims (extra-claims.ts). */
  extra?: Readonly<Record<string, unknown>>;
}

export interface RefreshClaims extends CommonClaims {
  token_type: 'refresh';
}

/** The claims of the console's cookie. */
export interface ConsoleClaims extends CommonClaims {
  token_type: 'console';
}

export type Claims = AccessClaims | RefreshClaims | ConsoleClaims;
export type TokenType = Claims['token_type'];
export type ClaimsOf<T extends TokenType> = Extract<Claims, { token_type: T }>;

/**
 * The audience of tokens that only this service reads. Without it, a verifier that ignores `token_type` would accept them
 * as access tokens (RFC 8725 section 3.12).
 */
const OWN_AUDIENCE: Readonly<Partial<Record<TokenType, string>>> = {
  refresh: 'refresh',
  console: 'console',
};
export const OWN_AUDIENCES: ReadonlySet<string> = new Set(Object.values(OWN_AUDIENCE));

export interface ClaimRules {
  issuer?: string | undefined;
  /** The audience of access tokens. */
  audience?: string | undefined;
  /** For `exp`, `iat` and `nbf`; a non-negative integer. */
  leewaySeconds: number;
  userIdClaim: string;
}

/** Why claims are refused, for the log only. `claims`: one is missing, of the wrong type or inconsistent. */
export type ClaimFault = 'claims' | 'token_type' | 'issuer' | 'audience' | 'not_yet' | 'expired';

export type ClaimVerdict<T extends TokenType> =
  | { ok: true; claims: ClaimsOf<T> }
  /** Valid, except that the token has expired. */
  | { ok: false; fault: 'expired'; claims: ClaimsOf<T> }
  | { ok: false; fault: Exclude<ClaimFault, 'expired'>; claims?: undefined };

/** How far `iat` and `nbf` may be ahead of `now` even without leeway, as clocks of different machines differ. */
const CLOCK_SKEW_SECONDS = 5;

/** A session's id becomes part of a KV key, which has at most 512 bytes. */
const MAX_TEXT_BYTES = 255;

/** Upper bound of LEEWAY. */
export const LEEWAY_MAX_SECONDS = 300;

/** Names that `userIdClaim` must not be. */
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

/** A name of one of our own claims, which a host's claims must not have. */
export const isReservedClaim = (name: string, userIdClaim: string): boolean =>
  RESERVED_CLAIMS.has(name) || name === 'sub' || name === userIdClaim || name === '__proto__';

const encoder = new TextEncoder();

/**
 * The members of a parsed JSON object; undefined for other JSON values. Prototypes are ignored, and `__proto__` is a name
 * like any other.
 */
export function members(value: unknown): ReadonlyMap<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? new Map(Object.entries(value))
    : undefined;
}

/** A valid id or `kid`: a non-empty, well-formed string of at most 255 bytes in UTF-8. */
export function isId(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= MAX_TEXT_BYTES &&
    value.isWellFormed() &&
    encoder.encode(value).length <= MAX_TEXT_BYTES
  );
}

/** RFC 7519 §2 allows fractional NumericDates, but ours never are. */
function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function hasAudience(aud: unknown, wanted: string): boolean {
  if (!Array.isArray(aud)) return aud === wanted;
  return aud.every((one) => typeof one === 'string') && aud.includes(wanted);
}

/** The JWT payload: `sub` under the name `userIdClaim`, with `iss` and `aud` if configured. */
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

/** The claims that only access tokens have; null if invalid. Tokens of older versions may lack some. */
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
 * Validates the payload of a token with a valid signature and returns its claims, or the first fault. Never throws. Unknown
 * claims are ignored (RFC 7519 §4); those of an access token become `extra`.
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

  // Conditions are written so that a token passes only if they hold: every comparison with a `now` of NaN is false.
  const latest = now + Math.max(rules.leewaySeconds, CLOCK_SKEW_SECONDS);
  if (!(iat <= latest && nbf <= latest)) return { ok: false, fault: 'not_yet' };
  const claims = { token_type: tokenType, jti, sub, sid, iat, exp, ...own } as ClaimsOf<T>;
  if (!(exp + rules.leewaySeconds > now)) return { ok: false, fault: 'expired', claims };
  return { ok: true, claims };
}
