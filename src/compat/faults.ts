/** Field errors with the messages of djoser and dj-rest-auth, and our codes for them. */
import { type FieldFault, invalid } from '../errors.ts';
import { libraryFaults } from '../languages/index.ts';

export const LIBRARY_FAULT_CODES = {
  email_unique: 'unique',
  username_unique: 'unique',
  email_registered: 'unique',
  credentials: 'no_active_account',
  name_missing: 'required',
  password_mismatch: 'password_mismatch',
  django_mismatch: 'password_mismatch',
  djoser_password: 'password_incorrect',
  djoser_token: 'token_not_valid',
  djoser_uid: 'token_not_valid',
  old_password_incorrect: 'password_incorrect',
  invalid_value: 'token_not_valid',
} as const satisfies Record<keyof typeof libraryFaults.en, string>;

export type LibraryFault = keyof typeof LIBRARY_FAULT_CODES;

export const libraryFault = (name: LibraryFault): FieldFault => ({
  fault: 'invalid',
  words: {
    code: LIBRARY_FAULT_CODES[name],
    sentences: { en: libraryFaults.en[name], ko: libraryFaults.ko[name] },
  },
});

export const invalidThere = (field: string, name: LibraryFault) => invalid({ [field]: [libraryFault(name)] });
