/** The paths of djoser and dj-rest-auth, if COMPAT lists them, except in cookie mode. */
import * as z from 'zod/mini';
import { libraryFault } from '../../src/compat/faults.ts';
import * as body from '../../src/compat/schemas.ts';
import type { FieldFaults } from '../../src/errors.ts';
import type { Node } from '../../src/openapi/resolve-template.ts';
import * as answer from './answers.ts';
import { ACCESS, MAIL_TOKEN, named, REFRESH } from './names.ts';
import {
  answers,
  asDrf,
  BODY,
  bad,
  LIMITED,
  NO_ACTIVE_ACCOUNT,
  NOT_FOUND,
  refusal,
  SIGNED_IN,
  STEP_UP,
  STORE,
  TOKEN_REFUSED,
  takesForms,
  when,
} from './parts.ts';
import * as request from './requests.ts';

const { id, email, username } = answer.USER;
const password = 'correct horse battery';
const new_password = 'staple battery horse';
const UID = btoa(id);
const MAIL = 'MAIL=inbox|cloudflare';

const djoserUser = named(
  'DjoserUser',
  z.object({ email: z.string(), id: answer.uuid, username: z.string() }),
  {
    example: { email, id, username },
  },
);
const djoserSignedUp = named(
  'DjoserSignedUp',
  z.object({
    email: z.string(),
    id: z.nullable(answer.uuid),
    username: z.string(),
    claim: z.optional(z.string()),
  }),
  {
    description:
      'With SIGN_UP=verify there is no user yet: `id` is null, and `claim` must be sent back with the confirmation.',
    example: { email, id, username },
  },
);
const restUserShape = z.object({
  pk: answer.uuid,
  username: z.string(),
  email: z.string(),
  first_name: z.string(),
  last_name: z.string(),
});
const REST_USER = { pk: id, username, email, first_name: 'Mina', last_name: 'Kim' };
const restUser = named('RestAuthUser', restUserShape, { example: REST_USER });
const restTokens = named(
  'RestAuthTokens',
  z.object({ access: z.string(), refresh: z.string(), user: restUserShape }),
  { example: { access: ACCESS, refresh: REFRESH, user: REST_USER } },
);
const restSignedUp = named(
  'RestAuthSignedUp',
  z.object({
    access: z.optional(z.string()),
    refresh: z.optional(z.string()),
    user: z.optional(restUserShape),
    detail: z.optional(z.string()),
    claim: z.optional(z.string()),
  }),
  {
    description:
      'With SIGN_UP=verify only `detail`, and `claim`, which must be sent back with the confirmation.',
    example: { access: ACCESS, refresh: REFRESH, user: REST_USER },
  },
);
const restDetail = named('RestAuthDetail', z.object({ detail: z.string() }), {
  example: { detail: 'New password has been saved.' },
});
const restRefreshed = named(
  'RestAuthRefreshed',
  z.object({
    access: z.string(),
    refresh: z.optional(z.string()),
    access_expiration: answer.timestamp,
    refresh_expiration: z.optional(answer.timestamp),
  }),
  {
    example: {
      access: ACCESS,
      refresh: REFRESH,
      access_expiration: '2026-11-23T10:30:00Z',
      refresh_expiration: '2026-11-24T09:30:00Z',
    },
  },
);

const djoserCreate = named('DjoserCreate', body.djoserCreateBody, { example: { email, username, password } });
const djoserPut = named('DjoserPut', body.djoserPutBody, { example: { email } });
const djoserPatch = named('DjoserPatch', body.djoserPatchBody, { example: { email } });
const djoserDelete = named('DjoserDelete', body.djoserDeleteBody, {
  example: { current_password: password },
});
const djoserSetPassword = named('DjoserSetPassword', body.djoserSetPasswordBody, {
  example: { current_password: password, new_password },
});
const UID_ABOUT = { uid: 'The user’s id as base64url.', token: 'The token in the link of the e-mail.' };
const djoserConfirm = named('DjoserConfirm', body.djoserConfirmBody, {
  about: UID_ABOUT,
  example: { uid: UID, token: MAIL_TOKEN, new_password },
});
const djoserActivation = named('DjoserActivation', body.djoserActivationBody, {
  about: UID_ABOUT,
  example: { uid: UID, token: MAIL_TOKEN },
});
const restLogIn = named('RestAuthLogIn', body.restLogInBody, { example: { email, password } });
const restRefresh = named('RestAuthRefresh', body.restRefreshBody, { example: { refresh: REFRESH } });
const restUserBody = named('RestAuthUserChange', body.restUserBody, { example: { first_name: 'Mina' } });
const restPutUser = named('RestAuthUserPut', body.restPutUserBody, { example: { username } });
const restChange = named('RestAuthPasswordChange', body.restChangeBody, {
  example: { old_password: password, new_password1: new_password, new_password2: new_password },
});
const restConfirm = named('RestAuthPasswordReset', body.restConfirmBody, {
  about: UID_ABOUT,
  example: { uid: UID, token: MAIL_TOKEN, new_password1: new_password, new_password2: new_password },
});
const restRegister = named('RestAuthRegister', body.restRegisterBody, {
  example: { username, email, password1: password, password2: password },
});
const restVerifyEmail = named('RestAuthVerifyEmail', body.restVerifyEmailBody, {
  example: { key: MAIL_TOKEN },
});

