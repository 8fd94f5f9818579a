/**
 * GitHub and Naver, which use OAuth 2 with their own profile APIs instead of OpenID Connect.
 * https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
 * https://developers.naver.com/docs/login/api/api.md
 */
import type * as oauth from 'oauth4webapi';
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
import { type Identity, ProviderFailure } from './ports.ts';
import { getJson, type ProviderFetch } from './provider-http.ts';
import { type Provider, SITES } from './providers.ts';

interface Api {
  /** The issuer under which identities are stored. */
  issuer: string;
  authorize: string;
  token: string;
  profile: (fetcher: ProviderFetch, accessToken: string) => Promise<Profile>;
}
interface Profile {
  subject: string;
  email: unknown;
  email_verified: boolean;
  name: unknown;
  nickname?: unknown;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The account's id, which stays when its name changes. */
function subjectOf(id: unknown): string {
  if (typeof id === 'number' && Number.isSafeInteger(id)) return String(id);
  if (typeof id === 'string' && isSubject(id)) return id;
  throw new ProviderFailure('malformed');
}

/** The API is below the base itself, or below the path that GitHub Enterprise Server has for it. */
async function gitHubUser(
  [api = '', ...others]: readonly string[],
  fetcher: ProviderFetch,
  accessToken: string,
): Promise<{ api: string; user: Record<string, unknown> }> {
  try {
    const user = await getJson(fetcher, `${api}/user`, accessToken);
    if (!isRecord(user)) throw new ProviderFailure('malformed');
    return { api, user };
  } catch (error) {
    if (others.length === 0 || !(error instanceof ProviderFailure) || error.fault === 'away') throw error;
    return gitHubUser(others, fetcher, accessToken);
  }
}

function unlessRefused(error: unknown): null {
  if (error instanceof ProviderFailure && error.fault === 'refused') return null;
  throw error;
}

function gitHub(base: string | null): Api {
  const site = base ?? SITES.github;
  const apis = base === null ? ['https://api.github.com'] : [base, `${base}/api/v3`];
  return {
    issuer: site,
    authorize: `${site}/login/oauth/authorize`,
    token: `${site}/login/oauth/access_token`,
    profile: async (fetcher, accessToken) => {
      const { api, user } = await gitHubUser(apis, fetcher, accessToken);
      const subject = subjectOf(user.id);
      const listed = await getJson(fetcher, `${api}/user/emails`, accessToken).catch(unlessRefused);
      const primary = (Array.isArray(listed) ? listed : [])
        .filter(isRecord)
        .find((one) => one.primary === true);
      // Without the permission for the list, only the public address is available, which GitHub does not vouch for.
      return primary
        ? { subject, email: primary.email, email_verified: primary.verified === true, name: user.name }
        : { subject, email: user.email, email_verified: false, name: user.name };
    },
  };
}

function naver(base: string | null): Api {
  const site = base ?? SITES.naver;
  const api = base ?? 'https://openapi.naver.com';
  return {
    issuer: site,
    authorize: `${site}/oauth2.0/authorize`,
    token: `${site}/oauth2.0/token`,
    profile: async (fetcher, accessToken) => {
      const answer = await getJson(fetcher, `${api}/v1/nid/me`, accessToken);
      if (!isRecord(answer) || answer.resultcode !== '00' || !isRecord(answer.response))
        throw new ProviderFailure('refused');
      const { id, email, name, nickname } = answer.response;
      // A contact address that the user may change at will: Naver does not vouch for it.
      return { subject: subjectOf(id), email, email_verified: false, name, nickname };
    },
  };
}

const apiOf = ({ protocol, issuer }: Provider): Api =>
  protocol === 'github' ? gitHub(issuer) : naver(issuer);

export async function oauthAuthorizationUrl(
  provider: Provider,
  flow: FlowSecrets,
  redirectUri: string,
  { library }: Tools,
): Promise<string> {
  const parameters = await authorizationParameters(provider, flow, redirectUri, library);
  return authorizationUrl(apiOf(provider).authorize, provider, parameters);
}

export async function oauthIdentity(
  provider: Provider,
  flow: FlowSecrets,
  redirectUri: string,
  parameters: URLSearchParams,
  tools: Tools,
): Promise<Identity | 'denied'> {
  const { library, fetch } = tools;
  const { issuer, token, profile } = apiOf(provider);
  const server: oauth.AuthorizationServer = { issuer, token_endpoint: token };
  const client: oauth.Client = { client_id: provider.clientId };
  const returned = checkReturn(library, server, client, withoutOwnIss(parameters, issuer), flow.state);
  if (returned === 'denied') return 'denied';
  const answer = await library.authorizationCodeGrantRequest(
    server,
    client,
    library.ClientSecretPost(provider.clientSecret),
    returned,
    redirectUri,
    flow.verifier,
    // Naver requires the state here too; GitHub ignores it.
    { ...requestOptions(tools, provider), additionalParameters: { state: flow.state } },
  );
  const tokens = await library.processAuthorizationCodeResponse(server, client, answer);
  const { subject, ...rest } = await profile(fetch, tokens.access_token);
  return identityOf(provider, issuer, subject, rest);
}

/** The `iss` that GitHub sends (RFC 9207) is its issuer with the path of its endpoints; removes it if it is right. */
function withoutOwnIss(parameters: URLSearchParams, issuer: string): URLSearchParams {
  const rest = new URLSearchParams(parameters);
  if (rest.getAll('iss').length === 1 && rest.get('iss') === `${issuer}/login/oauth`) rest.delete('iss');
  return rest;
}
