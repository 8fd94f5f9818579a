import { describe, expect, it } from 'vitest';
import { createPasswordHasher, type DeriveBits, MAX_ITERATIONS_PER_CALL } from '../../src/password/hash.ts';
import type { Scrypt, ScryptCost } from '../../src/password/native-scrypt.ts';
import { deriveByWebCrypto, equalBytes } from '../../src/password/pbkdf2.ts';
import { slicedPbkdf2 } from '../../src/password/sliced-pbkdf2.ts';
import wycheproofSha1 from '../data/wycheproof/pbkdf2_hmacsha1_test.json';
import wycheproofSha256 from '../data/wycheproof/pbkdf2_hmacsha256_test.json';
import wycheproofSha512 from '../data/wycheproof/pbkdf2_hmacsha512_test.json';

const fromHex = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
const toHex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

const SALT_A = fromHex('000102030405060708090a0b0c0d0e0f');
const SALT_B = fromHex('f0e1d2c3b4a5968778695a4b3c2d1e0f');
const B64_A = 'AAECAwQFBgcICQoLDA0ODw';
const B64_B = '8OHSw7Sllod4aVpLPC0eDw';
const STAPLE = 'correct horse battery staple';

/**
 * Made with node:crypto's pbkdf2Sync and, separately, Python's hashlib.pbkdf2_hmac, chained by hand:
 * k = NFKC(password) in UTF-8 + ff; while iterations are left: k = PBKDF2(k, salt, at most c of them, 32).
 */
const VECTORS = [
  [
    STAPLE,
    SALT_A,
    1,
    `$pbkdf2-sha256-chain$i=1,c=100000$${B64_A}$mJf9GU1IxlhXibbu5SDbwCTBfo4zfrUg05gbCxkiFF0`,
  ],
  [
    STAPLE,
    SALT_A,
    1_000,
    `$pbkdf2-sha256-chain$i=1000,c=100000$${B64_A}$mRhMeb7w3YAHbwGxhppLTnWwRKcK7+gpN85KVSzs/jQ`,
  ],
  [
    STAPLE,
    SALT_A,
    100_000,
    `$pbkdf2-sha256-chain$i=100000,c=100000$${B64_A}$sL7QhUduuEYXfg/5yt5QkQ9I/NebdT3krrRMM4e9854`,
  ],
  [
    STAPLE,
    SALT_A,
    100_001,
    `$pbkdf2-sha256-chain$i=100001,c=100000$${B64_A}$IjQzGeWGcJ+aUR5HW/ZdQMsVKSC7mkYFTG0dXwV2Nyw`,
  ],
  [
    STAPLE,
    SALT_A,
    250_000,
    `$pbkdf2-sha256-chain$i=250000,c=100000$${B64_A}$peyR1ExUIOG2Ajf2miWbe8TJniznGl448xLdZLQesNA`,
  ],
  [
    STAPLE,
    SALT_A,
    600_000,
    `$pbkdf2-sha256-chain$i=600000,c=100000$${B64_A}$o0q8HuwSS2SdoFeds7ah4ziWfJ4OLkgtVf4++GpNmzg`,
  ],
  [
    '\u1112\u1161\u11ab\u1100\u1173\u11af \ufb01 \uff21',
    SALT_B,
    20_000,
    `$pbkdf2-sha256-chain$i=20000,c=100000$${B64_B}$JQR4gSzy5fIroBVYa4FHvJgh9t4klnL+RLm/BDmePho`,
  ],
  [
    'nul\0inside',
    SALT_B,
    20_000,
    `$pbkdf2-sha256-chain$i=20000,c=100000$${B64_B}$dSUAuz3aSygDawZtJV3wM3srRmnx+MjHHjKHwWT8AQo`,
  ],
  [
    'nul at the end\0',
    SALT_B,
    20_000,
    `$pbkdf2-sha256-chain$i=20000,c=100000$${B64_B}$uBbFaFA/HU7HWtMAHmK5c3kQKTRZQZl1Hfq3oBLxb1g`,
  ],
  [
    'x'.repeat(70),
    SALT_B,
    20_000,
    `$pbkdf2-sha256-chain$i=20000,c=100000$${B64_B}$sXAoos92zi1pm1ZRfIBwyfjxJO/JOr97Pgsqnv3bXro`,
  ],
  [
    '',
    SALT_B,
    20_000,
    `$pbkdf2-sha256-chain$i=20000,c=100000$${B64_B}$SAy7nrLrh7bShBYMJBhfRFiwtY1bmSB03Qfsi0HVhI4`,
  ],
] as const;

