/** `/account/factors`, and the second step of a log-in, if ENCRYPTION_KEY is set. */
import * as z from 'zod/mini';
import type { Node } from '../../src/openapi/resolve-template.ts';
import * as factors from '../../src/second-factor/schemas.ts';
import * as answer from './answers.ts';
import { named } from './names.ts';
import {
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
  SIGNED_IN_401,
  STEP_UP,
  STORE,
  takes,
  when,
} from './parts.ts';

const CODES = ['k3m8p-7x2qd', '0w9rt-5h6vb'];

const requests = {
  secondFactor: named('SecondFactor', factors.secondFactorBody, {
    description: 'With `code`, `recovery_code` or `passkey`.',
    about: {
      mfa_token: 'The `mfa_token` that the log-in returned.',
      code: 'A code from the authenticator app, six digits.',
      recovery_code: 'One of the recovery codes.',
      passkey: 'An AuthenticationResponseJSON for the options of `POST /account/login/passkey/options`.',
    },
    example: { mfa_token: '0196f2a4-7c1e-7d3b-9a51-5f0c2f6d8e10.c2VjcmV0', code: '123456' },
  }),
  code: named('Code', factors.codeBody, {
    about: { code: 'A code from the authenticator app, six digits.' },
    example: { code: '123456' },
  }),
  stepUp: named('StepUp', factors.stepUpBody, {
    about: { password: 'Instead of a log-in or reauthentication within REAUTH_WINDOW.' },
    example: {},
  }),
};
const answersOf = {
  list: answer.factors,
  enrolment: named('TotpEnrolment', z.object({ secret: z.string(), uri: z.string(), qr_svg: z.string() }), {
    about: {
      secret: 'In base32, for typing.',
      uri: 'The `otpauth:` URI.',
      qr_svg: 'A QR code of the URI, as SVG.',
    },
    example: {
      secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
      uri: 'otpauth://totp/accounts.example.com:mina%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
      qr_svg: '<svg xmlns="http://www.w3.org/2000/svg"></svg>',
    },
  }),
  codes: named('RecoveryCodes', z.object({ recovery_codes: z.array(z.string()) }), {
    description: 'Ten single-use codes, which are never returned again.',
    example: { recovery_codes: CODES },
  }),
};

const BEARER = [{ bearerAuth: [] }];
const withFactors = (path: Node): Node => when({ ENCRYPTION_KEY: path });
const shared = { ...forbidden(), ...LIMITED, ...STORE };

export const secondFactorPaths: Record<string, Node> = {
  '/account/login/second-factor': withFactors({
    post: {
      operationId: 'completeLogIn',
      tags: ['Second factor'],
      summary: 'Complete a log-in with a second factor',
      description:
        'After a log-in that returned `mfa_required`. The token works once, for 5 minutes. Five wrong codes void it; ten wrong codes for one account within 15 minutes are 429 for the rest of that time.',
      security: [],
      requestBody: takes(requests.secondFactor),
      responses: {
        200: when({
          [BODY]: answers('Logged in.', answer.pair),
          [COOKIE]: answers('Logged in.', answer.access, SETS_COOKIE),
        }),
        ...bad({ code: [{ fault: 'required' }] }),
        401: refusal(['code_not_valid', 'passkey_not_valid', 'no_active_account']),
        ...shared,
      },
    },
  }),
  '/account/factors': withFactors({
    get: {
      operationId: 'listFactors',
      tags: ['Second factor'],
      summary: 'List the second factors',
      security: BEARER,
      responses: { 200: answers('The active factors.', answersOf.list), ...SIGNED_IN, ...STORE },
    },
  }),
  '/account/factors/totp': withFactors({
    post: {
      operationId: 'startTotp',
      tags: ['Second factor'],
      summary: 'Set up an authenticator app',
      description:
        'The factor is active only after it is confirmed with a code. A second call replaces the first.',
      security: BEARER,
      requestBody: takes(requests.stepUp),
      responses: {
        201: answers('The secret for the app.', answersOf.enrolment),
        ...bad({ password: [{ fault: 'password_incorrect' }] }),
        ...STEP_UP,
        ...shared,
      },
    },
    delete: {
      operationId: 'removeTotp',
      tags: ['Second factor'],
      summary: 'Remove the authenticator app',
      description: 'Also deletes the recovery codes.',
      security: BEARER,
      requestBody: takes(requests.stepUp),
      responses: {
        204: answers('Removed.'),
        ...bad({ password: [{ fault: 'password_incorrect' }] }),
        ...STEP_UP,
        ...NOT_FOUND,
        ...shared,
      },
    },
  }),
  '/account/factors/totp/confirm': withFactors({
    post: {
      operationId: 'confirmTotp',
      tags: ['Second factor'],
      summary: 'Activate the authenticator app',
      description: 'With a first code, which is consumed. Returns the recovery codes.',
      security: BEARER,
      requestBody: takes(requests.code),
      responses: {
        200: answers('The factor is active.', answersOf.codes),
        ...bad({ code: [{ fault: 'required' }] }),
        401: refusal([...SIGNED_IN_401, 'code_not_valid']),
        ...shared,
      },
    },
  }),
  '/account/factors/recovery-codes': withFactors({
    post: {
      operationId: 'renewRecoveryCodes',
      tags: ['Second factor'],
      summary: 'Create new recovery codes',
      description: 'Voids the old ones.',
      security: BEARER,
      requestBody: takes(requests.stepUp),
      responses: {
        200: answers('The new codes.', answersOf.codes),
        ...bad({ password: [{ fault: 'password_incorrect' }] }),
        ...STEP_UP,
        ...NOT_FOUND,
        ...shared,
      },
    },
  }),
};
