/** The faults of a new user's password, for a body of which another field is refused: one response reports all. */
import type { FurtherFaults } from '../http/body.ts';
import { newPasswordFaults } from './application/tokens.ts';

/** `field`: that of the password. */
export const passwordFaultsToo =
  (field = 'password'): FurtherFaults =>
  (c, input) => {
    const password = input[field];
    if (typeof password !== 'string' || password === '') return {};
    const text = (name: string) => (typeof input[name] === 'string' ? input[name] : null);
    const person = { email: text('email'), username: text('username'), name: text('name') };
    return newPasswordFaults(c.var.services, field, password, person);
  };
