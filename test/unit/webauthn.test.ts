/** Why a credential is refused, as the log says it, and what of a good one is kept. */
import { describe, expect, it } from 'vitest';
import { type Purpose, signedChallenges } from '../../src/passkeys/challenge.ts';
import { CredentialFault } from '../../src/passkeys/client-data.ts';
import { isUsableKey } from '../../src/passkeys/public-key.ts';
import {
  countsOn,
  type ReadChallenge,
  readAssertion,
  verifyAssertion,
  verifyRegistration,
} from '../../src/passkeys/webauthn.ts';
import {
  attestation,
  authenticator,
  base64url,
  concat,
  FLAG,
  inClient,
  inResponse,
  type Lies,
} from '../support/authenticator.ts';

const NOW = 1_800_000_000;
const USER = '0191f7a2-0000-7000-8000-000000000000';
const ORIGIN = 'http://localhost';
const RP = {
  id: 'localhost',
  name: 'Test',
  isOrigin: (origin: string) => origin === ORIGIN,
  origins: [ORIGIN],
};
const REGISTRATION: Purpose = { for: 'registration', userId: USER };
const SIGN_IN: Purpose = { for: 'sign_in' };
const utf8 = (text: string) => new TextEncoder().encode(text);
const map = (...entries: [unknown, unknown][]) => new Map(entries);

const challenges = signedChallenges('the secret of the service');
const reader =
  (purpose: Purpose, now = NOW): ReadChallenge =>
  (challenge) =>
    challenges.read(challenge, purpose, now);

/** The reason of the CredentialFault that `work` throws. */
const reasonOf = (work: Promise<unknown>) =>
  work.then(
    () => 'accepted',
    (error: unknown) => {
      if (!(error instanceof CredentialFault)) throw error;
      expect([error.name, error.message]).toEqual(['CredentialFault', error.reason]);
      return error.reason;
    },
  );

const device = (options: Parameters<typeof authenticator>[0] = {}) =>
  authenticator({ origin: ORIGIN, ...options });

async function registration(lies: Lies = {}, { with: by = device(), now = NOW } = {}) {
  const challenge = await challenges.issue(REGISTRATION, NOW);
  const credential = await by.create({ rp: RP, user: { id: base64url(utf8(USER)) }, challenge }, lies);
  return verifyRegistration(credential, RP, reader(REGISTRATION, now));
}

async function signIn(lies: Lies = {}, { stored = {}, now = NOW, options = {} } = {}) {
  const by = device(options);
  const { created } = await registration({}, { with: by });
  const credential = await by.get({ challenge: await challenges.issue(SIGN_IN, NOW), rpId: RP.id }, lies);
  const assertion = await readAssertion(credential, RP, reader(SIGN_IN, now));
  await verifyAssertion(assertion, { ...created, userId: USER, ...stored });
  return assertion;
}

const withId = (id: unknown): Lies => ({ credential: (honest) => ({ ...honest, id, rawId: id }) });

