/** Bodies of the second factor. A code that is not text is 400 and no try; any text counts as a try. */
import * as z from 'zod/mini';
import { codeText, presentedPassword, token } from '../account/schemas.ts';

const exactlyOne = z.refine(
  (body) => {
    const { code, recovery_code } = body as { code?: unknown; recovery_code?: unknown };
    return (code === undefined) !== (recovery_code === undefined);
  },
  { path: ['code'], params: { fault: 'required' } },
);

/** Either a code or a recovery code. */
export const secondFactorBody = z
  .object({ mfa_token: token, code: z.optional(codeText), recovery_code: z.optional(codeText) })
  .check(exactlyOne);
export const codeBody = z.object({ code: codeText });
/** For step-up: the password can replace a recent sign-in. */
export const stepUpBody = z.object({ password: z.optional(presentedPassword) });
