/** JSON lines and CSV with our field names, from any system or from `npm run export-users`. */
import type { ForeignConnection } from '../connections.ts';
import type { FieldMap, Fields } from '../fields.ts';
import { isObject, readJson } from '../values.ts';
import { keyOf, listOf, type Source, type UserRecord } from './source.ts';

const PLAIN: FieldMap = {
  id: ['id'],
  email: ['email'],
  username: ['username'],
  name: ['name'],
  first_name: ['first_name'],
  last_name: ['last_name'],
  password: ['password_hash', 'password'],
  is_active: ['is_active'],
  is_staff: ['is_staff'],
  email_verified: ['email_verified_at', 'email_verified'],
  date_joined: ['date_joined'],
  last_login: ['last_login'],
};

export function plainUser(record: Fields): UserRecord {
  const connections = listOf(readJson(record.connections)).filter(isObject).map(connectionOf);
  return {
    kind: 'user',
    key: keyOf(record.pk ?? record.id),
    fields: record,
    map: PLAIN,
    ...(connections.length > 0 && { alsoUsed: ['connections'], connections }),
  };
}

const connectionOf = ({ created_at, last_used_at, ...connection }: Fields): ForeignConnection => ({
  provider: connection.provider,
  subject: connection.subject,
  issuer: connection.issuer,
  id: connection.id,
  email: connection.email,
  createdAt: created_at,
  lastUsedAt: last_used_at,
});

const plain = (csv: Source['csv']): Source => ({
  wrappers: ['users', 'user', 'data', 'results'],
  csv,
  sort: (record) => (isObject(record) ? plainUser(record) : null),
});

export const jsonLines = plain('never');
export const csv = plain('always');
