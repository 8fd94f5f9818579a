import { describe, expect, it } from 'vitest';
import { canonicalRecoveryCode, newRecoveryCodes } from '../../src/second-factor/recovery-codes.ts';
import { keyUri, matchingStep } from '../../src/second-factor/totp.ts';
import { parseEncryptionKey, secretBox } from '../../src/secret-box.ts';

/** RFC 6238 Appendix B: SHA-1, 8 digits; the last six are what six digits give. */
const RFC_SECRET = new TextEncoder().encode('12345678901234567890');

describe('a TOTP code', () => {
  it.each([
    [59, '94287082'],
    [1_111_111_109, '07081804'],
    [1_111_111_111, '14050471'],
    [1_234_567_890, '89005924'],
    [2_000_000_000, '69279037'],
    [20_000_000_000, '65353130'],
  ])('of RFC 6238 Appendix B at %i matches', (now, code) => {
    expect(matchingStep(RFC_SECRET, code.slice(2), now, null)).toBe(Math.floor(now / 30));
  });

  const now = 1_111_111_109;
  const step = Math.floor(now / 30);
  it.each<[string, number, number | null, number | null]>([
    ['one step early', now - 30, null, step],
    ['one step late', now + 30, null, step],
    ['two steps early', now - 60, null, null],
    ['two steps late', now + 60, null, null],
    ['used before', now, step, null],
    ['older than the one used', now, step + 1, null],
    ['newer than the one used', now, step - 1, step],
  ])('%s: %i with step %s used is of step %s', (_, at, used, expected) => {
    expect(matchingStep(RFC_SECRET, '081804', at, used)).toBe(expected);
  });

  it.each(['081 804', ' 081804\n', '081-804', '０８１８０４'])('typed as %j matches', (code) => {
    expect(matchingStep(RFC_SECRET, code, now, null)).toBe(step);
  });

  it.each(['', '81804', '0081804', '081805', '०८१८०४', '07081804', 'abcdef', '0x1398c', '081804.0'])(
    'written %j does not match',
    (code) => {
      expect(matchingStep(RFC_SECRET, code, now, null)).toBeNull();
    },
  );

  it('near the epoch matches no negative step', () => {
    expect(matchingStep(RFC_SECRET, '755224', 0, null)).toBe(0);
  });

  it('is shown to apps as a key URI without plus signs', () => {
    expect(keyUri('My Site', 'mina+1@example.com', RFC_SECRET)).toBe(
      'otpauth://totp/My%20Site:mina%2B1%40example.com?issuer=My%20Site&algorithm=SHA1&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&period=30&digits=6',
    );
  });
});

describe('recovery codes', () => {
  const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes));

  it('are ten, all different, in canonical form', () => {
    const codes = newRecoveryCodes(random);
    expect(new Set(codes).size).toBe(10);
    for (const code of codes) {
      expect(code).toMatch(/^[0-9a-hjkmnp-tv-z]{5}-[0-9a-hjkmnp-tv-z]{5}$/);
      expect(canonicalRecoveryCode(code)).toBe(code);
    }
  });

  it.each([
    ['ABCDE-FGH1K', 'abcde-fgh1k'],
    [' abcde fgh1k ', 'abcde-fgh1k'],
    ['abcdefghIk', 'abcde-fgh1k'],
    ['abcde-fghlk', 'abcde-fgh1k'],
    ['abcde-fghok', 'abcde-fgh0k'],
    ['ａｂｃｄｅ-fgh1k', 'abcde-fgh1k'],
  ])('typed as %j are %j', (typed, code) => {
    expect(canonicalRecoveryCode(typed)).toBe(code);
  });

  it.each(['', 'abcde', 'abcde-fgh1kk', 'abcde-fgh1u', 'abcde-fgh1é', '123456'])('%j is none', (typed) => {
    expect(canonicalRecoveryCode(typed)).toBeNull();
  });
});

describe('secrets at rest', () => {
  const key = () => crypto.getRandomValues(new Uint8Array(32));
  const secret = new TextEncoder().encode('12345678901234567890');

  it('decrypt only with their key and owner', async () => {
    const box = secretBox([key()]);
    const sealed = await box.seal('owner', secret);
    expect(await box.open('owner', sealed)).toEqual(secret);
    expect(await box.open('somebody', sealed)).toBeNull();
    expect(await secretBox([key()]).open('owner', sealed)).toBeNull();
  });

  it('differ each time, and do not contain the secret', async () => {
    const box = secretBox([key()]);
    const [one, two] = [await box.seal('owner', secret), await box.seal('owner', secret)];
    expect(one).not.toBe(two);
    expect(atob((one.split('.')[3] ?? '').replaceAll('-', '+').replaceAll('_', '/'))).not.toContain(
      '1234567890',
    );
  });

  it('stay readable while the key is rotated, and are recognised as old', async () => {
    const [old, next] = [key(), key()];
    const sealed = await secretBox([old]).seal('owner', secret);
    const box = secretBox([next, old]);
    expect(await box.open('owner', sealed)).toEqual(secret);
    expect(box.isCurrent(sealed)).toBe(false);
    expect(box.isCurrent(await box.seal('owner', secret))).toBe(true);
    const written = await secretBox([old]).digests('owner', 'code');
    expect(await box.digests('owner', 'code')).toContain(written[0]);
    expect(await box.digests('other', 'code')).not.toContain(written[0]);
  });

  it.each<[string, (sealed: string) => string]>([
    ['nothing', () => ''],
    ['another version', (sealed) => sealed.replace('v1', 'v2')],
    ['a changed ciphertext', (sealed) => `${sealed.slice(0, -1)}${sealed.endsWith('A') ? 'B' : 'A'}`],
    ['a short nonce', (sealed) => sealed.replace(/^(v1\.[^.]+\.)[^.]+/, '$1AAAA')],
    ['no base64', (sealed) => sealed.replace(/[^.]+$/, '%%%')],
  ])('%s does not decrypt', async (_, change) => {
    const box = secretBox([key()]);
    expect(await box.open('owner', change(await box.seal('owner', secret)))).toBeNull();
  });

  it.each([
    ['A'.repeat(43), 32],
    [`${'A'.repeat(43)}=`, 32],
    [btoa('\xff'.repeat(32)), 32],
    ['A'.repeat(42), null],
    ['A'.repeat(64), null],
    ['', null],
    ['not base64!', null],
  ])('%s is a key of %s bytes', (text, length) => {
    expect(parseEncryptionKey(text)?.length ?? null).toBe(length);
  });
});
