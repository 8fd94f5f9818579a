/** The parts of the WebAuthn library that are used. Loaded on first use, as few requests need it. */
export {
  decodeAttestationObject,
  decodeCredentialPublicKey,
  parseAuthenticatorData,
  verifySignature,
} from '@simplewebauthn/server/helpers';
