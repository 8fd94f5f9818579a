/** JSON lines and CSV of any origin, `npm run export-users` among them: fields by our own names. */
import type { FieldMap } from '../fields.ts';
import { isObject } from '../values.ts';
import { keyOf, type Source } from './source.ts';

export const PLAIN: FieldMap = {
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

const plain = (csv: Source['csv']): Source => ({
  wrappers: ['users', 'user', 'data', 'results'],
  csv,
  sort: (record) => {
    if (!isObject(record)) return null;
    return { kind: 'user', key: keyOf(record.pk ?? record.id), fields: record, map: PLAIN };
  },
});

export const jsonLines = plain('never');
export const csv = plain('always');
