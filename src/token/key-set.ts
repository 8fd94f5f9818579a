/**
 * Loads the keys of `SIGNING_KEY` and `VERIFYING_KEYS`, a shared secret or JSON Web Keys: checks and imports them, and
 * builds the public JWK Set. Generates and fetches no keys.
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
  /** Undefined if only `VERIFYING_KEYS` is set: such a set verifies tokens but cannot sign. */
  signing: SigningKey | undefined;
  /** By `kid`, including the signing key. The key for tokens without a `kid` is under undefined. */
  verifying: ReadonlyMap<string | undefined, VerifyingKey>;
  /** Public keys only, each with `alg`, `use` and its `kid`. Never a shared secret. */
  jwks: { keys: JsonWebKey[] };
}

/** What is wrong with a setting, in English, without any of its value. */
export interface KeyFault {
  setting: 'SIGNING_KEY' | 'VERIFYING_KEYS';
  problem: string;
}

export type LoadedKeys = { ok: true; keys: KeySet } | { ok: false; faults: KeyFault[] };

/** The JSON value; undefined if the text is not valid JSON. */
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

/** hono's `sign` writes `kid` into the header only if the CryptoKey has properties `alg` and `kid`. */
function withHeader(key: CryptoKey, alg: Alg, kid: string | undefined): CryptoKey {
  return Object.defineProperties(key, { alg: { value: alg }, kid: { value: kid } });
}

/** A secret as text. It may be bound as text or, from a wrangler.toml, as a JSON value. */
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
 * Checks and imports the keys of both settings. A `SIGNING_KEY` that begins with `{` is a private JWK; any other text is a
 * secret for HS256, used as its UTF-8 bytes, including white space. `VERIFYING_KEYS` is a JSON array of JWKs, whose private
 * parts are not used; the signing key may be among them.
 *
 * Never rejects: returns all faults of both settings together, without any of their values.
 *
 * @param options.signingRequired false for a guard that only verifies tokens, for which one key in either setting is enough.
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
