import { describe, expect, it } from 'vitest';
import { isCommon } from '../../src/password/common.ts';
import { COMMON_PASSWORDS } from '../../src/password/common-passwords.generated.ts';
import { normalizePassword, PASSWORD_MAX_LENGTH, passwordFaults } from '../../src/password/policy.ts';

const MINA = { email: 'testclient@example.com', username: 'mina_k', name: 'Mina Kim' };
const NOBODY = {};

const codes = (password: string, person: Parameters<typeof passwordFaults>[1] = NOBODY, minLength = 8) =>
  passwordFaults(password, person, { minLength }).map((fault) => fault.code);

const SHORT = 'password_too_short';
const LONG = 'password_too_long';
const COMMON = 'password_too_common';
const NUMERIC = 'password_entirely_numeric';
const SIMILAR = 'password_too_similar';

describe('a good password', () => {
  it.each([
    'correct horse battery staple',
    'x7!kQ2#z',
    '        ',
    'tab\tand\nnewline',
    '\0\0\0\0\0\0\0\0',
    'nul\0inside',
    '비밀번호를바꾸자',
    '🔑🗝️🔒🔓🔏🔐🛡️',
    'ends in a space ',
    '1234 5678',
    '83019274a',
    '-12345678',
    '1234.5678',
    'ⅠⅡⅢⅣⅤⅥⅦⅧ',
    'no digits no capitals',
    'a'.repeat(PASSWORD_MAX_LENGTH),
  ])('%j', (password) => {
    expect(passwordFaults(password, MINA, { minLength: 8 })).toEqual([]);
  });
});

describe('length, in code points of the NFKC form', () => {
  it.each([
    ['', 8, [SHORT]],
    ['x7!kQ2#', 8, [SHORT]],
    ['x7!kQ2#z', 8, []],
    ['x7!kQ2#z', 9, [SHORT]],
    ['x7!k', 4, []],
    ['x', 1, []],
    ['🔑🗝🔒🔓🔏🔐🛡', 8, [SHORT]],
    ['🔑🗝🔒🔓🔏🔐🛡⚿', 8, []],
    ['e\u0301e\u0300e\u0302e\u0308', 8, [SHORT]],
    ['\u1112\u1161\u11ab\u1100\u1173\u11af\u1107\u1175', 8, [SHORT]],
    ['\ufb03\ufb03x', 8, [SHORT]],
    ['\ufb03\ufb03xy', 8, []],
    ['\ufdfa', 8, []],
    ['x'.repeat(256), 8, []],
    ['x'.repeat(257), 8, [LONG]],
    ['🔑'.repeat(256), 8, []],
    ['🔑'.repeat(257), 8, [LONG]],
    ['e\u0301'.repeat(256), 8, []],
    ['e\u0301'.repeat(257), 8, [LONG]],
    ['\u1fae\u0345'.repeat(1), 1, []],
    ['\u03c9\u0313\u0342\u0345'.repeat(256), 8, []],
    ['\u03c9\u0313\u0342\u0345'.repeat(257), 8, [LONG]],
    ['\ufdfa'.repeat(14), 8, []],
    ['\ufdfa'.repeat(15), 8, [LONG]],
    ['x'.repeat(2049), 8, [LONG]],
    ['1'.repeat(5000), 8, [LONG, NUMERIC]],
  ])('%j, at least %i: %j', (password, minLength, expected) => {
    expect(codes(password, NOBODY, minLength)).toEqual(expected);
  });

  it('has limits in its messages', () => {
    expect(passwordFaults('x7!kQ2#', NOBODY, { minLength: 12 })).toEqual([
      { code: SHORT, params: { min: 12 } },
    ]);
    expect(passwordFaults('🔑'.repeat(300), NOBODY, { minLength: 8 })).toEqual([
      { code: LONG, params: { max: 256 } },
    ]);
  });
});

describe('a lone surrogate', () => {
  it.each([
    '\ud800',
    '\udfff',
    '1234567\ud83d',
    'password\udd11',
    `${'x'.repeat(300)}\ud800`,
    '\udd11\ud83d good',
  ])('in %j is invalid, and nothing else', (password) => {
    expect(passwordFaults(password, MINA, { minLength: 8 })).toEqual([{ code: 'invalid' }]);
  });
});

