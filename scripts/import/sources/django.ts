/**
 * `manage.py dumpdata` of any user model, with anything else in the dump; also django-allauth's verified addresses and
 * connected accounts.
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

/** `userModel`: the model that holds users, if it cannot be recognised. */
export const django = (userModel?: string): Source => ({
  wrappers: ['users', 'results'],
  // Django is the default source, so the file may be any CSV.
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
  // allauth before 0.59 stored it as text.
  const profile = readJson(extra_data);
  return {
    provider,
    subject: uid,
    email: isObject(profile) ? profile.email : null,
    createdAt: date_joined,
    lastUsedAt: last_login,
  };
}
