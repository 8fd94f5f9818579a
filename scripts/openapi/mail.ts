/** Endpoints that need e-mail: absent if MAIL=off. */

import type { Node } from '../../src/openapi/resolve-template.ts';
import * as answer from './answers.ts';
import {
  ANY,
  answers,
  bad,
  forbidden,
  IN_LANGUAGE,
  LIMITED,
  page,
  refusal,
  SIGNED_IN,
  STEP_UP,
  STORE,
  takes,
  when,
} from './parts.ts';
import * as request from './requests.ts';

const BEARER = [{ bearerAuth: [] }];
const withMail = (path: Node): Node => when({ 'MAIL=inbox|cloudflare': path });
const linkPage = (operationId: string, tag: string, summary: string): Node => ({
  operationId,
  tags: [tag],
  summary,
  description:
    'The link in the e-mail opens it. It changes nothing: a click posts the token in the fragment.',
  security: [],
  responses: { 200: page('An HTML page.', IN_LANGUAGE), ...ANY },
});

export const mailPaths: Record<string, Node> = {
  '/account/password/reset': withMail({
    post: {
      operationId: 'requestPasswordReset',
      tags: ['Password'],
      summary: 'Request a password reset',
      description: 'The response and its timing are the same whether or not the account exists.',
      security: [],
      requestBody: takes(request.requestPasswordReset),
      responses: {
        202: answers('An e-mail is on its way if the account exists.', answer.nothing),
        ...bad({ email: [{ fault: 'email' }] }),
        ...forbidden(),
        ...LIMITED,
        ...STORE,
      },
    },
  }),
  '/account/password/reset/confirm': withMail({
    get: linkPage('passwordResetPage', 'Password', 'Show the page to choose a new password'),
    post: {
      operationId: 'confirmPasswordReset',
      tags: ['Password'],
      summary: 'Set a new password with a reset token',
      description: 'Ends all sessions.',
      security: [],
      requestBody: takes(request.confirmReset),
      responses: {
        204: answers('The new password is set.'),
        ...bad({ token: [{ fault: 'token_not_valid' }] }),
        ...forbidden(),
        ...LIMITED,
        ...STORE,
      },
    },
  }),
  '/account/password/reset/check': withMail({
    post: {
      operationId: 'checkPasswordReset',
      tags: ['Password'],
      summary: 'Check a reset token',
      description:
        'For the page that opens the link: whether the link is still valid, and the address for password managers. Changes nothing.',
      security: [],
      requestBody: takes(request.mailToken),
      responses: {
        200: answers('The token is valid.', answer.resetOf),
        ...bad({ token: [{ fault: 'token_not_valid' }] }),
        ...forbidden(),
        ...LIMITED,
        ...STORE,
      },
    },
  }),
  '/account/email/verify': withMail({
    get: linkPage('emailVerifyPage', 'E-mail', 'Show the page to confirm an address'),
    post: {
      operationId: 'verifyEmail',
      tags: ['E-mail'],
      summary: 'Confirm an e-mail address',
      description:
        'For the address of a sign-up or a new address. With SIGN_UP=verify it creates the account, and needs a proof that the same person signed up.',
      security: [],
      requestBody: takes(request.confirmEmail),
      responses: {
        204: answers('Confirmed.'),
        ...bad({ token: [{ fault: 'token_not_valid' }], password: [{ fault: 'required' }] }),
        ...forbidden(),
        409: refusal(['email_taken']),
        ...LIMITED,
        ...STORE,
      },
    },
  }),
  '/account/email/disown': withMail({
    get: linkPage('disownPage', 'E-mail', 'Show the “This wasn’t me” page'),
    post: {
      operationId: 'disownAccount',
      tags: ['E-mail'],
      summary: 'Delete an account that somebody else created with this address',
      description:
        'With the token of the verification e-mail, as long as the address is unverified. Deletes the account and everything that belongs to it.',
      security: [],
      requestBody: takes(request.mailToken),
      responses: {
        204: answers('The account is deleted.'),
        ...bad({ token: [{ fault: 'token_not_valid' }] }),
        ...forbidden('last_staff'),
        ...LIMITED,
        ...STORE,
      },
    },
  }),
  '/account/email/take-back': withMail({
    get: linkPage('takeBackPage', 'E-mail', 'Show the page to take back an address'),
    post: {
      operationId: 'takeBackEmail',
      tags: ['E-mail'],
      summary: 'Take back an address that was replaced',
      description:
        'With the token of the e-mail to the old address, for 72 hours. Ends all sessions, voids pending changes and disables the password until a new one is set with `reset_token` at `/account/password/reset/confirm`.',
      security: [],
      requestBody: takes(request.mailToken),
      responses: {
        200: answers('The account has the old address again.', answer.takenBack),
        ...bad({ token: [{ fault: 'token_not_valid' }] }),
        ...forbidden(),
        409: refusal(['email_taken']),
        ...LIMITED,
        ...STORE,
      },
    },
  }),
  '/account/email/verify/resend': withMail({
    post: {
      operationId: 'resendVerification',
      tags: ['E-mail'],
      summary: 'Send the verification e-mail again',
      description:
        'To the address of the caller or, without an access token, to the one in the body. The response does not depend on whether such an account exists.',
      security: [...BEARER, {}],
      requestBody: { ...takes(request.resendVerification), required: false },
      responses: {
        202: answers('An e-mail is on its way if the address is unverified.', answer.nothing),
        ...bad({ email: [{ fault: 'email' }] }),
        ...SIGNED_IN,
        ...forbidden(),
        ...LIMITED,
        ...STORE,
      },
    },
  }),
  '/account/email/change': withMail({
    post: {
      operationId: 'changeEmail',
      tags: ['E-mail'],
      summary: 'Change the e-mail address',
      description:
        'Takes effect once the new address is confirmed; the old address is notified. The response is the same if the new address is taken.',
      security: BEARER,
      requestBody: takes(request.changeEmail),
      responses: {
        202: answers('An e-mail is on its way to the new address.', answer.nothing),
        ...bad({ password: [{ fault: 'password_incorrect' }] }),
        ...STEP_UP,
        ...forbidden(),
        ...LIMITED,
        ...STORE,
      },
    },
  }),
};
