/**
 * An authenticator and a browser in one, for tests: creates passkeys and uses them according to WebAuthn, or forges values. A
 * test passes a function that changes the correct value.
 */

export interface CreationOptions {
  rp: { id: string };
  user: { id: string };
  challenge: string;
}
export interface RequestOptions {
  challenge: string;
  rpId: string;
}
// biome-ignore lint/suspicious/noExplicitAny: what is sent is under test, whatever it is
type Anything = any;

/** Changes to what an honest browser and authenticator would send. */
export interface Lies {
  clientData?: (honest: Record<string, Anything>) => unknown;
  /** The bytes in place of the JSON of the client data. */
  clientBytes?: (honest: Uint8Array) => Uint8Array;
  flags?: number;
  counter?: number;
  rpId?: string;
  authData?: (honest: Uint8Array) => Uint8Array;
  credentialId?: (honest: Uint8Array) => Uint8Array;
  key?: (honest: Map<unknown, unknown>) => unknown;
  attestation?: (honest: Map<unknown, unknown>) => unknown;
  /** No lie: attested by the new key itself. */
  selfAttested?: { alg?: number };
  /** The whole attestation object. */
  attestationBytes?: (honest: Uint8Array) => Uint8Array;
  signature?: (honest: Uint8Array) => Uint8Array;
  /** What of it is signed. */
  signed?: (honest: Uint8Array) => Uint8Array;
  userHandle?: unknown;
  credential?: (honest: Anything) => unknown;
}

/** Client data with other members. */
export const inClient = (change: object): Lies => ({ clientData: (honest) => ({ ...honest, ...change }) });

/** A credential whose `response` has other members. */
export const inResponse = (change: object): Lies => ({
  credential: (honest) => ({ ...honest, response: { ...honest.response, ...change } }),
});

/** An attestation object with other entries. */
export const attestation = (change: [string, unknown][]): Lies => ({
  attestation: (honest) => new Map<unknown, unknown>([...honest, ...change]),
});

export const FLAG = { up: 0x01, uv: 0x04, be: 0x08, bs: 0x10, at: 0x40, ed: 0x80 } as const;
const HONEST = FLAG.up | FLAG.uv;

const utf8 = (text: string) => new TextEncoder().encode(text);
export const concat = (...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]));
export const base64url = (bytes: Uint8Array): string => {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
};
export const fromBase64url = (text: string): Uint8Array =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
const sha256 = async (bytes: Uint8Array) =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));

const uint = (value: number, length: number) =>
  Array.from({ length }, (_, i) => Math.floor(value / 2 ** (8 * (length - 1 - i))) % 256);

function head(major: number, value: number): number[] {
  if (value < 24) return [(major << 5) | value];
  const [info, length] = value < 256 ? [24, 1] : value < 65_536 ? [25, 2] : [26, 4];
  return [(major << 5) | info, ...uint(value, length)];
}

/** CBOR of what credentials are made of (RFC 8949). */
export function cbor(value: unknown): Uint8Array {
  if (typeof value === 'number') {
    return Uint8Array.from(value >= 0 ? head(0, value) : head(1, -1 - value));
  }
  if (typeof value === 'string') return concat(head(3, utf8(value).length), utf8(value));
  if (value instanceof Uint8Array) return concat(head(2, value.length), value);
  if (value instanceof Map) {
    return concat(head(5, value.size), ...[...value].flatMap(([key, item]) => [cbor(key), cbor(item)]));
  }
  if (Array.isArray(value)) return concat(head(4, value.length), ...value.map(cbor));
  if (typeof value === 'boolean') return Uint8Array.of(value ? 0xf5 : 0xf4);
  return Uint8Array.of(0xf6);
}

/** r and s as the ASN.1 integers that authenticators send. */
function asDer(raw: Uint8Array): Uint8Array {
  const integer = (bytes: Uint8Array) => {
    let from = 0;
    while (from < bytes.length - 1 && bytes[from] === 0) from += 1;
    const digits = [...bytes.slice(from)];
    const padded = (digits[0] as number) & 0x80 ? [0, ...digits] : digits;
    return [0x02, padded.length, ...padded];
  };
  const body = [...integer(raw.slice(0, 32)), ...integer(raw.slice(32))];
  return Uint8Array.from([0x30, body.length, ...body]);
}

type Kind = 'ES256' | 'RS256';
const KINDS = {
  ES256: {
    generate: { name: 'ECDSA', namedCurve: 'P-256' },
    sign: { name: 'ECDSA', hash: 'SHA-256' },
    cose: (jwk: JsonWebKey) =>
      new Map<unknown, unknown>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, fromBase64url(jwk.x as string)],
        [-3, fromBase64url(jwk.y as string)],
      ]),
    wrap: asDer,
  },
  RS256: {
    generate: {
      name: 'RSASSA-PKCS1-v1_5',
      modulusLength: 2_048,
      publicExponent: Uint8Array.of(1, 0, 1),
      hash: 'SHA-256',
    },
    sign: { name: 'RSASSA-PKCS1-v1_5' },
    cose: (jwk: JsonWebKey) =>
      new Map<unknown, unknown>([
        [1, 3],
        [3, -257],
        [-1, fromBase64url(jwk.n as string)],
        [-2, fromBase64url(jwk.e as string)],
      ]),
    wrap: (raw: Uint8Array) => raw,
  },
} as const;

