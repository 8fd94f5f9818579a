/** The host's own claims in an access token: which names are allowed, and their maximum size. Pure. */
import { utf8 } from '../encoding.ts';
import { isReservedClaim } from './claims.ts';

/** As JSON, in bytes. With more, a token would soon exceed MAX_TOKEN_LENGTH. */
const MAX_BYTES = 1_024;

/** What is wrong with the claims, as the end of a sentence, or null. `userIdClaim` is a reserved name too. */
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
    return 'must return values that JSON can represent';
  }
  return utf8(json).length > MAX_BYTES ? `must not be longer than ${MAX_BYTES} bytes as JSON` : null;
}
