/**
 * Writes the users in staging to D1, batch by batch. Each batch is one write that skips what is taken, between two reads
 * of the ids: which existed before, which exist now. As a record has the same id at every run, an import that is stopped
 * anywhere and run again neither duplicates nor loses a user.
 */
import { newUser } from '../../src/account/new-user.ts';
import type { UserRow } from '../../src/model.ts';
import type { D1Writer } from '../lib/d1-writer.ts';
import {
  type ConnectionRow,
  connectionKind,
  type Holder,
  insertConnections,
  insertUsers,
  type Present,
  selectHolders,
  selectPresent,
} from '../lib/users-sql.ts';
import {
  loseConnection,
  loseEmail,
  loseId,
  loseStaff,
  loseUsername,
  type Refusal,
  refusalFor,
  refusalOf,
} from './losses.ts';
import type { Known, Person } from './person.ts';
import type { Place } from './records.ts';
import type { Staged, Staging } from './staging.ts';

/** What became of one record. */
export type Outcome = { place: Place; known: Known } & (
  | { outcome: 'imported'; id: string; person: Person }
  | { outcome: 'already_there'; id: string }
  | { outcome: 'refused'; refusal: Refusal }
);

export interface Writing {
  batchSize: number;
  /** Reads the database but writes nothing. */
  dryRun: boolean;
  keepUnverifiedStaff: boolean;
  /** A user who cannot keep everything is refused. */
  strict: boolean;
  /** Epoch seconds: the time of the import, for users of whom it is unknown when they joined. */
  now: number;
  /** Called with the ids of new users before they are written. */
  before: (ids: readonly string[]) => void;
  /** Called with the outcomes of a batch after it is written, in the order of the file. */
  after: (outcomes: readonly Outcome[]) => void;
  signal?: AbortSignal;
}

/** wrangler uploads each batch to a remote D1 as one file, so few large ones are faster. */
export const DEFAULT_BATCH = 2_000;
/** How often to try a batch if somebody takes a name while the import runs. */
const ATTEMPTS = 3;

/** Writes until staging ends, or `signal` is aborted after a batch. */
export async function writeUsers(writer: D1Writer, staging: Staging, writing: Writing): Promise<void> {
  let seq = 0;
  for (;;) {
    const page = staging.page(seq, writing.batchSize);
    const last = page.at(-1);
    if (!last) return;
    seq = last.seq;
    writing.after(await writeBatch(writer, page, writing));
    if (writing.signal?.aborted) return;
  }
}

interface Candidate {
  index: number;
  place: Place;
  person: Person;
}

async function writeBatch(writer: D1Writer, page: readonly Staged[], writing: Writing): Promise<Outcome[]> {
  const outcomes: Outcome[] = new Array(page.length);
  const candidates: Candidate[] = [];
  for (const [index, staged] of page.entries()) {
    const { place } = staged;
    if ('person' in staged) candidates.push({ index, place, person: staged.person });
    else if ('refusal' in staged) {
      outcomes[index] = { place, known: staged.known, outcome: 'refused', refusal: staged.refusal };
    } else outcomes[index] = { place, known: staged.known, outcome: 'already_there', id: staged.duplicateOf };
  }
  const settle: Settle = ({ index, place, person }, outcome) => {
    outcomes[index] = { place, known: person.known, ...outcome };
  };

  const ids = candidates.flatMap(({ person: { id, ownId } }) => (ownId === null ? [id] : [ownId, id]));
  const there = await present(writer, ids);
  let pending: Candidate[] = [];
  for (const candidate of candidates) {
    const { person } = candidate;
    const own = there.get(person.ownId ?? '');
    const id = there.has(person.id) ? person.id : own && isSame(person, own) ? own.id : null;
    if (id !== null) settle(candidate, { outcome: 'already_there', id });
    else {
      if (own) loseId(person, own.id);
      pending.push(candidate);
    }
  }

  for (let attempt = 1; pending.length > 0; attempt += 1) {
    // D1 skipped the users whose name is taken: looking up the holders shows which. Without a write, and in strict mode,
    // where any loss refuses a user, they are looked up first.
    if (attempt > 1 || writing.dryRun || writing.strict) {
      pending = await yieldToHolders(writer, pending, settle);
      await yieldConnections(writer, pending);
      if (!writing.keepUnverifiedStaff) for (const { person } of pending) loseStaff(person);
      if (writing.strict) pending = refuseLosers(pending, settle);
    }
    if (writing.dryRun) {
      for (const candidate of pending) settle(candidate, imported(candidate));
      break;
    }
    if (attempt > ATTEMPTS) {
      const detail = 'a name was taken while this ran and then freed: run it again';
      for (const candidate of pending) {
        settle(candidate, { outcome: 'refused', refusal: { reason: 'conflict', detail } });
      }
      break;
    }
    if (pending.length === 0) break;
    writing.before(pending.map(({ person }) => idOf(person)));
    await writer.write([
      ...insertUsers(pending.map(({ person }) => rowOf(person, writing.now))),
      ...insertConnections(pending.flatMap(({ person }) => connectionRowsOf(person, writing.now))),
    ]);
    const now = await present(
      writer,
      pending.map(({ person }) => idOf(person)),
    );
    const made = pending.filter(({ person }) => now.has(idOf(person)));
    await yieldConnections(writer, made);
    for (const candidate of made) settle(candidate, imported(candidate));
    pending = pending.filter(({ person }) => !now.has(idOf(person)));
  }
  return outcomes;
}

