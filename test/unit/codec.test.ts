import fc from 'fast-check';
import { verify as honoVerify } from 'hono/utils/jwt/jwt';
import { describe, expect, it } from 'vitest';
import { type ClaimRules, type Claims, toWire } from '../../src/token/claims.ts';
import { createCodec, MAX_TOKEN_LENGTH, type TokenFault } from '../../src/token/codec.ts';
import type { Alg } from '../../src/token/jwk.ts';
import {
  b64u,
  type Case,
  CLAIMS,
  codec,
  ECDSA,
  ec,
  ecPem,
  ed,
  eddsa,
  encoder,
  es,
  faultOf,
  fromB64u,
  good,
  goodHeader,
  goodPayload,
  goodSignature,
  HS,
  hmac,
  type Jwk,
  keySet,
  keys,
  NOW,
  none,
  OTHER_SECRET,
  oct,
  otherSpellings,
  PAYLOAD,
  part,
  publicOf,
  REFRESH,
  RULES,
  rs,
  rsa,
  rsaModulus,
  rsaPem,
  rsaSpki,
  SECRET,
  type Signer,
  signerWith,
  strangerEc,
  TYPES,
  table,
  token,
  withSignature,
} from '../support/codec.ts';

describe('the tables below start from valid tokens', () => {
  const signed: Case[] = [
    ['HS256 without kid', good, 'none'],
    ['HS256', token({ ...HS, kid: 'h' }, PAYLOAD, hmac(OTHER_SECRET)), 'none'],
    ['ES256', token({ alg: 'ES256', kid: 'e' }, PAYLOAD, es), 'none'],
    ['EdDSA', token({ alg: 'EdDSA', kid: 'd' }, PAYLOAD, eddsa), 'none'],
    ['RS256', token({ alg: 'RS256', kid: 'r' }, PAYLOAD, rs), 'none'],
  ];
  for (const [name, text] of signed) {
    it(name, async () =>
      expect(await codec.verify(await text, TYPES, NOW)).toStrictEqual({ ok: true, claims: CLAIMS }),
    );
  }
});

table('alg', [
  ...['none', 'None', 'NONE', 'nOnE', 'noNe', ' none', 'none ', 'n\u0000one', 'ｎone', 'nоne'].flatMap(
    (alg): Case[] => [
      [`${JSON.stringify(alg)}, no signature`, none(alg), 'malformed'],
      [`${JSON.stringify(alg)}, a signature`, token({ alg, typ: 'JWT' }), 'algorithm'],
    ],
  ),
  [
    'none, signature of another token',
    token({ alg: 'none' }, PAYLOAD, async () => goodSignature),
    'algorithm',
  ],
  ['none with a known kid', token({ alg: 'none', kid: 'r' }), 'algorithm'],
  ['absent', token({ typ: 'JWT' }), 'algorithm'],
  ['under __proto__', token('{"__proto__":{"alg":"HS256"}}'), 'algorithm'],
  ['under another name', token({ Alg: 'HS256', ALG: 'HS256' }), 'algorithm'],
  ['null', token({ alg: null }), 'algorithm'],
  ['empty', token({ alg: '' }), 'algorithm'],
  ['an array', token({ alg: ['HS256'] }), 'algorithm'],
  ['an array of two', token({ alg: ['none', 'HS256'] }), 'algorithm'],
  ['an object', token({ alg: { name: 'HS256' } }), 'algorithm'],
  ['a number', token({ alg: 256 }), 'algorithm'],
  ['true', token({ alg: true }), 'algorithm'],
  ['hs256', token({ alg: 'hs256' }), 'algorithm'],
  ['HS256 and a space', token({ alg: 'HS256 ' }), 'algorithm'],
  ['HS384, rightly signed', token({ alg: 'HS384' }, PAYLOAD, hmac(SECRET, 'SHA-384')), 'algorithm'],
  ['HS512, rightly signed', token({ alg: 'HS512' }, PAYLOAD, hmac(SECRET, 'SHA-512')), 'algorithm'],
  ['HS256 over a signature of SHA-512', token(HS, PAYLOAD, hmac(SECRET, 'SHA-512')), 'signature'],
  ['RS384 with the key of RS256', token({ alg: 'RS384', kid: 'r' }, PAYLOAD, rs), 'algorithm'],
  ['PS256 with the key of RS256', token({ alg: 'PS256', kid: 'r' }, PAYLOAD, rs), 'algorithm'],
  ['ES384 with the key of ES256', token({ alg: 'ES384', kid: 'e' }, PAYLOAD, es), 'algorithm'],
  ['ES256 with the key of EdDSA', token({ alg: 'ES256', kid: 'd' }, PAYLOAD, es), 'algorithm'],
  ['Ed25519, its name of RFC 9864', token({ alg: 'Ed25519', kid: 'd' }, PAYLOAD, eddsa), 'algorithm'],
  ['RS256 without kid, rightly signed', token({ alg: 'RS256' }, PAYLOAD, rs), 'algorithm'],
  ['twice, the last good', token('{"alg":"none","alg":"HS256"}'), 'none'],
  ['twice, the first good', token('{"alg":"HS256","alg":"none"}'), 'algorithm'],
]);

