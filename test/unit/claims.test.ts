import { describe, expect, it } from 'vitest';
import {
  type AccessClaims,
  type ClaimRules,
  type Claims,
  type ConsoleClaims,
  fromWire,
  isId,
  members,
  RESERVED_CLAIMS,
  type RefreshClaims,
  toWire,
} from '../../src/token/claims.ts';

const NOW = 1_800_000_000;
const RULES: ClaimRules = { leewaySeconds: 0, userIdClaim: 'sub' };
const COMMON = { jti: 'j', sub: 'u', sid: 's', iat: NOW, exp: NOW + 60 };
const ACCESS: AccessClaims = {
  token_type: 'access',
  ...COMMON,
  email_verified: false,
  auth_time: NOW,
  amr: ['pwd'],
};
const REFRESH: RefreshClaims = { token_type: 'refresh', ...COMMON };
const CONSOLE: ConsoleClaims = { token_type: 'console', ...COMMON };
const WIRE = toWire(ACCESS, RULES);
const API = ['access', 'refresh'] as const;
const ANY_TYPE = [...API, 'console'] as const;

/** As a token brings it: only what survives JSON. */
const parsed = (json: string): unknown => JSON.parse(json);
const without = (name: string) => Object.fromEntries(Object.entries(WIRE).filter(([key]) => key !== name));
const faultOf = (payload: unknown, rules = RULES, now = NOW) => {
  const verdict = fromWire(payload, API, rules, now);
  return verdict.ok ? 'none' : verdict.fault;
};

describe('claims on the wire', () => {
  const roundTrips: [string, Claims, ClaimRules][] = [
    ['an access token', ACCESS, RULES],
    ['an access token of staff', { ...ACCESS, is_staff: true }, RULES],
    ['an access token of a verified address', { ...ACCESS, email_verified: true }, RULES],
    ['a refresh token', REFRESH, RULES],
    ['a refresh token beside an audience', REFRESH, { ...RULES, audience: 'api' }],
    ['a token of the console', CONSOLE, { ...RULES, audience: 'api' }],
    ['issuer and audience', ACCESS, { ...RULES, issuer: 'https://a.example', audience: 'api' }],
    ['the user id as user_id', ACCESS, { ...RULES, userIdClaim: 'user_id' }],
    ['the user id as __proto__', ACCESS, { ...RULES, userIdClaim: '__proto__' }],
    ['the user id as constructor', REFRESH, { ...RULES, userIdClaim: 'constructor' }],
  ];
  for (const [name, claims, rules] of roundTrips) {
    it(`are decoded as they were: ${name}`, () => {
      const json = JSON.stringify(toWire(claims, rules));
      expect(fromWire(parsed(json), ANY_TYPE, rules, NOW)).toStrictEqual({ ok: true, claims });
    });
  }

  it('have exactly these names', () => {
    const rules = { ...RULES, issuer: 'me', audience: 'you', userIdClaim: 'user_id' };
    expect(toWire({ ...ACCESS, is_staff: true }, rules)).toStrictEqual({
      token_type: 'access',
      jti: 'j',
      user_id: 'u',
      sid: 's',
      iat: NOW,
      exp: NOW + 60,
      is_staff: true,
      email_verified: false,
      auth_time: NOW,
      amr: ['pwd'],
      iss: 'me',
      aud: 'you',
    });
    const names = ['token_type', 'jti', 'sub', 'sid', 'iat', 'exp'];
    expect(Object.keys(WIRE)).toStrictEqual([...names, 'email_verified', 'auth_time', 'amr']);
    expect(Object.keys(toWire(REFRESH, RULES))).toStrictEqual([...names, 'aud']);
  });

  it('contain no other property of the object', () => {
    const claims = { ...REFRESH, is_staff: true, email: 'a@b.example' };
    expect(Object.keys(toWire(claims, RULES))).toStrictEqual(Object.keys(toWire(REFRESH, RULES)));
  });

  it('that are not ours have no effect, and are returned separately', () => {
    const extra = { email: 'a@b.example', scope: ['all'] };
    const payload = parsed(JSON.stringify({ ...WIRE, ...extra, iss: 7, aud: {} }));
    expect(fromWire(payload, API, RULES, NOW)).toStrictEqual({ ok: true, claims: { ...ACCESS, extra } });
  });

  it('of a host never replace ours, whatever their name', () => {
    const extra = { sub: 'other', is_staff: true, exp: 9, role: 'cook' };
    const wire = toWire({ ...ACCESS, extra }, RULES);
    expect(wire).toStrictEqual({ ...WIRE, role: 'cook', ...('is_staff' in wire && { is_staff: true }) });
  });

  it('under another user-id claim: sub is ignored', () => {
    expect(faultOf(WIRE, { ...RULES, userIdClaim: 'user_id' })).toBe('claims');
    const both = { ...WIRE, user_id: 'other' };
    const verdict = fromWire(both, API, { ...RULES, userIdClaim: 'user_id' }, NOW);
    expect(verdict).toStrictEqual({ ok: true, claims: { ...ACCESS, sub: 'other' } });
  });

  it('reserve exactly the names that are written, and nbf', () => {
    const rules = { ...RULES, issuer: 'i', audience: 'a', userIdClaim: 'user' };
    const written = new Set(Object.keys(toWire({ ...ACCESS, is_staff: true }, rules)));
    written.delete('user');
    written.add('nbf');
    expect(new Set(RESERVED_CLAIMS)).toStrictEqual(written);
  });
});

