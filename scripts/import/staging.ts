/**
 * Everybody in the file, before anybody is written: a SQLite database in a temporary file, which has no name and is
 * gone with the process. Here whatever stands elsewhere in the file joins its user, and it is settled who keeps an
 * address or a username that several have. So the outcome is the same at every run, and memory does not grow.
 */
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { Known, LeftOut, Person, Reason } from './person.ts';
import type { Place } from './records.ts';
import { naturalOwner, type Owner } from './sources/source.ts';

/** Who of several keeps an address: the first in the file, who logged in last (else the first), or nobody. */
export const KEEP = ['last-login', 'first', 'none'] as const;
export type Keep = (typeof KEEP)[number];

export interface Rules {
  keep: Keep;
  /** What somebody cannot keep refuses them. */
  strict: boolean;
  /** Staff stay staff, whether anybody has verified their address or not. */
  keepUnverifiedStaff: boolean;
}

export interface Refusal {
  reason: Reason;
  detail: string;
  taken_by?: string;
}

/** Somebody of the file, as far as the file itself decides. */
export type Staged = { seq: number; place: Place } & (
  | { person: Person }
  | { known: Known; refusal: Refusal }
  /** The same record stood earlier in the file. */
  | { known: Known; duplicateOf: string }
);

const PAGES_KIB = 32_768;

const TABLES = `
  CREATE TABLE persons (
    seq INTEGER PRIMARY KEY, place TEXT NOT NULL, owner TEXT, natural_owner TEXT, id TEXT, own_id TEXT, email TEXT,
    email_from_username INTEGER, username TEXT, last_login INTEGER, verified INTEGER NOT NULL DEFAULT 0,
    data TEXT NOT NULL, refusal TEXT, hash TEXT, kind TEXT,
    own_id_lost_to INTEGER, email_lost_to INTEGER, username_lost_to INTEGER, duplicate_of INTEGER);
  CREATE TABLE addresses (owner TEXT, email TEXT, verified INTEGER, is_primary INTEGER);
  CREATE TABLE passwords (owner TEXT, hash TEXT, kind TEXT);`;

/** Asked for often enough once everybody is there. */
const INDEXES = `
  CREATE INDEX addresses_owner ON addresses (owner);
  CREATE INDEX passwords_owner ON passwords (owner);`;

const EMAIL_TAKEN = 'another account has this e-mail address (case does not count)';
const STAFF_UNVERIFIED = 'nobody has verified the address: not staff here';
const USERNAME_TAKEN = 'another account has this username (case does not count)';

interface Row {
  seq: number;
  place: string;
  data: string;
  email: string | null;
  verified: number;
  refusal: string | null;
  duplicate_of: string | null;
  own_id_winner: string | null;
  email_lost_to: number | null;
  email_winner: string | null;
  username_lost_to: number | null;
  username_winner: string | null;
  hash: string | null;
  kind: string | null;
}

