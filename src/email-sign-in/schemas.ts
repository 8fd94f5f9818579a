/** Bodies of signing in by e-mail. A code that is not text is 400 and no try; any text counts as a try. */
import * as z from 'zod/mini';
import { codeText, email, token } from '../account/schemas.ts';

export const requestCodeBody = z.object({ email });

/** The address and the code, or the token of the link. */
export const confirmCodeBody = z
  .object({ email: z.optional(email), code: z.optional(codeText), token: z.optional(token) })
  .check(
    ...(['email', 'code'] as const).map((field) =>
      z.refine<Record<string, unknown>>(() => false, {
        path: [field],
        params: { fault: 'required' },
        when: ({ value }) => {
          const body = value as Record<string, unknown>;
          return body.token === undefined && body[field] === undefined;
        },
      }),
    ),
  );
