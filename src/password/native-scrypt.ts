/**
 * The platform's scrypt (RFC 7914): `node:crypto`, in workerd and in Node. A call cannot be interrupted, so its work is
 * bounded.
 */

/** Memory is 128·N·r bytes, work is proportional to N·r·p. */
export interface ScryptCost {
  N: number;
  r: number;
  p: number;
}

/** workerd refuses N·r·p above this. */
const MAX_WORK = 2 ** 20;
/** 64 MiB: half of what an isolate has. */
const MAX_MEMORY_BYTES = 64 * 2 ** 20;
const MAX_PARALLELISM = 16;

export type Scrypt = (
  password: Uint8Array,
  salt: Uint8Array,
  cost: ScryptCost,
  lengthBytes: number,
) => Promise<Uint8Array>;

/** Whether a cost is valid and within bounds. N must be a power of two. */
export function isScryptCost({ N, r, p }: ScryptCost): boolean {
  const whole = [N, r, p].every((number) => Number.isSafeInteger(number) && number >= 1);
  return (
    whole &&
    Number.isInteger(Math.log2(N)) &&
    N >= 2 &&
    p <= MAX_PARALLELISM &&
    N * r * p <= MAX_WORK &&
    128 * r * (N + p + 2) <= MAX_MEMORY_BYTES
  );
}

/** Rejects if the platform refuses the cost. */
export const nativeScrypt: Scrypt = async (password, salt, cost, lengthBytes) => {
  // Loaded on first use: most deployments never need it.
  const { scrypt } = await import('node:crypto');
  return new Promise((resolve, reject) => {
    scrypt(password, salt, lengthBytes, { ...cost, maxmem: MAX_MEMORY_BYTES }, (error, key) =>
      error ? reject(error) : resolve(new Uint8Array(key)),
    );
  });
};
