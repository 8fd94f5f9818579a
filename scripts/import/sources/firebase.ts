/** `firebase auth:export users.json --format=json`. A hash is useless without its salt (hashes.ts). */
import type { FieldMap, Fields } from '../fields.ts';
import { firebaseHash } from '../hashes.ts';
import { isObject } from '../values.ts';
import { keyOf, listOf, type Source } from './source.ts';

const MAP: FieldMap = {
  id: ['localId'],
  email: ['email'],
  name: ['displayName'],
  email_verified: ['emailVerified'],
  date_joined: ['createdAt'],
  last_login: ['lastSignedInAt'],
  disabled: ['disabled'],
};

/** Providers that are not accounts elsewhere but ways to sign in to this one. */
const OWN = new Set(['password', 'phone']);

export const firebase: Source = {
  wrappers: ['users'],
  csv: 'never',
  sort: (record) => {
    if (!isObject(record)) return null;
    const { passwordHash, salt } = record;
    const others = listOf(record.providerUserInfo).filter(
      (provider) => isObject(provider) && !OWN.has(String(provider.providerId)),
    ) as Fields[];
    return {
      kind: 'user',
      key: keyOf(record.localId),
      fields: { ...record, password: firebaseHash(passwordHash, salt) },
      map: { ...MAP, password: ['password'] },
      alsoUsed: ['passwordHash', 'salt', 'providerUserInfo'],
      connections: others.map(({ providerId, rawId, email }) => ({
        provider: providerId,
        subject: rawId,
        email,
      })),
    };
  },
};
