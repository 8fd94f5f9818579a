/**
 * `manage.py dumpdata` of any model of users, with whatever else is in the dump; and of django-allauth the addresses
 * (which of them are verified) and the connected accounts.
 */
import type { ForeignConnection } from '../connections.ts';
import type { FieldMap, Fields } from '../fields.ts';
import { isObject, readJson } from '../values.ts';
import { plainUser } from './plain.ts';
import { keyOf, ownerOf, type Source } from './source.ts';

const DJANGO: FieldMap = {
  email: ['email'],
  username: ['username'],
  name: ['name'],
  first_name: ['first_name'],
  last_name: ['last_name'],
  password: ['password'],
  is_active: ['is_active'],
  is_staff: ['is_staff'],
  date_joined: ['date_joined'],
  last_login: ['last_login'],
};

const has = (fields: Fields, name: string) => Object.hasOwn(fields, name);

/** AbstractBaseUser has `password` and `last_login`; a child of multi-table inheritance has neither. */
const isUser = (fields: Fields): boolean =>
  has(fields, 'password') ||
  has(fields, 'last_login') ||
  ((has(fields, 'username') || has(fields, 'email')) &&
    (has(fields, 'is_active') || has(fields, 'date_joined')));

/** `userModel`: the one model that holds users, where it has to be named. */
export const django = (userModel?: string): Source => ({
  wrappers: ['users', 'results'],
  // Without a word of the source, a file may be anything.
  csv: 'header',
  sort: (record) => {
    if (!isObject(record)) return null;
    const { model, fields } = record;
    if (!isObject(fields)) {
      if (has(record, 'fields') || Object.keys(record).length === 0) return null;
      return plainUser(record);
    }
    if (model === 'account.emailaddress') {
      const { user, email, verified, primary } = fields;
      return { kind: 'address', owner: ownerOf(user), email, verified, primary };
    }
    if (model === 'socialaccount.socialaccount') {
      return { kind: 'connection', owner: ownerOf(fields.user), connection: connectionOf(fields) };
    }
    if (typeof model === 'string' && (userModel === undefined ? !isUser(fields) : model !== userModel)) {
      return { kind: 'other', model, fields };
    }
    return {
      kind: 'user',
      ...(typeof model === 'string' && { model }),
      key: keyOf(record.pk),
      fields,
      map: DJANGO,
    };
  },
});

function connectionOf({ provider, uid, extra_data, date_joined, last_login }: Fields): ForeignConnection {
  // Text before allauth 0.59.
  const profile = readJson(extra_data);
  return {
    provider,
    subject: uid,
    email: isObject(profile) ? profile.email : null,
    createdAt: date_joined,
    lastUsedAt: last_login,
  };
}