/** The same, with caps that this code does not write but reads. */
const OTHER_CAPS = [
  [STAPLE, `$pbkdf2-sha256-chain$i=60000,c=25000$${B64_A}$egS1ZVjCiUPQ/RdFSYk0g+aL+ocOgJuXXfwOhVd3NO8`],
  ['🔑🔑🔑', `$pbkdf2-sha256-chain$i=120000,c=50000$${B64_B}$vzYSSR/fT7pUgLmmguAQnGKKcQmzUF0Gez6l34jb34I`],
] as const;

/** A derive that does no work and writes down what it was asked. */
function recorder() {
  const calls: { hash: string; iterations: number; saltBytes: number; bytes: number }[] = [];
  const derive: DeriveBits = async (hash, _password, salt, iterations, bytes) => {
    calls.push({ hash, iterations, saltBytes: salt.length, bytes });
    return new Uint8Array(bytes).fill(0xab);
  };
  return { derive, calls, sizes: () => calls.map((call) => call.iterations) };
}

/** A hash of ours that the recorder's derive never makes. */
const own = (iterations: number, perCall = 100_000) =>
  `$pbkdf2-sha256-chain$i=${iterations},c=${perCall}$${B64_A}$${'A'.repeat(43)}`;
/** A hash of ours that the recorder's derive always makes: 32 bytes of 0xab. */
const ownRight = (iterations: number) =>
  `$pbkdf2-sha256-chain$i=${iterations},c=100000$${B64_A}$${'q6ur'.repeat(10)}q6s`;

const SIX = [100_000, 100_000, 100_000, 100_000, 100_000, 100_000];

describe('chained PBKDF2', () => {
  it.each(VECTORS)('hash of %j, salt %o, %i iterations', async (password, salt, iterations, encoded) => {
    const hasher = createPasswordHasher({ iterations, randomBytes: () => salt });
    expect(await hasher.hash(password)).toBe(encoded);
    expect(await hasher.verify(password, encoded)).toEqual({ ok: true, rehash: false });
    expect(await hasher.verify(`${password}.`, encoded)).toEqual({ ok: false, rehash: false });
  });

  it.each(OTHER_CAPS)('%j verifies against %s', async (password, encoded) => {
    const hasher = createPasswordHasher({ iterations: 1_000 });
    expect(await hasher.verify(password, encoded)).toEqual({ ok: true, rehash: false });
    expect(await hasher.verify(`${password}.`, encoded)).toEqual({ ok: false, rehash: false });
  });

  it.each([
    [1, [1]],
    [99_999, [99_999]],
    [100_000, [100_000]],
    [100_001, [100_000, 1]],
    [250_000, [100_000, 100_000, 50_000]],
    [600_000, SIX],
  ])('%i iterations are split into calls of %j', async (iterations, sizes) => {
    const { derive, calls } = recorder();
    await createPasswordHasher({ iterations, derive }).hash(STAPLE);
    expect(calls).toEqual(sizes.map((n) => ({ hash: 'SHA-256', iterations: n, saltBytes: 16, bytes: 32 })));
  });

  it('passes each output to the next call, with the same salt', async () => {
    const passwords: string[] = [];
    const salts = new Set<string>();
    const derive: DeriveBits = async (_hash, password, salt, _iterations, bytes) => {
      salts.add(toHex(salt));
      return new Uint8Array(bytes).fill(passwords.push(toHex(password)));
    };
    const hasher = createPasswordHasher({ iterations: 300_000, derive, randomBytes: () => SALT_B });
    const encoded = await hasher.hash('abc');
    expect(passwords).toEqual(['616263ff', '01'.repeat(32), '02'.repeat(32)]);
    expect([...salts]).toEqual([toHex(SALT_B)]);
    expect(encoded).toBe(`$pbkdf2-sha256-chain$i=300000,c=100000$${B64_B}$${'AwMD'.repeat(10)}AwM`);
  });

  it('uses 16 random bytes, from its own source', async () => {
    const asked: number[] = [];
    const randomBytes = (n: number) => new Uint8Array(n).fill(asked.push(n));
    await createPasswordHasher({ iterations: 1, randomBytes }).hash('a');
    expect(asked).toEqual([16]);

    const hasher = createPasswordHasher({ iterations: 1 });
    const hashes = await Promise.all(Array.from({ length: 50 }, () => hasher.hash('a')));
    expect(new Set(hashes.map((encoded) => encoded.split('$')[3])).size).toBe(50);
    expect(
      hashes.every((encoded) => /^\$pbkdf2-sha256-chain\$i=1,c=100000\$.{22}\$.{43}$/.test(encoded)),
    ).toBe(true);
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 10_000_001])(
    '%d iterations cannot be set',
    (n) => {
      expect(() => createPasswordHasher({ iterations: n })).toThrow(TypeError);
    },
  );

  it.each([1, 10_000_000])('%d iterations can', (iterations) => {
    expect(() => createPasswordHasher({ iterations })).not.toThrow();
  });
});

