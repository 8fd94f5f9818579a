/**
 * The steps that replace a signing key without signing anybody out. A secret does not reach all isolates of a Worker at
 * once, so during each step both the old and the new settings are in use: a key that signs under one must verify under
 * the other. No I/O.
 */
import { type Jwk, type NewKey, verifyingHalf } from './new-key.ts';

export interface Keys {
  /** undefined if only the public keys are known. */
  SIGNING_KEY: string | undefined;
  VERIFYING_KEYS: string;
}

export interface RotationStep {
  set: 'VERIFYING_KEYS' | 'SIGNING_KEY';
  value: string;
  /** The settings of the Worker once the step has reached every isolate. */
  after: Keys;
}

/** `inUse`: the keys that verify the tokens in circulation. */
export function rotationSteps(current: Keys, next: NewKey, inUse = keysInUse(current)): RotationStep[] {
  const both = JSON.stringify([...inUse, next.verifying]);
  const signingKey = JSON.stringify(next.private);
  const onlyNext = JSON.stringify([next.verifying]);
  return [
    { set: 'VERIFYING_KEYS', value: both, after: { ...current, VERIFYING_KEYS: both } },
    { set: 'SIGNING_KEY', value: signingKey, after: { SIGNING_KEY: signingKey, VERIFYING_KEYS: both } },
    {
      set: 'VERIFYING_KEYS',
      value: onlyNext,
      after: { SIGNING_KEY: signingKey, VERIFYING_KEYS: onlyNext },
    },
  ];
}

/** The keys that verify now, each once, including those of an unfinished rotation. Throws if a value is not JSON. */
export function keysInUse({ SIGNING_KEY, VERIFYING_KEYS }: Keys): Jwk[] {
  const listed = (JSON.parse(VERIFYING_KEYS) as Jwk[]).map((jwk) => verifyingHalf(JSON.stringify(jwk)));
  const signing = SIGNING_KEY === undefined ? [] : [verifyingHalf(SIGNING_KEY)];
  const byKid = new Map([...signing, ...listed].map((jwk) => [jwk.kid, jwk]));
  return [...byKid.values()];
}
