/**
 * The named schemas of the document. Nothing in this folder is part of the Worker: document.ts runs when the assets are
 * built (docs/adr/0005-openapi.md).
 */
import * as z from 'zod/mini';

export interface Meta {
  id: string;
  description?: string;
  /** An example of the whole body. */
  example?: unknown;
  /** Descriptions of its properties. */
  about?: Readonly<Record<string, string>>;
  [annotation: string]: unknown;
}

export const names = z.registry<Meta>();

export function named<S extends z.ZodMiniType>(id: string, schema: S, meta: Omit<Meta, 'id'> = {}): S {
  names.add(schema, { id, ...meta });
  return schema;
}

/** A string with JSON Schema annotations. */
export const text = (annotations: Record<string, unknown>) => z.string().check(z.meta(annotations));
export const uuid = text({ format: 'uuid' });
export const timestamp = text({ format: 'date-time', pattern: 'Z$' });

/** Example tokens of the right form. */
export const ACCESS = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIn0.c2lnbmF0dXJl';
export const REFRESH = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.c2lnbmF0dXJl';
export const MAIL_TOKEN =
  '0196f2a4-7c1e-7d3b-9a51-5f0c2f6d8e10.b25lLXRpbWUtc2VjcmV0LW9mLTMyLXJhbmRvbS1ieXRlcw';