table('a public key taken for a secret', [
  ['RSA, PEM', token({ alg: 'HS256', kid: 'r' }, PAYLOAD, hmac(rsaPem)), 'algorithm'],
  ['RSA, PEM trimmed', token({ alg: 'HS256', kid: 'r' }, PAYLOAD, hmac(rsaPem.trim())), 'algorithm'],
  ['RSA, DER', token({ alg: 'HS256', kid: 'r' }, PAYLOAD, hmac(rsaSpki)), 'algorithm'],
  ['RSA, n', token({ alg: 'HS256', kid: 'r' }, PAYLOAD, hmac(rsaModulus)), 'algorithm'],
  [
    'RSA, JWK',
    token({ alg: 'HS256', kid: 'r' }, PAYLOAD, hmac(JSON.stringify(publicOf(rsa.jwk)))),
    'algorithm',
  ],
  ['RSA, PEM, without kid', token({ alg: 'HS256' }, PAYLOAD, hmac(rsaPem)), 'signature'],
  ['RSA, PEM, under alg RS256', token({ alg: 'RS256', kid: 'r' }, PAYLOAD, hmac(rsaPem)), 'signature'],
  ['P-256, PEM', token({ alg: 'HS256', kid: 'e' }, PAYLOAD, hmac(ecPem)), 'algorithm'],
  ['P-256, x', token({ alg: 'HS256', kid: 'e' }, PAYLOAD, hmac(fromB64u(String(ec.jwk.x)))), 'algorithm'],
  ['Ed25519, x', token({ alg: 'HS256', kid: 'd' }, PAYLOAD, hmac(String(ed.jwk.x))), 'algorithm'],
  ['the empty secret', token({ alg: 'HS256' }, PAYLOAD, hmac('\0')), 'signature'],
]);

table('kid', [
  ['not configured', token({ ...HS, kid: 'x' }), 'key'],
  ['empty', token({ ...HS, kid: '' }), 'key'],
  ['null', token({ ...HS, kid: null }), 'key'],
  ['a number', token({ ...HS, kid: 0 }), 'key'],
  ['an array', token({ ...HS, kid: ['h'] }, PAYLOAD, hmac(OTHER_SECRET)), 'key'],
  ['an object', token({ ...HS, kid: { toString: 'h' } }), 'key'],
  ['true', token({ ...HS, kid: true }), 'key'],
  ['undefined in letters', token({ ...HS, kid: 'undefined' }), 'key'],
  ['__proto__', token('{"alg":"HS256","kid":"__proto__"}'), 'key'],
  ['constructor', token({ ...HS, kid: 'constructor' }), 'key'],
  ['toString', token({ ...HS, kid: 'toString' }), 'key'],
  ['size, which a Map has', token({ ...HS, kid: 'size' }), 'key'],
  [
    'under __proto__',
    token('{"alg":"HS256","__proto__":{"kid":"h"}}', PAYLOAD, hmac(OTHER_SECRET)),
    'signature',
  ],
  ['a path', token({ ...HS, kid: '../../../../dev/null' }, PAYLOAD, hmac('\0')), 'key'],
  ['a file', token({ ...HS, kid: 'file:///dev/null' }), 'key'],
  ['an address', token({ ...HS, kid: 'https://evil.example/jwks.json' }), 'key'],
  ['SQL', token({ ...HS, kid: "h' UNION SELECT 'x' --" }, PAYLOAD, hmac('x'.repeat(32))), 'key'],
  ['a command', token({ ...HS, kid: 'h|sleep 9' }), 'key'],
  ['in another case', token({ ...HS, kid: 'H' }, PAYLOAD, hmac(OTHER_SECRET)), 'key'],
  ['with a space', token({ ...HS, kid: 'h ' }, PAYLOAD, hmac(OTHER_SECRET)), 'key'],
  ['with a NUL', token({ ...HS, kid: 'h\0' }, PAYLOAD, hmac(OTHER_SECRET)), 'key'],
  ['of 3000 characters', token({ ...HS, kid: 'h'.repeat(2000) }), 'key'],
  ['of another secret', token({ ...HS, kid: 'h' }), 'signature'],
  ['absent, signed with the secret of another', token(HS, PAYLOAD, hmac(OTHER_SECRET)), 'signature'],
  ['Kid instead', token({ ...HS, Kid: 'h' }, PAYLOAD, hmac(OTHER_SECRET)), 'signature'],
  ['twice, the last good', token('{"alg":"HS256","kid":"x","kid":"h"}', PAYLOAD, hmac(OTHER_SECRET)), 'none'],
]);

