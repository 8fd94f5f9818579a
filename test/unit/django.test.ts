import { describe, expect, it } from 'vitest';
import { createPasswordHasher, type DeriveBits } from '../../src/password/hash.ts';
import { deriveByWebCrypto } from '../../src/password/pbkdf2.ts';
import dump from '../data/django/dumpdata.json';
import passwords from '../data/django/passwords.json';

const hasher = createPasswordHasher({ iterations: 1_000 });

const users = passwords.map(({ username, password, kind }) => {
  const user = dump.find(({ fields }) => fields.username === username);
  if (!user) throw new Error(`${username} is not in the dump`);
  return { username, kind, password: password ?? '', encoded: user.fields.password };
});
const readable = users.filter(({ kind }) => kind.startsWith('pbkdf2_'));
const others = users.filter(({ kind }) => !kind.startsWith('pbkdf2_'));

/** Made with Python's hashlib.pbkdf2_hmac and base64.b64encode, as Django's hashers do. */
const VECTORS = [
  ['letmein', 'pbkdf2_sha256$1$seasalt$25AaZOClAOzTDEv9+nNA5HubZwUsHLhKlzN9pSIs6C8='],
  ['letmein', 'pbkdf2_sha1$1$seasalt$JPS/9oPBLVE4XoRsqUdezHU2PK0='],
  ['lètmein', 'pbkdf2_sha256$10000$seasalt$CWWFdHOWwPnki7HvkcqN9iA2T3KLW1cf2uZ5kvArtVY='],
  ['lètmein', 'pbkdf2_sha256$100000$sälz/한$tXCVZo0WDw4Lzs0QOjGNVTh4iDa+0QOE8hSQg08MSwY='],
  ['ﬁve', 'pbkdf2_sha256$100001$seasalt$NHvVw8zNbOuvowZfYD6SZKGdyJOkSO7t482Xb3T9NaM='],
  ['lètmein', 'pbkdf2_sha1$100001$seasalt$MbRSJsoqnB2FNMusES0u0UPSEjY='],
  ['', 'pbkdf2_sha256$1000$seasalt$XHfRVmyEZRTCcSbqGP00JKv0fRwYHK0ogjPZdSJxCXk='],
  ['a\0b', 'pbkdf2_sha256$1000$seasalt$B87m6RQNwvvixqGyMHkcqL6gtd79Hz/bbfrdEWR4drg='],
  ['\ufffd', 'pbkdf2_sha256$1000$seasalt$aeVF/JDUls1v4ZGiOuMz9RAgPCBrPPfJgvfy9oCf6k8='],
] as const;

describe("users of Django's", () => {
  it('are 13 with PBKDF2 and 2 without', () => {
    expect([readable.length, others.length]).toEqual([13, 2]);
  });

  it.each(readable)('$username logs in ($kind)', { timeout: 60_000 }, async ({ password, encoded }) => {
    expect(await hasher.verify(password, encoded)).toEqual({ ok: true, rehash: true });
  });

  const cheap = readable.filter(({ encoded }) => encoded.includes('$260000$'));
  it.each(cheap)('$username does not with another password', { timeout: 60_000 }, async (user) => {
    const { password, encoded } = user;
    // The trailing space and the spelling outside NFKC are what is other about these two.
    const other = { trail: password.trimEnd(), 'é.ünïcode': password.normalize('NFKC') }[user.username];
    expect(other).not.toBe(password);
    expect(await hasher.verify(other ?? `${password}.`, encoded)).toEqual({ ok: false, rehash: false });
  });

  it.each(others)('$username has no readable hash ($kind)', async ({ password, encoded }) => {
    expect(await hasher.verify(password, encoded)).toEqual({ ok: false, rehash: false });
    expect(await hasher.verify(encoded, encoded)).toEqual({ ok: false, rehash: false });
  });
});

describe("a hash of Django's", () => {
  it.each(VECTORS)('%j is the password of %s', async (password, encoded) => {
    expect(await hasher.verify(password, encoded)).toEqual({ ok: true, rehash: true });
    expect(await hasher.verify(`${password}x`, encoded)).toEqual({ ok: false, rehash: false });
  });

  it.each([
    ['\ud800', VECTORS[8][1]],
    ['letmein\0', VECTORS[0][1]],
    ['letmein\0\0', VECTORS[1][1]],
    ['\0', VECTORS[6][1]],
  ])('does not match %j, which derives the same key', async (password, encoded) => {
    expect(await hasher.verify(password, encoded)).toEqual({ ok: false, rehash: false });
  });

  it.each([
    [VECTORS[1][1], [['SHA-1', 1, 20]]],
    [VECTORS[2][1], [['SHA-256', 10_000, 32]]],
    [VECTORS[3][1], [['SHA-256', 100_000, 32]]],
    [VECTORS[4][1], []],
    [VECTORS[5][1], []],
  ])('%s asks Web Crypto for %j', async (encoded, calls) => {
    const asked: unknown[] = [];
    const derive: DeriveBits = (hash, password, salt, iterations, bytes) => {
      asked.push([hash, iterations, bytes]);
      return deriveByWebCrypto(hash, password, salt, iterations, bytes);
    };
    await createPasswordHasher({ iterations: 1_000, derive }).verify('letmein', encoded);
    expect(asked).toEqual(calls);
  });
});
