/** The interface of a source: the format of its files and the kinds of its records. */
import type { ForeignConnection } from '../connections.ts';
import type { FieldMap, Fields } from '../fields.ts';
import type { Shape } from '../records.ts';

export interface UserRecord {
  kind: 'user';
  model?: string;
  /** The key in the old system; null if the dump has none (natural keys). */
  key: string | number | null;
  fields: Fields;
  map: FieldMap;
  /** Fields that were read otherwise than through `map`. */
  alsoUsed?: readonly string[];
  /** Accounts at other providers. */
  connections?: readonly ForeignConnection[];
  /** Names of providers, if other records have the accounts there. */
  providers?: readonly unknown[];
}

/** The user that a record belongs to: their key, or the name in their natural key. */
export type Owner = string;

export type Sorted =
  | UserRecord
  /** One of the addresses of a user. */
  | { kind: 'address'; owner: Owner; email: unknown; verified: unknown; primary: unknown }
  /** A password that is not kept in the user's own record. */
  | { kind: 'password'; owner: Owner; password: unknown }
  | { kind: 'connection'; owner: Owner; connection: ForeignConnection }
  | { kind: 'other'; model: string; fields: Fields };

export interface Source extends Shape {
  /** null: the record is unreadable. */
  sort: (record: unknown, group: string | undefined) => Sorted | null;
}

export const keyOf = (value: unknown): string | number | null =>
  typeof value === 'string' || typeof value === 'number' ? value : null;

/** A key as text; a natural key is a list with the username, or the field that the model uses as such. */
export const ownerOf = (value: unknown): Owner =>
  Array.isArray(value) ? naturalOwner(String(value[0])) : String(value);

export const naturalOwner = (name: string): Owner => `natural key ${name}`;

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