describe('a payload that is not an object is a fault and does not throw', () => {
  for (const json of ['null', '[]', '[{"sub":"u"}]', '"text"', '""', '0', '1.5', 'true', 'false', '{}']) {
    it(json, () =>
      expect(fromWire(parsed(json), API, RULES, NOW)).toStrictEqual({ ok: false, fault: 'claims' }),
    );
  }
  it('undefined', () => expect(faultOf(undefined)).toBe('claims'));
});

const ODD_TEXTS: [string, string][] = [
  ['null', 'null'],
  ['a number', '1'],
  ['a boolean', 'true'],
  ['an array', '["u"]'],
  ['an object', '{"toString":"u"}'],
  ['empty', '""'],
  ['256 characters', JSON.stringify('x'.repeat(256))],
  ['more than 255 bytes', JSON.stringify('é'.repeat(128))],
  ['a lone high surrogate', '"\\ud800"'],
  ['a lone low surrogate', '"a\\udc00b"'],
];

const ODD_TIMES: [string, string][] = [
  ['null', 'null'],
  ['text', `"${NOW + 60}"`],
  ['empty text', '""'],
  ['a boolean', 'true'],
  ['an array', `[${NOW + 60}]`],
  ['an object', '{}'],
  ['negative', '-1'],
  ['fractional', `${NOW}.5`],
  ['tiny', '1e-300'],
  ['past the safe integers', '9007199254740992'],
  ['huge', '1e308'],
  ['infinite', '1e999'],
  ['minus infinite', '-1e999'],
];

describe('a claim that is absent', () => {
  for (const name of ['token_type', 'jti', 'sub', 'sid', 'iat', 'exp']) {
    it(name, () =>
      expect(fromWire(without(name), API, RULES, NOW)).toStrictEqual({ ok: false, fault: 'claims' }),
    );
    it(`${name}, with a look-alike in its place`, () => {
      const upper = { ...without(name), [name.toUpperCase()]: WIRE[name], [`${name} `]: WIRE[name] };
      expect(faultOf(upper)).toBe('claims');
    });
  }
});

