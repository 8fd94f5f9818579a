/** The part of bcrypt-ts that is used. Loaded on first use. */
export { compare } from 'bcrypt-ts';
