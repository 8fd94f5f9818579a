/**
 * What the routes of the DRF libraries share: the check of COMPAT, translating our errors to theirs, and the ids and
 * tokens of their links.
 */
import type { MiddlewareHandler } from 'hono';
import type { AccountContext, AccountEnv } from '../account/env.ts';
import { type FieldFaultName, invalid, Refusal, type RefusalName } from '../errors.ts';
import { refusalOf } from '../http/problem.ts';
import type { Library } from '../settings.ts';
import { invalidThere, type LibraryFault, libraryFault } from './faults.ts';

/**
 * Answers 404 for every method unless COMPAT lists the library, and in cookie mode, as these bodies contain refresh
 * tokens.
 */
export const whereListed = (library: Library): MiddlewareHandler<AccountEnv> =>
  async function whereListed(c, next) {
    const { COMPAT, REFRESH_TRANSPORT } = c.var.services.settings;
    if (!COMPAT.includes(library)) throw new Refusal('not_found');
    c.set('asDrf', true);
    if (REFRESH_TRANSPORT === 'cookie') throw new Refusal('not_found');
    return next();
  };

/**
 * A library's names for the fields and faults of a use case. `refusals`: our errors that are field errors there. `alone`:
 * a field of ours whose fault is reported without the others'.
 */
export interface Words {
  alone?: string;
  fields?: Readonly<Record<string, string>>;
  faults?: Readonly<Partial<Record<FieldFaultName, LibraryFault>>>;
  refusals?: Readonly<Partial<Record<RefusalName, readonly [field: string, fault: LibraryFault]>>>;
}

/** Runs a use case and translates its errors to the library's. */
export async function inWords<T>(c: AccountContext, words: Words, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const other = words.refusals?.[error.kind];
    if (other) {
      // Logs our own code and the reason.
      refusalOf(error, c);
      throw invalidThere(...other);
    }
    if (!error.faults) throw error;
    const { alone = '' } = words;
    const reported = error.faults[alone] ? { [alone]: error.faults[alone] } : error.faults;
    throw invalid(
      Object.fromEntries(
        Object.entries(reported).map(([field, list]) => [
          words.fields?.[field] ?? field,
          list.map((one) => {
            const there = words.faults?.[one.fault];
            return there ? libraryFault(there) : one;
          }),
        ]),
      ),
    );
  }
}

const SUBJECT = /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64})$/;
/** djoser encodes the id as base64url, allauth a UUID as hex. */
function subjectOf(uid: string): string | null {
  const plain = uid.toLowerCase().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  if (SUBJECT.test(plain)) return plain;
  try {
    const decoded = atob(uid.replaceAll('-', '+').replaceAll('_', '/'));
    return SUBJECT.test(decoded) ? decoded : null;
  } catch {
    return null;
  }
}

/**
 * Our one-time token, from a uid and a token that may be either the whole or only the secret half. 400 under `uid` or
 * `token`.
 */
export function mailToken(
  { uid, token }: { uid: string; token: string },
  faults: { uid: LibraryFault; token: LibraryFault },
): string {
  const subject = subjectOf(uid);
  if (subject === null) throw invalidThere('uid', faults.uid);
  const [first, second] = token.split('.');
  if (second === undefined) return `${subject}.${token}`;
  if (first !== subject) throw invalidThere('token', faults.token);
  return token;
}

/** 400 under `field` if a password was retyped differently. */
export function requireSame(
  first: string,
  second: string | undefined,
  field: string,
  fault: LibraryFault = 'password_mismatch',
): void {
  if (second !== undefined && first !== second) throw invalidThere(field, fault);
}