const embedded = { ...publicOf(strangerEc.jwk), alg: 'ES256', kid: 'e' };
const stranger = signerWith(ECDSA, strangerEc.sign);
table('the rest of the header, rightly signed where it says nothing else', [
  ['crit', token({ ...HS, crit: ['exp'] }), 'header'],
  ['crit empty', token({ ...HS, crit: [] }), 'header'],
  ['crit null', token({ ...HS, crit: null }), 'header'],
  ['crit b64 (RFC 7797)', token({ ...HS, crit: ['b64'], b64: false }), 'header'],
  ['jku', token({ ...HS, jku: 'https://evil.example/jwks.json' }), 'header'],
  ['x5u', token({ ...HS, x5u: 'https://evil.example/x.pem' }), 'header'],
  ['x5c', token({ ...HS, x5c: ['MIIB'] }), 'header'],
  ['jwk', token({ ...HS, jwk: embedded }), 'header'],
  ['jwk null', token({ ...HS, jwk: null }), 'header'],
  ['jwk that signed it', token({ alg: 'ES256', jwk: embedded }, PAYLOAD, stranger), 'header'],
  [
    'jwk that signed it, known kid',
    token({ alg: 'ES256', kid: 'e', jwk: embedded }, PAYLOAD, stranger),
    'header',
  ],
  ['jwk that is a secret', token({ ...HS, jwk: oct(OTHER_SECRET) }, PAYLOAD, hmac(OTHER_SECRET)), 'header'],
  ['typ absent', token({ alg: 'HS256' }), 'none'],
  ['typ jwt', token({ ...HS, typ: 'jwt' }), 'none'],
  ['typ JwT', token({ ...HS, typ: 'JwT' }), 'none'],
  ['typ at+jwt', token({ ...HS, typ: 'at+jwt' }), 'header'],
  ['typ application/jwt', token({ ...HS, typ: 'application/jwt' }), 'header'],
  ['typ JOSE', token({ ...HS, typ: 'JOSE' }), 'header'],
  ['typ logout+jwt', token({ ...HS, typ: 'logout+jwt' }), 'header'],
  ['typ empty', token({ ...HS, typ: '' }), 'header'],
  ['typ null', token({ ...HS, typ: null }), 'header'],
  ['typ an array', token({ ...HS, typ: ['JWT'] }), 'header'],
  ['typ a number', token({ ...HS, typ: 1 }), 'header'],
  ['a member unknown here', token({ ...HS, cty: 'x', x5t: 'x', b64: false, 'https://a.example': 1 }), 'none'],
  ['__proto__ with crit', token('{"alg":"HS256","__proto__":{"crit":["x"]}}'), 'none'],
  ['white space in the JSON', token(' {\n\t"alg" : "HS256" } '), 'none'],
  ['null', token('null'), 'malformed'],
  ['an array', token([HS]), 'malformed'],
  ['a text', token('"HS256"'), 'malformed'],
  ['a number', token('7'), 'malformed'],
  ['an empty object', token({}), 'algorithm'],
  ['not JSON', token("{'alg':'HS256'}"), 'malformed'],
  ['JSON that breaks off', token('{"alg":"HS256"'), 'malformed'],
  ['JSON and more', token('{"alg":"HS256"}{}'), 'malformed'],
  ['JSON and a NUL', token('{"alg":"HS256"}\0'), 'malformed'],
  ['a byte order mark', token('\ufeff{"alg":"HS256"}'), 'malformed'],
  [
    'not UTF-8',
    token(new Uint8Array([...encoder.encode('{"alg":"HS256","x":"'), 0xff, 0x22, 0x7d])),
    'malformed',
  ],
  [
    'an overlong form',
    token(new Uint8Array([...encoder.encode('{"alg":"HS256","x":"'), 0xc0, 0x80, 0x22, 0x7d])),
    'malformed',
  ],
  [
    'a surrogate in UTF-8',
    token(new Uint8Array([...encoder.encode('{"alg":"HS256","x":"'), 0xed, 0xa0, 0x80, 0x22, 0x7d])),
    'malformed',
  ],
  ['a thousand arrays deep', token(`{"alg":"HS256","x":${'['.repeat(1000)}${']'.repeat(1000)}}`), 'none'],
]);

