/** The provider port over the protocols. Loads oauth4webapi and the protocols when a user first signs in with one. */
import type { Clock } from '../ports.ts';
import type { ProviderCache } from './kv-provider-cache.ts';
import { type ProviderClient, ProviderFailure } from './ports.ts';
import { boundedFetch } from './provider-http.ts';

export function createProviderClient({
  cache,
  clock,
  fetcher,
  deadlineMs,
}: {
  cache: ProviderCache;
  clock: Clock;
  fetcher: typeof fetch;
  deadlineMs: number;
}): ProviderClient {
  const protocols = async () => {
    const [library, oauth, oidc, profiles] = await Promise.all([
      import('./library.ts'),
      import('./oauth.ts'),
      import('./oidc.ts'),
      import('./oauth-profiles.ts'),
    ]);
    return { library, ...oauth, ...oidc, ...profiles };
  };
  type Protocols = Awaited<ReturnType<typeof protocols>>;
  const clearly = async <T>(work: (loaded: Protocols) => Promise<T>): Promise<T> => {
    const loaded = await protocols();
    try {
      return await work(loaded);
    } catch (error) {
      throw new ProviderFailure(loaded.faultOf(error, loaded.library));
    }
  };
  return {
    authorizationUrl: (provider, flow, redirectUri, call) =>
      clearly(({ library, oidcAuthorizationUrl, oauthAuthorizationUrl }) => {
        const tools = { library, cache, clock, call, fetch: boundedFetch(fetcher, deadlineMs) };
        return provider.protocol === 'oidc'
          ? oidcAuthorizationUrl(provider, flow, redirectUri, tools)
          : oauthAuthorizationUrl(provider, flow, redirectUri, tools);
      }),

    identify: (provider, flow, redirectUri, parameters, call) =>
      clearly(({ library, oidcIdentity, oauthIdentity }) => {
        const tools = { library, cache, clock, call, fetch: boundedFetch(fetcher, deadlineMs) };
        return provider.protocol === 'oidc'
          ? oidcIdentity(provider, flow, redirectUri, parameters, tools)
          : oauthIdentity(provider, flow, redirectUri, parameters, tools);
      }),
  };
}
