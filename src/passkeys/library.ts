/** What of the WebAuthn library is used: loaded on first use, since it is large and few requests need it. */
export { verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server';
export { decodeAttestationObject, decodeCredentialPublicKey } from '@simplewebauthn/server/helpers';
