/**
 * Verification of WebAuthn registrations and assertions (https://www.w3.org/TR/webauthn-3/#sctn-rp-operations), partly
 * with the library, partly here. Throws a CredentialFault. Pure except for Web Crypto.
 */
import { fromBase64Url, toBase64Url } from '../encoding.ts';
import type { Challenge } from './challenge.ts';
import { CredentialFault, readAuthenticatorData, readClientData, readCredential } from './client-data.ts';
import type { Passkey } from './ports.ts';
import { algorithmOf, isUsableKey } from './public-key.ts';
import type { RelyingParty } from './relying-party.ts';

/** Checks a challenge's signature, purpose and age. */
export type ReadChallenge = (challenge: string) => Promise<Challenge | 'forged' | 'expired'>;

export type NewCredential = Pick<
  Passkey,
  'credentialId' | 'publicKey' | 'counter' | 'multiDevice' | 'backedUp' | 'transports'
>;

/** https://www.w3.org/TR/webauthn-3/#enum-transport */
const TRANSPORTS = ['ble', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb'];

async function requireChallenge(challenge: string, read: ReadChallenge): Promise<Challenge> {
  const found = await read(challenge);
  if (found === 'forged') throw new CredentialFault('passkey_challenge');
  if (found === 'expired') throw new CredentialFault('passkey_challenge_expired');
  return found;
}

const bytes = (text: string): Uint8Array<ArrayBuffer> => fromBase64Url(text) ?? new Uint8Array();

/** Drops the library's messages, as they contain what was sent. */
async function withoutDetails<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof CredentialFault ? error : new CredentialFault('passkey_malformed');
  }
}

/** Verifies a new credential, whose challenge `read` must accept. */
export async function verifyRegistration(
  credential: unknown,
  rp: RelyingParty,
  read: ReadChallenge,
): Promise<{ created: NewCredential; challenge: Challenge }> {
  const { id, response, rest } = readCredential(credential, ['clientDataJSON', 'attestationObject']);
  const sent = readClientData(response.clientDataJSON, 'webauthn.create', rp);
  const challenge = await requireChallenge(sent.challenge, read);
  const created = await withoutDetails(async () => {
    const library = await import('./library.ts');
    const attestation = library.decodeAttestationObject(bytes(response.attestationObject));
    const flags = await readAuthenticatorData(attestation.get('authData'), rp);
    const authData = attestation.get('authData');
    const { credentialID, credentialPublicKey } = library.parseAuthenticatorData(authData);
    if (!credentialID || !credentialPublicKey || toBase64Url(credentialID) !== id) {
      throw new CredentialFault('passkey_malformed');
    }
    const key: unknown = library.decodeCredentialPublicKey(credentialPublicKey);
    if (!(await isUsableKey(key))) throw new CredentialFault('passkey_key');
    // No attestation is requested, but authenticators may still send a self attestation.
    const format = attestation.get('fmt');
    const statement: unknown = attestation.get('attStmt');
    if (!(statement instanceof Map)) throw new CredentialFault('passkey_malformed');
    if (format === 'packed' && !statement.has('x5c')) {
      if (statement.get('alg') !== algorithmOf(key)) throw new CredentialFault('passkey_malformed');
      const data = await signedBy(authData, response.clientDataJSON);
      const signature = statement.get('sig') as Uint8Array<ArrayBuffer>;
      if (!(await library.verifySignature({ signature, data, credentialPublicKey }))) {
        throw new CredentialFault('passkey_signature');
      }
    } else if (format !== 'none' || statement.size > 0) {
      throw new CredentialFault('passkey_attestation');
    }
    return {
      ...flags,
      credentialId: id,
      publicKey: toBase64Url(credentialPublicKey),
      transports: TRANSPORTS.filter((transport) => listed(rest.transports).includes(transport)),
    };
  });
  return { created, challenge };
}

/** The bytes that an authenticator signs (https://www.w3.org/TR/webauthn-3/#fig-signature). */
async function signedBy(
  authenticatorData: Uint8Array,
  clientDataJSON: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes(clientDataJSON)));
  const signed = new Uint8Array(authenticatorData.length + hash.length);
  signed.set(authenticatorData);
  signed.set(hash, authenticatorData.length);
  return signed;
}

const listed = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** An assertion that is well-formed, fresh and for this service. Its signature is not verified yet. */
export interface Assertion {
  credentialId: string;
  /** The user's id, as stored by the authenticator. */
  userHandle: string;
  challenge: Challenge;
  counter: number;
  multiDevice: boolean;
  backedUp: boolean;
  /** For `verifyAssertion`. */
  sent: { authenticatorData: string; clientDataJSON: string; signature: string };
}

/** All checks that need no public key, and so no read of D1. */
export async function readAssertion(
  credential: unknown,
  rp: RelyingParty,
  read: ReadChallenge,
): Promise<Assertion> {
  const { id, response } = readCredential(credential, [
    'clientDataJSON',
    'authenticatorData',
    'signature',
    'userHandle',
  ]);
  const sent = readClientData(response.clientDataJSON, 'webauthn.get', rp);
  return {
    credentialId: id,
    // `ignoreBOM` keeps a byte order mark, which is no part of an id.
    userHandle: new TextDecoder('utf-8', { fatal: false, ignoreBOM: true }).decode(
      bytes(response.userHandle),
    ),
    challenge: await requireChallenge(sent.challenge, read),
    ...(await readAuthenticatorData(bytes(response.authenticatorData), rp)),
    sent: response,
  };
}

/** Checks that the passkey signed the assertion. The counter is checked by `countsOn`. */
export async function verifyAssertion(
  { userHandle, multiDevice, sent }: Assertion,
  passkey: Pick<Passkey, 'userId' | 'publicKey' | 'multiDevice'>,
): Promise<void> {
  if (userHandle !== passkey.userId) throw new CredentialFault('passkey_user_handle');
  if (multiDevice !== passkey.multiDevice) throw new CredentialFault('passkey_malformed');
  const verified = await withoutDetails(async () => {
    const library = await import('./library.ts');
    const authenticatorData = bytes(sent.authenticatorData);
    // Refuses data whose length is inconsistent.
    library.parseAuthenticatorData(authenticatorData);
    return library.verifySignature({
      signature: bytes(sent.signature),
      data: await signedBy(authenticatorData, sent.clientDataJSON),
      credentialPublicKey: bytes(passkey.publicKey),
    });
  });
  if (!verified) throw new CredentialFault('passkey_signature');
}

/**
 * Whether the signature counter has increased, or the authenticator does not count. Otherwise the authenticator may have
 * been cloned (https://www.w3.org/TR/webauthn-3/#sctn-sign-counter). Twin: `countsOn` (passkeys/d1-passkeys.ts).
 */
export const countsOn = (before: number, now: number): boolean => (before === 0 && now === 0) || now > before;
