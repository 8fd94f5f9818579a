/** Log-ins with password hashes that other software made: replaced by ours, limited, and no burden to other requests. */
import { describe, expect, it } from 'vitest';
import vectors from '../data/password-hashes/vectors.json';
import { capturedLog } from '../support/log.ts';
import { codeOf, person, type Vars, type World, world } from '../support/world.ts';

capturedLog();

const PASSWORD = 'correct horse battery';
const OURS = /^\$pbkdf2-sha256-chain\$/;

const SLOW = { timeout: 120_000 };

async function imported(w: World, hash: string) {
  const username = `u${crypto.randomUUID().slice(0, 8)}`;
  const who = await w.signUp({ ...person(), username });
  await w.rows('UPDATE users SET password_hash = ? WHERE id = ?', hash, who.user.id);
  const stored = async () =>
    (await w.rows<{ password_hash: string }>('SELECT password_hash FROM users WHERE id = ?', who.user.id))[0]
      ?.password_hash;
  return { ...who, stored };
}

const hashOf = (software: string, start: string): string => {
  const found = vectors.find((one) => one.software.startsWith(software) && one.hash.startsWith(start));
  if (!found) throw new Error(`no hash of ${software} begins with ${start}`);
  return found.hash;
};

/** A Django hash of so many iterations, of no known password. */
const djangoHash = (iterations: number) => `pbkdf2_sha256$${iterations}$seasalt$${'A'.repeat(43)}=`;

const FIREBASE_HASH_CONFIG = JSON.stringify({
  algorithm: 'SCRYPT',
  base64_signer_key:
    'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==',
  base64_salt_separator: 'Bw==',
  rounds: 8,
  mem_cost: 14,
});

describe('an imported user', () => {
  it.each<[string, string, Vars?]>([
    ['Django', 'pbkdf2_sha256$110000'],
    ['Django', 'bcrypt_sha256'],
    ['Django', 'bcrypt$'],
    ['Django', 'scrypt'],
    ['bcrypt for Python', '$2b$12'],
    ['PHP', '$2y$12'],
    ['bcrypt for Ruby', '$2a$12'],
    ['better-auth', 'e08c'],
    ['Node', 'debd'],
    ['firebase-scrypt', '$firebase', { FIREBASE_HASH_CONFIG }],
    ['Werkzeug', 'scrypt:32768'],
    ['passlib', '$pbkdf2-sha512$25000'],
    ['passlib', '$scrypt$ln=14'],
    ['Keycloak', '$pbkdf2-sha256'],
    ['ASP.NET', 'AQAAAAI'],
  ])(
    'with a hash of %s (%s) logs in, and the hash becomes one of ours',
    SLOW,
    async (software, start, vars) => {
      const w = world({ vars: vars ?? {} });
      const who = await imported(w, hashOf(software, start));
      expect((await w.logIn({ email: who.email, password: PASSWORD })).status).toBe(200);
      expect(await who.stored()).toMatch(OURS);
      expect((await w.logIn({ email: who.email, password: PASSWORD })).status).toBe(200);
      expect(codeOf(await w.logIn({ email: who.email, password: `${PASSWORD}.` }))).toBe('no_active_account');
    },
  );

  it.each([
    ['Argon2', '$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHQ$aGFzaGhhc2g'],
    ['2,000,001 iterations', djangoHash(2_000_001)],
    ['a cost of 31', `$2b$31$${'.'.repeat(53)}`],
    ['Firebase, without its configuration', hashOf('firebase-scrypt', '$firebase')],
  ])('whose hash cannot be verified (%s) is answered like an unknown one', async (_, hash) => {
    const w = world();
    const who = await imported(w, hash);
    const answer = await w.logIn({ email: who.email, password: PASSWORD });
    const unknown = await w.logIn(person());
    expect([answer.status, answer.text]).toEqual([401, unknown.text]);
    expect(await who.stored()).toBe(hash);
  });

  it('of Django’s who types white space around the password goes on typing it', SLOW, async () => {
    const w = world();
    const who = await imported(w, hashOf('Django', 'scrypt'));
    const typed = `  ${PASSWORD}\n`;
    expect((await w.post('/api/token/', { email: who.email, password: typed })).status).toBe(200);
    expect(await who.stored()).toMatch(OURS);
    expect((await w.logIn({ email: who.email, password: typed })).status).toBe(200);
    expect((await w.logIn({ email: who.email, password: PASSWORD })).status).toBe(401);
  });
});

