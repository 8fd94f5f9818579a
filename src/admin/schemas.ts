/** The schemas of the console's bodies, JSON or forms: those of the account app, with flags. */
import * as z from 'zod/mini';
import {
  chosenPassword,
  codeText,
  email,
  presentedPassword,
  signUpBody,
  token,
  tokenObtainBody,
  updateMeBody,
} from '../account/schemas.ts';

export const addUserBody = z
  .object({
    ...signUpBody.shape,
    password: z.optional(chosenPassword),
    invite: z.optional(z.boolean()),
    is_staff: z.optional(z.boolean()),
    unverified: z.optional(z.boolean()),
  })
  .check(
    z.refine(({ password, invite }) => password !== undefined || invite === true, {
      path: ['password'],
      params: { fault: 'required' },
      // Reported together with the faults of other fields.
      when: () => true,
    }),
  );

export const changeUserBody = z.object({
  ...updateMeBody.shape,
  is_active: z.optional(z.boolean()),
  is_staff: z.optional(z.boolean()),
  unverified: z.optional(z.boolean()),
});

export const newEmailForm = z.object({ email });
export const newPasswordForm = z.object({ password: chosenPassword });

/** `username` may be the e-mail address. */
export const logInForm = tokenObtainBody;
/** The form on which staff set up their own second factor. A blank password counts as none. */
export const setUpForm = z.object({ password: z.optional(presentedPassword) });
export const confirmForm = z.object({ code: codeText });
export const secondFactorForm = z.object({ mfa_token: token, code: codeText });

function parsedObject(text: string): object {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}
/** The JSON of a credential. What is not JSON becomes an empty one, which is refused like any other bad credential. */
const credential = z.pipe(z.string(), z.transform(parsedObject));
export const passkeyForm = z.object({ credential });
export const secondPasskeyForm = z.object({ mfa_token: token, credential });
