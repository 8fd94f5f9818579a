import { describe, expect, it } from 'vitest';
import { SETTING_MEANINGS } from '../../scripts/settings-meanings.ts';
import { loadSettings, parseSettings, SETTINGS } from '../../src/settings.ts';

type Name = keyof typeof SETTINGS;
type Env = Record<string, unknown>;

const HOUR = 3_600;
const DAY = 86_400;

const load = (env: Env) => {
  const loaded = loadSettings(env);
  if (!loaded.ok) throw new Error(loaded.faults.map(({ setting }) => setting).join());
  return loaded.settings;
};
/** The settings with faults, in the order of the report. */
const faultsOf = (env: Env) => {
  const loaded = loadSettings(env);
  return loaded.ok ? [] : loaded.faults.map(({ setting }) => setting);
};

/** As the contract lists them. */
const DEFAULTS = {
  SIGNING_KEY: undefined,
  VERIFYING_KEYS: '[]',
  ENVIRONMENT: 'production',
  ACCESS_TOKEN_LIFETIME: HOUR,
  REFRESH_TOKEN_LIFETIME: DAY,
  ROTATE_REFRESH_TOKENS: true,
  BLACKLIST_AFTER_ROTATION: true,
  REFRESH_REUSE_GRACE: 60,
  SESSION_MAX_LIFETIME: 30 * DAY,
  REAUTH_WINDOW: 600,
  ENCRYPTION_KEY: undefined,
  ENCRYPTION_KEYS_OLD: [],
  PROVIDERS: undefined,
  MAX_SESSIONS_PER_USER: 20,
  UPDATE_LAST_LOGIN: true,
  ISSUER: undefined,
  AUDIENCE: undefined,
  LEEWAY: 0,
  USER_ID_CLAIM: 'sub',
  AUTH_HEADER_TYPES: ['Bearer'],
  AUTH_TOKEN_CLASSES: 'access',
  DEFAULT_PERMISSION_CLASSES: 'AllowAny',
  REVOCATION_MEMORY: 10,
  REFRESH_TRANSPORT: 'body',
  SIGN_UP: 'open',
  PASSWORD_HASHER: 'pbkdf2',
  PASSWORD_ITERATIONS: 600_000,
  PASSWORD_ITERATIONS_UNSAFE: false,
  FIREBASE_HASH_CONFIG: null,
  PASSWORD_MIN_LENGTH: 8,
  PASSWORD_BREACH_CHECK: false,
  RATE_LIMITS: true,
  ALLOWED_ORIGINS: [],
  COMPAT: ['simplejwt'],
  MAIL: 'off',
  NEW_DEVICE_MAIL: false,
  SIGN_IN_BY_EMAIL: false,
  STAFF_MFA: 'optional',
  MAIL_FROM: undefined,
  PUBLIC_URL: undefined,
  SITE_NAME: undefined,
  SITE_LOGO: undefined,
  SITE_COLOR: undefined,
  RESET_URL: undefined,
  VERIFY_URL: undefined,
  RETURN_URL: undefined,
  EVENTS_URL: undefined,
  EVENTS_SECRET: [],
  PAGES: ['sign-in', 'sign-up', 'forgot', 'settings'],
  PASSKEYS: false,
  PASSKEY_RP_ID: undefined,
  PASSKEY_ORIGINS: undefined,
  DOCS: true,
};

describe('without a variable', () => {
  it('every setting of the contract has its default, and there is no other', () => {
    expect(load({})).toStrictEqual(DEFAULTS);
    expect(Object.keys(SETTINGS).sort()).toEqual(Object.keys(DEFAULTS).sort());
  });

  it('mail goes to the inbox in development', () => {
    expect(load({ ENVIRONMENT: 'development' })).toStrictEqual({
      ...DEFAULTS,
      PASSKEYS: true,
      ENVIRONMENT: 'development',
      MAIL: 'inbox',
    });
  });

  it('every setting has a meaning, and those that hold keys are secrets', () => {
    const entries = Object.entries(SETTINGS);
    expect(Object.values(SETTING_MEANINGS).filter((meaning) => meaning.length < 5)).toEqual([]);
    expect(Object.keys(SETTING_MEANINGS)).toEqual(Object.keys(SETTINGS));
    expect(entries.filter(([, setting]) => 'secret' in setting).map(([name]) => name)).toEqual([
      'SIGNING_KEY',
      'VERIFYING_KEYS',
      'ENCRYPTION_KEY',
      'ENCRYPTION_KEYS_OLD',
      'PROVIDERS',
      'FIREBASE_HASH_CONFIG',
      'EVENTS_SECRET',
    ]);
  });

  it('variables of the host are ignored', () => {
    expect(faultsOf({ LOG_LEVEL: 'debug', access_token_lifetime: 'x', TIMEOUT: 5 })).toEqual([]);
  });
});

