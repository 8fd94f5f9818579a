/** Sign-in with providers, and connected accounts. */
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
  return_to: 'Where the browser goes afterwards: an allowed origin, the service’s own, or an app’s scheme.',
  code_challenge: 'PKCE (RFC 7636), S256.',
};
const requests = {
  startLink: named('StartLink', connections.startLinkBody, {
    about: { ...about, password: 'In place of a log-in or reauthentication within REAUTH_WINDOW.' },
    example: { return_to: RETURN_TO, code_challenge: CHALLENGE },
  }),
  exchange: named('Exchange', connections.exchangeBody, {
    about: {
      code: 'What came with the browser.',
      code_verifier: 'Of the `code_challenge` at the beginning.',
    },
    example: { code: CODE, code_verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk' },
  }),
  remove: named('RemoveConnection', connections.removeBody, {
    about: { password: 'In place of a log-in or reauthentication within REAUTH_WINDOW.' },
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
    about: { url: 'For the user’s browser: the first one that opens it takes it, within 10 minutes.' },
    example: { url: `https://accounts.example.com/account/login/with/google?ticket=${CODE}` },
  }),
};

const BEARER = [{ bearerAuth: [] }];
const TAGS = ['Connected accounts'];
const provider: Node = {
  name: 'provider',
  in: 'path',
  required: true,
  description: 'One of `GET /account/providers`.',
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
      summary: 'List the providers that users may sign in with',
      security: [],
      responses: { 200: answers('Those of PROVIDERS.', answersOf.providers), ...ANY },
    },
  },
  '/account/login/with/{provider}': {
    parameters: [provider],
    get: {
      operationId: 'beginSignInWithProvider',
      tags: TAGS,
      summary: 'Sign in with a provider',
      description:
        'For the browser, which goes to the provider and comes back to `return_to` with `?code=`, for `POST /account/login/exchange`, or with `?error=`: `access_denied`, `account_exists`, `email_missing`, `email_not_verified`, `connection_taken`, `sign_up_closed`, `user_inactive`, `expired`, `provider_unavailable`, `provider_error`. A `return_to` that is not allowed is 400, and nothing is redirected.',
      security: [],
      parameters: [
        query('return_to', about.return_to, RETURN_TO),
        query('code_challenge', about.code_challenge, CHALLENGE),
        query('code_challenge_method', '`S256`, which it is anyway.', 'S256'),
        query(
          'ticket',
          'Of a URL that `POST /account/connections/{id}` returned; in place of the others.',
          CODE,
        ),
      ],
      responses: {
        302: redirect('To the provider, or back where it cannot be reached.', FLOW_COOKIE),
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
      summary: 'Come back from a provider',
      description: 'For the browser alone that began: it has the cookie. Another one is 400.',
      security: [],
      parameters: [
        query('state', 'As it was sent to the provider.', 'Zm9yIG9uZSBicm93c2VyIGFuZCB0ZW4gbWludXRlcyBvbmx5'),
        query('code', 'Of the provider.', 'SplxlOBeZQQYbYS6WxSbIA'),
        query('iss', 'Of the provider (RFC 9207).', 'https://accounts.google.com'),
        query('error', 'Of the provider.', 'access_denied'),
      ],
      responses: {
        302: redirect('To `return_to`.', NO_FLOW_COOKIE),
        400: refusal(['invalid'], { faults: { state: [{ fault: 'invalid' }] } }),
        ...NOT_FOUND,
        ...LIMITED,
        ...STORE,
      },
    },
    post: {
      operationId: 'finishSignInByForm',
      tags: TAGS,
      summary: 'Come back from a provider by a form',
      description: 'As Apple does. Turns it into the GET.',
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
        303: answers('To the GET.', undefined, {
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
        'The code lives 60 seconds and works once, with the verifier of the challenge at the beginning. A connection that a signed-in user adds is there from now on.',
      security: [],
      requestBody: takes(requests.exchange),
      responses: {
        200: when({
          [BODY]: answers('Signed in.', answer.pair),
          [COOKIE]: answers('Signed in.', answer.access, SETS_COOKIE),
        }),
        201: when({
          [BODY]: answers('The account was made now.', answer.signedUp),
          [COOKIE]: answers('The account was made now.', answer.signedUpByCookie, SETS_COOKIE),
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
      summary: 'List my connected accounts',
      description:
        'One that was just added counts once its code is exchanged; until then it is listed for a minute.',
      security: BEARER,
      responses: { 200: answers('The oldest first.', answersOf.connections), ...SIGNED_IN, ...STORE },
    },
  },
  '/account/connections/{id}': {
    parameters: [
      {
        name: 'id',
        in: 'path',
        required: true,
        description: 'To add one, of the provider; to remove one, of the connection.',
        schema: { type: 'string' },
        example: 'google',
      },
    ],
    post: {
      operationId: 'startLink',
      tags: TAGS,
      summary: 'Connect an account of a provider',
      description:
        'Returns a URL for the browser. It comes back to `return_to` as a sign-in does, and the exchange of the code adds the connection.',
      security: BEARER,
      requestBody: takes(requests.startLink),
      responses: {
        200: answers('Where the browser goes.', answersOf.url),
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
