/**
 * Reads the query string of a list: search, filters and order with DRF's names, and an opaque cursor. Unknown or invalid
 * parameters are ignored: the first page, unfiltered, in the default order.
 */

import { fromBase64Url, toBase64Url } from '../encoding.ts';
import { canonicalEmail, usernameKey } from '../identity.ts';
import {
  type AdminLists,
  type Cursor,
  type HistoryQuery,
  type PageQuery,
  USER_SORTS,
  type UserQuery,
} from './list-ports.ts';
import { nameSearch } from './name-search.ts';

const PAGE_ROWS = 50;
const PAGE_ROWS_MAX = 100;
/** No address, username or id is longer. */
const SEARCH_MAX_LENGTH = 254;

export type Query = Readonly<Record<string, string>>;

export const writeCursor = (cursor: Cursor | null): string | null =>
  cursor && toBase64Url(new TextEncoder().encode(JSON.stringify(cursor)));

/** `shape`: the type of each part. */
function readCursor(text: string | undefined, ...shape: ('string' | 'number')[]): Cursor | null {
  if (!text) return null;
  try {
    const parts: unknown = JSON.parse(new TextDecoder().decode(fromBase64Url(text)));
    if (!Array.isArray(parts) || parts.length !== shape.length) return null;
    return parts.every((part, i) => typeof part === shape[i]) ? parts : null;
  } catch {
    return null;
  }
}

/** Rows of a page. */
export function limitOf(query: Query): number {
  const limit = /^[1-9]\d{0,3}$/.test(query.limit ?? '') ? Number(query.limit) : PAGE_ROWS;
  return Math.min(limit, PAGE_ROWS_MAX);
}

export const pageQuery = (query: Query, ...shape: ('string' | 'number')[]): PageQuery => ({
  after: readCursor(query.cursor, ...shape),
  limit: limitOf(query),
});

/** The time it was given up, its user, its position. */
export const DEAD_LETTER_CURSOR = ['number', 'string', 'number'] as const;

/** What somebody is called: an address, a username or an id, each as it is kept. */
const nameQuery = (text: string) => ({
  email: canonicalEmail(text),
  usernameKey: usernameKey(text),
  id: text.toLowerCase(),
});

const plain = (text: string | undefined): string =>
  (text ?? '').trim().slice(0, SEARCH_MAX_LENGTH).toWellFormed();

/** `user` and `staff` are called by address, username or id; by whatever is none of these nothing is found. */
export async function historyQuery(query: Query, { idOf }: Pick<AdminLists, 'idOf'>): Promise<HistoryQuery> {
  const named = async (text: string) => (text === '' ? null : ((await idOf(nameQuery(text))) ?? text));
  const [subjectId, actorId] = await Promise.all([named(plain(query.user)), named(plain(query.staff))]);
  return { ...pageQuery(query, 'string'), subjectId, actorId, action: plain(query.action) || null };
}

const flag = (text: string | undefined): boolean | null =>
  text === 'true' ? true : text === 'false' ? false : null;

/** What a list of users is made by, without its page. */
const USER_PARAMETERS = [
  'search',
  'is_active',
  'is_staff',
  'email_verified',
  'second_factor',
  'passkey',
  'connection',
  'ordering',
] as const;

export const userParameters = (query: Query): Query =>
  Object.fromEntries(USER_PARAMETERS.flatMap((name) => (query[name] ? [[name, query[name]]] : [])));

export function userQuery(query: Query): UserQuery {
  const search = plain(query.search);
  const ordering = query.ordering ?? '-date_joined';
  const sort = USER_SORTS.find((known) => known === ordering.replace(/^-/, ''));
  return {
    ...pageQuery(query, 'string', 'string', 'string'),
    search:
      search === ''
        ? null
        : {
            // A complete address in its canonical form; a prefix as far as that is possible.
            email: canonicalEmail(search) ?? search.normalize('NFC').toLowerCase(),
            usernameKey: usernameKey(search),
            name: nameSearch(search),
            id: search.toLowerCase(),
          },
    isActive: flag(query.is_active),
    isStaff: flag(query.is_staff),
    emailVerified: flag(query.email_verified),
    hasSecondFactor: flag(query.second_factor),
    hasPasskey: flag(query.passkey),
    hasConnection: flag(query.connection),
    sort: sort ?? 'date_joined',
    descending: sort === undefined || ordering.startsWith('-'),
  };
}