describe('a registration is refused', () => {
  it.each<[string, Lies, string]>([
    ['of the wrong ceremony', inClient({ type: 'webauthn.get' }), 'passkey_ceremony'],
    ['from another origin', inClient({ origin: 'https://evil.example' }), 'passkey_origin'],
    ['from a frame of another site', inClient({ crossOrigin: true }), 'passkey_cross_origin'],
    [
      'with a challenge of its own',
      inClient({ challenge: base64url(new Uint8Array(68)) }),
      'passkey_challenge',
    ],
    ['without a challenge', inClient({ challenge: undefined }), 'passkey_malformed'],
    ['whose client data is no JSON', { clientBytes: () => utf8('{') }, 'passkey_malformed'],
    [
      'whose client data is not UTF-8',
      { clientBytes: (honest) => concat(honest.slice(0, -1), utf8(',"x":"'), [0xff], utf8('"}')) },
      'passkey_malformed',
    ],
    ['for another domain', { rpId: 'evil.example' }, 'passkey_rp_id'],
    ['with nobody present', { flags: FLAG.uv | FLAG.at }, 'passkey_user_verification'],
    ['with nobody verified', { flags: FLAG.up | FLAG.at }, 'passkey_user_verification'],
    [
      'without a credential in it',
      { flags: FLAG.up | FLAG.uv, authData: (honest) => honest.slice(0, 37) },
      'passkey_malformed',
    ],
    ['with another id than the authenticator’s', withId('AAAA'), 'passkey_malformed'],
    ['with an empty id', withId(''), 'passkey_malformed'],
    ['with a number as id', withId(5), 'passkey_malformed'],
    ['with an id in base64', withId('ab+/'), 'passkey_malformed'],
    ['with a key that cannot be used', { key: () => new Map() }, 'passkey_key'],
    ['with a statement that is no map', attestation([['attStmt', 'x']]), 'passkey_malformed'],
    [
      'attested by certificates',
      attestation([
        ['fmt', 'packed'],
        ['attStmt', map(['alg', -7], ['sig', new Uint8Array(70)], ['x5c', []])],
      ]),
      'passkey_attestation',
    ],
    ['attested in an unknown format', attestation([['fmt', 'made-up']]), 'passkey_attestation'],
    [
      'with a statement where none belongs',
      attestation([['attStmt', map(['alg', -7])]]),
      'passkey_attestation',
    ],
    ['attested with another algorithm', { selfAttested: { alg: -257 } }, 'passkey_malformed'],
    [
      'attested with the signature of something else',
      {
        selfAttested: {},
        attestation: (honest) =>
          new Map<unknown, unknown>([
            ...honest,
            [
              'authData',
              (honest.get('authData') as Uint8Array).map((byte, i) => (i === 36 ? byte ^ 1 : byte)),
            ],
          ]),
      },
      'passkey_signature',
    ],
    ['that is garbage', { attestationBytes: () => new Uint8Array(64).fill(0x1c) }, 'passkey_malformed'],
  ])('%s', async (_, lies, reason) => {
    expect(await reasonOf(registration(lies))).toBe(reason);
  });

  it('after five minutes', async () => {
    expect(await reasonOf(registration({}, { now: NOW + 299 }))).toBe('accepted');
    expect(await reasonOf(registration({}, { now: NOW + 300 }))).toBe('passkey_challenge_expired');
  });

  it('with an id of more than 1,023 bytes', async () => {
    const ofLength = (length: number): Lies => ({ credentialId: () => new Uint8Array(length).fill(1) });
    expect(await reasonOf(registration(ofLength(1_023)))).toBe('accepted');
    expect(await reasonOf(registration(ofLength(1_024)))).toBe('passkey_malformed');
  });
});

it('a self attestation is verified', async () => {
  expect(await reasonOf(registration({ selfAttested: {} }))).toBe('accepted');
});

it('a registration keeps what is known of the authenticator, and only known transports', async () => {
  const transports = ['usb', 'nfc', 'ble', 'smart-card', 'internal', 'hybrid', 'carrier-pigeon', 7];
  const { created } = await registration(inResponse({ transports }), { with: device({ synced: true }) });
  expect(created).toMatchObject({
    counter: 0,
    multiDevice: true,
    backedUp: true,
    transports: ['ble', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb'],
  });
  expect((await registration(inResponse({ transports: undefined }))).created.transports).toEqual([]);
});

describe('a sign-in is refused', () => {
  it.each<[string, Lies, string]>([
    ['of the wrong ceremony', inClient({ type: 'webauthn.create' }), 'passkey_ceremony'],
    [
      'with the handle of another user',
      { userHandle: base64url(utf8('somebody else')) },
      'passkey_user_handle',
    ],
    [
      'with a byte order mark before the handle',
      { userHandle: base64url(concat([0xef, 0xbb, 0xbf], utf8(USER))) },
      'passkey_user_handle',
    ],
    ['without a handle', { userHandle: undefined }, 'passkey_malformed'],
    ['from a passkey that can be copied now', { flags: FLAG.up | FLAG.uv | FLAG.be }, 'passkey_malformed'],
    ['with a signature of something else', { signed: (honest) => honest.slice(0, 37) }, 'passkey_signature'],
    [
      'with a signature that is not in DER',
      { signature: () => new Uint8Array(64).fill(7) },
      'passkey_malformed',
    ],
    ['with bytes after the data', { authData: (honest) => concat(honest, [0]) }, 'passkey_malformed'],
  ])('%s', async (_, lies, reason) => {
    expect(await reasonOf(signIn(lies))).toBe(reason);
  });

  it('with the passkey of another user', async () => {
    expect(await reasonOf(signIn({}, { stored: { userId: 'somebody else' } }))).toBe('passkey_user_handle');
  });
});

it.each(['ES256', 'RS256'] as const)('a sign-in with %s is accepted', async (kind) => {
  expect(await signIn({}, { options: { kind, counts: true } })).toMatchObject({
    userHandle: USER,
    counter: 2,
  });
});

describe('a challenge', () => {
  it('is of one purpose, one user and one secret', async () => {
    const challenge = await challenges.issue(REGISTRATION, NOW);
    const other = { ...REGISTRATION, userId: 'another' } as Purpose;
    expect(await challenges.read(challenge, REGISTRATION, NOW)).toMatchObject({ expiresAt: NOW + 300 });
    expect(await challenges.read(challenge, other, NOW)).toBe('forged');
    expect(
      await challenges.read(challenge, { ...REGISTRATION, for: 'reauthentication' } as Purpose, NOW),
    ).toBe('forged');
    expect(await signedChallenges('another secret').read(challenge, REGISTRATION, NOW)).toBe('forged');
  });

  it('of a sign-in is of no user', async () => {
    const challenge = await challenges.issue({ ...SIGN_IN, userId: USER } as Purpose, NOW);
    expect(await challenges.read(challenge, SIGN_IN, NOW)).toMatchObject({ expiresAt: NOW + 300 });
  });
});

/** COSE keys: kty 1, alg 3, then -1, -2, -3. */
const rsa = (n: Uint8Array, e: Uint8Array) => map([1, 3], [3, -257], [-1, n], [-2, e]);
const modulus = (length: number, first = 0xff) => concat([first], new Uint8Array(length - 1).fill(0xff));
const F4 = Uint8Array.of(1, 0, 1);
const p256 = async () => {
  const { publicKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ]);
  const raw = new Uint8Array(await crypto.subtle.exportKey('raw', publicKey));
  return map([1, 2], [3, -7], [-1, 1], [-2, raw.slice(1, 33)], [-3, raw.slice(33)]);
};
const changed = (key: Map<unknown, unknown>, ...entries: [unknown, unknown][]) =>
  new Map([...key, ...entries]);

