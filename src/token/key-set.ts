/**
 * The keys of the settings `SIGNING_KEY` and `VERIFYING_KEYS`: a secret text or JSON Web Keys checked and imported
 * once, and the public ones as a JWK Set. It makes no key, fetches none, and does not know what a token is.
 */
import { utf8 } from '../encoding.ts';
import { type Alg, type Candidate, importSecret, isSameKey, loadJwk } from './jwk.ts';
import { looksLikeKeyFile, secretProblems } from './secret-strength.ts';

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

/** The JSON value; undefined, which JSON has not, where there is none. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function loadPlainSecret(text: string): Promise<Candidate> {
  const bytes = utf8(text);
  const problems = secretProblems(bytes, text);
  if (looksLikeKeyFile(text)) problems.push('looks like a key file; a key pair has to be a JWK');
  if (/^\s*["[]/.test(text) && parseJson(text) !== undefined) problems.push('is JSON, but not a JWK');
  if (!text.isWellFormed()) problems.push('holds half a surrogate pair');
  if (problems.length > 0) return { kid: undefined, problems };
  return { kid: undefined, problems, loaded: await importSecret(bytes, undefined, true) };
}

/** hono's `sign` writes the `kid` of a CryptoKey only where the key itself says `alg` and `kid`. */
function withHeader(key: CryptoKey, alg: Alg, kid: string | undefined): CryptoKey {
  return Object.defineProperties(key, { alg: { value: alg }, kid: { value: kid } });
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
