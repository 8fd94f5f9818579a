/** The bodies of signing in by e-mail. What is not text is 400 and no try; what is text is judged as a code. */
import * as z from 'zod/mini';
import { codeText, email, token } from '../account/schemas.ts';

export const requestCodeBody = z.object({ email });

/** The code with its address, or the token of the link. */
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