describe('an odd claim', () => {
  const withClaim = (name: string, json: string) =>
    parsed(`${JSON.stringify(without(name)).slice(0, -1)},${JSON.stringify(name)}:${json}}`);

  for (const name of ['jti', 'sub', 'sid']) {
    for (const [what, json] of ODD_TEXTS) {
      it(`${name}: ${what}`, () => expect(faultOf(withClaim(name, json))).toBe('claims'));
    }
  }
  for (const name of ['iat', 'exp', 'nbf']) {
    for (const [what, json] of ODD_TIMES) {
      it(`${name}: ${what}`, () => expect(faultOf(withClaim(name, json))).toBe('claims'));
    }
  }

  const kinds: [json: string, fault: string][] = [
    ['"access"', 'none'],
    ['"refresh"', 'audience'],
    ['"console"', 'token_type'],
    ['"Access"', 'token_type'],
    ['"ACCESS"', 'token_type'],
    ['"access "', 'token_type'],
    ['" access"', 'token_type'],
    ['"access\\u0000"', 'token_type'],
    ['"аccess"', 'token_type'], // Cyrillic а
    ['"sliding"', 'token_type'],
    ['""', 'token_type'],
    ['"__proto__"', 'token_type'],
    ['["access"]', 'claims'],
    ['{"access":true}', 'claims'],
    ['null', 'claims'],
    ['1', 'claims'],
    ['true', 'claims'],
  ];
  for (const [json, fault] of kinds) {
    it(`token_type ${json}: ${fault}`, () => expect(faultOf(withClaim('token_type', json))).toBe(fault));
  }

  for (const json of ['false', 'null', '1', '"true"', '""', '{}', '[true]', '0']) {
    it(`is_staff ${json}`, () => expect(faultOf(withClaim('is_staff', json))).toBe('claims'));
  }
  it('is_staff on a refresh token', () =>
    expect(faultOf({ ...toWire(REFRESH, RULES), is_staff: true })).toBe('claims'));
  for (const json of ['null', '-1', '1.5', '"1"', 'true', '[1]']) {
    it(`auth_time ${json}`, () => expect(faultOf(withClaim('auth_time', json))).toBe('claims'));
  }
  for (const json of ['null', '1', '"mfa"', '{}', '[1]', '["mfa",null]']) {
    it(`amr ${json}`, () => expect(faultOf(withClaim('amr', json))).toBe('claims'));
  }
  for (const json of ['null', '1', '"true"', '{}', '[true]']) {
    it(`email_verified ${json}`, () => expect(faultOf(withClaim('email_verified', json))).toBe('claims'));
  }
});

describe('properties of a prototype are not claims', () => {
  it('members under __proto__', () => {
    expect(faultOf(parsed(`{"__proto__":${JSON.stringify(WIRE)}}`))).toBe('claims');
  });
  it('inherited members', () => expect(faultOf(Object.create(WIRE))).toBe('claims'));
  it('is_staff under __proto__ makes nobody staff', () => {
    const payload = parsed(`${JSON.stringify(WIRE).slice(0, -1)},"__proto__":{"is_staff":true}}`);
    expect(fromWire(payload, API, RULES, NOW)).toStrictEqual({ ok: true, claims: ACCESS });
  });
  for (const userIdClaim of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    it(`a user id that would be Object.prototype.${userIdClaim}`, () => {
      expect(faultOf(without('sub'), { ...RULES, userIdClaim })).toBe('claims');
    });
  }
  it('members() returns own names only, including __proto__', () => {
    expect([...(members(parsed('{"__proto__":1,"a":2}')) ?? [])]).toStrictEqual([
      ['__proto__', 1],
      ['a', 2],
    ]);
  });
});

describe('an id', () => {
  const cases: [string, unknown, boolean][] = [
    ['a UUID', '01890a5d-ac96-774b-bcce-b302099a8057', true],
    ['255 characters', 'x'.repeat(255), true],
    ['256 characters', 'x'.repeat(256), false],
    ['254 bytes in 127 characters', 'é'.repeat(127), true],
    ['256 bytes in 128 characters', 'é'.repeat(128), false],
    ['a surrogate pair', '😀', true],
    ['half of one', '😀'.slice(0, 1), false],
    ['nothing', '', false],
    ['a String object', Object('x'), false],
  ];
  for (const [name, value, expected] of cases) it(name, () => expect(isId(value)).toBe(expected));
});

