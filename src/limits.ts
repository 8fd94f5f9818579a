/**
 * Workers' rate-limit bindings (https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/).
 * Weakness: counted per Cloudflare location, approximately. The client's address is CF-Connecting-IP alone;
 * where it is absent all share one bucket. Keys are hashes of canonical forms.
 */
import { unavailable } from './deadlines.ts';
import { Refusal } from './errors.ts';
import type { LimitedDoor, Limits } from './ports.ts';
import { sha256Hex } from './random.ts';

/** Their numbers stand in wrangler.toml: the platform takes them from there alone. */
export const LIMIT_BINDINGS = [
  'LIMIT_LOG_IN',
  'LIMIT_LOG_IN_ACCOUNT',
  'LIMIT_LOG_IN_CLIENT',
  'LIMIT_MAIL',
  'LIMIT_SIGN_UP',
  'LIMIT_REFRESH',
] as const;
export type LimitBinding = (typeof LIMIT_BINDINGS)[number];

/** The period of every binding. */
const RETRY_AFTER_SECONDS = 60;

function countersOf(what: LimitedDoor, client: string): [LimitBinding, string][] {
  switch (what.door) {
    case 'log_in':
      return [
        ['LIMIT_LOG_IN', `${client} ${what.account}`],
        ['LIMIT_LOG_IN_ACCOUNT', what.account],
        ['LIMIT_LOG_IN_CLIENT', client],
      ];
    case 'mail':
      return [['LIMIT_MAIL', `${client} ${what.address}`]];
    case 'sign_up':
      return [['LIMIT_SIGN_UP', client]];
    case 'refresh':
      return [['LIMIT_REFRESH', client]];
  }
}

export function bindingLimits(bindings: Readonly<Record<LimitBinding, RateLimit>>): Limits {
  return {
    check: async (what, call) => {
      const client = call.client.ip ?? 'no address';
      try {
        const outcomes = await Promise.all(
          countersOf(what, client).map(async ([binding, key]) =>
            bindings[binding].limit({ key: await sha256Hex(`${binding} ${key}`) }),
          ),
        );
        if (outcomes.every((outcome) => outcome.success)) return;
      } catch {
        call.report('error', 'limiter_failed', { door: what.door });
        // A guess at a password must be counted; everything else goes on.
        if (what.door === 'log_in') throw unavailable('limiter log_in');
        return;
      }
      throw new Refusal('throttled', {
        reason: what.door,
        headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) },
      });
    },
  };
}

/** RATE_LIMITS=off. */
export const noLimits: Limits = { check: async () => {} };