interface Operation {
  takes?: z.ZodMiniType;
  /** For the example of 400. */
  faults?: FieldFaults;
  /** Requires an access token. */
  signedIn?: boolean;
  responses: Node;
}

/** The operations of a path, by method. */
const path = (tag: string, operations: Record<string, [id: string, summary: string, Operation]>): Node =>
  Object.fromEntries(
    Object.entries(operations).map(
      ([method, [operationId, summary, { takes, faults, signedIn, responses }]]) => [
        method,
        {
          operationId,
          tags: [tag],
          summary,
          security: signedIn ? [{ bearerAuth: [] }] : [],
          ...(takes && { requestBody: takesForms(takes) }),
          responses: asDrf({
            ...(takes && bad(faults ?? { non_field_errors: [{ fault: 'not_an_object' }] }, { drf: true })),
            ...(signedIn && SIGNED_IN),
            ...LIMITED,
            ...STORE,
            ...responses,
          }),
        },
      ],
    ),
  );

const where = (library: string, node: Node): Node => when({ [`COMPAT=${library}`]: when({ [BODY]: node }) });
type Operations = Parameters<typeof path>[1];
const djoser = (operations: Operations) => where('djoser', path('djoser', operations));
const djoserMail = (operations: Operations) => where('djoser', when({ [MAIL]: path('djoser', operations) }));
const rest = (operations: Operations) => where('dj-rest-auth', path('dj-rest-auth', operations));
const restMail = (operations: Operations) =>
  where('dj-rest-auth', when({ [MAIL]: path('dj-rest-auth', operations) }));

const CLOSED = when({ 'SIGN_UP=closed': refusal(['sign_up_closed'], { drf: true }) });
const LAST = refusal(['last_staff'], { drf: true });
const done = { 204: answers('Done.') };
const refreshed = (schema: z.ZodMiniType) => ({ 200: answers('The new tokens.', schema), ...TOKEN_REFUSED });
const verified = { 200: answers('The token is valid.', answer.nothing), ...TOKEN_REFUSED };
const changed = {
  200: answers('The user, with the old address until the new one is confirmed.', djoserUser),
  // Nothing could confirm a new address.
  404: when({ 'MAIL=off': asDrf(NOT_FOUND)[404] }),
};
const TOKEN_FAULT: FieldFaults = { token: [libraryFault('djoser_token')] };
const VALUE_FAULT: FieldFaults = { token: [libraryFault('invalid_value')] };
const MISMATCH: FieldFaults = { new_password2: [libraryFault('django_mismatch')] };
const says = { 200: answers('Done.', restDetail) };