describe('a public key', () => {
  it.each<[string, boolean, () => unknown]>([
    ['of P-256', true, p256],
    ['of P-256 with a short x', false, async () => changed(await p256(), [-2, new Uint8Array(31)])],
    ['of P-256 with a long y', false, async () => changed(await p256(), [-3, new Uint8Array(33)])],
    ['of P-256 with text for x', false, async () => changed(await p256(), [-2, 'x'.repeat(32)])],
    ['of P-256 that is not on the curve', false, async () => changed(await p256(), [-2, new Uint8Array(32)])],
    ['of P-256 for RSA', false, async () => changed(await p256(), [3, -257])],
    ['of RSA with 2,048 bits', true, () => rsa(modulus(256), F4)],
    ['of RSA with 2,040 bits', false, () => rsa(modulus(255), F4)],
    ['of RSA with 8,192 bits', true, () => rsa(modulus(1_024), F4)],
    ['of RSA with 8,200 bits', false, () => rsa(modulus(1_025), F4)],
    ['of RSA with a leading zero', false, () => rsa(modulus(257, 0), F4)],
    ['of RSA with the exponent 1', false, () => rsa(modulus(256), Uint8Array.of(1))],
    ['of RSA with the exponent 3', true, () => rsa(modulus(256), Uint8Array.of(3))],
    ['of RSA with a leading zero in the exponent', false, () => rsa(modulus(256), Uint8Array.of(0, 3))],
    ['of RSA with an exponent of five bytes', false, () => rsa(modulus(256), Uint8Array.of(1, 0, 0, 0, 1))],
    ['of RSA for ECDSA', false, () => changed(rsa(modulus(256), F4), [3, -7])],
    ['of RSA with another key type', false, () => changed(rsa(modulus(256), F4), [1, 4])],
    ['of RSA for PS256', false, () => changed(rsa(modulus(256), F4), [3, -37])],
    ['that is no map', false, () => [1, 2]],
    ['that is nothing', false, () => undefined],
  ])('%s can be used: %s', async (_, usable, make) => {
    expect(await isUsableKey(await make())).toBe(usable);
  });
});

it.each([
  [0, 0, true],
  [0, 1, true],
  [1, 2, true],
  [1, 1, false],
  [1, 0, false],
  [2, 1, false],
])('a counter that goes from %i to %i counts on: %s', (before, now, expected) => {
  expect(countsOn(before, now)).toBe(expected);
});
