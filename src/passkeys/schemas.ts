/** Request bodies of passkeys. The content of a credential is checked by client-data.ts, not by a schema. */
import * as z from 'zod/mini';
import { presentedPassword, requiredText } from '../account/schemas.ts';
import { NAME_MAX_LENGTH } from '../identity.ts';

/** RegistrationResponseJSON or AuthenticationResponseJSON, as `PublicKeyCredential.toJSON()` returns it. */
export const credential = z.looseObject({});

export const passkeyName = requiredText(NAME_MAX_LENGTH, 'My phone');

export const addPasskeyBody = z.object({ credential, name: z.optional(z.nullable(passkeyName)) });
export const renamePasskeyBody = z.object({ name: passkeyName });
export const passkeySignInBody = z.object({ credential });
/** For step-up: the password can replace a recent sign-in. */
export const passkeyStepUpBody = z.object({ password: z.optional(presentedPassword) });
