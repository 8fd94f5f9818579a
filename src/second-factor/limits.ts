/** Limits of the second factor. */

/** Lifetime of `mfa_token`, the token of a sign-in between its two factors. */
export const CHALLENGE_SECONDS = 5 * 60;
/** Wrong codes after which such a token is void. */
export const TRIES_PER_CHALLENGE = 5;
/** Wrong codes per account, over all its sign-ins, within TRIES_WITHIN_SECONDS. */
export const TRIES_PER_ACCOUNT = 10;
export const TRIES_WITHIN_SECONDS = 15 * 60;
