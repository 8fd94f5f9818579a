/**
 * Checks JSON Web Keys (RFC 7517, RFC 7518 §6, RFC 8037) and imports them into Web Crypto. Problems are in English and
 * never contain any of the key.
 */
import { fromBase64Url, utf8 } from '../encoding.ts';
import { isId, members } from './claims.ts';
import { secretProblems } from './secret-strength.ts';

export type Alg = 'HS256' | 'ES256' | 'EdDSA' | 'RS256';

/** RFC 7518 §3.3. */
const MIN_RSA_BITS = 2048;
/** Length of a coordinate and of a private key: RFC 7518 §6.2 for P-256, RFC 8037 §2 for Ed25519. */
const CURVE_BYTES = 32;

/** A private RSA key needs its factors, which Web Crypto requires. */
const KINDS = {
  HS256: { kty: 'oct', crv: undefined, algorithm: { name: 'HMAC', hash: 'SHA-256' } },
  ES256: {
    kty: 'EC',
    crv: 'P-256',
    public: ['x', 'y'],
    private: ['d'],
    algorithm: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  },
  EdDSA: {
    kty: 'OKP',
    crv: 'Ed25519',
    public: ['x'],
    private: ['d'],
    algorithm: { name: 'Ed25519' },
  },
  RS256: {
    kty: 'RSA',
    crv: undefined,
    public: ['n', 'e'],
    private: ['d', 'p', 'q', 'dp', 'dq', 'qi'],
    algorithm: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  },
} as const satisfies Record<Alg, object>;

export interface Candidate {
  /** Null if it could not be read. */
  kid: string | undefined | null;
  problems: string[];
  loaded?: Loaded;
}

export interface Loaded {
  kid: string | undefined;
  alg: Alg;
  verifying: CryptoKey;
  signing: CryptoKey | undefined;
  /** The public half; undefined for a shared secret. */
  jwk: JsonWebKey | undefined;
}

export async function importSecret(
  bytes: Uint8Array,
  kid: string | undefined,
  signs: boolean,
): Promise<Loaded> {
  const usages: ('sign' | 'verify')[] = signs ? ['sign', 'verify'] : ['verify'];
  const key = await crypto.subtle.importKey(
    'raw',
    bytes as Uint8Array<ArrayBuffer>,
    KINDS.HS256.algorithm,
    false,
    usages,
  );
  return { kid, alg: 'HS256', verifying: key, signing: signs ? key : undefined, jwk: undefined };
}

/** RFC 7517 §4.3. A private key among the verifying keys counts as its public half. */
function operationsAllow(operations: unknown, alg: Alg, signs: boolean, isPrivate: boolean): boolean {
  if (!Array.isArray(operations)) return false;
  const [sign, verify] = [operations.includes('sign'), operations.includes('verify')];
  if (alg === 'HS256') return verify && (sign || !signs);
  return signs ? sign : verify || (sign && isPrivate);
}

/** The bit length of a number (RFC 7518 §2, Base64urlUInt); 0 if it has leading zeros, which are not allowed. */
function bitLength(bytes: Uint8Array): number {
  const first = bytes[0] ?? 0;
  return first === 0 ? 0 : bytes.length * 8 - (Math.clz32(first) - 24);
}

function memberProblem(jwk: ReadonlyMap<string, unknown>, name: string): string | undefined {
  const bytes = fromBase64Url(jwk.get(name)) ?? new Uint8Array();
  let fits = bitLength(bytes) > 0;
  let wanted = 'a number without leading zeros';
  if (jwk.get('kty') !== 'RSA') {
    fits = bytes.length === CURVE_BYTES;
    wanted = `${CURVE_BYTES} bytes`;
  } else if (name === 'n') {
    fits = bitLength(bytes) >= MIN_RSA_BITS;
    wanted = `${MIN_RSA_BITS} bits or more`;
  } else if (name === 'e') {
    // FIPS 186-5 §A.1.1. With an exponent of 1 anybody can sign.
    fits = bitLength(bytes) > 16 && (bytes.at(-1) ?? 0) % 2 === 1;
    wanted = 'an odd number of 65537 or more';
  }
  return fits ? undefined : `${name} has to be base64url of ${wanted}`;
}

