/** From the bytes of a body to what a schema accepts: type, charset and JSON are checked, then the schema. */
import { zValidator } from '@hono/zod-validator';
import type { MiddlewareHandler } from 'hono';
import * as z from 'zod/mini';
import { type FieldFault, type FieldFaultName, invalid, Refusal } from '../errors.ts';
import { type Asked, mediaTypeOf, readBytes } from './bytes.ts';
import type { AppEnv } from './context.ts';
import { isForm, readForm } from './form.ts';

/** application/json, in UTF-8 where it says so (RFC 8259 section 8.1). */
function requireJson(c: Asked): void {
  const { type, isUtf8 } = mediaTypeOf(c);
  if (type !== 'application/json' || !isUtf8) throw new Refusal('unsupported_media_type');
}

/** The text of a JSON object; an empty body counts as `{}`. Refuses 413, 415, 400 parse_error, 400 invalid. */
async function readJson(c: Asked): Promise<string> {
  const contentType = c.req.header('Content-Type');
  const bytes = await readBytes(c);
  if (bytes.byteLength > 0 || contentType !== undefined) requireJson(c);
  if (bytes.byteLength === 0) return '{}';
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    throw new Refusal('parse_error');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid({ non_field_errors: [{ fault: 'not_an_object' }] });
  }
  return text;
}

const TYPE_FAULTS: Record<string, FieldFaultName> = { string: 'not_a_string', boolean: 'not_a_boolean' };

/** What Zod says, in DRF's words. */
function faultOf(issue: z.core.$ZodIssue, input: unknown): FieldFault {
  if (issue.code === 'custom' && issue.params?.fault) {
    const { fault, values } = issue.params as { fault: FieldFaultName; values?: FieldFault['params'] };
    return values ? { fault, params: values } : { fault };
  }
  if (input === undefined) return { fault: 'required' };
  if (input === null) return { fault: 'null' };
  if (issue.code === 'invalid_type') return { fault: TYPE_FAULTS[issue.expected] ?? 'invalid' };
  return { fault: 'invalid' };
}

export function faultsOf(issues: readonly z.core.$ZodIssue[], input: Record<string, unknown>) {
  const faults: Record<string, FieldFault[]> = {};
  for (const issue of issues) {
    const field = String(issue.path[0] ?? 'non_field_errors');
    faults[field] ??= [];
    faults[field].push(faultOf(issue, Object.hasOwn(input, field) ? input[field] : undefined));
  }
  return faults;
}

/** Middleware: the body as the schema gives it, under `c.req.valid('json')`. */
export function body<S extends z.ZodMiniObject>(schema: S) {
  const validate = zValidator('json', schema, (result) => {
    if (!result.success) {
      throw invalid(faultsOf(result.error.issues, result.data as Record<string, unknown>));
    }
  });
  const handler: MiddlewareHandler<AppEnv> = async (c, next) => {
    if (c.get('asDrf') && isForm(c)) {
      const form = await readForm(c);
      const result = z.safeParse(schema, form);
      if (!result.success) throw invalid(faultsOf(result.error.issues, form));
      c.req.addValidatedData('json', result.data);
      return next();
    }
    // Hono's validator parses what it finds here. As a value it would go through JSON.stringify, where 1e999 is null.
    c.req.bodyCache.text = Promise.resolve(await readJson(c)) as never;
    return validate(c as never, next);
  };
  return handler as typeof validate;
}
