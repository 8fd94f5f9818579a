/** Decides whether a request passes a guard: checks its token, its session and the route's requirements. */
import { type Deadlines, unavailable } from '../deadlines.ts';
import { Refusal } from '../errors.ts';
import {
  GUARD_SETTINGS,
  type PermissionClass,
  readSettings,
  type SettingFault,
  type Values,
} from '../guard-settings.ts';
import { type Blacklist, type Clock, type Report, seconds } from '../ports.ts';
import { meetsStepUp, reauthenticationRequired, type StepUp } from '../token/authentication.ts';
import { kvBlacklist } from '../token/blacklist.ts';
import type { ClaimRules } from '../token/claims.ts';
import { createCodec, type Verdict } from '../token/codec.ts';
import { loadKeySet, secretText } from '../token/key-set.ts';
import { refuseAccessToken } from '../token/refuse-token.ts';
import { accessFault, reasonFault, reasonOf, statusFault } from '../token/rotation.ts';
import { d1TokenStatus } from './d1-token-status.ts';
import { type JwksSource, remoteVerifier } from './remote-keys.ts';
import { rememberMisses } from './revocation-memory.ts';

/** The caller according to the access token. In `strict` mode `isStaff` and `emailVerified` come from D1. */
export interface Account {
  id: string;
  sessionId: string;
  isStaff: boolean;
  emailVerified: boolean;
  /** When the user last authenticated, in epoch seconds. */
  authTime: number;
  /** How they authenticated (RFC 8176): `pwd`, `otp`, `mfa`, … */
  amr: readonly string[];
  /** The claims that the host's `claims` function returned when the token was minted. */
  claims: Readonly<Record<string, unknown>>;
}

export interface Requirements {
  permission: PermissionClass;
  verified: boolean;
  stepUp: StepUp;
}

type GuardSettings = Values<typeof GUARD_SETTINGS>;

export interface Guard {
  settings: GuardSettings;
  verify: (token: string, now: number, report: Report) => Promise<Verdict<'access'>>;
  /** Null in strict mode. */
  blacklist: Blacklist | null;
  tokenStatus: ReturnType<typeof d1TokenStatus> | null;
}

interface Composition {
  strict: boolean;
  deadlines: Deadlines;
  clock: Clock;
  jwks: JwksSource | undefined;
}

/** SIGNING_KEY is optional: a Worker that only verifies may have just the public keys in VERIFYING_KEYS. */
async function localVerifier(
  env: Readonly<Record<string, unknown>>,
  rules: ClaimRules,
  faults: SettingFault[],
): Promise<Guard['verify'] | null> {
  const keySet = await loadKeySet(secretText(env.SIGNING_KEY), secretText(env.VERIFYING_KEYS), {
    signingRequired: false,
  });
  if (!keySet.ok) {
    faults.push(...keySet.faults);
  }
  // Without valid settings there are no rules to verify by: report all faults first.
  if (!keySet.ok || faults.length > 0) return null;
  const codec = createCodec(keySet.keys, rules);
  return (token, now) => codec.verify(token, 'access', now);
}

/** Reads settings and keys. With `jwks`, no keys are configured locally. */
export async function compose(
  env: Readonly<Record<string, unknown>>,
  { strict, deadlines, clock, jwks }: Composition,
): Promise<Guard | { faults: SettingFault[] }> {
  const { values: settings, faults } = readSettings(GUARD_SETTINGS, env);
  const rules: ClaimRules = {
    issuer: settings.ISSUER,
    audience: settings.AUDIENCE,
    leewaySeconds: settings.LEEWAY,
    userIdClaim: settings.USER_ID_CLAIM,
  };
  const verify =
    jwks === undefined
      ? await localVerifier(env, rules, faults)
      : remoteVerifier(jwks, env, { rules, clock, deadlineMs: deadlines.d1 });
  if (typeof jwks === 'object' && typeof env[jwks.binding] !== 'object') {
    faults.push({ setting: jwks.binding, problem: 'is not bound' });
  }
  const binding = strict ? 'DB' : 'BLACKLIST';
  if (typeof env[binding] !== 'object') faults.push({ setting: binding, problem: 'is not bound' });
  if (!verify || faults.length > 0) return { faults };
  return {
    settings,
    verify,
    blacklist: strict
      ? null
      : rememberMisses(kvBlacklist(env.BLACKLIST as KVNamespace, { clock, deadlineMs: deadlines.kv }), env, {
          seconds: settings.REVOCATION_MEMORY,
          clock,
        }),
    tokenStatus: env.DB ? d1TokenStatus(env.DB as D1Database, deadlines.d1) : null,
  };
}

/**
 * `token`: null for no credentials. Returns undefined without credentials under AllowAny. 401 not_authenticated,
 * access_token_…, user_…, reauthentication_required; 403 permission_denied, email_not_verified; 503 unavailable.
 */
export async function admit(
  guard: Guard,
  requirements: Requirements,
  token: string | null,
  clock: Clock,
  report: Report,
): Promise<Account | undefined> {
  if (token === null) {
    if (requirements.permission === 'AllowAny') return undefined;
    throw new Refusal('not_authenticated');
  }
  const now = seconds(clock);
  const account = await accountOf(guard, token, now, report);
  if (requirements.permission === 'IsAdminUser' && !account.isStaff) throw new Refusal('permission_denied');
  if (requirements.verified && !account.emailVerified) throw new Refusal('email_not_verified');
  if (!meetsStepUp(account, requirements.stepUp, now)) throw reauthenticationRequired(requirements.stepUp);
  return account;
}

/** The owner of a valid token whose session is live. */
async function accountOf(
  { verify, blacklist, tokenStatus }: Guard,
  token: string,
  now: number,
  report: Report,
): Promise<Account> {
  const verdict = await verify(token, now, report);
  if (!verdict.ok) throw refuseAccessToken(verdict.fault);
  const { claims } = verdict;
  const account = {
    id: claims.sub,
    sessionId: claims.sid,
    isStaff: claims.is_staff === true,
    emailVerified: claims.email_verified,
    authTime: claims.auth_time,
    amr: claims.amr,
    claims: claims.extra ?? {},
  };

  const known = blacklist ? await blacklist.find(claims.sid, report) : 'unknown';
  if (known === null) return account;
  if (known !== 'unknown') throw new Refusal(accessFault(reasonFault(known)), { reason: known });
  if (!tokenStatus) throw unavailable('kv', 'guard');
  const { user, session } = await tokenStatus(claims.sub, claims.sid);
  const fault = statusFault({ user, session }, now);
  if (fault || !user) {
    throw new Refusal(accessFault(fault ?? 'user_not_found'), { reason: reasonOf({ user, session }) });
  }
  return { ...account, isStaff: user.isStaff, emailVerified: user.emailVerifiedAt !== null };
}
