/**
 * The public keys of the account service, read from its JWKS by URL or over a service binding, and cached in the isolate.
 * They are read again after five minutes, and for a token with an unknown `kid`, but then at most once a minute, so that
 * forged tokens cannot cause many requests. While the account service is unavailable, the cached keys are used.
 *
 * In Workers a request cannot wait for the I/O of another, so the first concurrent requests may each fetch the keys.
 */
import { lookUntil, unavailable, within } from '../deadlines.ts';
import type { Clock, Report } from '../ports.ts';
import type { ClaimRules } from '../token/claims.ts';
import { type Codec, createCodec, type Verdict } from '../token/codec.ts';
import { type KeySet, loadKeySet } from '../token/key-set.ts';

/** `https://accounts.example.com/.well-known/jwks.json`, or a service binding to the account service's Worker. */
export type JwksSource = string | { binding: string; path?: string };

const JWKS_PATH = '/.well-known/jwks.json';
/** The account service sends `Cache-Control: max-age=300`. */
const FRESH_FOR_MS = 300_000;
const RETRY_AFTER_MS = 60_000;
const MAX_BYTES = 65_536;
const POLL_MS = 20;
/** Not a real host: a service binding reaches its Worker whatever the URL is. */
const BOUND_ORIGIN = 'https://accounts.internal';

const LOCALHOST = ['localhost', '127.0.0.1', '[::1]'];

/** Throws a TypeError for an insecure URL: anybody who can change the response could have their own tokens accepted. */
export function checkSource(source: JwksSource): void {
  if (typeof source !== 'string') {
    if (!source.binding) throw new TypeError('jwks.binding must be the name of a service binding');
    return;
  }
  const url = URL.canParse(source) ? new URL(source) : null;
  const isSafe =
    url?.protocol === 'https:' || (url?.protocol === 'http:' && LOCALHOST.includes(url.hostname));
  if (!isSafe) throw new TypeError('jwks must be an https: URL, or {binding} for a service binding');
}

interface Kept {
  keys: KeySet | null;
  /** When the keys were last asked for, in epoch milliseconds. */
  askedAt: number;
  isAsking: boolean;
}

/** By bindings and source, so that all guards of an isolate share one entry. */
const kept = new WeakMap<object, Map<string, Kept>>();

function keptOf(env: object, source: JwksSource): Kept {
  const sources = kept.get(env) ?? new Map<string, Kept>();
  kept.set(env, sources);
  const name = JSON.stringify(source);
  const known = sources.get(name) ?? { keys: null, askedAt: Number.NEGATIVE_INFINITY, isAsking: false };
  sources.set(name, known);
  return known;
}

/** Skips keys of unknown types (RFC 7517 §5) and shared secrets, which are not public keys. */
async function readKeys(answer: Response): Promise<KeySet> {
  const text = await answer.text();
  if (!answer.ok || text.length > MAX_BYTES) throw new TypeError('no JWK Set');
  const { keys } = JSON.parse(text) as { keys: { kty?: unknown }[] };
  const usable = [];
  for (const key of keys) {
    if (key.kty === 'oct') continue;
    const alone = await loadKeySet(undefined, JSON.stringify([key]), { signingRequired: false });
    if (alone.ok) usable.push(key);
  }
  const loaded = await loadKeySet(undefined, JSON.stringify(usable), { signingRequired: false });
  if (!loaded.ok) throw new TypeError('no usable key');
  return loaded.keys;
}

export interface RemoteKeysOptions {
  rules: ClaimRules;
  clock: Clock;
  deadlineMs: number;
}

/** Verifies access tokens. 503 unavailable if the keys have never been fetched. */
export function remoteVerifier(
  source: JwksSource,
  env: Readonly<Record<string, unknown>>,
  { rules, clock, deadlineMs }: RemoteKeysOptions,
) {
  const state = keptOf(env, source);
  let codec: { keys: KeySet; verify: Codec['verify'] } | null = null;

  const ask = (): Promise<Response> => {
    const init = { headers: { Accept: 'application/json' }, redirect: 'manual' } as const;
    if (typeof source === 'string') return fetch(source, init);
    const url = new URL(source.path ?? JWKS_PATH, BOUND_ORIGIN);
    return (env[source.binding] as Fetcher).fetch(url, { headers: init.headers });
  };

  async function refresh(report: Report): Promise<void> {
    state.askedAt = clock();
    state.isAsking = true;
    try {
      state.keys = await within(deadlineMs, ask().then(readKeys));
    } catch {
      report('error', 'jwks_unavailable');
    } finally {
      state.isAsking = false;
    }
  }

  async function anotherRequest(): Promise<void> {
    await lookUntil(() => !state.isAsking, deadlineMs, POLL_MS);
    state.isAsking = false;
  }

  const verifyWith = (keys: KeySet, token: string, now: number): Promise<Verdict<'access'>> => {
    if (codec?.keys !== keys) codec = { keys, verify: createCodec(keys, rules).verify };
    return codec.verify(token, 'access', now);
  };

  return async (token: string, now: number, report: Report): Promise<Verdict<'access'>> => {
    const age = () => clock() - state.askedAt;
    if (state.keys === null || age() >= FRESH_FOR_MS) await refresh(report);
    if (state.keys === null) throw unavailable('jwks', 'guard');
    const verdict = await verifyWith(state.keys, token, now);
    if (verdict.ok || verdict.fault !== 'key') return verdict;
    if (state.isAsking) await anotherRequest();
    else if (age() >= RETRY_AFTER_MS) await refresh(report);
    else return verdict;
    return verifyWith(state.keys, token, now);
  };
}
