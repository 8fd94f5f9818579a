/** The faults of a new password, for a body of which another field is refused: one response reports all. */
import type { FieldFaults } from '../errors.ts';
import type { FurtherFaults } from '../http/body.ts';
import type { PasswordOwner } from '../password/policy.ts';
import { newPasswordFaults, type Services } from './application/tokens.ts';
import type { AccountContext } from './env.ts';

type Input = Readonly<Record<string, unknown>>;

/** A new user, as far as the body describes them. */
function newOwner(input: Input): Required<PasswordOwner> {
  const text = (name: string) => (typeof input[name] === 'string' ? input[name] : null);
  return { email: text('email'), username: text('username'), name: text('name') };
}

/** `field`: that of the password. `owner`: who gets it. */
export function passwordFaultsOf(
  services: Pick<Services, 'settings'>,
  input: Input,
  field = 'password',
  owner = newOwner(input),
): FieldFaults {
  const password = input[field];
  if (typeof password !== 'string' || password === '') return {};
  return newPasswordFaults(services, field, password, owner);
}

export const passwordFaultsToo =
  (field?: string): FurtherFaults =>
  (c, input) =>
    passwordFaultsOf(c.var.services, input, field);

/** The same for a signed-in user, under `new_password`. */
export const ownPasswordFaultsToo: FurtherFaults = (c, input) =>
  passwordFaultsOf(c.var.services, input, 'new_password', (c as unknown as AccountContext).var.caller.user);
