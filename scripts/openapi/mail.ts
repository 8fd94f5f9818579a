/** What needs mail: not there where MAIL is off. */

import type { Node } from '../../src/openapi/resolve-template.ts';
import * as answer from './answers.ts';
import {
  ANY,
  answers,
  bad,
  forbidden,
  IN_LANGUAGE,
  LIMITED,
  NOTHING_ASKED,
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
    'What the link in the mail opens. It changes nothing: a click posts the token of the fragment.',
  security: [],
  responses: { 200: page('A page for people.', IN_LANGUAGE), ...ANY },
});

export const mailPaths: Record<string, Node> = {
  '/account/password/reset': withMail({
    post: {
      operationId: 'askPasswordReset',
      tags: ['Password'],
      summary: 'Ask for a reset',
      description: 'Answers the same, after the same time, whether there is such an account or not.',
      security: [],
      requestBody: takes(request.requestPasswordReset),
      responses: {
        202: answers('A mail is under way where the account exists.', answer.nothing),
        ...bad({ email: [{ fault: 'email' }] }),
        ...forbidden(),
        ...LIMITED,
        ...STORE,
      },
    },
  }),
  '/account/password/reset/confirm': withMail({
    get: linkPage('passwordResetPage', 'Password', 'The page of a reset'),
    post: {
      operationId: 'confirmPasswordReset',
      tags: ['Password'],
      summary: 'Choose a new password',
      description: 'All sessions end.',
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
      summary: 'Whose password a reset is about',
      description:
        'For the page of a reset: it shows at once that a link has expired, and gives password managers the name. Changes nothing.',
      security: [],
      requestBody: takes(request.mailToken),
      responses: {
        200: answers('The token works.', answer.resetOf),
        ...bad({ token: [{ fault: 'token_not_valid' }] }),
        ...forbidden(),
        ...LIMITED,
        ...STORE,
      },
    },
  }),
  '/account/email/verify': withMail({
    get: linkPage('emailVerifyPage', 'E-mail', 'The page of a verification'),
    post: {
      operationId: 'verifyEmail',
      tags: ['E-mail'],
      summary: 'Confirm an address',
      description:
        'After a sign-up, after a change of address, and, with SIGN_UP=verify, what makes the account: that takes a proof that whoever confirms is who signed up.',
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
    get: linkPage('disownPage', 'E-mail', 'The page of “This wasn’t me”'),
    post: {
      operationId: 'disownAccount',
      tags: ['E-mail'],
      summary: 'Delete an account that somebody else made with this address',
      description:
        'With the token of the verification mail, for as long as the address is unverified. The account and all that belongs to it are deleted.',
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
    get: linkPage('takeBackPage', 'E-mail', 'The page that takes an address back'),
    post: {
      operationId: 'takeBackEmail',
      tags: ['E-mail'],
      summary: 'Take an address back that a change replaced',
      description:
        'With the token of the mail to the old address, for 72 hours. All sessions end, whatever is pending is void, and no password works until a new one is chosen with `reset_token` at `/account/password/reset/confirm`.',
      security: [],
      requestBody: takes(request.mailToken),
      responses: {
        200: answers('The address is the account’s again.', answer.takenBack),
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
      summary: 'Send the verification once more',
      security: BEARER,
      responses: {
        202: answers('A mail is under way where there is something to verify.', answer.nothing),
        ...NOTHING_ASKED,
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
      summary: 'Change the address',
      description:
        'Takes effect when the new address confirms; the old one is told. Answers the same where the new address is taken.',
      security: BEARER,
      requestBody: takes(request.changeEmail),
      responses: {
        202: answers('A mail is under way.', answer.nothing),
        ...bad({ password: [{ fault: 'password_incorrect' }] }),
        ...STEP_UP,
        ...forbidden(),
        ...LIMITED,
        ...STORE,
      },
    },
  }),
};
