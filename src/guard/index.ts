/**
 * Guards for the routes of any Worker that shares the keys and the KV namespace: no D1, no Drizzle, no Zod.
 * `requireAccount()` and simplejwt's permission classes by name. What the account app itself is behind is
 * account/signed-in.ts, which reads D1.
 */
import type { Context, MiddlewareHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { DEADLINES, type Deadlines, unavailable } from '../deadlines.ts';
import { REFUSALS, Refusal } from '../errors.ts';
import { negotiateLanguage } from '../http/language.ts';
import { misconfigured } from '../http/misconfigured.ts';
import { problemResponse } from '../http/problem-response.ts';
import { reporter } from '../http/report.ts';
import { type Blacklist, type Clock, seconds } from '../ports.ts';
import { PERMISSION_CLASSES, type PermissionClass, parseSettings, type SettingFault } from '../settings.ts';
import { kvBlacklist } from '../token/blacklist.ts';
import { type Codec, createCodec } from '../token/codec.ts';
import { loadKeySet, secretText } from '../token/keys.ts';
import { refuseAccessToken } from '../token/refuse-token.ts';
import { accessFault, reasonFault, reasonOf, statusFault } from '../token/rotation.ts';
import { bearerToken } from './bearer.ts';
import { d1TokenStatus } from './d1-token-status.ts';

/** Who calls, as the token says; in `strict` mode `isStaff` is what D1 says now. */
export interface Account {
  id: string;
  sessionId: string;
  isStaff: boolean;
}
/** `c.var.account` is undefined only under AllowAny, without credentials. */
export interface AccountVariables {
  account: Account | undefined;
}

export interface GuardOptions {
  /** Default: the setting DEFAULT_PERMISSION_CLASSES. */
  permission?: PermissionClass;
  /**
   * `fast` asks KV, which learns of a revocation within about a minute. `strict` asks D1 instead, at the cost
   * of its round trip, and needs the binding DB.
   */
  mode?: 'fast' | 'strict';
  clock?: Clock;
  deadlines?: Deadlines;
}

const GUARD_SETTINGS = [
  'ISSUER',
  'AUDIENCE',
  'LEEWAY',
  'USER_ID_CLAIM',
  'AUTH_HEADER_TYPES',
  'AUTH_TOKEN_CLASSES',
  'DEFAULT_PERMISSION_CLASSES',
] as const;
type GuardSettings = ReturnType<typeof parseSettings<(typeof GUARD_SETTINGS)[number]>>['values'];

interface Guard {
  settings: GuardSettings;
  codec: Codec;
  blacklist: Blacklist | null;
  tokenStatus: ReturnType<typeof d1TokenStatus> | null;
}

/** Either key will do: a Worker that only verifies has the public ones in VERIFYING_KEYS and no SIGNING_KEY. */
async function compose(
  env: Readonly<Record<string, unknown>>,
  strict: boolean,
  deadlines: Deadlines,
): Promise<Guard | { faults: SettingFault[] }> {
  const { values: settings, faults } = parseSettings(env, GUARD_SETTINGS);
  const keySet = await loadKeySet(secretText(env.SIGNING_KEY), secretText(env.VERIFYING_KEYS), {
    signingRequired: false,
  });
  if (!keySet.ok) faults.push(...keySet.faults);
  const binding = strict ? 'DB' : 'BLACKLIST';
  if (typeof env[binding] !== 'object') faults.push({ setting: binding, problem: 'is not bound' });
  if (!keySet.ok || faults.length > 0) return { faults };
  return {
    settings,
    codec: createCodec(keySet.keys, {
      issuer: settings.ISSUER,
      audience: settings.AUDIENCE,
      leewaySeconds: settings.LEEWAY,
      userIdClaim: settings.USER_ID_CLAIM,
    }),
    // A guard never writes to KV: the clock of its entries does not matter.
    blacklist: strict
      ? null
      : kvBlacklist(env.BLACKLIST as KVNamespace, { clock: Date.now, deadlineMs: deadlines.kv }),
    tokenStatus: env.DB ? d1TokenStatus(env.DB as D1Database, deadlines.d1) : null,
  };
}

async function admit(
  guard: Guard,
  permission: PermissionClass,
  header: string | undefined,
  now: number,
  report: ReturnType<typeof reporter>,
): Promise<Account | undefined> {
  const token = bearerToken(header, guard.settings.AUTH_HEADER_TYPES);
  if (token === null) {
    if (permission === 'AllowAny') return undefined;
    throw new Refusal('not_authenticated');
  }
  const verdict = await guard.codec.verify(token, 'access', now);
  if (!verdict.ok) throw refuseAccessToken(verdict.fault);
  const { claims } = verdict;
  let isStaff = claims.is_staff === true;

  const known = guard.blacklist ? await guard.blacklist.find(claims.sid, report) : 'unknown';
  if (known === 'unknown') {
    if (!guard.tokenStatus) throw unavailable('kv guard');
    const tokenStatus = await guard.tokenStatus(claims.sub, claims.sid);
    const fault = statusFault(tokenStatus, now);
    if (fault) throw new Refusal(accessFault(fault), { reason: reasonOf(tokenStatus) });
    isStaff = tokenStatus.user?.isStaff ?? false;
  } else if (known !== null) {
    throw new Refusal(accessFault(reasonFault(known)), { reason: known });
  }
  if (permission === 'IsAdminUser' && !isStaff) throw new Refusal('permission_denied');
  return { id: claims.sub, sessionId: claims.sid, isStaff };
}

/** An HTTPException that carries its own answer, so that it is right in a host with no onError. */
function refuse(c: Context, refusal: Refusal, scheme: string): HTTPException {
  const answer = problemResponse(refusal, {
    language: negotiateLanguage(c.req.header('Accept-Language')),
    scheme,
    requestId: undefined,
  });
  return new HTTPException(answer.status as 401, { res: answer });
}

/**
 * Lets a request pass that carries a good access token of a session that lives, and sets `c.var.account`.
 * A bad token is 401 even under AllowAny. 401, 403 permission_denied, 503 unavailable, 503 misconfigured.
 */
export function requireAccount(
  options: GuardOptions = {},
): MiddlewareHandler<{ Variables: AccountVariables }> {
  const { mode = 'fast', clock = Date.now, deadlines = DEADLINES } = options;
  if (mode !== 'fast' && mode !== 'strict') throw new TypeError('mode must be fast or strict');
  if (options.permission !== undefined && !PERMISSION_CLASSES.includes(options.permission)) {
    throw new TypeError(`permission must be one of ${PERMISSION_CLASSES.join(', ')}`);
  }
  const guards = new WeakMap<object, Promise<Guard | { faults: SettingFault[] }>>();

  return async function requireAccount(c, next) {
    const env = c.env as Readonly<Record<string, unknown>>;
    const report = reporter((c.get('requestId' as never) as string | undefined) ?? 'guard');
    let made = guards.get(env);
    if (!made) {
      made = compose(env, mode === 'strict', deadlines);
      guards.set(env, made);
    }
    const guard = await made;
    if ('faults' in guard) throw refuse(c, misconfigured(guard.faults, env, report), 'Bearer');
    const permission = options.permission ?? guard.settings.DEFAULT_PERMISSION_CLASSES;
    try {
      c.set('account', await admit(guard, permission, c.req.header('Authorization'), seconds(clock), report));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const level = REFUSALS[error.kind].status >= 500 ? 'error' : 'warn';
      if (error.reason) report(level, error.kind, { reason: error.reason });
      throw refuse(c, error, guard.settings.AUTH_HEADER_TYPES[0] ?? 'Bearer');
    }
    return next();
  };
}

/** simplejwt's permission classes. */
export const allowAny = (options: Omit<GuardOptions, 'permission'> = {}) =>
  requireAccount({ ...options, permission: 'AllowAny' });
export const isAuthenticated = (options: Omit<GuardOptions, 'permission'> = {}) =>
  requireAccount({ ...options, permission: 'IsAuthenticated' });
export const isAdminUser = (options: Omit<GuardOptions, 'permission'> = {}) =>
  requireAccount({ ...options, permission: 'IsAdminUser' });
