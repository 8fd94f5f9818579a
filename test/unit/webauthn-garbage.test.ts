/** Attestations and keys that are no CBOR (RFC 8949), or not that of WebAuthn: each is refused, and nothing else is thrown. */
import { describe, expect, it } from 'vitest';
import { type Purpose, signedChallenges } from '../../src/passkeys/challenge.ts';
import { CredentialFault } from '../../src/passkeys/client-data.ts';
import { verifyRegistration } from '../../src/passkeys/webauthn.ts';
import { authenticator, base64url, cbor, concat, FLAG, type Lies } from '../support/authenticator.ts';

const ORIGIN = 'http://localhost';
const RP = {
  id: 'localhost',
  name: 'Test',
  isOrigin: (origin: string) => origin === ORIGIN,
  origins: [ORIGIN],
};
const NOW = 1_800_000_000;
const USER = '0191f7a2-0000-7000-8000-000000000000';
const PURPOSE: Purpose = { for: 'registration', userId: USER };
const challenges = signedChallenges('the secret of the service');

async function register(lies: Lies): Promise<'accepted' | 'refused'> {
  const challenge = await challenges.issue(PURPOSE, NOW);
  const user = { id: base64url(new TextEncoder().encode(USER)) };
  const credential = await authenticator({ origin: ORIGIN }).create({ rp: RP, user, challenge }, lies);
  try {
    await verifyRegistration(credential, RP, (text) => challenges.read(text, PURPOSE, NOW));
    return 'accepted';
  } catch (error) {
    if (!(error instanceof CredentialFault)) throw error;
    return 'refused';
  }
}

/** Of the authenticator data: the hash of the RP ID, flags, counter, AAGUID, length of the id, id. */
const KEY_AT = 32 + 1 + 4 + 16 + 2 + 16;
const inKey = (change: (key: Uint8Array) => Uint8Array): Lies => ({
  authData: (honest) => concat(honest.slice(0, KEY_AT), change(honest.slice(KEY_AT))),
});
const inObject = (change: (object: Uint8Array) => Uint8Array): Lies => ({ attestationBytes: change });

const withHead = (head: number) => (bytes: Uint8Array) => concat([head], bytes.slice(1));
const cutAt = (share: number) => (bytes: Uint8Array) => bytes.slice(0, Math.floor(bytes.length * share));
const nested = (head: number, depth: number) => new Uint8Array(depth).fill(head);

/** Every major type, each with a value in the head, with a length that follows, reserved, and indefinite. */
const HEADS = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((major) =>
  [0, 1, 23, 24, 25, 26, 27, 28, 31].map((info) => (major << 5) | info),
);
const SHARES = Array.from({ length: 20 }, (_, i) => i / 20);
const hex = (byte: number) => `0x${byte.toString(16).padStart(2, '0')}`;

/** In place of the object or the key. */
const INSTEAD: [string, Uint8Array][] = [
  ['no byte at all', new Uint8Array()],
  ['null', cbor(null)],
  ['a number', cbor(5)],
  ['text', cbor('none')],
  ['an empty list', cbor([])],
  ['an empty map', cbor(new Map())],
  ['a map whose keys are maps', cbor(new Map([[new Map(), new Map()]]))],
  ['lists in lists, 50,000 deep', nested(0x81, 50_000)],
  ['maps in maps, 50,000 deep', nested(0xa1, 50_000)],
  ['tags of tags, 50,000 deep', nested(0xc1, 50_000)],
  ['a map that claims 2^32 - 1 entries', Uint8Array.of(0xba, 0xff, 0xff, 0xff, 0xff)],
  ['a map that claims 2^64 - 1 entries', Uint8Array.of(0xbb, ...new Array(8).fill(0xff))],
  ['bytes that claim to be 2^64 - 1', Uint8Array.of(0x5b, ...new Array(8).fill(0xff))],
  ['text that claims to be 2^53', Uint8Array.of(0x7b, 0, 0x20, 0, 0, 0, 0, 0, 0)],
  ['text that is not UTF-8', Uint8Array.of(0xa1, 0x63, 0xff, 0xfe, 0xfd, 0x01)],
  ['NaN', Uint8Array.of(0xf9, 0x7e, 0x00)],
  ['the break of an indefinite length alone', Uint8Array.of(0xff)],
  ['JSON', new TextEncoder().encode('{"fmt":"none","attStmt":{},"authData":""}')],
  ['zeros', new Uint8Array(300)],
  ['ones', new Uint8Array(300).fill(0xff)],
];

const CASES: [string, Lies][] = [
  ...HEADS.map((head): [string, Lies] => [
    `an object that begins with ${hex(head)}`,
    inObject(withHead(head)),
  ]),
  ...HEADS.map((head): [string, Lies] => [`a key that begins with ${hex(head)}`, inKey(withHead(head))]),
  ...SHARES.map((share): [string, Lies] => [`an object cut at ${share * 100} %`, inObject(cutAt(share))]),
  ...SHARES.map((share): [string, Lies] => [`a key cut at ${share * 100} %`, inKey(cutAt(share))]),
  ...INSTEAD.map(([name, bytes]): [string, Lies] => [`${name}, as the object`, inObject(() => bytes)]),
  ...INSTEAD.map(([name, bytes]): [string, Lies] => [`${name}, as the key`, inKey(() => bytes)]),
  ['a key with more behind it', inKey((key) => concat(key, [0x00]))],
  ['a second key', inKey((key) => concat(key, key))],
  ['extensions that are announced and missing', { flags: FLAG.up | FLAG.uv | FLAG.at | FLAG.ed }],
  ['an entry twice', inObject((object) => concat([0xa4], object.slice(1), cbor('fmt'), cbor('none')))],
];

describe('a registration refuses', () => {
  it('none that is honest', async () => {
    expect(await register({})).toBe('accepted');
  });

  it('all of 228 that are garbage', () => {
    expect(new Set(CASES.map(([name]) => name)).size).toBe(228);
  });

  it.each(CASES)('%s', async (_, lies) => {
    expect(await register(lies)).toBe('refused');
  });
});