describe('times', () => {
  const at = (leewaySeconds: number, change: Record<string, number>, now = NOW) =>
    faultOf({ ...WIRE, ...change }, { ...RULES, leewaySeconds }, now);

  const cases: [string, number, Record<string, number>, string][] = [
    ['exp a second ahead', 0, { exp: NOW + 1 }, 'none'],
    ['exp now', 0, { exp: NOW }, 'expired'],
    ['exp a second ago', 0, { exp: NOW - 1 }, 'expired'],
    ['exp 0', 0, { exp: 0 }, 'expired'],
    ['exp within the leeway', 30, { exp: NOW - 29 }, 'none'],
    ['exp at the end of the leeway', 30, { exp: NOW - 30 }, 'expired'],
    ['exp at the greatest safe integer', 300, { exp: Number.MAX_SAFE_INTEGER }, 'none'],
    ['the clock skew is no leeway for exp', 0, { exp: NOW - 1, iat: NOW - 10 }, 'expired'],
    ['iat now', 0, { iat: NOW }, 'none'],
    ['iat 0', 0, { iat: 0 }, 'none'],
    ['iat 5 s ahead', 0, { iat: NOW + 5 }, 'none'],
    ['iat 6 s ahead', 0, { iat: NOW + 6 }, 'not_yet'],
    ['iat 5 s ahead, leeway 3 s', 3, { iat: NOW + 5 }, 'none'],
    ['iat 6 s ahead, leeway 3 s', 3, { iat: NOW + 6 }, 'not_yet'],
    ['iat 30 s ahead, leeway 30 s', 30, { iat: NOW + 30 }, 'none'],
    ['iat 31 s ahead, leeway 30 s', 30, { iat: NOW + 31 }, 'not_yet'],
    ['iat at the greatest safe integer', 0, { iat: Number.MAX_SAFE_INTEGER }, 'not_yet'],
    ['nbf now', 0, { nbf: NOW }, 'none'],
    ['nbf 0', 0, { nbf: 0 }, 'none'],
    ['nbf 5 s ahead', 0, { nbf: NOW + 5 }, 'none'],
    ['nbf 6 s ahead', 0, { nbf: NOW + 6 }, 'not_yet'],
    ['nbf 30 s ahead, leeway 30 s', 30, { nbf: NOW + 30 }, 'none'],
    ['nbf 31 s ahead, leeway 30 s', 30, { nbf: NOW + 31 }, 'not_yet'],
    ['expired and not yet', 0, { exp: NOW - 1, nbf: NOW + 60 }, 'not_yet'],
  ];
  for (const [name, leeway, change, fault] of cases) {
    it(`${name}: ${fault}`, () => expect(at(leeway, change)).toBe(fault));
  }
  for (const now of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    it(`a clock that says ${now} accepts nothing`, () => expect(at(0, {}, now)).not.toBe('none'));
  }
});

describe('the claims of a refused token', () => {
  const expired = { ...WIRE, exp: NOW };
  it('are returned if it has only expired', () => {
    expect(fromWire(expired, API, RULES, NOW)).toStrictEqual({
      ok: false,
      fault: 'expired',
      claims: { ...ACCESS, exp: NOW },
    });
  });
  const more: [string, Record<string, unknown>, ClaimRules, string][] = [
    ['of another kind', { token_type: 'sliding' }, RULES, 'token_type'],
    ['of another issuer', { iss: 'x' }, { ...RULES, issuer: 'me' }, 'issuer'],
    ['for another audience', { aud: 'x' }, { ...RULES, audience: 'me' }, 'audience'],
    ['not yet good', { nbf: NOW + 60 }, RULES, 'not_yet'],
    ['odd', { is_staff: 1 }, RULES, 'claims'],
  ];
  for (const [name, change, rules, fault] of more) {
    it(`are not returned if it is also ${name}`, () => {
      expect(fromWire({ ...expired, ...change }, API, rules, NOW)).toStrictEqual({ ok: false, fault });
    });
  }
});

