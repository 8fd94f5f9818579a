/** Claims of the host's own in an access token: which names they may have, and how much they may say. Pure. */
import { utf8 } from '../encoding.ts';
import { isReservedClaim } from './claims.ts';

/** As JSON, in bytes: a token with more would soon be longer than is read. */
const MAX_BYTES = 1_024;

/** What is wrong with them, as the end of a sentence; null: nothing. `userIdClaim` is a name of ours too. */
export function extraClaimsFault(claims: unknown, userIdClaim = 'sub'): string | null {
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) {
    return 'must return an object of names and values';
  }
  const reserved = Object.keys(claims).filter((name) => isReservedClaim(name, userIdClaim));
  if (reserved.length > 0) {
    return `must not name ${reserved.join(', ')}: that claim is the service’s own, and guards rely on it`;
  }
  let json: string;
  try {
    json = JSON.stringify(claims);
  } catch {
    return 'must return what JSON can say';
  }
  return utf8(json).length > MAX_BYTES ? `must not be longer than ${MAX_BYTES} bytes as JSON` : null;
}