export async function loadJwk(value: unknown, signs: boolean): Promise<Candidate> {
  const jwk = members(value);
  if (jwk === undefined) return { kid: null, problems: ['is not a JSON object'] };
  const problems: string[] = [];

  const givenKid = jwk.get('kid');
  const kid = !jwk.has('kid') ? undefined : isId(givenKid) ? givenKid : null;
  if (kid === null) problems.push('kid has to be a string of 1 to 255 bytes');
  if (jwk.has('use') && jwk.get('use') !== 'sig') problems.push('use has to be "sig"');

  const alg = (Object.keys(KINDS) as Alg[]).find(
    (name) => KINDS[name].kty === jwk.get('kty') && KINDS[name].crv === jwk.get('crv'),
  );
  if (alg === undefined) {
    problems.push('kty has to be oct, EC with crv P-256, OKP with crv Ed25519, or RSA');
    return { kid, problems };
  }
  // RFC 9864 gives the algorithm a second name, Ed25519, which Web Crypto uses when it exports a key.
  const algNames: unknown[] = alg === 'EdDSA' ? [alg, 'Ed25519'] : [alg];
  if (jwk.has('alg') && !algNames.includes(jwk.get('alg'))) {
    problems.push(`alg has to be ${alg} for a key of this kind`);
  }
  if (jwk.has('key_ops') && !operationsAllow(jwk.get('key_ops'), alg, signs, jwk.has('d'))) {
    problems.push(`key_ops does not allow the key to ${signs ? 'sign' : 'verify'}`);
  }

  const secret = fromBase64Url(jwk.get('k'));
  if (alg !== 'HS256') {
    const names: string[] = [...KINDS[alg].public];
    if (signs && jwk.has('d')) names.push(...KINDS[alg].private);
    else if (signs) problems.push('is a public key; signing needs the private one');
    problems.push(
      ...names.map((name) => memberProblem(jwk, name)).filter((problem) => problem !== undefined),
    );
  } else if (secret === undefined) {
    problems.push('k has to be base64url');
  } else {
    const text = Array.from(secret, (byte) => String.fromCharCode(byte)).join('');
    problems.push(...secretProblems(secret, text).map((problem) => `k ${problem}`));
  }
  if (kid === null || problems.length > 0) return { kid, problems };

  try {
    const loaded =
      alg === 'HS256'
        ? await importSecret(secret ?? new Uint8Array(), kid, signs)
        : await importPair(jwk, alg, kid, signs);
    return { kid, problems, loaded };
  } catch {
    return { kid, problems: ['is refused by Web Crypto, or its halves do not belong together'] };
  }
}

/** Imports the public half, and the private one if it signs. Throws if Web Crypto does, or if the halves do not match. */
async function importPair(
  jwk: ReadonlyMap<string, unknown>,
  alg: Exclude<Alg, 'HS256'>,
  kid: string | undefined,
  signs: boolean,
): Promise<Loaded> {
  const { algorithm, kty, crv, public: publicNames, private: privateNames } = KINDS[alg];
  const pick = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, jwk.get(name)]));
  const publicJwk: JsonWebKey = { kty, ...(crv && { crv }), ...pick(publicNames) };
  const verifying = await crypto.subtle.importKey('jwk', publicJwk, algorithm, false, ['verify']);
  let signing: CryptoKey | undefined;
  if (signs) {
    const privateJwk = { ...publicJwk, ...pick(privateNames) };
    signing = await crypto.subtle.importKey('jwk', privateJwk, algorithm, false, ['sign']);
    if (!(await isPair(signing, verifying, alg))) throw new TypeError('the halves do not belong together');
  }
  const shown = { ...publicJwk, ...(kid && { kid }), alg, use: 'sig' };
  return { kid, alg, verifying, signing, jwk: shown };
}

/** Whether the two keys are halves of one pair, by signing and verifying. */
async function isPair(signing: CryptoKey, verifying: CryptoKey, alg: Alg): Promise<boolean> {
  const { algorithm } = KINDS[alg];
  const trial = utf8('trial');
  return crypto.subtle.verify(
    algorithm,
    verifying,
    await crypto.subtle.sign(algorithm, signing, trial),
    trial,
  );
}

/** The signing key may be in VERIFYING_KEYS too, so that keys can be rotated one secret at a time. */
export async function isSameKey(signs: Loaded | undefined, other: Loaded | undefined): Promise<boolean> {
  if (!signs?.signing || other?.alg !== signs.alg || other.kid !== signs.kid) return false;
  return isPair(signs.signing, other.verifying, signs.alg);
}
