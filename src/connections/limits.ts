/** Limits of connected accounts. */

/** How long a user may take at the provider. */
export const FLOW_SECONDS = 10 * 60;
/** Lifetime of the code that an app exchanges for tokens. */
export const EXCHANGE_SECONDS = 60;
/** Size limit of a provider's response. */
export const ANSWER_MAX_BYTES = 64 * 1_024;
/** How long a provider's metadata is cached. */
export const METADATA_SECONDS = 24 * 3_600;
/** How long keys are cached, as in the library. */
export const KEYS_SECONDS = 5 * 60;
/** How often an unknown `kid` may have the keys fetched again. */
export const REFETCH_SECONDS = 60;
/** How far the provider's clock may differ. */
export const CLOCK_TOLERANCE_SECONDS = 30;
/** Of a user's id at a provider. */
export const SUBJECT_MAX_LENGTH = 255;
/** Tries of a decision that is overtaken by concurrent writes. */
export const ATTEMPTS = 3;
