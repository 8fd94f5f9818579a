/** `/account/login/email`, if SIGN_IN_BY_EMAIL is on. */
import * as emailSignIn from '../../src/email-sign-in/schemas.ts';
import type { Node } from '../../src/openapi/resolve-template.ts';
import * as answer from './answers.ts';
import { MAIL_TOKEN, named } from './names.ts';
import {
  ANY,
  answers,
  BODY,
  bad,
  COOKIE,
  forbidden,
  IN_LANGUAGE,
  LIMITED,
  page,
  refusal,
  SETS_COOKIE,
  STORE,
  takes,
  when,
} from './parts.ts';

const requests = {
  request: named('RequestSignInCode', emailSignIn.requestCodeBody, {
    about: { email: 'The address to which the code is sent.' },
    example: { email: 'mina@example.com' },
  }),
  confirm: named('ConfirmSignInCode', emailSignIn.confirmCodeBody, {
    description: 'With `email` and `code`, or with `token`.',
    about: {
      email: 'The address to which the code was sent.',
      code: 'The eight-digit code in the e-mail.',
      token: 'The token in the link of the e-mail, after `#token=`.',
    },
    example: { email: 'mina@example.com', code: '04190712' },
  }),
};

const withEmailSignIn = (path: Node): Node => when({ 'SIGN_IN_BY_EMAIL=true': path });
const shared = { ...forbidden(), ...LIMITED, ...STORE };
const byTransport = (inBody: unknown, byCookie: unknown) => when({ [BODY]: inBody, [COOKIE]: byCookie });

export const emailSignInPaths: Record<string, Node> = {
  '/account/login/email': withEmailSignIn({
    post: {
      operationId: 'requestSignInCode',
      tags: ['Tokens'],
      summary: 'Request a sign-in code by e-mail',
      description:
        'The response and its timing are the same whether or not the account exists. The code and the link work once, for 15 minutes; a newer e-mail voids older ones.',
      security: [],
      requestBody: takes(requests.request),
      responses: {
        202: answers('An e-mail is on its way if the address can sign in.', answer.nothing),
        ...bad({ email: [{ fault: 'email' }] }),
        ...shared,
      },
    },
  }),
  '/account/login/email/confirm': withEmailSignIn({
    get: {
      operationId: 'emailSignInPage',
      tags: ['Tokens'],
      summary: 'Show the page for signing in by e-mail',
      description:
        'The link in the e-mail opens it. It changes nothing: a click posts the token in the fragment.',
      security: [],
      responses: { 200: page('An HTML page.', IN_LANGUAGE), ...ANY },
    },
    post: {
      operationId: 'signInByEmail',
      tags: ['Tokens'],
      summary: 'Log in with a code sent by e-mail',
      description:
        'Five wrong codes void the code. Confirming also verifies the address; if it was unverified, the account’s password, sessions and e-mailed links become void. Unless SIGN_UP is `closed`, an unknown address gets a new account.',
      security: [],
      requestBody: takes(requests.confirm, {
        'With the code': { email: 'mina@example.com', code: '04190712' },
        'With the link': { token: MAIL_TOKEN },
      }),
      responses: {
        200: byTransport(
          answers('Logged in.', answer.pair),
          answers('Logged in.', answer.access, SETS_COOKIE),
        ),
        201: when({
          'SIGN_UP=open|verify': byTransport(
            answers('Signed up and logged in.', answer.signedUp),
            answers('Signed up and logged in.', answer.signedUpByCookie, SETS_COOKIE),
          ),
        }),
        ...bad({ code: [{ fault: 'required' }] }),
        401: refusal(['code_not_valid', 'mfa_required']),
        ...shared,
      },
    },
  }),
};