export const djangoPaths: Record<string, Node> = {
  '/auth/users': djoser({
    post: [
      'djoserCreateUser',
      'Sign up',
      {
        takes: djoserCreate,
        faults: { email: [libraryFault('email_unique')] },
        responses: { 201: answers('Signed up.', djoserSignedUp), 403: CLOSED },
      },
    ],
  }),
  '/auth/users/me': djoser({
    get: [
      'djoserMe',
      'Get the signed-in user',
      { signedIn: true, responses: { 200: answers('The user.', djoserUser) } },
    ],
    put: [
      'djoserPutMe',
      'Change the e-mail address',
      { takes: djoserPut, signedIn: true, responses: { ...changed, ...STEP_UP } },
    ],
    patch: [
      'djoserPatchMe',
      'Change the e-mail address, if given',
      { takes: djoserPatch, signedIn: true, responses: { ...changed, ...STEP_UP } },
    ],
    delete: [
      'djoserDeleteMe',
      'Delete the account',
      {
        takes: djoserDelete,
        faults: { current_password: [libraryFault('djoser_password')] },
        signedIn: true,
        responses: { ...done, 403: LAST },
      },
    ],
  }),
  '/auth/users/set_password': djoser({
    post: [
      'djoserSetPassword',
      'Change the password',
      {
        takes: djoserSetPassword,
        faults: { current_password: [libraryFault('djoser_password')] },
        signedIn: true,
        responses: done,
      },
    ],
  }),
  '/auth/users/reset_password': djoserMail({
    post: [
      'djoserResetPassword',
      'Request a password reset',
      { takes: request.requestPasswordReset, responses: done },
    ],
  }),
  '/auth/users/reset_password_confirm': djoserMail({
    post: [
      'djoserResetPasswordConfirm',
      'Set a new password with a reset token',
      { takes: djoserConfirm, faults: TOKEN_FAULT, responses: done },
    ],
  }),
  '/auth/users/activation': djoserMail({
    post: [
      'djoserActivation',
      'Confirm an e-mail address',
      { takes: djoserActivation, faults: TOKEN_FAULT, responses: done },
    ],
  }),
  '/auth/users/resend_activation': djoserMail({
    post: [
      'djoserResendActivation',
      'Send the confirmation e-mail again',
      { takes: request.requestPasswordReset, responses: done },
    ],
  }),
  '/auth/jwt/create': djoser({
    post: [
      'djoserJwtCreate',
      'Log in',
      {
        takes: request.tokenObtain,
        faults: { username: [{ fault: 'required' }] },
        responses: { 200: answers('Logged in.', answer.pair), ...NO_ACTIVE_ACCOUNT },
      },
    ],
  }),
  '/auth/jwt/refresh': djoser({
    post: [
      'djoserJwtRefresh',
      'Refresh the tokens',
      {
        takes: request.refresh,
        faults: { refresh: [{ fault: 'required' }] },
        responses: {
          200: when({
            'ROTATE_REFRESH_TOKENS=true': answers('The new tokens.', answer.pair),
            else: answers('The new access token.', answer.access),
          }),
          ...TOKEN_REFUSED,
        },
      },
    ],
  }),
  '/auth/jwt/verify': djoser({
    post: [
      'djoserJwtVerify',
      'Verify a token',
      { takes: request.token, faults: { token: [{ fault: 'required' }] }, responses: verified },
    ],
  }),
  '/dj-rest-auth/login': rest({
    post: [
      'restAuthLogin',
      'Log in',
      {
        takes: restLogIn,
        faults: { non_field_errors: [libraryFault('credentials')] },
        responses: { 200: answers('Logged in.', restTokens), ...NO_ACTIVE_ACCOUNT },
      },
    ],
  }),
  '/dj-rest-auth/logout': rest({
    post: ['restAuthLogout', 'Log out', { takes: restRefresh, responses: { ...says, ...TOKEN_REFUSED } }],
  }),
  '/dj-rest-auth/user': rest({
    get: [
      'restAuthUser',
      'Get the signed-in user',
      { signedIn: true, responses: { 200: answers('The user.', restUser) } },
    ],
    put: [
      'restAuthPutUser',
      'Change username and names',
      { takes: restPutUser, signedIn: true, responses: { 200: answers('The user.', restUser) } },
    ],
    patch: [
      'restAuthPatchUser',
      'Change username or names',
      { takes: restUserBody, signedIn: true, responses: { 200: answers('The user.', restUser) } },
    ],
  }),
  '/dj-rest-auth/password/change': rest({
    post: [
      'restAuthPasswordChange',
      'Change the password',
      { takes: restChange, faults: MISMATCH, signedIn: true, responses: says },
    ],
  }),
  '/dj-rest-auth/password/reset': restMail({
    post: [
      'restAuthPasswordReset',
      'Request a password reset',
      { takes: request.requestPasswordReset, responses: says },
    ],
  }),
  '/dj-rest-auth/password/reset/confirm': restMail({
    post: [
      'restAuthPasswordResetConfirm',
      'Set a new password with a reset token',
      { takes: restConfirm, faults: VALUE_FAULT, responses: says },
    ],
  }),
  '/dj-rest-auth/registration': rest({
    post: [
      'restAuthRegister',
      'Sign up',
      {
        takes: restRegister,
        faults: { email: [libraryFault('email_registered')] },
        responses: { 201: answers('Signed up.', restSignedUp), 403: CLOSED },
      },
    ],
  }),
  '/dj-rest-auth/registration/verify-email': restMail({
    post: [
      'restAuthVerifyEmail',
      'Confirm an e-mail address',
      { takes: restVerifyEmail, responses: { ...says, ...NOT_FOUND } },
    ],
  }),
  '/dj-rest-auth/registration/resend-email': restMail({
    post: [
      'restAuthResendEmail',
      'Send the confirmation e-mail again',
      { takes: request.requestPasswordReset, responses: says },
    ],
  }),
  '/dj-rest-auth/token/refresh': rest({
    post: [
      'restAuthTokenRefresh',
      'Refresh the tokens',
      { takes: restRefresh, responses: refreshed(restRefreshed) },
    ],
  }),
  '/dj-rest-auth/token/verify': rest({
    post: [
      'restAuthTokenVerify',
      'Verify a token',
      { takes: request.token, faults: { token: [{ fault: 'required' }] }, responses: verified },
    ],
  }),
};