table('the form', [
  ['nothing', '', 'malformed'],
  ['one dot', '.', 'malformed'],
  ['two dots', '..', 'malformed'],
  ['a thousand dots', '.'.repeat(1000), 'malformed'],
  ['one part', goodHeader, 'malformed'],
  ['two parts', `${goodHeader}.${goodPayload}`, 'malformed'],
  ['four parts', `${good}.${goodSignature}`, 'malformed'],
  ['five parts, as a JWE has', `${good}.${goodSignature}.${goodSignature}`, 'malformed'],
  ['a dot before', `.${good}`, 'malformed'],
  ['a dot after', `${good}.`, 'malformed'],
  ['no header', `.${goodPayload}.${goodSignature}`, 'malformed'],
  ['no payload', `${goodHeader}..${goodSignature}`, 'malformed'],
  ['no payload, rightly signed', token(HS, ''), 'malformed'],
  ['no signature', `${goodHeader}.${goodPayload}.`, 'malformed'],
  ['a space before', ` ${good}`, 'malformed'],
  ['a space after', `${good} `, 'malformed'],
  ['a line feed after', `${good}\n`, 'malformed'],
  ['a space inside', good.replace('.', '. '), 'malformed'],
  [
    'a tab in the payload',
    `${goodHeader}.${goodPayload.slice(0, 4)}\t${goodPayload.slice(4)}.${goodSignature}`,
    'malformed',
  ],
  [
    'a line feed in the signature',
    withSignature(`${goodSignature.slice(0, 4)}\n${goodSignature.slice(4)}`),
    'malformed',
  ],
  ['a NUL after', `${good}\0`, 'malformed'],
  ['with its scheme', `Bearer ${good}`, 'malformed'],
  ['in quotation marks', `"${good}"`, 'malformed'],
  ['dots that are not ASCII', good.replaceAll('.', '．'), 'malformed'],
  ['percent-encoded', good.replaceAll('.', '%2E'), 'malformed'],
  [
    'the JSON serialisation (RFC 7515 §7.2.2)',
    JSON.stringify({ protected: goodHeader, payload: goodPayload, signature: goodSignature }),
    'malformed',
  ],
  ['= after the signature', `${good}=`, 'malformed'],
  ['== after the signature', `${good}==`, 'malformed'],
  ['= after the header', `${goodHeader}=.${goodPayload}.${goodSignature}`, 'malformed'],
  ['= after the payload', `${goodHeader}.${goodPayload}=.${goodSignature}`, 'malformed'],
  ['%3D after the signature', `${good}%3D`, 'malformed'],
  ['a character more', `${good}A`, 'signature'],
  ['two characters more', `${good}AA`, 'malformed'],
  ['four characters more', `${good}AAAA`, 'signature'],
  ['a character less', good.slice(0, -1), 'malformed'],
  ['half a signature', withSignature(goodSignature.slice(0, 22).replace(/.$/, 'A')), 'signature'],
  ['a signature of one byte', withSignature('AA'), 'signature'],
  ['a signature of zeros', withSignature('A'.repeat(43)), 'signature'],
  [
    'a signature twice',
    withSignature(b64u(Uint8Array.from(fromB64u(goodSignature).repeat(2), (c) => c.charCodeAt(0)))),
    'signature',
  ],
  [
    'the payload of another',
    `${goodHeader}.${part({ ...PAYLOAD, sub: 'admin' })}.${goodSignature}`,
    'signature',
  ],
  ['the header of another', `${part({ alg: 'HS256' })}.${goodPayload}.${goodSignature}`, 'signature'],
  ['claims in place of the header', `${goodPayload}.${goodHeader}.${goodSignature}`, 'algorithm'],
  ['another text', 'not a token at all', 'malformed'],
]);

