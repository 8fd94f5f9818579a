/**
 * The list of users: searched, filtered and sorted by keyset, at the same cost for a thousand or a million users. If a
 * search or the staff filter matches few users, only those are read. Everything else walks along the sort key (for
 * addresses and usernames that of `logins`), and a filter examines a limited number of rows for a page.
 */
import { and, asc, desc, eq, type SQL, sql } from 'drizzle-orm';
import type { LoginKind } from '../account/d1-logins.ts';
import { logins, userColumns, users } from '../db/schema.ts';
import type { Db } from '../db/statement.ts';
import type { User, UserRow } from '../model.ts';
import type { Cursor, UserPage, UserQuery, UserSort } from './ports.ts';

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

/** All texts with this prefix: nothing sorts after the last code point. */
const begins = (
  column: SQL | typeof logins.key | typeof users.email | typeof users.usernameKey,
  beginning: string,
) => sql`${column} >= ${beginning} AND ${column} < ${`${beginning}\u{10FFFF}`}`;

/** The ids of the few users that a search or the staff filter can match; null if only a walk finds them. */
function fewOf({ search, isStaff }: UserQuery): SQL | null {
  const limited = (rows: SQL) => sql`SELECT * FROM (${rows} LIMIT ${LOOK_MAX + 1})`;
  const found = (kind: LoginKind, beginning: string) =>
    limited(
      sql`SELECT ${logins.userId} FROM ${logins} WHERE ${logins.kind} = ${kind} AND ${begins(logins.key, beginning)}`,
    );
  if (search) {
    return sql.join(
      [
        found('email', search.email),
        found('username', search.usernameKey),
        sql`SELECT id FROM users WHERE id = ${search.id}`,
      ],
      sql` UNION `,
    );
  }
  return isStaff ? limited(sql`SELECT id FROM users WHERE is_staff = 1`) : null;
}

export async function listUsers(db: Db, query: UserQuery): Promise<UserPage> {
  const { search, sort, descending, limit } = query;
  const candidates = fewOf(query);
  const [counted] = candidates
    ? await db.all<{ n: number }>(sql`SELECT count(*) AS n FROM (${candidates})`)
    : [];
  const few = candidates && counted && counted.n <= LOOK_MAX ? candidates : null;
  const tooMany = search !== null && few === null;

  const is = (flag: boolean | null, condition: SQL) =>
    flag === null ? [] : [flag ? condition : sql`NOT (${condition})`];
  const filters = [
    ...is(query.isActive, sql`is_active = 1`),
    ...is(query.isStaff, sql`is_staff = 1`),
    ...is(query.emailVerified, sql`email_verified_at IS NOT NULL`),
    ...(tooMany && sort === 'date_joined'
      ? [sql`(${begins(sql`email`, search.email)} OR ${begins(sql`username_key`, search.usernameKey)})`]
      : []),
  ];
  const range =
    tooMany && sort !== 'date_joined'
      ? begins(logins.key, sort === 'email' ? search.email : search.usernameKey)
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