describe('too common', () => {
  it.each([
    'password',
    'PassWord',
    'PASSWORD',
    ' password ',
    '\tpassword\n',
    '\u3000password\u00a0',
    'ｐａｓｓｗｏｒｄ',
    'password1',
    'password123',
    'iloveyou',
    'sunshine',
    'trustno1',
    '1qaz2wsx',
    '!qaz2wsx',
    'qwertyuiop',
    'baseball',
  ])('%j', (password) => {
    expect(codes(password)).toEqual([COMMON]);
  });

  it.each(['passw0rd!x', 'pass word', 'password\0', 'passwordpasswordx', 'iloveyou-too much'])(
    '%j is not on the list',
    (password) => {
      expect(codes(password)).toEqual([]);
    },
  );
});

describe('common and entirely numeric', () => {
  it.each([
    '12345678',
    '123456789',
    '1234567890',
    '11111111',
    ' 12345678 ',
    '１２３４５６７８',
    '¹²³⁴⁵⁶⁷⁸',
    '①②③④⑤⑥⑦⑧',
    '𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖',
  ])('%j is told both, as by Django', (password) => {
    expect(codes(password)).toEqual([COMMON, NUMERIC]);
  });
});

describe('entirely numeric', () => {
  it.each(['84920174', '00000000000000000000', '٠١٢٣٤٥٦٧', '१२३४५६७८', '1234५६७८', '𑁦𑁧𑁨𑁩𑁪𑁫𑁬𑁭'])(
    '%j',
    (password) => {
      expect(codes(password)).toEqual([NUMERIC]);
    },
  );
});

/** What Django's validator says of each (Python's difflib run over the same pairs). */
describe('too similar', () => {
  it.each([
    ['testclient', 'testclient', true],
    ['TESTCLIENT1', 'testclient', true],
    ['testclient1', 'TestClient', true],
    ['testclient', 'testclient@example.com', true],
    ['example.com', 'testclient@example.com', true],
    ['mina@example.org', 'mina@example.com', true],
    ['tneilctset', 'testclient', true],
    ['testclient99', 'testclient', true],
    ['testclient99999', 'testclient', true],
    ['testclient-and-more', 'testclient', false],
    ['minakim1', 'Mina Kim', true],
    ['kimmina1', 'Mina Kim', true],
    ['minaminamina', 'Mina Kim', false],
    ['abcdefg123', 'abcdefgxyz', true],
    ['abcdef1234', 'abcdefgxyz', false],
    ['dadpword', 'password', true],
    ['김철수홍길동이박', '김철수 홍길동', true],
    ['김철수김철수12', '김철수', false],
    ['Jean-Luc Picard', 'jean-luc picard', true],
    ['user_name1', 'user_name', true],
    ['under_score_1', 'x.under_score', true],
    ['aaaaaaaa', 'a', false],
    ['longlong'.repeat(10), 'long', false],
    ['étienne12', 'étienne', true],
    ['étienne12', 'e\u0301tienne', true],
    ['e\u0301tienne12', 'étienne', true],
    ['ｔｅｓｔｃｌｉｅｎｔ', 'testclient', true],
    ['testclient', 'ｔｅｓｔｃｌｉｅｎｔ', true],
    ['strasse123', 'Straße', false],
    ['😀😁😂😃😄😅😆😇', '😀😁😂😃😄😅', true],
    ['😀😁😂😃😄😅😆😇', '😇😁😅', false],
    ['correct horse battery', 'mina@example.com', false],
    ['x7!kQ2#z', '', false],
    ['x7!kQ2#z', '...', false],
  ])('%j to %j: %s', (password, value, expected) => {
    for (const attribute of ['username', 'name', 'email'] as const) {
      const similar = passwordFaults(password, { [attribute]: value }, { minLength: 1 }).find(
        (fault) => fault.code === SIMILAR,
      );
      expect(similar).toEqual(expected ? { code: SIMILAR, params: { attribute } } : undefined);
    }
  });

  it.each([
    [{ email: 'otherwise@example.com', username: 'otherwise', name: 'otherwise' }, 'username'],
    [{ email: 'otherwise@example.com', username: 'somebody', name: 'otherwise' }, 'name'],
    [{ email: 'otherwise@example.com', username: null, name: null }, 'email'],
  ])('to several of %j reports one', (person, attribute) => {
    expect(passwordFaults('otherwise1', person, { minLength: 8 })).toEqual([
      { code: SIMILAR, params: { attribute } },
    ]);
  });

  it.each([NOBODY, { email: null, username: null, name: null }, { email: '', username: '', name: '' }])(
    'to none of %j',
    (person) => {
      expect(codes('testclient', person)).toEqual([]);
      expect(codes('', person)).toEqual([SHORT]);
    },
  );
});

