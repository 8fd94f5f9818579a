/** Keys made for a test, and what is wrong with a set of them. */
import type { Alg } from '../../src/token/jwk.ts';
import { type KeyFault, loadKeySet } from '../../src/token/key-set.ts';

export type Jwk = Record<string, unknown>;

const SECRET = 'N3w-0rl3ans!jazz&gumb0,1923;b1ue'; // 32 bytes
export const PARAMETERS = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  EdDSA: { name: 'Ed25519' },
  RS256: {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  },
} satisfies Record<Exclude<Alg, 'HS256'>, object>;

export const b64u = (bytes: Uint8Array | string): string => {
  const binary = typeof bytes === 'string' ? bytes : String.fromCharCode(...bytes);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
};

/** The private JWK as Web Crypto exports it, with key_ops, ext and perhaps alg. */
export async function generate(parameters: object): Promise<Jwk> {
  const pair = (await crypto.subtle.generateKey(parameters as never, true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair;
  return JSON.parse(JSON.stringify(await crypto.subtle.exportKey('jwk', pair.privateKey)));
}

const PUBLIC_MEMBERS = ['kty', 'crv', 'x', 'y', 'n', 'e'];
export const pick = (jwk: Jwk, names: string[]): Jwk =>
  Object.fromEntries(names.filter((name) => name in jwk).map((name) => [name, jwk[name]]));
export const publicOf = (jwk: Jwk) => pick(jwk, PUBLIC_MEMBERS);

export const [EC, ED, RSA] = await Promise.all([
  generate(PARAMETERS.ES256),
  generate(PARAMETERS.EdDSA),
  generate(PARAMETERS.RS256),
]);
export const OCT: Jwk = { kty: 'oct', k: b64u(SECRET) };
/** Without alg, use, key_ops and ext. */
export const BARE = {
  HS256: OCT,
  ES256: pick(EC, [...PUBLIC_MEMBERS, 'd']),
  EdDSA: pick(ED, [...PUBLIC_MEMBERS, 'd']),
  RS256: pick(RSA, [...PUBLIC_MEMBERS, 'd', 'p', 'q', 'dp', 'dq', 'qi']),
} satisfies Record<Alg, Jwk>;
export const ALGS = Object.keys(BARE) as Alg[];

export async function faultsOf(
  signingKey: unknown,
  verifyingKeys?: unknown,
  options?: { signingRequired?: boolean },
): Promise<KeyFault[]> {
  const loaded = await loadKeySet(signingKey as string, verifyingKeys as string, options);
  return loaded.ok ? [] : loaded.faults;
}

export async function keysOf(
  signingKey?: string | Jwk,
  verifyingKeys?: Jwk[],
  options?: { signingRequired?: boolean },
) {
  const loaded = await loadKeySet(
    typeof signingKey === 'object' ? JSON.stringify(signingKey) : signingKey,
    verifyingKeys && JSON.stringify(verifyingKeys),
    options,
  );
  if (!loaded.ok)
    throw new Error(loaded.faults.map(({ setting, problem }) => `${setting} ${problem}`).join('; '));
  return loaded.keys;
}
