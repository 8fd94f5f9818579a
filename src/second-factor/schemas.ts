/** The bodies of the second factor's requests. What is not text is 400 and no try; what is text is judged as a code. */
import * as z from 'zod/mini';
import { codeText, presentedPassword, token } from '../account/schemas.ts';

const oneOfThem = z.refine(
  (body) => {
    const { code, recovery_code } = body as { code?: unknown; recovery_code?: unknown };
    return (code === undefined) !== (recovery_code === undefined);
  },
  { path: ['code'], params: { fault: 'required' } },
);

/** One of the two. */
export const secondFactorBody = z
  .object({ mfa_token: token, code: z.optional(codeText), recovery_code: z.optional(codeText) })
  .check(oneOfThem);
export const codeBody = z.object({ code: codeText });
/** Of a step-up: the password may stand in for a recent sign-in. */
export const stepUpBody = z.object({ password: z.optional(presentedPassword) });
