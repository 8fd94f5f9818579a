/**
 * The signature of an ID token, checked with the provider's published keys. These are cached, and fetched again for a
 * `kid` that is not among them: at most once a minute, as a token can name any `kid`.
 */
import type * as oauth from 'oauth4webapi';
import { seconds } from '../ports.ts';
import type { ProviderEntry } from './kv-provider-cache.ts';
import { KEYS_SECONDS } from './limits.ts';
import { requestOptions, type Tools } from './oauth.ts';
import { ProviderFailure } from './ports.ts';
import type { Provider } from './providers.ts';

type Keys = ProviderEntry['jwks'];

export async function checkSignature(
  provider: Provider,
  server: oauth.AuthorizationServer,
  answer: Response,
  entry: ProviderEntry,
  tools: Tools,
): Promise<void> {
  const { library, cache, clock, call } = tools;
  const now = seconds(clock);
  const issuer = provider.issuer as string;
  /** Null: with keys that the library fetches, which are kept. False if none of the keys fits. */
  const check = async (jwks: Keys, times: Pick<ProviderEntry, 'refetchedAt'> = {}): Promise<boolean> => {
    // `uat` is always now, so that the library does not fetch other keys than these.
    const keys = (jwks ? { jwks, uat: Math.floor(Date.now() / 1_000) } : {}) as oauth.JWKSCacheInput & {
      jwks?: Keys;
    };
    try {
      // A copy: the library remembers keys by this object.
      await library.validateApplicationLevelSignature({ ...server }, answer, {
        ...requestOptions(tools, provider),
        [library.jwksCache]: keys,
      });
      return true;
    } catch (error) {
      if ((error as { code?: unknown }).code === library.KEY_SELECTION) return false;
      throw error instanceof ProviderFailure ? error : new ProviderFailure('signature');
    } finally {
      if (!jwks && keys.jwks)
        await cache.keep(issuer, { ...entry, ...times, jwks: keys.jwks, jwksAt: now }, call.report);
    }
  };
  const withNewerKeys = async () => {
    const newer = await cache.newerKeys(issuer, entry, () => check(null, { refetchedAt: now }));
    return newer !== null && (await check(newer));
  };
  const areKept = entry.jwks !== null && now - entry.jwksAt < KEYS_SECONDS;
  const isSigned = areKept ? (await check(entry.jwks)) || (await withNewerKeys()) : await check(null);
  if (!isSigned) throw new ProviderFailure('signature');
}
