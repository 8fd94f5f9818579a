/** What a source has to say about its records. */
import type { ForeignConnection } from '../connections.ts';
import type { FieldMap, Fields } from '../fields.ts';
import type { Shape } from '../records.ts';

export interface UserRecord {
  kind: 'user';
  model?: string;
  /** The key in the old system; null where the dump has none (natural keys). */
  key: string | number | null;
  fields: Fields;
  map: FieldMap;
  /** Fields that were read in another way than by `map`. */
  alsoUsed?: readonly string[];
  /** Accounts at other providers. */
  connections?: readonly ForeignConnection[];
  /** Names of providers, where another record says who the user is there. */
  providers?: readonly unknown[];
}

/** Whose a record is: the key of the user, or the name by which a natural key knows the user. */
export type Owner = string;

export type Sorted =
  | UserRecord
  /** An address of a user. */
  | { kind: 'address'; owner: Owner; email: unknown; verified: unknown; primary: unknown }
  /** A password that is not kept in the user's own record. */
  | { kind: 'password'; owner: Owner; password: unknown }
  | { kind: 'connection'; owner: Owner; connection: ForeignConnection }
  | { kind: 'other'; model: string; fields: Fields };

export interface Source extends Shape {
  /** Null: the record is none that could be read. */
  sort: (record: unknown, group: string | undefined) => Sorted | null;
}

export const keyOf = (value: unknown): string | number | null =>
  typeof value === 'string' || typeof value === 'number' ? value : null;

/** A key as text, or a natural key, which is a list: in Django the username, or what stands for it. */
export const ownerOf = (value: unknown): Owner =>
  Array.isArray(value) ? naturalOwner(String(value[0])) : String(value);

export const naturalOwner = (name: string): Owner => `natural key ${name}`;

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
