/**
 * Holds all users of the file before any is written, in a SQLite database in a nameless temporary file that is gone with
 * the process. Records with parts of a user are joined to that user here, and it is decided who keeps an address or
 * username that several have. So the result is the same at every run, and memory does not grow with the file.
 */
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { Connection } from './connections.ts';
import {
  loseConnection,
  loseEmail,
  loseId,
  loseStaff,
  loseUsername,
  type Refusal,
  refusalOf,
} from './losses.ts';
import type { Known, Person } from './person.ts';
import type { Place } from './records.ts';
import { type Keep, settle } from './settle.ts';
import { naturalOwner, type Owner } from './sources/source.ts';

export interface Rules {
  keep: Keep;
  /** A user who cannot keep everything is refused. */
  strict: boolean;
  /** Staff stay staff even without a verified address. */
  keepUnverifiedStaff: boolean;
}

/** A record of a user after the whole file is read. */
export type Staged = { seq: number; place: Place } & (
  | { person: Person }
  | { known: Known; refusal: Refusal }
  /** The same record is in the file earlier; its id. */
  | { known: Known; duplicateOf: string }
);

/** The user that a connection belongs to: by record, or by key in the old system. */
export type Owned = { seq: number } | { owner: Owner };

const PAGES_KIB = 32_768;

const TABLES = `
  CREATE TABLE persons (
    seq INTEGER PRIMARY KEY, place TEXT NOT NULL, owner TEXT, natural_owner TEXT, id TEXT, own_id TEXT, email TEXT,
    email_from_username INTEGER, username TEXT, last_login INTEGER, verified INTEGER NOT NULL DEFAULT 0,
    data TEXT NOT NULL, refusal TEXT, hash TEXT, kind TEXT,
    own_id_lost_to INTEGER, email_lost_to INTEGER, username_lost_to INTEGER, duplicate_of INTEGER);
  CREATE TABLE addresses (owner TEXT, email TEXT, verified INTEGER, is_primary INTEGER);
  CREATE TABLE passwords (owner TEXT, hash TEXT, kind TEXT);
  CREATE TABLE connections (
    owner TEXT, seq INTEGER, issuer TEXT NOT NULL, subject TEXT NOT NULL, data TEXT NOT NULL, lost_to INTEGER);`;

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
  const insertConnection = database.prepare(
    'INSERT INTO connections (owner, seq, issuer, subject, data) VALUES (?,?,?,?,?)',
  );
  const all = <T>(sql: string, ...values: SQLInputValue[]) =>
    database.prepare(sql).all(...values) as unknown as T[];

  const addRow = (place: Place, person: Person | null, data: unknown, refusal: Refusal | null) =>
    Number(
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
      ).lastInsertRowid,
    );

  return {
    /** Returns the record's `seq`. */
    addPerson(place: Place, person: Person): number {
      const [fault] = strict ? person.leftOut : [];
      const refusal = fault && {
        reason: fault.reason === 'unreadable' || fault.reason === 'id_taken' ? 'malformed' : fault.reason,
        detail: person.leftOut.map(({ field, detail }) => `${field}: ${detail}`).join('; '),
      };
      return addRow(place, person, person, refusal ?? null);
    },
    addRefused: (place: Place, known: Known, refusal: Refusal) =>
      void addRow(place, null, { known }, refusal),
    addAddress: (owner: Owner, email: string, verified: boolean, primary: boolean) =>
      void insertAddress.run(owner, email, Number(verified), Number(primary)),
    addConnection: (owned: Owned, connection: Connection) =>
      void insertConnection.run(
        'owner' in owned ? owned.owner : null,
        'seq' in owned ? owned.seq : null,
        connection.issuer,
        connection.subject,
        JSON.stringify(connection),
      ),
    addPassword: (owner: Owner, hash: string, kind: string) => void insertPassword.run(owner, hash, kind),

    /** Call once everything is added. Returns how many addresses belong to no user. */
    settle(): { moreAddresses: number } {
      settle(database, { keep, strict });
      database.exec('COMMIT; CREATE INDEX persons_email ON persons (email)');
      const [row] = all<{ n: number }>(
        'SELECT count(*) AS n FROM addresses WHERE email NOT IN (SELECT email FROM persons WHERE email IS NOT NULL)',
      );
      return { moreAddresses: row?.n ?? 0 };
    },

    size: (): number => all<{ n: number }>('SELECT count(*) AS n FROM persons')[0]?.n ?? 0,

    /** The next `limit` records after `seq`, in the order of the file. */
    page(seq: number, limit: number): Staged[] {
      const rows = all<Row>(PAGE, seq, limit);
      const last = rows.at(-1);
      const found = last ? all<ConnectionRow>(CONNECTIONS, seq, last.seq) : [];
      const ofSeq = Map.groupBy(found, (row) => row.seq);
      return rows.map((row) => stagedOf(row, ofSeq.get(row.seq) ?? [], rules));
    },

    close: () => database.close(),
  };
}
export type Staging = ReturnType<typeof openStaging>;

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

interface ConnectionRow {
  seq: number;
  data: string;
  winner: string | null;
}
const CONNECTIONS = `
  SELECT c.seq, c.data, ${idOf('w')} AS winner FROM connections AS c LEFT JOIN persons AS w ON w.seq = c.lost_to
  WHERE c.seq > ? AND c.seq <= ? ORDER BY c.seq, c.rowid`;

function stagedOf(
  row: Row,
  connections: readonly ConnectionRow[],
  { strict, keepUnverifiedStaff }: Rules,
): Staged {
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
  for (const { data: text, winner } of connections) {
    const connection = JSON.parse(text) as Connection;
    person.connections.push(connection);
    if (winner !== null) loseConnection(person, connection, winner);
  }
  if (row.email_lost_to !== null) loseEmail(person, row.email_winner ?? undefined);
  if (row.username_lost_to !== null) loseUsername(person, row.username_winner ?? undefined);
  if (row.own_id_winner !== null) loseId(person, row.own_id_winner);
  const lost = keepUnverifiedStaff ? null : loseStaff(person);
  const refusal = refusalOf(person) ?? (strict ? lost : null);
  return refusal ? { seq, place, known: person.known, refusal } : { seq, place, person };
}
