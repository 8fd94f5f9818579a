/** Tokens that no endpoint hands out: rightly signed ones with odd claims, and forged ones. */
import { sign } from 'hono/jwt';
import { claimsOf } from './world.ts';

/** vitest.config.ts has it as SIGNING_KEY. */
export const TEST_SIGNING_KEY = 'a-signing-key-for-tests-0123456789-abcdefghijk';
export const OTHER_SIGNING_KEY = 'another-key-of-nobody-9876543210-zyxwvutsrqpo';

/** Signed by the server's own key, whatever the claims. */
export const signed = (claims: Record<string, unknown>, key = TEST_SIGNING_KEY): Promise<string> =>
  sign(claims, key, 'HS256');

/** The token with other claims, rightly signed; a claim that is undefined is left out. */
export const resigned = (token: string, change: Record<string, unknown>, key?: string): Promise<string> =>
  signed(
    Object.fromEntries(
      Object.entries({ ...claimsOf(token), ...change }).filter(([, value]) => value !== undefined),
    ),
    key,
  );

const encode = (value: unknown) => btoa(JSON.stringify(value)).replace(/=+$/, '');

/** Every way to make a token without the key. */
export const FORGERIES: readonly [string, (token: string) => string | Promise<string>][] = [
  ['one that another key signed', (token) => resigned(token, {}, OTHER_SIGNING_KEY)],
  [
    'one with another payload under its signature',
    (token) => {
      const [header, , signature] = token.split('.');
      return `${header}.${encode({ ...claimsOf(token), jti: 'another' })}.${signature}`;
    },
  ],
  ['one of alg none', (token) => `${encode({ alg: 'none', typ: 'JWT' })}.${token.split('.')[1]}.`],
  ['one without a signature', (token) => token.split('.').slice(0, 2).join('.')],
  ['one whose signature is cut short', (token) => token.slice(0, -2)],
  ['one with a part too many', (token) => `${token}.${token.split('.')[2]}`],
  ['one with white space inside', (token) => `${token.slice(0, 30)} ${token.slice(30)}`],
  ['one with padding at its end', (token) => `${token}=`],
  ['what is no token at all', () => 'not-a-token'],
  ['one of more than 4 KiB', (token) => resigned(token, { pad: 'x'.repeat(4_096) })],
];
