/** Bodies and queries of connected accounts. `return_to` is checked by return-to.ts. */
import * as z from 'zod/mini';
import { presentedPassword, token } from '../account/schemas.ts';

const checked = (pattern: RegExp, example: string) =>
  z.string().check(
    z.refine((value) => pattern.test(value), { params: { fault: 'invalid' } }),
    z.meta({ examples: [example] }),
  );

/** RFC 7636 section 4.2: base64url of a SHA-256. */
export const CHALLENGE = /^[A-Za-z0-9_-]{43}$/;
export const challenge = checked(CHALLENGE, 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM');
/** RFC 7636 section 4.1. */
const verifier = checked(/^[A-Za-z0-9\-._~]{43,128}$/, 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk');

const asked = { return_to: z.string(), code_challenge: challenge };

/** `code_challenge_method` must be S256: with `plain` the challenge would be the verifier itself. */
export const beginQuery = z.object({
  ...asked,
  code_challenge_method: z.optional(
    z.string().check(z.refine((value) => value === 'S256', { params: { fault: 'invalid' } })),
  ),
});
export const startLinkBody = z.object({ ...asked, password: z.optional(presentedPassword) });
export const exchangeBody = z.object({ code: token, code_verifier: verifier });
/** The password can replace a recent sign-in. */
export const removeBody = z.object({ password: z.optional(presentedPassword) });

/** For `POST /account/login/return`. */
export const handBackBody = z.object({ refresh: token, ...asked });
/** With REFRESH_TRANSPORT=cookie the token is in the cookie. */
export const handBackCookieBody = z.object(asked);
