/** One authenticator's key as the passkey of many users, each with a credential id of their own. */
import { authenticator, cbor } from '../../test/support/authenticator.ts';

const RP_ID = 'localhost';
const CREDENTIAL_ID_BYTES = 16;

export interface Device {
  /** COSE (RFC 9053). */
  publicKey: Buffer;
  /** What the browser sends for a challenge. */
  answer: (challenge: string, n: number, userHandle: string) => Promise<unknown>;
}

/** As base64url. */
export function credentialId(n: number): string {
  const id = Buffer.alloc(CREDENTIAL_ID_BYTES);
  id.writeUInt32BE(n, CREDENTIAL_ID_BYTES - 4);
  return id.toString('base64url');
}

export async function device(): Promise<Device> {
  const made = authenticator();
  let publicKey = Buffer.alloc(0);
  await made.create(
    { rp: { id: RP_ID }, user: { id: '' }, challenge: '' },
    {
      key: (key) => {
        publicKey = Buffer.from(cbor(key));
        return key;
      },
    },
  );
  return {
    publicKey,
    answer: (challenge, n, userHandle) =>
      made.get(
        { challenge, rpId: RP_ID },
        {
          userHandle,
          credential: (honest) => ({ ...honest, id: credentialId(n), rawId: credentialId(n) }),
        },
      ),
  };
}
