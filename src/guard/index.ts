/**
 * Guards for the routes of any Worker that shares the keys and the KV namespace; without Drizzle or Zod, and without D1
 * in `fast` mode. `requireAccount()`, and DRF's permission classes by name. The account app itself uses
 * account/signed-in.ts, which reads D1.
 */
import type { Context, MiddlewareHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { DEADLINES, type Deadlines } from '../deadlines.ts';
import { REFUSALS, Refusal } from '../errors.ts';
import { PERMISSION_CLASSES, type PermissionClass, type SettingFault } from '../guard-settings.ts';
import { negotiateLanguage } from '../http/language.ts';
import { misconfigured } from '../http/misconfigured.ts';
import { problemResponse } from '../http/problem-response.ts';
import { reporter } from '../http/report.ts';
import type { Clock } from '../ports.ts';
import { durationSeconds } from '../setting-parsers.ts';
import { type Account, admit, compose, type Guard, type Requirements } from './admit.ts';
import { checkSource, type JwksSource } from './remote-keys.ts';
import { checkSources, findToken, selectBearer, type TokenSource } from './token-sources.ts';

export type { Account } from './admit.ts';
export type { JwksSource } from './remote-keys.ts';
export type { TokenSource } from './token-sources.ts';

/** Variables behind a guard that requires an account. */
export interface AccountVariables {
  account: Account;
}
/** Variables behind a guard that also admits anonymous requests. */
export interface OptionalAccountVariables {
  account: Account | undefined;
}
type VariablesUnder<P extends PermissionClass> = 'AllowAny' extends P
  ? OptionalAccountVariables
  : AccountVariables;

interface CommonOptions {
  /**
   * `fast` (default) reads KV, where a revocation is visible within about a minute, and remembers for REVOCATION_MEMORY
   * that a session is not revoked. `strict` reads D1 instead, which costs a round trip and needs the binding DB.
   */
  mode?: 'fast' | 'strict';
  /**
   * Where to read the public keys instead of SIGNING_KEY and VERIFYING_KEYS: the URL of the account service's JWKS, or
   * `{ binding: 'ACCOUNTS' }` for a service binding to its Worker.
   */
  jwks?: JwksSource;
  /**
   * Where to look for the access token, in this order: `header` (the default), `cookie:NAME`, `query:NAME`, or
   * `subprotocol` of a WebSocket.
   */
  from?: readonly TokenSource[];
  clock?: Clock;
  deadlines?: Deadlines;
}
interface AccountRequirements {
  /** Requires a verified e-mail address; otherwise 403 email_not_verified. */
  verified?: boolean;
  /** Maximum time since the user authenticated, in seconds or as `10m`; otherwise 401 with a challenge (RFC 9470). */
  maxAge?: number | string;
  /** Requires authentication with more than one factor; otherwise the same 401. */
  mfa?: boolean;
}

export interface GuardOptions<P extends PermissionClass = PermissionClass>
  extends CommonOptions,
    AccountRequirements {
  /** Default: IsAuthenticated. */
  permission?: P;
}

const MAX_AGE = 'maxAge must be seconds, or a number with s, m, h or d, as in 10m';

/** Throws a TypeError for unknown or contradictory options. */
function requirementsOf(options: GuardOptions): Omit<Requirements, 'permission'> {
  const { permission = 'IsAuthenticated', mode = 'fast', verified = false, maxAge, mfa = false } = options;
  if (mode !== 'fast' && mode !== 'strict') throw new TypeError('mode must be fast or strict');
  if (!PERMISSION_CLASSES.includes(permission)) {
    throw new TypeError(`permission must be one of ${PERMISSION_CLASSES.join(', ')}`);
  }
  if (permission === 'AllowAny' && (verified || mfa || maxAge !== undefined)) {
    throw new TypeError('AllowAny cannot be combined with verified, maxAge or mfa, which require an account');
  }
  const maxAgeSeconds = typeof maxAge === 'string' ? durationSeconds(maxAge) : maxAge;
  if (maxAgeSeconds === null || (maxAgeSeconds !== undefined && !(maxAgeSeconds >= 0))) {
    throw new TypeError(MAX_AGE);
  }
  return { verified, stepUp: { maxAgeSeconds, mfa } };
}

/** An HTTPException with its own response, so that hosts without `onError` answer correctly. */
function refuse(c: Context, refusal: Refusal, scheme: string): HTTPException {
  const answer = problemResponse(refusal, {
    language: negotiateLanguage(c.req.header('Accept-Language')),
    scheme,
    requestId: undefined,
  });
  return new HTTPException(answer.status as 401, { res: answer });
}

const HEADER: readonly TokenSource[] = ['header'];

/** Hono copies headers into a replaced response, which would lose the WebSocket, so it is unset first. */
function answerWith(c: Context, answer: Response): void {
  if (answer === c.res) return;
  c.res = undefined;
  c.res = answer;
}

/** `permission` null means DEFAULT_PERMISSION_CLASSES. */
function guardOf<Variables extends OptionalAccountVariables>(
  name: string,
  permission: PermissionClass | null,
  options: GuardOptions,
): MiddlewareHandler<{ Variables: Variables }> {
  const { mode = 'fast', clock = Date.now, deadlines = DEADLINES, jwks, from = HEADER } = options;
  if (jwks !== undefined) checkSource(jwks);
  checkSources(from);
  const required = requirementsOf(options);
  const guards = new WeakMap<object, Promise<Guard | { faults: SettingFault[] }>>();

  const handler: MiddlewareHandler<{ Variables: Variables }> = async (c, next) => {
    const env = c.env as Readonly<Record<string, unknown>>;
    const report = reporter((c.get('requestId' as never) as string | undefined) ?? 'guard');
    let made = guards.get(env);
    if (!made) {
      made = compose(env, { strict: mode === 'strict', deadlines, clock, jwks });
      guards.set(env, made);
    }
    const guard = await made;
    if ('faults' in guard) throw refuse(c, misconfigured(guard.faults, env, report), 'Bearer');
    const requirements = {
      ...required,
      permission: permission ?? guard.settings.DEFAULT_PERMISSION_CLASSES,
    };
    let found: ReturnType<typeof findToken>;
    try {
      found = findToken(c.req.raw, from, guard.settings);
      const account = await admit(guard, requirements, found?.token ?? null, clock, report);
      c.set('account', account as Variables['account']);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const level = REFUSALS[error.kind].status >= 500 ? 'error' : 'warn';
      if (error.reason) report(level, error.kind, { reason: error.reason, call: error.call });
      throw refuse(c, error, guard.settings.AUTH_HEADER_TYPES[0] ?? 'Bearer');
    }
    await next();
    if (found?.source === 'subprotocol') answerWith(c, selectBearer(c.res));
  };
  return Object.defineProperty(handler, 'name', { value: name });
}

/**
 * Requires a valid access token of a live session and sets `c.var.account`. Without `permission` an account is always
 * required, whatever DEFAULT_PERMISSION_CLASSES is. An invalid token is 401 even under AllowAny.
 * 401; 403 permission_denied, email_not_verified; 503 unavailable, misconfigured.
 */
export const requireAccount = <P extends PermissionClass = 'IsAuthenticated'>(
  options: GuardOptions<P> = {},
): MiddlewareHandler<{ Variables: VariablesUnder<P> }> =>
  guardOf('requireAccount', options.permission ?? 'IsAuthenticated', options);

/**
 * For a whole app: `app.use(defaultPermissions())` applies DEFAULT_PERMISSION_CLASSES to every route, as the setting does
 * in Django REST Framework. Routes that require more add their own guard.
 */
export const defaultPermissions = (
  options: CommonOptions = {},
): MiddlewareHandler<{ Variables: OptionalAccountVariables }> => guardOf('defaultPermissions', null, options);

/** DRF's permission classes. */
export const allowAny = (options: CommonOptions = {}) =>
  requireAccount({ ...options, permission: 'AllowAny' });
export const isAuthenticated = (options: CommonOptions & AccountRequirements = {}) =>
  requireAccount({ ...options, permission: 'IsAuthenticated' });
export const isAdminUser = (options: CommonOptions & AccountRequirements = {}) =>
  requireAccount({ ...options, permission: 'IsAdminUser' });
