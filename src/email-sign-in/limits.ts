/** The numbers of signing in by e-mail; the contract of the API has them. */

/** Of a code and the link beside it. */
export const CODE_LIFETIME_SECONDS = 15 * 60;
/** Wrong codes that void it. */
export const TRIES_PER_CODE = 5;
