/** Where a sign-in may lead back to: no open redirector, whatever is tried. */
import { describe, expect, it } from 'vitest';
import { returnUrl, withOutcome } from '../../src/connections/return-to.ts';
import { originMatcher } from '../../src/origins.ts';

const isAllowed = originMatcher([
  'https://app.example.com',
  'https://app.example.com:8443',
  'https://*.example.net',
  'http://localhost:3000',
  'myapp://signed-in',
  'com.example.app://auth',
]);
const hrefOf = (text: string) => returnUrl(text, isAllowed)?.href ?? null;

describe('goes to', () => {
  it.each<[string, string?]>([
    ['https://app.example.com', 'https://app.example.com/'],
    ['https://app.example.com/'],
    ['https://app.example.com/signed-in'],
    ['https://app.example.com/a/b?x=1&y=2'],
    ['https://app.example.com:443/', 'https://app.example.com/'],
    ['https://app.example.com:8443/x'],
    ['HTTPS://APP.EXAMPLE.COM/x', 'https://app.example.com/x'],
    ['https://one.example.net/'],
    ['http://localhost:3000/x'],
    ['myapp://signed-in'],
    ['myapp://signed-in/x?y=1'],
    ['com.example.app://auth/done'],
    ['https://app.example.com/%2e%2e/x', 'https://app.example.com/x'],
    ['https://app.example.com/x?next=https://evil.example/'],
    ['https://app.example.com//evil.example/'],
    [`https://app.example.com/${'x'.repeat(2_000)}`],
  ])('%s', (text, href = text) => {
    expect(hrefOf(text)).toBe(href);
  });
});

describe('does not go to', () => {
  it.each<[string]>([
    [''],
    ['/'],
    ['/signed-in'],
    ['//evil.example'],
    ['//app.example.com/'],
    ['///evil.example'],
    ['\\\\evil.example'],
    ['/\\evil.example'],
    ['app.example.com'],
    ['https:'],
    ['https:/app.example.com/'],
    ['https:app.example.com'],
    ['https:///app.example.com/'],
    ['https:\\\\app.example.com'],
    ['https://evil.example'],
    ['https://evil.example/https://app.example.com/'],
    ['https://app.example.com.evil.example/'],
    ['https://app.example.comevil.example/'],
    ['https://evil-app.example.com/'],
    ['https://app.example.com:444/'],
    ['https://app.example.com:0/'],
    ['http://app.example.com/'],
    ['ftp://app.example.com/'],
    ['ws://app.example.com/'],
    ['https://app.example.com@evil.example/'],
    ['https://app.example.com:x@evil.example/'],
    ['https://user@app.example.com/'],
    ['https://user:password@app.example.com/'],
    ['https://@app.example.com/'],
    ['https://:@app.example.com/'],
    ['https://app.example.com%40evil.example/'],
    ['https://evil.example#@app.example.com/'],
    ['https://evil.example?@app.example.com/'],
    ['https://evil.example\\@app.example.com/'],
    ['https://app.example.com\\evil.example/'],
    ['https://app.example.com/#'],
    ['https://app.example.com/#fragment'],
    ['https://app.example.com/ x'],
    [' https://app.example.com/'],
    ['https://app.example.com/\t'],
    ['https://app.exam\tple.com/'],
    ['https://app.example.com/\r\nLocation: https://evil.example/'],
    ['https://app.example.com/\u0000'],
    ['https://app.example.com/\u00a0'],
    ['https://app.example.com/\u2028'],
    ['https://app.example.com/\ud800'],
    [`https://app.example.com/${'x'.repeat(2_048)}`],
    ['https://app。example.com.evil.example/'],
    ['https://аpp.example.com/'],
    ['https://a.b.example.net/'],
    ['https://example.net/'],
    ['https://.example.net/'],
    ['https://evil.example/.example.net/'],
    ['http://localhost:3001/'],
    ['http://localhost/'],
    ['http://127.0.0.1:3000/'],
    ['http://localhost:3000@evil.example/'],
    ['javascript:alert(1)'],
    ['javascript://app.example.com/%0aalert(1)'],
    ['JaVaScRiPt://signed-in/%0aalert(1)'],
    ['data:text/html,<script>alert(1)</script>'],
    ['blob:https://app.example.com/5f0c2f6d'],
    ['filesystem:https://app.example.com/x'],
    ['view-source:https://app.example.com/'],
    ['file:///etc/passwd'],
    ['about:blank'],
    ['myapp://evil'],
    ['myapp://signed-in.evil'],
    ['myapp://evil@signed-in'],
    ['otherapp://signed-in'],
    ['com.example.app:/auth'],
    ['null'],
    ['https://'],
  ])('%s', (text) => {
    expect(hrefOf(text)).toBeNull();
  });
});

describe('the outcome', () => {
  const of = (text: string, outcome: Parameters<typeof withOutcome>[1]) =>
    withOutcome(returnUrl(text, isAllowed) as URL, outcome);

  it.each<[string, Parameters<typeof withOutcome>[1], string]>([
    ['https://app.example.com/x', { code: 'a.b' }, 'https://app.example.com/x?code=a.b'],
    ['https://app.example.com/x?y=1', { code: 'a.b' }, 'https://app.example.com/x?y=1&code=a.b'],
    ['https://app.example.com/x?code=planted', { code: 'a.b' }, 'https://app.example.com/x?code=a.b'],
    [
      'https://app.example.com/x?code=1&code=2',
      { error: 'access_denied' },
      'https://app.example.com/x?error=access_denied',
    ],
    ['https://app.example.com/x?error=planted', { code: 'a.b' }, 'https://app.example.com/x?code=a.b'],
    ['myapp://signed-in', { code: 'a.b' }, 'myapp://signed-in?code=a.b'],
  ])('of %s and %j is %s', (text, outcome, href) => {
    expect(of(text, outcome)).toBe(href);
  });
});

it('goes to an address of 2,048 characters, but no longer one', () => {
  const start = 'https://app.example.com/';
  expect(hrefOf(start + 'x'.repeat(2_048 - start.length))).toHaveLength(2_048);
  expect(hrefOf(start + 'x'.repeat(2_049 - start.length))).toBeNull();
  // Each becomes nine characters.
  expect(hrefOf(start + '가'.repeat(224))).toHaveLength(2_040);
  expect(hrefOf(start + '가'.repeat(225))).toBeNull();
});
