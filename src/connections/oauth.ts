/**
 * What OpenID Connect and plain OAuth 2 share: the way there and back with PKCE and state, and what a provider's answer
 * says of somebody. Nothing of an answer, and no message of the library, goes into an error.
 */
import type * as oauth from 'oauth4webapi';
import { canonicalEmail } from '../identity.ts';
import type { Call, Clock } from '../ports.ts';
import type { ProviderCache } from './kv-provider-cache.ts';
import { type Flow, type Identity, ProviderFailure, type ProviderFault } from './ports.ts';
import type { ProviderFetch } from './provider-http.ts';
import type { Provider } from './providers.ts';

export type Library = typeof oauth;
export type FlowSecrets = Pick<Flow, 'state' | 'nonce' | 'verifier'>;

export interface Tools {
  library: Library;
  fetch: ProviderFetch;
  cache: ProviderCache;
  clock: Clock;
  call: Call;
}

const isInsecure = ({ issuer }: Provider) => /^http:/i.test(issuer ?? '');

interface RequestOptions {
  [oauth.allowInsecureRequests]: boolean;
  [oauth.customFetch]: (url: string, init: unknown) => Promise<Response>;
}

/** Of the library's requests. http is for the providers of development: production refuses their settings. */
export const requestOptions = (
  { library, fetch }: Pick<Tools, 'library' | 'fetch'>,
  provider: Provider,
): RequestOptions => ({
  [library.allowInsecureRequests]: isInsecure(provider),
  [library.customFetch]: (url: string, init: unknown) => fetch(url, init as RequestInit),
});

/** What the library found wrong. Its messages and causes hold tokens: nothing of them goes on. */
export function faultOf(error: unknown, library: Library): ProviderFault {
  if (error instanceof ProviderFailure) return error.fault;
  if (error instanceof library.ResponseBodyError || error instanceof library.WWWAuthenticateChallengeError)
    return 'refused';
  const code = (error as { code?: unknown }).code;
  if (code === library.KEY_SELECTION) return 'signature';
  const claims: unknown[] = [library.JWT_CLAIM_COMPARISON, library.JWT_TIMESTAMP_CHECK];
  return claims.includes(code) ? 'id_token' : 'malformed';
}

/** An endpoint that the browser is sent to: no other scheme, whatever the metadata says. */
function browserEndpoint(text: unknown, provider: Provider): URL {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : null;
  if (!url || url.hash || !(url.protocol === 'https:' || (url.protocol === 'http:' && isInsecure(provider))))
    throw new ProviderFailure('malformed');
  return url;
}

/** Only the S256 challenge goes: a server without PKCE ignores it, and `plain` is never offered. */
export async function authorizationParameters(
  provider: Provider,
  { state, verifier }: FlowSecrets,
  redirectUri: string,
  library: Library,
): Promise<Record<string, string>> {
  return {
    response_type: 'code',
    client_id: provider.clientId,
    redirect_uri: redirectUri,
    ...(provider.scope && { scope: provider.scope }),
    state,
    code_challenge: await library.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  };
}

/** Where the browser is sent to. */
export function authorizationUrl(
  endpoint: unknown,
  provider: Provider,
  parameters: Readonly<Record<string, string>>,
): string {
  const url = browserEndpoint(endpoint, provider);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

/** RFC 9207: `iss` where the provider announces it; whether it is this issuer's. */
export function checkReturn(
  library: Library,
  server: oauth.AuthorizationServer,
  client: oauth.Client,
  parameters: URLSearchParams,
  state: string,
): URLSearchParams | 'denied' {
  try {
    return library.validateAuthResponse(server, client, parameters, state);
  } catch (error) {
    if (error instanceof library.AuthorizationResponseError) {
      if (error.error === 'access_denied' || DENIED.has(error.error)) return 'denied';
      const away = error.error === 'server_error' || error.error === 'temporarily_unavailable';
      throw new ProviderFailure(away ? 'away' : 'refused');
    }
    const iss = parameters.get('iss');
    const isMixUp =
      iss === null ? server.authorization_response_iss_parameter_supported === true : iss !== server.issuer;
    throw new ProviderFailure(isMixUp ? 'iss' : 'malformed');
  }
}
/** Apple's, and Microsoft's, for somebody who said no. */
const DENIED: ReadonlySet<string> = new Set([
  'user_cancelled_authorize',
  'consent_required',
  'login_required',
]);

/** `email_verified` counts only as true or "true", as Apple writes it. */
export function identityOf(
  provider: Provider,
  issuer: string,
  subject: string,
  { email, email_verified, name }: Readonly<Record<string, unknown>>,
): Identity {
  const canonical = typeof email === 'string' ? canonicalEmail(email) : null;
  return {
    provider: provider.id,
    issuer,
    subject,
    email: canonical,
    emailVerified: canonical !== null && (email_verified === true || email_verified === 'true'),
    name: nameOf(name),
  };
}

const NAME_MAX = 150;
/** What a name may hold here; null for any other. */
function nameOf(name: unknown): string | null {
  const trimmed = typeof name === 'string' && name.isWellFormed() ? name.trim() : '';
  return trimmed === '' || [...trimmed].length > NAME_MAX || /\p{Cc}/u.test(trimmed) ? null : trimmed;
}
