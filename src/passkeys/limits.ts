/** Limits of passkeys. */

/** Bounded, as the options of a registration list all passkeys of the user. */
export const PASSKEYS_PER_USER = 50;
/** How long the browser waits for the user: the lifetime of the challenge. */
export const TIMEOUT_MS = 300_000;
