/** The numbers of connected accounts; the contract of the API has the first three. */

/** How long somebody may take at the provider. */
export const FLOW_SECONDS = 10 * 60;
/** Of the code that an app exchanges for tokens. */
export const EXCHANGE_SECONDS = 60;
/** Bytes of one answer of a provider. */
export const ANSWER_MAX_BYTES = 64 * 1_024;
/** What a provider says of itself is asked again after this long. */
export const METADATA_SECONDS = 24 * 3_600;
/** How long an answer of the provider's clock may be ahead or behind. */
export const CLOCK_TOLERANCE_SECONDS = 30;
/** OpenID Connect Core section 2. */
export const SUBJECT_MAX_LENGTH = 255;
/** A decision that others' writes overtook is taken again so often. */
export const ATTEMPTS = 3;
