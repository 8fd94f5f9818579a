/** `/account/login/email`; there with SIGN_IN_BY_EMAIL alone. */
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
    example: { email: 'mina@example.com' },
  }),
  confirm: named('ConfirmSignInCode', emailSignIn.confirmCodeBody, {
    description: 'With `email` and `code`, or with `token`.',
    about: {
      code: 'The eight digits of the mail.',
      token: 'What stands in the link of the mail, behind `#token=`.',
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
      summary: 'Ask for a code by e-mail',
      description:
        'Answers the same, after the same time, whether there is such an account or not. The code and the link work once and for 15 minutes; a newer mail voids the older.',
      security: [],
      requestBody: takes(requests.request),
      responses: {
        202: answers('A mail is under way where the address may sign in.', answer.nothing),
        ...bad({ email: [{ fault: 'email' }] }),
        ...shared,
      },
    },
  }),
  '/account/login/email/confirm': withEmailSignIn({
    get: {
      operationId: 'signInPage',
      tags: ['Tokens'],
      summary: 'The page of a sign-in by e-mail',
      description:
        'What the link in the mail opens. It changes nothing: a click posts the token of the fragment.',
      security: [],
      responses: { 200: page('A page for people.', IN_LANGUAGE), ...ANY },
    },
    post: {
      operationId: 'signInByEmail',
      tags: ['Tokens'],
      summary: 'Log in with a code sent by e-mail',
      description:
        'Five wrong codes void it. It verifies the address; of an account that was unverified the password, the sessions and all that was sent by mail are void. Unless SIGN_UP is `closed`, an unknown address gets an account.',
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
