import { describe, expect, it } from 'vitest';
import {
  encodeFirebaseHash,
  hashKind,
  readFirebaseHashConfig,
  readForeignHash,
} from '../../src/password/foreign/index.ts';
import { createPasswordHasher, type DeriveBits } from '../../src/password/hash.ts';
import { nativeScrypt, type ScryptCost } from '../../src/password/native-scrypt.ts';
import { deriveByWebCrypto } from '../../src/password/pbkdf2.ts';
import django from '../data/django/dumpdata.json';
import vectors from '../data/password-hashes/vectors.json';

/** Firebase's example (https://github.com/firebase/scrypt), as its console shows it. */
const FIREBASE_CONFIG = `hash_config {
  algorithm: SCRYPT,
  base64_signer_key: jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==,
  base64_salt_separator: Bw==,
  rounds: 8,
  mem_cost: 14,
}`;
const firebase = readFirebaseHashConfig(FIREBASE_CONFIG);
const hasher = createPasswordHasher({ iterations: 1_000, firebase });

const SLOW = { timeout: 60_000 };
const RIGHT = { ok: true, rehash: true };
const WRONG = { ok: false, rehash: false };

const hashOf = (software: string, start: string): string => {
  const found = vectors.find((one) => one.software.startsWith(software) && one.hash.startsWith(start));
  if (!found) throw new Error(`no hash of ${software} begins with ${start}`);
  return found.hash;
};

describe('a hash of other software', () => {
  it.each(vectors)('of $software verifies and is to be replaced: $hash', SLOW, async ({ password, hash }) => {
    expect(await hasher.verify(password, hash)).toEqual(RIGHT);
  });

  const cheap = vectors.filter(
    ({ hash }) => !/(?:1000000|150000|131000|210000|120000|110000)\$|\$12\$/.test(hash),
  );
  it.each(cheap)('of $software does not verify another password: $hash', SLOW, async ({ password, hash }) => {
    expect(await hasher.verify(`.${password}`, hash)).toEqual(WRONG);
  });

  it.each([
    ['a NUL at the end', 'correct horse battery\0', hashOf('Werkzeug', 'pbkdf2:sha1')],
    ['a NUL at the end', 'correct horse battery\0', hashOf('passlib', '$scrypt')],
    ['the whole again after a NUL', '\0', hashOf('bcrypt for Python', '$2b$04')],
    ['a lone surrogate', 'correct horse battery\ud800', hashOf('passlib', '$2a$04')],
  ])('does not match %s, which derives the same key', async (_, password, hash) => {
    expect(await hasher.verify(password, hash)).toEqual(WRONG);
  });

  it.each([
    ['NFKC for better-auth', 'NFKC fi 비밀번호', 'better-auth', '4622', RIGHT],
    ['as typed for Node', 'NFKC fi 비밀번호', 'Node', '9357c7ad2c4cb16e103fb3c081598ee0:0a', WRONG],
    ['as typed for Werkzeug', 'NFKC fi 비밀번호', 'Werkzeug', 'scrypt:16384', WRONG],
    ['as typed for PHP', 'NFKC fi 비밀번호', 'PHP', '$2y$04$V287', WRONG],
  ])('verifies the password in %s', async (_, password, software, start, verdict) => {
    expect(await hasher.verify(password, hashOf(software, start))).toEqual(verdict);
  });
});

describe('bcrypt', () => {
  const long = `${'b'.repeat(71)}é`;
  it.each([
    ['PHP', '$2y$04$dhE4'],
    ['bcrypt for Ruby', '$2a$04$quea'],
  ])('of %s uses the first 72 bytes, as the original does', async (software, start) => {
    const hash = hashOf(software, start);
    expect(await hasher.verify(`${long} and something else`, hash)).toEqual(RIGHT);
    expect(await hasher.verify(`${'b'.repeat(71)}ł`, hash)).toEqual(WRONG);
    expect(await hasher.verify('b'.repeat(71), hash)).toEqual(WRONG);
  });

  it('of bcrypt_sha256 looks at all of them', SLOW, async () => {
    const hash = hashOf('Django', 'bcrypt_sha256$$2b$12$Gnf');
    expect(await hasher.verify(`${long} and something else`, hash)).toEqual(WRONG);
  });
});

