/**
 * The order in which a signing key is replaced without logging anybody out. Secrets reach the isolates of a Worker one
 * after the other, so at each step both the settings before it and those after it are in use: every key that signs in one
 * of them has to verify in the other. No I/O.
 */
import { type Jwk, type NewKey, verifyingHalf } from './new-key.ts';

export interface Keys {
  /** undefined where only the public keys are known. */
  SIGNING_KEY: string | undefined;
  VERIFYING_KEYS: string;
}

export interface RotationStep {
  set: 'VERIFYING_KEYS' | 'SIGNING_KEY';
  value: string;
  /** The settings of the Worker once the step is everywhere. */
  after: Keys;
}

/** `inUse`: the keys that verify the tokens of today. */
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

/** Keys that verify today, each once: of a rotation that is not finished too. Throws where a value is no JSON. */
export function keysInUse({ SIGNING_KEY, VERIFYING_KEYS }: Keys): Jwk[] {
  const listed = (JSON.parse(VERIFYING_KEYS) as Jwk[]).map((jwk) => verifyingHalf(JSON.stringify(jwk)));
  const signing = SIGNING_KEY === undefined ? [] : [verifyingHalf(SIGNING_KEY)];
  const byKid = new Map([...signing, ...listed].map((jwk) => [jwk.kid, jwk]));
  return [...byKid.values()];
}
