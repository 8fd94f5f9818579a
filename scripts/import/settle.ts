/**
 * SQL over staging (staging.ts), once the whole file is read: joins records with parts of a user to that user, and
 * decides which of several users keeps an id, address, username or connection.
 */
import type { DatabaseSync } from 'node:sqlite';
import { CONNECTION_TAKEN, EMAIL_TAKEN, type Refusal, USERNAME_TAKEN } from './losses.ts';

/** Which of several users keeps an address: the one who signed in last (or the first), the first in the file, or none. */
export const KEEP = ['last-login', 'first', 'none'] as const;
export type Keep = (typeof KEEP)[number];

/** Created after the rows, for the joins. */
const INDEXES = `
  CREATE INDEX addresses_owner ON addresses (owner);
  CREATE INDEX passwords_owner ON passwords (owner);
  CREATE INDEX connections_owner ON connections (owner);`;

/** Users who may keep something. */
const CLAIMS = 'refusal IS NULL AND duplicate_of IS NULL';

export function settle(database: DatabaseSync, { keep, strict }: { keep: Keep; strict: boolean }): void {
  database.exec(INDEXES);
  joinAddresses(database);
  joinPasswords(database);
  settleIds(database);
  settleEmails(database, keep);
  if (strict) refuse(database, 'email_lost_to', { reason: 'email_taken', detail: EMAIL_TAKEN });
  settleUsernames(database);
  if (strict) refuse(database, 'username_lost_to', { reason: 'username_taken', detail: USERNAME_TAKEN });
  joinConnections(database);
  settleConnections(database);
  if (strict) refuseForConnections(database);
}

/** A user whose record has no address gets the primary one; an address that is verified here counts as verified. */
function joinAddresses(database: DatabaseSync): void {
  const own = 'a.owner IN (persons.owner, persons.natural_owner)';
  database.exec(`
    UPDATE persons SET email = (SELECT a.email FROM addresses AS a WHERE ${own}
        ORDER BY a.is_primary DESC, a.verified DESC, a.rowid LIMIT 1)
      WHERE email IS NULL AND EXISTS (SELECT 1 FROM addresses AS a WHERE ${own});
    UPDATE persons SET verified = 1 WHERE email IS NOT NULL
      AND EXISTS (SELECT 1 FROM addresses AS a WHERE ${own} AND a.email = persons.email AND a.verified = 1);`);
}

function joinPasswords(database: DatabaseSync): void {
  database.exec(`UPDATE persons SET (hash, kind) =
      (SELECT hash, kind FROM passwords AS p WHERE p.owner = persons.owner ORDER BY p.rowid DESC LIMIT 1)
    WHERE owner IN (SELECT owner FROM passwords)`);
}

/** Also deletes connections whose user is not in the file, and repeated ones. */
function joinConnections(database: DatabaseSync): void {
  database.exec(`
    UPDATE connections SET seq = p.seq FROM persons AS p
      WHERE connections.seq IS NULL AND connections.owner IN (p.owner, p.natural_owner) AND ${CLAIMS};
    DELETE FROM connections WHERE seq IS NULL;
    DELETE FROM connections WHERE rowid NOT IN (SELECT min(rowid) FROM connections GROUP BY seq, issuer, subject);`);
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

function settleEmails(database: DatabaseSync, keep: Keep): void {
  const order = {
    first: 'email_from_username, seq',
    'last-login': 'email_from_username, last_login DESC, seq',
    none: 'email_from_username, seq',
  }[keep];
  // With `none` the first keeps it only if the others have it merely as a username.
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

/** A user without an address keeps it, as the username is all they have; otherwise the first in the file. */
function settleUsernames(database: DatabaseSync): void {
  database.exec(`
    UPDATE persons SET username_lost_to = winner, username = NULL
      FROM (SELECT seq AS loser,
          first_value(seq) OVER (PARTITION BY username ORDER BY email IS NOT NULL, seq) AS winner
        FROM persons WHERE username IS NOT NULL AND ${CLAIMS})
      WHERE seq = loser AND winner <> loser;`);
}

/** The first user in the file keeps a connection that several have. */
function settleConnections(database: DatabaseSync): void {
  database.exec(`
    UPDATE connections SET lost_to = winner FROM (
      SELECT c.rowid AS loser, c.seq AS own,
          first_value(c.seq) OVER (PARTITION BY issuer, subject ORDER BY c.seq) AS winner
        FROM connections AS c JOIN persons AS p ON p.seq = c.seq
        WHERE ${CLAIMS} AND (p.email IS NOT NULL OR p.username IS NOT NULL))
      WHERE connections.rowid = loser AND winner <> own;
    CREATE INDEX connections_seq ON connections (seq);`);
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

function refuseForConnections(database: DatabaseSync): void {
  database
    .prepare(
      `UPDATE persons SET username = NULL, email = NULL, refusal = json_set(?, '$.taken_by',
          (SELECT coalesce(w.own_id, w.id) FROM connections AS c JOIN persons AS w ON w.seq = c.lost_to
            WHERE c.seq = persons.seq AND c.lost_to IS NOT NULL LIMIT 1))
        WHERE refusal IS NULL AND seq IN (SELECT seq FROM connections WHERE lost_to IS NOT NULL)`,
    )
    .run(JSON.stringify({ reason: 'connection_taken', detail: `${CONNECTION_TAKEN} a provider` }));
}
