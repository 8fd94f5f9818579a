/**
 * Guards for the routes of any Worker that shares the keys and the KV namespace: no D1, no Drizzle, no Zod.
 * `requireAccount()` and simplejwt's permission classes by name. What the account app itself is behind is
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

/** Behind a guard that refuses strangers. */
export interface AccountVariables {
  account: Account;
}
/** Behind a guard that lets strangers pass. */
export interface OptionalAccountVariables {
  account: Account | undefined;
}
type VariablesUnder<P extends PermissionClass> = 'AllowAny' extends P
  ? OptionalAccountVariables
  : AccountVariables;

interface CommonOptions {
  /**
   * `fast` asks KV, which learns of a revocation within about a minute, and remembers for REVOCATION_MEMORY that a
   * session is not revoked. `strict` asks D1 instead, at the cost of its round trip, and needs the binding DB.
   */
  mode?: 'fast' | 'strict';
  /**
   * Where the public keys are, instead of SIGNING_KEY and VERIFYING_KEYS: the URL of the accounts' JWKS, or
   * `{ binding: 'ACCOUNTS' }` for a service binding to their Worker.
   */
  jwks?: JwksSource;
  /**
   * Where the access token may be, in the order in which it is looked for: `header` (the default), `cookie:NAME`,
   * `query:NAME`, `subprotocol` of a WebSocket.
   */
  from?: readonly TokenSource[];
  clock?: Clock;
  deadlines?: Deadlines;
}
interface StrangersRefused {
  /** The user's e-mail address is verified: else 403 email_not_verified. */
  verified?: boolean;
  /** Seconds, or `10m`: how long ago the user proved who they are; else 401 with the challenge of RFC 9470. */
  maxAge?: number | string;
  /** The user proved it by more than one factor; else likewise. */
  mfa?: boolean;
}

export interface GuardOptions<P extends PermissionClass = PermissionClass>
  extends CommonOptions,
    StrangersRefused {
  /** Default: IsAuthenticated. */
  permission?: P;
}

const MAX_AGE = 'maxAge must be seconds, or a number with s, m, h or d, as in 10m';

/** Throws a TypeError for options that do not exist or that contradict each other. */
function requirementsOf(options: GuardOptions): Omit<Requirements, 'permission'> {
  const { permission = 'IsAuthenticated', mode = 'fast', verified = false, maxAge, mfa = false } = options;
  if (mode !== 'fast' && mode !== 'strict') throw new TypeError('mode must be fast or strict');
  if (!PERMISSION_CLASSES.includes(permission)) {
    throw new TypeError(`permission must be one of ${PERMISSION_CLASSES.join(', ')}`);
  }
  if (permission === 'AllowAny' && (verified || mfa || maxAge !== undefined)) {
    throw new TypeError('AllowAny lets strangers pass: verified, maxAge and mfa ask for an account');
  }
  const maxAgeSeconds = typeof maxAge === 'string' ? durationSeconds(maxAge) : maxAge;
  if (maxAgeSeconds === null || (maxAgeSeconds !== undefined && !(maxAgeSeconds >= 0))) {
    throw new TypeError(MAX_AGE);
  }
  return { verified, stepUp: { maxAgeSeconds, mfa } };
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

const HEADER: readonly TokenSource[] = ['header'];

/** Hono would copy an answer that is replaced, and lose the WebSocket. */
function answerWith(c: Context, answer: Response): void {
  if (answer === c.res) return;
  c.res = undefined;
  c.res = answer;
}

/** `permission` null: what DEFAULT_PERMISSION_CLASSES says. */
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
 * Lets a request pass that carries a good access token of a session that lives, and sets `c.var.account`. Without
 * `permission` an account is required, whatever DEFAULT_PERMISSION_CLASSES says. A bad token is 401 even under AllowAny.
 * 401, 403 permission_denied, 403 email_not_verified, 503 unavailable, 503 misconfigured.
 */
export const requireAccount = <P extends PermissionClass = 'IsAuthenticated'>(
  options: GuardOptions<P> = {},
): MiddlewareHandler<{ Variables: VariablesUnder<P> }> =>
  guardOf('requireAccount', options.permission ?? 'IsAuthenticated', options);

/**
 * For a whole app, `app.use(defaultPermissions())`: what DEFAULT_PERMISSION_CLASSES asks of every route, as the setting
 * does in Django REST Framework. A route that asks for more has a guard of its own.
 */
export const defaultPermissions = (
  options: CommonOptions = {},
): MiddlewareHandler<{ Variables: OptionalAccountVariables }> => guardOf('defaultPermissions', null, options);

/** simplejwt's permission classes. */
export const allowAny = (options: CommonOptions = {}) =>
  requireAccount({ ...options, permission: 'AllowAny' });
export const isAuthenticated = (options: CommonOptions & StrangersRefused = {}) =>
  requireAccount({ ...options, permission: 'IsAuthenticated' });
export const isAdminUser = (options: CommonOptions & StrangersRefused = {}) =>
  requireAccount({ ...options, permission: 'IsAdminUser' });
