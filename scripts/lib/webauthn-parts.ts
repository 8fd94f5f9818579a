/**
 * Stands in the bundle for `@simplewebauthn/server/helpers` (`[alias]` in wrangler.toml), which would bring the root
 * certificates of every vendor along: the parts that src/passkeys/library.ts names, and no others.
 */
export { decodeAttestationObject } from '../../node_modules/@simplewebauthn/server/esm/helpers/decodeAttestationObject.js';
export { decodeCredentialPublicKey } from '../../node_modules/@simplewebauthn/server/esm/helpers/decodeCredentialPublicKey.js';
export { parseAuthenticatorData } from '../../node_modules/@simplewebauthn/server/esm/helpers/parseAuthenticatorData.js';
export { verifySignature } from '../../node_modules/@simplewebauthn/server/esm/helpers/verifySignature.js';