export function openStaging(rules: Rules) {
  const { keep, strict } = rules;
  const database = new DatabaseSync('');
  database.exec(`PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -${PAGES_KIB};`);
  database.exec(TABLES);
  database.exec('BEGIN');
  const insertPerson = database.prepare(
    `INSERT INTO persons (place, owner, natural_owner, id, own_id, email, email_from_username, username, last_login,
      data, refusal) VALUES (?,?,?,?,?,?,?,?,?,?,?)`,
  );
  const insertAddress = database.prepare('INSERT INTO addresses VALUES (?,?,?,?)');
  const insertPassword = database.prepare('INSERT INTO passwords VALUES (?,?,?)');
  const all = <T>(sql: string, ...values: SQLInputValue[]) =>
    database.prepare(sql).all(...values) as unknown as T[];

  const addRow = (place: Place, person: Person | null, data: unknown, refusal: Refusal | null) =>
    insertPerson.run(
      JSON.stringify(place),
      person?.known.pk === undefined ? null : String(person.known.pk),
      person && naturalOwner(person.known.username ?? person.known.email ?? ''),
      person?.id ?? null,
      person?.ownId ?? null,
      person?.email ?? null,
      person?.emailFromUsername ? 1 : 0,
      person?.usernameKey ?? null,
      person?.lastLoginAt ?? null,
      JSON.stringify(data),
      refusal && JSON.stringify(refusal),
    );

  return {
    addPerson(place: Place, person: Person): void {
      const [fault] = strict ? person.leftOut : [];
      const refusal = fault && {
        reason: fault.reason === 'unreadable' || fault.reason === 'id_taken' ? 'malformed' : fault.reason,
        detail: person.leftOut.map(({ field, detail }) => `${field}: ${detail}`).join('; '),
      };
      addRow(place, person, person, refusal ?? null);
    },
    addRefused: (place: Place, known: Known, refusal: Refusal) =>
      void addRow(place, null, { known }, refusal),
    addAddress: (owner: Owner, email: string, verified: boolean, primary: boolean) =>
      void insertAddress.run(owner, email, Number(verified), Number(primary)),
    addPassword: (owner: Owner, hash: string, kind: string) => void insertPassword.run(owner, hash, kind),

    /** Once everything is in. Returns how many addresses nobody could take. */
    settle(): { moreAddresses: number } {
      database.exec(INDEXES);
      joinAddresses(database);
      database.exec(`UPDATE persons SET (hash, kind) =
          (SELECT hash, kind FROM passwords AS p WHERE p.owner = persons.owner ORDER BY p.rowid DESC LIMIT 1)
        WHERE owner IN (SELECT owner FROM passwords)`);
      settleIds(database);
      settleEmails(database, keep);
      if (strict) refuse(database, 'email_lost_to', { reason: 'email_taken', detail: EMAIL_TAKEN });
      settleUsernames(database);
      if (strict) refuse(database, 'username_lost_to', { reason: 'username_taken', detail: USERNAME_TAKEN });
      database.exec('COMMIT; CREATE INDEX persons_email ON persons (email)');
      const [row] = all<{ n: number }>(
        'SELECT count(*) AS n FROM addresses WHERE email NOT IN (SELECT email FROM persons WHERE email IS NOT NULL)',
      );
      return { moreAddresses: row?.n ?? 0 };
    },

    size: (): number => all<{ n: number }>('SELECT count(*) AS n FROM persons')[0]?.n ?? 0,

    /** The next `limit` after `seq`, in the order of the file. */
    page: (seq: number, limit: number): Staged[] =>
      all<Row>(PAGE, seq, limit).map((row) => stagedOf(row, rules)),

    close: () => database.close(),
  };
}
export type Staging = ReturnType<typeof openStaging>;

/** A verified address stays verified; who has none in the user's record gets the primary one. */
function joinAddresses(database: DatabaseSync): void {
  const own = 'a.owner IN (persons.owner, persons.natural_owner)';
  database.exec(`
    UPDATE persons SET email = (SELECT a.email FROM addresses AS a WHERE ${own}
        ORDER BY a.is_primary DESC, a.verified DESC, a.rowid LIMIT 1)
      WHERE email IS NULL AND EXISTS (SELECT 1 FROM addresses AS a WHERE ${own});
    UPDATE persons SET verified = 1 WHERE email IS NOT NULL
      AND EXISTS (SELECT 1 FROM addresses AS a WHERE ${own} AND a.email = persons.email AND a.verified = 1);`);
}

function settleIds(database: DatabaseSync): void {
  database.exec(`
    UPDATE persons SET duplicate_of = first FROM (
      SELECT seq AS later, first_value(seq) OVER (PARTITION BY id ORDER BY seq) AS first FROM persons
        WHERE id IS NOT NULL AND refusal IS NULL) WHERE seq = later AND first <> later;
    UPDATE persons SET own_id_lost_to = first, own_id = NULL FROM (
      SELECT seq AS later, first_value(seq) OVER (PARTITION BY own_id ORDER BY seq) AS first FROM persons
        WHERE own_id IS NOT NULL AND refusal IS NULL AND duplicate_of IS NULL)
      WHERE seq = later AND first <> later;`);
}

const CLAIMS = 'refusal IS NULL AND duplicate_of IS NULL';

function settleEmails(database: DatabaseSync, keep: Keep): void {
  const order = {
    first: 'email_from_username, seq',
    'last-login': 'email_from_username, last_login DESC, seq',
    none: 'email_from_username, seq',
  }[keep];
  // With `none` the first keeps it only from those whose address was but a username.
  const lost =
    keep === 'none' ? 'winner <> loser OR (email_from_username = 0 AND claims > 1)' : 'winner <> loser';
  database.exec(`
    UPDATE persons SET email_lost_to = winner, email = NULL,
        username = CASE WHEN instr(username, '@') = 0 THEN username END
      FROM (SELECT seq AS loser, first_value(seq) OVER (PARTITION BY email ORDER BY ${order}) AS winner,
          sum(email_from_username = 0) OVER (PARTITION BY email) AS claims
        FROM persons WHERE email IS NOT NULL AND ${CLAIMS})
      WHERE seq = loser AND (${lost});`);
}

/** Who has no address needs the username more; else the first in the file keeps it. */
function settleUsernames(database: DatabaseSync): void {
  database.exec(`
    UPDATE persons SET username_lost_to = winner, username = NULL
      FROM (SELECT seq AS loser,
          first_value(seq) OVER (PARTITION BY username ORDER BY email IS NOT NULL, seq) AS winner
        FROM persons WHERE username IS NOT NULL AND ${CLAIMS})
      WHERE seq = loser AND winner <> loser;`);
}