describe('the audience of a refresh token is refresh, whatever AUDIENCE says', () => {
  const wire = toWire(REFRESH, { ...RULES, audience: 'api' });
  const cases: [string, unknown, string][] = [
    ['as written', wire.aud, 'none'],
    ['absent', undefined, 'audience'],
    ['that of access tokens', 'api', 'audience'],
    ['that of the console', 'console', 'audience'],
  ];
  for (const [name, aud, fault] of cases) {
    it(`${name}: ${fault}`, () => {
      expect(faultOf({ ...wire, aud }, { ...RULES, audience: 'api' })).toBe(fault);
      expect(faultOf({ ...wire, aud }, RULES)).toBe(fault);
    });
  }
});

describe('an access token from before a claim was introduced', () => {
  const cases: [string, object][] = [
    ['email_verified', { email_verified: false }],
    ['auth_time', { auth_time: 0 }],
    ['amr', { amr: [] }],
  ];
  for (const [name, least] of cases) {
    it(`counts as never authenticated: ${name}`, () => {
      expect(fromWire(without(name), API, RULES, NOW)).toStrictEqual({
        ok: true,
        claims: { ...ACCESS, ...least },
      });
    });
  }
});

describe('issuer and audience', () => {
  const issuer = { ...RULES, issuer: 'https://a.example' };
  const audience = { ...RULES, audience: 'api' };
  const cases: [string, Record<string, unknown>, ClaimRules, string][] = [
    ['iss as set', { iss: 'https://a.example' }, issuer, 'none'],
    ['iss absent', {}, issuer, 'issuer'],
    ['iss null', { iss: null }, issuer, 'issuer'],
    ['iss with a slash more', { iss: 'https://a.example/' }, issuer, 'issuer'],
    ['iss in another case', { iss: 'https://A.example' }, issuer, 'issuer'],
    ['iss in an array', { iss: ['https://a.example'] }, issuer, 'issuer'],
    ['iss a number', { iss: 1 }, issuer, 'issuer'],
    ['iss empty', { iss: '' }, issuer, 'issuer'],
    ['iss where none is set', { iss: 'x' }, RULES, 'none'],
    ['aud as set', { aud: 'api' }, audience, 'none'],
    ['aud alone in an array', { aud: ['api'] }, audience, 'none'],
    ['aud among others', { aud: ['web', 'api'] }, audience, 'none'],
    ['aud absent', {}, audience, 'audience'],
    ['aud null', { aud: null }, audience, 'audience'],
    ['aud empty', { aud: '' }, audience, 'audience'],
    ['aud an empty array', { aud: [] }, audience, 'audience'],
    ['aud others only', { aud: ['web', 'apis'] }, audience, 'audience'],
    ['aud beside a number', { aud: ['api', 1] }, audience, 'audience'],
    ['aud beside null', { aud: [null, 'api'] }, audience, 'audience'],
    ['aud nested', { aud: [['api']] }, audience, 'audience'],
    ['aud in an object', { aud: { 0: 'api', length: 1 } }, audience, 'audience'],
    ['aud in another case', { aud: 'API' }, audience, 'audience'],
    ['aud a longer text', { aud: 'api web' }, audience, 'audience'],
    ['aud true', { aud: true }, audience, 'audience'],
    ['aud where none is set', { aud: 'x' }, RULES, 'none'],
  ];
  for (const [name, change, rules, fault] of cases) {
    it(`${name}: ${fault}`, () => expect(faultOf({ ...WIRE, ...change }, rules)).toBe(fault));
  }
});
