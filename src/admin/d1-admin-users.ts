/**
 * The list of users: searched, filtered and sorted, by keyset, at the same cost whether there are a thousand or a
 * million. A search (or the filter for staff) that fits few users is answered from those few. Everything else goes
 * along the index of the sort, and a filter looks at so many rows a page and says how far it came.
 */
import { and, asc, desc, type SQL, sql } from 'drizzle-orm';
import { users } from '../db/schema.ts';
import type { Db } from '../db/statement.ts';
import type { User } from '../ports.ts';
import type { Cursor, UserPage, UserQuery, UserSort } from './ports.ts';

/** Rows that a filter without an index looks at for one page, and users that a search sorts. */
export const LOOK_MAX = 1_000;

/** UUIDv7 sorts by the time it was made, and that of an imported user is made from `date_joined`. */
const FIELDS = { date_joined: 'id', email: 'email', username: 'usernameKey' } as const satisfies Record<
  UserSort,
  keyof typeof users.$inferSelect
>;

/** Those who have what is sorted by come first, in its order; then those without, by the date they joined. */
type Phase = 'with' | 'without';

/** All texts that begin so: nothing sorts after the last code point. */
const begins = (column: string, beginning: string): SQL =>
  sql`${sql.raw(column)} >= ${beginning} AND ${sql.raw(column)} < ${`${beginning}\u{10FFFF}`}`;

/** The ids of the few that a search or the filter for staff can mean; null where only a walk finds them. */
function fewOf({ search, isStaff }: UserQuery): SQL | null {
  const limited = (where: SQL) =>
    sql`SELECT id FROM (SELECT id FROM users WHERE ${where} LIMIT ${LOOK_MAX + 1})`;
  if (search) {
    return sql.join(
      [
        limited(begins('email', search.email)),
        limited(begins('username_key', search.usernameKey)),
        sql`SELECT id FROM users WHERE id = ${search.id}`,
      ],
      sql` UNION `,
    );
  }
  return isStaff ? limited(sql`is_staff = 1`) : null;
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
      ? [sql`(${begins('email', search.email)} OR ${begins('username_key', search.usernameKey)})`]
      : []),
  ];
  const range =
    tooMany && sort !== 'date_joined'
      ? begins(
          sort === 'email' ? 'email' : 'username_key',
          sort === 'email' ? search.email : search.usernameKey,
        )
      : undefined;
  const phases: readonly Phase[] = sort === 'date_joined' || range ? ['with'] : ['with', 'without'];

  const ordering = `${descending ? '-' : ''}${sort}`;
  const after = query.after?.[0] === ordering ? query.after : null;
  const cursor = (phase: Phase, key: string): Cursor => [ordering, phase, key];

  const items: User[] = [];
  let looked: number | null = null;
  let from = after?.[2] === undefined ? undefined : String(after[2]);
  for (const phase of after?.[1] === 'without' ? phases.slice(1) : phases) {
    // The index of usernames leaves out those without: they are looked for.
    const unindexed = phase === 'without' && sort === 'username';
    const field = phase === 'with' ? FIELDS[sort] : 'id';
    const down = descending && phase === 'with';
    // A `+` keeps SQLite from any other index than that of the few.
    const plus = few ? sql`+` : sql``;
    const key = sql`${plus}${users[field]}`;
    const order = down ? desc : asc;
    const along = and(
      unindexed
        ? undefined
        : sql`${plus}${users[FIELDS[sort]]} IS ${phase === 'with' ? sql`NOT NULL` : sql`NULL`}`,
      from === undefined ? undefined : down ? sql`${key} < ${from}` : sql`${key} > ${from}`,
      range,
      few ? sql`${users.id} IN (${few})` : undefined,
    );
    const wanted = unindexed ? [...filters, sql`username_key IS NULL`] : filters;
    const room = limit - items.length;
    const full = (rows: (typeof users.$inferSelect)[]): UserPage | null => {
      items.push(...rows.slice(0, room));
      if (rows.length <= room) return null;
      const last = rows[room - 1];
      return { items, next: cursor(phase, last ? String(last[field]) : ''), looked: null, tooMany };
    };

    if (few || wanted.length === 0) {
      const where = and(along, ...wanted);
      const page = full(
        await db
          .select()
          .from(users)
          .where(where)
          .orderBy(order(key))
          .limit(room + 1),
      );
      if (page) return page;
    } else {
      const most: number = LOOK_MAX - (looked ?? 0);
      const seen = db.select().from(users).where(along).orderBy(order(key)).limit(most).as('seen');
      const [rows, [end]] = await db.batch([
        db
          .select()
          .from(seen)
          .where(and(...wanted))
          .orderBy(order(seen[field]))
          .limit(room + 1),
        db
          .select({
            looked: sql<number>`count(*)`.as('looked'),
            key: sql<string>`${sql.raw(down ? 'min' : 'max')}(${seen[field]})`.as('key'),
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
