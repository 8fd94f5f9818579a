/**
 * Moves the records of a dump into `users`, batch by batch. Each batch is one write that leaves out whatever
 * is taken, between two looks at the ids: who was there before, who is there now. Since a record has the same
 * id at every run, being stopped anywhere and run again neither doubles nor loses anybody.
 */
import type { D1Writer } from './d1-writer.ts';
import { type ImportedUser, type RefusalReason, readUser, type Source } from './django-user.ts';
import type { Entry, Place } from './dump.ts';
import { insertStatements, literal, statements } from './sql.ts';

/** `read` is the sum of the next three. */
export interface Counts {
  read: number;
  imported: number;
  alreadyThere: number;
  refused: number;
  /** Of those imported: their hash is of no kind that can be verified. */
  mustReset: number;
}

/** Never holds a hash. */
export type Refused = Place &
  Source & {
    reason: RefusalReason | 'email_taken' | 'username_taken' | 'conflict';
    detail: string;
    /** The id of the account that has it. */
    takenBy?: string;
  };

export interface Hooks {
  refused: (line: Refused) => void;
  remark: (text: string) => void;
  /** After each batch. */
  progress: (counts: Readonly<Counts>) => void;
}

/** Two batches of a remote D1 are two imports: it is worth having few. */
export const DEFAULT_BATCH = 2_000;

const COLUMNS = [
  'id',
  'email',
  'username',
  'username_key',
  'name',
  'password_hash',
  'is_active',
  'is_staff',
  'date_joined',
  'last_login_at',
] as const;

const row = (user: ImportedUser) => [
  user.id,
  user.email,
  user.username,
  user.usernameKey,
  user.name,
  user.passwordHash,
  user.isActive,
  user.isStaff,
  user.dateJoined,
  user.lastLoginAt,
];

/** Until `entries` end, or the batch at which `signal` is found aborted. */
export async function importUsers(
  writer: D1Writer,
  entries: AsyncIterable<Entry>,
  batchSize: number,
  hooks: Hooks,
  signal?: AbortSignal,
): Promise<Counts> {
  const counts: Counts = { read: 0, imported: 0, alreadyThere: 0, refused: 0, mustReset: 0 };
  const run = async (batch: readonly Entry[]) => {
    await importBatch(writer, batch, counts, hooks);
    hooks.progress(counts);
  };
  let batch: Entry[] = [];
  for await (const entry of entries) {
    batch.push(entry);
    if (batch.length < batchSize) continue;
    await run(batch);
    batch = [];
    if (signal?.aborted) return counts;
  }
  if (batch.length > 0) await run(batch);
  return counts;
}

interface Candidate {
  place: Place;
  source: Source;
  user: ImportedUser;
  mustReset: boolean;
  isSuperuserOnly: boolean;
}

async function importBatch(
  writer: D1Writer,
  batch: readonly Entry[],
  counts: Counts,
  hooks: Hooks,
): Promise<void> {
  const refused: Refused[] = [];
  const candidates: Candidate[] = [];
  for (const entry of batch) {
    const { place } = entry;
    if ('fault' in entry) {
      refused.push({ ...place, reason: 'malformed', detail: entry.fault });
      continue;
    }
    const reading = await readUser(entry.value);
    if ('user' in reading) candidates.push({ place, ...reading });
    else refused.push({ ...place, ...reading.source, reason: reading.reason, detail: reading.detail });
  }

  const there = await presentIds(writer, candidates);
  const fresh = candidates.filter(({ user }) => !there.has(user.id));
  if (fresh.length > 0) {
    const inserts = insertStatements(
      'users',
      COLUMNS,
      fresh.map(({ user }) => row(user)),
    );
    await writer.write(inserts);
  }
  const now = await presentIds(writer, fresh);
  refused.push(
    ...(await conflicts(
      writer,
      fresh.filter(({ user }) => !now.has(user.id)),
    )),
  );

  // Of two equal records in one batch the first was imported, and the second was there then.
  const imported = new Map<string, Candidate>();
  for (const candidate of fresh) {
    const { id } = candidate.user;
    if (now.has(id) && !imported.has(id)) imported.set(id, candidate);
  }
  for (const line of refused.sort((a, b) => numberOf(a) - numberOf(b))) hooks.refused(line);
  for (const { source, isSuperuserOnly, mustReset } of imported.values()) {
    if (mustReset) counts.mustReset += 1;
    if (isSuperuserOnly) {
      const who = source.username ?? source.email;
      hooks.remark(`pk ${source.pk}, ${who}: a superuser without is_staff, imported without staff rights`);
    }
  }
  counts.read += batch.length;
  counts.refused += refused.length;
  counts.imported += imported.size;
  counts.alreadyThere += batch.length - refused.length - imported.size;
}

const numberOf = (place: Place): number => ('record' in place ? place.record : place.line);

async function presentIds(writer: D1Writer, candidates: readonly Candidate[]): Promise<Set<string>> {
  const ids = candidates.map(({ user }) => literal(user.id));
  const queries = statements('SELECT id FROM users WHERE id IN (', ids, ')', writer.readMaxBytes);
  const present = new Set<string>();
  for (const query of queries) {
    for (const { id } of await writer.read<{ id: string }>(query)) present.add(id);
  }
  return present;
}

/** Why these were left out: who has their address or their username. */
async function conflicts(writer: D1Writer, left: readonly Candidate[]): Promise<Refused[]> {
  const holdersOf = async (column: 'email' | 'username_key', keys: readonly (string | null)[]) => {
    const values = keys.filter((key) => key !== null).map(literal);
    const select = `SELECT id, ${column} AS taken FROM users WHERE ${column} IN (`;
    const holders = new Map<string, string>();
    for (const query of statements(select, values, ')', writer.readMaxBytes)) {
      for (const { id, taken } of await writer.read<{ id: string; taken: string }>(query)) {
        holders.set(taken, id);
      }
    }
    return holders;
  };
  const byEmail = await holdersOf(
    'email',
    left.map(({ user }) => user.email),
  );
  const byUsername = await holdersOf(
    'username_key',
    left.map(({ user }) => user.usernameKey),
  );
  return left.map(({ place, source, user }) => {
    const emailHolder = byEmail.get(user.email ?? '');
    const usernameHolder = byUsername.get(user.usernameKey ?? '');
    const base = { ...place, ...source };
    if (emailHolder) {
      const detail = 'another account has this e-mail address (case does not count)';
      return { ...base, reason: 'email_taken', detail, takenBy: emailHolder };
    }
    if (usernameHolder) {
      const detail = 'another account has this username (case does not count)';
      return { ...base, reason: 'username_taken', detail, takenBy: usernameHolder };
    }
    return { ...base, reason: 'conflict', detail: 'taken while this ran, and free again: run it once more' };
  });
}
