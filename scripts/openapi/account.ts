/** `/account`: sign-up, log-in, tokens, and the signed-in user's account. */

import type { Node } from '../../src/openapi/resolve-template.ts';
import * as answer from './answers.ts';
import { signUpPage } from './pages.ts';
import {
  answers,
  BODY,
  bad,
  CLEARS_COOKIE,
  COOKIE,
  forbidden,
  LIMITED,
  MAY_CLEAR_COOKIE,
  NO_ACTIVE_ACCOUNT,
  NOT_FOUND,
  NOTHING_ASKED,
  REFRESH_401,
  refusal,
  SETS_COOKIE,
  SIGNED_IN,
  SIGNED_IN_401,
  STEP_UP,
  STORE,
  TOKEN_REFUSED,
  takes,
  when,
} from './parts.ts';
import * as request from './requests.ts';

const BEARER = [{ bearerAuth: [] }];
const BY_COOKIE = [{ refreshCookie: [] }];
const byTransport = (inBody: unknown, byCookie: unknown) => when({ [BODY]: inBody, [COOKIE]: byCookie });

/** Both tokens in the body, or in cookie mode the access token in the body and the refresh token in a cookie. */
const pairAnswer = (description: string): Node =>
  byTransport(answers(description, answer.pair), answers(description, answer.access, SETS_COOKIE));