function refuse(database: DatabaseSync, lostTo: string, refusal: Refusal): void {
  database
    .prepare(
      `UPDATE persons SET username = NULL, email = NULL, refusal = json_set(?, '$.taken_by',
          (SELECT coalesce(w.own_id, w.id) FROM persons AS w WHERE w.seq = persons.${lostTo}))
        WHERE ${lostTo} IS NOT NULL AND refusal IS NULL`,
    )
    .run(JSON.stringify(refusal));
}

const idOf = (alias: string) => `coalesce(${alias}.own_id, ${alias}.id)`;
const PAGE = `
  SELECT p.seq, p.place, p.data, p.email, p.verified, p.refusal, p.email_lost_to, p.username_lost_to,
    ${idOf('d')} AS duplicate_of, ${idOf('i')} AS own_id_winner, ${idOf('e')} AS email_winner,
    ${idOf('u')} AS username_winner, p.hash, p.kind
  FROM persons AS p
    LEFT JOIN persons AS d ON d.seq = p.duplicate_of
    LEFT JOIN persons AS i ON i.seq = p.own_id_lost_to
    LEFT JOIN persons AS e ON e.seq = p.email_lost_to AND e.seq <> p.seq
    LEFT JOIN persons AS u ON u.seq = p.username_lost_to AND u.seq <> p.seq
  WHERE p.seq > ? ORDER BY p.seq LIMIT ?`;

function stagedOf(row: Row, { strict, keepUnverifiedStaff }: Rules): Staged {
  const { seq } = row;
  const place = JSON.parse(row.place) as Place;
  const data = JSON.parse(row.data) as Person;
  if (row.refusal !== null) return { seq, place, known: data.known, refusal: JSON.parse(row.refusal) };
  if (row.duplicate_of !== null) return { seq, place, known: data.known, duplicateOf: row.duplicate_of };
  const person: Person = {
    ...data,
    email: row.email,
    emailVerifiedAt: data.emailVerifiedAt ?? (row.verified === 1 ? 'now' : null),
    ...(row.hash !== null && row.kind !== null && { passwordHash: row.hash, passwordKind: row.kind }),
  };
  if (row.email_lost_to !== null) loseEmail(person, row.email_winner ?? undefined);
  if (row.username_lost_to !== null) loseUsername(person, row.username_winner ?? undefined);
  if (row.own_id_winner !== null) loseId(person, row.own_id_winner);
  const lost = keepUnverifiedStaff ? null : loseStaff(person);
  const refusal = refusalOf(person) ?? (strict ? lost : null);
  return refusal ? { seq, place, known: person.known, refusal } : { seq, place, person };
}

const holder = (id: string | undefined) => (id === undefined ? {} : { taken_by: id });

/** Without the address, and without a username that is the address. */
export function loseEmail(person: Person, to?: string): void {
  person.leftOut.push({ field: 'email', reason: 'email_taken', detail: EMAIL_TAKEN, ...holder(to) });
  person.email = null;
  if (person.username?.includes('@')) {
    person.username = null;
    person.usernameKey = null;
  }
}

/** Staff rights need a verified address: whoever has none is no staff here. Says why, where somebody was. */
export function loseStaff(person: Person): Refusal | null {
  if (!person.isStaff || (person.email !== null && person.emailVerifiedAt !== null)) return null;
  const lost = { reason: 'email_not_verified', detail: STAFF_UNVERIFIED } as const;
  person.isStaff = false;
  person.leftOut.push({ field: 'is_staff', ...lost });
  return lost;
}

export function loseUsername(person: Person, to?: string): void {
  if (person.usernameKey === null) return;
  const detail = USERNAME_TAKEN;
  person.leftOut.push({ field: 'username', reason: 'username_taken', detail, ...holder(to) });
  person.username = null;
  person.usernameKey = null;
}

export function loseId(person: Person, to: string): void {
  const detail = 'another account has this id: it is a new one';
  person.leftOut.push({ field: 'id', reason: 'id_taken', detail, taken_by: to });
  person.ownId = null;
}

/** Who has neither address nor username left cannot be imported; the reason is why they lost them. */
export function refusalOf(person: Person): Refusal | null {
  if (person.email !== null || person.username !== null) return null;
  const why = ['email', 'username']
    .map((field) => person.leftOut.find((left) => left.field === field))
    .find((left): left is LeftOut => left !== undefined);
  if (!why) return { reason: 'nameless', detail: 'neither e-mail nor username' };
  const { reason, detail, taken_by } = why;
  return { reason: reason as Reason, detail, ...holder(taken_by) };
}
