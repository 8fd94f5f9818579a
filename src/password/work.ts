/**
 * The cost of password hashing, in iterations of PBKDF2-HMAC-SHA256 with Web Crypto, of which a log-in takes 600,000 by
 * default. The factors are ratios of CPU time measured in workerd (docs/adr/0008-password-hashers.md). They decide which
 * hashes count as costly and how cheaper ones are topped up, never whether a password matches.
 */

import type { Digest } from './pbkdf2.ts';

/** One iteration with Web Crypto. */
const NATIVE = { 'SHA-1': 1, 'SHA-256': 1, 'SHA-512': 4 } as const satisfies Record<Digest, number>;

/** One iteration in JavaScript (sliced-pbkdf2.ts). */
const IN_JAVASCRIPT = { 'SHA-1': 18, 'SHA-256': 22, 'SHA-512': 45 } as const satisfies Record<Digest, number>;

export const pbkdf2Work = (digest: Digest, iterations: number, native: boolean): number =>
  iterations * (native ? NATIVE : IN_JAVASCRIPT)[digest];

/** 120,000 iterations for N=8192, r=8, p=1. */
export const scryptWork = ({ N, r, p }: { N: number; r: number; p: number }): number =>
  Math.round((N * r * p * 120_000) / 65_536);

/** 2^cost rounds of bcrypt in JavaScript. */
export const bcryptWork = (cost: number): number => 590 * 2 ** cost;