describe('a hash of Django’s and white space around the password', () => {
  const stripped = hashOf('Django', 'scrypt$16384$05');
  const around = hashOf('Django', 'bcrypt$$2b$12$hL');

  it.each([
    ['was stripped when it was set', '\u3000 white space around\u0085\n', stripped, RIGHT],
    ['was kept when it was set', '  white space around  ', around, RIGHT],
    ['was kept, and is missing now', 'white space around', around, WRONG],
    ['is a BOM, which Python does not strip', 'white space around\ufeff', stripped, WRONG],
  ])('that %s', SLOW, async (_, password, hash, verdict) => {
    expect(await hasher.verify(password, hash)).toEqual(verdict);
  });

  it('is not tried for hashes of other software', async () => {
    expect(await hasher.verify(' correct horse battery', hashOf('passlib', '$2a$04'))).toEqual(WRONG);
  });

  const KEY = 'XHfRVmyEZRTCcSbqGP00JKv0fRwYHK0ogjPZdSJxCXk=';
  it.each([
    ['right as typed', '', '', 1],
    ['right when stripped', '  ', '', 2],
    ['wrong, with white space', ' x ', '', 2],
    ['wrong, without', 'x', '', 1],
  ])('costs the same whichever spelling matches: %s', async (_, password, __, calls) => {
    let derived = 0;
    const derive: DeriveBits = (...input) => {
      derived += 1;
      return deriveByWebCrypto(...input);
    };
    const counted = createPasswordHasher({ iterations: 1_000, derive });
    await counted.verify(password, `pbkdf2_sha256$1000$seasalt$${KEY}`);
    expect(derived).toBe(calls);
  });
});

describe('work', () => {
  const SHA256 = `${'A'.repeat(42)}E=`;

  it('of more than 100,000 iterations is done in slices, with other work in between', SLOW, async () => {
    const turns: number[] = [];
    let last = performance.now();
    const beside = setInterval(() => {
      turns.push(performance.now() - last);
      last = performance.now();
    }, 1);
    await hasher.verify('x', `pbkdf2_sha256$400000$salt$${SHA256}`);
    clearInterval(beside);
    // A check in one piece leaves no turn at all.
    expect(turns.length).toBeGreaterThan(20);
  });

  it.each([
    ['pbkdf2_sha256$100000$salt$', 'SHA-256', 100_000],
    ['pbkdf2_sha256$100001$salt$', 'in JavaScript', 0],
  ])('of %s is done %s', async (start, how, iterations) => {
    const asked: unknown[] = [];
    const derive: DeriveBits = (digest, password, salt, count, bytes) => {
      asked.push([digest, count]);
      return deriveByWebCrypto(digest, password, salt, count, bytes);
    };
    await createPasswordHasher({ iterations: 1_000, derive }).verify('x', `${start}${SHA256}`);
    expect(asked).toEqual(iterations === 0 ? [] : [[how, iterations]]);
  });

  it.each([
    [true, 'pbkdf2_sha256$870000$salt$', SHA256],
    [true, 'pbkdf2_sha256$150000$salt$', SHA256],
    [false, 'pbkdf2_sha256$100000$salt$', SHA256],
    [false, 'pbkdf2_sha256$2000001$salt$', SHA256],
    [true, hashOf('Django', 'bcrypt_sha256'), ''],
    [true, hashOf('Django', 'scrypt'), ''],
    [true, hashOf('PHP', '$2y$12'), ''],
    [false, hashOf('PHP', '$2y$04'), ''],
    [false, 'md5$salt$ce33191d981f8f03fe36680196b2ee03', ''],
    [false, '$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHQ$aGFzaGhhc2g', ''],
    [
      false,
      '$pbkdf2-sha256-chain$i=9000000,c=100000$AAECAwQFBgcICQoLDA0ODw$o0q8HuwSS2SdoFeds7ah4ziWfJ4OLkgtVf4++GpNmzg',
      '',
    ],
    [false, '', ''],
  ])('costs more than a new hash: %j for %s', (costly, start, rest) => {
    const ofProduction = createPasswordHasher({ iterations: 600_000 });
    expect(ofProduction.isCostly(start + rest)).toBe(costly);
  });

  it.each([
    'md5$salt$ce33191d981f8f03fe36680196b2ee03',
    '$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHQ$aGFzaGhhc2g',
    hashOf('firebase', '$firebase'),
    `pbkdf2_sha256$2000001$salt$${SHA256}`,
  ])('for %s, which cannot be verified, is that of an unknown user', async (hash) => {
    const calls: number[] = [];
    const derive: DeriveBits = (digest, password, salt, count, bytes) => {
      calls.push(count);
      return deriveByWebCrypto(digest, password, salt, count, bytes);
    };
    const plain = createPasswordHasher({ iterations: 150_000, derive });
    expect(await plain.verify('x', hash)).toEqual(WRONG);
    expect(calls).toEqual([100_000, 50_000]);
  });
});

