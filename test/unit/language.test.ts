import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { askedLanguage, negotiateLanguage } from '../../src/http/language.ts';

describe('the language of a response', () => {
  it.each([
    // Nothing that fits.
    [undefined, 'en'],
    ['', 'en'],
    ['   ', 'en'],
    ['de', 'en'],
    ['de-DE, fr;q=0.9, ja;q=0.8', 'en'],
    ['kok', 'en'],
    ['ko_KR', 'en'],
    ['x-ko', 'en'],
    ['i-ko', 'en'],
    // One that fits.
    ['en', 'en'],
    ['ko', 'ko'],
    ['KO', 'ko'],
    ['Ko-kr', 'ko'],
    ['ko-KR', 'ko'],
    ['ko-KP', 'ko'],
    ['ko-Kore-KR-x-private', 'ko'],
    ['en-GB', 'en'],
    ['  ko  ', 'ko'],
    ['ko;q=0.001', 'ko'],
    ['de, ko;q=0.1', 'ko'],
    ['ko;level=1', 'ko'],
    // The better of two.
    ['en, ko', 'en'],
    ['ko, en', 'ko'],
    ['en;q=0.5, ko;q=0.8', 'ko'],
    ['en;q=0.8, ko;q=0.5', 'en'],
    ['ko;q=0.8, en', 'en'],
    ['en;q=0.9,ko;q=0.900', 'en'],
    ['ko;q=0.5,en;q=0.5', 'ko'],
    ['en-US,en;q=0.9,ko;q=0.8', 'en'],
    ['ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7', 'ko'],
    ['de;q=1, fr;q=0.9, ko;q=0.3, en;q=0.2', 'ko'],
    ['ko ; q = 0.2 , en ; q = 0.1', 'ko'],
    ['ko;Q=0.9, en;q=0.1', 'ko'],
    // Not this one.
    ['ko;q=0', 'en'],
    ['ko;q=0.0', 'en'],
    ['ko;q=0.000, en;q=0.1', 'en'],
    ['en;q=0, ko', 'ko'],
    ['en;q=0, ko;q=0', 'en'],
    ['ko-KR;q=0, ko', 'ko'],
    ['ko;q=-1', 'en'],
    // Any.
    ['*', 'en'],
    ['*;q=0.5, ko', 'ko'],
    ['ko;q=0.5, *', 'en'],
    ['*;q=0', 'en'],
    ['ko, *;q=0', 'ko'],
    // Garbage.
    [',', 'en'],
    [',,,ko,,,', 'ko'],
    [';;;', 'en'],
    [';q=1', 'en'],
    ['=', 'en'],
    ['ko;', 'ko'],
    ['ko;q', 'ko'],
    ['ko;q=', 'ko'],
    ['"ko"', 'en'],
    ['ko en', 'en'],
    ['ko\u0000', 'en'],
    ['한국어', 'en'],
    ['__proto__', 'en'],
    ['constructor', 'en'],
    ['ko'.repeat(5_000), 'en'],
    ['de,'.repeat(3_000), 'en'],
    [`${'de;q=0.1,'.repeat(1_000)}ko`, 'ko'],
  ])('asked for by %.50j is %s', (header, language) => {
    expect(negotiateLanguage(header)).toBe(language);
  });

  it('is one of the two, whatever the header says', () => {
    const pieces = fc.constantFrom(
      'ko',
      'en',
      'de',
      '*',
      ';q=',
      '0',
      '1',
      '.',
      ',',
      ';',
      ' ',
      '"',
      '\\',
      '=',
      '-KR',
    );
    const headers = fc.oneof(
      fc.string(),
      fc.array(pieces).map((list) => list.join('')),
    );
    fc.assert(
      fc.property(headers, (header) => {
        expect(['en', 'ko']).toContain(negotiateLanguage(header));
      }),
      { numRuns: 500 },
    );
  });
});

describe('the language that a request asked for', () => {
  it.each([
    [undefined, null],
    ['', null],
    ['*', null],
    ['de, *;q=0.5', null],
    ['ko;q=0', null],
    ['ko-KR', 'ko'],
    ['en-US', 'en'],
    ['*, ko;q=0.1', 'ko'],
    ['en;q=0.5, ko;q=0.8', 'ko'],
  ])('`%s`: %s', (header, language) => {
    expect(askedLanguage(header)).toBe(language);
  });
});
