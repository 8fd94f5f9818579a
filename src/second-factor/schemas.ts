/** Bodies of the second factor. A code that is not text is 400 and no try; any text counts as a try. */
import * as z from 'zod/mini';
import { codeText, presentedPassword, token } from '../account/schemas.ts';

const exactlyOne = z.refine(
  (body) => {
    const { code, recovery_code, passkey } = body as Readonly<Record<string, unknown>>;
    return [code, recovery_code, passkey].filter((shown) => shown !== undefined).length === 1;
  },
  { path: ['code'], params: { fault: 'required' }, when: () => true },
);

/** A code, a recovery code or a passkey. */
export const secondFactorBody = z
  .object({
    mfa_token: token,
    code: z.optional(codeText),
    recovery_code: z.optional(codeText),
    /** AuthenticationResponseJSON; verified as a credential (passkeys/). */
    passkey: z.optional(z.looseObject({})),
  })
  .check(exactlyOne);
export const codeBody = z.object({ code: codeText });
/** For step-up: the password can replace a recent sign-in. */
export const stepUpBody = z.object({ password: z.optional(presentedPassword) });
