/**
 * Creates users, sessions and a blacklist of any size within seconds, inside D1. Independent of Node and Workers, as a test
 * uses it too.
 */

/** The part of D1 that it uses. */
interface Seedable {
  prepare: (sql: string) => {
    bind: (...values: unknown[]) => { run: () => Promise<{ meta: { size_after: number } }> };
  };
}

export const PASSWORD = 'correct horse battery';
const ROWS_AT_ONCE = 50_000;
const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 86_400;

const hex = (n: number) => n.toString(16).padStart(12, '0');
/** As `printf` in the statements below. */
export const seeded = (n: number) => ({
  userId: `019a0000-0000-7000-8000-${hex(n)}`,
  sessionId: `019a0000-0000-7000-9000-${hex(n)}`,
  email: `mina.kim.${n}@example.com`,
});

const ROWS = `WITH RECURSIVE rows (n) AS (
  SELECT CAST(?1 AS INTEGER) UNION ALL SELECT n + 1 FROM rows WHERE n < ?2)`;
const USER_ID = `printf('019a0000-0000-7000-8000-%012x', n)`;
const SESSION_ID = `printf('019a0000-0000-7000-9000-%012x', n)`;
const UUID = `lower(printf('%s-%s-4%s-a%s-%s', hex(randomblob(4)), hex(randomblob(2)),
  substr(hex(randomblob(2)), 2), substr(hex(randomblob(2)), 2), hex(randomblob(6))))`;

const TABLES = {
  logins: () => `INSERT INTO logins (kind, key, user_id)
    SELECT 'email', printf('mina.kim.%d@example.com', n), ${USER_ID} FROM rows WHERE true`,
  users: (
    now: number,
    hash: string,
  ) => `INSERT INTO users (id, email, name, password_hash, date_joined, last_login_at)
    SELECT ${USER_ID}, printf('mina.kim.%d@example.com', n), 'Mina Kim', '${hash}', ${now}, ${now} FROM rows WHERE true`,
  sessions: (
    now: number,
  ) => `INSERT INTO sessions (user_id, id, created_at, last_used_at, expires_at, absolute_end_at, user_agent, ip, country)
    SELECT ${USER_ID}, ${SESSION_ID}, ${now}, ${now}, ${now + DAY_SECONDS + HOUR_SECONDS}, ${now + 30 * DAY_SECONDS},
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
      '2001:db8:85a3::8a2e:370:7334', 'KR' FROM rows WHERE true`,
  /** They expire one after another within a day from `from`. */
  revoked_tokens: (
    from: number,
    _hash: string,
    of: number,
  ) => `INSERT INTO revoked_tokens (expires_at, jti, session_id, revoked_at, reason, successor_jti)
    SELECT ${from} + n * ${DAY_SECONDS} / ${of}, ${UUID}, ${SESSION_ID}, ${from - DAY_SECONDS}, 'rotated', ${UUID}
    FROM rows WHERE true`,
};

/** The size of the database in bytes, which D1 bills and limits to 10 GB. */
export async function seedTable(
  db: Seedable,
  table: Exclude<keyof typeof TABLES, 'logins'>,
  { from = 1, to, at, hash = '' }: { from?: number; to: number; at: number; hash?: string },
): Promise<number> {
  let size = 0;
  for (let first = from; first <= to; first += ROWS_AT_ONCE) {
    const last = Math.min(first + ROWS_AT_ONCE - 1, to);
    // A user without an entry in `logins` could not be found.
    for (const one of table === 'users' ? (['users', 'logins'] as const) : [table]) {
      const { meta } = await db
        .prepare(`${ROWS} ${TABLES[one](at, hash, to)}`)
        .bind(first, last)
        .run();
      size = meta.size_after;
    }
  }
  return size;
}
