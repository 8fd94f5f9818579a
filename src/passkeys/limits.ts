/** The numbers of passkeys. */

/** Of a user; every one is in the options of the next registration. */
export const PASSKEYS_PER_USER = 50;
/** How long a browser waits for its user: as long as the challenge lives. */
export const TIMEOUT_MS = 300_000;