describe('a good value', () => {
  it.each<[Name, unknown, unknown]>([
    ['ACCESS_TOKEN_LIFETIME', '1s', 1],
    ['ACCESS_TOKEN_LIFETIME', '90s', 90],
    ['ACCESS_TOKEN_LIFETIME', '5m', 300],
    ['ACCESS_TOKEN_LIFETIME', '1.5h', 5_400],
    // 0.55 * 3600 is not a whole number in floating point.
    ['ACCESS_TOKEN_LIFETIME', '0.55h', 1_980],
    ['ACCESS_TOKEN_LIFETIME', '0.5d', DAY / 2],
    ['REFRESH_TOKEN_LIFETIME', '14d', 14 * DAY],
    ['REFRESH_TOKEN_LIFETIME', '3650d', 3_650 * DAY],
    ['SESSION_MAX_LIFETIME', '365d', 365 * DAY],
    ['REAUTH_WINDOW', '30s', 30],
    ['REVOCATION_MEMORY', '0s', 0],
    ['REVOCATION_MEMORY', '1m', 60],
    ['ROTATE_REFRESH_TOKENS', 'false', false],
    ['ROTATE_REFRESH_TOKENS', false, false],
    ['BLACKLIST_AFTER_ROTATION', 'false', false],
    ['BLACKLIST_AFTER_ROTATION', true, true],
    ['REFRESH_REUSE_GRACE', '0s', 0],
    ['REFRESH_REUSE_GRACE', '1h', HOUR],
    ['MAX_SESSIONS_PER_USER', '1', 1],
    ['MAX_SESSIONS_PER_USER', '100', 100],
    ['MAX_SESSIONS_PER_USER', 7, 7],
    ['UPDATE_LAST_LOGIN', 'false', false],
    ['ISSUER', 'https://accounts.example.com', 'https://accounts.example.com'],
    ['ISSUER', '', undefined],
    ['AUDIENCE', '우리', '우리'],
    ['LEEWAY', '5m', 300],
    ['LEEWAY', '0s', 0],
    ['USER_ID_CLAIM', 'user_id', 'user_id'],
    ['USER_ID_CLAIM', 'https://example.com/uid', 'https://example.com/uid'],
    ['AUTH_HEADER_TYPES', 'JWT,Bearer', ['JWT', 'Bearer']],
    ['AUTH_HEADER_TYPES', ' JWT , Bearer ,', ['JWT', 'Bearer']],
    ['AUTH_HEADER_TYPES', ['JWT', 'Bearer'], ['JWT', 'Bearer']],
    ['DEFAULT_PERMISSION_CLASSES', 'IsAuthenticated', 'IsAuthenticated'],
    ['DEFAULT_PERMISSION_CLASSES', 'IsAdminUser', 'IsAdminUser'],
    ['REFRESH_TRANSPORT', 'cookie', 'cookie'],
    ['SIGN_UP', 'closed', 'closed'],
    ['PASSWORD_HASHER', 'scrypt', 'scrypt'],
    ['PASSWORD_ITERATIONS', '600000', 600_000],
    ['PASSWORD_ITERATIONS', '10000000', 10_000_000],
    ['FIREBASE_HASH_CONFIG', '', null],
    [
      'FIREBASE_HASH_CONFIG',
      { base64_signer_key: 'AQI=', base64_salt_separator: 'Bw==', rounds: 8, mem_cost: 14 },
      {
        signerKey: Uint8Array.of(1, 2),
        saltSeparator: Uint8Array.of(7),
        cost: { N: 16_384, r: 8, p: 1 },
      },
    ],
    ['PASSWORD_MIN_LENGTH', '8', 8],
    ['PASSWORD_MIN_LENGTH', '256', 256],
    ['PASSWORD_BREACH_CHECK', 'on', true],
    ['RATE_LIMITS', 'off', false],
    ['ALLOWED_ORIGINS', '', []],
    ['ALLOWED_ORIGINS', 'https://a.example', ['https://a.example']],
    [
      'ALLOWED_ORIGINS',
      'https://a.example, https://b.example:8443,http://localhost:5173',
      ['https://a.example', 'https://b.example:8443', 'http://localhost:5173'],
    ],
    [
      'ALLOWED_ORIGINS',
      ['https://a.example', 'https://b.example'],
      ['https://a.example', 'https://b.example'],
    ],
    ['ALLOWED_ORIGINS', 'https://xn--bcher-kva.example', ['https://xn--bcher-kva.example']],
    ['MAIL', 'off', 'off'],
    ...[
      'https://*.app.pages.dev',
      'https://*.example.com',
      'https://*.example.com:8443',
      'http://*.example.com',
      'capacitor://localhost',
      'ionic://localhost',
      'tauri://localhost',
      'http://tauri.localhost',
      'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
      'moz-extension://2f6a1c1e-0000-4000-8000-000000000000',
      'safari-web-extension://2F6A1C1E-0000-4000-8000-000000000000',
    ].map((origin): ['ALLOWED_ORIGINS', string, string[]] => ['ALLOWED_ORIGINS', origin, [origin]]),
    ['COMPAT', 'djoser, dj-rest-auth', ['djoser', 'dj-rest-auth']],
    ['COMPAT', '', []],
    ['PUBLIC_URL', 'https://accounts.example.com', 'https://accounts.example.com'],
    ['PUBLIC_URL', 'https://example.com/auth/', 'https://example.com/auth'],
    ['PUBLIC_URL', '', undefined],
    ['MAIL_FROM', 'no-reply@acme.example', { email: 'no-reply@acme.example', name: null }],
    ['MAIL_FROM', 'Acme <no-reply@acme.example>', { email: 'no-reply@acme.example', name: 'Acme' }],
    ['MAIL_FROM', '"Acme, Inc." <a@acme.example>', { email: 'a@acme.example', name: 'Acme, Inc.' }],
    ['MAIL_FROM', '우리 가게<a@acme.example>', { email: 'a@acme.example', name: '우리 가게' }],
    ['MAIL_FROM', '<a@acme.example>', { email: 'a@acme.example', name: null }],
    ['MAIL_FROM', '', undefined],
    ['SITE_NAME', ' Acme ', 'Acme'],
    ['SITE_NAME', '', undefined],
    [
      'RESET_URL',
      'https://app.example.com/reset#token={token}',
      'https://app.example.com/reset#token={token}',
    ],
    ['RESET_URL', 'https://app.example.com/r/{uid}/{token}', 'https://app.example.com/r/{uid}/{token}'],
    ['VERIFY_URL', 'https://app.example.com/?a=1&t={token}', 'https://app.example.com/?a=1&t={token}'],
    ['VERIFY_URL', '', undefined],
    ['RETURN_URL', 'https://app.example.com', 'https://app.example.com'],
    ['PAGES', 'off', []],
    ['PAGES', 'sign-in, settings', ['sign-in', 'settings']],
    ['PAGES', ['forgot'], ['forgot']],
    ['EVENTS_SECRET', `whsec_${'A'.repeat(32)}`, [`whsec_${'A'.repeat(32)}`]],
    [
      'EVENTS_SECRET',
      `${'A'.repeat(32)}, whsec_${'B'.repeat(43)}=`,
      ['A'.repeat(32), `whsec_${'B'.repeat(43)}=`],
    ],
    ['SITE_LOGO', '/logo.svg', '/logo.svg'],
    ['SITE_LOGO', 'https://cdn.example.com/a/logo.png?v=2', 'https://cdn.example.com/a/logo.png?v=2'],
    ['SITE_LOGO', '', undefined],
    ['SITE_COLOR', '#1F5fBf', '#1f5fbf'],
    ['SITE_COLOR', '', undefined],
    ['DOCS', 'off', false],
    ['PASSKEYS', 'off', false],
    ['PASSKEY_RP_ID', 'example.com', 'example.com'],
    ['PASSKEY_RP_ID', 'localhost', 'localhost'],
    ['PASSKEY_RP_ID', 'xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['PASSKEY_RP_ID', '', undefined],
    ['PASSKEY_ORIGINS', '', undefined],
    [
      'PASSKEY_ORIGINS',
      'https://example.com, https://*.example.org',
      ['https://example.com', 'https://*.example.org'],
    ],
    ['PASSKEY_ORIGINS', `android:apk-key-hash:${'k'.repeat(43)}`, [`android:apk-key-hash:${'k'.repeat(43)}`]],
    ['VERIFYING_KEYS', [{ kty: 'oct' }], '[{"kty":"oct"}]'],
    ['SIGNING_KEY', { kty: 'oct' }, '{"kty":"oct"}'],
  ])('%s=%j is read', (name, value, expected) => {
    expect(load({ [name]: value })[name]).toStrictEqual(expected);
  });

  it.each<[Name, number]>([
    ['ISSUER', 2_048],
    ['AUDIENCE', 2_048],
    ['SIGNING_KEY', 5_000],
    ['VERIFYING_KEYS', 5_000],
  ])('%s may have %i characters', (name, length) => {
    expect(load({ [name]: 'x'.repeat(length) })[name]).toHaveLength(length);
  });

  it.each<[Name, string]>([
    ['MAIL', 'inbox'],
    ['PASSWORD_ITERATIONS', '1000'],
    ['SIGN_UP', 'verify'],
    ['PUBLIC_URL', 'http://localhost:8787'],
    ['RESET_URL', 'http://localhost:5173/reset?token={token}'],
    ['VERIFY_URL', 'http://localhost:5173/verify/{token}'],
    ['RETURN_URL', 'http://localhost:5173'],
  ])('%s=%s is one in development', (name, value) => {
    expect(faultsOf({ ENVIRONMENT: 'development', [name]: value })).toEqual([]);
  });
});

const NO_DURATION = [
  '',
  '10',
  '1w',
  '1H',
  '1 h',
  ' 1h',
  '1h ',
  '-1h',
  '+1h',
  'h',
  '1h30m',
  '1e3s',
  '١h',
  '1.5s',
  '.5h',
];
const NO_FLAG = ['', 'True', 'TRUE', '1', '0', 'yes', 'on', ' true'];
const NO_SWITCH = ['', 'true', 'On', '1'];
const NO_LIFETIME = [...NO_DURATION, '0s', '0d', '3651d', '999999999d'];
const NO_NUMBER = ['', '1.5', '-1', '1e1', '0x10', 'twenty', ' 9', '9 ', '9_9'];

const BAD_LINKS = [
  'https://app.example.com/reset',
  'https://app.example.com/reset?token={TOKEN}',
  '/reset?token={token}',
  'javascript:alert("{token}")',
  'myapp://reset/{token}',
  'http://app.example.com/reset?token={token}',
  'https://{token}.example.com/reset',
  'https://{token}@example.com/',
  'https://app.example.com/a b?token={token}',
];

const BAD: Record<Exclude<Name, 'SIGNING_KEY' | 'VERIFYING_KEYS' | 'PROVIDERS'>, unknown[]> = {
  ENVIRONMENT: ['', 'Production', 'staging', 'dev', 'test'],
  ACCESS_TOKEN_LIFETIME: [...NO_LIFETIME, 3_600, {}, ['1h', '2h']],
  REFRESH_TOKEN_LIFETIME: NO_LIFETIME,
  SESSION_MAX_LIFETIME: NO_LIFETIME,
  REAUTH_WINDOW: NO_LIFETIME,
  ENCRYPTION_KEY: ['short', `${'A'.repeat(43)},${'B'.repeat(43)}`, 'not base64!'],
  ENCRYPTION_KEYS_OLD: ['short', `${'A'.repeat(43)},x`],
  REVOCATION_MEMORY: [...NO_DURATION, '61s', '2m'],
  ROTATE_REFRESH_TOKENS: NO_FLAG,
  BLACKLIST_AFTER_ROTATION: NO_FLAG,
  REFRESH_REUSE_GRACE: [...NO_DURATION, '0', '3601s', '2h'],
  MAX_SESSIONS_PER_USER: [...NO_NUMBER, '0', '101', 0, 101],
  UPDATE_LAST_LOGIN: NO_FLAG,
  ISSUER: ['x\ud800'],
  AUDIENCE: ['x\ud800', 'refresh', 'console'],
  LEEWAY: [...NO_DURATION, '0', '301s', '6m'],
  USER_ID_CLAIM: [
    ...['', ' ', '1id', 'user id', '__proto__', `u${'x'.repeat(64)}`, 'sub,uid'],
    ...[
      'token_type',
      'jti',
      'sid',
      'iat',
      'exp',
      'nbf',
      'iss',
      'aud',
      'is_staff',
      'email_verified',
      'auth_time',
      'amr',
    ],
  ],
  AUTH_HEADER_TYPES: ['', ',', 'Bea rer', 'Bearer:', 'Bearer JWT', '"Bearer"', 'Bär'],
  AUTH_TOKEN_CLASSES: ['', 'refresh', 'AccessToken', 'access,refresh'],
  DEFAULT_PERMISSION_CLASSES: ['', 'allowany', 'IsAuthenticated,IsAdminUser', 'IsAuthenticatedOrReadOnly'],
  REFRESH_TRANSPORT: ['', 'Cookie', 'header', 'both'],
  SIGN_UP: ['', 'on', 'Open', 'invite'],
  PASSWORD_HASHER: ['', 'PBKDF2', 'argon2', 'bcrypt', 'pbkdf2,scrypt'],
  PASSWORD_ITERATIONS: [...NO_NUMBER, '0', '999', '599999', '10000001', '600_000', '6e5'],
  PASSWORD_ITERATIONS_UNSAFE: NO_SWITCH,
  FIREBASE_HASH_CONFIG: ['x', '{}', '{"rounds": 8}', ' '],
  PASSWORD_MIN_LENGTH: [...NO_NUMBER, '0', '7', '257'],
  PASSWORD_BREACH_CHECK: NO_SWITCH,
  NEW_DEVICE_MAIL: NO_SWITCH,
  SIGN_IN_BY_EMAIL: NO_SWITCH,
  STAFF_MFA: ['', 'on', 'Required', 'none'],
  RATE_LIMITS: NO_SWITCH,
  ALLOWED_ORIGINS: [
    '*',
    'null',
    'a.example',
    '//a.example',
    'https://a.example/',
    'https://a.example/path',
    'https://a.example?x',
    'https://A.example',
    'https://a.example:443',
    'https://*.example',
    'https://*',
    'https://*.',
    'https://*.example.',
    'https://*.example.com.',
    'https://*..com',
    'https://*.example.com/',
    'https://*.example.com/path',
    'https://*.EXAMPLE.com',
    'https://*.example.com:443',
    'https://*.*.example.com',
    'https://a.*.example.com',
    'https://app-*.example.com',
    'https://*example.com',
    '*://app.example.com',
    '*.example.com',
    'htps://app.example.com',
    'capacitor://localhost/',
    'capacitor://',
    'capacitor://*',
    'file://localhost',
    'wss://localhost',
    'javascript://localhost',
    'https://user@a.example',
    'ftp://a.example',
    'https://bücher.example',
    'https://a.example https://b.example',
    'https://a.example,*',
    'https://a.example,null',
  ],
  MAIL: ['', 'on', 'smtp', 'inbox', 'Cloudflare'],
  MAIL_FROM: [
    'x',
    'x@',
    '@example.com',
    'x@y',
    'a b@example.com',
    'Acme no-reply@acme.example',
    'Acme <no-reply>',
    'Acme <a@acme.example> Ltd',
    'Acme <a@acme.example>, b@acme.example',
    '"Acme <a@acme.example>',
    'Acme\r\nBcc: x <a@acme.example>',
  ],
  SITE_NAME: ['Acme\nInc', 'x'.repeat(65), 'x\ud800'],
  RESET_URL: BAD_LINKS,
  VERIFY_URL: BAD_LINKS,
  RETURN_URL: [
    'app.example.com',
    '/welcome',
    'javascript:alert(1)',
    'http://app.example.com',
    'https://u:p@a.example',
  ],
  PUBLIC_URL: [
    'accounts.example.com',
    'ftp://example.com',
    'javascript:alert(1)',
    'https://example.com?x=1',
    'https://example.com#x',
    'https://user:pw@example.com',
    'http://example.com',
    'https://example.com//id',
    'https://example.com/id;x',
    'https://example.com/a,b',
  ],
  EVENTS_URL: ['hooks.example.com', 'ftp://example.com/', 'https://user:pw@example.com/', 'https://a b'],
  EVENTS_SECRET: [
    'short',
    'whsec_',
    `whsec_${'A'.repeat(28)}`,
    `whsec_${'A'.repeat(88)}AAAA`,
    `whsec_${'A'.repeat(31)}`,
    `whsec_${'A'.repeat(31)}-`,
    `${'A'.repeat(32)},short`,
  ],
  COMPAT: ['django', 'simplejwt;djoser', 'Djoser', 'dj_rest_auth', 'simplejwt,rest'],
  PAGES: ['', 'true', 'On', ',', 'sign-in,profile', 'on,sign-in', 'off,settings'],
  SITE_LOGO: [
    'logo.svg',
    '//cdn.example.com/logo.svg',
    '/\\cdn.example.com/logo.svg',
    'javascript:alert(1)',
    'data:image/svg+xml,<svg/>',
    'https://user:pw@example.com/logo.svg',
    "https://cdn.example.com/a;script-src 'unsafe-inline'",
    'http://cdn.example.com/logo.svg',
  ],
  SITE_COLOR: ['blue', '#12f', '#12345g', '1f5fbf', '#1f5fbf80', 'rgb(1,2,3)', '#1f5fbf;}'],
  PASSKEYS: NO_SWITCH,
  PASSKEY_RP_ID: [
    ...[
      'https://example.com',
      'example.com:443',
      'example.com/',
      '.example.com',
      'example..com',
      'Example.com',
    ],
    ...['127.0.0.1', '[::1]', '*.example.com', 'bücher.example', '-a.example', `${'a.'.repeat(127)}com`],
  ],
  PASSKEY_ORIGINS: [
    ...['*', 'null', 'example.com', 'https://example.com/', 'https://Example.com', 'https://*.com'],
    ...['android:apk-key-hash:short', `android:apk-key-hash:${'k'.repeat(44)}`, 'ios:bundle-id:com.example'],
  ],
  DOCS: NO_SWITCH,
};

describe('a bad value is a fault of its setting, reported without the value', () => {
  it.each(
    Object.entries(BAD).flatMap(([name, values]) => values.map((value): [string, unknown] => [name, value])),
  )('%s=%j', (name, value) => {
    const loaded = loadSettings({ [name]: value });
    const faults = loaded.ok ? [] : loaded.faults;
    expect(faults.map(({ setting }) => setting)).toEqual([name]);
    expect(faults[0]?.problem).toMatch(/^(must|inbox) /);
  });

  it.each(['ISSUER', 'AUDIENCE'])('%s of 2,049 characters', (name) => {
    expect(faultsOf({ [name]: 'x'.repeat(2_049) })).toEqual([name]);
  });

  it('whatever the value', () => {
    const secret = 'zq7-secret-value';
    const loaded = loadSettings(
      Object.fromEntries(Object.keys(BAD).map((name) => [name, `${secret} ${name}`])),
    );
    expect(JSON.stringify(loaded)).not.toContain(secret);
  });
});

describe('faults are collected', () => {
  it('of all settings at once', () => {
    const names = Object.keys(BAD).filter((name) => !['ISSUER', 'AUDIENCE', 'SITE_NAME'].includes(name));
    const env = Object.fromEntries(names.map((name) => [name, '§']));
    expect([...new Set(faultsOf(env))].sort()).toEqual(names.sort());
  });

  it.each<[string, Env, string[]]>([
    ['fewer iterations in production', { PASSWORD_ITERATIONS: '100000' }, ['PASSWORD_ITERATIONS']],
    ['the inbox in production', { MAIL: 'inbox' }, ['MAIL']],
    ['events without a secret', { EVENTS_URL: 'https://a.example' }, ['EVENTS_SECRET']],
    [
      'events with an invalid secret',
      { EVENTS_URL: 'https://a.example', EVENTS_SECRET: 'short' },
      ['EVENTS_SECRET'],
    ],
    [
      'events by http in production',
      { EVENTS_URL: 'http://a.example', EVENTS_SECRET: 'A'.repeat(32) },
      ['EVENTS_URL'],
    ],
    [
      'events by both ways',
      { EVENTS_URL: 'https://a.example', EVENTS_SECRET: 'A'.repeat(32), EVENTS: { send: () => undefined } },
      ['EVENTS_URL'],
    ],
    ['sign-up by mail without mail', { SIGN_UP: 'verify' }, ['SIGN_UP']],
    [
      'sign-up by mail with mail off',
      { ENVIRONMENT: 'development', SIGN_UP: 'verify', MAIL: 'off' },
      ['SIGN_UP'],
    ],
    ['staff’s second factor without its key', { STAFF_MFA: 'required' }, ['STAFF_MFA']],
    ['mails about devices without mail', { NEW_DEVICE_MAIL: 'on' }, ['NEW_DEVICE_MAIL']],
    ['sign-in by e-mail without mail', { SIGN_IN_BY_EMAIL: 'on' }, ['SIGN_IN_BY_EMAIL']],
    ['mail with nothing it needs', { MAIL: 'cloudflare' }, ['MAIL_FROM', 'PUBLIC_URL', 'MAIL']],
    [
      'mail without its binding',
      { MAIL: 'cloudflare', MAIL_FROM: 'accounts@example.com', PUBLIC_URL: 'https://example.com' },
      ['MAIL'],
    ],
    ...['http://app.example.com', 'https://a.example,http://*.example.com', 'http://192.168.0.2:3000'].map(
      (ALLOWED_ORIGINS): [string, Env, string[]] => [
        `a page in the clear that the cookie goes to (${ALLOWED_ORIGINS})`,
        { REFRESH_TRANSPORT: 'cookie', ALLOWED_ORIGINS },
        ['ALLOWED_ORIGINS'],
      ],
    ),
    ['links in the clear in production', { PUBLIC_URL: 'http://example.com' }, ['PUBLIC_URL']],
  ])('%s', (_, env, names) => {
    expect(faultsOf(env)).toEqual(names);
  });

  it.each<[string, Env]>([
    [
      'a page of this machine in cookie mode',
      { REFRESH_TRANSPORT: 'cookie', ALLOWED_ORIGINS: 'http://localhost:3000,http://127.0.0.1:3000' },
    ],
    ['a page in the clear in body mode', { ALLOWED_ORIGINS: 'http://app.example.com' }],
    [
      'a page in the clear in development',
      { ENVIRONMENT: 'development', REFRESH_TRANSPORT: 'cookie', ALLOWED_ORIGINS: 'http://app.example.com' },
    ],
    [
      'fewer iterations with the dangerous switch',
      { PASSWORD_ITERATIONS: '1000', PASSWORD_ITERATIONS_UNSAFE: 'on' },
    ],
    [
      'mail with all it needs',
      {
        MAIL: 'cloudflare',
        MAIL_FROM: 'accounts@example.com',
        PUBLIC_URL: 'https://example.com',
        EMAIL: {},
        SIGN_UP: 'verify',
      },
    ],
  ])('and %s is not a fault', (_, env) => {
    expect(faultsOf(env)).toEqual([]);
  });
});

describe('a guard reads only what it names', () => {
  it('and reports no fault of the others', () => {
    const { values, faults } = parseSettings({ LEEWAY: '5s', SIGN_UP: '!' }, ['LEEWAY', 'ISSUER']);
    expect(values).toStrictEqual({ LEEWAY: 5, ISSUER: undefined });
    expect(faults).toEqual([]);
  });
});

describe('passkeys', () => {
  const PUBLIC_URL = 'https://accounts.example.com';

  it.each<[string, Env, boolean]>([
    ['are off in production without an address', {}, false],
    ['are off in production without one, whatever the RP ID is', { PASSKEY_RP_ID: 'example.com' }, false],
    ['are on where PUBLIC_URL has a domain', { PUBLIC_URL }, true],
    ['are off where it has an address', { PUBLIC_URL: 'https://192.0.2.1' }, false],
    ['are off where it has one of IPv6', { PUBLIC_URL: 'https://[2001:db8::1]' }, false],
    [
      'are on where an RP ID is given beside it',
      { PUBLIC_URL: 'https://192.0.2.1', PASSKEY_RP_ID: 'example.com' },
      true,
    ],
    ['are on in development', { ENVIRONMENT: 'development' }, true],
    ['are off where they are switched off', { PUBLIC_URL, PASSKEYS: 'off' }, false],
    ['are on where they are switched on', { PUBLIC_URL, PASSKEYS: 'on' }, true],
  ])('%s', (_, env, on) => {
    expect(load(env).PASSKEYS).toBe(on);
  });

  it.each<[string, Env]>([
    ['without an address', {}],
    ['with an address that is no domain', { PUBLIC_URL: 'https://192.0.2.1' }],
  ])('cannot be switched on in production %s', (_, env) => {
    expect(faultsOf({ ...env, PASSKEYS: 'on' })).toEqual(['PASSKEYS']);
  });
});