describe('the same work', () => {
  it.each([
    ['a wrong password', own(600_000)],
    ['an unknown user', null],
    ['an empty hash', ''],
    ['an unusable password of Django', '!unusablePasswordAbCdEf0123456789'],
    ['MD5', 'md5$salt$ce33191d981f8f03fe36680196b2ee03'],
    ['Argon2', 'argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHQ$aGFzaGhhc2g'],
    ['bcrypt', '$2b$12$abcdefghijklmnopqrstuv'],
    ['a plain password', STAPLE],
    ['a line feed after the hash', `${own(600_000)}\n`],
    ['a space before it', ` ${own(600_000)}`],
    ['padded base64', `${own(600_000)}=`],
    ['base64url', own(600_000).replace(/A{43}$/, `${'A'.repeat(42)}_`)],
    ['a short salt', own(600_000).replace(B64_A, B64_A.slice(1))],
    ['a long salt', own(600_000).replace(B64_A, `A${B64_A}`)],
    ['a short hash', own(600_000).slice(0, -1)],
    ['no hash', own(600_000).slice(0, -43)],
    ['another algorithm', own(600_000).replace('sha256', 'sha512')],
    ['parameters in another order', own(600_000).replace('i=600000,c=100000', 'c=100000,i=600000')],
    ['no iterations', own(0)],
    ['negative iterations', own(-600_000)],
    ['a leading zero', own(600_000).replace('i=6', 'i=06')],
    ['a fraction', own(600_000).replace('i=600000', 'i=600000.5')],
    ['an exponent', own(600_000).replace('i=600000', 'i=6e5')],
    ['more iterations than a hash may claim', own(10_000_001)],
    ['far more', own(600_000).replace('i=600000', `i=${'9'.repeat(400)}`)],
    ['calls over the cap', own(600_000, 100_001)],
    ['calls of next to nothing', own(600_000, 9_999)],
    ['calls of nothing', own(600_000, 0)],
    ['Django with too many iterations', `pbkdf2_sha256$10000001$salt$${'A'.repeat(43)}=`],
    ['Django cut short', 'pbkdf2_sha256$1000$salt$'],
  ])('for %s, and no', async (_what, encoded) => {
    const { derive, calls } = recorder();
    const hasher = createPasswordHasher({ iterations: 600_000, derive });
    expect(await hasher.verify(STAPLE, encoded)).toEqual({ ok: false, rehash: false });
    expect(calls).toEqual(SIX.map((n) => ({ hash: 'SHA-256', iterations: n, saltBytes: 16, bytes: 32 })));
  });

  it.each([
    [1, 600_000, [1, 100_000, 100_000, 100_000, 100_000, 100_000, 99_999]],
    [100_000, 600_000, SIX],
    [300_000, 600_000, SIX],
    [250_000, 600_000, [100_000, 100_000, 50_000, 100_000, 100_000, 100_000, 50_000]],
    [1_000, 2_000, [1_000, 1_000]],
  ])('a hash of %i is topped up to %i, right or wrong: %j', async (stored, iterations, sizes) => {
    const wrong = recorder();
    const hasher = createPasswordHasher({ iterations, derive: wrong.derive });
    expect(await hasher.verify(STAPLE, own(stored))).toEqual({ ok: false, rehash: false });
    expect(wrong.sizes()).toEqual(sizes);

    const right = recorder();
    const other = createPasswordHasher({ iterations, derive: right.derive });
    expect(await other.verify(STAPLE, ownRight(stored))).toEqual({ ok: true, rehash: true });
    expect(right.sizes()).toEqual(sizes);
  });

  it('but a hash of more iterations takes its own, and stays', async () => {
    const { derive, sizes } = recorder();
    const hasher = createPasswordHasher({ iterations: 600_000, derive });
    expect(await hasher.verify(STAPLE, ownRight(720_000))).toEqual({ ok: true, rehash: false });
    expect(sizes()).toEqual([...SIX, 100_000, 20_000]);
  });

  it('and a hash with a smaller cap has smaller calls', async () => {
    const { derive, sizes } = recorder();
    const hasher = createPasswordHasher({ iterations: 30_000, derive });
    await hasher.verify(STAPLE, own(30_000, 10_000));
    expect(sizes()).toEqual([10_000, 10_000, 10_000]);
  });

  it('a dummy hash never matches, whatever it derives to', async () => {
    const derive: DeriveBits = async (_hash, _password, _salt, _iterations, bytes) => new Uint8Array(bytes);
    const hasher = createPasswordHasher({ iterations: 1_000, derive });
    expect(await hasher.verify('', null)).toEqual({ ok: false, rehash: false });
    expect(await hasher.verify('', own(1_000))).toEqual({ ok: true, rehash: false });
  });
});