describe('hashKind', () => {
  const B64 = { 20: `${'A'.repeat(27)}=`, 32: `${'A'.repeat(43)}=`, 64: `${'A'.repeat(86)}==` };
  const HEX64 = '0'.repeat(128);

  it.each([
    [
      'own',
      '$pbkdf2-sha256-chain$i=1000,c=100000$AAECAwQFBgcICQoLDA0ODw$mRhMeb7w3YAHbwGxhppLTnWwRKcK7+gpN85KVSzs/jQ',
    ],
    ['own', `$scrypt-nfkc$ln=14,r=8,p=5$${'A'.repeat(22)}$${'A'.repeat(43)}`],
    ['django_pbkdf2', `pbkdf2_sha1$2000000$한$${B64[20]}`],
    ['django_pbkdf2', `pbkdf2_sha256$1$s4l+/=t$${B64[32]}`],
    ['django_bcrypt', hashOf('Django', 'bcrypt$')],
    ['django_bcrypt_sha256', hashOf('Django', 'bcrypt_sha256')],
    ['django_scrypt', hashOf('Django', 'scrypt')],
    ['bcrypt', hashOf('bcrypt for Python', '$2b')],
    ['bcrypt', hashOf('PHP', '$2y')],
    ['bcrypt', hashOf('bcrypt for Ruby', '$2a')],
    ['hex_scrypt', hashOf('better-auth', '')],
    ['firebase_scrypt', hashOf('Firebase', '')],
    ['phc_pbkdf2', hashOf('passlib', '$pbkdf2$')],
    ['phc_scrypt', hashOf('passlib', '$scrypt$')],
    ['werkzeug_scrypt', hashOf('Werkzeug', 'scrypt')],
    ['werkzeug_pbkdf2', hashOf('Werkzeug', 'pbkdf2')],
    ['aspnet_identity', hashOf('ASP.NET', '')],
  ])('says %s for %s, and that it verifies', (kind, hash) => {
    expect(hashKind(hash)).toEqual({ kind, verifies: true, problem: null });
  });

  it.each([
    ['argon2', 'argon2', '$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHQ$aGFzaGhhc2g'],
    ['argon2', 'argon2', 'argon2$argon2i$v=19$m=512,t=2,p=2$c2FsdA$aGFzaA'],
    ['django_pbkdf2', 'beyond_bounds', `pbkdf2_sha256$2000001$salt$${B64[32]}`],
    ['django_scrypt', 'beyond_bounds', `scrypt$1048576$salt$8$1$${B64[64]}`],
    ['django_scrypt', 'beyond_bounds', `scrypt$16383$salt$8$1$${B64[64]}`],
    ['django_bcrypt', 'beyond_bounds', `bcrypt$$2b$14$${'.'.repeat(53)}`],
    ['bcrypt', 'beyond_bounds', `$2b$31$${'.'.repeat(53)}`],
    ['phc_pbkdf2', 'beyond_bounds', `$pbkdf2-sha512$i=999999999$AAAA$${'A'.repeat(86)}`],
    ['phc_scrypt', 'beyond_bounds', `$scrypt$ln=17,r=8,p=1$AAAA$${'A'.repeat(43)}`],
    ['phc_scrypt', 'beyond_bounds', `$scrypt$ln=1,r=8,p=99$AAAA$${'A'.repeat(43)}`],
    ['phc_scrypt', 'beyond_bounds', `$scrypt$ln=99,r=1,p=1$AAAA$${'A'.repeat(43)}`],
    ['werkzeug_scrypt', 'beyond_bounds', `scrypt:32768:8:5$salt$${HEX64}`],
    ['werkzeug_pbkdf2', 'beyond_bounds', `pbkdf2:sha1:2000001$salt$${'0'.repeat(40)}`],
    ['aspnet_identity', 'beyond_bounds', btoa(`\x01\0\0\0\x02\xff\xff\xff\xff\0\0\0\x10${'s'.repeat(48)}`)],
  ])('says %s and %s for %s', (kind, problem, hash) => {
    expect(hashKind(hash)).toEqual({ kind, verifies: false, problem });
  });

  it('reports a missing configuration of Firebase', () => {
    const hash = hashOf('Firebase', '');
    expect(hashKind(hash, null)).toEqual({
      kind: 'firebase_scrypt',
      verifies: false,
      problem: 'no_firebase_config',
    });
    expect(hashKind(hash, firebase).verifies).toBe(true);
  });

  it.each(['', '!', '!unusablePasswordAbCdEf'])('says none for %j', (hash) => {
    expect(hashKind(hash)).toEqual({ kind: 'none', verifies: false, problem: null });
  });

  const SHA256 = `${'AQID'.repeat(10)}AQI=`;
  it.each([
    'correct horse battery',
    '5f4dcc3b5aa765d61d8327deb882cf99',
    'md5$salt$ce33191d981f8f03fe36680196b2ee03',
    'pbkdf2_sha256',
    `pbkdf2_sha512$1000$salt$${SHA256}`,
    `PBKDF2_SHA256$1000$salt$${SHA256}`,
    `pbkdf2_sha256$0$salt$${SHA256}`,
    `pbkdf2_sha256$-1$salt$${SHA256}`,
    `pbkdf2_sha256$01000$salt$${SHA256}`,
    `pbkdf2_sha256$1e3$salt$${SHA256}`,
    `pbkdf2_sha256$ 1000$salt$${SHA256}`,
    `pbkdf2_sha256$${'9'.repeat(400)}$salt$${SHA256}`,
    `pbkdf2_sha256$1000$$${SHA256}`,
    `pbkdf2_sha256$1000$sa$lt$${SHA256}`,
    `pbkdf2_sha256$1000$salt$${B64[20]}`,
    `pbkdf2_sha1$1000$salt$${SHA256}`,
    'pbkdf2_sha256$1000$salt$',
    `pbkdf2_sha256$1000$salt$${SHA256.slice(0, -1)}`,
    `pbkdf2_sha256$1000$salt$${SHA256}=`,
    `pbkdf2_sha256$1000$salt$${SHA256}\n`,
    ` pbkdf2_sha256$1000$salt$${SHA256}`,
    `pbkdf2_sha256$1000$${'s'.repeat(512)}$${SHA256}`,
    `$2x$04$${'.'.repeat(53)}`,
    `$2b$03$${'.'.repeat(53)}`,
    `$2b$04$${'.'.repeat(52)}`,
    `$2b$04$${'.'.repeat(54)}`,
    `$2b$04$${'.'.repeat(52)}/`,
    `$2b$04$${'.'.repeat(21)}/${'.'.repeat(31)}`,
    `$2$04$${'.'.repeat(53)}`,
    'bcrypt$$2b$12$short',
    `bcrypt$${hashOf('Django', 'pbkdf2_sha1')}`,
    `scrypt$16384$salt$8$5$${B64[32]}`,
    `scrypt$16384$salt$0$5$${B64[64]}`,
    `${'0'.repeat(32)}:${'0'.repeat(127)}`,
    `${'0'.repeat(32)}:${'0'.repeat(64)}`,
    `${'g'.repeat(32)}:${HEX64}`,
    `$pbkdf2-md5$1000$AAAA$${'A'.repeat(43)}`,
    `$pbkdf2-sha256$1000$AAAA$${'A'.repeat(10)}`,
    `$pbkdf2-sha256$i=1000,l=64$AAAA$${'A'.repeat(43)}`,
    `$pbkdf2-sha256$1000$A$${'A'.repeat(43)}`,
    `$scrypt$ln=14,r=8$AAAA$${'A'.repeat(43)}`,
    `scrypt:16384:8:1$salt$${'0'.repeat(64)}`,
    `pbkdf2:sha256:1000$salt$${'0'.repeat(40)}`,
    `pbkdf2:md5:1000$salt$${'0'.repeat(64)}`,
    '$firebase-scrypt$AAAA$AAAA',
    `$firebase-scrypt$$${B64[64]}`,
    btoa(`\x01\0\0\0\x03\0\0\x27\x10\0\0\0\x10${'s'.repeat(48)}`),
    btoa(`\x01\0\0\0\x01\0\0\x27\x10\xff\xff\xff\xff${'s'.repeat(48)}`),
    btoa(`\x01\0\0\0\x01\0\0\0\0\0\0\0\x10${'s'.repeat(48)}`),
  ])('says unknown for %j', (hash) => {
    expect(hashKind(hash)).toEqual({ kind: 'unknown', verifies: false, problem: null });
  });

  it('knows every hash of a Django dump that uses PBKDF2', () => {
    const kinds = django.map(({ fields }) => hashKind(fields.password).kind);
    expect(kinds.filter((kind) => kind === 'django_pbkdf2')).toHaveLength(13);
    expect(kinds.filter((kind) => kind === 'none')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'unknown')).toHaveLength(1);
  });

  it('matches one format only: every vector is of exactly the format it names', () => {
    for (const { hash } of vectors) expect(readForeignHash(hash, firebase)?.problem).toBeNull();
  });
});

