/** The secret PROVIDERS: valid values, and the faults of invalid ones. */
import { describe, expect, it } from 'vitest';
import { loadProviders } from '../../src/connections/providers.ts';

const load = (
  PROVIDERS: unknown,
  more: { PUBLIC_URL?: string; ENVIRONMENT?: 'production' | 'development' } = {},
) =>
  loadProviders({
    PROVIDERS: typeof PROVIDERS === 'string' ? PROVIDERS : PROVIDERS && JSON.stringify(PROVIDERS),
    PUBLIC_URL: 'https://accounts.example.com',
    ENVIRONMENT: 'production',
    ...more,
  } as Parameters<typeof loadProviders>[0]);

const GOOGLE = { id: 'google', client_id: 'x', client_secret: 'y' };
const READ = { clientId: 'x', clientSecret: 'y' };

describe('a good value', () => {
  it.each<[unknown, object[]]>([
    [undefined, []],
    ['[]', []],
    [
      [GOOGLE],
      [
        {
          ...{
            id: 'google',
            name: 'Google',
            protocol: 'oidc',
            issuer: 'https://accounts.google.com',
            ...READ,
          },
          scope: 'openid email profile',
        },
      ],
    ],
    [
      [{ ...GOOGLE, id: 'acme', issuer: 'https://id.example/' }],
      [
        {
          ...{ id: 'acme', name: 'acme', protocol: 'oidc', issuer: 'https://id.example/', ...READ },
          scope: 'openid email profile',
        },
      ],
    ],
    [
      [{ ...GOOGLE, id: 'acme', name: 'Acme', issuer: 'https://id.example', scope: 'email' }],
      [
        {
          ...{ id: 'acme', name: 'Acme', protocol: 'oidc', issuer: 'https://id.example', ...READ },
          scope: 'openid email',
        },
      ],
    ],
    [
      [{ ...GOOGLE, id: 'github', issuer: 'https://git.example/', scope: 'a b' }],
      [
        {
          id: 'github',
          name: 'GitHub',
          protocol: 'github',
          issuer: 'https://git.example',
          ...READ,
          scope: 'a b',
        },
      ],
    ],
    [
      [{ ...GOOGLE, id: 'naver' }],
      [{ id: 'naver', name: 'Naver', protocol: 'naver', issuer: null, ...READ, scope: '' }],
    ],
  ])('%j is read', (value, providers) => {
    expect(load(value)).toEqual({ providers, faults: [] });
  });

  it.each(['apple', 'microsoft', 'kakao', 'github', 'naver', 'google'])('%s needs no issuer', (id) => {
    expect(load([{ ...GOOGLE, id }]).faults).toEqual([]);
  });
});

describe('a bad value', () => {
  it.each<[unknown]>([
    ['google'],
    ['{}'],
    ['null'],
    [[{}]],
    [[5]],
    [['google']],
    [[{ ...GOOGLE, id: 'Google' }]],
    [[{ ...GOOGLE, id: '../x' }]],
    [[{ ...GOOGLE, id: 'x'.repeat(33) }]],
    [[{ ...GOOGLE, client_id: '' }]],
    [[{ id: 'google', client_id: 'x' }]],
    [[{ ...GOOGLE, client_secret: 5 }]],
    [[{ ...GOOGLE, scope: ['openid'] }]],
    [[{ ...GOOGLE, name: '' }]],
    [[{ ...GOOGLE, issuer: 'accounts.google.com' }]],
    [[{ ...GOOGLE, issuer: 'ftp://accounts.google.com' }]],
    [[{ ...GOOGLE, issuer: 'https://accounts.google.com?x=1' }]],
    [[{ ...GOOGLE, issuer: 'https://user@accounts.google.com' }]],
    [[{ ...GOOGLE, id: 'acme' }]],
    [[GOOGLE, GOOGLE]],
    [Array.from({ length: 33 }, (_, i) => ({ ...GOOGLE, id: `p${i}`, issuer: 'https://id.example.com' }))],
  ])('%j is a fault, reported without the value', (value) => {
    const { providers, faults } = load(value);
    expect(providers).toEqual([]);
    expect(faults).toEqual([{ setting: 'PROVIDERS', problem: expect.stringMatching(/^must /) }]);
    expect(JSON.stringify(faults)).not.toMatch(/accounts\.google|ftp:/);
  });
});

describe('in production', () => {
  it('requires PUBLIC_URL', () => {
    const { PUBLIC_URL: _, ...without } = { PUBLIC_URL: undefined };
    expect(
      loadProviders({
        PROVIDERS: JSON.stringify([GOOGLE]),
        PUBLIC_URL: undefined,
        ENVIRONMENT: 'production',
        ...without,
      }).faults,
    ).toEqual([{ setting: 'PUBLIC_URL', problem: 'is needed by PROVIDERS' }]);
  });

  it.each(['http://localhost:9000', 'HTTP://id.example', 'http://id.example'])(
    '%s is no issuer',
    (issuer) => {
      expect(load([{ ...GOOGLE, issuer }]).faults.map(({ setting }) => setting)).toEqual(['PROVIDERS']);
      expect(load([{ ...GOOGLE, issuer }], { ENVIRONMENT: 'development' }).faults).toEqual([]);
    },
  );
});
