/**
 * Auth0: the export of users (JSON lines or CSV, with any choice of fields) and the export of password hashes from its
 * support (`_id.$oid`, `passwordHash`). Both identify users the same way, so their order does not matter.
 */
import type { ForeignConnection } from '../connections.ts';
import type { FieldMap, Fields } from '../fields.ts';
import { isObject, readJson } from '../values.ts';
import { keyOf, listOf, type Source } from './source.ts';

const MAP: FieldMap = {
  id: ['user_id', 'Id'],
  email: ['email', 'Email'],
  username: ['username', 'Username'],
  name: ['name', 'Name'],
  first_name: ['given_name', 'Given Name'],
  last_name: ['family_name', 'Family Name'],
  password: ['passwordHash', 'password_hash'],
  email_verified: ['email_verified', 'Email Verified'],
  date_joined: ['created_at', 'Created At'],
  last_login: ['last_login', 'Last Login'],
  disabled: ['blocked', 'Blocked'],
};

/** The prefix of users in the database that the hashes belong to: `auth0|5f7c8ec7c33c6c004bbafe82`. */
const OF_DATABASE = 'auth0|';
/** Identities that are not accounts at another provider. */
const OWN = new Set<unknown>(['auth0', 'email', 'sms']);
/** Generic protocols: `connection` names the provider. */
const GENERIC = new Set<unknown>(['oidc', 'oauth2']);

export const auth0: Source = {
  wrappers: ['users'],
  csv: 'always',
  sort: (record) => {
    if (!isObject(record)) return null;
    const oid = isObject(record._id) ? record._id.$oid : undefined;
    if (typeof oid === 'string') {
      return { kind: 'password', owner: `${OF_DATABASE}${oid}`, password: record.passwordHash };
    }
    const key = keyOf(record.user_id ?? record.Id);
    const identities = listOf(readJson(record.identities ?? record.Identities)).filter(isObject);
    // Auth0 writes the address as the name of a user without one.
    const fields = record.name === record.email ? { ...record, name: '' } : record;
    return {
      kind: 'user',
      key,
      fields,
      map: MAP,
      alsoUsed: ['identities', 'Identities'],
      connections: (identities.length > 0 ? identities : [identityOf(key)])
        .filter(({ provider }) => !OWN.has(provider))
        .map(connectionOf),
    };
  },
};

/** Without exported identities, the user's key contains provider and subject: `google-oauth2|109`. */
function identityOf(key: unknown): Fields {
  const [, provider = 'auth0', user_id] = /^([^|]+)\|(.+)$/.exec(String(key)) ?? [];
  return { provider, user_id };
}

function connectionOf({ provider, connection, user_id, profileData }: Fields): ForeignConnection {
  const isGeneric = GENERIC.has(provider) && typeof connection === 'string';
  const email = isObject(profileData) ? profileData.email : null;
  if (!isGeneric) return { provider, subject: user_id, email };
  const subject =
    typeof user_id === 'string' && user_id.startsWith(`${connection}|`)
      ? user_id.slice(connection.length + 1)
      : user_id;
  return { provider: connection, subject, email };
}
