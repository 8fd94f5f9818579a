/**
 * The tables `user` and `account` of better-auth, as one object with two lists or as users with their `accounts`. The
 * account whose provider is `credential` has the password.
 */
import type { ForeignConnection } from '../connections.ts';
import type { FieldMap, Fields } from '../fields.ts';
import { isObject } from '../values.ts';
import { keyOf, listOf, ownerOf, type Source } from './source.ts';

/** Column names are in camel case or, if so configured, in snake case. */
const both = (name: string) => [name, name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];

const MAP: FieldMap = {
  id: ['id'],
  email: ['email'],
  username: [...both('displayUsername'), 'username'],
  name: ['name'],
  password: ['password'],
  email_verified: both('emailVerified'),
  date_joined: both('createdAt'),
  disabled: ['banned'],
};

const isCredential = (account: Fields) => (account.providerId ?? account.provider_id) === 'credential';

export const betterAuth: Source = {
  wrappers: ['user', 'users', 'account', 'accounts'],
  csv: 'header',
  sort: (record, group) => {
    if (!isObject(record)) return null;
    if (group === 'account' || group === 'accounts' || both('providerId').some((name) => name in record)) {
      const owner = ownerOf(record.userId ?? record.user_id);
      return isCredential(record)
        ? { kind: 'password', owner, password: record.password }
        : { kind: 'connection', owner, connection: connectionOf(record) };
    }
    const accounts = listOf(record.accounts ?? record.account).filter(isObject);
    const password = accounts.find(isCredential)?.password;
    return {
      kind: 'user',
      key: keyOf(record.id),
      fields: password === undefined ? record : { ...record, password },
      map: MAP,
      alsoUsed: ['accounts', 'account'],
      connections: accounts.filter((account) => !isCredential(account)).map(connectionOf),
    };
  },
};

const connectionOf = (account: Fields): ForeignConnection => ({
  provider: account.providerId ?? account.provider_id,
  subject: account.accountId ?? account.account_id,
  createdAt: account.createdAt ?? account.created_at,
});
