/** The bodies of the passkeys' requests. What is in a credential is judged as a credential, not as a body. */
import * as z from 'zod/mini';
import { presentedPassword, requiredText } from '../account/schemas.ts';
import { NAME_MAX_LENGTH } from '../identity.ts';

/** RegistrationResponseJSON, AuthenticationResponseJSON: an object, as `PublicKeyCredential.toJSON()` makes it. */
export const credential = z.looseObject({});

export const passkeyName = requiredText(NAME_MAX_LENGTH, 'My phone');

export const addPasskeyBody = z.object({ credential, name: z.optional(z.nullable(passkeyName)) });
export const renamePasskeyBody = z.object({ name: passkeyName });
export const passkeySignInBody = z.object({ credential });
/** Of a step-up: the password may stand in for a recent sign-in. */
export const passkeyStepUpBody = z.object({ password: z.optional(presentedPassword) });
