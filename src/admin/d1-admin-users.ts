/**
 * The list of users: searched, filtered and sorted by keyset, at the same cost for a thousand or a million users. If a
 * search, or a filter that another table serves, matches few users, only those are read. Everything else walks along the
 * sort key (for addresses and usernames that of `logins`), and a filter examines a limited number of rows for a page.
 */
import { and, asc, desc, eq, type SQL, sql } from 'drizzle-orm';
import type { LoginKind } from '../account/d1-logins.ts';
import { logins, nameWords, userColumns, users } from '../db/schema.ts';
import type { Db } from '../db/statement.ts';
import type { User, UserRow } from '../model.ts';
import { capped, upTo } from './d1-counts.ts';
import type { Count, Cursor, NameSearch, UserPage, UserQuery, UserSort } from './list-ports.ts';

/** How many rows a filter without an index examines for one page, and how many users a search sorts. */
export const LOOK_MAX = 1_000;

/** UUIDv7 sorts by its creation time, which for an imported user is `date_joined`. */
const COLUMNS = {
  date_joined: users.id,
  email: users.email,
  username: users.usernameKey,
} as const satisfies Record<UserSort, unknown>;

/** Users with the sorted field come first, in its order; then those without, by the date they joined. */
type Phase = 'with' | 'without';

/** Nothing sorts after it. */
const LAST_CODE_POINT = '\u{10FFFF}';

/** All texts that begin so. */
const begins = (column: SQL | typeof logins.key, beginning: string) =>
  sql`${column} >= ${beginning} AND ${column} < ${beginning + LAST_CODE_POINT}`;

/** A name with a word for each of those that were typed: the part of it that the directory of words does not say. */
const isNamed = ({ words }: NameSearch): SQL =>
  sql.join(
    words.map((spellings) => {
      const found = spellings.map((word) => sql`instr(' ' || lower(name), ${` ${word}`}) > 0`);
      return sql`(${sql.join(found, sql` OR `)})`;
    }),
    sql` AND `,
  );

/** Neither an address nor a username has a space. */
const isNameAlone = ({ name }: NonNullable<UserQuery['search']>): boolean => name.words.length > 1;

/** The ids of the few that a search or one of some filters can mean; null where only a walk finds them. */
function fewOf(query: UserQuery): SQL | null {
  const { search } = query;
  const limited = (rows: SQL) => sql`SELECT * FROM (${rows} LIMIT ${LOOK_MAX + 1})`;
  const found = (kind: LoginKind, beginning: string) =>
    limited(
      sql`SELECT ${logins.userId} FROM ${logins} WHERE ${logins.kind} = ${kind} AND ${begins(logins.key, beginning)}`,
    );
  if (search) {
    // Of several spellings in one statement: D1 takes five that are joined by UNION.
    const named = limited(
      sql`SELECT ${nameWords.userId} FROM json_each(${JSON.stringify(search.name.lookUp)}) AS spelling
        CROSS JOIN ${nameWords} ON ${nameWords.word} >= spelling.value
          AND ${nameWords.word} < spelling.value || ${LAST_CODE_POINT}`,
    );
    const called = [
      found('email', search.email),
      found('username', search.usernameKey),
      sql`SELECT id FROM users WHERE id = ${search.id}`,
    ];
    return isNameAlone(search) ? named : sql.join([...called, named], sql` UNION `);
  }
  if (query.isStaff) return limited(sql`SELECT id FROM users WHERE is_staff = 1`);
  if (query.hasPasskey) return limited(sql`SELECT user_id FROM passkeys`);
  if (query.hasConnection) return limited(sql`SELECT user_id FROM connections`);
  if (query.hasSecondFactor) return limited(sql`SELECT user_id FROM totp_secrets WHERE secret IS NOT NULL`);
  return null;
}

/** Those, if they are few. */
async function fewIn(db: Db, query: UserQuery): Promise<SQL | null> {
  const candidates = fewOf(query);
  if (!candidates) return null;
  const [counted] = await db.all<{ n: number }>(sql`SELECT count(*) AS n FROM (${candidates})`);
  return counted && counted.n <= LOOK_MAX ? candidates : null;
}

/** What is asked of each user. `table`: what its columns are of. */
function filtersOf(query: UserQuery, table: 'users' | 'seen'): SQL[] {
  const is = (flag: boolean | null, condition: SQL) =>
    flag === null ? [] : [flag ? condition : sql`NOT (${condition})`];
  return [
    ...is(query.isActive, sql`is_active = 1`),
    ...is(query.isStaff, sql`is_staff = 1`),
    ...is(query.emailVerified, sql`email_verified_at IS NOT NULL`),
    ...is(query.hasSecondFactor, sql`has_second_factor = 1`),
    ...is(query.hasPasskey, sql`passkey_count > 0`),
    ...is(
      query.hasConnection,
      sql`EXISTS (SELECT 1 FROM connections AS own WHERE own.user_id = ${sql.identifier(table)}.id)`,
    ),
    ...(query.search && isNameAlone(query.search) ? [isNamed(query.search.name)] : []),
  ];
}

