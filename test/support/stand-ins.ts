/** Providers that speak OAuth 2 and tell who somebody is in a profile of their own, answering as they document. */
import { challengeOf } from './issuer.ts';

type Json = Record<string, unknown>;

const textOf = async (request: Request) => new TextDecoder().decode(await request.arrayBuffer());

/** What both have in common: a code for a token, once, with its PKCE verifier where there was a challenge. */
function oauth(
  base: string,
  paths: Record<string, (request: Request, form: URLSearchParams) => Promise<Response>>,
) {
  const grants = new Map<string, { challenge: string; redirectUri: string }>();
  const asked: { path: string; headers: Headers; form: URLSearchParams }[] = [];
  const fetcher = (async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const form = request.method === 'POST' ? new URLSearchParams(await textOf(request)) : url.searchParams;
    asked.push({ path: url.pathname, headers: request.headers, form });
    const answer = url.origin === base ? paths[url.pathname] : undefined;
    return answer ? answer(request, form) : new Response('nothing here', { status: 404 });
  }) as typeof fetch;
  return {
    base,
    fetch: fetcher,
    asked,
    browse: (to: string): URLSearchParams => {
      const at = new URL(to).searchParams;
      const code = crypto.randomUUID();
      const redirectUri = at.get('redirect_uri') ?? '';
      grants.set(code, { challenge: at.get('code_challenge') ?? '', redirectUri });
      return new URLSearchParams({ code, state: at.get('state') ?? '' });
    },
    redeem: async (form: URLSearchParams): Promise<boolean> => {
      const grant = grants.get(form.get('code') ?? '');
      grants.delete(form.get('code') ?? '');
      const challenge = await challengeOf(form.get('code_verifier') ?? '');
      return grant?.challenge === challenge && grant.redirectUri === form.get('redirect_uri');
    },
  };
}

/**
 * https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
 * `api`: the path of the API, `/api/v3` for GitHub Enterprise Server.
 */
export function gitHub(base = `https://${crypto.randomUUID()}.example.net`, api = '') {
  let user: Json = {};
  let emails: unknown = [];
  const withToken = async (request: Request, body: unknown) => {
    if (!request.headers.has('User-Agent')) return new Response('a User-Agent is required', { status: 403 });
    return request.headers.get('Authorization') === 'Bearer gho_token'
      ? Response.json(body)
      : Response.json({ message: 'Bad credentials' }, { status: 401 });
  };
  const server = oauth(base, {
    '/login/oauth/access_token': async (request, form) => {
      if (request.headers.get('Accept') !== 'application/json') return new Response('access_token=gho_token');
      // GitHub says what is wrong with 200.
      if (!(await server.redeem(form))) return Response.json({ error: 'bad_verification_code' });
      return Response.json({
        access_token: 'gho_token',
        scope: 'read:user,user:email',
        token_type: 'bearer',
      });
    },
    [`${api}/user`]: (request) => withToken(request, user),
    [`${api}/user/emails`]: (request) =>
      emails === null
        ? Promise.resolve(Response.json({ message: 'Not Found' }, { status: 404 }))
        : withToken(request, emails),
  });
  return {
    ...server,
    as: (more: { user?: Json; emails?: unknown }) => {
      user = {
        id: Math.floor(Math.random() * 1e9),
        login: 'mina',
        name: 'Mina Kim',
        email: null,
        ...more.user,
      };
      emails = more.emails ?? [];
      if (more.emails === null) emails = null;
      return user;
    },
  };
}

/** https://developers.naver.com/docs/login/api/api.md */
export function naver(base = `https://${crypto.randomUUID()}.example.net`) {
  let response: Json = {};
  let resultcode = '00';
  const server = oauth(base, {
    '/oauth2.0/token': async (_, form) => {
      const isWhole =
        form.get('grant_type') === 'authorization_code' && form.has('client_secret') && form.has('state');
      if (!isWhole || !(await server.redeem(form))) {
        return Response.json({ error: 'invalid_request', error_description: 'no valid data in session' });
      }
      return Response.json({
        access_token: 'AAAAtoken',
        refresh_token: 'c8ceMEJisO4',
        token_type: 'bearer',
        expires_in: '3600',
      });
    },
    '/v1/nid/me': async (request) =>
      request.headers.get('Authorization') === 'Bearer AAAAtoken'
        ? Response.json({ resultcode, message: 'success', response })
        : Response.json({ resultcode: '024', message: 'Authentication failed' }, { status: 401 }),
  });
  return {
    ...server,
    as: (user: Json, code = '00') => {
      response = { id: crypto.randomUUID().replaceAll('-', ''), ...user };
      resultcode = code;
    },
  };
}
