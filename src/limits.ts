/**
 * Rate limits with Workers' bindings (https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/).
 * Weakness: counts are approximate and per Cloudflare location. Clients are told apart by CF-Connecting-IP only; without
 * it they share one counter. Keys are hashes of canonical forms.
 */
import { unavailable, within } from './deadlines.ts';
import { sha256Hex } from './encoding.ts';
import { Refusal } from './errors.ts';
import type { Limits, RateLimitedAction } from './rate-limited-action.ts';

/** The limits themselves are in wrangler.toml, the only place where the platform reads them. */
export const LIMIT_BINDINGS = [
  'LIMIT_LOG_IN',
  'LIMIT_LOG_IN_ACCOUNT',
  'LIMIT_LOG_IN_CLIENT',
  'LIMIT_MAIL',
  'LIMIT_MAIL_CLIENT',
  'LIMIT_MAIL_ADDRESS',
  'LIMIT_SIGN_UP',
  'LIMIT_REFRESH',
  'LIMIT_ANONYMOUS',
  'LIMIT_CHANGE',
  'LIMIT_IMPORTED_HASH',
] as const;
export type LimitBinding = (typeof LIMIT_BINDINGS)[number];

/** The period of every binding. */
const RETRY_AFTER_SECONDS = 60;

/** Actions that are refused if they cannot be counted. */
const GUESSES: ReadonlySet<RateLimitedAction['action']> = new Set([
  'log_in',
  'guess',
  'password_check',
  'imported_hash',
]);

/** The narrowest counter first. */
function countersOf(what: RateLimitedAction, client: string): [LimitBinding, string][] {
  switch (what.action) {
    case 'log_in':
      return [
        ['LIMIT_LOG_IN', `${client} ${what.account}`],
        ['LIMIT_LOG_IN_CLIENT', client],
        ['LIMIT_LOG_IN_ACCOUNT', what.account],
      ];
    case 'guess':
      return [
        ['LIMIT_LOG_IN', `${client} id ${what.account}`],
        ['LIMIT_LOG_IN_ACCOUNT', `id ${what.account}`],
      ];
    case 'password_check':
      // Separate from log-ins, so that strangers cannot lock a signed-in user out of password checks.
      return [
        ['LIMIT_LOG_IN', `${client} signed in ${what.userId}`],
        ['LIMIT_LOG_IN_ACCOUNT', `signed in ${what.userId}`],
      ];
    case 'mail':
      return [
        ['LIMIT_MAIL', `${client} ${what.address}`],
        ['LIMIT_MAIL_CLIENT', client],
        ['LIMIT_MAIL_ADDRESS', what.address],
      ];
    case 'sign_up':
      return [['LIMIT_SIGN_UP', client]];
    case 'refresh':
      return [['LIMIT_REFRESH', client]];
    case 'anonymous':
      return [['LIMIT_ANONYMOUS', `${client} ${what.endpoint}`]];
    case 'change':
      return [['LIMIT_CHANGE', what.userId]];
    case 'imported_hash':
      return [['LIMIT_IMPORTED_HASH', `${what.signedIn ? 'signed in' : 'anybody'} ${what.userId}`]];
  }
}

/** IPv6 clients are counted by their /64, as each has at least one to itself (RFC 6177). */
export function clientKey(ip: string | null): string {
  if (ip === null) return 'no address';
  if (!ip.includes(':') || ip.includes('.')) return ip;
  const [head = '', tail = ''] = ip.toLowerCase().split('::');
  const before = head.split(':').filter(Boolean);
  const after = tail.split(':').filter(Boolean);
  const zeros = ip.includes('::')
    ? Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0')
    : [];
  const network = [...before, ...zeros, ...after].slice(0, 4).map((group) => group.replace(/^0+(?=.)/, ''));
  return `${network.join(':')}::/64`;
}

export function bindingLimits(
  bindings: Readonly<Record<LimitBinding, RateLimit>>,
  deadlineMs: number,
): Limits {
  return {
    check: async (what, call) => {
      const client = clientKey(call.client.ip);
      let allowed = true;
      try {
        // One after another: an attempt refused for its client must not count for the account, or one client could
        // lock everybody else out of it.
        for (const [binding, key] of countersOf(what, client)) {
          const hashed = await sha256Hex(`${binding} ${key}`);
          const outcome = await within(deadlineMs, bindings[binding].limit({ key: hashed }));
          allowed = outcome.success;
          if (!allowed) break;
        }
      } catch {
        call.report('error', 'limiter_failed', { action: what.action });
        // Guesses at a password must be counted; everything else is allowed.
        if (GUESSES.has(what.action)) {
          throw unavailable('limiter', what.action);
        }
        return;
      }
      if (allowed) return;
      throw new Refusal('throttled', {
        reason: what.action,
        headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) },
      });
    },
  };
}

/** RATE_LIMITS=off. */
export const noLimits: Limits = { check: async () => {} };