describe('the password', () => {
  const hasher = createPasswordHasher({ iterations: 1_000 });

  it.each([
    ['composed and decomposed', 'caf\u00e9 noir', 'cafe\u0301 noir'],
    [
      'Hangul',
      '\ud55c\uad6d\uc5b4 \ube44\ubc00',
      '\u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165 \u1107\u1175\u1106\u1175\u11af',
    ],
    ['full width', 'password 42', '\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44\u3000\uff14\uff12'],
    ['ligatures', 'efficient', 'e\ufb03cient'],
    ['the Kelvin sign', 'Kelvin', '\u212aelvin'],
    ['superscripts', 'x2 + y2', 'x\u00b2 + y\u00b2'],
  ])('is the same in all spellings with one NFKC form: %s', async (_what, one, other) => {
    expect(await hasher.verify(other, await hasher.hash(one))).toEqual({ ok: true, rehash: false });
    expect(await hasher.verify(one, await hasher.hash(other))).toEqual({ ok: true, rehash: false });
  });

  it.each([
    ['case', 'Secret word', 'secret word'],
    ['a space before', ' secret word', 'secret word'],
    ['a space after', 'secret word ', 'secret word'],
    ['what follows a NUL', 'secret\0one', 'secret\0two'],
    ['a NUL at the end', 'secret\0', 'secret'],
    ['the 73rd byte', `${'x'.repeat(72)}1`, `${'x'.repeat(72)}2`],
    ['the 65th byte', `${'x'.repeat(64)}1`, `${'x'.repeat(64)}2`],
    ['the 257th character', `${'x'.repeat(256)}1`, `${'x'.repeat(256)}2`],
    ['the replacement character', 'secret \ufffd word', 'secret \ufffe word'],
  ])('%s counts', async (_what, one, other) => {
    expect(await hasher.verify(other, await hasher.hash(one))).toEqual({ ok: false, rehash: false });
    expect(await hasher.verify(one, await hasher.hash(one))).toEqual({ ok: true, rehash: false });
  });

  it.each(['\ud800', 'secret \udc00 word', 'secret word \ud83d'])(
    'with a lone surrogate never matches: %j',
    async (bad) => {
      const same = bad.toWellFormed();
      await expect(hasher.hash(bad)).rejects.toThrow(TypeError);
      await expect(hasher.hash(bad)).rejects.not.toThrow(same);

      const encoded = await hasher.hash(same);
      expect(await hasher.verify(same, encoded)).toEqual({ ok: true, rehash: false });
      const { derive, sizes } = recorder();
      const recorded = createPasswordHasher({ iterations: 200_000, derive });
      expect(await recorded.verify(bad, ownRight(200_000))).toEqual({ ok: false, rehash: false });
      expect(sizes()).toEqual([100_000, 100_000]);
      expect(await hasher.verify(bad, encoded)).toEqual({ ok: false, rehash: false });
    },
  );

  it.each([
    ['letters', 'a'.repeat(1 << 20)],
    ['combining marks out of order', `a${'\u0345\u0334'.repeat(1 << 19)}`],
    ['ligatures that expand', '\ufdfa'.repeat(1 << 18)],
  ])('of a megabyte is not hashed: %s', async (_what, long) => {
    expect(await hasher.verify(long, await hasher.hash(STAPLE))).toEqual({ ok: false, rehash: false });
  });
});

