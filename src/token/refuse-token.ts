/** The error for a token that the codec refuses. The fault itself is only logged. */
import { Refusal, type RefusalTokenType } from '../errors.ts';
import type { TokenFault } from './codec.ts';

/** For the token that authenticates a request: 401 access_token_not_valid, access_token_expired. */
export const refuseAccessToken = (reason: TokenFault): Refusal =>
  new Refusal(reason === 'expired' ? 'access_token_expired' : 'access_token_not_valid', { reason });

/** For a token in a body: 401 refresh_token_not_valid, refresh_token_expired. */
export const refuseSentToken = (reason: TokenFault, tokenType: RefusalTokenType = 'refresh'): Refusal =>
  new Refusal(reason === 'expired' ? 'refresh_token_expired' : 'refresh_token_not_valid', {
    reason,
    tokenType,
  });
