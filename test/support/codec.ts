/** Tokens put together by hand, one part at a time, and the codec that reads them. */
import { describe, expect, it } from 'vitest';
import { type AccessClaims, type ClaimRules, type RefreshClaims, toWire } from '../../src/token/claims.ts';
import { type Codec, createCodec, type TokenFault } from '../../src/token/codec.ts';
import { type KeySet, loadKeySet } from '../../src/token/key-set.ts';

export type Jwk = Record<string, unknown>;
export type Signer = (data: string) => Promise<string>;

export const NOW = 1_800_000_000;
export const RULES: ClaimRules = { leewaySeconds: 0, userIdClaim: 'sub' };
const COMMON = {
  jti: '0b6d8a52-6f5c-4c43-9d0c-3f8f4b1c7a11',
  sub: '01890a5d-ac96-774b-bcce-b302099a8057',
  sid: '01890a5d-ac96-774b-bcce-b302099a8058',
  iat: NOW,
  exp: NOW + 3600,
};
export const CLAIMS: AccessClaims = {
  token_type: 'access',
  ...COMMON,
  email_verified: false,
  auth_time: NOW,
  amr: ['pwd'],
};
export const REFRESH: RefreshClaims = { token_type: 'refresh', ...COMMON };
export const TYPES = ['access', 'refresh', 'console'] as const;
export const PAYLOAD = toWire(CLAIMS, RULES);
export const SECRET = 'N3w-0rl3ans!jazz&gumb0,1923;b1ue';
export const OTHER_SECRET = 'k8#Vq2!mZ7$wX4^nB1&cL9*hJ5(dF0)s';

export const encoder = new TextEncoder();
export const b64u = (data: string | Uint8Array): string => {
  const bytes = typeof data === 'string' ? encoder.encode(data) : data;
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
};
export const fromB64u = (text: string): string => atob(text.replaceAll('-', '+').replaceAll('_', '/'));

const HMAC = { name: 'HMAC', hash: 'SHA-256' };
export const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
export const signerWith =
  (algorithm: { name: string; hash?: string }, key: CryptoKey): Signer =>
  async (data) =>
    b64u(new Uint8Array(await crypto.subtle.sign(algorithm, key, encoder.encode(data))));
export const hmac =
  (secret: string | Uint8Array<ArrayBuffer>, hash = 'SHA-256'): Signer =>
  async (data) => {
    const bytes = typeof secret === 'string' ? encoder.encode(secret) : secret;
    const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash }, false, ['sign']);
    return signerWith(HMAC, key)(data);
  };

async function generate(parameters: object): Promise<{ sign: CryptoKey; verify: CryptoKey; jwk: Jwk }> {
  const pair = (await crypto.subtle.generateKey(parameters as never, true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair;
  const jwk = (await crypto.subtle.exportKey('jwk', pair.privateKey)) as JsonWebKey;
  return { sign: pair.privateKey, verify: pair.publicKey, jwk: { ...jwk } };
}
const RSA_2048 = { ...RSA, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
export const [ec, ed, rsa, strangerEc] = await Promise.all([
  generate(ECDSA),
  generate({ name: 'Ed25519' }),
  generate(RSA_2048),
  generate(ECDSA),
]);
export const oct = (secret: string, kid?: string): Jwk => ({
  kty: 'oct',
  k: b64u(secret),
  ...(kid && { kid }),
});
export const publicOf = ({ kty, crv, x, y, n, e }: Jwk): Jwk =>
  JSON.parse(JSON.stringify({ kty, crv, x, y, n, e }));

export async function keySet(signing: string | Jwk | undefined, verifying: Jwk[] = []): Promise<KeySet> {
  const text = typeof signing === 'object' ? JSON.stringify(signing) : signing;
  const loaded = await loadKeySet(text, JSON.stringify(verifying), {
    signingRequired: signing !== undefined,
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  return loaded.keys;
}

/** A plain secret for tokens without kid, and one key of each kind by its kid. */
export const keys = await keySet(SECRET, [
  oct(OTHER_SECRET, 'h'),
  { ...publicOf(ec.jwk), kid: 'e' },
  { ...publicOf(ed.jwk), kid: 'd' },
  { ...publicOf(rsa.jwk), kid: 'r' },
]);
export const codec = createCodec(keys, RULES);

/** Text and bytes go into a part as they are, anything else as JSON. */
export const part = (value: unknown): string =>
  b64u(typeof value === 'string' || value instanceof Uint8Array ? value : JSON.stringify(value));
export async function token(
  header: unknown,
  payload: unknown = PAYLOAD,
  sign: Signer = hmac(SECRET),
): Promise<string> {
  const data = `${part(header)}.${part(payload)}`;
  return `${data}.${await sign(data)}`;
}
export const HS = { alg: 'HS256', typ: 'JWT' };
export const good = await token(HS);
export const [goodHeader = '', goodPayload = '', goodSignature = ''] = good.split('.');

export async function faultOf(text: string, now = NOW, by: Codec = codec): Promise<TokenFault | 'none'> {
  const verdict = await by.verify(text, TYPES, now);
  return verdict.ok ? 'none' : verdict.fault;
}

export type Case = [name: string, text: string | Promise<string>, fault: TokenFault | 'none'];
export function table(title: string, cases: Case[]): void {
  describe(title, () => {
    for (const [name, text, fault] of cases) {
      it(`${name}: ${fault}`, async () => {
        const expected = fault === 'none' ? { ok: true, claims: CLAIMS } : { ok: false, fault };
        expect(await codec.verify(await text, TYPES, NOW)).toStrictEqual(expected);
      });
    }
  });
}

/** The other characters whose first bits are the same, so that a lax decoder gives the same bytes. */
export function otherSpellings(text: string): string[] {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return [...alphabet]
    .map((last) => text.slice(0, -1) + last)
    .filter((other) => other !== text && fromB64u(other) === fromB64u(text));
}

const spki = async (key: CryptoKey) =>
  new Uint8Array((await crypto.subtle.exportKey('spki', key)) as ArrayBuffer);
const pem = async (key: CryptoKey) => {
  const base64 = btoa(String.fromCharCode(...(await spki(key))));
  return `-----BEGIN PUBLIC KEY-----\n${base64.replace(/(.{64})/g, '$1\n')}\n-----END PUBLIC KEY-----\n`;
};
export const [rsaPem, ecPem, rsaSpki, rsaModulus] = [
  await pem(rsa.verify),
  await pem(ec.verify),
  await spki(rsa.verify),
  String(rsa.jwk.n),
];
export const none = (alg: unknown, more: object = {}) =>
  token({ ...more, alg, typ: 'JWT' }, PAYLOAD, async () => '');
export const withSignature = (signature: string) => `${goodHeader}.${goodPayload}.${signature}`;
export const es = signerWith(ECDSA, ec.sign);
export const rs = signerWith(RSA, rsa.sign);
export const eddsa = signerWith({ name: 'Ed25519' }, ed.sign);
