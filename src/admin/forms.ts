/** From the bytes of a form to what a schema accepts, and from a refusal to what stands beside the fields. */
import type * as z from 'zod/mini';
import { describeFault, invalid, REFUSALS, Refusal } from '../errors.ts';
import { faultsOf, readBytes } from '../http/body.ts';
import type { AppContext } from '../http/context.ts';
import { refusalOf } from '../http/problem.ts';
import type { FormErrors } from './pages/parts.tsx';

export type Form = Readonly<Record<string, string>>;

/** The last of fields with one name counts. 413 payload_too_large. */
export async function readForm(c: AppContext): Promise<Form> {
  return Object.fromEntries(new URLSearchParams(new TextDecoder().decode(await readBytes(c))));
}

/** 400 invalid. */
export function validated<S extends z.ZodMiniType>(schema: S, given: Record<string, unknown>): z.output<S> {
  const result = schema.safeParse(given);
  if (!result.success) throw invalid(faultsOf(result.error.issues, given));
  return result.data;
}

const TAKEN: Partial<Record<Refusal['kind'], string>> = { email_taken: 'email', username_taken: 'username' };

/** The page shows them with what was typed. Anything that is not about the form is thrown on. */
export function formErrors(error: unknown, c: AppContext): { status: 400 | 401 | 409; errors: FormErrors } {
  const shown = wordsFor(error);
  if (!shown) throw error;
  // For its line in the log.
  refusalOf(error, c);
  return shown;
}

function wordsFor(error: unknown): ReturnType<typeof formErrors> | null {
  if (error instanceof Refusal) {
    const { kind, faults } = error;
    if (kind === 'invalid' && faults) {
      const errors = Object.fromEntries(
        Object.entries(faults).map(([field, list]) => [
          field,
          list.map((fault) => describeFault(fault, 'en').message),
        ]),
      );
      return { status: 400, errors };
    }
    const field = TAKEN[kind];
    if (field) return { status: 409, errors: { [field]: [REFUSALS[kind].detail.en] } };
    if (kind === 'no_active_account') {
      return { status: 401, errors: { non_field_errors: [REFUSALS[kind].detail.en] } };
    }
  }
  return null;
}
