/** `auth.users` of Supabase (GoTrue), as JSON or CSV of the SQL editor; `auth.identities` are counted. */
import type { FieldMap } from '../fields.ts';
import { isObject } from '../values.ts';
import { keyOf, listOf, ownerOf, type Source } from './source.ts';

const MAP: FieldMap = {
  id: ['id'],
  email: ['email'],
  name: ['raw_user_meta_data.full_name', 'raw_user_meta_data.name'],
  password: ['encrypted_password'],
  email_verified: ['email_confirmed_at', 'confirmed_at'],
  date_joined: ['created_at'],
  last_login: ['last_sign_in_at'],
  disabled: ['deleted_at'],
  disabled_until: ['banned_until'],
};
/** Columns that CSV has as text. */
const JSON_COLUMNS = ['raw_user_meta_data', 'raw_app_meta_data'];

export const supabase: Source = {
  wrappers: ['users', 'identities'],
  csv: 'always',
  sort: (record, group) => {
    if (!isObject(record)) return null;
    if (group === 'identities' || ('identity_data' in record && 'user_id' in record)) {
      return record.provider === 'email'
        ? { kind: 'other', model: 'identities (email)', fields: {} }
        : { kind: 'connection', owner: ownerOf(record.user_id) };
    }
    const fields = { ...record };
    for (const column of JSON_COLUMNS) fields[column] = objectOf(fields[column]);
    const providers = isObject(fields.raw_app_meta_data) ? listOf(fields.raw_app_meta_data.providers) : [];
    return {
      kind: 'user',
      key: keyOf(record.id),
      fields,
      map: MAP,
      connections: providers.filter((name) => name !== 'email' && name !== 'phone').length,
    };
  },
};

function objectOf(value: unknown): unknown {
  if (typeof value !== 'string' || value === '') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