describe('the configuration of Firebase', () => {
  const KEY = 'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==';

  it.each([
    ['the console', FIREBASE_CONFIG],
    [
      'the console, as JSON',
      JSON.stringify({
        algorithm: 'SCRYPT',
        base64_signer_key: KEY,
        base64_salt_separator: 'Bw==',
        rounds: 8,
        mem_cost: 14,
      }),
    ],
    [
      'the console, as JSON within its name',
      JSON.stringify({
        hash_config: {
          algorithm: 'SCRYPT',
          base64_signer_key: KEY,
          base64_salt_separator: 'Bw==',
          rounds: 8,
          mem_cost: 14,
        },
      }),
    ],
    [
      'the API',
      JSON.stringify(
        { algorithm: 'SCRYPT', signerKey: KEY, saltSeparator: 'Bw==', rounds: 8, memoryCost: 14 },
        null,
        2,
      ),
    ],
    ['one line', FIREBASE_CONFIG.replaceAll('\n', ' ')],
  ])('is read as in %s', (_, text) => {
    const config = readFirebaseHashConfig(text);
    expect(config?.cost).toEqual({ N: 16_384, r: 8, p: 1 });
    expect(config?.signerKey).toHaveLength(64);
    expect(config?.saltSeparator).toEqual(Uint8Array.of(7));
  });

  it.each([
    ['nothing', ''],
    ['no JSON', 'x'],
    ['an empty object', '{}'],
    ['another algorithm', FIREBASE_CONFIG.replace('SCRYPT', 'BCRYPT')],
    ['no key', FIREBASE_CONFIG.replace('base64_signer_key', 'other')],
    ['a key that is not base64', FIREBASE_CONFIG.replace(KEY, '_!_')],
    ['too much memory', FIREBASE_CONFIG.replace('14', '20')],
    ['no rounds', FIREBASE_CONFIG.replace('rounds: 8', 'rounds: none')],
  ])('is refused with %s', (_, text) => {
    expect(readFirebaseHashConfig(text)).toBeNull();
  });

  it('verifies an exported user’s hash with its salt, in either alphabet', async () => {
    const [, , salt = '', hash = ''] = hashOf('Firebase', '').split('$');
    const urlSafe = (text: string) => text.replaceAll('+', '-').replaceAll('/', '_');
    const encoded = encodeFirebaseHash(urlSafe(salt), urlSafe(hash));
    expect(await hasher.verify('user1password', encoded)).toEqual(RIGHT);
    expect(encodeFirebaseHash('no base64!', hash)).toBeNull();
    expect(encodeFirebaseHash(salt, 'AAAA')).toBeNull();
  });
});

describe('scrypt', () => {
  it('never uses more memory than the platform has', async () => {
    const asked: ScryptCost[] = [];
    const watched = createPasswordHasher({
      iterations: 1_000,
      firebase,
      scrypt: (password, salt, cost, bytes) => {
        asked.push(cost);
        return nativeScrypt(password, salt, cost, bytes);
      },
    });
    for (const { hash } of vectors.filter((one) => /scrypt|^[0-9a-f]+[:.]/.test(one.hash))) {
      await watched.verify('x', hash);
    }
    expect(asked.length).toBeGreaterThan(10);
    for (const { N, r, p } of asked) expect(N * r * p).toBeLessThanOrEqual(2 ** 20);
  });
});
