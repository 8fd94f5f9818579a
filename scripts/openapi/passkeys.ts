/** `/account/passkeys`, and signing in with one, if PASSKEYS is on. */
import * as z from 'zod/mini';
import type { Node } from '../../src/openapi/resolve-template.ts';
import type { passkeyJson } from '../../src/passkeys/presenters.ts';
import type { registrationOptions } from '../../src/passkeys/registration.ts';
import * as passkeys from '../../src/passkeys/schemas.ts';
import type { signInOptions } from '../../src/passkeys/sign-in.ts';
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
  NOTHING_ASKED,
  PUBLIC,
  refusal,
  SETS_COOKIE,
  SIGNED_IN,
  STEP_UP,
  STORE,
  takes,
  when,
} from './parts.ts';

const CREDENTIAL_ID = 'Gu5u8ufA4Mv8_Yt6ZeT1tQ';
const CHALLENGE =
  'aSf0hD3mJ0lq1q6cE0uPZ7gCkV8y2Yx5r0bWmYkqk8vZb1o4tN6uXf7eT3sQ9pRlKjHgFdSaPoIuYtReWqLkJhGfDsAzXcVb';

const attestation = {
  id: CREDENTIAL_ID,
  rawId: CREDENTIAL_ID,
  type: 'public-key',
  response: {
    clientDataJSON: 'eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIn0',
    attestationObject: 'o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YQ',
    transports: ['internal', 'hybrid'],
  },
  clientExtensionResults: {},
};
const assertion = {
  id: CREDENTIAL_ID,
  rawId: CREDENTIAL_ID,
  type: 'public-key',
  response: {
    clientDataJSON: 'eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0',
    authenticatorData: 'SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MdAAAAAA',
    signature: 'MEUCIQDk',
    userHandle: 'MDE5NmYyYTQtN2MxZS03ZDNiLTlhNTEtNWYwYzJmNmQ4ZTEw',
  },
  clientExtensionResults: {},
};

const requests = {
  add: named('AddPasskey', passkeys.addPasskeyBody, {
    about: {
      credential: 'RegistrationResponseJSON: `credential.toJSON()` in the browser.',
      name: 'A name for the user, at most 150 characters.',
    },
    example: { credential: attestation, name: 'My phone' },
  }),
  rename: named('RenamePasskey', passkeys.renamePasskeyBody, {
    about: { name: 'At most 150 characters.' },
    example: { name: 'My phone' },
  }),
  signIn: named('PasskeySignIn', passkeys.passkeySignInBody, {
    about: { credential: 'AuthenticationResponseJSON: `credential.toJSON()` in the browser.' },
    example: { credential: assertion },
  }),
  stepUp: named('PasskeyStepUp', passkeys.passkeyStepUpBody, {
    about: { password: 'Instead of a log-in or reauthentication within REAUTH_WINDOW.' },
    example: {},
  }),
};

const descriptor = z.object({
  type: z.literal('public-key'),
  id: z.string(),
  transports: z.readonly(z.array(z.string())),
});
const passkey: z.ZodMiniType<ReturnType<typeof passkeyJson>> = named(
  'Passkey',
  z.object({
    id: answer.uuid,
    name: z.string(),
    created_at: answer.timestamp,
    last_used_at: z.nullable(answer.timestamp),
    synced: z.boolean(),
  }),
  {
    about: {
      last_used_at: 'Null if it was never used.',
      synced: 'Whether it is backed up, and so available on more than one device.',
    },
    example: {
      id: '0196f2a4-7c20-7b11-8c3d-2f6d8e105f0c',
      name: 'My phone',
      created_at: '2026-11-23T09:30:00Z',
      last_used_at: null,
      synced: true,
    },
  },
);
const creation: z.ZodMiniType<Awaited<ReturnType<typeof registrationOptions>>> = named(
  'PasskeyCreationOptions',
  z.object({
    rp: z.object({ id: z.string(), name: z.string() }),
    user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
    challenge: z.string(),
    pubKeyCredParams: z.array(z.object({ type: z.literal('public-key'), alg: z.int() })),
    timeout: z.int(),
    excludeCredentials: z.array(descriptor),
    authenticatorSelection: z.object({
      residentKey: z.literal('required'),
      requireResidentKey: z.boolean(),
      userVerification: z.literal('required'),
    }),
    attestation: z.literal('none'),
    extensions: z.object({ credProps: z.boolean() }),
  }),
  {
    description: 'PublicKeyCredentialCreationOptionsJSON.',
    example: {
      rp: { id: 'example.com', name: 'example.com' },
      user: {
        id: 'MDE5NmYyYTQtN2MxZS03ZDNiLTlhNTEtNWYwYzJmNmQ4ZTEw',
        name: 'mina@example.com',
        displayName: 'Mina Kim',
      },
      challenge: CHALLENGE,
      pubKeyCredParams: [
        { type: 'public-key', alg: -7 },
        { type: 'public-key', alg: -257 },
      ],
      timeout: 300_000,
      excludeCredentials: [],
      authenticatorSelection: {
        residentKey: 'required',
        requireResidentKey: true,
        userVerification: 'required',
      },
      attestation: 'none',
      extensions: { credProps: true },
    },
  },
);
const request: z.ZodMiniType<Awaited<ReturnType<typeof signInOptions>>> = named(
  'PasskeyRequestOptions',
  z.object({
    challenge: z.string(),
    timeout: z.int(),
    rpId: z.string(),
    allowCredentials: z.array(descriptor),
    userVerification: z.literal('required'),
  }),
  {
    description: 'PublicKeyCredentialRequestOptionsJSON.',
    example: {
      challenge: CHALLENGE,
      timeout: 300_000,
      rpId: 'example.com',
      allowCredentials: [],
      userVerification: 'required',
    },
  },
);
export const list = named('Passkeys', z.object({ passkeys: z.array(passkey) }), {
  example: { passkeys: [] },
});
const origins = named('RelatedOrigins', z.object({ origins: z.array(z.string()) }), {
  example: { origins: ['https://example.com', 'https://app.example.com'] },
});

