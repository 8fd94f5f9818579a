/**
 * The parts of oauth4webapi that are used. The bundle leaves the rest out, which it could not do if the package itself were
 * loaded by `import()`.
 */
import * as oauth from 'oauth4webapi';

export {
  AuthorizationResponseError,
  allowInsecureRequests,
  authorizationCodeGrantRequest,
  ClientSecretBasic,
  ClientSecretPost,
  calculatePKCECodeChallenge,
  clockSkew,
  clockTolerance,
  customFetch,
  discoveryRequest,
  getValidatedIdTokenClaims,
  JWT_CLAIM_COMPARISON,
  JWT_TIMESTAMP_CHECK,
  jwksCache,
  KEY_SELECTION,
  processAuthorizationCodeResponse,
  processDiscoveryResponse,
  processUserInfoResponse,
  ResponseBodyError,
  userInfoRequest,
  validateApplicationLevelSignature,
  validateAuthResponse,
  WWWAuthenticateChallengeError,
} from 'oauth4webapi';

/** Exported by the package, but not in its types. */
export const expectedIssuer: symbol = (oauth as unknown as { _expectedIssuer: symbol })._expectedIssuer;
