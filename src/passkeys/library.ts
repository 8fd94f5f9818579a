/** What of the WebAuthn library is used: loaded on first use, since few requests need it. */
export {
  decodeAttestationObject,
  decodeCredentialPublicKey,
  parseAuthenticatorData,
  verifySignature,
} from '@simplewebauthn/server/helpers';
