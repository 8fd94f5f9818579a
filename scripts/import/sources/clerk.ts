/** Clerk: the CSV of its dashboard (with password digests), or the JSON of `GET /v1/users` (without). */
import type { ForeignConnection } from '../connections.ts';
import type { FieldMap, Fields } from '../fields.ts';
import { isObject } from '../values.ts';
import { keyOf, listOf, type Source } from './source.ts';

const MAP: FieldMap = {
  id: ['id'],
  email: ['primary_email_address'],
  username: ['username'],
  first_name: ['first_name'],
  last_name: ['last_name'],
  password: ['password_digest'],
  email_verified: ['primary_email_verified'],
  date_joined: ['created_at'],
  last_login: ['last_sign_in_at'],
  disabled: ['banned'],
};

export const clerk: Source = {
  wrappers: ['data', 'users'],
  csv: 'always',
  sort: (record) => {
    if (!isObject(record)) return null;
    return {
      kind: 'user',
      key: keyOf(record.id),
      fields: { ...record, ...primaryAddress(record) },
      map: MAP,
      alsoUsed: [
        'primary_email_verified',
        'email_addresses',
        'primary_email_address_id',
        'external_accounts',
        'verified_email_addresses',
        'password_hasher',
      ],
      connections: listOf(record.external_accounts).filter(isObject).map(connectionOf),
    };
  },
};

function primaryAddress(record: Fields): Fields {
  const addresses = listOf(record.email_addresses).filter(isObject);
  const primary = addresses.find(({ id }) => id === record.primary_email_address_id) ?? addresses[0];
  if (primary) {
    const verified = isObject(primary.verification) && primary.verification.status === 'verified';
    return { primary_email_address: primary.email_address, primary_email_verified: verified };
  }
  // The CSV has a separate list of verified addresses.
  const verified = String(record.verified_email_addresses ?? '').split(/[\s,;|]+/);
  const email = record.primary_email_address;
  return { primary_email_verified: typeof email === 'string' && email !== '' && verified.includes(email) };
}

function connectionOf(account: Fields): ForeignConnection {
  const { provider, provider_user_id: subject, email_address: email, created_at: createdAt } = account;
  return { provider: String(provider ?? '').replace(/^oauth_(?:custom_)?/, ''), subject, email, createdAt };
}