table('the payload, rightly signed', [
  ['null', token(HS, 'null'), 'claims'],
  ['an array', token(HS, [PAYLOAD]), 'claims'],
  ['a text', token(HS, '"text"'), 'claims'],
  ['a number', token(HS, '7'), 'claims'],
  ['true', token(HS, 'true'), 'claims'],
  ['an empty object', token(HS, {}), 'claims'],
  ['__proto__ alone', token(HS, `{"__proto__":${JSON.stringify(PAYLOAD)}}`), 'claims'],
  ['not JSON', token(HS, 'text'), 'malformed'],
  ['JSON that breaks off', token(HS, JSON.stringify(PAYLOAD).slice(0, -1)), 'malformed'],
  ['two values', token(HS, `${JSON.stringify(PAYLOAD)}{}`), 'malformed'],
  ['a byte order mark', token(HS, `\ufeff${JSON.stringify(PAYLOAD)}`), 'malformed'],
  ['one byte that is not UTF-8', token(HS, new Uint8Array([0xff])), 'malformed'],
  [
    'a claim that is not UTF-8',
    token(
      HS,
      new Uint8Array([
        ...encoder.encode(JSON.stringify(PAYLOAD).slice(0, -1)),
        ...encoder.encode(',"x":"'),
        0xc3,
        0x22,
        0x7d,
      ]),
    ),
    'malformed',
  ],
  [
    'UTF-16',
    token(HS, new Uint8Array([...JSON.stringify(PAYLOAD)].flatMap((c) => [c.charCodeAt(0), 0]))),
    'malformed',
  ],
  ['NaN', token(HS, JSON.stringify(PAYLOAD).replace(String(CLAIMS.exp), 'NaN')), 'malformed'],
  ['a nested token', token({ ...HS, cty: 'JWT' }, good), 'malformed'],
  ['a nested token as a text', token(HS, JSON.stringify(good)), 'claims'],
  ['no exp', token(HS, { ...PAYLOAD, exp: undefined }), 'claims'],
  ['exp null', token(HS, { ...PAYLOAD, exp: null }), 'claims'],
  ['exp as a text', token(HS, { ...PAYLOAD, exp: `${CLAIMS.exp}` }), 'claims'],
  ['exp fractional', token(HS, { ...PAYLOAD, exp: CLAIMS.exp + 0.5 }), 'claims'],
  ['exp infinite', token(HS, JSON.stringify(PAYLOAD).replace(`${CLAIMS.exp}`, '1e999')), 'claims'],
  [
    'exp in the form 1.8e9',
    token(HS, JSON.stringify(PAYLOAD).replace(`${CLAIMS.exp}`, '1.8000036e9')),
    'none',
  ],
  ['exp twice, the last ahead', token(HS, `{"exp":1,${JSON.stringify(PAYLOAD).slice(1)}`), 'none'],
  ['nbf ahead', token(HS, { ...PAYLOAD, nbf: NOW + 60 }), 'not_yet'],
  ['iat ahead', token(HS, { ...PAYLOAD, iat: NOW + 60 }), 'not_yet'],
  ['another kind', token(HS, { ...PAYLOAD, token_type: 'reset' }), 'token_type'],
]);

describe('the length', () => {
  const filled = async (length: number) => {
    for (let size = 0; size <= length; size++) {
      const payload = part({ ...PAYLOAD, fill: 'x'.repeat(size) });
      if (goodHeader.length + payload.length + goodSignature.length + 2 === length) {
        return token(HS, { ...PAYLOAD, fill: 'x'.repeat(size) });
      }
    }
    throw new Error(`no token of ${length} characters`);
  };

  it('of 4096 characters is accepted', async () => {
    const text = await filled(4096);
    expect(text).toHaveLength(MAX_TOKEN_LENGTH);
    expect(await faultOf(text)).toBe('none');
  });
  it('of 4097 characters is not, even if the token is otherwise valid', async () => {
    const text = await filled(4097);
    expect(await honoVerify(text, SECRET, { alg: 'HS256', exp: false, iat: false })).toMatchObject(PAYLOAD);
    expect(await faultOf(text)).toBe('too_long');
  });
  for (const text of [
    '.'.repeat(4097),
    'é'.repeat(4097),
    ' '.repeat(5_000_000),
    `${good}.${'A'.repeat(4096)}`,
  ]) {
    it(`${text.length} characters that begin with ${JSON.stringify(text.slice(0, 3))}: too_long`, async () => {
      expect(await faultOf(text)).toBe('too_long');
    });
  }
});

