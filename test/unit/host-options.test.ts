/** What a host hands in: what is wrong with it is a TypeError when the app is made, which says what and why. */
import { describe, expect, it, vi } from 'vitest';
import { checkHostOptions } from '../../src/host-options.ts';
import { extraClaimsFault } from '../../src/token/extra-claims.ts';

const check = (options: unknown) => () => checkHostOptions(options as never);

describe('the options of a host', () => {
  it.each([
    ['no option', {}],
    ['claims', { claims: () => ({ role: 'cook' }) }],
    ['claims that are a promise', { claims: async () => ({ role: 'cook' }) }],
    [
      'claims that need bindings',
      { claims: (_: unknown, { env }: { env: { DB: { x: { y: 1 } } } }) => env.DB.x.y },
    ],
    ['claims that reject without bindings', { claims: () => Promise.reject(new Error('no bindings')) }],
    ['no claim', { claims: () => ({}) }],
    ['hooks', { on: { userCreated: () => undefined, signedIn: async () => undefined } }],
    ['no hook', { on: {} }],
    ['a mailer', { mailer: { send: () => undefined } }],
    ['a function of origins', { allowedOrigins: () => true }],
  ])('are taken: %s', (_, options) => {
    expect(check(options)).not.toThrow();
  });

  it.each([
    ['nothing to read', null, /must be an object/],
    [
      'an option that does not exist',
      { claim: () => ({}) },
      /unknown option claim: the options are claims, on,/,
    ],
    ['claims that are an object', { claims: { role: 'cook' } }, /claims must be a function/],
    [
      'a reserved claim',
      { claims: () => ({ is_staff: true }) },
      /claims must not name is_staff: that claim is/,
    ],
    ['the id of the user', { claims: () => ({ sub: 'x', role: 'cook' }) }, /must not name sub:/],
    ['claims that are a list', { claims: () => ['cook'] }, /claims must return an object/],
    ['claims that are nothing', { claims: () => undefined }, /claims must return an object/],
    ['long claims', { claims: () => ({ x: 'x'.repeat(1_017) }) }, /not be longer than 1024 bytes as JSON/],
    ['hooks that are a function', { on: () => undefined }, /on must be an object|on\./],
    ['hooks that are nothing', { on: null }, /on must be an object of functions/],
    [
      'a hook that does not exist',
      { on: { usercreated: () => undefined } },
      /unknown hook on\.usercreated: the hooks/,
    ],
    ['a hook of Object', { on: { toString: () => undefined } }, /unknown hook on\.toString/],
    ['a hook that is no function', { on: { userCreated: 'greet' } }, /on\.userCreated must be a function/],
    [
      'a mailer that is a function',
      { mailer: () => undefined },
      /mailer must be an object with a function send/,
    ],
    ['a mailer that is nothing', { mailer: null }, /mailer must be an object with a function send/],
    [
      'a list of origins',
      { allowedOrigins: ['https://a.example'] },
      /allowedOrigins must be a function.*ALLOWED_ORIGINS/,
    ],
  ])('are refused with a TypeError: %s', (_, options, message) => {
    expect(check(options)).toThrow(TypeError);
    expect(check(options)).toThrow(message);
  });

  it('call the claims function once, for a made-up user', () => {
    const claims = vi.fn(() => ({}));
    checkHostOptions({ claims });
    expect(claims.mock.calls).toEqual([
      [expect.objectContaining({ email: 'nobody@example.com' }), expect.objectContaining({ env: {} })],
    ]);
  });
});

describe('claims of a host', () => {
  const RESERVED =
    'token_type jti sub sid iat exp nbf iss aud is_staff email_verified auth_time amr __proto__';

  it.each(RESERVED.split(' '))('do not name %s', (name) => {
    expect(extraClaimsFault(JSON.parse(`{"${name}": 1}`))).toContain(name);
  });

  it('must not have the name in USER_ID_CLAIM', () => {
    expect(extraClaimsFault({ user_id: 'x' })).toBeNull();
    expect(extraClaimsFault({ user_id: 'x' }, 'user_id')).toContain('user_id');
  });

  it('are at most 1 KiB as JSON, in bytes', () => {
    const filled = (length: number, character = 'x') => ({ x: character.repeat(length) });
    expect(JSON.stringify(filled(1_016))).toHaveLength(1_024);
    expect(extraClaimsFault(filled(1_016))).toBeNull();
    expect(extraClaimsFault(filled(1_017))).not.toBeNull();
    expect(extraClaimsFault(filled(509, 'ü'))).not.toBeNull();
  });

  it.each([
    ['a number that JSON has not', { x: 1n }],
    [
      'a circle',
      (() => {
        const circle: Record<string, unknown> = {};
        circle.self = circle;
        return circle;
      })(),
    ],
  ])('are values that JSON can represent: not %s', (_, claims) => {
    expect(extraClaimsFault(claims)).toBe('must return values that JSON can represent');
  });
});
