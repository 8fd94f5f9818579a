/**
 * bcrypt in the modular crypt format: Supabase, Go and Devise (`$2a$`), Auth0, Clerk and Python (`$2b$`), PHP and
 * Laravel (`$2y$`). All of them hash only the first 72 bytes of the UTF-8 form, and so does this; the hash that replaces
 * it covers the whole password. Other letters are not accepted (`$2x$` marks a broken variant).
 *
 * bcrypt-ts yields according to Date.now(), which does not advance during computation in production Workers, so a check
 * runs without interruption there. Hence the bound on the cost.
 */
import { bcryptWork } from '../work.ts';
import type { ForeignHash, ForeignKind, Format, UncheckableHash } from './format.ts';

/** 0.7 s of CPU. Symfony's default, the highest of common frameworks; most use 10 or 12. */
const MAX_COST = 13;
const MIN_COST = 4;

/** 22 characters of salt and 31 of hash. The last of each has unused bits, which must be zero. */
const PATTERN = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]$/;

/** `preimage` maps the password to the text that is hashed. */
export function bcryptHash(
  kind: ForeignKind,
  encoded: string,
  preimage = async (password: string) => password,
): ForeignHash | UncheckableHash | null {
  const cost = Number(PATTERN.exec(encoded)?.[1] ?? Number.NaN);
  if (!(cost >= MIN_COST)) return null;
  if (cost > MAX_COST) return { kind, problem: 'beyond_bounds' };
  return {
    kind,
    problem: null,
    work: bcryptWork(cost),
    check: async (password) => {
      // Loaded on first use.
      const { compare } = await import('./bcrypt-library.ts');
      // bcrypt repeats short keys with a NUL in between, so `a` and `a\0a` would be the same password.
      return (await compare(await preimage(password), encoded)) && !password.includes('\0');
    },
  };
}

export const bcrypt: Format = (encoded) => bcryptHash('bcrypt', encoded);
