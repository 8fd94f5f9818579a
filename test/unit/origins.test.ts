import { describe, expect, it } from 'vitest';
import { isInsecureOrigin, isOriginPattern, isSameSite, originMatcher } from '../../src/origins.ts';

describe('an exact origin', () => {
  const allows = originMatcher(['https://app.example.com', 'capacitor://localhost', 'http://localhost:3000']);

  it.each(['https://app.example.com', 'capacitor://localhost', 'http://localhost:3000'])(
    '%s is allowed',
    (origin) => {
      expect(allows(origin)).toBe(true);
    },
  );

  it.each([
    'https://app.example.com.evil.example',
    'https://x.app.example.com',
    'https://app.example.com:8443',
    'http://app.example.com',
    'capacitor://localhost.evil',
    'http://localhost',
    'null',
    '*',
    '',
  ])('%j is not', (origin) => {
    expect(allows(origin)).toBe(false);
  });
});

describe('https://*.app.pages.dev', () => {
  const allows = originMatcher(['https://*.app.pages.dev', 'https://*.example.com:8443']);

  it.each([
    'https://preview.app.pages.dev',
    'https://1a2b-3c.app.pages.dev',
    'https://xn--bcher-kva.app.pages.dev',
    'https://a.example.com:8443',
  ])('allows one label: %s', (origin) => {
    expect(allows(origin)).toBe(true);
  });

  it.each([
    'https://app.pages.dev',
    'https://.app.pages.dev',
    'https://a.b.app.pages.dev',
    'https://evilapp.pages.dev',
    'https://evil.example/.app.pages.dev',
    'https://evil.example?.app.pages.dev',
    'https://evil.example#.app.pages.dev',
    'https://user@x.app.pages.dev',
    'https://evil.example:80.app.pages.dev',
    'https://*.app.pages.dev',
    'https://X.app.pages.dev',
    'https://a b.app.pages.dev',
    'https://x.app.pages.dev:8443',
    'https://x.app.pages.dev.evil.example',
    'http://x.app.pages.dev',
    'https://a.example.com',
    'null',
  ])('but not %s', (origin) => {
    expect(allows(origin)).toBe(false);
  });
});

describe('pages that anybody on the network can impersonate', () => {
  it.each<[string, boolean]>([
    ['http://app.example.com', true],
    ['http://*.example.com', true],
    ['http://192.168.0.2:3000', true],
    ['http://localhost.evil.example', true],
    ['http://localhost', false],
    ['http://localhost:3000', false],
    ['http://tauri.localhost', false],
    ['http://127.0.0.1:3000', false],
    ['http://[::1]:3000', false],
    ['https://app.example.com', false],
    ['capacitor://localhost', false],
  ])('%s: %s', (origin, insecure) => {
    expect(isInsecureOrigin(origin)).toBe(insecure);
  });
});

describe('one site', () => {
  it.each<[string, string, boolean]>([
    ['https://app.example.com', 'https://accounts.example.com', true],
    ['https://example.com:8443', 'https://accounts.example.com', true],
    ['http://localhost:3000', 'http://localhost:8787', true],
    ['http://127.0.0.1:3000', 'http://127.0.0.1:8787', true],
    ['http://[::1]:3000', 'http://[::1]:8787', true],
    ['https://app.example.org', 'https://accounts.example.com', false],
    ['http://app.example.com', 'https://accounts.example.com', false],
    ['http://127.0.0.1:3000', 'http://localhost:8787', false],
    ['http://10.0.0.1', 'http://9.9.0.1', false],
    ['capacitor://localhost', 'https://accounts.example.com', false],
    ['no origin', 'https://accounts.example.com', false],
  ])('%s and %s: %s', (origin, own, same) => {
    expect(isSameSite(origin, own)).toBe(same);
  });
});

describe('a pattern', () => {
  it.each([
    'https://app.example.com',
    'http://localhost:3000',
    'http://[::1]:3000',
    'https://*.example.com',
    'http://*.example.com',
    'https://*.a.b.example.com',
    'https://*.example.com:8443',
    'capacitor://localhost',
    'chrome-extension://abcdefghijklmnop',
    'com.example.app+x-1://auth',
    'tauri://localhost:12345',
  ])('may be %s', (pattern) => {
    expect(isOriginPattern(pattern)).toBe(true);
  });

  it.each([
    '',
    '*',
    'app.example.com',
    'https://app.example.com/',
    'https://app.example.com/path',
    'https://App.example.com',
    'https://app.example.com:443',
    'https://user@app.example.com',
    'https://*',
    'https://*.com',
    'https://*.*.example.com',
    'https://x.*.example.com',
    'https://a*.example.com',
    'https://*..example.com',
    'https://*.example.com:',
    'https://*.example.com:x',
    'https://*.example.com:443',
    'https://*.example.com:84433',
    'https://*.example.com/',
    ' https://*.example.com',
    'x-https://*.example.com',
    'ws://app.example.com',
    'wss://example',
    'ftp://example',
    'file://example',
    'data://example',
    'blob://example',
    'about://example',
    'javascript://example',
    'htps://app.example.com',
    'capacitor://localhost/',
    'capacitor://localhost:123456',
    'capacitor://localhost:x',
    'capacitor://',
    'Capacitor://localhost',
    '1app://auth',
    ' app://auth',
  ])('may not be %j', (pattern) => {
    expect(isOriginPattern(pattern)).toBe(false);
  });
});

it.each([
  ['http://127.0.0.1:3000', 'http://127.0.0.1:8787', true],
  ['http://127.0.0.1', 'http://10.0.0.1', false],
  ['http://10.1.0.1', 'http://10.0.0.1', false],
  ['http://[::1]:3000', 'http://[::1]:8787', true],
  ['http://[::1]', 'http://[::2]', false],
  ['https://7.example.com', 'https://8.example.com', true],
  ['https://7.example.com', 'https://7.example.org', false],
])('%s and %s are of one site: %s', (origin, own, expected) => {
  expect(isSameSite(origin, own)).toBe(expected);
});
