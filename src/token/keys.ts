/**
 * The keys of the settings `SIGNING_KEY` and `VERIFYING_KEYS`: a secret text or JSON Web Keys (RFC 7517, RFC 7518
 * §6, RFC 8037) checked and imported once, and the public ones as a JWK Set. It makes no key, fetches none, and
 * does not know what a token is.
 */

import { isId, members } from './claims.ts';

export type Alg = 'HS256' | 'ES256' | 'EdDSA' | 'RS256';

export interface VerifyingKey {
  key: CryptoKey;
  alg: Alg;
}

export interface SigningKey extends VerifyingKey {
  kid: string | undefined;
}

export interface KeySet {
  /** Undefined where only `VERIFYING_KEYS` is set: such a set checks tokens and makes none. */
  signing: SigningKey | undefined;
  /** By `kid`; the key that verifies tokens without one stands under undefined. Holds the signing key too. */
  verifying: ReadonlyMap<string | undefined, VerifyingKey>;
  /** Public keys only, each with `alg`, `use` and its `kid`; a shared secret is never in it. */
  jwks: { keys: JsonWebKey[] };
}

/** What is wrong with a setting, in English, without anything of its value. */
export interface KeyFault {
  setting: 'SIGNING_KEY' | 'VERIFYING_KEYS';
  problem: string;
}

export type LoadedKeys = { ok: true; keys: KeySet } | { ok: false; faults: KeyFault[] };

/** RFC 7518 §3.2: a key of at least the size of the hash. */
const MIN_SECRET_BYTES = 32;
/** RFC 7518 §3.3. */
const MIN_RSA_BITS = 2048;
/** Of a coordinate and of a private key: RFC 7518 §6.2 for P-256, RFC 8037 §2 for Ed25519. */
const CURVE_BYTES = 32;

/** A private RSA key has to bring its factors, since Web Crypto asks for them. */
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

/** Seen in examples and templates; compared in lower case, with letters and digits alone. */
const PLACEHOLDER =
  /change(me|this|it)|djangoinsecure|your(own|jwt|signing|256bit|super)*(secret|key)|replace(me|this|with)|insert(your|secret|key)|secretsecret|passwordpassword|placeholder|donotuse|atleast(32|256)/;
/** PEM, OpenSSH, and the Base64 of their insides: the object identifiers of RSA, EC and Ed25519, an RSA exponent. */
const KEY_FILE = /-----BEGIN|PUBLIC|PRIVATE|^(ssh|ecdsa)-|BgkqhkiG9w0|YHKoZIzj0|BQYDK2V|KCAQEA/;

interface Candidate {
  /** Null where it could not be read. */
  kid: string | undefined | null;
  problems: string[];
  loaded?: Loaded;
}

interface Loaded {
  kid: string | undefined;
  alg: Alg;
  verifying: CryptoKey;
  signing: CryptoKey | undefined;
  /** The public half; undefined for a shared secret. */
  jwk: JsonWebKey | undefined;
}

const encoder = new TextEncoder();

/**
 * Whether the text is base64url in its one canonical form (RFC 4648 §3.5, §5; RFC 7515 §2): no padding, no other
 * character, unused bits zero. Nothing else is what encoding the decoded bytes would give. The empty text is.
 */
export function isBase64Url(text: string): boolean {
  return /^(?:[\w-]{4})*(?:[\w-][AQgw]|[\w-]{2}[AEIMQUYcgkosw048])?$/.test(text);
}

