/**
 * bcrypt in the modular crypt format: Supabase and Go's (`$2a$`), Auth0, Clerk and Python's (`$2b$`), PHP's and
 * Laravel's (`$2y$`), Devise (`$2a$`). All of them hash the first 72 bytes of the UTF-8 form, and so does this;
 * the new hash is of the whole password. Any other letter (`$2x$`: a broken one) is not bcrypt here.
 *
 * bcrypt-ts yields by Date.now(), which stands still in a Worker in production: there a check is one turn. Hence
 * the bound on the cost.
 */
import { bcryptWork } from '../work.ts';
import type { ForeignHash, ForeignKind, Format, UncheckableHash } from './format.ts';

/** 0.7 s of CPU. Symfony's default, the highest of any framework; most have 10 or 12. */
const MAX_COST = 13;
const MIN_COST = 4;

/** 22 characters of salt and 31 of hash; the last of each has bits that nothing uses and that must be zero. */
const PATTERN = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]$/;

/** `preimage`: what is hashed in place of the password. */
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
      // Loaded on first use: nothing of it is evaluated before.
      const { compare } = await import('bcrypt-ts');
      // bcrypt repeats a short key with a NUL between: `a` and `a\0a` would be one password.
      return (await compare(await preimage(password), encoded)) && !password.includes('\0');
    },
  };
}

export const bcrypt: Format = (encoded) => bcryptHash('bcrypt', encoded);
