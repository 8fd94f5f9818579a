/** The secret PROVIDERS: valid values, and the faults of invalid ones. */
import { describe, expect, it } from 'vitest';
import { isIssuer, loadProviders, presetIssuer } from '../../src/connections/providers.ts';

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

describe('the fault names what is wrong', () => {
  const ACME = { ...GOOGLE, id: 'acme', issuer: 'https://id.example.com' };
  it.each<[unknown, string]>([
    ['{', 'must be a JSON array'],
    ['{}', 'must be a JSON array'],
    [[GOOGLE, 5], 'must be valid: provider 2 is not an object'],
    [[null], 'must be valid: provider 1 is not an object'],
    [[[]], 'must be valid: provider 1 is not an object'],
    [
      [{ ...GOOGLE, id: 5 }],
      'must be valid: provider 1 needs an id of lower-case letters, digits, hyphens and underscores, at most 32',
    ],
    [[{ ...ACME, client_id: undefined }], 'must be valid: provider 1 (acme) needs a client_id'],
    [[{ ...ACME, client_id: 'x'.repeat(4_097) }], 'must be valid: provider 1 (acme) needs a client_id'],
    [[{ ...ACME, client_secret: '' }], 'must be valid: provider 1 (acme) needs a client_secret'],
    [[{ ...ACME, name: 'x'.repeat(65) }], 'must be valid: provider 1 (acme) has a name that is not text'],
    [[{ ...ACME, scope: 5 }], 'must be valid: provider 1 (acme) has a scope that is not text'],
    [
      [{ ...ACME, issuer: 'x' }],
      'must be valid: provider 1 (acme) needs an issuer such as https://id.example.com',
    ],
    [[{ ...ACME, issuer: undefined }], 'must be valid: provider 1 (acme) needs an issuer'],
    [[ACME, GOOGLE, ACME], 'must have one provider acme'],
    [Array.from({ length: 33 }, () => ACME), 'must be at most 32 providers'],
  ])('%j', (value, problem) => {
    expect(load(value).faults).toEqual([{ setting: 'PROVIDERS', problem }]);
  });

  it.each<[string, object]>([
    ['32 letters as id', { id: 'x'.repeat(32) }],
    ['one letter as id', { id: 'x' }],
    ['a name of 64 characters', { name: 'x'.repeat(64) }],
    ['a secret of 4,096 characters', { client_secret: 'x'.repeat(4_096) }],
    ['no scope but openid', { scope: '' }],
  ])('but not %s', (_, change) => {
    expect(load([{ ...ACME, ...change }]).faults).toEqual([]);
  });

  it('but not 32 providers', () => {
    const many = Array.from({ length: 32 }, (_, i) => ({ ...ACME, id: `p${i}` }));
    expect(load(many).providers).toHaveLength(32);
  });
});

it('asks for openid alone where the scope is empty', () => {
  const [provider] = load([{ ...GOOGLE, scope: '' }]).providers;
  expect(provider?.scope).toBe('openid');
});

describe('the presets', () => {
  it.each([
    ['google', 'Google', 'https://accounts.google.com', 'openid email profile'],
    ['apple', 'Apple', 'https://appleid.apple.com', 'openid email name'],
    ['microsoft', 'Microsoft', 'https://login.microsoftonline.com/common/v2.0', 'openid email profile'],
    ['kakao', 'Kakao', 'https://kauth.kakao.com', 'openid account_email profile_nickname'],
    ['github', 'GitHub', null, 'read:user user:email'],
    ['naver', 'Naver', null, ''],
  ])('%s', (id, name, issuer, scope) => {
    const protocol = issuer === null ? id : 'oidc';
    expect(load([{ ...GOOGLE, id }]).providers).toEqual([{ id, name, protocol, issuer, scope, ...READ }]);
  });

  it.each([
    ['google', 'https://accounts.google.com'],
    ['github', 'https://github.com'],
    ['naver', 'https://nid.naver.com'],
    ['microsoft', null],
    ['acme', null],
    ['constructor', null],
  ])('identities of %s have the issuer %s', (id, issuer) => {
    expect(presetIssuer(id)).toBe(issuer);
  });
});

it.each([
  ['https://id.example.com', true],
  ['https://id.example.com/realms/one', true],
  ['http://localhost:8080', true],
  ['ftp://id.example.com', false],
  ['x-https://id.example.com', false],
  ['https-x://id.example.com', false],
  ['https://id.example.com?x', false],
  ['https://id.example.com/#x', false],
  ['https://user@id.example.com', false],
  ['https://:secret@id.example.com', false],
  [' https://id.example.com', false],
  ['id.example.com', false],
])('%j may be an issuer: %s', (text, expected) => {
  expect(isIssuer(text)).toBe(expected);
});

describe('only where there are providers', () => {
  it('production needs PUBLIC_URL', () => {
    expect(load([], { PUBLIC_URL: undefined as never }).faults).toEqual([]);
    expect(load([GOOGLE], { PUBLIC_URL: undefined as never }).faults).toEqual([
      { setting: 'PUBLIC_URL', problem: 'is needed by PROVIDERS' },
    ]);
    expect(load([GOOGLE], { PUBLIC_URL: undefined as never, ENVIRONMENT: 'development' }).faults).toEqual([]);
  });

  it('production needs https', () => {
    const value = [GOOGLE, { ...GOOGLE, id: 'acme', issuer: 'http://id.example.com' }];
    expect(load(value).faults).toEqual([
      { setting: 'PROVIDERS', problem: 'must have https issuers in production' },
    ]);
    expect(load([{ ...GOOGLE, id: 'acme', issuer: 'https://id.example.com/http:' }]).faults).toEqual([]);
  });
});
