/**
 * OpenID Connect with discovery: the authorization code flow with PKCE and nonce, and full verification of ID tokens,
 * with oauth4webapi. Adds what the library does not check: `azp` of another client, the length of `sub`, an `iat` in
 * the future.
 */
import type * as oauth from 'oauth4webapi';
import { seconds } from '../ports.ts';
import type { ProviderEntry } from './kv-provider-cache.ts';
import { CLOCK_TOLERANCE_SECONDS } from './limits.ts';
import {
  authorizationParameters,
  authorizationUrl,
  checkReturn,
  type FlowSecrets,
  identityOf,
  isSubject,
  requestOptions,
  type Tools,
} from './oauth.ts';
import { checkSignature } from './oidc-signature.ts';
import { type Identity, ProviderFailure } from './ports.ts';
import type { Provider } from './providers.ts';

/** Microsoft's common endpoint has no tenant: the issuer contains the token's `tid`. */
const TENANT = '{tenantid}';
const isTemplate = (provider: Provider, metadata: { issuer: string }) =>
  provider.id === 'microsoft' && metadata.issuer.includes(TENANT);

async function discover(provider: Provider, tools: Tools): Promise<ProviderEntry> {
  const { library, cache, clock, call } = tools;
  const issuer = provider.issuer as string;
  const known = await cache.find(issuer, call.report);
  if (known) return known;
  const url = new URL(issuer);
  const answer = await library.discoveryRequest(url, requestOptions(tools, provider));
  const read = await bodyOf(answer);
  const template = typeof read?.issuer === 'string' && isTemplate(provider, { issuer: read.issuer });
  const metadata = template ? read : { ...(await library.processDiscoveryResponse(url, answer)) };
  // RFC 8414 section 3.3: the issuer must be identical to the requested one. The library compares parsed URLs only.
  const isSame = String(metadata.issuer).replace(/\/$/, '') === issuer.replace(/\/$/, '');
  if (!template && !isSame) throw new ProviderFailure('malformed');
  const entry = { metadata, metadataAt: seconds(clock), jwks: null, jwksAt: 0 };
  await cache.keep(issuer, entry, call.report);
  return entry;
}

function serverOf(
  provider: Provider,
  { metadata }: ProviderEntry,
  { library }: Tools,
): oauth.AuthorizationServer {
  // A copy for each request: the library shares pending requests by this object, and Workers forbid waiting for the I/O
  // of another request.
  const server = structuredClone(metadata) as oauth.AuthorizationServer;
  const { issuer } = server;
  if (!isTemplate(provider, { issuer })) return server;
  const expected = ({ claims }: { claims: { tid?: unknown } }) =>
    typeof claims.tid === 'string' && /^[0-9a-f-]{36}$/.test(claims.tid)
      ? issuer.replace(TENANT, claims.tid)
      : issuer;
  return Object.assign(server, {
    [library.expectedIssuer]: expected,
  });
}

export async function oidcAuthorizationUrl(
  provider: Provider,
  flow: FlowSecrets,
  redirectUri: string,
  tools: Tools,
): Promise<string> {
  const { metadata } = await discover(provider, tools);
  return authorizationUrl(metadata.authorization_endpoint, provider, {
    ...(await authorizationParameters(provider, flow, redirectUri, tools.library)),
    nonce: flow.nonce,
    // Apple sends name and e-mail only with form_post; the callback route turns that into a GET.
    ...(provider.id === 'apple' && { response_mode: 'form_post' }),
  });
}

export async function oidcIdentity(
  provider: Provider,
  flow: FlowSecrets,
  redirectUri: string,
  parameters: URLSearchParams,
  tools: Tools,
): Promise<Identity | 'denied'> {
  const { library, clock } = tools;
  const entry = await discover(provider, tools);
  const server = serverOf(provider, entry, tools);
  const client: oauth.Client = {
    client_id: provider.clientId,
    // By our own clock, which tests replace.
    [library.clockSkew]: seconds(clock) - Math.floor(Date.now() / 1_000),
    [library.clockTolerance]: CLOCK_TOLERANCE_SECONDS,
  };
  const returned = checkReturn(library, server, client, parameters, flow.state);
  if (returned === 'denied') return 'denied';
  const { answer, tokens } = await redeem(provider, server, client, returned, flow, redirectUri, tools);
  const claims = library.getValidatedIdTokenClaims(tokens);
  if (!claims) throw new ProviderFailure('id_token');
  await checkSignature(provider, server, answer, entry, tools);
  const { sub, iss } = claims;
  const isOwn = claims.azp === undefined || claims.azp === provider.clientId;
  const isAhead = claims.iat > seconds(clock) + CLOCK_TOLERANCE_SECONDS;
  if (!isOwn || isAhead || !isSubject(sub)) throw new ProviderFailure('id_token');
  // Many providers return the address only at the userinfo endpoint, whose `sub` must match the ID token.
  const hasEmail = typeof claims.email === 'string' && claims.email_verified !== undefined;
  const profile =
    hasEmail || server.userinfo_endpoint === undefined
      ? claims
      : { ...claims, ...(await userInfo(provider, server, client, tokens.access_token, sub, tools)) };
  // Every organization can be a tenant of the common endpoint, and has a say in the claims of its users.
  const vouches = !isTemplate(provider, server);
  return identityOf(provider, iss, sub, vouches ? profile : { ...profile, email_verified: false });
}

async function redeem(
  provider: Provider,
  server: oauth.AuthorizationServer,
  client: oauth.Client,
  returned: URLSearchParams,
  { verifier, nonce }: FlowSecrets,
  redirectUri: string,
  tools: Tools,
) {
  const { library } = tools;
  const [byHeader, byBody] = [
    library.ClientSecretBasic(provider.clientSecret),
    library.ClientSecretPost(provider.clientSecret),
  ];
  const supported = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  const ways = [
    ...(supported.includes('client_secret_basic') ? [byHeader] : []),
    ...(supported.includes('client_secret_post') ? [byBody] : []),
  ];
  for (const [i, authentication] of ways.entries()) {
    const answer = await library.authorizationCodeGrantRequest(
      server,
      client,
      authentication,
      returned,
      redirectUri,
      verifier,
      requestOptions(tools, provider),
    );
    // The metadata does not say which method the client is registered with. invalid_client does not use up the code.
    const mayTryOther = i < ways.length - 1 && (answer.status === 401 || answer.status === 400);
    if (mayTryOther && (await bodyOf(answer))?.error === 'invalid_client') continue;
    const tokens = await library.processAuthorizationCodeResponse(server, client, answer, {
      expectedNonce: nonce,
      requireIdToken: true,
    });
    return { answer, tokens };
  }
  throw new ProviderFailure('refused');
}

/** The JSON object in a response, without consuming it; null for anything else. */
async function bodyOf(answer: Response): Promise<Record<string, unknown> | null> {
  const value: unknown = await answer
    .clone()
    .json()
    .catch(() => null);
  return typeof value === 'object' ? (value as Record<string, unknown> | null) : null;
}

async function userInfo(
  provider: Provider,
  server: oauth.AuthorizationServer,
  client: oauth.Client,
  accessToken: string,
  subject: string,
  tools: Tools,
): Promise<Record<string, unknown>> {
  const { library } = tools;
  const answer = await library.userInfoRequest(server, client, accessToken, requestOptions(tools, provider));
  const { sub: _, ...profile } = await library.processUserInfoResponse(server, client, subject, answer);
  return profile;
}