type OutcomeOnly =
  | { outcome: 'imported'; id: string; person: Person }
  | { outcome: 'already_there'; id: string }
  | { outcome: 'refused'; refusal: Refusal };

type Settle = (candidate: Candidate, outcome: OutcomeOnly) => void;

const idOf = (person: Person): string => person.ownId ?? person.id;
const imported = ({ person }: Candidate): OutcomeOnly => ({ outcome: 'imported', id: idOf(person), person });

/** An existing UUID belongs to this person if they joined at the same time or share an address or username. */
const isSame = (person: Person, row: Present): boolean =>
  (person.dateJoined !== null && person.dateJoined === row.date_joined) ||
  (person.email !== null && person.email === row.email) ||
  (person.usernameKey !== null && person.usernameKey === row.username_key);

function rowOf(person: Person, now: number): UserRow {
  const { email, emailVerifiedAt, dateJoined, isActive, isStaff, lastLoginAt } = person;
  return newUser({ ...person, id: idOf(person) }, dateJoined ?? now, {
    isActive,
    isStaff,
    emailVerifiedAt: email === null ? null : emailVerifiedAt === 'now' ? now : emailVerifiedAt,
    lastLoginAt,
  });
}

const connectionRowsOf = (person: Person, now: number): ConnectionRow[] =>
  person.connections.map((connection) => ({
    ...connection,
    userId: idOf(person),
    createdAt: connection.createdAt ?? person.dateJoined ?? now,
  }));

async function present(writer: D1Writer, ids: readonly string[]): Promise<Map<string, Present>> {
  const found = new Map<string, Present>();
  for (const query of selectPresent(ids, writer.readMaxBytes)) {
    for (const row of await writer.read<Present>(query)) found.set(row.id, row);
  }
  return found;
}

/** User ids by what they hold. */
async function holders(writer: D1Writer, queries: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const query of queries) {
    for (const { id, taken } of await writer.read<Holder>(query)) found.set(taken, id);
  }
  return found;
}

/** Removes connections that other users have. */
async function yieldConnections(writer: D1Writer, candidates: readonly Candidate[]): Promise<void> {
  const all = candidates.flatMap(({ person }) =>
    person.connections.map((connection) => ({ person, connection })),
  );
  for (const [issuer, claims] of Map.groupBy(all, ({ connection }) => connection.issuer)) {
    const subjects = claims.map(({ connection }) => connection.subject);
    const held = await holders(writer, selectHolders(connectionKind(issuer), subjects, writer.readMaxBytes));
    for (const { person, connection } of claims) {
      const holder = held.get(connection.subject);
      if (holder !== undefined && holder !== idOf(person)) loseConnection(person, connection, holder);
    }
  }
}

/** Refuses those who have lost anything but their id, and returns the others. */
function refuseLosers(pending: readonly Candidate[], settle: Settle): Candidate[] {
  return pending.filter((candidate) => {
    const lost = candidate.person.leftOut.find(({ reason }) => reason !== 'id_taken');
    if (lost) settle(candidate, { outcome: 'refused', refusal: refusalFor(lost) });
    return lost === undefined;
  });
}

/** Removes names that other users have; refuses those with none left, and returns the others. */
async function yieldToHolders(
  writer: D1Writer,
  pending: readonly Candidate[],
  settle: Settle,
): Promise<Candidate[]> {
  const named = (values: readonly (string | null)[]) => values.filter((value) => value !== null);
  const emails = named(pending.map(({ person }) => person.email));
  const keys = named(pending.map(({ person }) => person.usernameKey));
  const ofEmails = await holders(writer, selectHolders('email', emails, writer.readMaxBytes));
  const ofUsernames = await holders(writer, selectHolders('username', keys, writer.readMaxBytes));
  return pending.filter((candidate) => {
    const { person } = candidate;
    const ofEmail = ofEmails.get(person.email ?? '');
    const ofUsername = ofUsernames.get(person.usernameKey ?? '');
    if (ofEmail !== undefined) loseEmail(person, ofEmail);
    if (ofUsername !== undefined) loseUsername(person, ofUsername);
    const refusal = refusalOf(person);
    if (refusal) settle(candidate, { outcome: 'refused', refusal });
    return refusal === null;
  });
}