/** The bytes of a canonical base64url text; undefined for anything else. */
export function fromBase64Url(text: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (typeof text !== 'string' || !isBase64Url(text)) return undefined;
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/**
 * Whether a secret is a known placeholder, or has a shape that nothing random has: fewer than 8 different
 * characters, a repetition, a row such as abcdef. A random text of 32 hexadecimal digits
 * meets it less than once in 10⁷.
 */
function isGuessable(secret: string): boolean {
  if (new Set(secret).size < 8) return true;
  if (PLACEHOLDER.test(secret.toLowerCase().replace(/[^a-z0-9]/g, ''))) return true;
  for (let period = 1; period <= secret.length / 2; period++) {
    if (secret.startsWith(secret.slice(period))) return true;
  }
  let neighbours = 0;
  for (let i = 1; i < secret.length; i++) {
    if (Math.abs(secret.charCodeAt(i) - secret.charCodeAt(i - 1)) <= 1) neighbours++;
  }
  return neighbours > (secret.length * 3) / 4;
}

/** The JSON value; undefined, which JSON has not, where there is none. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function secretProblems(bytes: Uint8Array, text: string): string[] {
  if (bytes.length < MIN_SECRET_BYTES) return [`is shorter than ${MIN_SECRET_BYTES} bytes`];
  return isGuessable(text)
    ? ['is a placeholder or easy to guess; `openssl rand -base64 32` makes a good one']
    : [];
}

async function importSecret(bytes: Uint8Array, kid: string | undefined, signs: boolean): Promise<Loaded> {
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

async function loadPlainSecret(text: string): Promise<Candidate> {
  const bytes = encoder.encode(text);
  const problems = secretProblems(bytes, text);
  if (KEY_FILE.test(text)) problems.push('looks like a key file; a key pair has to be a JWK');
  if (/^\s*["[]/.test(text) && parseJson(text) !== undefined) problems.push('is JSON, but not a JWK');
  if (!text.isWellFormed()) problems.push('holds half a surrogate pair');
  if (problems.length > 0) return { kid: undefined, problems };
  return { kid: undefined, problems, loaded: await importSecret(bytes, undefined, true) };
}

/** RFC 7517 §4.3. A private key that is listed among the verifying ones stands there for its public half. */
function operationsAllow(operations: unknown, alg: Alg, signs: boolean, isPrivate: boolean): boolean {
  if (!Array.isArray(operations)) return false;
  const [sign, verify] = [operations.includes('sign'), operations.includes('verify')];
  if (alg === 'HS256') return verify && (sign || !signs);
  return signs ? sign : verify || (sign && isPrivate);
}

/** Of a number without leading zeros (RFC 7518 §2, Base64urlUInt); 0 for one that has them. */
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
    // FIPS 186-5 §A.1.1. With an exponent of 1 anyone can sign.
    fits = bitLength(bytes) > 16 && (bytes.at(-1) ?? 0) % 2 === 1;
    wanted = 'an odd number of 65537 or more';
  }
  return fits ? undefined : `${name} has to be base64url of ${wanted}`;
}

async function loadJwk(value: unknown, signs: boolean): Promise<Candidate> {
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
  // RFC 9864 gives Ed25519 a second name, which Web Crypto writes when it exports a key.
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

/** Imports the public half, and the private one where it signs; throws where Web Crypto does or a trial fails. */
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
    const trial = encoder.encode('trial');
    const signature = await crypto.subtle.sign(algorithm, signing, trial);
    const isPair = await crypto.subtle.verify(algorithm, verifying, signature, trial);
    if (!isPair) throw new TypeError('the halves do not belong together');
  }
  const shown = { ...publicJwk, ...(kid && { kid }), alg, use: 'sig' };
  return { kid, alg, verifying, signing, jwk: shown };
}

/** hono's `sign` writes the `kid` of a CryptoKey only where the key itself says `alg` and `kid`. */
function withHeader(key: CryptoKey, alg: Alg, kid: string | undefined): CryptoKey {
  return Object.defineProperties(key, { alg: { value: alg }, kid: { value: kid } });
}

/** The key that signs may stand in VERIFYING_KEYS too, so that a key is changed one secret at a time. */
async function isSameKey(signs: Loaded | undefined, other: Loaded | undefined): Promise<boolean> {
  if (!signs?.signing || other?.alg !== signs.alg || other.kid !== signs.kid) return false;
  const { algorithm } = KINDS[signs.alg];
  const trial = encoder.encode('trial');
  const signature = await crypto.subtle.sign(algorithm, signs.signing, trial);
  return crypto.subtle.verify(algorithm, other.verifying, signature, trial);
}