describe('guesses at an imported hash that is costlier than ours', () => {
  const ON = { RATE_LIMITS: 'on' };
  /** Costly compared with the 1,000 iterations of the tests. */
  const costly = hashOf('bcrypt for Python', '$2b$04');
  let clients = 0;
  const anotherClient = () => {
    clients += 1;
    return { headers: { 'CF-Connecting-IP': `198.51.100.${clients}` } };
  };

  it('are limited to ten a minute for an account, for all clients and both names', async () => {
    const w = world({ vars: ON });
    const who = await imported(world(), costly);
    const guess = (name: object) => w.post('/account/login', { ...name, password: 'x' }, anotherClient());
    const names = [{ email: who.email }, { username: who.username }];
    const statuses: number[] = [];
    for (let n = 0; n < 10; n += 1) statuses.push((await guess(names[n % 2] ?? {})).status);
    expect(statuses).toEqual(Array(10).fill(401));
    for (const name of names) {
      const refused = await guess(name);
      expect([refused.status, codeOf(refused), refused.headers.get('Retry-After')]).toEqual([
        429,
        'throttled',
        '60',
      ]);
    }
    const other = await imported(world(), costly);
    expect(
      (await w.post('/account/login', { email: other.email, password: 'x' }, anotherClient())).status,
    ).toBe(401);
  });

  it('are limited exactly even if fifty come at once', async () => {
    const w = world({ vars: ON });
    const who = await imported(world(), costly);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        w.post('/account/login', { email: who.email, password: 'x' }, anotherClient()),
      ),
    );
    const count = (status: number) => answers.filter((answer) => answer.status === status).length;
    expect([count(401), count(429)]).toEqual([10, 40]);
  });

  it('by strangers do not keep a signed-in user from entering the password', async () => {
    const w = world({ vars: ON });
    const who = await imported(world(), costly);
    for (let n = 0; n < 11; n += 1) {
      await w.post('/account/login', { email: who.email, password: 'x' }, anotherClient());
    }
    const prove = () => w.delete('/account/me', { password: 'x' }, { token: who.access, ...anotherClient() });
    const statuses: number[] = [];
    for (let n = 0; n < 11; n += 1) statuses.push((await prove()).status);
    expect(statuses).toEqual([...Array(10).fill(400), 429]);
  });

  it.each([
    ['a hash of ours', undefined],
    ['an imported hash that costs no more', djangoHash(1_000)],
    ['a hash that cannot verify', djangoHash(2_000_001)],
  ])('are not counted for %s', async (_, hash) => {
    const w = world({ vars: ON });
    const who = await world().signUp();
    if (hash !== undefined)
      await w.rows('UPDATE users SET password_hash = ? WHERE id = ?', hash, who.user.id);
    for (let n = 0; n < 12; n += 1) {
      const answer = await w.post('/account/login', { email: who.email, password: 'x' }, anotherClient());
      expect(answer.status).toBe(401);
    }
  });

  it('are refused if they cannot be counted', async () => {
    const fails = { limit: () => Promise.reject(new Error('away')) };
    const w = world({ vars: ON, bindings: { LIMIT_IMPORTED_HASH: fails } });
    const who = await imported(world(), costly);
    const answer = await w.post('/account/login', { email: who.email, password: PASSWORD }, anotherClient());
    expect([answer.status, codeOf(answer)]).toEqual([503, 'unavailable']);
  });
});

describe('a costly check', () => {
  it(
    'does not block other requests: /healthz during three guesses at 110,000 iterations in JavaScript',
    SLOW,
    async () => {
      const w = world();
      const who = await imported(w, djangoHash(110_000));
      const begun = performance.now();
      let running = true;
      const guesses = Promise.all(
        Array.from({ length: 3 }, () => w.logIn({ email: who.email, password: 'x' })),
      ).finally(() => {
        running = false;
      });
      const waits: number[] = [];
      while (running) {
        const sent = performance.now();
        // As a request arrives: in a turn of the event loop of its own.
        await new Promise((resolve) => setTimeout(resolve, 0));
        expect((await w.get('/healthz')).status).toBe(200);
        waits.push(performance.now() - sent);
      }
      expect((await guesses).map(({ status }) => status)).toEqual(Array(3).fill(401));
      // Shares, not milliseconds: the machine may be slow. In one piece the longest wait would be a third at least.
      expect(waits.length).toBeGreaterThan(20);
      expect(Math.max(...waits)).toBeLessThan((performance.now() - begun) / 6);
    },
  );
});