describe('one PBKDF2 call', () => {
  it('above the cap is refused, as in production', async () => {
    const bytes = new Uint8Array(8);
    await expect(deriveByWebCrypto('SHA-256', bytes, bytes, MAX_ITERATIONS_PER_CALL + 1, 32)).rejects.toThrow(
      RangeError,
    );
    expect(MAX_ITERATIONS_PER_CALL).toBe(100_000);
  });

  const groups = [
    ['SHA-1', wycheproofSha1, 64],
    ['SHA-256', wycheproofSha256, 60],
    ['SHA-512', wycheproofSha512, 58],
  ] as const;

  describe.each(groups)('Wycheproof, HMAC-%s', (hash, { testGroups }, count) => {
    const tests = testGroups.flatMap((group) => group.tests);

    it(`has ${count} vectors, all of them valid`, () => {
      expect(tests.map((test) => test.result)).toEqual(Array(count).fill('valid'));
    });

    it('with Web Crypto, up to the cap', async () => {
      const within = tests.filter((test) => test.iterationCount <= MAX_ITERATIONS_PER_CALL);
      expect(tests.length - within.length).toBe(hash === 'SHA-1' ? 1 : 0);
      for (const { tcId, password, salt, iterationCount, dkLen, dk } of within) {
        const derived = await deriveByWebCrypto(
          hash,
          fromHex(password),
          fromHex(salt),
          iterationCount,
          dkLen,
        );
        expect(toHex(derived), `tcId ${tcId}`).toBe(dk);
      }
    });

    it('in JavaScript, in slices, the first block', { timeout: 60_000 }, async () => {
      const within = tests.filter((test) => test.iterationCount <= 2_000_000);
      expect(tests.length - within.length).toBe(hash === 'SHA-1' ? 1 : 0);
      for (const { tcId, password, salt, iterationCount, dk } of within) {
        const block = toHex(await slicedPbkdf2(hash, fromHex(password), fromHex(salt), iterationCount));
        const length = Math.min(block.length, dk.length);
        expect(block.slice(0, length), `tcId ${tcId}`).toBe(dk.slice(0, length));
      }
    });
  });
});

describe('equalBytes', () => {
  const bytes = Uint8Array.from({ length: 32 }, (_, index) => index * 7);

  it('is true for equal bytes', () => {
    expect(equalBytes(bytes, bytes.slice())).toBe(true);
    expect(equalBytes(new Uint8Array(0), new Uint8Array(0))).toBe(true);
  });

  it('is false if any bit differs', () => {
    for (let bit = 0; bit < 256; bit += 1) {
      const other = bytes.slice();
      other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(equalBytes(bytes, other), `bit ${bit}`).toBe(false);
    }
  });

  it('is false for other lengths', () => {
    expect(equalBytes(bytes, bytes.slice(0, 31))).toBe(false);
    expect(equalBytes(bytes.slice(0, 31), bytes)).toBe(false);
    expect(equalBytes(new Uint8Array(32), new Uint8Array(33))).toBe(false);
    expect(equalBytes(new Uint8Array(0), bytes)).toBe(false);
  });
});