export async function countUsers(db: Db, query: UserQuery): Promise<Count | null> {
  const filters = filtersOf(query, 'users');
  if (!query.search && filters.length === 0) {
    const [all] = await db.all<{ n: number }>(upTo(sql`SELECT 1 FROM users`));
    return capped(all?.n ?? 0);
  }
  const few = await fewIn(db, query);
  if (!few) return null;
  const where = and(sql`users.id IN (${few})`, ...filters);
  const [found] = await db.all<{ n: number }>(sql`SELECT count(*) AS n FROM users WHERE ${where}`);
  return { count: found?.n ?? 0, more: false };
}

export async function listUsers(db: Db, query: UserQuery): Promise<UserPage> {
  const { search, sort, descending, limit } = query;
  const few = await fewIn(db, query);
  // A name of several words is looked for along every sort; one word, in what the list is sorted by alone.
  const many = search !== null && few === null && !isNameAlone(search) ? search : null;
  const tooMany = many !== null;

  const filters = [
    ...filtersOf(query, few ? 'users' : 'seen'),
    ...(many && sort === 'date_joined'
      ? [
          sql`(${begins(sql`email`, many.email)} OR ${begins(sql`username_key`, many.usernameKey)}
            OR ${isNamed(many.name)})`,
        ]
      : []),
  ];
  const range =
    many && sort !== 'date_joined'
      ? begins(logins.key, sort === 'email' ? many.email : many.usernameKey)
      : undefined;
  const phases: readonly Phase[] = sort === 'date_joined' || range ? ['with'] : ['with', 'without'];

  const ordering = `${descending ? '-' : ''}${sort}`;
  const after = query.after?.[0] === ordering ? query.after : null;
  const cursor = (phase: Phase, key: string): Cursor => [ordering, phase, key];

  const items: User[] = [];
  let looked: number | null = null;
  let from = after?.[2] === undefined ? undefined : String(after[2]);
  for (const phase of after?.[1] === 'without' ? phases.slice(1) : phases) {
    const down = descending && phase === 'with';
    const order = down ? desc : asc;
    const walksDirectory = !few && phase === 'with' && sort !== 'date_joined';
    const column = phase === 'with' ? COLUMNS[sort] : users.id;
    // The `+` keeps SQLite from using another index than that of `ids`.
    const key = walksDirectory ? sql`${logins.key}` : few ? sql`+${column}` : sql`${column}`;
    const along = and(
      walksDirectory ? and(eq(logins.kind, sort), eq(users.id, logins.userId)) : undefined,
      from === undefined ? undefined : down ? sql`${key} < ${from}` : sql`${key} > ${from}`,
      range,
      few ? sql`${users.id} IN (${few})` : undefined,
      few && phase === 'with' ? sql`${column} IS NOT NULL` : undefined,
    );
    // `logins` has no entry for users without one, so they are searched for.
    const wanted =
      phase === 'without' ? [...filters, sql`${sql.identifier(COLUMNS[sort].name)} IS NULL`] : filters;
    const room = limit - items.length;
    const full = (rows: (UserRow & { sortKey: string })[]): UserPage | null => {
      items.push(...rows.slice(0, room).map(({ sortKey: _, ...user }) => user));
      if (rows.length <= room) return null;
      return { items, next: cursor(phase, rows[room - 1]?.sortKey ?? ''), looked: null, tooMany };
    };
    const rowsAlong = (where: SQL | undefined, most: number) => {
      const { usernameKey } = users;
      const sortKey = sql<string>`${key}`.as('sort_key');
      const selected = db.select({ ...userColumns, usernameKey, sortKey });
      // CROSS forces the join order: `logins` first, then the user of each row.
      const joined = walksDirectory ? selected.from(logins).crossJoin(users) : selected.from(users);
      return joined.where(where).orderBy(order(key)).limit(most);
    };

    if (few || wanted.length === 0) {
      const page = full(await rowsAlong(and(along, ...wanted), room + 1));
      if (page) return page;
    } else {
      const most: number = LOOK_MAX - (looked ?? 0);
      const seen = rowsAlong(along, most).as('seen');
      const [rows, [end]] = await db.batch([
        db
          .select()
          .from(seen)
          .where(and(...wanted))
          .orderBy(order(seen.sortKey))
          .limit(room + 1),
        db
          .select({
            looked: sql<number>`count(*)`.as('looked'),
            key: sql<string>`${sql.raw(down ? 'min' : 'max')}(${seen.sortKey})`.as('key'),
          })
          .from(seen),
      ]);
      const page = full(rows);
      if (page) return page;
      looked = (looked ?? 0) + (end?.looked ?? 0);
      if (end?.looked === most) return { items, next: cursor(phase, end.key), looked, tooMany };
    }
    from = '';
  }
  return { items, next: null, looked, tooMany };
}
