/** Parses and validates forms, and turns refusals into messages at their fields. */
import type * as z from 'zod/mini';
import { type FieldFaults, invalid, Refusal } from '../errors.ts';
import { faultsOf } from '../http/body.ts';
import { readBytes } from '../http/bytes.ts';
import { refusalOf } from '../http/problem.ts';
import { describeFault, describeRefusal, fill } from '../languages/describe.ts';
import { consoleWords, type Language } from '../languages/index.ts';
import type { AdminContext } from './env.ts';
import type { FormErrors } from './pages/parts.tsx';

export type Form = Readonly<Record<string, string>>;

/** 413 payload_too_large. */
export const readFields = async (c: AdminContext): Promise<URLSearchParams> =>
  new URLSearchParams(new TextDecoder().decode(await readBytes(c)));

/** Of several fields with one name the last counts. 413 payload_too_large. */
export const readForm = async (c: AdminContext): Promise<Form> => Object.fromEntries(await readFields(c));

/** 400 invalid. `furtherFaults`: what else is wrong with a form that the schema refuses. */
export function validated<S extends z.ZodMiniType>(
  schema: S,
  input: Record<string, unknown>,
  furtherFaults: () => FieldFaults = () => ({}),
): z.output<S> {
  const result = schema.safeParse(input);
  if (!result.success) {
    const faults = faultsOf(result.error.issues, input);
    // In the order of the fields; what the schema found stands over the rest.
    throw invalid({ ...faults, ...furtherFaults(), ...faults });
  }
  return result.data;
}

export interface Shown {
  status: 400 | 401 | 403 | 409 | 429;
  errors: FormErrors;
  /** Seconds, for a 429. */
  retryAfter?: number;
}

/** RFC 9110 section 11.6.1: a 401 names a way to authenticate. */
export function challenge(c: AdminContext): void {
  const [scheme] = c.var.services.settings.AUTH_HEADER_TYPES;
  c.header('WWW-Authenticate', `${scheme} realm="api"`);
}

/** The faults that the page shows with what was typed. Rethrows anything that is not about the form. */
export function formErrors(error: unknown, c: AdminContext): Shown {
  const shown = error instanceof Refusal && wordsFor(error, c.var.language);
  if (!shown) throw error;
  // For the log.
  const { headers } = refusalOf(error, c);
  for (const [name, value] of Object.entries(headers)) c.header(name, value);
  if (shown.status === 401) challenge(c);
  return shown;
}

function wordsFor({ kind, faults = {}, headers }: Refusal, language: Language): Shown | undefined {
  const sentence = [describeRefusal(kind, language)];
  switch (kind) {
    case 'invalid':
      return {
        status: 400,
        errors: Object.fromEntries(
          Object.entries(faults).map(([field, list]) => [
            field,
            list.map((fault) => describeFault(fault, language).message),
          ]),
        ),
      };
    case 'no_active_account':
    case 'passkey_not_valid':
      return { status: 401, errors: { non_field_errors: sentence } };
    case 'throttled': {
      const retryAfter = Number(headers['Retry-After'] ?? 0);
      const { throttled, throttledLong } = consoleWords[language];
      const [words, count] =
        retryAfter > 120 ? [throttledLong, Math.ceil(retryAfter / 60)] : [throttled, retryAfter];
      return { status: 429, errors: { non_field_errors: [fill(words, { count })] }, retryAfter };
    }
    case 'last_staff':
      return { status: 403, errors: { non_field_errors: sentence } };
    case 'code_not_valid':
      return { status: 401, errors: { code: sentence } };
    case 'email_taken':
      return { status: 409, errors: { email: sentence } };
    case 'username_taken':
      return { status: 409, errors: { username: sentence } };
    default:
      return undefined;
  }
}
