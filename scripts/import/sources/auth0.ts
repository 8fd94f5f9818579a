/**
 * Auth0: the export of users (JSON lines or CSV, fields chosen or not) and the export of password hashes that its
 * support hands out (`_id.$oid`, `passwordHash`). Both name a user alike, so that either order works.
 */
import type { FieldMap } from '../fields.ts';
import { isObject } from '../values.ts';
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

/** `auth0|5f7c8ec7c33c6c004bbafe82`: of the database that the hashes are of. */
const OF_DATABASE = 'auth0|';

export const auth0: Source = {
  wrappers: ['users'],
  csv: 'always',
  sort: (record) => {
    if (!isObject(record)) return null;
    const oid = isObject(record._id) ? record._id.$oid : undefined;
    if (typeof oid === 'string') {
      return { kind: 'password', owner: `${OF_DATABASE}${oid}`, password: record.passwordHash };
    }
    const others = listOf(record.identities).filter(
      (identity) => isObject(identity) && identity.provider !== 'auth0',
    );
    // For who has no name of their own, Auth0 writes the address there.
    const fields = record.name === record.email ? { ...record, name: '' } : record;
    return {
      kind: 'user',
      key: keyOf(record.user_id ?? record.Id),
      fields,
      map: MAP,
      alsoUsed: ['identities'],
      connections: others.length,
    };
  },
};