const BEARER = [{ bearerAuth: [] }];
const withPasskeys = (path: Node): Node => when({ 'PASSKEYS=true': path });
const shared = { ...forbidden(), ...LIMITED, ...STORE };
const PASSKEY_ID = [
  {
    name: 'id',
    in: 'path',
    required: true,
    description: 'The id of the passkey.',
    schema: { type: 'string', format: 'uuid' },
  },
];

export const passkeyPaths: Record<string, Node> = {
  '/account/login/passkey/options': withPasskeys({
    post: {
      operationId: 'passkeySignInOptions',
      tags: ['Passkeys'],
      summary: 'Get the options for signing in with a passkey',
      description:
        'For `PublicKeyCredential.parseRequestOptionsFromJSON` and `navigator.credentials.get`, also with `mediation: "conditional"`. The challenge works once, for 5 minutes.',
      security: [],
      responses: { 200: answers('The options.', request), ...NOTHING_ASKED, ...forbidden(), ...ANY },
    },
  }),
  '/account/login/passkey': withPasskeys({
    post: {
      operationId: 'signInByPasskey',
      tags: ['Passkeys'],
      summary: 'Sign in with a passkey',
      description:
        'A passkey with user verification counts as two factors, so no second factor is needed. All faults of the credential get the same response.',
      security: [],
      requestBody: takes(requests.signIn),
      responses: {
        200: when({
          [BODY]: answers('Signed in.', answer.pair),
          [COOKIE]: answers('Signed in.', answer.access, SETS_COOKIE),
        }),
        ...bad({ credential: [{ fault: 'required' }] }),
        401: refusal(['passkey_not_valid']),
        ...shared,
      },
    },
  }),
  '/account/reauthenticate/options': withPasskeys({
    post: {
      operationId: 'passkeyReauthenticationOptions',
      tags: ['Passkeys'],
      summary: 'Get the options for reauthenticating with a passkey',
      description: 'For `passkey` in `POST /account/reauthenticate`. Allows the user’s own passkeys only.',
      security: BEARER,
      responses: { 200: answers('The options.', request), ...NOTHING_ASKED, ...SIGNED_IN, ...shared },
    },
  }),
  '/account/passkeys': withPasskeys({
    get: {
      operationId: 'listPasskeys',
      tags: ['Passkeys'],
      summary: 'List the passkeys',
      security: BEARER,
      responses: { 200: answers('The passkeys, oldest first.', list), ...SIGNED_IN, ...STORE },
    },
    post: {
      operationId: 'addPasskey',
      tags: ['Passkeys'],
      summary: 'Add a passkey',
      description:
        'With a credential created from `POST /account/passkeys/options`. Notifies the user by e-mail.',
      security: BEARER,
      requestBody: takes(requests.add),
      responses: {
        201: answers('The new passkey.', passkey),
        ...bad({ credential: [{ fault: 'passkey_not_valid' }] }),
        ...SIGNED_IN,
        ...shared,
      },
    },
  }),
  '/account/passkeys/options': withPasskeys({
    post: {
      operationId: 'passkeyCreationOptions',
      tags: ['Passkeys'],
      summary: 'Get the options for adding a passkey',
      description:
        'For `PublicKeyCredential.parseCreationOptionsFromJSON` and `navigator.credentials.create`. The challenge works once, for 5 minutes and for this user.',
      security: BEARER,
      requestBody: takes(requests.stepUp),
      responses: {
        200: answers('The options.', creation),
        ...bad({ password: [{ fault: 'password_incorrect' }] }),
        ...STEP_UP,
        ...shared,
      },
    },
  }),
  '/account/passkeys/{id}': withPasskeys({
    parameters: PASSKEY_ID,
    patch: {
      operationId: 'renamePasskey',
      tags: ['Passkeys'],
      summary: 'Rename a passkey',
      security: BEARER,
      requestBody: takes(requests.rename),
      responses: {
        200: answers('The renamed passkey.', passkey),
        ...bad({ name: [{ fault: 'blank' }] }),
        ...SIGNED_IN,
        ...NOT_FOUND,
        ...shared,
      },
    },
    delete: {
      operationId: 'removePasskey',
      tags: ['Passkeys'],
      summary: 'Remove a passkey',
      description: '409 if the user could not sign in without it. Notifies the user by e-mail.',
      security: BEARER,
      requestBody: takes(requests.stepUp),
      responses: {
        204: answers('Removed.'),
        ...bad({ password: [{ fault: 'password_incorrect' }] }),
        ...STEP_UP,
        ...NOT_FOUND,
        409: refusal(['last_sign_in_method']),
        ...shared,
      },
    },
  }),
  '/.well-known/webauthn': withPasskeys({
    get: {
      operationId: 'relatedOrigins',
      tags: ['Passkeys'],
      summary: 'Get the origins that may use the passkeys',
      description: 'Related origin requests of WebAuthn Level 3: browsers fetch it from the RP ID.',
      security: [],
      responses: { 200: answers('The origins.', origins, PUBLIC), ...ANY },
    },
  }),
};
