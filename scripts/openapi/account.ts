/** `/account`: sign-up, log-in, what tokens do, and what people do with their account. */

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

/** A pair in the body, or the access token there and the refresh token in a cookie. */
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
        'Makes an account and logs in (SIGN_UP=open); or, with SIGN_UP=verify, sends a mail: the account exists once that is confirmed, and the answer is the same whether the address is taken or not.',
      security: [],
      requestBody: takes(request.signUp),
      responses: {
        201: when({
          'SIGN_UP=open': byTransport(
            answers('Signed up and logged in.', answer.signedUp),
            answers('Signed up and logged in.', answer.signedUpByCookie, SETS_COOKIE),
          ),
        }),
        202: when({ 'SIGN_UP=verify': answers('A mail is under way.', answer.claim) }),
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
        'Opens a session. A wrong password, an unknown user and an inactive one get one answer, after the same work. Past MAX_SESSIONS_PER_USER the oldest session ends.',
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
        'Ends the session of a refresh token. One that has expired or is revoked also answers 204: what the caller wants is so.',
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
      summary: 'Get the next tokens',
      description:
        'Consumes the refresh token. Within REFRESH_REUSE_GRACE (60 s by default) of its consumption it gets the same successor again, as long as that has not been used itself, so that two tabs or a retry log nobody out. Any other second use counts as theft and ends the whole session.',
      security: byTransport([], BY_COOKIE),
      requestBody: byTransport(takes(request.refresh), undefined),
      responses: {
        200: when({
          'ROTATE_REFRESH_TOKENS=true': pairAnswer('The next tokens.'),
          else: answers('The next access token.', answer.access),
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
      summary: 'Ask whether a token is good',
      description: 'Of both kinds. Never touches a session.',
      security: [],
      requestBody: takes(request.token),
      responses: {
        200: answers('It is.', answer.nothing),
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
      summary: 'Who am I',
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
        200: answers('The user as it is now.', answer.user),
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
      summary: 'Withdraw',
      description: 'The user and all that hangs from it are gone; every token is dead.',
      security: BEARER,
      requestBody: takes(request.withdraw),
      responses: {
        204: answers('Gone.', undefined, CLEARS_COOKIE),
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
      summary: 'Prove once more who you are',
      description:
        'Returns an access token whose `auth_time` is now. Within REAUTH_WINDOW the password may then be left out where a change asks for it.',
      security: BEARER,
      requestBody: takes(request.reauthenticate),
      responses: {
        200: answers('Proved.', answer.access),
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
      description: 'All other sessions end, and all mail tokens are void.',
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
  '/account/export': {
    get: {
      operationId: 'exportAccount',
      tags: ['Account'],
      summary: 'Download what is kept of me',
      description:
        'The user, every session that is still kept, what was sent by e-mail and is not used yet, and what staff did to the account. Never a password, a hash or a token. The document is streamed; where it breaks off it is not JSON.',
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
      summary: 'Where am I logged in',
      security: BEARER,
      responses: { 200: answers('The live sessions.', answer.sessions), ...SIGNED_IN, ...STORE },
    },
    delete: {
      operationId: 'endAllSessions',
      tags: ['Sessions'],
      summary: 'Log out everywhere',
      description: 'This session too.',
      security: BEARER,
      responses: {
        204: answers('All have ended.', undefined, CLEARS_COOKIE),
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
        description: 'Of the session.',
        schema: { type: 'string', format: 'uuid' },
        example: '0196f2a4-7c1f-7a02-8b6e-1d2c3b4a5f60',
      },
    ],
    delete: {
      operationId: 'endSession',
      tags: ['Sessions'],
      summary: 'End one session',
      description: 'Another’s and an unknown one are not found; one that has ended has ended.',
      security: BEARER,
      responses: {
        204: answers('Ended.'),
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