describe('hono alone accepts more than one spelling', () => {
  const others = otherSpellings(goodSignature);
  it('of an HS256 signature there are three others', () => expect(others).toHaveLength(3));
  for (const signature of [...others, `${goodSignature}=`]) {
    it(`which is refused here: …${signature.slice(-3)}`, async () => {
      const text = withSignature(signature);
      const options = { alg: 'HS256', exp: false, iat: false } as const;
      expect(await honoVerify(text, SECRET, options)).toMatchObject(PAYLOAD);
      expect(await codec.verify(text, TYPES, NOW)).toStrictEqual({ ok: false, fault: 'malformed' });
    });
  }

  const unaligned = (value: object): string =>
    ['', 'x'].map((x) => part({ ...value, x })).find((text) => text.length % 4 !== 0) ?? '';
  const signedAs: [string, string][] = [
    ['a payload', `${goodHeader}.${otherSpellings(unaligned(PAYLOAD))[0]}`],
    ['a header', `${otherSpellings(unaligned(HS))[0]}.${goodPayload}`],
  ];
  for (const [what, data] of signedAs) {
    it(`of ${what} is refused too if another spelling was signed`, async () => {
      const text = `${data}.${await hmac(SECRET)(data)}`;
      const options = { alg: 'HS256', exp: false, iat: false } as const;
      expect(await honoVerify(text, SECRET, options)).toMatchObject(PAYLOAD);
      expect(await codec.verify(text, TYPES, NOW)).toStrictEqual({ ok: false, fault: 'malformed' });
    });
  }
});

describe('an ECDSA or RSA signature', () => {
  const header = { alg: 'ES256', kid: 'e' };
  const cases: [string, Signer, object][] = [
    ['of another key', stranger, header],
    ['of zeros', async () => b64u(new Uint8Array(64)), header],
    ['of 63 bytes', async (data) => b64u(bytesOf(await es(data)).slice(0, 63)), header],
    ['of 65 bytes', async (data) => b64u(new Uint8Array([...bytesOf(await es(data)), 0])), header],
    ['in DER', async (data) => b64u(der(bytesOf(await es(data)))), header],
    ['by HMAC', hmac(SECRET), header],
    ['by RSA', rs, header],
    ['of one byte, RSA', async () => 'AA', { alg: 'RS256', kid: 'r' }],
    ['of zeros, RSA', async () => b64u(new Uint8Array(256)), { alg: 'RS256', kid: 'r' }],
    [
      'of 257 bytes, RSA',
      async (data) => b64u(new Uint8Array([0, ...bytesOf(await rs(data))])),
      { alg: 'RS256', kid: 'r' },
    ],
    ['by P-256, Ed25519', es, { alg: 'EdDSA', kid: 'd' }],
    ['of zeros, Ed25519', async () => b64u(new Uint8Array(64)), { alg: 'EdDSA', kid: 'd' }],
  ];
  for (const [name, sign, ofHeader] of cases) {
    it(`${name}: signature`, async () => {
      expect(await faultOf(await token(ofHeader, PAYLOAD, sign))).toBe('signature');
    });
  }
  function bytesOf(text: string): Uint8Array {
    return Uint8Array.from(fromB64u(text), (c) => c.charCodeAt(0));
  }
  function der(raw: Uint8Array): Uint8Array {
    const integer = (bytes: Uint8Array) => [2, bytes.length + 1, 0, ...bytes];
    const body = [...integer(raw.slice(0, 32)), ...integer(raw.slice(32))];
    return new Uint8Array([0x30, body.length, ...body]);
  }
});

describe('an expired token', () => {
  it('that is otherwise valid has its claims', async () => {
    expect(await codec.verify(good, TYPES, CLAIMS.exp)).toStrictEqual({
      ok: false,
      fault: 'expired',
      claims: CLAIMS,
    });
  });
  const cases: [string, Promise<string>, TokenFault][] = [
    ['forged', token(HS, PAYLOAD, hmac(OTHER_SECRET)), 'signature'],
    ['with alg none', token({ alg: 'none' }), 'algorithm'],
    ['of another kind', token(HS, { ...PAYLOAD, token_type: 'x' }), 'token_type'],
    ['without jti', token(HS, { ...PAYLOAD, jti: undefined }), 'claims'],
  ];
  for (const [name, text, fault] of cases) {
    it(`${name} does not: ${fault}`, async () => {
      expect(await codec.verify(await text, TYPES, CLAIMS.exp + 1)).toStrictEqual({ ok: false, fault });
    });
  }
});

