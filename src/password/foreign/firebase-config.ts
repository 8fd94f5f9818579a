/**
 * FIREBASE_HASH_CONFIG: the password hash parameters of a Firebase project, shared by all of its hashes. Accepts the
 * block that the Firebase console shows (Authentication, Users, "Password hash parameters"), the same as JSON, or the
 * `hashConfig` of the Identity Toolkit API.
 */
import { anyBase64 } from '../../encoding.ts';
import { isScryptCost } from '../native-scrypt.ts';
import type { FirebaseHashConfig } from './format.ts';

/** Null if a parameter is missing, malformed or out of bounds. Never throws. */
export function readFirebaseHashConfig(text: string): FirebaseHashConfig | null {
  const fields = fieldsOf(text);
  if ((fields.algorithm ?? 'SCRYPT') !== 'SCRYPT') return null;
  const signerKey = anyBase64(fields.base64_signer_key ?? fields.signerKey ?? '');
  const separator = fields.base64_salt_separator ?? fields.saltSeparator ?? '';
  const saltSeparator = separator === '' ? new Uint8Array() : anyBase64(separator);
  const memoryCost = Number(fields.mem_cost ?? fields.memoryCost ?? Number.NaN);
  const cost = { N: 2 ** memoryCost, r: Number(fields.rounds ?? Number.NaN), p: 1 };
  if (signerKey === null || saltSeparator === null || !isScryptCost(cost)) return null;
  return { signerKey, saltSeparator, cost };
}

/** The console's block is not JSON: `hash_config { algorithm: SCRYPT, rounds: 8, }`. */
function fieldsOf(text: string): Partial<Record<string, string>> {
  const pairs = text.matchAll(/"?(\w+)"?\s*:\s*"?([\w+/=-]*)"?\s*(?=[,}\n]|$)/g);
  return Object.fromEntries(Array.from(pairs, ([, name, value]) => [name, value]));
}