export const accountPaths: Record<string, Node> = {
  '/account/sign-up': {
    get: signUpPage,
    post: {
      operationId: 'signUp',
      tags: ['Account'],
      summary: 'Sign up',
      description:
        'With SIGN_UP=open, creates an account and logs in. With SIGN_UP=verify, sends an e-mail and creates the account once the address is confirmed; the response is the same whether or not the address is taken.',
      security: [],
      requestBody: takes(request.signUp),
      responses: {
        201: when({
          'SIGN_UP=open': byTransport(
            answers('Signed up and logged in.', answer.signedUp),
            answers('Signed up and logged in.', answer.signedUpByCookie, SETS_COOKIE),
          ),
        }),
        202: when({ 'SIGN_UP=verify': answers('An e-mail is on its way.', answer.claim) }),
        ...bad({
          email: [{ fault: 'email' }],
          password: [{ fault: 'password_too_short', params: { min: 8 } }, { fault: 'password_too_common' }],
        }),
        403: when({ 'SIGN_UP=closed': forbidden('sign_up_closed')[403], else: forbidden()[403] }),
        409: when({ 'SIGN_UP=open': refusal(['email_taken', 'username_taken']) }),
        ...LIMITED,
        ...STORE,
      },
    },
  },
  '/account/login': {
    post: {
      operationId: 'logIn',
      tags: ['Tokens'],
      summary: 'Log in',
      description:
        'Opens a session. A wrong password, an unknown user and an inactive user get the same response after the same time. Beyond MAX_SESSIONS_PER_USER the oldest session ends.',
      security: [],
      requestBody: takes(request.logIn, {
        'by e-mail': { email: 'mina@example.com', password: 'correct horse battery' },
        'by username': { username: 'mina', password: 'correct horse battery' },
      }),
      responses: {
        200: pairAnswer('Logged in.'),
        ...bad({ email: [{ fault: 'required' }], password: [{ fault: 'blank' }] }),
        ...NO_ACTIVE_ACCOUNT,
        ...forbidden(),
        ...LIMITED,
        ...STORE,
      },
    },
  },
  '/account/logout': {
    post: {
      operationId: 'logOut',
      tags: ['Tokens'],
      summary: 'Log out',
      description:
        'Ends the session of a refresh token. Idempotent: an expired or revoked token also returns 204.',
      security: byTransport([], BY_COOKIE),
      requestBody: byTransport(takes(request.refresh), undefined),
      responses: {
        204: answers('The session has ended.', undefined, CLEARS_COOKIE),
        ...bad({ refresh: [{ fault: 'required' }] }),
        401: byTransport(
          refusal(['refresh_token_not_valid']),
          refusal(['refresh_token_not_valid', 'not_authenticated'], { headers: MAY_CLEAR_COOKIE }),
        ),
        ...forbidden(),
        ...LIMITED,
        ...STORE,
      },
    },
  },
  '/account/token/refresh': {
    post: {
      operationId: 'refresh',
      tags: ['Tokens'],
      summary: 'Refresh the tokens',
      description:
        'Consumes the refresh token and returns its successor. A retry within REFRESH_REUSE_GRACE (60 seconds by default) returns the same successor, as long as that has not been used, so that concurrent tabs and lost responses do not log the user out. Any other reuse is treated as theft and ends the session.',
      security: byTransport([], BY_COOKIE),
      requestBody: byTransport(takes(request.refresh), undefined),
      responses: {
        200: when({
          'ROTATE_REFRESH_TOKENS=true': pairAnswer('The new tokens.'),
          else: answers('The new access token.', answer.access),
        }),
        ...bad({ refresh: [{ fault: 'required' }] }),
        401: byTransport(
          TOKEN_REFUSED[401],
          refusal(['not_authenticated', ...REFRESH_401], { headers: MAY_CLEAR_COOKIE }),
        ),
        ...forbidden(),
        ...LIMITED,
        ...STORE,
      },
    },
  },
  '/account/token/verify': {
    post: {
      operationId: 'verifyToken',
      tags: ['Tokens'],
      summary: 'Verify a token',
      description: 'Accepts access and refresh tokens. Changes nothing.',
      security: [],
      requestBody: takes(request.token),
      responses: {
        200: answers('The token is valid.', answer.nothing),
        ...bad({ token: [{ fault: 'required' }] }),
        ...TOKEN_REFUSED,
        ...forbidden(),
        ...LIMITED,
        ...STORE,
      },
    },
  },
  '/account/me': {
    get: {
      operationId: 'getMe',
      tags: ['Account'],
      summary: 'Get the signed-in user',
      security: BEARER,
      responses: { 200: answers('The user.', answer.user), ...SIGNED_IN, ...STORE },
    },
    patch: {
      operationId: 'updateMe',
      tags: ['Account'],
      summary: 'Change name and username',
      security: BEARER,
      requestBody: takes(request.updateMe),
      responses: {
        200: answers('The updated user.', answer.user),
        ...bad({ username: [{ fault: 'username' }] }),
        ...SIGNED_IN,
        ...forbidden(),
        409: refusal(['username_taken']),
        ...LIMITED,
        ...STORE,
      },
    },
    delete: {
      operationId: 'withdraw',
      tags: ['Account'],
      summary: 'Delete the account',
      description:
        'Withdrawal: deletes the user and everything that belongs to them. All tokens stop working.',
      security: BEARER,
      requestBody: takes(request.withdraw),
      responses: {
        204: answers('The account is deleted.', undefined, CLEARS_COOKIE),
        ...bad({ password: [{ fault: 'password_incorrect' }] }),
        ...STEP_UP,
        ...forbidden('last_staff'),
        ...LIMITED,
        ...STORE,
      },
    },
  },
  '/account/reauthenticate': {
    post: {
      operationId: 'reauthenticate',
      tags: ['Account'],
      summary: 'Reauthenticate',
      description:
        'Returns an access token whose `auth_time` is now. For REAUTH_WINDOW (10 minutes by default) changes that need the password then work without it.',
      security: BEARER,
      requestBody: takes(request.reauthenticate),
      responses: {
        200: answers('Reauthenticated.', answer.access),
        ...bad({ password: [{ fault: 'password_incorrect' }] }),
        401: refusal([...SIGNED_IN_401, 'code_not_valid', 'passkey_not_valid']),
        ...forbidden(),
        ...LIMITED,
        ...STORE,
      },
    },
  },
  '/account/password/change': {
    post: {
      operationId: 'changePassword',
      tags: ['Password'],
      summary: 'Change the password',
      description: 'Ends all other sessions and voids all e-mailed links.',
      security: BEARER,
      requestBody: takes(request.changePassword),
      responses: {
        204: answers('Changed.'),
        ...bad({ current_password: [{ fault: 'password_incorrect' }] }),
        ...STEP_UP,
        ...forbidden(),
        ...LIMITED,
        ...STORE,
      },
    },
  },
  '/account/password': {
    get: {
      operationId: 'getPassword',
      tags: ['Password'],
      summary: 'Ask whether a password is set',
      description: 'Who signed up with a provider or a code by e-mail has none until they set one.',
      security: BEARER,
      responses: { 200: answers('Whether one is set.', answer.password), ...SIGNED_IN, ...STORE },
    },
    delete: {
      operationId: 'removePassword',
      tags: ['Password'],
      summary: 'Remove the password',
      description:
        'All other sessions end, and all mail tokens are void. The only way to sign in to the account stays. The user is told by e-mail.',
      security: BEARER,
      requestBody: takes(request.removePassword),
      responses: {
        204: answers('Removed.'),
        ...bad({ password: [{ fault: 'password_incorrect' }] }),
        ...STEP_UP,
        ...forbidden(),
        ...NOT_FOUND,
        409: refusal(['last_sign_in_method']),
        ...LIMITED,
        ...STORE,
      },
    },
  },
  '/account/export': {
    get: {
      operationId: 'exportAccount',
      tags: ['Account'],
      summary: 'Export the account data',
      description:
        'Everything stored about the user: sessions, connected accounts, passkeys, unused e-mailed tokens, actions of staff and undelivered events. Never a password, hash or secret. The document is streamed; if it breaks off, it is not valid JSON.',
      security: BEARER,
      responses: {
        200: answers('A file, account.json.', answer.exported),
        ...SIGNED_IN,
        ...LIMITED,
        ...STORE,
      },
    },
  },
  '/account/sessions': {
    get: {
      operationId: 'listSessions',
      tags: ['Sessions'],
      summary: 'List the live sessions',
      security: BEARER,
      parameters: [
        {
          name: 'include',
          in: 'query',
          description: '`device` adds the names of browser and device to each session.',
          schema: { type: 'string', enum: ['device'] },
        },
      ],
      responses: { 200: answers('The live sessions.', answer.sessions), ...SIGNED_IN, ...STORE },
    },
    delete: {
      operationId: 'endAllSessions',
      tags: ['Sessions'],
      summary: 'Log out everywhere',
      description: 'Ends all sessions, including this one, and voids a pending change of address.',
      security: BEARER,
      responses: {
        204: answers('All sessions have ended.', undefined, CLEARS_COOKIE),
        ...NOTHING_ASKED,
        ...SIGNED_IN,
        ...forbidden(),
        ...LIMITED,
        ...STORE,
      },
    },
  },
  '/account/sessions/{id}': {
    parameters: [
      {
        name: 'id',
        in: 'path',
        required: true,
        description: 'The id of the session.',
        schema: { type: 'string', format: 'uuid' },
        example: '0196f2a4-7c1f-7a02-8b6e-1d2c3b4a5f60',
      },
    ],
    delete: {
      operationId: 'endSession',
      tags: ['Sessions'],
      summary: 'End a session',
      description:
        'Idempotent: a session that has already ended also returns 204. 404 if it is unknown or another user’s.',
      security: BEARER,
      responses: {
        204: answers('The session has ended.'),
        ...NOTHING_ASKED,
        ...SIGNED_IN,
        ...forbidden(),
        ...NOT_FOUND,
        ...LIMITED,
        ...STORE,
      },
    },
  },
};
