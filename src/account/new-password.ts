/** The faults of a new user's password, for a body of which another field is refused: one response reports all. */
import type { FieldFaults } from '../errors.ts';
import type { FurtherFaults } from '../http/body.ts';
import { newPasswordFaults, type Services } from './application/tokens.ts';

/** `field`: that of the password. */
export function passwordFaultsOf(
  services: Pick<Services, 'settings'>,
  input: Readonly<Record<string, unknown>>,
  field = 'password',
): FieldFaults {
  const password = input[field];
  if (typeof password !== 'string' || password === '') return {};
  const text = (name: string) => (typeof input[name] === 'string' ? input[name] : null);
  const person = { email: text('email'), username: text('username'), name: text('name') };
  return newPasswordFaults(services, field, password, person);
}

export const passwordFaultsToo =
  (field?: string): FurtherFaults =>
  (c, input) =>
    passwordFaultsOf(c.var.services, input, field);
