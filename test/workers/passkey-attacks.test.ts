/** Credentials that are not what they say: at a registration 400, at a sign-in 401, and never a session or a passkey. */
import { describe, expect, it } from 'vitest';
import {
  attestation,
  authenticator,
  base64url,
  concat,
  FLAG,
  fromBase64url,
  inClient,
  inResponse,
  type Lies,
} from '../support/authenticator.ts';
import { capturedLog } from '../support/log.ts';
import { finish, waitingFor } from '../support/second-step.ts';
import { ENCRYPTION_KEY, enrol } from '../support/totp.ts';
import { type Answer, codeOf, faultsOf, type World, world } from '../support/world.ts';

capturedLog();

const UP_UV_AT = FLAG.up | FLAG.uv | FLAG.at;
const flipped = (bytes: Uint8Array, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
const utf8 = (text: string) => new TextEncoder().encode(text);

/** What a page, a browser or an authenticator may get wrong, wherever it is used. */
const EVERYWHERE: [string, Lies][] = [
  ['another origin', inClient({ origin: 'https://evil.example' })],
  ['an origin that begins like ours', inClient({ origin: 'http://localhost.evil.example' })],
  ['an origin that ends like ours', inClient({ origin: 'http://evil-localhost' })],
  ['an origin in capitals', inClient({ origin: 'HTTP://LOCALHOST' })],
  ['an origin with a slash', inClient({ origin: 'http://localhost/' })],
  ['an origin of another scheme', inClient({ origin: 'ftp://localhost' })],
  ['no origin', inClient({ origin: undefined })],
  ['the origin null', inClient({ origin: null })],
  ['the origin as text "null"', inClient({ origin: 'null' })],
  ['a list of origins', inClient({ origin: ['http://localhost'] })],
  ['a cross-origin frame', inClient({ crossOrigin: true })],
  ['crossOrigin as text', inClient({ crossOrigin: 'false' })],
  ['a cross-origin frame with its top', inClient({ crossOrigin: true, topOrigin: 'http://localhost' })],
  ['a top origin alone', inClient({ topOrigin: 'https://evil.example' })],
  ['another type', inClient({ type: 'payment.get' })],
  ['no type', inClient({ type: undefined })],
  ['a list of types', inClient({ type: ['webauthn.create', 'webauthn.get'] })],
  ['no challenge', inClient({ challenge: undefined })],
  ['the challenge null', inClient({ challenge: null })],
  ['an empty challenge', inClient({ challenge: '' })],
  ['a challenge of our own making', inClient({ challenge: base64url(new Uint8Array(68)) })],
  ['a short challenge', inClient({ challenge: 'AAAA' })],
  [
    'a challenge with padding',
    { clientData: (honest) => ({ ...honest, challenge: `${honest.challenge}=` }) },
  ],
  ['a challenge as a number', inClient({ challenge: 5 })],
  ['a challenge as a list', { clientData: (honest) => ({ ...honest, challenge: [honest.challenge] }) }],
  [
    'a challenge whose end is put off',
    {
      clientData: (honest) => ({
        ...honest,
        challenge: base64url(concat([0xff], fromBase64url(honest.challenge).slice(1))),
      }),
    },
  ],
  [
    'a challenge that differs in one bit',
    {
      clientData: (honest) => ({
        ...honest,
        challenge: base64url(flipped(fromBase64url(honest.challenge), 40)),
      }),
    },
  ],
  ['client data that is no JSON', { clientBytes: () => utf8('{') }],
  ['client data that is null', { clientBytes: () => utf8('null') }],
  ['client data that is a list', { clientBytes: () => utf8('[]') }],
  ['client data that is text', { clientBytes: () => utf8('"webauthn.get"') }],
  ['client data that is no UTF-8', { clientBytes: () => Uint8Array.of(0xff, 0xfe) }],
  ['no client data', { clientBytes: () => new Uint8Array() }],
  ['another RP ID', { rpId: 'evil.example' }],
  ['a subdomain as RP ID', { rpId: 'app.localhost' }],
  ['the origin as RP ID', { rpId: 'http://localhost' }],
  ['an empty RP ID', { rpId: '' }],
  ['a type that is no public key', { credential: (honest) => ({ ...honest, type: 'password' }) }],
  ['no type of credential', { credential: ({ type: _, ...rest }) => rest }],
  ['another rawId', { credential: (honest) => ({ ...honest, rawId: 'AAAA' }) }],
  ['no rawId', { credential: ({ rawId: _, ...rest }) => rest }],
  ['no id', { credential: ({ id: _, ...rest }) => rest }],
  ['an empty id', { credential: (honest) => ({ ...honest, id: '', rawId: '' }) }],
  ['a number as id', { credential: (honest) => ({ ...honest, id: 5, rawId: 5 }) }],
  ['a list as id', { credential: (honest) => ({ ...honest, id: [honest.id], rawId: [honest.id] }) }],
  [
    'an id with padding',
    { credential: (honest) => ({ ...honest, id: `${honest.id}=`, rawId: `${honest.id}=` }) },
  ],
  ['an id in base64', { credential: (honest) => ({ ...honest, id: 'ab+/', rawId: 'ab+/' }) }],
  [
    'an id of 1,024 bytes',
    { credential: (honest) => ({ ...honest, id: 'A'.repeat(1_366), rawId: 'A'.repeat(1_366) }) },
  ],
  [
    'another id than the authenticator’s',
    { credential: (honest) => ({ ...honest, id: 'AAAA', rawId: 'AAAA' }) },
  ],
  ['no response', { credential: ({ response: _, ...rest }) => rest }],
  ['the response null', { credential: (honest) => ({ ...honest, response: null }) }],
  ['the response as text', { credential: (honest) => ({ ...honest, response: 'x' }) }],
  ['the response as a list', { credential: (honest) => ({ ...honest, response: [honest.response] }) }],
  ['client data as an object', inResponse({ clientDataJSON: {} })],
  ['client data as a number', inResponse({ clientDataJSON: 7 })],
  ['client data in another alphabet', inResponse({ clientDataJSON: '+/==' })],
  ['client data left out', inResponse({ clientDataJSON: undefined })],
  ['nothing in it', { credential: () => ({}) }],
  ['a prototype in place of an id', { credential: () => JSON.parse('{"__proto__": {"id": "AAAA"}}') }],
];

const IN_FLAGS = [
  ['nobody present', FLAG.uv],
  ['nobody verified', FLAG.up],
  ['no flags', 0],
  ['a backup of what cannot be backed up', FLAG.up | FLAG.uv | FLAG.bs],
  ['extensions that are not there', FLAG.up | FLAG.uv | FLAG.ed],
] as const;

const key = (change: [number, unknown][]): Lies => ({
  key: (honest) => new Map<unknown, unknown>([...honest, ...change]),
});
const REGISTRATION: [string, Lies][] = [
  ...EVERYWHERE,
  ...IN_FLAGS.map(([name, flags]): [string, Lies] => [name, { flags: flags | FLAG.at }]),
  ['no attested credential', { flags: FLAG.up | FLAG.uv }],
  ['the client data of a sign-in', inClient({ type: 'webauthn.get' })],
  [
    'EdDSA, which was not offered',
    key([
      [1, 1],
      [3, -8],
      [-1, 6],
    ]),
  ],
  ['ES384, which was not offered', key([[3, -35]])],
  [
    'RS1',
    key([
      [1, 3],
      [3, -65_535],
    ]),
  ],
  ['an algorithm as text', key([[3, 'ES256']])],
  ['no algorithm', { key: (honest) => new Map([...honest].filter(([name]) => name !== 3)) }],
  ['an RSA algorithm for an EC key', key([[3, -257]])],
  ['an EC algorithm for an RSA key type', key([[1, 3]])],
  ['another curve', key([[-1, 2]])],
  ['a point that is not on the curve', key([[-2, new Uint8Array(32)]])],
  ['a short coordinate', key([[-2, new Uint8Array(31)]])],
  ['a coordinate as text', key([[-3, 'y']])],
  ['no coordinate', { key: (honest) => new Map([...honest].filter(([name]) => name !== -3)) }],
  [
    'a weak RSA key',
    {
      key: () =>
        new Map<unknown, unknown>([
          [1, 3],
          [3, -257],
          [-1, new Uint8Array(64).fill(255)],
          [-2, Uint8Array.of(1, 0, 1)],
        ]),
    },
  ],
  [
    'an RSA exponent of 1',
    {
      key: () =>
        new Map<unknown, unknown>([
          [1, 3],
          [3, -257],
          [-1, new Uint8Array(256).fill(255)],
          [-2, Uint8Array.of(1)],
        ]),
    },
  ],
  ['a list in place of a key', { key: () => [1, 2, 3] }],
  ['text in place of a key', { key: () => 'key' }],
  ['a number in place of a key', { key: () => 7 }],
  ['an empty key', { key: () => new Map() }],
  ['bytes after the key', { authData: (honest) => concat(honest, [0]) }],
  ['half of the authenticator’s data', { authData: (honest) => honest.slice(0, 60) }],
  ['36 bytes of it', { authData: (honest) => honest.slice(0, 36) }],
  ['none of it', { authData: () => new Uint8Array() }],
  [
    'a credential id that is longer than what follows',
    { authData: (honest) => honest.map((b, i) => (i === 53 ? 0xff : b)) },
  ],
  ['an unknown format', attestation([['fmt', 'made-up']])],
  [
    'an attestation by certificates',
    attestation([
      ['fmt', 'packed'],
      [
        'attStmt',
        new Map<unknown, unknown>([
          ['alg', -7],
          ['sig', new Uint8Array(70)],
          ['x5c', [new Uint8Array(10)]],
        ]),
      ],
    ]),
  ],
  ['an attestation of a TPM', attestation([['fmt', 'tpm']])],
  ['an attestation of Android', attestation([['fmt', 'android-key']])],
  ['an attestation of Apple', attestation([['fmt', 'apple']])],
  ['an attestation of U2F', attestation([['fmt', 'fido-u2f']])],
  ['a format as a number', attestation([['fmt', 1]])],
  ['a statement without a format', attestation([['attStmt', new Map([['alg', -7]])]])],
  ['a statement as text', attestation([['attStmt', 'x']])],
  ['data as text', attestation([['authData', 'x']])],
  ['no data', { attestation: (honest) => new Map([...honest].filter(([name]) => name !== 'authData')) }],
  ['a self attestation of another algorithm', { selfAttested: { alg: -257 } }],
  [
    'a self attestation whose signature is none',
    {
      selfAttested: {},
      attestation: (honest) =>
        new Map<unknown, unknown>([
          ...honest,
          [
            'attStmt',
            new Map<unknown, unknown>([
              ['alg', -7],
              ['sig', new Uint8Array(70)],
            ]),
          ],
        ]),
    },
  ],
  ['a list in place of an attestation', { attestation: () => [1] }],
  ['a number in place of it', { attestation: () => 1 }],
  ['an empty map', { attestation: () => new Map() }],
  ['no bytes', { attestationBytes: () => new Uint8Array() }],
  ['garbage', { attestationBytes: () => Uint8Array.from({ length: 64 }, (_, i) => (i * 37) % 256) }],
  ['half an attestation', { attestationBytes: (honest) => honest.slice(0, honest.length / 2) }],
  ['a map that says it is endless', { attestationBytes: () => Uint8Array.of(0xbf, 0x61, 0x61) }],
  ['a map of 2³² entries', { attestationBytes: () => Uint8Array.of(0xba, 0xff, 0xff, 0xff, 0xff) }],
  ['bytes of 2³² bytes', { attestationBytes: () => Uint8Array.of(0x5a, 0xff, 0xff, 0xff, 0xff) }],
  ['lists in lists, 8,000 deep', { attestationBytes: () => new Uint8Array(8_000).fill(0x81) }],
  ['a reserved head', { attestationBytes: () => Uint8Array.of(0x1c) }],
  ['an attestation as a number', inResponse({ attestationObject: 5 })],
  ['an attestation left out', inResponse({ attestationObject: undefined })],
];

const SIGN_IN: [string, Lies][] = [
  ...EVERYWHERE,
  ...IN_FLAGS.map(([name, flags]): [string, Lies] => [name, { flags }]),
  ['a passkey that can be copied now', { flags: FLAG.up | FLAG.uv | FLAG.be }],
  ['attested data that is not there', { flags: UP_UV_AT }],
  ['the client data of a registration', inClient({ type: 'webauthn.create' })],
  ['a signature of nothing', { signature: () => new Uint8Array() }],
  ['a signature of zeros', { signature: () => new Uint8Array(70) }],
  ['a signature that differs in one bit', { signature: (honest) => flipped(honest, honest.length - 1) }],
  ['half a signature', { signature: (honest) => honest.slice(0, 30) }],
  ['a signature of r = s = 0', { signature: () => Uint8Array.of(0x30, 6, 2, 1, 0, 2, 1, 0) }],
  ['a signature that is not in DER', { signature: () => new Uint8Array(64).fill(7) }],
  ['a signature over other data', { signed: (honest) => flipped(honest, 33) }],
  ['a signature over the data alone', { signed: (honest) => honest.slice(0, 37) }],
  ['bytes after the authenticator’s data', { authData: (honest) => concat(honest, [0]) }],
  ['36 bytes of it', { authData: (honest) => honest.slice(0, 36) }],
  ['none of it', { authData: () => new Uint8Array() }],
  ['no user handle', { userHandle: undefined }],
  ['the user handle null', { userHandle: null }],
  ['an empty user handle', { userHandle: '' }],
  ['another user handle', { userHandle: base64url(utf8('0191f7a2-0000-7000-8000-000000000000')) }],
  ['a user handle as a number', { userHandle: 5 }],
  ['a user handle as a list', { userHandle: [] }],
  ['data as a number', inResponse({ authenticatorData: 1 })],
  ['data left out', inResponse({ authenticatorData: undefined })],
  ['a signature as an object', inResponse({ signature: {} })],
  ['a signature left out', inResponse({ signature: undefined })],
];

const options = async (w: World, access: string) =>
  (await w.post('/account/passkeys/options', {}, { token: access })).body;
const signInOptions = async (w: World) => (await w.post('/account/login/passkey/options', {})).body;
const add = (w: World, token: string, credential: unknown) =>
  w.post('/account/passkeys', { credential }, { token });
const signIn = (w: World, credential: unknown) => w.post('/account/login/passkey', { credential });

const expectRefused = (answer: Answer, at: 'registration' | 'sign-in') => {
  if (at === 'sign-in') expect([answer.status, codeOf(answer)]).toEqual([401, 'passkey_not_valid']);
  else expect([answer.status, faultsOf(answer)]).toEqual([400, { credential: ['passkey_not_valid'] }]);
};

describe('a registration refuses', () => {
  it.each(REGISTRATION)('%s', async (_, lies) => {
    const w = world();
    const { access, user } = await w.signUp();
    const credential = await authenticator().create(await options(w, access), lies);
    expectRefused(await add(w, access, credential), 'registration');
    expect(await w.rows('SELECT id FROM passkeys WHERE user_id = ?', user.id)).toEqual([]);
  });
});

/** Somebody with a passkey. */
async function enrolled(w: World) {
  const who = await w.signUp();
  const device = authenticator();
  expect((await add(w, who.access, await device.create(await options(w, who.access)))).status).toBe(201);
  return { ...who, device };
}

describe('a sign-in refuses', () => {
  it.each(SIGN_IN)('%s', async (_, lies) => {
    const w = world();
    const { device, user } = await enrolled(w);
    expectRefused(await signIn(w, await device.get(await signInOptions(w), lies)), 'sign-in');
    expect(await w.rows('SELECT id FROM sessions WHERE user_id = ?', user.id)).toHaveLength(1);
  });
});

describe('a challenge', () => {
  it('is valid for 5 minutes', async () => {
    const w = world();
    const { device } = await enrolled(w);
    const [early, late] = [await signInOptions(w), await signInOptions(w)];
    w.clock.advance(299);
    expect((await signIn(w, await device.get(early))).status).toBe(200);
    w.clock.advance(1);
    expectRefused(await signIn(w, await device.get(late)), 'sign-in');
  });

  it('works once, also after a change of the password', async () => {
    const w = world();
    const { device, access, password } = await enrolled(w);
    const credential = await device.get(await signInOptions(w));
    expect((await signIn(w, credential)).status).toBe(200);
    const change = { current_password: password, new_password: 'staple battery horse' };
    expect((await w.post('/account/password/change', change, { token: access })).status).toBe(204);
    expectRefused(await signIn(w, credential), 'sign-in');
  });

  it('of a registration does not work for a sign-in, nor the other way round', async () => {
    const w = world();
    const { device, access } = await enrolled(w);
    const { challenge } = await options(w, access);
    expectRefused(await signIn(w, await device.get({ challenge, rpId: 'localhost' })), 'sign-in');
    const asked = { ...(await options(w, access)), challenge: (await signInOptions(w)).challenge };
    expectRefused(await add(w, access, await authenticator().create(asked)), 'registration');
  });

  it('of a registration works only for its user', async () => {
    const w = world();
    const [one, other] = [await w.signUp(), await w.signUp()];
    const credential = await authenticator().create(await options(w, one.access));
    expectRefused(await add(w, other.access, credential), 'registration');
    expect((await add(w, one.access, credential)).status).toBe(201);
  });

  it('of another SIGNING_KEY is refused', async () => {
    const w = world();
    const { device } = await enrolled(w);
    const elsewhere = world({ vars: { SIGNING_KEY: 'another-signing-key-0123456789-abcdefghijklm' } });
    expectRefused(await signIn(w, await device.get(await signInOptions(elsewhere))), 'sign-in');
  });
});

/** Wherever a challenge is used: its options, what is made of them, and where that is sent. */
interface Use {
  ready?: (w: World, who: Who) => Promise<unknown>;
  ask: (w: World, who: Who) => Promise<Answer['body']>;
  make?: (asked: Answer['body'], lies?: Lies) => Promise<unknown>;
  send: (w: World, who: Who, credential: unknown) => Promise<Answer>;
  at?: 'registration';
}
type Who = Awaited<ReturnType<typeof enrolled>>;
const USES: [string, Use][] = [
  [
    'a registration',
    {
      ask: (w, { access }) => options(w, access),
      make: (asked, lies) => authenticator().create(asked, lies),
      send: (w, { access }, credential) => add(w, access, credential),
      at: 'registration',
    },
  ],
  ['a sign-in', { ask: signInOptions, send: (w, _, credential) => signIn(w, credential) }],
  [
    'a reauthentication',
    {
      ask: async (w, { access }) =>
        (await w.post('/account/reauthenticate/options', {}, { token: access })).body,
      send: (w, { access }, passkey) => w.post('/account/reauthenticate', { passkey }, { token: access }),
    },
  ],
  [
    'a second factor',
    {
      ready: (w, { access }) => enrol(w, access),
      ask: signInOptions,
      send: async (w, who, passkey) => finish(w, await waitingFor(w, who), { passkey: passkey as object }),
    },
  ],
];
describe.each(USES)('a challenge of %s', (_, { ready, ask, make, send, at }) => {
  const FORGED: Lies = {
    clientData: (honest) => ({
      ...honest,
      challenge: base64url(flipped(fromBase64url(honest.challenge), 67)),
    }),
  };
  it.each(['expired', 'used before', 'forged'])('that is %s is refused', async (fault) => {
    const w = world({ vars: { ENCRYPTION_KEY } });
    const who = await enrolled(w);
    await ready?.(w, who);
    const asked = await ask(w, who);
    const made = make ?? who.device.get;
    const [first, second] = [await made(asked), await made(asked, fault === 'forged' ? FORGED : {})];
    if (fault === 'expired') w.clock.advance(300);
    if (fault === 'used before') expect((await send(w, who, first)).status).toBeLessThan(300);
    expectRefused(await send(w, who, second), at ?? 'sign-in');
    // Only the fault was wrong.
    expect((await send(w, who, await made(await ask(w, who)))).status).toBeLessThan(300);
  });
});

it('an unknown credential is refused like any other', async () => {
  const w = world();
  const device = authenticator();
  const { access } = await w.signUp();
  await device.create(await options(w, access));
  expectRefused(await signIn(w, await device.get(await signInOptions(w))), 'sign-in');
});

it('a passkey of one user with the handle of another is refused', async () => {
  const w = world();
  const [one, other] = [await enrolled(w), await enrolled(w)];
  const userHandle = base64url(utf8(other.user.id));
  expectRefused(await signIn(w, await one.device.get(await signInOptions(w), { userHandle })), 'sign-in');
});
