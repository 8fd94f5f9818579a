/**
 * Replaces `@simplewebauthn/server/helpers` in the bundle (`[alias]` in wrangler.toml), which would include the root
 * certificates of every vendor: exports only what src/passkeys/library.ts imports.
 */
export { decodeAttestationObject } from '../../node_modules/@simplewebauthn/server/esm/helpers/decodeAttestationObject.js';
export { decodeCredentialPublicKey } from '../../node_modules/@simplewebauthn/server/esm/helpers/decodeCredentialPublicKey.js';
export { parseAuthenticatorData } from '../../node_modules/@simplewebauthn/server/esm/helpers/parseAuthenticatorData.js';
export { verifySignature } from '../../node_modules/@simplewebauthn/server/esm/helpers/verifySignature.js';
