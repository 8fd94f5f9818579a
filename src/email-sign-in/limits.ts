/** Limits of signing in by e-mail. */

/** Lifetime of a code and its link. */
export const CODE_LIFETIME_SECONDS = 15 * 60;
/** Wrong tries after which a code is void. */
export const TRIES_PER_CODE = 5;
