/**
 * Registrations and assertions of WebAuthn (https://www.w3.org/TR/webauthn-3/#sctn-rp-operations): which steps of the
 * standard the library takes, and which are taken here. Throws a CredentialFault. Pure but for Web Crypto.
 */
import { fromBase64Url, toBase64Url } from '../encoding.ts';
import type { Challenge } from './challenge.ts';
import { CredentialFault, readAuthenticatorData, readClientData, readCredential } from './client-data.ts';
import type { Passkey } from './ports.ts';
import { algorithmOf, isUsableKey } from './public-key.ts';
import type { RelyingParty } from './relying-party.ts';

/** What a challenge is judged by: its signature, its purpose and its age. */
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

/** Whatever the library says, its messages hold what was sent. */
async function believed<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof CredentialFault ? error : new CredentialFault('passkey_malformed');
  }
}

/** A new credential, for the challenge that `read` knows. */
export async function verifyRegistration(
  credential: unknown,
  rp: RelyingParty,
  read: ReadChallenge,
): Promise<{ created: NewCredential; challenge: Challenge }> {
  const { id, response, rest } = readCredential(credential, ['clientDataJSON', 'attestationObject']);
  const sent = readClientData(response.clientDataJSON, 'webauthn.create', rp);
  const challenge = await requireChallenge(sent.challenge, read);
  const created = await believed(async () => {
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
    // None was asked for; a self attestation is what an authenticator may send all the same.
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

/** What an authenticator signs (https://www.w3.org/TR/webauthn-3/#fig-signature). */
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

/** An assertion that is well-formed, fresh and for us; nobody has looked at its signature. */
export interface Assertion {
  credentialId: string;
  /** The id of the user, as the authenticator kept it. */
  userHandle: string;
  challenge: Challenge;
  counter: number;
  multiDevice: boolean;
  backedUp: boolean;
  /** For `verifyAssertion`. */
  sent: { authenticatorData: string; clientDataJSON: string; signature: string };
}

/** Everything that can be said without a key, and so without a look at D1. */
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
    userHandle: new TextDecoder().decode(bytes(response.userHandle)),
    challenge: await requireChallenge(sent.challenge, read),
    ...(await readAuthenticatorData(bytes(response.authenticatorData), rp)),
    sent: response,
  };
}

/** Whether the passkey made the assertion. Its counter is judged by `countsOn`. */
export async function verifyAssertion(
  { userHandle, multiDevice, sent }: Assertion,
  passkey: Pick<Passkey, 'userId' | 'publicKey' | 'multiDevice'>,
): Promise<void> {
  if (userHandle !== passkey.userId) throw new CredentialFault('passkey_user_handle');
  if (multiDevice !== passkey.multiDevice) throw new CredentialFault('passkey_malformed');
  const verified = await believed(async () => {
    const library = await import('./library.ts');
    const authenticatorData = bytes(sent.authenticatorData);
    // Refuses what is longer or shorter than it says.
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
 * Whether a signature counter goes on from the one before, or the authenticator never counted. One that does not says
 * that there may be two of the authenticator (https://www.w3.org/TR/webauthn-3/#sctn-sign-counter). Twin: `countsOn`
 * (passkeys/d1-passkeys.ts).
 */
export const countsOn = (before: number, now: number): boolean => (before === 0 && now === 0) || now > before;