describe('scrypt', () => {
  /** Made with Python's hashlib.scrypt, over NFKC(password) in UTF-8 + ff. */
  const VECTOR =
    '$scrypt-nfkc$ln=14,r=8,p=5$AAECAwQFBgcICQoLDA0ODw$qG0Xgi4F8dO5C6vcqVnFb03h9wrOyJ2nJCQ3ktQC320';
  const OURS = /^\$scrypt-nfkc\$ln=14,r=8,p=5\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/;
  const REAL = { N: 16_384, r: 8, p: 5 };
  const kind = 'scrypt' as const;

  /** Records the costs that are asked for; every output is zeros. */
  function watched() {
    const costs: ScryptCost[] = [];
    const { derive, sizes } = recorder();
    const scrypt: Scrypt = async (_password, _salt, cost, bytes) => {
      costs.push(cost);
      return new Uint8Array(bytes);
    };
    return { costs, sizes, derive, scrypt };
  }
  const zeros = `$scrypt-nfkc$ln=14,r=8,p=5$AAECAwQFBgcICQoLDA0ODw$${'A'.repeat(43)}`;

  it('has a vector', async () => {
    const hasher = createPasswordHasher({ kind, iterations: 600_000, randomBytes: () => SALT_A });
    expect(await hasher.hash(STAPLE)).toBe(VECTOR);
    expect(await hasher.verify(STAPLE, VECTOR)).toEqual({ ok: true, rehash: false });
    expect(await hasher.verify(`${STAPLE}\0`, VECTOR)).toEqual({ ok: false, rehash: false });
  });

  it.each([
    ['up: PBKDF2 under scrypt', 'pbkdf2', 'scrypt', OURS],
    ['down: scrypt under PBKDF2', 'scrypt', 'pbkdf2', /^\$pbkdf2-sha256-chain\$i=1000,/],
  ] as const)('moves %s', async (_, from, to, form) => {
    const before = await createPasswordHasher({ kind: from, iterations: 1_000 }).hash(STAPLE);
    const hasher = createPasswordHasher({ kind: to, iterations: 1_000 });
    expect(await hasher.verify(STAPLE, before)).toEqual({ ok: true, rehash: true });
    expect(await hasher.verify(`${STAPLE}.`, before)).toEqual({ ok: false, rehash: false });
    const after = await hasher.hash(STAPLE);
    expect(after).toMatch(form);
    expect(await hasher.verify(STAPLE, after)).toEqual({ ok: true, rehash: false });
  });

  it.each([
    ['a wrong password', zeros.replace(/A{43}$/, `B${'A'.repeat(42)}`)],
    ['the right one', zeros],
    ['an unknown user', null],
    ['an empty hash', ''],
    ['MD5', 'md5$salt$ce33191d981f8f03fe36680196b2ee03'],
    ['a hash beyond its bounds', zeros.replace('ln=14', 'ln=20')],
  ])('does the same work for %s', async (_, encoded) => {
    const { derive, scrypt, costs, sizes } = watched();
    await createPasswordHasher({ kind, iterations: 600_000, derive, scrypt }).verify(STAPLE, encoded);
    expect([costs, sizes()]).toEqual([[REAL], []]);
  });

  it.each([
    [600_000, SIX, { N: 8_192, r: 8, p: 5 }],
    [100_000, [100_000], { N: 8_192, r: 8, p: 9 }],
    [1_000, [1_000], { N: 8_192, r: 8, p: 10 }],
    [1_200_000, [...SIX, ...SIX], null],
  ])('tops a PBKDF2 hash of %i iterations up to about its own work', async (iterations, calls, cost) => {
    const { derive, scrypt, costs, sizes } = watched();
    const hasher = createPasswordHasher({ kind, iterations: 600_000, derive, scrypt });
    expect(await hasher.verify(STAPLE, own(iterations))).toEqual({ ok: false, rehash: false });
    expect([sizes(), costs]).toEqual([calls, cost === null ? [] : [cost]]);
  });

  it('costs more than PBKDF2 with fewer iterations', async () => {
    const { derive, scrypt, costs, sizes } = watched();
    await createPasswordHasher({ iterations: 600_000, derive, scrypt }).verify(STAPLE, zeros);
    expect([costs, sizes()]).toEqual([[REAL], []]);
  });

  it.each([
    zeros.replace('ln=14', 'ln=014'),
    zeros.replace('ln=14', 'ln=17'),
    zeros.replace('r=8', 'r=99'),
    zeros.replace('p=5', 'p=17'),
    zeros.slice(0, -1),
    `${zeros}=`,
    `${zeros}\n`,
    ` ${zeros}`,
  ])('does not read %j', async (encoded) => {
    const { derive, scrypt } = watched();
    const hasher = createPasswordHasher({ kind, iterations: 1_000, derive, scrypt });
    expect(await hasher.verify(STAPLE, encoded)).toEqual({ ok: false, rehash: false });
  });
});

describe('a platform that refuses', () => {
  const refuses = () => Promise.reject(new Error('NotSupportedError'));

  it.each([
    ['pbkdf2', 600_000, 'PBKDF2 calls of 100000 iterations'],
    ['pbkdf2', 5_000, 'PBKDF2 calls of 5000 iterations'],
    ['scrypt', 600_000, 'scrypt with N=16384, r=8, p=5'],
  ] as const)('%s of %i is found by one try: %s', async (kind, iterations, refused) => {
    const hasher = createPasswordHasher({ kind, iterations, derive: refuses, scrypt: refuses });
    expect(await hasher.refusedByPlatform()).toBe(refused);
  });

  it.each(['pbkdf2', 'scrypt'] as const)('is not this one: %s', async (kind) => {
    expect(await createPasswordHasher({ kind, iterations: 600_000 }).refusedByPlatform()).toBeNull();
  });

  it('is probed with the largest call only, of the configured kind', async () => {
    const { derive, calls } = recorder();
    await createPasswordHasher({ iterations: 600_000, derive, scrypt: refuses }).refusedByPlatform();
    expect(calls.map(({ iterations }) => iterations)).toEqual([100_000]);
  });
});
