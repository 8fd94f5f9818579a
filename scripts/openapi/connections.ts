/** Signing in with providers, and connected accounts. */
import * as z from 'zod/mini';
import * as connections from '../../src/connections/schemas.ts';
import type { Node } from '../../src/openapi/resolve-template.ts';
import * as answer from './answers.ts';
import { named } from './names.ts';
import {
  ANY,
  answers,
  BODY,
  bad,
  COOKIE,
  forbidden,
  LIMITED,
  NOT_FOUND,
  refusal,
  SETS_COOKIE,
  SIGNED_IN,
  STEP_UP,
  STORE,
  takes,
  when,
} from './parts.ts';

const RETURN_TO = 'https://app.example.com/signed-in';
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const CODE = '0196f2a4-7c1e-7d3b-9a51-5f0c2f6d8e10.b25lLXRpbWUtc2VjcmV0LW9mLTMyLXJhbmRvbS1ieXRlcw';
const CONNECTION = {
  id: '0196f2a4-7c20-7b13-8d44-2a6b5c9f7e31',
  provider: 'google',
  email: 'mina@example.com',
  created_at: '2026-11-02T09:30:00Z',
  last_used_at: '2026-11-20T18:04:12Z',
};

const about = {
  return_to:
    'The URL to return to: of an allowed origin, the service’s own origin, or an allowed app scheme.',
  code_challenge: 'The PKCE challenge (RFC 7636, S256), base64url.',
};
const requests = {
  startLink: named('StartLink', connections.startLinkBody, {
    about: { ...about, password: 'Instead of a log-in or reauthentication within REAUTH_WINDOW.' },
    example: { return_to: RETURN_TO, code_challenge: CHALLENGE },
  }),
  exchange: named('Exchange', connections.exchangeBody, {
    about: {
      code: 'The `code` parameter of the URL that the browser returned to.',
      code_verifier: 'The PKCE verifier of the `code_challenge`.',
    },
    example: { code: CODE, code_verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk' },
  }),
  remove: named('RemoveConnection', connections.removeBody, {
    about: { password: 'Instead of a log-in or reauthentication within REAUTH_WINDOW.' },
    example: {},
  }),
};
export const answersOf = {
  providers: named(
    'Providers',
    z.object({ providers: z.array(z.object({ id: z.string(), name: z.string() })) }),
    { example: { providers: [{ id: 'google', name: 'Google' }] } },
  ),
  connections: named(
    'Connections',
    z.object({
      connections: z.array(
        z.object({
          id: z.string(),
          provider: z.string(),
          email: z.nullable(z.string()),
          created_at: z.string(),
          last_used_at: z.nullable(z.string()),
        }),
      ),
    }),
    { example: { connections: [CONNECTION] } },
  ),
  url: named('ProviderUrl', z.object({ url: z.string() }), {
    about: {
      url: 'To open in the user’s browser within 10 minutes. Works only in the first browser that opens it.',
    },
    example: { url: `https://accounts.example.com/account/login/with/google?ticket=${CODE}` },
  }),
};

const BEARER = [{ bearerAuth: [] }];
const TAGS = ['Connected accounts'];
const provider: Node = {
  name: 'provider',
  in: 'path',
  required: true,
  description: 'An id from `GET /account/providers`.',
  schema: { type: 'string' },
  example: 'google',
};
const query = (name: string, description: string, example: string, required = false): Node => ({
  name,
  in: 'query',
  required,
  description,
  schema: { type: 'string' },
  example,
});
const redirect = (description: string, cookie: string): Node =>
  answers(description, undefined, {
    Location: { required: true, schema: { type: 'string' }, example: `${RETURN_TO}?code=${CODE}` },
    'Set-Cookie': { schema: { type: 'string', pattern: cookie } },
  });
const FLOW_COOKIE = '^__Host-accounts_flow_[0-3]=.+; Max-Age=600; Path=/; HttpOnly; Secure; SameSite=Lax$';
const NO_FLOW_COOKIE = '^__Host-accounts_flow_[0-3]=; Max-Age=0; Path=/; ';

export const connectionsPaths: Record<string, Node> = {
  '/account/providers': {
    get: {
      operationId: 'listProviders',
      tags: TAGS,
      summary: 'List the sign-in providers',
      security: [],
      responses: { 200: answers('The configured providers.', answersOf.providers), ...ANY },
    },
  },
  '/account/login/with/{provider}': {
    parameters: [provider],
    get: {
      operationId: 'beginSignInWithProvider',
      tags: TAGS,
      summary: 'Sign in with a provider',
      description:
        'Open it in the browser. It redirects to the provider and returns to `return_to` with `?code=`, for `POST /account/login/exchange`, or with `?error=`: `access_denied`, `account_exists`, `email_missing`, `email_not_verified`, `connection_taken`, `sign_up_closed`, `user_inactive`, `expired`, `provider_unavailable` or `provider_error`. A `return_to` that is not allowed is 400, without a redirect.',
      security: [],
      parameters: [
        query('return_to', about.return_to, RETURN_TO),
        query('code_challenge', about.code_challenge, CHALLENGE),
        query('code_challenge_method', 'Optional; only `S256` is supported.', 'S256'),
        query(
          'ticket',
          'Part of the URL from `POST /account/connections/{id}`. Replaces the other parameters.',
          CODE,
        ),
      ],
      responses: {
        302: redirect('To the provider, or to `return_to` if the provider is unavailable.', FLOW_COOKIE),
        400: refusal(['invalid'], { faults: { return_to: [{ fault: 'invalid' }] } }),
        ...NOT_FOUND,
        ...LIMITED,
        ...STORE,
      },
    },
  },
  '/account/login/with/{provider}/callback': {
    parameters: [provider],
    get: {
      operationId: 'finishSignInWithProvider',
      tags: TAGS,
      summary: 'Return from a provider',
      description:
        'The provider redirects here. Works only in the browser that started the sign-in; others get 400.',
      security: [],
      parameters: [
        query(
          'state',
          'The `state` that was sent to the provider.',
          'Zm9yIG9uZSBicm93c2VyIGFuZCB0ZW4gbWludXRlcyBvbmx5',
        ),
        query('code', 'The provider’s authorization code.', 'SplxlOBeZQQYbYS6WxSbIA'),
        query('iss', 'The provider’s issuer (RFC 9207).', 'https://accounts.google.com'),
        query('error', 'The provider’s error code.', 'access_denied'),
      ],
      responses: {
        302: redirect('To `return_to`, with `?code=` or `?error=`.', NO_FLOW_COOKIE),
        400: refusal(['invalid'], { faults: { state: [{ fault: 'invalid' }] } }),
        ...NOT_FOUND,
        ...LIMITED,
        ...STORE,
      },
    },
    post: {
      operationId: 'finishSignInByForm',
      tags: TAGS,
      summary: 'Return from a provider that posts a form',
      description: 'As Apple does. Redirects to the GET of the same path.',
      security: [],
      requestBody: {
        required: true,
        content: {
          'application/x-www-form-urlencoded': {
            schema: { type: 'object' },
            example: { code: 'SplxlOBeZQQYbYS6WxSbIA', state: 'Zm9yIG9uZSBicm93c2Vy' },
          },
        },
      },
      responses: {
        303: answers('To the GET of the same path.', undefined, {
          Location: { required: true, schema: { type: 'string' }, example: `${RETURN_TO}?code=${CODE}` },
        }),
        ...bad({}, {}),
        ...NOT_FOUND,
        ...ANY,
      },
    },
  },
  '/account/login/exchange': {
    post: {
      operationId: 'exchangeCode',
      tags: TAGS,
      summary: 'Exchange the code for tokens',
      description:
        'The code works once, for 60 seconds, with the verifier of the challenge. If a signed-in user is adding a connection, this completes it.',
      security: [],
      requestBody: takes(requests.exchange),
      responses: {
        200: when({
          [BODY]: answers('Signed in.', answer.pair),
          [COOKIE]: answers('Signed in.', answer.access, SETS_COOKIE),
        }),
        201: when({
          [BODY]: answers('Signed in to a new account.', answer.signedUp),
          [COOKIE]: answers('Signed in to a new account.', answer.signedUpByCookie, SETS_COOKIE),
        }),
        ...bad({ code: [{ fault: 'required' }] }),
        401: refusal(['code_not_valid', 'mfa_required', 'no_active_account']),
        409: refusal(['connection_taken']),
        ...forbidden(),
        ...LIMITED,
        ...STORE,
      },
    },
  },
  '/account/connections': {
    get: {
      operationId: 'listConnections',
      tags: TAGS,
      summary: 'List the connected accounts',
      description:
        'A connection is added once its code is exchanged. Before that it is listed without its address, for up to a minute, and can be removed.',
      security: BEARER,
      responses: {
        200: answers('The connected accounts, oldest first.', answersOf.connections),
        ...SIGNED_IN,
        ...STORE,
      },
    },
  },
  '/account/connections/{id}': {
    parameters: [
      {
        name: 'id',
        in: 'path',
        required: true,
        description: 'POST: the id of the provider. DELETE: the id of the connection.',
        schema: { type: 'string' },
        example: 'google',
      },
    ],
    post: {
      operationId: 'startLink',
      tags: TAGS,
      summary: 'Connect an account of a provider',
      description:
        'Returns a URL for the browser, which returns to `return_to` like a sign-in. Exchanging the code adds the connection.',
      security: BEARER,
      requestBody: takes(requests.startLink),
      responses: {
        200: answers('The URL to open in the browser.', answersOf.url),
        ...bad({ return_to: [{ fault: 'invalid' }], password: [{ fault: 'password_incorrect' }] }),
        ...STEP_UP,
        ...NOT_FOUND,
        ...forbidden(),
        ...LIMITED,
        ...STORE,
      },
    },
    delete: {
      operationId: 'removeConnection',
      tags: TAGS,
      summary: 'Remove a connected account',
      security: BEARER,
      requestBody: takes(requests.remove),
      responses: {
        204: answers('Removed.'),
        ...bad({ password: [{ fault: 'password_incorrect' }] }),
        ...STEP_UP,
        ...NOT_FOUND,
        409: refusal(['last_sign_in_method']),
        ...forbidden(),
        ...LIMITED,
        ...STORE,
      },
    },
  },
};