/** A secret as loadKeySet takes it: it may be bound as text or, from a wrangler.toml, as a JSON value. */
export const secretText = (secret: unknown): string | undefined =>
  secret === undefined || secret === null || secret === ''
    ? undefined
    : typeof secret === 'string'
      ? secret
      : JSON.stringify(secret);

async function loadSigningKey(text: unknown, required: boolean): Promise<Candidate | undefined> {
  if (text === undefined || (typeof text === 'string' && text.trim() === '')) {
    return required ? { kid: null, problems: ['is not set'] } : undefined;
  }
  if (typeof text !== 'string') return { kid: null, problems: ['has to be text'] };
  const trimmed = text.trim();
  if (!trimmed.startsWith('{')) return loadPlainSecret(text);
  const value = parseJson(trimmed);
  return value === undefined ? { kid: null, problems: ['is not valid JSON'] } : loadJwk(value, true);
}

/**
 * Checks and imports the keys of both settings. A text that begins with `{` is a private JWK, any other a secret
 * for HS256, taken as its UTF-8 bytes, white space included. `VERIFYING_KEYS` is a JSON array of JWKs, of which
 * private parts are not used; the signing key may be among them.
 *
 * Never rejects: every fault of both settings comes back at once, and none tells anything of a value.
 *
 * @param options.signingRequired false for a guard that only checks tokens; one key in all it needs.
 */
export async function loadKeySet(
  signingKey: string | undefined,
  verifyingKeys: string | undefined,
  options: { signingRequired?: boolean } = {},
): Promise<LoadedKeys> {
  const faults: KeyFault[] = [];
  const signing = await loadSigningKey(signingKey, options.signingRequired ?? true);
  for (const problem of signing?.problems ?? []) faults.push({ setting: 'SIGNING_KEY', problem });

  const list = verifyingKeys === undefined ? [] : parseJson(verifyingKeys);
  if (!Array.isArray(list)) {
    faults.push({ setting: 'VERIFYING_KEYS', problem: 'has to be a JSON array of JWKs' });
  } else if (list.length === 0 && signing === undefined) {
    faults.push({ setting: 'VERIFYING_KEYS', problem: 'has to hold a key where SIGNING_KEY is not set' });
  }
  const others = await Promise.all(
    (Array.isArray(list) ? list : []).map(async (value) => {
      const other = await loadJwk(value, false);
      return { ...other, again: await isSameKey(signing?.loaded, other.loaded) };
    }),
  );

  const kids = new Set<string | undefined | null>(signing === undefined ? [] : [signing.kid]);
  others.forEach(({ kid, problems, again }, index) => {
    if (again) return;
    const taken = kid !== null && kids.has(kid);
    kids.add(kid);
    const clash = kid === undefined ? 'is a second key without kid' : 'has a kid that another key has';
    for (const problem of taken ? [...problems, clash] : problems) {
      faults.push({ setting: 'VERIFYING_KEYS', problem: `key ${index + 1}: ${problem}` });
    }
  });
  if (faults.length > 0) return { ok: false, faults };

  let signer: SigningKey | undefined;
  const verifying = new Map<string | undefined, VerifyingKey>();
  const jwks: JsonWebKey[] = [];
  for (const loaded of [signing, ...others.filter(({ again }) => !again)].flatMap(
    (candidate) => candidate?.loaded ?? [],
  )) {
    const { kid, alg, jwk } = loaded;
    if (loaded.signing) signer = { key: withHeader(loaded.signing, alg, kid), alg, kid };
    verifying.set(kid, { key: loaded.verifying, alg });
    if (jwk) jwks.push(jwk);
  }
  return { ok: true, keys: { signing: signer, verifying, jwks: { keys: jwks } } };
}
