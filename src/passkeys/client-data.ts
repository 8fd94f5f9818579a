/**
 * Checks of a credential that need no key: the form of the JSON, the client data
 * (https://www.w3.org/TR/webauthn-3/#dictionary-client-data) and the authenticator's flags. Stricter than the library,
 * which does not check all of it (docs/adr/0017-webauthn.md). Pure except for Web Crypto.
 */
import { fromBase64Url, isBase64Url } from '../encoding.ts';
import type { RefusalReason } from '../refusal-reasons.ts';
import type { RelyingParty } from './relying-party.ts';

/** What is wrong with a credential, for the log. */
export class CredentialFault extends Error {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason) {
    super(reason);
    this.reason = reason;
    this.name = 'CredentialFault';
  }
}

/** https://www.w3.org/TR/webauthn-3/#credential-id */
const CREDENTIAL_ID_MAX_BYTES = 1_023;

type Json = Readonly<Record<string, unknown>>;

const malformed = () => new CredentialFault('passkey_malformed');

function record(value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed();
  return value as Json;
}

/** Canonical base64url, as browsers' `toJSON()` returns it. */
function encoded(value: unknown): string {
  if (typeof value !== 'string' || value === '' || !isBase64Url(value)) throw malformed();
  return value;
}

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => fromBase64Url(text) ?? new Uint8Array();

/** Reads `id` and the named members of `response`, all base64url. */
export function readCredential<Name extends string>(
  credential: unknown,
  names: readonly Name[],
): { id: string; response: Record<Name, string>; rest: Json } {
  const { id, rawId, type, response } = record(credential);
  const known = encoded(id);
  if (rawId !== known || type !== 'public-key' || bytesOf(known).length > CREDENTIAL_ID_MAX_BYTES) {
    throw malformed();
  }
  const rest = record(response);
  const read = names.map((name) => [name, encoded(rest[name])] as const);
  return { id: known, response: Object.fromEntries(read) as Record<Name, string>, rest };
}

/** Checks that client data is of this ceremony and from an allowed origin; returns its challenge and origin. */
export function readClientData(
  clientDataJSON: string,
  type: 'webauthn.create' | 'webauthn.get',
  { isOrigin }: Pick<RelyingParty, 'isOrigin'>,
): { challenge: string; origin: string } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytesOf(clientDataJSON)),
    );
  } catch {
    throw malformed();
  }
  const data = record(parsed);
  if (data.type !== type) throw new CredentialFault('passkey_ceremony');
  if (typeof data.challenge !== 'string' || typeof data.origin !== 'string') throw malformed();
  if (!isOrigin(data.origin)) throw new CredentialFault('passkey_origin');
  // Frames of other sites could trick users into signing in without seeing it.
  if ((data.crossOrigin !== undefined && data.crossOrigin !== false) || data.topOrigin !== undefined) {
    throw new CredentialFault('passkey_cross_origin');
  }
  return { challenge: data.challenge, origin: data.origin };
}

const RP_ID_HASH_BYTES = 32;
const HEADER_BYTES = 37;
const FLAGS = { userPresent: 0x01, userVerified: 0x04, multiDevice: 0x08, backedUp: 0x10 } as const;

/** Checks that authenticator data is for this RP ID, with user presence and verification; returns its header. */
export async function readAuthenticatorData(
  bytes: Uint8Array,
  { id }: Pick<RelyingParty, 'id'>,
): Promise<{ counter: number; multiDevice: boolean; backedUp: boolean }> {
  if (bytes.length < HEADER_BYTES) throw malformed();
  const expected = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(id)));
  if (!expected.every((byte, i) => byte === bytes[i])) throw new CredentialFault('passkey_rp_id');
  const flags = bytes[RP_ID_HASH_BYTES] as number;
  const has = (flag: keyof typeof FLAGS) => (flags & FLAGS[flag]) !== 0;
  if (!has('userPresent') || !has('userVerified')) throw new CredentialFault('passkey_user_verification');
  // A backed-up credential must be eligible for backup (https://www.w3.org/TR/webauthn-3/#sctn-credential-backup).
  if (has('backedUp') && !has('multiDevice')) throw malformed();
  return {
    counter: new DataView(bytes.buffer, bytes.byteOffset).getUint32(RP_ID_HASH_BYTES + 1),
    multiDevice: has('multiDevice'),
    backedUp: has('backedUp'),
  };
}
