import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalEmail,
  canonicalUsername,
  isOwnName,
  isPlainText,
  lengthOf,
  usernameKey,
} from '../../src/identity.ts';

/** Every letter, mark and number that Unicode has, one by one. */
function* everyLetter(): Generator<string> {
  for (let code = 0; code <= 0x10ffff; code++) {
    const char = String.fromCodePoint(code);
    if (/[\p{L}\p{M}\p{N}]/u.test(char)) yield char;
  }
}
/** Those that break what looks harmless: case that changes length, other forms, dots that are none. */
const TRICKY = [...'aZ09é\u0301\u0307\u0345İıſßẞΣσςǅﬁﬃＡａ한\u1112\u1161\u11abKÅ①²-.。．｡_+'];
const tricky = fc.string({ unit: fc.constantFrom(...TRICKY), minLength: 1, maxLength: 12 });
const anything = fc.string({ unit: 'binary', maxLength: 40 });
const addresses = fc.oneof(
  anything,
  fc.tuple(tricky, tricky, tricky).map(([local, label, top]) => `${local}@${label}.${top}`),
  fc.emailAddress(),
);

describe('an e-mail address has one form', () => {
  it.each([
    ['mina@example.com', 'mina@example.com'],
    ['Mina@Example.COM', 'mina@example.com'],
    ['  mina@example.com ', 'mina@example.com'],
    ['\t\r\nmina@example.com\u00a0\u3000', 'mina@example.com'],
    ['\ufeffmina@example.com', 'mina@example.com'],
    ['JOSÉ@EXAMPLE.COM', 'josé@example.com'],
    ['jose\u0301@example.com', 'josé@example.com'],
    ['JOSE\u0301@example.com', 'josé@example.com'],
    ['mina@xn--bcher-kva.example', 'mina@bücher.example'],
    ['mina@XN--BCHER-KVA.EXAMPLE', 'mina@bücher.example'],
    ['mina@bu\u0308cher.example', 'mina@bücher.example'],
    ['mina@BÜCHER.example', 'mina@bücher.example'],
    ['mina@ｅｘａｍｐｌｅ.com', 'mina@example.com'],
    ['mina@ＥＸＡＭＰＬＥ．ＣＯＭ', 'mina@example.com'],
    ['mina@example。com', 'mina@example.com'],
    ['mina@example｡com', 'mina@example.com'],
    ['미나@한국.한국', '미나@한국.한국'],
    ['미나@xn--3e0b707e.xn--3e0b707e', '미나@한국.한국'],
    ['미나'.normalize('NFD').concat('@example.com'), '미나@example.com'],
    ['mina@faß.example', 'mina@faß.example'],
    ['mina@xn--fa-hia.example', 'mina@faß.example'],
    ['mina+tag@example.com', 'mina+tag@example.com'],
    ['m.i.n.a@example.com', 'm.i.n.a@example.com'],
    ["!#$%&'*+-/=?^_`{|}~@example.com", "!#$%&'*+-/=?^_`{|}~@example.com"],
    ['mina@a-b.c-d.example', 'mina@a-b.c-d.example'],
    ['mina@paral·lel.example', 'mina@paral·lel.example'],
    ['mina@paraŀlel.example', 'mina@paral·lel.example'],
    ['mina@ドメイン・例.example', 'mina@ドメイン・例.example'],
    ['mina@1.example', 'mina@1.example'],
    ['mina@127.example', 'mina@127.example'],
    [`${'x'.repeat(64)}@example.com`, `${'x'.repeat(64)}@example.com`],
  ])('%j is %j', (typed, canonical) => {
    expect(canonicalEmail(typed)).toBe(canonical);
    expect(canonicalEmail(canonical)).toBe(canonical);
  });

  it.each([
    [''],
    [' '],
    ['@'],
    ['mina'],
    ['mina@'],
    ['@example.com'],
    ['mina@example'],
    ['mina@.com'],
    ['mina@example.'],
    ['mina@example.com.'],
    ['mina@example..com'],
    ['mina@-a.example'],
    ['mina@a-.example'],
    ['mina@a_b.example'],
    ['mina@1.2.3.4'],
    ['mina@1.2'],
    ['mina@0x7f.1'],
    ['mina@example.1'],
    ['mina@[::1]'],
    ['mina@example.com:80'],
    ['mina@example.com/'],
    ['mina@example.com?x'],
    ['mina@example.com#x'],
    ['mina@a@example.com'],
    ['mina @example.com'],
    ['mi na@example.com'],
    ['mina@exa mple.com'],
    ['.mina@example.com'],
    ['mina.@example.com'],
    ['mi..na@example.com'],
    ['"mina"@example.com'],
    ['mina,jin@example.com'],
    ['mina;jin@example.com'],
    ['<mina@example.com>'],
    ['Mina <mina@example.com>'],
    ['mina@example.com\u0000'],
    ['mi\u0000na@example.com'],
    ['mi\u0007na@example.com'],
    ['mi\u200bna@example.com'],
    ['mi\u202ena@example.com'],
    ['mi\u2066na@example.com'],
    ['mi\u00adna@example.com'],
    ['mi\u00a0na@example.com'],
    ['\u3164@example.com'],
    ['mina\u115f@example.com'],
    ['mina\u034f@example.com'],
    ['mina\ufe0f@example.com'],
    ['mina\uffa0@example.com'],
    ['mi\ud800na@example.com'],
    ['mina@exam\udc00ple.com'],
    ['mina@xn--a-.example'],
    ['mina@b¼c.example'],
    ['mina@xn--b14c-1g7a.example'],
    ['mina@exa\u0000mple.com'],
    ['mina@%65xample.com'],
    ['mina@exa%6dple.com'],
    [`${'x'.repeat(65)}@example.com`],
    [`${'é'.repeat(33)}@example.com`],
    [`mina@${'x'.repeat(64)}.example`],
    [`${'x'.repeat(64)}@${`${'y'.repeat(62)}.`.repeat(3)}zz`],
    [`mina@${'a.'.repeat(130)}com`],
  ])('%j is none', (typed) => {
    expect(canonicalEmail(typed)).toBeNull();
  });

  it('of 254 characters is the longest', () => {
    const domain = `${`${'y'.repeat(62)}.`.repeat(3)}`.slice(0, 186);
    expect(lengthOf(canonicalEmail(`${'x'.repeat(64)}@${domain}.k`) ?? '')).toBe(253);
    expect(lengthOf(canonicalEmail(`${'x'.repeat(64)}@${domain}.kr`) ?? '')).toBe(254);
    expect(canonicalEmail(`${'x'.repeat(64)}@${domain}.com`)).toBeNull();
  });

  it('which is its own canonical form, whatever was typed', () => {
    fc.assert(
      fc.property(addresses, (typed) => {
        const once = canonicalEmail(typed);
        expect(canonicalEmail(once ?? 'a@example.com')).toBe(once ?? 'a@example.com');
      }),
      { numRuns: 5_000 },
    );
  });

  it('whatever letters the local part has', () => {
    const unstable: string[] = [];
    for (const letter of everyLetter()) {
      // The others have one form in any case.
      if (letter.normalize('NFC').toLowerCase() === letter) continue;
      const once = canonicalEmail(`a${letter}@example.com`);
      if (once !== null && canonicalEmail(once) !== once) unstable.push(letter);
    }
    expect(unstable).toEqual([]);
  });

  it('whatever letters the domain has', { timeout: 60_000 }, () => {
    const unstable: string[] = [];
    for (const letter of everyLetter()) {
      const once = canonicalEmail(`a@b${letter}c.example`);
      if (once !== null && canonicalEmail(once) !== once) unstable.push(letter);
    }
    expect(unstable).toEqual([]);
  });

  it('the same with surrounding white space, in its decomposed form and (in ASCII) in capitals', () => {
    fc.assert(
      fc.property(addresses, (typed) => {
        const form = canonicalEmail(typed);
        expect(canonicalEmail(` ${typed}\n`)).toBe(form);
        expect(canonicalEmail(typed.isWellFormed() ? typed.normalize('NFD') : typed)).toBe(form);
      }),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(fc.emailAddress(), (typed) => {
        expect(canonicalEmail(typed.toUpperCase())).toBe(canonicalEmail(typed));
      }),
    );
  });

  it('plain, trimmed, in lower case and in NFC', () => {
    fc.assert(
      fc.property(addresses, (typed) => {
        const form = canonicalEmail(typed) ?? '';
        expect(isPlainText(form)).toBe(true);
        expect(form).toBe(form.trim().normalize('NFC').toLowerCase());
        expect(lengthOf(form)).toBeLessThanOrEqual(254);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a username', () => {
  it.each([
    ['mina', 'mina', 'mina'],
    ['Mina', 'Mina', 'mina'],
    [' Mina\n', 'Mina', 'mina'],
    ['Ｍｉｎａ', 'Mina', 'mina'],
    ['ﬁona', 'fiona', 'fiona'],
    ['e\u0301lan', 'élan', 'élan'],
    ['ÉLAN', 'ÉLAN', 'élan'],
    ['미나', '미나', '미나'],
    ['미나'.normalize('NFD'), '미나', '미나'],
    ['a.b+c-d_e@f', 'a.b+c-d_e@f', 'a.b+c-d_e@f'],
    ['mina＠example.com', 'mina@example.com', 'mina@example.com'],
    ['x²', 'x2', 'x2'],
    ['Ⅷ', 'VIII', 'viii'],
    ['STRASSE', 'STRASSE', 'strasse'],
    ['straße', 'straße', 'straße'],
    ['İ', 'İ', 'i̇'],
  ])('%j is stored as %j and found by %j', (typed, username, key) => {
    expect(canonicalUsername(typed)).toEqual({ username, key });
    expect(usernameKey(typed)).toBe(key);
  });

  it.each([
    [''],
    ['  '],
    ['mi na'],
    ['mina!'],
    ['mi/na'],
    ['mi\\na'],
    ['mi:na'],
    ['mi,na'],
    ['<mina>'],
    ['"mina"'],
    ["mi'na"],
    ['mi%na'],
    ['mi\u0000na'],
    ['mi\nna'],
    ['mi\u200bna'],
    ['mi\u200dna'],
    ['mi\u202ena'],
    ['mi\ud800na'],
    ['\u3164'],
    ['\u115f'],
    ['admin\u034f'],
    ['admin\ufe0f'],
    ['ad\u17b4min'],
    ['admin\uffa0'],
    ['admin\u{e0100}'],
    ['mina🦊'],
    ['mi©na'],
    ['¨'],
    ['™!'],
  ])('%j is none', (typed) => {
    expect(canonicalUsername(typed)).toBeNull();
  });

  it('has no invisible character, and neither has the local part of an address', () => {
    const accepted: string[] = [];
    for (let code = 0; code <= 0x10ffff; code++) {
      const char = String.fromCodePoint(code);
      if (!/\p{Default_Ignorable_Code_Point}/u.test(char)) continue;
      if (canonicalUsername(`a${char}b`) ?? canonicalEmail(`a${char}b@example.com`)) accepted.push(char);
    }
    expect(accepted).toEqual([]);
  });

  it('has one canonical form and one key, whatever was typed', () => {
    fc.assert(
      fc.property(fc.oneof(anything, tricky), (typed) => {
        const once = canonicalUsername(typed) ?? { username: 'a', key: 'a' };
        expect(canonicalUsername(once.username)).toEqual(once);
        expect(usernameKey(once.key)).toBe(once.key);
      }),
      { numRuns: 5_000 },
    );
  });

  it('whatever letters it has', () => {
    const unstable: string[] = [];
    for (const letter of everyLetter()) {
      const once = canonicalUsername(`a${letter}`);
      if (once === null) continue;
      if (canonicalUsername(once.username)?.key !== once.key || usernameKey(once.key) !== once.key) {
        unstable.push(letter);
      }
    }
    expect(unstable).toEqual([]);
  });
});

describe('a username with @', () => {
  it.each([
    ['mina', 'mina@example.com', true],
    ['mina', null, true],
    ['mina@example.com', 'mina@example.com', true],
    ['MINA@Example.com', 'mina@example.com', true],
    ['mina@xn--bcher-kva.example', 'mina@bücher.example', true],
    ['mina@example.com', 'jin@example.com', false],
    ['mina@example.com', null, false],
    ['@', 'mina@example.com', false],
    ['mina@', 'mina@example.com', false],
    ['mi@na', null, false],
  ])('%j of %j is the own name: %s', (username, email, own) => {
    expect(isOwnName(username, email)).toBe(own);
  });
});

describe('text', () => {
  it.each([
    ['', true],
    ['Mina Kim', true],
    ['김미나', true],
    ['🦊', true],
    ['a\u200db', true],
    ['a\u0000', false],
    ['a\tb', false],
    ['a\nb', false],
    ['a\u001f', false],
    ['a\u007f', false],
    ['a\u0080', false],
    ['a\u009f', false],
    ['a\u00a0', true],
    ['\ud800', false],
    ['a\udfff', false],
    ['\ud83e\udd8a', true],
  ])('%j is plain: %s', (text, plain) => {
    expect(isPlainText(text)).toBe(plain);
  });

  it.each([
    ['', 0],
    ['abc', 3],
    ['한국', 2],
    ['🦊🦊', 2],
    ['e\u0301', 2],
    ['👨‍👩‍👧', 5],
  ])('%j is %i characters long', (text, length) => {
    expect(lengthOf(text)).toBe(length);
  });
});