interface Made {
  id: Uint8Array;
  userHandle: string;
  kind: Kind;
  keys: CryptoKeyPair;
  flags: number;
}

/**
 * One authenticator with at most one passkey. `counts`: it raises its signature counter. `synced`: the passkey is a copy
 * of one in an account of its provider.
 */
export function authenticator({
  origin = 'http://localhost',
  kind = 'ES256' as Kind,
  counts = false,
  synced = false,
}: {
  origin?: string;
  kind?: Kind;
  counts?: boolean;
  synced?: boolean;
} = {}) {
  let made: Made | undefined;
  let counter = 0;
  const flags = HONEST | (synced ? FLAG.be | FLAG.bs : 0);

  const clientBytes = (type: string, challenge: string, lies: Lies) => {
    const honest = { type, challenge, origin, crossOrigin: false };
    const bytes = utf8(JSON.stringify(lies.clientData ? lies.clientData(honest) : honest));
    return lies.clientBytes ? lies.clientBytes(bytes) : bytes;
  };
  const header = async (rpId: string, more: number, lies: Lies) =>
    concat(
      await sha256(utf8(lies.rpId ?? rpId)),
      [lies.flags ?? flags | more],
      uint(lies.counter ?? counter, 4),
    );
  const sign = async (bytes: Uint8Array) => {
    const { kind, keys } = made as Made;
    const { sign, wrap } = KINDS[kind];
    return wrap(
      new Uint8Array(await crypto.subtle.sign(sign, keys.privateKey, bytes as Uint8Array<ArrayBuffer>)),
    );
  };

  return {
    /** `navigator.credentials.create(…).toJSON()`. */
    create: async (options: CreationOptions, lies: Lies = {}): Promise<Anything> => {
      const keys = (await crypto.subtle.generateKey(KINDS[kind].generate as never, true, [
        'sign',
        'verify',
      ])) as CryptoKeyPair;
      const honestId = crypto.getRandomValues(new Uint8Array(16));
      const id = lies.credentialId ? lies.credentialId(honestId) : honestId;
      made = { id, userHandle: options.user.id, kind, keys, flags };
      if (counts) counter += 1;
      const client = clientBytes('webauthn.create', options.challenge, lies);
      const jwk = (await crypto.subtle.exportKey('jwk', keys.publicKey)) as JsonWebKey;
      const honestKey = KINDS[kind].cose(jwk);
      const key = lies.key ? lies.key(honestKey) : honestKey;
      const honestData = concat(
        await header(options.rp.id, FLAG.at, lies),
        new Uint8Array(16),
        uint(id.length, 2),
        id,
        cbor(key),
      );
      const authData = lies.authData ? lies.authData(honestData) : honestData;
      const statement = lies.selfAttested
        ? new Map<unknown, unknown>([
            ['alg', lies.selfAttested.alg ?? -7],
            ['sig', await sign(concat(authData, await sha256(client)))],
          ])
        : new Map();
      const honest = new Map<unknown, unknown>([
        ['fmt', lies.selfAttested ? 'packed' : 'none'],
        ['attStmt', statement],
        ['authData', authData],
      ]);
      const object = cbor(lies.attestation ? lies.attestation(honest) : honest);
      const credential = {
        id: base64url(id),
        rawId: base64url(id),
        type: 'public-key',
        authenticatorAttachment: 'platform',
        response: {
          clientDataJSON: base64url(client),
          attestationObject: base64url(lies.attestationBytes ? lies.attestationBytes(object) : object),
          transports: ['internal', 'hybrid'],
        },
        clientExtensionResults: { credProps: { rk: true } },
      };
      return lies.credential ? lies.credential(credential) : credential;
    },

    /** `navigator.credentials.get(…).toJSON()`. */
    get: async (options: RequestOptions, lies: Lies = {}): Promise<Anything> => {
      if (!made) throw new TypeError('there is no passkey');
      if (counts) counter += 1;
      const client = clientBytes('webauthn.get', options.challenge, lies);
      const honestData = await header(options.rpId, 0, lies);
      const authData = lies.authData ? lies.authData(honestData) : honestData;
      const honestSigned = concat(authData, await sha256(client));
      const signature = await sign(lies.signed ? lies.signed(honestSigned) : honestSigned);
      const id = base64url(made.id);
      const credential = {
        id,
        rawId: id,
        type: 'public-key',
        authenticatorAttachment: 'platform',
        response: {
          clientDataJSON: base64url(client),
          authenticatorData: base64url(authData),
          signature: base64url(lies.signature ? lies.signature(signature) : signature),
          userHandle: 'userHandle' in lies ? lies.userHandle : made.userHandle,
        },
        clientExtensionResults: {},
      };
      return lies.credential ? lies.credential(credential) : credential;
    },

    /** As a copy of the device counts that was made then. */
    countFrom: (to: number) => {
      counter = to;
    },
    get bytesOfId() {
      return (made as Made).id;
    },
    get credentialId() {
      return base64url((made as Made).id);
    },
  };
}
