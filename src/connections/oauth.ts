/**
 * What OpenID Connect and plain OAuth 2 share: the redirects with PKCE and state, and reading an identity from a
 * provider's response. Errors never contain any of the response or the library's messages.
 */
import type * as oauth from 'oauth4webapi';
import { canonicalEmail, isPlainText } from '../identity.ts';
import type { Call, Clock } from '../ports.ts';
import { displayName } from './display-name.ts';
import type { ProviderCache } from './kv-provider-cache.ts';
import { SUBJECT_MAX_LENGTH } from './limits.ts';
import { type Flow, type Identity, ProviderFailure, type ProviderFault } from './ports.ts';
import type { ProviderFetch } from './provider-http.ts';
import type { Provider } from './providers.ts';

export type Library = typeof import('./library.ts');
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

/** Options for the library's requests. http is for development only; production refuses such settings. */
export const requestOptions = (
  { library, fetch }: Pick<Tools, 'library' | 'fetch'>,
  provider: Provider,
): RequestOptions => ({
  [library.allowInsecureRequests]: isInsecure(provider),
  [library.customFetch]: (url: string, init: unknown) => fetch(url, init as RequestInit),
});

/** Maps an error of the library to a fault. Its messages and causes may contain tokens and are dropped. */
export function faultOf(error: unknown, library: Library): ProviderFault {
  if (error instanceof ProviderFailure) return error.fault;
  if (error instanceof library.ResponseBodyError || error instanceof library.WWWAuthenticateChallengeError)
    return 'refused';
  const code = (error as { code?: unknown }).code;
  if (code === library.KEY_SELECTION) return 'signature';
  const claims: unknown[] = [library.JWT_CLAIM_COMPARISON, library.JWT_TIMESTAMP_CHECK];
  return claims.includes(code) ? 'id_token' : 'malformed';
}

/** The endpoint to which the browser is sent: https, or http in development, whatever the metadata says. */
function browserEndpoint(text: unknown, provider: Provider): URL {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : null;
  if (!url || url.hash || !(url.protocol === 'https:' || (url.protocol === 'http:' && isInsecure(provider))))
    throw new ProviderFailure('malformed');
  return url;
}

/** Always sends an S256 challenge: a server without PKCE ignores it, and `plain` is never used. */
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

/** The provider's URL to which the browser is sent. */
export function authorizationUrl(
  endpoint: unknown,
  provider: Provider,
  parameters: Readonly<Record<string, string>>,
): string {
  const url = browserEndpoint(endpoint, provider);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  // Apple documents %20 for the spaces of `scope`; a plus sign of a value is %2B.
  url.search = url.search.replaceAll('+', '%20');
  return url.href;
}

/**
 * Validates the parameters with which the provider redirected back, `iss` included (RFC 9207). `denied`: the user
 * declined.
 */
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
/** Error codes of Apple and Microsoft for a user who declined. */
const DENIED: ReadonlySet<string> = new Set([
  'user_cancelled_authorize',
  'consent_required',
  'login_required',
]);

/** OpenID Connect Core section 2. Characters that D1 does not tell apart must not make one identity of two. */
export const isSubject = (text: string): boolean =>
  text !== '' && text.length <= SUBJECT_MAX_LENGTH && isPlainText(text);

/** `email_verified` counts only if it is true, or "true" as Apple sends it. Kakao has only a nickname. */
export function identityOf(
  provider: Provider,
  issuer: string,
  subject: string,
  { email, email_verified, name, nickname }: Readonly<Record<string, unknown>>,
): Identity {
  const canonical = typeof email === 'string' ? canonicalEmail(email) : null;
  return {
    provider: provider.id,
    issuer,
    subject,
    email: canonical,
    emailVerified: canonical !== null && (email_verified === true || email_verified === 'true'),
    name: displayName(name) ?? displayName(nickname),
  };
}
