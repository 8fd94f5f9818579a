/**
 * Supabase (GoTrue): `auth.users` as JSON or CSV from the SQL editor, with `auth.identities` in the same JSON object, or
 * in each user as the admin API returns them.
 */
import type { ForeignConnection } from '../connections.ts';
import type { FieldMap, Fields } from '../fields.ts';
import { isObject, readJson } from '../values.ts';
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
/** Columns with JSON, which CSV has as text. */
const JSON_COLUMNS = ['raw_user_meta_data', 'raw_app_meta_data'];

/** Identities that are not accounts at another provider. */
const OWN = new Set<unknown>(['email', 'phone']);

export const supabase: Source = {
  wrappers: ['users', 'identities'],
  csv: 'always',
  sort: (record, group) => {
    if (!isObject(record)) return null;
    if (group === 'identities' || ('identity_data' in record && 'user_id' in record)) {
      return OWN.has(record.provider)
        ? { kind: 'other', model: `identities (${record.provider})`, fields: {} }
        : { kind: 'connection', owner: ownerOf(record.user_id), connection: connectionOf(record) };
    }
    const fields = { ...record };
    for (const column of JSON_COLUMNS) fields[column] = readJson(fields[column]);
    const identities = listOf(readJson(record.identities)).filter(isObject);
    const providers = isObject(fields.raw_app_meta_data) ? listOf(fields.raw_app_meta_data.providers) : [];
    return {
      kind: 'user',
      key: keyOf(record.id),
      fields,
      map: MAP,
      alsoUsed: ['identities'],
      connections: identities.filter(({ provider }) => !OWN.has(provider)).map(connectionOf),
      providers: providers.filter((name) => !OWN.has(name)),
    };
  },
};

function connectionOf({ provider, provider_id, identity_data, id, ...rest }: Fields): ForeignConnection {
  const data = readJson(identity_data);
  const { sub, email } = isObject(data) ? data : {};
  // Before there was a column for it, the row's id was the subject.
  const subject = provider_id ?? sub ?? id;
  return { provider, subject, email, createdAt: rest.created_at, lastUsedAt: rest.last_sign_in_at };
}