describe('any input', () => {
  it('a token that differs in one character is never good', async () => {
    const accepted: string[] = [];
    for (let i = 0; i < good.length; i++) {
      for (const character of ['A', 'B', 'g', 'w', '-', '_', '.', '=', ' ', '']) {
        const text = good.slice(0, i) + character + good.slice(i + 1);
        if (text !== good && (await codec.verify(text, TYPES, NOW)).ok) accepted.push(text);
        const longer = good.slice(0, i) + character + good.slice(i);
        if (longer !== good && (await codec.verify(longer, TYPES, NOW)).ok) accepted.push(longer);
      }
    }
    expect(accepted).toStrictEqual([]);
  });

  it('no text makes the codec throw', async () => {
    const dotted = fc.array(fc.oneof(fc.string(), fc.base64String(), fc.constant(goodHeader)), {
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          dotted.map((parts) => parts.join('.')),
        ),
        async (text) => {
          expect((await codec.verify(text, TYPES, NOW)).ok).toBe(false);
        },
      ),
    );
  });

  it('no correctly signed JSON makes it throw, or is accepted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.json(), async (header, payload) => {
        expect((await codec.verify(await token(header, payload), TYPES, NOW)).ok).toBe(false);
        expect((await codec.verify(await token(HS, payload), TYPES, NOW)).ok).toBe(false);
      }),
    );
  });

  for (const value of [undefined, null, 7, {}, [], [good], { length: 1, split: 'x' }]) {
    it(`${JSON.stringify(value)}, which no type allows, is malformed`, async () => {
      expect(await codec.verify(value as unknown as string, TYPES, NOW)).toStrictEqual({
        ok: false,
        fault: 'malformed',
      });
    });
  }

  it('a clock that returns NaN accepts nothing', async () => {
    expect(await faultOf(good, Number.NaN)).toBe('not_yet');
  });
});

describe('signing', () => {
  const es256 = { ...ec.jwk, kid: 'now' };
  const kinds: [Alg, string | Jwk, string | undefined][] = [
    ['HS256', SECRET, undefined],
    ['HS256', oct(SECRET), undefined],
    ['HS256', oct(SECRET, 'now'), 'now'],
    ['ES256', es256, 'now'],
    ['ES256', ec.jwk, undefined],
    ['EdDSA', { ...ed.jwk, kid: 'now' }, 'now'],
    ['RS256', { ...rsa.jwk, kid: 'now' }, 'now'],
    ['HS256', oct(SECRET, '__proto__'), '__proto__'],
  ];
  const claimsOf: Claims[] = [CLAIMS, { ...CLAIMS, is_staff: true }, REFRESH];

  for (const [alg, signing, kid] of kinds) {
    it(`${alg}, kid ${kid}: the header says so, and the claims come back`, async () => {
      const by = createCodec(await keySet(signing), RULES);
      for (const claims of claimsOf) {
        const text = await by.sign(claims);
        const header = JSON.parse(fromB64u(text.split('.')[0] ?? ''));
        expect(header).toStrictEqual({ alg, typ: 'JWT', ...(kid && { kid }) });
        expect(await by.verify(text, TYPES, NOW)).toStrictEqual({ ok: true, claims });
      }
    });
  }

  it('with the rules of a site: issuer, audience, user_id', async () => {
    const rules = { issuer: 'https://a.example', audience: 'api', leewaySeconds: 5, userIdClaim: 'user_id' };
    const set = await keySet(SECRET);
    const text = await createCodec(set, rules).sign(CLAIMS);
    expect(JSON.parse(fromB64u(text.split('.')[1] ?? ''))).toStrictEqual(toWire(CLAIMS, rules));
    const cases: [ClaimRules, TokenFault | 'none'][] = [
      [rules, 'none'],
      [{ ...rules, issuer: 'https://b.example' }, 'issuer'],
      [{ ...rules, audience: 'web' }, 'audience'],
      [{ ...rules, userIdClaim: 'sub' }, 'claims'],
    ];
    for (const [other, fault] of cases) expect(await faultOf(text, NOW, createCodec(set, other))).toBe(fault);
  });

  it('without a signing key is a TypeError', async () => {
    const by = createCodec(await keySet(undefined, [{ ...publicOf(ec.jwk), kid: 'e' }]), RULES);
    await expect(by.sign(CLAIMS)).rejects.toThrow(new TypeError('the key set has no key to sign with'));
    expect(await faultOf(await token({ alg: 'ES256', kid: 'e' }, PAYLOAD, es), NOW, by)).toBe('none');
  });

  const misuse: [string, Partial<ClaimRules>, RegExp][] = [
    ['a leeway of NaN', { leewaySeconds: Number.NaN }, /^leewaySeconds /],
    ['a leeway without end', { leewaySeconds: Number.POSITIVE_INFINITY }, /^leewaySeconds /],
    ['a negative leeway', { leewaySeconds: -1 }, /^leewaySeconds /],
    ['no user-id claim', { userIdClaim: '' }, /^userIdClaim /],
    ['the user id in exp', { userIdClaim: 'exp' }, /^userIdClaim /],
    ['the user id in sid', { userIdClaim: 'sid' }, /^userIdClaim /],
  ];
  for (const [name, rules, message] of misuse) {
    it(`with ${name} is a TypeError at construction`, () => {
      const construct = () => createCodec(keys, { ...RULES, ...rules });
      expect(construct).toThrow(TypeError);
      expect(construct).toThrow(message);
    });
  }
});

