/** The numbers of the second factor; the contract of the API has them. */

/** Of the token that stands for a sign-in between its two factors. */
export const CHALLENGE_SECONDS = 5 * 60;
/** Wrong codes that void such a token. */
export const TRIES_PER_CHALLENGE = 5;
/** Wrong codes of one account, over all its sign-ins, within the time below. */
export const TRIES_PER_ACCOUNT = 10;
export const TRIES_WITHIN_SECONDS = 15 * 60;
