/** Reads a body: checks size, media type, charset and JSON, then the schema. */
import { zValidator } from '@hono/zod-validator';
import type { Context, MiddlewareHandler } from 'hono';
import * as z from 'zod/mini';
import { type FieldFault, type FieldFaultName, type FieldFaults, invalid, Refusal } from '../errors.ts';
import { mediaTypeOf, type RequestContext, readBytes } from './bytes.ts';
import type { AppEnv } from './context.ts';
import { isForm, readForm } from './form.ts';

/** Requires application/json, in UTF-8 if it names a charset (RFC 8259 section 8.1). */
function requireJson(c: RequestContext): void {
  const { type, isUtf8 } = mediaTypeOf(c);
  if (type !== 'application/json' || !isUtf8) throw new Refusal('unsupported_media_type');
}

/** Returns the text of a JSON object; an empty body counts as `{}`. 413; 415; 400 parse_error, invalid. */
async function readJson(c: RequestContext): Promise<string> {
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

/** Maps an issue of Zod to a fault with DRF's code. */
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

/** What else is wrong with a body that the schema refuses, so that one response reports all faults. */
export type FurtherFaults = (c: Context<AppEnv>, input: Readonly<Record<string, unknown>>) => FieldFaults;

/** Middleware that validates the body; the schema's output is `c.req.valid('json')`. */
export function body<S extends z.ZodMiniObject>(schema: S, furtherFaults: FurtherFaults = () => ({})) {
  const refusal = (
    c: Context<AppEnv>,
    { issues }: { issues: readonly z.core.$ZodIssue[] },
    input: Record<string, unknown>,
  ) => invalid({ ...furtherFaults(c, input), ...faultsOf(issues, input) });
  const validate = zValidator('json', schema, (result, c) => {
    if (!result.success) {
      throw refusal(c as unknown as Context<AppEnv>, result.error, result.data as Record<string, unknown>);
    }
  });
  const handler: MiddlewareHandler<AppEnv> = async (c, next) => {
    if (c.get('asDrf') && isForm(c)) {
      const form = await readForm(c);
      const result = z.safeParse(schema, form);
      if (!result.success) throw refusal(c, result.error, form);
      c.req.addValidatedData('json', result.data);
      return next();
    }
    // Hono's validator parses this text. A parsed value would go through JSON.stringify, where 1e999 becomes null.
    c.req.bodyCache.text = Promise.resolve(await readJson(c)) as never;
    return validate(c as never, next);
  };
  return handler as typeof validate;
}
