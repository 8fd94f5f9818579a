/**
 * Registrations and assertions of WebAuthn (https://www.w3.org/TR/webauthn-3/#sctn-rp-operations): which steps of the
 * standard the library takes, and which are taken here. Throws a CredentialFault. Pure but for Web Crypto.
 */
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { fromBase64Url, toBase64Url } from '../encoding.ts';
import type { Challenge } from './challenge.ts';
import { CredentialFault, readAuthenticatorData, readClientData, readCredential } from './client-data.ts';
import type { Passkey } from './ports.ts';
import { ALGORITHMS, isUsableKey } from './public-key.ts';
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
    // None was asked for; a self attestation is what an authenticator may send all the same.
    const [format, statement] = [attestation.get('fmt'), attestation.get('attStmt')];
    if (format !== 'none' && (format !== 'packed' || statement.get('x5c') !== undefined)) {
      throw new CredentialFault('passkey_attestation');
    }
    const { verified, registrationInfo } = await library.verifyRegistrationResponse({
      response: credential as RegistrationResponseJSON,
      expectedChallenge: sent.challenge,
      expectedOrigin: sent.origin,
      expectedRPID: rp.id,
      supportedAlgorithmIDs: Object.values(ALGORITHMS),
    });
    if (!verified) throw new CredentialFault('passkey_signature');
    const { id: attestedId, publicKey } = registrationInfo.credential;
    if (attestedId !== id) throw new CredentialFault('passkey_malformed');
    if (!(await isUsableKey(library.decodeCredentialPublicKey(publicKey)))) {
      throw new CredentialFault('passkey_key');
    }
    return {
      ...flags,
      credentialId: id,
      publicKey: toBase64Url(publicKey),
      transports: TRANSPORTS.filter((transport) => listed(rest.transports).includes(transport)),
    };
  });
  return { created, challenge };
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
  sent: { credential: unknown; challenge: string; origin: string };
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
    sent: { credential, ...sent },
  };
}

/** Whether the passkey made the assertion. Its counter is judged by `countsOn`. */
export async function verifyAssertion(
  { userHandle, multiDevice, sent }: Assertion,
  passkey: Pick<Passkey, 'userId' | 'credentialId' | 'publicKey' | 'multiDevice'>,
  rp: RelyingParty,
): Promise<void> {
  if (userHandle !== passkey.userId) throw new CredentialFault('passkey_user_handle');
  if (multiDevice !== passkey.multiDevice) throw new CredentialFault('passkey_malformed');
  const verified = await believed(async () => {
    const library = await import('./library.ts');
    const answer = await library.verifyAuthenticationResponse({
      response: sent.credential as AuthenticationResponseJSON,
      expectedChallenge: sent.challenge,
      expectedOrigin: sent.origin,
      expectedRPID: rp.id,
      // The library would look at a counter before the signature, and so at anybody's.
      credential: { id: passkey.credentialId, publicKey: bytes(passkey.publicKey), counter: 0 },
    });
    return answer.verified;
  });
  if (!verified) throw new CredentialFault('passkey_signature');
}

/**
 * Whether a signature counter goes on from the one before, or the authenticator never counted. One that does not says
 * that there may be two of the authenticator (https://www.w3.org/TR/webauthn-3/#sctn-sign-counter). Twin: `countsOn`
 * (passkeys/d1-passkeys.ts).
 */
export const countsOn = (before: number, now: number): boolean => (before === 0 && now === 0) || now > before;
