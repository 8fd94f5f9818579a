/** Which origins may use the passkeys of which domain. */
import { describe, expect, it } from 'vitest';
import { originMatcher } from '../../src/origins.ts';
import { relyingPartyOf } from '../../src/passkeys/relying-party.ts';

interface Given {
  ENVIRONMENT?: 'development' | 'production';
  PASSKEY_RP_ID?: string;
  PASSKEY_ORIGINS?: string[];
  ALLOWED_ORIGINS?: string[];
  url?: string;
}

const relyingParty = ({ url = 'https://accounts.example.com/account', ...given }: Given = {}) => {
  const settings = {
    ENVIRONMENT: 'production' as const,
    PASSKEY_RP_ID: undefined as string | undefined,
    PASSKEY_ORIGINS: undefined as string[] | undefined,
    ALLOWED_ORIGINS: [] as string[],
    ...given,
  };
  return relyingPartyOf(
    { settings, isAllowedOrigin: originMatcher(settings.ALLOWED_ORIGINS) },
    { accountsUrl: url, site: 'Example' },
  );
};

describe('the RP ID', () => {
  it.each([
    ['https://accounts.example.com/account', 'accounts.example.com'],
    ['http://localhost:8787', 'localhost'],
    ['http://127.0.0.1:8787', 'localhost'],
    ['http://[::1]:8787', 'localhost'],
    ['https://7.example.com', '7.example.com'],
    ['https://example.com.7x', 'example.com.7x'],
  ])('of a service at %s is %s', (url, id) => {
    expect(relyingParty({ url })).toMatchObject({ id, name: 'Example', origins: [new URL(url).origin] });
  });

  it('is PASSKEY_RP_ID where it is set', () => {
    expect(relyingParty({ PASSKEY_RP_ID: 'example.com' }).id).toBe('example.com');
  });
});

const APP = 'https://app.example.com';
const PARENT: Given = { PASSKEY_RP_ID: 'example.com', ALLOWED_ORIGINS: [APP, 'https://app.other.example'] };
const LOCAL: Given = { ENVIRONMENT: 'development', url: 'http://localhost:8787' };

describe('an origin', () => {
  it.each<[string, boolean, Given, string]>([
    ['of the service itself', true, {}, 'https://accounts.example.com'],
    ['of the service on another port', false, {}, 'https://accounts.example.com:8443'],
    ['below the RP ID that is allowed', true, PARENT, APP],
    ['below the RP ID that is not allowed', false, PARENT, 'https://evil.example.com'],
    ['allowed, but of another domain', false, PARENT, 'https://app.other.example'],
    [
      'allowed, whose name only ends like the RP ID',
      false,
      { PASSKEY_RP_ID: 'example.com', ALLOWED_ORIGINS: ['https://notexample.com'] },
      'https://notexample.com',
    ],
    [
      'allowed, which is the RP ID itself',
      true,
      { PASSKEY_RP_ID: 'example.com', ALLOWED_ORIGINS: ['https://example.com'] },
      'https://example.com',
    ],
    [
      'allowed, but without TLS',
      false,
      { PASSKEY_RP_ID: 'example.com', ALLOWED_ORIGINS: ['http://app.example.com'] },
      'http://app.example.com',
    ],
    [
      'allowed, but of an app',
      false,
      { PASSKEY_RP_ID: 'localhost', ALLOWED_ORIGINS: ['capacitor://localhost'] },
      'capacitor://localhost',
    ],
    ['of a front-end server on this machine, in development', true, LOCAL, 'http://localhost:5173'],
    ['of a front-end server with TLS on this machine, in development', true, LOCAL, 'https://localhost:5173'],
    [
      'of a front-end server on this machine, in production',
      false,
      { ...LOCAL, ENVIRONMENT: 'production' },
      'http://localhost:5173',
    ],
    ['of another machine, in development', false, LOCAL, 'https://evil.example'],
    [
      'below another RP ID, in development',
      false,
      { ...LOCAL, PASSKEY_RP_ID: 'example.com' },
      'https://evil.example.com',
    ],
    ['with a slash at its end, in development', false, LOCAL, 'http://localhost:5173/'],
    ['that is no URL', false, LOCAL, 'localhost'],
    ['in PASSKEY_ORIGINS', true, { PASSKEY_ORIGINS: ['https://other.example'] }, 'https://other.example'],
    [
      'of the service, which PASSKEY_ORIGINS leaves out',
      false,
      { PASSKEY_ORIGINS: ['https://other.example'] },
      'https://accounts.example.com',
    ],
  ])('%s: %s', (_, accepted, given, origin) => {
    expect(relyingParty(given).isOrigin(origin)).toBe(accepted);
  });
});

describe('/.well-known/webauthn lists', () => {
  it('the web origins of PASSKEY_ORIGINS, without patterns and apps', () => {
    const PASSKEY_ORIGINS = [
      APP,
      'http://localhost:5173',
      'https://*.example.com',
      'android:apk-key-hash:https://x',
      'chrome-extension://abc',
    ];
    expect(relyingParty({ PASSKEY_ORIGINS }).origins).toEqual([APP, 'http://localhost:5173']);
  });

  it('the service and the allowed origins below the RP ID', () => {
    const ALLOWED_ORIGINS = [APP, 'https://app.other.example', 'https://*.example.com'];
    expect(relyingParty({ PASSKEY_RP_ID: 'example.com', ALLOWED_ORIGINS }).origins).toEqual([
      'https://accounts.example.com',
      APP,
    ]);
  });
});