describe('a key rotation', () => {
  const first: Jwk = { ...ec.jwk, kid: '2026-01' };
  const second: Jwk = { ...ed.jwk, kid: '2026-02' };

  it('logs nobody out, and a removed key is refused', async () => {
    const before = createCodec(await keySet(first), RULES);
    const during = createCodec(await keySet(second, [publicAs(first)]), RULES);
    const after = createCodec(await keySet(second), RULES);
    const [old, young] = [await before.sign(CLAIMS), await during.sign(CLAIMS)];
    expect(await faultOf(old, NOW, before)).toBe('none');
    expect(await faultOf(old, NOW, during)).toBe('none');
    expect(await faultOf(young, NOW, during)).toBe('none');
    expect(await faultOf(young, NOW, after)).toBe('none');
    expect(await faultOf(old, NOW, after)).toBe('key');
    expect(await faultOf(young, NOW, before)).toBe('key');
  });

  it('accepts the old private JWK unchanged', async () => {
    const old = await createCodec(await keySet(first), RULES).sign(CLAIMS);
    expect(await faultOf(old, NOW, createCodec(await keySet(second, [first]), RULES))).toBe('none');
  });

  it('replaces a plain secret listed as a JWK without kid', async () => {
    const old = await createCodec(await keySet(SECRET), RULES).sign(CLAIMS);
    const during = createCodec(await keySet(first, [{ kty: 'oct', alg: 'HS256', k: b64u(SECRET) }]), RULES);
    const after = createCodec(await keySet(first), RULES);
    expect(await faultOf(old, NOW, during)).toBe('none');
    expect(await faultOf(await during.sign(CLAIMS), NOW, during)).toBe('none');
    expect(await faultOf(old, NOW, after)).toBe('key');
  });

  it('to another key with the same kid invalidates the old tokens', async () => {
    const old = await createCodec(await keySet(oct(SECRET, 'k')), RULES).sign(CLAIMS);
    expect(await faultOf(old, NOW, createCodec(await keySet(oct(OTHER_SECRET, 'k')), RULES))).toBe(
      'signature',
    );
    expect(await faultOf(old, NOW, createCodec(await keySet({ ...ec.jwk, kid: 'k' }), RULES))).toBe(
      'algorithm',
    );
  });

  function publicAs(jwk: Jwk): Jwk {
    return { ...publicOf(jwk), kid: jwk.kid };
  }
});

describe('the example of RFC 7515 §A.1', () => {
  const k = 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow';
  const data =
    'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.' +
    'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ';

  it('is correctly signed, and not a token of ours', async () => {
    const by = createCodec(await keySet({ kty: 'oct', k }), RULES);
    expect(await faultOf(`${data}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`, NOW, by)).toBe('claims');
    expect(await faultOf(`${data}.eBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`, NOW, by)).toBe('signature');
  });
});
