/** Ids and secrets, from Web Crypto. */
import { toBase64Url, toHex } from './encoding.ts';

export interface Random {
  /** RFC 9562 version 7, which sorts by creation time. */
  uuid7: (nowMs: number) => string;
  /** RFC 9562 version 4. */
  uuid4: () => string;
  bytes: (count: number) => Uint8Array<ArrayBuffer>;
  /** base64url of `bytes` random bytes. */
  secret: (bytes: number) => string;
}

export function uuid7(nowMs: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  new DataView(bytes.buffer).setUint16(0, Math.floor(nowMs / 2 ** 32));
  new DataView(bytes.buffer).setUint32(2, nowMs % 2 ** 32);
  bytes[6] = 0x70 | ((bytes[6] as number) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] as number) & 0x3f);
  const text = toHex(bytes);
  return [0, 8, 12, 16, 20].map((from, i) => text.slice(from, [8, 12, 16, 20, 32][i])).join('-');
}

const randomBytes = (count: number) => crypto.getRandomValues(new Uint8Array(count));

export const webCryptoRandom: Random = {
  uuid7,
  uuid4: () => crypto.randomUUID(),
  bytes: randomBytes,
  secret: (bytes) => toBase64Url(randomBytes(bytes)),
};