describe('all faults at once', () => {
  it.each([
    ['1234', NOBODY, 8, [SHORT, NUMERIC]],
    ['mina', MINA, 8, [SHORT, SIMILAR]],
    ['password', { username: 'password' }, 8, [COMMON, SIMILAR]],
    ['password', { username: 'password' }, 12, [SHORT, COMMON, SIMILAR]],
    ['123456789012', { name: '123456789' }, 8, [NUMERIC, SIMILAR]],
    ['1'.repeat(257), NOBODY, 8, [LONG, NUMERIC]],
    ['1'.repeat(257), { email: '1'.repeat(254) }, 8, [LONG, NUMERIC, SIMILAR]],
    ['1'.repeat(257), NOBODY, 300, [SHORT, LONG, NUMERIC]],
  ])('%j', (password, person, minLength, expected) => {
    expect(codes(password, person, minLength)).toEqual(expected);
  });
});

describe('hostile input', () => {
  const long = `a${'\u0345\u0334'.repeat(1 << 17)}`;

  it('is not normalised if it is too long in any form, and not compared with very many parts', () => {
    const parts = 'a.'.repeat(1 << 13);
    expect(codes(long, { name: long, email: parts })).toContain(LONG);
    expect(codes(long, { email: parts })).toEqual([LONG]);
    expect(codes('x7!kQ2#z', { name: long, email: parts })).toEqual([]);
    expect(normalizePassword('\ufb01'.repeat(2048))).toBe('fi'.repeat(2048));
    expect(normalizePassword('\ufb01'.repeat(2049))).toBe('\ufb01'.repeat(2049));
  });

  it('no text of 257 characters in NFKC is that long: no decomposition has more than 4 code points', () => {
    let longest = 0;
    for (let point = 0; point <= 0x10ffff; point += 1) {
      longest = Math.max(longest, Array.from(String.fromCodePoint(point).normalize('NFD')).length);
    }
    expect(longest).toBe(4);
  });
});

describe('the list', () => {
  it('has 7,000 entries and 200 numbers, sorted, in lower case, of at least 8 characters', () => {
    const entries: string[] = [];
    for (const coded of COMMON_PASSWORDS.split(/(?=[A-Z])/)) {
      entries.push((entries.at(-1) ?? '').slice(0, coded.charCodeAt(0) - 65) + coded.slice(1));
    }
    expect(entries.length).toBe(7_200);
    expect(entries.filter((entry) => /^\d+$/.test(entry))).toHaveLength(200);
    expect(entries).toEqual([...new Set(entries)].sort());
    expect(entries.filter((entry) => !/^[!-@[-~]{8,}$/.test(entry))).toEqual([]);

    const some = [
      ...entries.slice(0, 300),
      ...entries.filter((_, index) => index % 20 === 0),
      ...entries.slice(-300),
    ];
    const on = new Set(entries);
    expect(some.filter((entry) => !isCommon(entry))).toEqual([]);
    const near = some.flatMap((entry) => [
      entry.slice(0, -1),
      entry.slice(1),
      `${entry}~`,
      `${entry} x`,
      `0${entry}`,
    ]);
    expect(near.filter((password) => isCommon(password) !== on.has(password))).toEqual([]);
  });
});
