/** `--from NAME`. */
import { auth0 } from './auth0.ts';
import { betterAuth } from './better-auth.ts';
import { clerk } from './clerk.ts';
import { django } from './django.ts';
import { firebase } from './firebase.ts';
import { csv, jsonLines } from './plain.ts';
import type { Source } from './source.ts';
import { supabase } from './supabase.ts';

const SOURCES: Readonly<Record<string, Source>> = {
  supabase,
  'better-auth': betterAuth,
  firebase,
  auth0,
  clerk,
  jsonl: jsonLines,
  csv,
};
export const SOURCE_NAMES = ['django', ...Object.keys(SOURCES)];

/** Without a name: CSV by the file's extension; any other file is a Django dump, or has fields by our names. */
export function sourceOf(name: string | undefined, file: string, userModel?: string): Source | undefined {
  if (name === undefined) return /\.csv(?:\.gz)?$/i.test(file) ? csv : django(userModel);
  return name === 'django' ? django(userModel) : SOURCES[name];
}
